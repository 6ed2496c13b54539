/** The stream on the screen and the one that will take its place at its first key frame, so that a change shows no black moment. */
import type { Feed } from './feed.ts'

export function createFeedPair() {
  let current: Feed | undefined
  let next: Feed | undefined

  return {
    current: () => current,
    next: () => next,
    setNext(feed: Feed) {
      next = feed
    },
    dropNext() {
      next?.close()
      next = undefined
    },
    /** It has a key frame: a candidate becomes the stream on the screen. Answers whether it is that one now. */
    start(feed: Feed): boolean {
      if (feed === next) {
        current?.close()
        current = feed
        next = undefined
      }
      return feed === current
    },
    /** A change is under way and this is the new one: the picture goes on whatever becomes of it. */
    isCandidate: (feed: Feed) => feed === next && current !== undefined,
    isSwitching: () => next !== undefined && current !== undefined,
    drop(feed: Feed) {
      feed.close()
      if (feed === current) current = undefined
      if (feed === next) next = undefined
    },
    close() {
      current?.close()
      next?.close()
      current = next = undefined
    },
  }
}
