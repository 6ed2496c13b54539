/** Groups points that would lie on each other. Depends on places and scale alone, so that panning and a change of state move nothing. */

export type Placed = { readonly x: number; readonly y: number }
export type Group = { members: number[]; x: number; y: number }

export const clusterRadiusPx = 42
export const clusterMinPoints = 4

/**
 * Groups of at least `clusterMinPoints` within `radius` of a first point; everyone else is alone.
 * In: places in any unit, `radius` in the same. Out: groups by index into `places`, with their mean place, and the indexes left single.
 * Groups whose discs would overlap become one, and a single that would lie under a disc joins it: nothing may hide behind a number that does not count it.
 */
export function clusterPlaces(places: readonly Placed[], radius: number, discRadius: number): { groups: Group[]; singles: number[] } {
  const grid = createGrid(places, radius)
  const isDone = new Uint8Array(places.length)
  const order = places.map((_, i) => i).sort((a, b) => sweep(places[a]!) - sweep(places[b]!) || a - b)
  const groups: Group[] = []
  const alone: number[] = []
  for (const i of order) {
    if (isDone[i]) continue
    const members = grid.near(places[i]!, radius).filter((j) => !isDone[j])
    for (const j of members) isDone[j] = 1
    if (members.length < clusterMinPoints) alone.push(...members)
    else groups.push({ members, ...middle(members.map((j) => places[j]!)) })
  }
  const merged = mergeOverlapping(groups, places, discRadius)
  const middles = createGrid(merged, discRadius)
  const singles = alone.filter((i) => {
    const under = middles.near(places[i]!, discRadius)[0]
    if (under === undefined) return true
    merged[under]!.members.push(i)
    return false
  })
  return { groups: merged, singles }
}

function mergeOverlapping(groups: readonly Group[], places: readonly Placed[], discRadius: number): Group[] {
  const left = [...groups]
  for (let i = 0; i < left.length; i++) {
    const other = left.findIndex((candidate, j) => j > i && Math.hypot(candidate.x - left[i]!.x, candidate.y - left[i]!.y) < 2 * discRadius)
    if (other === -1) continue
    const members = [...left[i]!.members, ...left[other]!.members]
    left.splice(other, 1)
    // the middle has moved: look from the beginning at what it covers now
    left[i] = { members, ...middle(members.map((j) => places[j]!)) }
    i = -1
  }
  return left
}

/** A slanting sweep: rows and columns of streets do not all begin at one edge. */
function sweep({ x, y }: Placed): number {
  return x + y * 1.7
}

function middle(places: readonly Placed[]): Placed {
  return { x: places.reduce((sum, p) => sum + p.x, 0) / places.length, y: places.reduce((sum, p) => sum + p.y, 0) / places.length }
}

/** Finds what is near without looking at everything: buckets as wide as the search. */
function createGrid(places: readonly Placed[], cell: number) {
  const buckets = new Map<number, number[]>()
  const key = (column: number, row: number) => column * 0x4000000 + row
  places.forEach((place, i) => {
    const at = key(Math.floor(place.x / cell), Math.floor(place.y / cell))
    const bucket = buckets.get(at)
    if (bucket) bucket.push(i)
    else buckets.set(at, [i])
  })
  function near({ x, y }: Placed, radius: number): number[] {
    const found: number[] = []
    const [column, row] = [Math.floor(x / cell), Math.floor(y / cell)]
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (const i of buckets.get(key(column + dx, row + dy)) ?? []) {
          if (Math.hypot(places[i]!.x - x, places[i]!.y - y) < radius) found.push(i)
        }
      }
    }
    return found
  }
  return { near }
}
