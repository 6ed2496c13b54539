/**
 * The cameras on the map, at their projected places. A change of state changes what a point says, not which object it is, so that everything
 * that hangs on places alone (clusters, fields of view) stays true in a burst of changes.
 */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraId, LonLat } from '../../../server/contract/ids.ts'
import { lineOf } from './district-paint.ts'
import { sectorRing } from './geometry.ts'
import { type MapPoint, poleOf } from './scene.ts'
import { type Shape, shapeOf } from './shape.ts'

export function createPoints(toXy: (lonLat: LonLat) => readonly [number, number]) {
  let all: MapPoint[] = []
  let byId = new Map<CameraId, MapPoint>()
  /** A point that moves or turns is a new object: its shape goes with the old one. */
  const sectors = new WeakMap<MapPoint, Shape>()

  function set(next: readonly CameraPoint[]): { havePlacesChanged: boolean; newlyOffline: CameraId[] } {
    const newlyOffline: CameraId[] = []
    let havePlacesChanged = next.length !== all.length
    const placed = next.map((point, i) => {
      const known = all[i]?.point.cameraId === point.cameraId ? all[i] : byId.get(point.cameraId)
      if (known !== all[i] || !known || !standsSame(known.point, point)) havePlacesChanged = true
      if (known && known.point.state.status !== 'offline' && point.state.status === 'offline') newlyOffline.push(point.cameraId)
      if (!known || !standsSame(known.point, point)) {
        const [x, y] = toXy(point.lonLat)
        return { point, x, y, pole: poleOf(point.lonLat) }
      }
      known.point = point
      return known
    })
    if (havePlacesChanged) {
      all = placed
      byId = new Map(placed.map((at) => [at.point.cameraId, at]))
    }
    return { havePlacesChanged, newlyOffline }
  }

  /** What a camera sees; `reachM` instead of its own makes a shape that is not kept. */
  function sectorOf(at: MapPoint, reachM?: number): Shape {
    const known = reachM === undefined ? sectors.get(at) : undefined
    if (known) return known
    const shape = shapeOf([lineOf(sectorRing({ ...at.point, reachM: reachM ?? at.point.reachM }), toXy)], true)!
    if (reachM === undefined) sectors.set(at, shape)
    return shape
  }

  return { set, sectorOf, list: (): readonly MapPoint[] => all, find: (cameraId: CameraId | null) => (cameraId === null ? undefined : byId.get(cameraId)) }
}
export type Points = ReturnType<typeof createPoints>

function standsSame(a: CameraPoint, b: CameraPoint): boolean {
  return a.lonLat[0] === b.lonLat[0] && a.lonLat[1] === b.lonLat[1] && a.headingDeg === b.headingDeg && a.fovDeg === b.fovDeg && a.reachM === b.reachM
}
