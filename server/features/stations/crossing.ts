/**
 * Does a polygon's border cross itself? A sweep from left to right over its segments (Shamos and Hoey 1976), O(n log n) comparisons,
 * exact whatever the coordinates (`robust-predicates`). Segments that meet in a vertex of both are no crossing: rings may touch there.
 */
import { orient2d } from 'robust-predicates'
import type { Polygon } from '../../base/geometry.ts'

type Pair = readonly [number, number]
/** From `left` to `right` as the sweep sees them: by x, then by y. `vertex` is the one it goes to, counted in its ring. */
type Segment = { left: Pair; right: Pair; ring: number; vertex: number }

export type Crossing = { ringA: number; vertexA: number; ringB: number; vertexB: number; at: Pair }

const compare = (a: Pair, b: Pair) => a[0] - b[0] || a[1] - b[1]
const isSame = (a: Pair, b: Pair) => a[0] === b[0] && a[1] === b[1]
/** Above 0: the point lies above the line from left to right. Below 0: below it. */
const sideOf = ({ left, right }: Segment, [x, y]: Pair) => -orient2d(left[0], left[1], right[0], right[1], x, y)

/** Steps of the sweep, some 50 ms of them in the worst of shapes. */
const STEPS_AT_A_TIME = 4_000

/** The first one the sweep comes to. `breathe` lets others have their turn, now and then. */
export async function findCrossing(polygon: Polygon, breathe: () => Promise<void>): Promise<Crossing | undefined> {
  const events = polygon.flatMap((ring, r) => ring.slice(1).flatMap((to, i) => eventsOf(ring[i]!, to, r, i + 1)))
  // what ends at a point goes before what begins there
  events.sort((a, b) => compare(a.at, b.at) || Number(a.isBegin) - Number(b.isBegin))
  /** Those the sweep line stands on, from below to above. */
  const open: Segment[] = []
  for (const [i, { segment, isBegin }] of events.entries()) {
    if (i % STEPS_AT_A_TIME === 0) await breathe()
    const place = placeOf(segment, open)
    if (isBegin) {
      const neighbours = [open[place.index - 1], open[place.index]].filter((each) => each !== undefined)
      const met = neighbours.find((neighbour) => doCross(neighbour, segment)) ?? place.touched
      if (met) return crossingOf(met, segment)
      open.splice(place.index, 0, segment)
    } else {
      const index = open[place.index] === segment ? place.index : open.indexOf(segment)
      open.splice(index, 1)
      const [below, above] = [open[index - 1], open[index]]
      if (below && above && doCross(below, above)) return crossingOf(below, above)
    }
  }
  return undefined
}

function eventsOf(from: Pair, to: Pair, ring: number, vertex: number) {
  const [left, right] = compare(from, to) < 0 ? [from, to] : [to, from]
  const segment: Segment = { left, right, ring, vertex }
  return [
    { at: left, isBegin: true, segment },
    { at: right, isBegin: false, segment },
  ]
}

/** Where it is, or belongs, among the open ones. `touched`: one whose line it begins on. */
function placeOf(segment: Segment, open: readonly Segment[]): { index: number; touched: Segment | undefined } {
  let touched: Segment | undefined
  let from = 0
  let below = open.length
  while (from < below) {
    const middle = (from + below) >> 1
    const other = open[middle]!
    const order = orderOf(segment, other)
    if (order === 0) {
      if (other === segment) return { index: middle, touched: undefined }
      touched = other
    }
    if (order > 0) from = middle + 1
    else below = middle
  }
  return { index: from, touched }
}

/** Above 0: `a` runs above `b` where both are. 0: they have more than a vertex in common. */
function orderOf(a: Segment, b: Segment): number {
  if (compare(a.left, b.left) < 0) return -orderOf(b, a)
  const side = sideOf(b, a.left)
  if (side !== 0) return side
  return isSame(a.left, b.left) ? sideOf(b, a.right) : 0
}

/** Have they a point in common that is not a vertex of both? */
function doCross(a: Segment, b: Segment): boolean {
  const [fromA, toA] = [sideOf(b, a.left), sideOf(b, a.right)]
  const [fromB, toB] = [sideOf(a, b.left), sideOf(a, b.right)]
  if (fromA === 0 && toA === 0) return compare(maxOf(a.left, b.left), minOf(a.right, b.right)) < 0
  const isOn = (side: number, point: Pair, segment: Segment) => side === 0 && compare(segment.left, point) < 0 && compare(point, segment.right) < 0
  if (isOn(fromA, a.left, b) || isOn(toA, a.right, b) || isOn(fromB, b.left, a) || isOn(toB, b.right, a)) return true
  return Math.sign(fromA) * Math.sign(toA) < 0 && Math.sign(fromB) * Math.sign(toB) < 0
}

const maxOf = (a: Pair, b: Pair) => (compare(a, b) > 0 ? a : b)
const minOf = (a: Pair, b: Pair) => (compare(a, b) < 0 ? a : b)

function crossingOf(a: Segment, b: Segment): Crossing {
  const [dax, day, dbx, dby] = [a.right[0] - a.left[0], a.right[1] - a.left[1], b.right[0] - b.left[0], b.right[1] - b.left[1]]
  const across = dax * dby - day * dbx
  const along = across === 0 ? 0 : ((b.left[0] - a.left[0]) * dby - (b.left[1] - a.left[1]) * dbx) / across
  const at: Pair = across === 0 ? maxOf(a.left, b.left) : [a.left[0] + along * dax, a.left[1] + along * day]
  return { ringA: a.ring, vertexA: a.vertex, ringB: b.ring, vertexB: b.vertex, at }
}
