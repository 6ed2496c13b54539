/** Plane geometry over the size of a district: rings and polygons of degrees, distances in metres. GeoJSON's order of coordinates (RFC 7946 §3.1.6). */
import type { LonLat } from '../contract/ids.ts'

type Pair = readonly [number, number]
/** Closed: the last pair is the first again. */
export type Ring = readonly Pair[]
/** Outer ring first, then its holes. */
export type Polygon = readonly Ring[]

export const METRES_PER_DEGREE = 111_320
const metresPerDegreeEast = (lat: number) => METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180)

/** As the crow flies, within a per mille over a district. */
export function distanceM(a: Pair, b: Pair): number {
  return Math.hypot((a[0] - b[0]) * metresPerDegreeEast((a[1] + b[1]) / 2), (a[1] - b[1]) * METRES_PER_DEGREE)
}

/** Is the point in one of the polygons and in none of its holes? Even-odd over all rings. */
export function isInside([x, y]: Pair, polygons: readonly Polygon[]): boolean {
  return polygons.some((polygon) => {
    let isIn = false
    for (const ring of polygon) {
      for (let i = 1; i < ring.length; i++) {
        const [ax, ay] = ring[i - 1]!
        const [bx, by] = ring[i]!
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isIn = !isIn
      }
    }
    return isIn
  })
}

/** 0 inside. */
export function distanceToRingM(point: LonLat, ring: Ring): number {
  if (isInside(point, [[ring]])) return 0
  const east = metresPerDegreeEast(point[1])
  let nearest = Infinity
  for (let i = 1; i < ring.length; i++) {
    const [ax, ay] = [(ring[i - 1]![0] - point[0]) * east, (ring[i - 1]![1] - point[1]) * METRES_PER_DEGREE]
    const [dx, dy] = [(ring[i]![0] - point[0]) * east - ax, (ring[i]![1] - point[1]) * METRES_PER_DEGREE - ay]
    const lengthSquared = dx * dx + dy * dy
    const along = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / lengthSquared))
    nearest = Math.min(nearest, Math.hypot(ax + along * dx, ay + along * dy))
  }
  return nearest
}

/** Holes taken off, in square metres. */
export function areaM2(polygons: readonly Polygon[]): number {
  return polygons.reduce((sum, [outer, ...holes]) => sum + ringAreaM2(outer!) - holes.reduce((area, hole) => area + ringAreaM2(hole), 0), 0)
}

function ringAreaM2(ring: Ring): number {
  const [x0, y0] = ring[0]!
  let twice = 0
  for (let i = 1; i < ring.length; i++) twice += (ring[i - 1]![0] - x0) * (ring[i]![1] - y0) - (ring[i]![0] - x0) * (ring[i - 1]![1] - y0)
  return Math.abs(twice / 2) * METRES_PER_DEGREE * metresPerDegreeEast(y0)
}

export type Bounds = { x: [number, number]; y: [number, number] }

export function boundsOf(polygons: readonly Polygon[]): Bounds {
  const bounds: Bounds = { x: [Infinity, -Infinity], y: [Infinity, -Infinity] }
  for (const polygon of polygons) {
    for (const [x, y] of polygon[0]!) {
      bounds.x = [Math.min(bounds.x[0], x), Math.max(bounds.x[1], x)]
      bounds.y = [Math.min(bounds.y[0], y), Math.max(bounds.y[1], y)]
    }
  }
  return bounds
}
