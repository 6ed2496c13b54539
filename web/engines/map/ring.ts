/** The ring of states around a cluster's number: how wide each state's arc is, and how big the ring. */
import { type CameraStatus, statusOrder } from '../../../server/contract/status.ts'

export type StatusCounts = Record<CameraStatus, number>
export type RingArc = { status: CameraStatus; fromDeg: number; sweepDeg: number }

/** One red in forty must show. */
export const minArcDeg = 26

export function countStatuses(statuses: Iterable<CameraStatus>): StatusCounts {
  const counts: StatusCounts = { offline: 0, degraded: 0, unknown: 0, suspended: 0, online: 0 }
  for (const status of statuses) counts[status]++
  return counts
}

/** Arcs clockwise from 12 o'clock, worst state first; each state present gets at least `minArcDeg`, the rest is shared by number. */
export function ringArcs(counts: StatusCounts): RingArc[] {
  const present = statusOrder.filter((status) => counts[status] > 0)
  let narrow: readonly CameraStatus[] = []
  // a state lifted to the minimum takes from the others, which may fall below it in turn
  for (;;) {
    const wide = present.filter((status) => !narrow.includes(status))
    const total = wide.reduce((sum, status) => sum + counts[status], 0)
    const left = 360 - narrow.length * minArcDeg
    const tooNarrow = wide.filter((status) => (counts[status] / total) * left < minArcDeg)
    if (tooNarrow.length === 0) {
      let fromDeg = 0
      return present.map((status) => {
        const sweepDeg = narrow.includes(status) ? minArcDeg : (counts[status] / total) * left
        const arc = { status, fromDeg, sweepDeg }
        fromDeg += sweepDeg
        return arc
      })
    }
    narrow = [...narrow, ...tooNarrow]
  }
}

export function ringRadiusPx(count: number): number {
  return count <= 6 ? 13 : count <= 11 ? 15.5 : count <= 24 ? 19 : 23
}

/** The opaque disc under a ring. */
export function discRadiusPx(count: number): number {
  return ringRadiusPx(count) + 4
}
