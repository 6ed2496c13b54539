/** Groups points that would lie on each other. Depends on places and scale alone, so that panning and a change of state move nothing. */

export type Placed = { readonly x: number; readonly y: number }
export type Group = { members: number[]; x: number; y: number }

export const clusterRadiusPx = 42
export const clusterMinPoints = 4

/**
 * Groups of at least `clusterMinPoints` within `radius` of a first point; everyone else is alone.
 * In: places in any unit, `radius` in the same, and how big the disc of so many points is. Out: groups by index into `places`, with the middle they
 * are drawn at, and the indexes left single. Groups whose discs would overlap become one, and a single that would lie under a disc joins it:
 * nothing may hide behind a number that does not count it.
 */
export function clusterPlaces(places: readonly Placed[], radius: number, discRadius: (count: number) => number): { groups: Group[]; singles: number[] } {
  const grid = createGrid(radius)
  places.forEach((place, i) => grid.add(i, place))
  const isDone = new Uint8Array(places.length)
  const order = places.map((_, i) => i).sort((a, b) => sweep(places[a]!) - sweep(places[b]!) || a - b)
  let groups: Group[] = []
  let singles: number[] = []
  for (const i of order) {
    if (isDone[i]) continue
    const members = grid.near(places[i]!, radius).filter((j) => !isDone[j])
    for (const j of members) isDone[j] = 1
    if (members.length < clusterMinPoints) singles.push(...members)
    else groups.push({ members, ...middle(members.map((j) => places[j]!)) })
  }
  // a group that takes singles in may grow over its neighbour
  for (let before = -1; before !== singles.length;) {
    before = singles.length
    groups = mergeOverlapping(groups, discRadius)
    singles = joinCovering(groups, singles, places, discRadius)
  }
  return { groups, singles }
}

/** Singles that no disc covers; the others join. */
function joinCovering(groups: readonly Group[], singles: readonly number[], places: readonly Placed[], discRadius: (count: number) => number): number[] {
  const widest = discRadius(Infinity)
  const grid = createGrid(widest)
  groups.forEach((group, i) => grid.add(i, group))
  return singles.filter((i) => {
    const over = grid
      .near(places[i]!, widest)
      .find((j) => Math.hypot(groups[j]!.x - places[i]!.x, groups[j]!.y - places[i]!.y) < discRadius(groups[j]!.members.length))
    if (over !== undefined) groups[over]!.members.push(i)
    return over === undefined
  })
}

function mergeOverlapping(groups: readonly Group[], discRadius: (count: number) => number): Group[] {
  const reach = 2 * discRadius(Infinity)
  const grid = createGrid(reach)
  const left: (Group | undefined)[] = [...groups]
  groups.forEach((group, i) => grid.add(i, group))
  const waiting = groups.map((_, i) => i)
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    const group = left[i]
    if (!group) continue
    const other = grid
      .near(group, reach)
      .find((j) => j !== i && Math.hypot(left[j]!.x - group.x, left[j]!.y - group.y) < discRadius(group.members.length) + discRadius(left[j]!.members.length))
    if (other === undefined) continue
    const [a, b] = [group, left[other]!]
    const share = b.members.length / (a.members.length + b.members.length)
    const merged = { members: [...a.members, ...b.members], x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }
    grid.remove(i, a)
    grid.remove(other, b)
    grid.add(i, merged)
    left[i] = merged
    left[other] = undefined
    // its middle has moved: look at what it covers now
    waiting.push(i)
  }
  return left.filter((group) => group !== undefined)
}

/** A slanting sweep: rows and columns of streets do not all begin at one edge. */
function sweep({ x, y }: Placed): number {
  return x + y * 1.7
}

function middle(places: readonly Placed[]): Placed {
  return { x: places.reduce((sum, p) => sum + p.x, 0) / places.length, y: places.reduce((sum, p) => sum + p.y, 0) / places.length }
}

/** Finds what is near without looking at everything: buckets as wide as the search. */
function createGrid(cell: number) {
  const buckets = new Map<number, { i: number; place: Placed }[]>()
  const keyAt = (column: number, row: number) => column * 0x4000000 + row
  const keyOf = ({ x, y }: Placed) => keyAt(Math.floor(x / cell), Math.floor(y / cell))
  function add(i: number, place: Placed): void {
    const bucket = buckets.get(keyOf(place))
    if (bucket) bucket.push({ i, place })
    else buckets.set(keyOf(place), [{ i, place }])
  }
  function remove(i: number, place: Placed): void {
    const bucket = buckets.get(keyOf(place))!
    bucket.splice(
      bucket.findIndex((entry) => entry.i === i),
      1,
    )
  }
  /** `radius` is at most a cell. */
  function near({ x, y }: Placed, radius: number): number[] {
    const found: number[] = []
    const [column, row] = [Math.floor(x / cell), Math.floor(y / cell)]
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (const { i, place } of buckets.get(keyAt(column + dx, row + dy)) ?? []) if (Math.hypot(place.x - x, place.y - y) < radius) found.push(i)
      }
    }
    return found
  }
  return { add, remove, near }
}
