/**
 * Outline and jurisdictions from the cells: the outer edge has rounded corners, inner borders follow the grid, and neighbours share every point,
 * so that the jurisdictions cover the district with neither gap nor overlap.
 */
import { between, cellAt, type CellOwner, GRID_HEIGHT, GRID_WIDTH, gridLine, type Uv } from './district-grid.ts'

/** One side of a cell, walked with the cell on the right hand; `outside` when nobody of the district is beyond it. */
type Edge = { from: Uv; to: Uv; owner: CellOwner; isOuter: boolean }

const sides: readonly { from: Uv; to: Uv; beyond: Uv }[] = [
  { from: [0, 0], to: [1, 0], beyond: [0, -1] },
  { from: [1, 0], to: [1, 1], beyond: [1, 0] },
  { from: [1, 1], to: [0, 1], beyond: [0, 1] },
  { from: [0, 1], to: [0, 0], beyond: [-1, 0] },
]

function listEdges(isBorder: (owner: CellOwner, beyond: CellOwner | undefined) => boolean): Edge[] {
  const edges: Edge[] = []
  for (let row = 0; row < GRID_HEIGHT; row++) {
    for (let column = 0; column < GRID_WIDTH; column++) {
      const owner = cellAt(column, row)
      if (owner === undefined) continue
      for (const { from, to, beyond } of sides) {
        const neighbour = cellAt(column + beyond[0], row + beyond[1])
        if (isBorder(owner, neighbour))
          edges.push({ from: [column + from[0], row + from[1]], to: [column + to[0], row + to[1]], owner, isOuter: neighbour === undefined })
      }
    }
  }
  return edges
}

/** Puts edges head to tail. No two loops of this district touch in a corner, so each corner has one way on. */
function joinLoop(edges: readonly Edge[]): Edge[] {
  const byStart = new Map(edges.map((edge) => [edge.from.join(), edge]))
  const loop: Edge[] = []
  for (let edge = edges[0]; edge && loop.length < edges.length; edge = byStart.get(edge.to.join())) loop.push(edge)
  return loop
}

/** Chaikin's corner cutting that remembers whose edge each piece is; where the owner changes, the middle of the cut is the meeting point. */
function roundOuter(loop: readonly Edge[], times: number): Edge[] {
  let edges = [...loop]
  for (let n = 0; n < times; n++) {
    edges = edges.flatMap((edge, i) => {
      const next = edges[(i + 1) % edges.length]!
      const cut = { from: between(edge.from, edge.to, 0.75), to: between(next.from, next.to, 0.25) }
      const straight = { ...edge, from: between(edge.from, edge.to, 0.25), to: cut.from }
      if (edge.owner === next.owner) return [straight, { ...edge, ...cut }]
      const meeting = between(cut.from, cut.to, 0.5)
      return [straight, { ...edge, from: cut.from, to: meeting }, { ...next, from: meeting, to: cut.to }]
    })
  }
  return edges
}

const outerLoop = joinLoop(listEdges((_, beyond) => beyond === undefined))
const roundedOuter = roundOuter(outerLoop, 3)

/** The district's outline, clockwise, open (first point not repeated). */
export const outlineUv: readonly Uv[] = roundedOuter.map((edge) => edge.from)

/** Pieces of the rounded outline by owner, in the order of walking, from one meeting point to the next. */
function outerArcs(owner: CellOwner): Uv[][] {
  const start = roundedOuter.findIndex((edge, i) => edge.owner !== roundedOuter.at(i - 1)!.owner)
  const walked = [...roundedOuter.slice(start), ...roundedOuter.slice(0, start)]
  const arcs: Uv[][] = []
  walked.forEach((edge, i) => {
    if (edge.owner !== owner) return
    if (walked[i - 1]?.owner !== owner) arcs.push([edge.from])
    arcs.at(-1)!.push(edge.to)
  })
  return arcs
}

/** The jurisdiction of one station as an open ring of grid places. */
export function jurisdictionUv(owner: CellOwner): Uv[] {
  const loop = joinLoop(listEdges((mine, beyond) => mine === owner && beyond !== owner))
  const start = loop.findIndex((edge, i) => edge.isOuter && !loop.at(i - 1)!.isOuter)
  const walked = [...loop.slice(start), ...loop.slice(0, start)]
  const arcs = outerArcs(owner)
  const ring: Uv[] = []
  walked.forEach((edge, i) => {
    if (!edge.isOuter) return ring.push(...gridLine(edge.from, edge.to, 8).slice(0, -1))
    if (i > 0 && walked[i - 1]!.isOuter) return
    // A run of outer edges begins: the arc of the rounded outline that starts nearest to it takes its place.
    const arc = arcs.reduce((best, candidate) => (gap(candidate, edge.from) < gap(best, edge.from) ? candidate : best))
    ring.push(edge.from, ...arc)
  })
  return ring.filter((point, i) => Math.hypot(point[0] - ring.at(i - 1)![0], point[1] - ring.at(i - 1)![1]) > 1e-9)
}

function gap(arc: readonly Uv[], place: Uv): number {
  return Math.hypot(arc[0]![0] - place[0], arc[0]![1] - place[1])
}

/** Inner borders between jurisdictions, each piece once. */
export const bordersUv: readonly Uv[][] = listEdges((owner, beyond) => beyond !== undefined && beyond > owner).map((edge) => gridLine(edge.from, edge.to, 8))
