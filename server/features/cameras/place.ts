/** Where a camera may be set on the map (R-MAP-8), and what is told of it. Pure. */
import { AppError } from '../../base/errors.ts'
import { distanceToRingM } from '../../base/geometry.ts'
import type { CameraMove, PlaceCamera } from '../../contract/cameras.ts'
import type { LonLat } from '../../contract/ids.ts'

/** Place and view: what a move changes. */
export type CameraView = CameraMove['to']

/** A district has cameras just across its border, not beyond. */
const MAX_OUTSIDE_M = 5_000

/** Throws when the place is too far from the district to be meant. Without an outline nothing is known of it. */
export function refuseFarOutside(lonLat: LonLat, outline: readonly LonLat[] | null): void {
  const outsideM = outline === null ? 0 : distanceToRingM(lonLat, outline)
  if (outsideM <= MAX_OUTSIDE_M) return
  throw new AppError('bad_request', `${kilometres(outsideM)} outside the district, at most ${kilometres(MAX_OUTSIDE_M)}`, {
    fields: [{ path: 'body.lonLat', problem: `outside_district ${kilometres(outsideM)}` }],
  })
}

export const isSameView = (a: CameraView, b: CameraView): boolean =>
  a.lonLat[0] === b.lonLat[0] && a.lonLat[1] === b.lonLat[1] && a.headingDeg === b.headingDeg && a.fovDeg === b.fovDeg && a.reachM === b.reachM

export const viewOf = ({ lonLat, headingDeg, fovDeg, reachM }: PlaceCamera): CameraView => ({ lonLat, headingDeg, fovDeg, reachM })

/** For the audit log: old and new. */
export const auditOfMove = ({ reason, from, to, movedM }: CameraMove) => ({
  reason,
  from: wordsOf(from),
  to: wordsOf(to),
  movedM: Math.round(movedM * 10) / 10,
})

const wordsOf = ({ lonLat, headingDeg, fovDeg, reachM }: CameraView) => [...lonLat.map(String), `${headingDeg}°`, `${fovDeg}°`, `${reachM} m`]
const kilometres = (metres: number) => `${(metres / 1_000).toFixed(1)} km`
