/** Paints the vector base map, or the bare grid when there is none, into one picture of any extent and scale (`design.md` section 3). */
import { type BasemapFile, type BasemapRoadClass, basemapFormat, decodePlaces } from '../../../server/contract/basemap.ts'
import type { LonLat } from '../../../server/contract/ids.ts'
import { mapColor, type ThemeName } from '../../base/theme.ts'

/** Projected coordinates, flat: x, y, x, y … and the box around them. */
export type Line = { xs: Float64Array; box: Box }
export type Box = readonly [minX: number, minY: number, maxX: number, maxY: number]
export type NamedLine = Line & { name: string }
export type Road = NamedLine & { roadClass: BasemapRoadClass; isUpright: boolean }
export type VectorBasemap = {
  roads: Road[]
  rivers: (NamedLine & { widthM: number })[]
  lakes: NamedLine[]
  greens: Line[]
  rails: NamedLine[]
  blocks: Line[]
}

export type Picture = {
  ctx: CanvasRenderingContext2D
  box: Box
  /** Projected units per CSS pixel, and metres on the ground per CSS pixel. */
  resolution: number
  metresPerPx: number
  /** Side of the bare grid in projected units: the same for every tile, or its lines would not meet. */
  gridStep: number
  theme: ThemeName
  sizeScale: number
}

type Projected = (lonLat: LonLat) => readonly [number, number]

/** Widths in px where the whole district is seen and where streets are seen, and the width on the ground they grow with from there. */
const roadWidths: Record<BasemapRoadClass, { district: number; street: number; metres: number }> = {
  lane: { district: 1.1, street: 5, metres: 6 },
  secondary: { district: 2, street: 6, metres: 11 },
  arterial: { district: 3.4, street: 9, metres: 18 },
  express: { district: 5, street: 13, metres: 24 },
}
const DISTRICT_M_PER_PX = 12
const STREET_M_PER_PX = 1.8
const LANES_UP_TO_M_PER_PX = 26
const BLOCKS_UP_TO_M_PER_PX = 4.5
export const GRID_M = 500

/** Throws when the file is of another format: half a map is worse than the grid. */
export function parseBasemap(file: unknown, projected: Projected): VectorBasemap {
  if (typeof file !== 'object' || file === null || (file as BasemapFile).format !== basemapFormat)
    throw new Error(`Base map is not in the format ${basemapFormat}`)
  const { origin, stepDeg, roads, rivers, lakes, greens, rails, blocks } = file as BasemapFile
  const line = (points: readonly number[]) => lineOf(decodePlaces(points, origin, stepDeg), projected)
  return {
    roads: roads.map(({ points, ...road }) => ({ ...road, ...line(points) })),
    rivers: rivers.map(({ points, ...river }) => ({ ...river, ...line(points) })),
    lakes: lakes.map(({ name, points }) => ({ name, ...line(points) })),
    greens: greens.map(({ points }) => line(points)),
    rails: rails.map(({ name, points }) => ({ name, ...line(points) })),
    blocks: blocks.map(line),
  }
}

export function lineOf(places: readonly LonLat[], projected: Projected): Line {
  const xs = new Float64Array(places.length * 2)
  let box: Box = [Infinity, Infinity, -Infinity, -Infinity]
  places.forEach((place, i) => {
    const [x, y] = projected(place)
    xs[2 * i] = x
    xs[2 * i + 1] = y
    box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)]
  })
  return { xs, box }
}

export function roadWidthPx(roadClass: BasemapRoadClass, metresPerPx: number): number {
  const { district, street, metres } = roadWidths[roadClass]
  if (metresPerPx <= STREET_M_PER_PX) return Math.max(street, metres / metresPerPx)
  const share = Math.log(DISTRICT_M_PER_PX / metresPerPx) / Math.log(DISTRICT_M_PER_PX / STREET_M_PER_PX)
  return share >= 0 ? district * (street / district) ** share : Math.max(0.6, district * 2 ** (share * 2))
}

