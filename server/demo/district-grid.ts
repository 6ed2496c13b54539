/**
 * The made-up district as a bent grid of 14 x 9 cells of about one kilometre. Whole numbers of `u` (east) and `v` (south) are main roads;
 * `W` bends the grid into metres and `toLonLat` puts it on the globe near 111.66 E 40.75 N. No real street, boundary or station is in it.
 */
import type { LonLat } from '../contract/ids.ts'

/** Grid coordinates: east and south, in cells. */
export type Uv = readonly [u: number, v: number]
export type CellOwner = 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J'

export const GRID_WIDTH = 14
export const GRID_HEIGHT = 9
/** Whose jurisdiction a cell is; `.` is outside the district. */
const CELLS = [
  '..AAAA..BII...',
  '.AAAAAABBIII..',
  '.AAAAACBBBIII.',
  'DDDACCCCCBEEE.',
  'DDDDCCCCCEEEEE',
  'DDDDFCCCGGJJJJ',
  '.DDFFFFGGGJJJ.',
  '..FFFFFGGGHHH.',
  '...FFF.GGHHH..',
]

const CENTER: LonLat = [111.66, 40.75]
const CENTER_UV: Uv = [6.9, 4.5]
/** The drawing unit of the bend is a hundredth of a cell. */
const METRES_PER_UNIT = 10
const METRES_PER_DEGREE_LAT = 111_132
const METRES_PER_DEGREE_LON = 111_320 * Math.cos((CENTER[1] * Math.PI) / 180)

export function cellAt(column: number, row: number): CellOwner | undefined {
  const letter = CELLS[row]?.[column]
  return letter === undefined || letter === '.' ? undefined : (letter as CellOwner)
}

/** How built-up a place is: 1 in the middle, 0 at the edge. */
export function density([u, v]: Uv): number {
  return Math.max(0, 1 - Math.hypot((u - 6.6) / 7.2, (v - 4.4) / 5))
}

function bend([u, v]: Uv): [x: number, y: number] {
  const x = 100 * u + 30 * Math.sin(v * 0.75 + 1.2) + 16 * Math.sin(u * 0.9 + v * 0.6)
  const y = 96 * v + 34 * Math.sin(u * 0.42 + 0.5) + 13 * Math.sin(u * 1.05 - v * 0.7)
  return [x * 0.985 + y * 0.12, y * 0.985 - x * 0.09]
}

const [CENTER_X, CENTER_Y] = bend(CENTER_UV)

/** Metres east and south of the centre. */
export function toMetres(uv: Uv): [eastM: number, southM: number] {
  const [x, y] = bend(uv)
  return [(x - CENTER_X) * METRES_PER_UNIT, (y - CENTER_Y) * METRES_PER_UNIT]
}

export function metresToLonLat([eastM, southM]: readonly [number, number]): LonLat {
  return [round6(CENTER[0] + eastM / METRES_PER_DEGREE_LON), round6(CENTER[1] - southM / METRES_PER_DEGREE_LAT)]
}

export function toLonLat(uv: Uv): LonLat {
  return metresToLonLat(toMetres(uv))
}

/** Metres between two places of the district: flat is exact enough over 15 km. */
export function distanceM(a: LonLat, b: LonLat): number {
  return Math.hypot((a[0] - b[0]) * METRES_PER_DEGREE_LON, (a[1] - b[1]) * METRES_PER_DEGREE_LAT)
}

/** A straight line of the grid, cut fine enough to follow the bend. */
export function gridLine(from: Uv, to: Uv, pieces: number): Uv[] {
  return Array.from({ length: pieces + 1 }, (_, i) => [from[0] + ((to[0] - from[0]) * i) / pieces, from[1] + ((to[1] - from[1]) * i) / pieces])
}

/** Rounds the corners of a closed ring (Chaikin's corner cutting). */
export function roundCorners(ring: readonly Uv[], times: number): Uv[] {
  let points = [...ring]
  for (let n = 0; n < times; n++) {
    points = points.flatMap((p, i) => {
      const q = points[(i + 1) % points.length]!
      return [between(p, q, 0.25), between(p, q, 0.75)]
    })
  }
  return points
}

export function between(p: Uv, q: Uv, share: number): Uv {
  return [p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share]
}

type Ring = readonly (readonly [number, number])[]

/** Rings never change, and most places asked about are nowhere near: a box first makes the start of the demo a second shorter. */
const boxes = new WeakMap<Ring, readonly [west: number, south: number, east: number, north: number]>()

function boxOf(ring: Ring) {
  let box = boxes.get(ring)
  if (!box) {
    const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)]
    boxes.set(ring, (box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]))
  }
  return box
}

/** Is a place inside a closed ring (even-odd)? */
export function isInside([x, y]: readonly [number, number], ring: Ring): boolean {
  const [west, south, east, north] = boxOf(ring)
  if (x < west || x > east || y < south || y > north) return false
  let inside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i]!
    const [xj, yj] = ring[j]!
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}

function round6(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6
}
