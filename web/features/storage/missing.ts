/** What of one camera's day is missing, stretch by stretch, and how much for which reason. Pure. */
import type { Gap, GapReason, TimeRange, Timeline } from '../../../server/contract/recordings.ts'

export type MissingDay = {
  /** Planned and not stored, oldest first: what must be explained. */
  missing: readonly Gap[]
  missingMs: number
  plannedMs: number
  /** Recorded, missing and not planned, in order, as parts of the day. */
  stretches: readonly (TimeRange & { kind: 'recorded' | 'missing' | 'unplanned' })[]
  reasons: readonly { reason: GapReason; count: number; ms: number }[]
}

const lengthOf = (ranges: readonly TimeRange[]) => ranges.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)

export function missingOf({ recorded, gaps }: Pick<Timeline, 'recorded' | 'gaps'>): MissingDay {
  const missing = gaps.filter(({ reason }) => reason !== 'not_scheduled')
  const unplanned = gaps.filter(({ reason }) => reason === 'not_scheduled')
  const stretches = [
    ...recorded.map((range) => ({ fromAt: range.fromAt, toAt: range.toAt, kind: 'recorded' as const })),
    ...missing.map((range) => ({ fromAt: range.fromAt, toAt: range.toAt, kind: 'missing' as const })),
    ...unplanned.map((range) => ({ fromAt: range.fromAt, toAt: range.toAt, kind: 'unplanned' as const })),
  ].toSorted((a, b) => a.fromAt - b.fromAt)
  const reasons = [...new Set(missing.map(({ reason }) => reason))].map((reason) => {
    const own = missing.filter((gap) => gap.reason === reason)
    return { reason, count: own.length, ms: lengthOf(own) }
  })
  return {
    missing,
    missingMs: lengthOf(missing),
    plannedMs: lengthOf(recorded) + lengthOf(missing),
    stretches,
    reasons: reasons.toSorted((a, b) => b.ms - a.ms),
  }
}
