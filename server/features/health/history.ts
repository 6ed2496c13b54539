/** Figures over status intervals (R-SLA online rate). Pure. */
import type { Instant } from '../../contract/ids.ts'
import type { StatusInterval } from '../../contract/status.ts'
import type { Stretches } from './counts.ts'

export type Range = { fromAt: Instant; toAt: Instant }

/**
 * Online time over assessable time in the range, 0 to 1, or null when nothing is assessable.
 * Degraded counts as online; unknown (we were blind) and suspended (agreed) are not assessable. An open interval ends now.
 */
export function onlineRateOf(intervals: readonly StatusInterval[], range: Range, nowAt: Instant): number | null {
  let onlineMs = 0
  let assessableMs = 0
  for (const { status, fromAt, toAt } of intervals) {
    const lengthMs = Math.max(0, Math.min(toAt ?? nowAt, range.toAt) - Math.max(fromAt, range.fromAt))
    if (status === 'unknown' || status === 'suspended') continue
    assessableMs += lengthMs
    if (status !== 'offline') onlineMs += lengthMs
  }
  return assessableMs === 0 ? null : onlineMs / assessableMs
}

/** The same figure from the stretches of one camera; none of them is open. Numbers only: a month of a district is hundreds of thousands. */
export function onlineRateOfStretches(stretches: readonly Stretches[], range: Range): number | null {
  let onlineMs = 0
  let assessableMs = 0
  for (const { status, fromAts, toAts } of stretches) {
    if (status === 'unknown' || status === 'suspended') continue
    let lengthMs = 0
    for (let i = 0; i < fromAts.length; i++) lengthMs += Math.max(0, Math.min(toAts[i]!, range.toAt) - Math.max(fromAts[i]!, range.fromAt))
    assessableMs += lengthMs
    if (status !== 'offline') onlineMs += lengthMs
  }
  return assessableMs === 0 ? null : onlineMs / assessableMs
}
