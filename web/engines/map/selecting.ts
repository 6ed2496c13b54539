/**
 * Which cameras a shape selects, and which are nearest to a place: plane geometry in degrees and metres, no map needed.
 * Edges are found by height, not by looking at each: ten thousand points in a ring of five hundred corners take milliseconds.
 */
import { getDistance } from 'ol/sphere.js'
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { LonLat } from '../../../server/contract/ids.ts'
import { METRES_PER_DEGREE } from './geometry.ts'
import type { MapShape } from './tools.ts'

export type PlacedCamera = Pick<CameraPoint, 'lonLat'>
export type LookingCamera = Pick<CameraPoint, 'lonLat' | 'headingDeg' | 'fovDeg' | 'reachM'>
/** How far a camera stands from a place, in which direction as seen from the place, and whether the place lies in what it looks at. */
export type NearCamera<P> = { readonly point: P; readonly distanceM: number; readonly bearingDeg: number; readonly seesPlace: boolean }

/** A tenth of a millimetre: a place so near to a border lies on it. */
const BORDER_DEG = 1e-9
const BORDER_M = 1e-4

/**
 * The cameras in a shape; a border belongs to it. A ring that crosses itself is read by even and odd. Along a route those whose distance from the
 * line is at most `widthM`, in the order of walking: by where the line passes them first at its closest. All other shapes keep the order of `points`.
 */
export function listInShape<P extends PlacedCamera>(points: readonly P[], shape: MapShape): P[] {
  switch (shape.kind) {
    case 'rectangle': {
      const [[lonA, latA], [lonB, latB]] = shape.corners
      const [west, east, south, north] = [Math.min(lonA, lonB), Math.max(lonA, lonB), Math.min(latA, latB), Math.max(latA, latB)]
      return points.filter(({ lonLat: [lon, lat] }) => lon >= west && lon <= east && lat >= south && lat <= north)
    }
    case 'circle': {
      const { center, radiusM } = shape
      // most are out of it by their latitude alone
      const reachDeg = (radiusM / METRES_PER_DEGREE) * 1.01 + BORDER_DEG
      return points.filter(({ lonLat }) => Math.abs(lonLat[1] - center[1]) <= reachDeg && metresBetween(lonLat, center) <= radiusM + BORDER_M)
    }
    case 'polygon': {
      const isInside = insideOf(shape.ring)
      return points.filter(({ lonLat }) => isInside(lonLat))
    }
    case 'route':
      return listAlong(points, shape.line, shape.widthM)
  }
}

/** Metres on the sphere between two places. */
export function metresBetween(a: LonLat, b: LonLat): number {
  return getDistance([...a], [...b])
}

/** Does a camera that looks `headingDeg` with `fovDeg` and `reachM` see a place? Where it stands itself, it does. */
export function seesPlace({ lonLat, headingDeg, fovDeg, reachM }: LookingCamera, place: LonLat, metres = metresBetween(lonLat, place)): boolean {
  if (metres > reachM + BORDER_M) return false
  if (metres < BORDER_M || fovDeg >= 360) return true
  return Math.abs(turnDeg(headingDeg, bearingDeg(lonLat, place))) <= fovDeg / 2 + 1e-6
}

/** Clockwise from north, 0 to 360, over the short distances a camera sees. */
export function bearingDeg(from: LonLat, to: LonLat): number {
  const east = (to[0] - from[0]) * Math.cos((((from[1] + to[1]) / 2) * Math.PI) / 180)
  return ((Math.atan2(east, to[1] - from[1]) * 180) / Math.PI + 360) % 360
}

/** From one direction to another the short way, -180 to 180; positive is clockwise. */
export function turnDeg(fromDeg: number, toDeg: number): number {
  return ((((toDeg - fromDeg) % 360) + 540) % 360) - 180
}

/** The nearest cameras to a place: those that see it first, then by distance. */
export function listNearest<P extends LookingCamera>(points: readonly P[], place: LonLat, count: number): NearCamera<P>[] {
  return points
    .map((point): NearCamera<P> => {
      const distanceM = metresBetween(point.lonLat, place)
      return { point, distanceM, bearingDeg: bearingDeg(place, point.lonLat), seesPlace: seesPlace(point, place, distanceM) }
    })
    .sort((a, b) => Number(b.seesPlace) - Number(a.seesPlace) || a.distanceM - b.distanceM)
    .slice(0, count)
}

