/** Which stretch the timeline opens with, what the bar above shows, and the same time on another day. Pure but for local time. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { addDays, dayStart } from '../../base/calendar.ts'

const dayMs = 86_400_000

/** Two hours, the moment in the middle; with a selection as much as shows it whole. */
export function startWindow(at: Instant, selection: TimeRange | null = null): TimeRange {
  if (!selection) return { fromAt: at - 3_600_000, toAt: at + 3_600_000 }
  const halfMs = Math.max(3_600_000, (selection.toAt - selection.fromAt) * 0.75)
  const middleAt = Math.round((selection.fromAt + selection.toAt) / 2)
  return { fromAt: Math.round(middleAt - halfMs), toAt: Math.round(middleAt + halfMs) }
}

/** The local day the window lies in, or as many days around as it needs. */
export function overviewOf({ fromAt, toAt }: TimeRange): TimeRange {
  if (toAt - fromAt <= dayMs) {
    const day = dayStart((fromAt + toAt) / 2)
    return { fromAt: day, toAt: addDays(day, 1) }
  }
  const spare = toAt - fromAt <= 7 * dayMs ? 3 : 1
  return { fromAt: addDays(dayStart(fromAt), -spare), toAt: addDays(dayStart(toAt), spare + 1) }
}

/** The time of day of `at` on the day that begins at `day`. */
export function atDay(at: Instant, day: Instant): Instant {
  return day + (at - dayStart(at))
}