export function paintBasemap(picture: Picture, map: VectorBasemap | null, outline: Line | null): void {
  const { ctx, theme, sizeScale, metresPerPx } = picture
  const tone = mapColor[theme]
  ctx.fillStyle = tone.outside
  ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height)
  ctx.fillStyle = tone.land
  if (outline) fillAll(picture, [outline])
  else ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height)
  if (map) {
    const widthOf = (roadClass: BasemapRoadClass) => roadWidthPx(roadClass, metresPerPx) * sizeScale
    const roads = (roadClass: BasemapRoadClass, hasCasing: boolean) => {
      const lines = map.roads.filter((road) => road.roadClass === roadClass)
      if (hasCasing) strokeAll(picture, lines, tone.casing, widthOf(roadClass) + 2 * sizeScale)
      strokeAll(picture, lines, tone[roadClass], widthOf(roadClass))
    }
    if (metresPerPx <= BLOCKS_UP_TO_M_PER_PX) {
      ctx.fillStyle = tone.block
      fillAll(picture, map.blocks)
    }
    ctx.fillStyle = tone.green
    fillAll(picture, map.greens)
    if (metresPerPx <= LANES_UP_TO_M_PER_PX) roads('lane', theme === 'light')
    for (const river of map.rivers) {
      strokeAll(picture, [river], tone.waterEdge, river.widthM / metresPerPx + 3 * sizeScale)
      strokeAll(picture, [river], tone.water, river.widthM / metresPerPx)
    }
    ctx.fillStyle = tone.water
    fillAll(picture, map.lakes)
    strokeAll(picture, map.lakes, tone.waterEdge, 1.5 * sizeScale)
    // bigger roads lie above the water: bridges draw themselves
    roads('secondary', true)
    strokeAll(picture, map.rails, tone.rail, 1.4 * sizeScale)
    ctx.setLineDash([1.2 * sizeScale, 7.8 * sizeScale])
    strokeAll(picture, map.rails, tone.rail, 4.4 * sizeScale, 'butt')
    ctx.setLineDash([])
    roads('arterial', true)
    roads('express', true)
  } else paintGrid(picture)
  if (outline) paintMask(picture, outline)
}

function paintGrid({ ctx, box, resolution, metresPerPx, gridStep, theme, sizeScale }: Picture): void {
  const step = gridStep * (metresPerPx > 40 ? 10 : 1)
  ctx.strokeStyle = mapColor[theme].secondary
  ctx.lineWidth = sizeScale
  ctx.beginPath()
  for (let x = Math.ceil(box[0] / step) * step; x <= box[2]; x += step) {
    ctx.moveTo((x - box[0]) / resolution, 0)
    ctx.lineTo((x - box[0]) / resolution, (box[3] - box[1]) / resolution)
  }
  for (let y = Math.ceil(box[1] / step) * step; y <= box[3]; y += step) {
    ctx.moveTo(0, (box[3] - y) / resolution)
    ctx.lineTo((box[2] - box[0]) / resolution, (box[3] - y) / resolution)
  }
  ctx.stroke()
}

/** Everything that is not the district steps back by 72 %. */
export function paintMask(picture: Picture, outline: Line): void {
  const { ctx, box, resolution, theme } = picture
  ctx.beginPath()
  ctx.rect(-2, -2, (box[2] - box[0]) / resolution + 4, (box[3] - box[1]) / resolution + 4)
  trace(picture, outline)
  ctx.globalAlpha = 0.72
  ctx.fillStyle = mapColor[theme].outside
  ctx.fill('evenodd')
  ctx.globalAlpha = 1
}

function strokeAll(picture: Picture, lines: readonly Line[], style: string, width: number, cap: CanvasLineCap = 'round'): void {
  const { ctx } = picture
  ctx.strokeStyle = style
  ctx.lineWidth = width
  ctx.lineCap = cap
  ctx.lineJoin = 'round'
  ctx.beginPath()
  for (const line of lines) if (isSeen(picture, line, width)) trace(picture, line)
  ctx.stroke()
}

function fillAll(picture: Picture, rings: readonly Line[]): void {
  const { ctx } = picture
  ctx.beginPath()
  for (const ring of rings) if (isSeen(picture, ring, 0)) trace(picture, ring)
  ctx.fill()
}

function isSeen({ box, resolution }: Picture, line: Line, widthPx: number): boolean {
  const margin = (widthPx / 2 + 2) * resolution
  return line.box[0] <= box[2] + margin && line.box[2] >= box[0] - margin && line.box[1] <= box[3] + margin && line.box[3] >= box[1] - margin
}

function trace({ ctx, box, resolution }: Picture, { xs }: Line): void {
  for (let i = 0; i < xs.length; i += 2) {
    const x = (xs[i]! - box[0]) / resolution
    const y = (box[3] - xs[i + 1]!) / resolution
    if (i === 0) ctx.moveTo(x, y)
    else ctx.lineTo(x, y)
  }
}