type Edge = { readonly ax: number; readonly ay: number; readonly bx: number; readonly by: number }

/** The edges that may be met at a height; `margin` is how far beside an edge is still near it. */
function createShelves(edges: readonly Edge[], margin: number): (y: number) => readonly Edge[] {
  const low = Math.min(...edges.map(({ ay, by }) => Math.min(ay, by))) - margin
  const high = Math.max(...edges.map(({ ay, by }) => Math.max(ay, by))) + margin
  const count = Math.max(1, Math.min(4096, edges.length * 2))
  const perShelf = (high - low) / count || 1
  const shelfOf = (y: number) => Math.max(0, Math.min(count - 1, Math.floor((y - low) / perShelf)))
  const shelves: Edge[][] = Array.from({ length: count }, () => [])
  for (const edge of edges) {
    const last = shelfOf(Math.max(edge.ay, edge.by) + margin)
    for (let i = shelfOf(Math.min(edge.ay, edge.by) - margin); i <= last; i++) shelves[i]!.push(edge)
  }
  return (y) => (y < low || y > high ? [] : shelves[shelfOf(y)]!)
}

/** Even-odd, the border counts as inside. */
function insideOf(ring: readonly LonLat[]): (place: LonLat) => boolean {
  if (ring.length < 3) return () => false
  const edges = ring.map(([ax, ay], i): Edge => {
    const [bx, by] = ring[(i + 1) % ring.length]!
    return { ax, ay, bx, by }
  })
  const edgesAt = createShelves(edges, BORDER_DEG)
  return ([x, y]) => {
    let isInside = false
    for (const { ax, ay, bx, by } of edgesAt(y)) {
      const isCrossed = ay > y !== by > y
      // most edges lie wholly to one side: no reckoning
      if (x > (ax > bx ? ax : bx) + BORDER_DEG) continue
      if (x < (ax < bx ? ax : bx) - BORDER_DEG) {
        if (isCrossed) isInside = !isInside
        continue
      }
      if (y > (ay > by ? ay : by) + BORDER_DEG || y < (ay < by ? ay : by) - BORDER_DEG) continue
      const [ex, ey] = [bx - ax, by - ay]
      const aside = ex * (y - ay) - ey * (x - ax)
      if (Math.abs(aside) <= BORDER_DEG * Math.hypot(ex, ey) || (ex === 0 && ey === 0)) return true
      // to the left of an edge that goes up, to the right of one that goes down
      if (isCrossed && aside > 0 !== ey > 0) continue
      if (isCrossed) isInside = !isInside
    }
    return isInside
  }
}

/** In metres of a plane around the route: over a district it is true to centimetres. */
function listAlong<P extends PlacedCamera>(points: readonly P[], line: readonly LonLat[], widthM: number): P[] {
  if (line.length < 2) return []
  const middleLat = line.reduce((sum, [, lat]) => sum + lat, 0) / line.length
  const perLonM = METRES_PER_DEGREE * Math.cos((middleLat * Math.PI) / 180)
  const toM = ([lon, lat]: LonLat) => [(lon - line[0]![0]) * perLonM, (lat - line[0]![1]) * METRES_PER_DEGREE] as const
  let along = 0
  const legs = line.slice(1).map((end, i) => {
    const [[ax, ay], [bx, by]] = [toM(line[i]!), toM(end)]
    const lengthM = Math.hypot(bx - ax, by - ay)
    const leg = { ax, ay, bx, by, lengthM, fromM: along }
    along += lengthM
    return leg
  })
  const legsAt = createShelves(legs, widthM + BORDER_M) as (y: number) => readonly (typeof legs)[number][]
  return points
    .flatMap((point) => {
      const [x, y] = toM(point.lonLat)
      let best: { offM: number; alongM: number } | undefined
      for (const { ax, ay, bx, by, lengthM, fromM } of legsAt(y)) {
        const share = lengthM === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / lengthM ** 2))
        const offM = Math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay))
        // closer by less than a hair is the same: the first passage counts
        if (offM <= widthM + BORDER_M && (!best || offM < best.offM - BORDER_M)) best = { offM, alongM: fromM + share * lengthM }
      }
      return best ? [{ point, ...best }] : []
    })
    .sort((a, b) => a.alongM - b.alongM || a.offM - b.offM)
    .map(({ point }) => point)
}
