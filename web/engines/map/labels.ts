/**
 * Names of roads and waters: along the line, upright and stacked on north–south roads. A name goes where no symbol is, or nowhere.
 * Placed anew when the map rests, for somewhat more than the screen; while it moves, the names move with it.
 */
import { fontFamily, mapColor, type ThemeName } from '../../base/theme.ts'
import { createSprite, type Sprite, writeHaloed } from './symbols.ts'
import type { Box, VectorBasemap } from './district-paint.ts'

/** What a name must keep off, in px of the placing. */
export type Obstacle = { x: number; y: number; radiusPx: number }
export type PlacedLabel = { sprite: Sprite; x: number; y: number }
type Candidate = { text: string; xs: Float64Array; kind: 'road' | 'upright' | 'water'; priority: number }
type Glyph = { x: number; y: number; angle: number }

const STEP_PX = { road: 13.5, upright: 17, water: 22 }
const SAME_NAME_APART_PX = 620
const LABELS_APART_PX = 26
const MOST_PER_NAME = 3
const CELL_PX = 64

export type LabelInput = {
  map: VectorBasemap
  box: Box
  resolution: number
  metresPerPx: number
  obstacles: readonly Obstacle[]
  isInside: (x: number, y: number) => boolean
  theme: ThemeName
  sizeScale: number
  pixelRatio: number
}

/** Obstacles are in px from the box's top left corner; `isInside` asks in projected coordinates whether a name may stand there. Labels come back in projected coordinates. */
export function placeLabels({ map, box, resolution, metresPerPx, obstacles, isInside, theme, sizeScale, pixelRatio }: LabelInput): PlacedLabel[] {
  const taken = createField(obstacles)
  const placed: PlacedLabel[] = []
  const seen = new Map<string, Glyph[]>()
  for (const candidate of listCandidates(map, metresPerPx)) {
    const path = toPath(candidate.xs, box, resolution)
    const total = path.at(-1)?.along ?? 0
    const step = STEP_PX[candidate.kind] * sizeScale
    const span = candidate.text.length * step
    const used = seen.get(candidate.text) ?? []
    for (let from = total * 0.06; from + span < total * 0.97 && used.length < MOST_PER_NAME; from += 14 * sizeScale) {
      const glyphs = glyphsAt(path, from, step, candidate)
      const isFree = glyphs.every(
        (glyph) =>
          isInBox(glyph, box, resolution) &&
          !taken.isTaken(glyph, 8 * sizeScale) &&
          used.every((other) => Math.hypot(other.x - glyph.x, other.y - glyph.y) > SAME_NAME_APART_PX * sizeScale),
      )
      if (!isFree || bendsTooMuch(glyphs) || !glyphs.every((glyph) => isInside(box[0] + glyph.x * resolution, box[3] - glyph.y * resolution))) continue
      for (const glyph of glyphs) taken.add({ x: glyph.x, y: glyph.y, radiusPx: (LABELS_APART_PX - 8) * sizeScale })
      used.push(glyphs[Math.floor(glyphs.length / 2)]!)
      placed.push(drawLabel(candidate, glyphs, { box, resolution, theme, sizeScale, pixelRatio }))
    }
    seen.set(candidate.text, used)
  }
  return placed
}

function listCandidates(map: VectorBasemap, metresPerPx: number): Candidate[] {
  const priorities = { express: 2, arterial: 3, secondary: 4, lane: 5 }
  const shown = metresPerPx > 40 ? 1 : metresPerPx > 6 ? 3 : metresPerPx > 2.2 ? 4 : 5
  const roads = map.roads.map((road): Candidate => ({
    text: road.name,
    xs: road.xs,
    kind: road.isUpright ? 'upright' : 'road',
    priority: priorities[road.roadClass],
  }))
  const waters = [...map.rivers, ...map.lakes.map((lake) => ({ name: lake.name, xs: acrossOf(lake.box) }))].map((water): Candidate => ({
    text: water.name,
    xs: water.xs,
    kind: 'water',
    priority: 1,
  }))
  return [...waters, ...roads].filter((candidate) => candidate.text !== '' && candidate.priority <= shown).sort((a, b) => a.priority - b.priority)
}

/** A lake's name lies on a level line through its middle. */
function acrossOf([minX, minY, maxX, maxY]: Box): Float64Array {
  const y = (minY + maxY) / 2
  return Float64Array.of(minX, y, (minX + maxX) / 2, y, maxX, y)
}

type PathPoint = { x: number; y: number; along: number }

