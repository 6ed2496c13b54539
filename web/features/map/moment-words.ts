/** A moment of the past in a sentence. */
import type { Instant } from '../../../server/contract/ids.ts'
import { formatDay, formatTime } from '../../base/format.ts'

/** `11-25 08:14`, with seconds only where there are some. */
export function sayMoment(at: Instant): string {
  const time = formatTime(at)
  return `${formatDay(at).split(' ')[0]} ${time.endsWith(':00') ? time.slice(0, 5) : time}`
}
