/** The cameras somebody must look at now: facts only, worst first, in each group the newest on top. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraStatus, FailureCause, StatusChange } from '../../../server/contract/status.ts'
import { statusOrder } from '../../../server/contract/status.ts'
import type { Instant } from '../../../server/contract/ids.ts'

const faulty: readonly CameraStatus[] = ['offline', 'degraded', 'unknown']
/** More unknown cameras than this with one cause are one line: after a restart of ours all of them are. */
const groupFrom = 12

export type NeedsAction =
  | { kind: 'camera'; key: string; point: CameraPoint }
  | { kind: 'group'; key: string; status: CameraStatus; cause: FailureCause | null; count: number; sinceAt: Instant }

export function isFaulty(status: CameraStatus): boolean {
  return faulty.includes(status)
}

export function listNeedsAction(points: readonly CameraPoint[]): NeedsAction[] {
  const bad = points.filter((point) => isFaulty(point.state.status)).toSorted(compareUrgency)
  const unknownByCause = new Map<FailureCause | null, CameraPoint[]>()
  for (const point of bad)
    if (point.state.status === 'unknown') unknownByCause.set(point.state.cause, [...(unknownByCause.get(point.state.cause) ?? []), point])
  const rows: NeedsAction[] = []
  for (const point of bad) {
    const group = point.state.status === 'unknown' ? (unknownByCause.get(point.state.cause) ?? []) : []
    if (group.length <= groupFrom) rows.push({ kind: 'camera', key: point.cameraId, point })
    else if (group[0] === point)
      rows.push({
        kind: 'group',
        key: `unknown:${point.state.cause}`,
        status: 'unknown',
        cause: point.state.cause,
        count: group.length,
        sinceAt: point.state.sinceAt,
      })
  }
  return rows
}

/** Offline before degraded before unknown …; the newest first. */
export function compareUrgency(a: CameraPoint, b: CameraPoint): number {
  return statusOrder.indexOf(a.state.status) - statusOrder.indexOf(b.state.status) || b.state.sinceAt - a.state.sinceAt || (a.cameraId < b.cameraId ? -1 : 1)
}

/** When the last fault ended, as far as the changes we know of reach; null if none is among them. */
export function lastFaultEndedAt(changes: readonly StatusChange[]): Instant | null {
  return changes.reduce<Instant | null>((latest, change) => (isFaulty(change.from) && (latest === null || change.at > latest) ? change.at : latest), null)
}