function toPath(xs: Float64Array, box: Box, resolution: number): PathPoint[] {
  const path: PathPoint[] = []
  for (let i = 0; i < xs.length; i += 2) {
    const [x, y] = [(xs[i]! - box[0]) / resolution, (box[3] - xs[i + 1]!) / resolution]
    const last = path.at(-1)
    path.push({ x, y, along: last ? last.along + Math.hypot(x - last.x, y - last.y) : 0 })
  }
  return path
}

/** Letters in reading order: a line that runs leftwards or upwards is read from its other end. */
function glyphsAt(path: readonly PathPoint[], from: number, step: number, { text, kind }: Candidate): Glyph[] {
  let segment = 1
  const glyphs = Array.from(text, (_, i): Glyph => {
    const along = from + (i + 0.5) * step
    while (segment < path.length - 1 && path[segment]!.along < along) segment++
    const [p, q] = [path[segment - 1]!, path[segment]!]
    const share = (along - p.along) / (q.along - p.along || 1)
    return { x: p.x + (q.x - p.x) * share, y: p.y + (q.y - p.y) * share, angle: Math.atan2(q.y - p.y, q.x - p.x) }
  })
  const [first, last] = [glyphs[0]!, glyphs.at(-1)!]
  if (kind === 'upright') {
    if (last.y < first.y) glyphs.reverse()
    return glyphs.map((glyph) => ({ ...glyph, angle: 0 }))
  }
  if (last.x >= first.x) return glyphs
  return glyphs.toReversed().map((glyph) => ({ ...glyph, angle: glyph.angle + Math.PI }))
}

function bendsTooMuch(glyphs: readonly Glyph[]): boolean {
  return glyphs.some((glyph, i) => i > 0 && Math.abs(Math.sin((glyph.angle - glyphs[i - 1]!.angle) / 2)) > 0.2)
}

function isInBox({ x, y }: Glyph, box: Box, resolution: number): boolean {
  return x > 0 && y > 0 && x < (box[2] - box[0]) / resolution && y < (box[3] - box[1]) / resolution
}

function drawLabel(
  { text, kind }: Candidate,
  glyphs: readonly Glyph[],
  { box, resolution, theme, sizeScale, pixelRatio }: Omit<LabelInput, 'map' | 'obstacles' | 'isInside' | 'metresPerPx'>,
): PlacedLabel {
  const tone = mapColor[theme]
  const margin = 11 * sizeScale
  const [left, right] = [Math.min(...glyphs.map((g) => g.x)) - margin, Math.max(...glyphs.map((g) => g.x)) + margin]
  const [top, bottom] = [Math.min(...glyphs.map((g) => g.y)) - margin, Math.max(...glyphs.map((g) => g.y)) + margin]
  const isWater = kind === 'water'
  const font = `${isWater ? 'italic ' : ''}${12 * sizeScale}px ${fontFamily}`
  const sprite = createSprite(right - left, bottom - top, pixelRatio, (ctx) => {
    glyphs.forEach((glyph, i) => {
      ctx.save()
      ctx.translate(glyph.x - left, glyph.y - top)
      ctx.rotate(glyph.angle)
      writeHaloed(ctx, text[i]!, 0, 0, font, isWater ? tone.labelWater : tone.labelRoad, isWater ? tone.water : tone.halo, 3 * sizeScale)
      ctx.restore()
    })
  })
  return { sprite, x: box[0] + ((left + right) / 2) * resolution, y: box[3] - ((top + bottom) / 2) * resolution }
}

/** Discs by bucket: a street has hundreds of places to try. */
function createField(obstacles: readonly Obstacle[]) {
  const buckets = new Map<string, Obstacle[]>()
  let widest = 0
  const bucket = (column: number, row: number) => `${column},${row}`
  function add(obstacle: Obstacle): void {
    widest = Math.max(widest, obstacle.radiusPx)
    const key = bucket(Math.floor(obstacle.x / CELL_PX), Math.floor(obstacle.y / CELL_PX))
    const there = buckets.get(key)
    if (there) there.push(obstacle)
    else buckets.set(key, [obstacle])
  }
  function isTaken({ x, y }: { x: number; y: number }, radiusPx: number): boolean {
    const reach = Math.ceil((widest + radiusPx) / CELL_PX)
    const [column, row] = [Math.floor(x / CELL_PX), Math.floor(y / CELL_PX)]
    for (let dx = -reach; dx <= reach; dx++) {
      for (let dy = -reach; dy <= reach; dy++) {
        if (buckets.get(bucket(column + dx, row + dy))?.some((o) => Math.hypot(o.x - x, o.y - y) < o.radiusPx + radiusPx)) return true
      }
    }
    return false
  }
  obstacles.forEach(add)
  return { add, isTaken }
}
