/** A camera's states over a stretch of time, as parts of a bar. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { CameraStatus, FailureCause, StatusInterval } from '../../../server/contract/status.ts'

export type StripSegment = { status: CameraStatus; cause: FailureCause | null; fromAt: Instant; toAt: Instant; fromRate: number; widthRate: number }

/** Cut to `[fromAt, toAt)`; what no interval covers is `unknown`: nobody was looking. */
export function stripSegments(intervals: readonly StatusInterval[], fromAt: Instant, toAt: Instant): StripSegment[] {
  const lengthMs = toAt - fromAt
  const segments: StripSegment[] = []
  let at = fromAt
  const add = (status: CameraStatus, cause: FailureCause | null, endAt: Instant) => {
    if (endAt <= at) return
    segments.push({ status, cause, fromAt: at, toAt: endAt, fromRate: (at - fromAt) / lengthMs, widthRate: (endAt - at) / lengthMs })
    at = endAt
  }
  for (const interval of intervals.toSorted((a, b) => a.fromAt - b.fromAt)) {
    add('unknown', null, Math.min(interval.fromAt, toAt))
    add(interval.status, interval.cause, Math.min(interval.toAt ?? toAt, toAt))
  }
  add('unknown', null, toAt)
  return segments
}

/** How long it was offline in the stretch, ms. */
export function offlineMs(segments: readonly StripSegment[]): number {
  return segments.filter(({ status }) => status === 'offline').reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)
}

/** First instant of the local month `now` lies in. */
export function monthStart(now: Instant): Instant {
  const date = new Date(now)
  return new Date(date.getFullYear(), date.getMonth(), 1).getTime()
}
