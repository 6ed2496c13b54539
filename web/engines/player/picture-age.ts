/** How old the picture on the screen is: the server's word for its frame, kept while there is none to ask for. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { Feed } from './feed.ts'
import type { Screen } from './screen.ts'

export function createPictureAge({ screen, feed, serverNow }: { screen: Screen; feed: () => Feed | undefined; serverNow: () => Instant }) {
  /** When the server got the frame on the screen. */
  let shownAt: Instant | undefined

  /** Null while nothing was ever shown. */
  return function ageMs(): number | null {
    const shownMs = screen.shownMediaMs()
    const shown = screen.hasPicture() ? feed() : undefined
    const flvMs = shown && shownMs !== undefined ? shown.timeline.toFlvMs(shownMs) : undefined
    const at = flvMs === undefined ? undefined : shown?.frameAge.arrivedAt(flvMs)
    if (at !== undefined) shownAt = at
    return shownAt === undefined ? null : Math.max(0, serverNow() - shownAt)
  }
}
