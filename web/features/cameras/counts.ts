/** Counts by state, and the rate that follows from them. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraStatus } from '../../../server/contract/status.ts'

export type StateCounts = Readonly<Record<CameraStatus, number>>

export function countStates(points: Iterable<CameraPoint>): StateCounts {
  const counts = { online: 0, degraded: 0, offline: 0, unknown: 0, suspended: 0 }
  for (const point of points) counts[point.state.status]++
  return counts
}

/** (online + degraded) ÷ (all − unknown − suspended): what we are blind to or have agreed to leave out does not count. Null when nothing does. */
export function onlineRateNow(counts: StateCounts): number | null {
  const assessable = counts.online + counts.degraded + counts.offline
  return assessable === 0 ? null : (counts.online + counts.degraded) / assessable
}
