/** Where names stand when the map rests: stations step aside for symbols within their jurisdiction, then roads and waters take what is left. */
import type { StationId } from '../../../server/contract/ids.ts'
import { type Box, type Line, type VectorBasemap } from './district-paint.ts'
import { isInRing } from './geometry.ts'
import { type Obstacle, type PlacedLabel, placeLabels } from './labels.ts'
import { discRadiusPx } from './ring.ts'
import type { MapItem } from './scene.ts'
import type { StationLabel } from './station-labels.ts'
import { type Look, pillOffset } from './symbols.ts'

export type Names = { labels: PlacedLabel[]; stationOffsets: Map<StationId, StationLabel['offsetPx']> }
type Surroundings = {
  names: VectorBasemap | null
  outline: Line | null
  items: readonly MapItem[]
  stations: readonly StationLabel[]
  box: Box
  resolution: number
  metresPerPx: number
  look: Look
}

/** Steps a station's name may take, nearest first. */
const steps = [0, -22, 22, -44, 44, -66, 66, -88, 88, -110, 110]
  .flatMap((dy) => [0, -24, 24, -48, 48, -72, 72, -96, 96, -120, 120].map((dx) => [dx, dy] as const))
  .toSorted((a, b) => Math.hypot(...a) - Math.hypot(...b))
const corners = [
  [-1, -1],
  [1, -1],
  [1, 1],
  [-1, 1],
] as const
const SYMBOL_RADIUS_PX = 9
const GAP_PX = 3
/** A name that is hidden more than this by symbols is left out. */
const MOST_OVERLAP_PX = 5

/** `box` is the screen and somewhat around it, in projected coordinates. */
export function placeNames({ names, outline, items, stations, box, resolution, metresPerPx, look }: Surroundings): Names {
  const { sizeScale: scale } = look
  const at = (x: number, y: number) => ({ x: (x - box[0]) / resolution, y: (box[3] - y) / resolution })
  const obstacles: Obstacle[] = items.flatMap((item) => {
    const { x, y } = at(item.x, item.y)
    if (item.kind === 'point') return [{ x: x + item.offsetPx[0] * scale, y: y + item.offsetPx[1] * scale, radiusPx: SYMBOL_RADIUS_PX * scale }]
    const disc = { x, y, radiusPx: (discRadiusPx(item.members.length) + 1) * scale }
    const [dx, dy] = pillOffset(item.radiusPx)
    return item.counts.offline === 0 ? [disc] : [disc, { x: x + (dx + 4) * scale, y: y + dy * scale, radiusPx: 13 * scale }]
  })
  const stationOffsets = new Map<StationId, StationLabel['offsetPx']>()
  for (const { stationId, x, y, sprite, ring } of stations) {
    const here = at(x, y)
    const near = obstacles.filter((o) => Math.abs(o.x - here.x) < 300 * scale && Math.abs(o.y - here.y) < 220 * scale)
    const [halfWidth, halfHeight] = [sprite.anchorX + GAP_PX * scale, sprite.anchorY]
    const isAtHome = (dx: number, dy: number) =>
      (ring === null || isInRing(x + dx * resolution, y - dy * resolution, ring)) &&
      (outline === null ||
        corners.every(([right, down]) => isInRing(x + (dx + right * sprite.anchorX) * resolution, y - (dy + down * halfHeight) * resolution, outline.xs)))
    let best = { overlapPx: Infinity, dx: 0, dy: 0 }
    for (const [stepX, stepY] of steps) {
      const [dx, dy] = [stepX * scale, stepY * scale]
      if (!isAtHome(dx, dy)) continue
      const overlapPx = near.reduce((sum, o) => sum + Math.max(0, o.radiusPx - distanceToRect(o.x - here.x - dx, o.y - here.y - dy, halfWidth, halfHeight)), 0)
      if (overlapPx < best.overlapPx) best = { overlapPx, dx, dy }
      if (overlapPx === 0) break
    }
    if (best.overlapPx > MOST_OVERLAP_PX * scale) {
      stationOffsets.set(stationId, null)
      continue
    }
    stationOffsets.set(stationId, [best.dx, best.dy])
    // the others keep off it: a few discs cover what a wide name takes
    for (const share of [-1, -0.5, 0, 0.5, 1])
      obstacles.push({ x: here.x + best.dx + share * (halfWidth - halfHeight), y: here.y + best.dy, radiusPx: halfHeight })
  }
  const labels = names
    ? placeLabels({ map: names, box, resolution, metresPerPx, obstacles, isInside: (x, y) => outline === null || isInRing(x, y, outline.xs), ...look })
    : []
  return { labels, stationOffsets }
}

/** How far a place is from a rectangle around 0, 0; 0 inside. */
function distanceToRect(x: number, y: number, halfWidth: number, halfHeight: number): number {
  return Math.hypot(Math.max(0, Math.abs(x) - halfWidth), Math.max(0, Math.abs(y) - halfHeight))
}
