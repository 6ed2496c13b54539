/** When a policy wants pictures: weekly hours in local time, as ranges of instants. Pure. */
import type { Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import { clipRange } from './ranges.ts'
import type { PolicyInterval } from './store.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** The parts of `range` in which the policy was in force and wanted pictures. */
export function plannedRanges(policy: PolicyInterval, range: TimeRange, nowAt: Instant): TimeRange[] {
  if (policy.mode === 'off') return []
  const inForce = clipRange({ fromAt: policy.fromAt, toAt: policy.toAt ?? Math.max(nowAt, policy.fromAt) + DAY_MS }, range)
  if (policy.mode === 'continuous') return inForce
  return inForce.flatMap((force) =>
    weeksOf(force).flatMap((mondayAt) =>
      policy.schedule.flatMap(({ fromMinute, toMinute }) =>
        clipRange({ fromAt: mondayAt + fromMinute * MINUTE_MS, toAt: mondayAt + toMinute * MINUTE_MS }, force),
      ),
    ),
  )
}

export const isPlanned = (policy: PolicyInterval, at: Instant): boolean => plannedRanges(policy, { fromAt: at, toAt: at + 1 }, at).length > 0

/** Every Monday 00:00 local time whose week touches the range. */
function weeksOf({ fromAt, toAt }: TimeRange): Instant[] {
  const mondays: Instant[] = []
  for (let monday = mondayBefore(fromAt); monday.getTime() < toAt; monday.setDate(monday.getDate() + 7)) mondays.push(monday.getTime())
  return mondays
}

function mondayBefore(at: Instant): Date {
  const day = new Date(at)
  day.setHours(0, 0, 0, 0)
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7))
  return day
}

/** Bounds of the local days that touch the range. */
export function daysIn({ fromAt, toAt }: TimeRange): TimeRange[] {
  const days: TimeRange[] = []
  const day = new Date(fromAt)
  day.setHours(0, 0, 0, 0)
  while (day.getTime() < toAt) {
    const start = day.getTime()
    day.setDate(day.getDate() + 1)
    days.push({ fromAt: start, toAt: day.getTime() })
  }
  return days
}
