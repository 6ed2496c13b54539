/** Everything of ours above the base map, drawn into one canvas: mask, borders, fields of view, names, symbols. OpenLayers asks for a frame, we give it. */
import Layer from 'ol/layer/Layer.js'
import type { FrameState } from 'ol/Map.js'
import type { CameraId, StationId } from '../../../server/contract/ids.ts'
import { type Frame, frameOf, type Painter, type ToPx } from './frame.ts'
import type { PlacedLabel } from './labels.ts'
import { itemOf, type MapItem, type MapPoint } from './scene.ts'
import type { Shape } from './shape.ts'
import type { StationLabel } from './station-labels.ts'
import { type Look, pillOffset, type Symbols } from './symbols.ts'

export type Pulse = { cameraId: CameraId; startedAtMs: number }

/** What a frame shows. The engine changes it; the overlay only reads. */
export type OverlayModel = {
  look: Look
  symbols: Symbols
  items: readonly MapItem[]
  outline: Shape | null
  borders: Shape | null
  hasMask: boolean
  labels: readonly PlacedLabel[]
  /** Labels are shown only near the scale they were placed for. */
  labelResolution: number
  stations: readonly StationLabel[]
  hoveredStationId: StationId | null
  selected: MapPoint | null
  hovered: MapItem | null
  selectedSector: Shape | null
  /** Whose field of view is shown, and its shape. */
  sectors: readonly MapPoint[]
  sectorOf(at: MapPoint): Shape
  pulses: readonly Pulse[]
  /** Of the tools: on the ground below all names and symbols, and above everything. */
  paintGround: Painter
  paintTop: Painter
}

export const PULSE_MS = 900

/**
 * Draws the model into `ctx`. `toCanvas` leads from CSS pixels of the map to pixels of the canvas (scale and shift only).
 * Over a painted base map this is the base map's own canvas: a second one of the screen's size costs software compositing as much again.
 */
export function drawOverlay(ctx: CanvasRenderingContext2D, model: OverlayModel, frameState: FrameState, toCanvas: readonly number[]): void {
  ctx.save()
  drawModel(frameOf(ctx, frameState, toCanvas, model.look), model)
  ctx.restore()
  if (model.pulses.length > 0) frameState.animate = true
}

/** A canvas of our own, for base maps whose pictures we cannot draw into (filtered, or not there yet). */
export function createOverlayLayer(draw: (ctx: CanvasRenderingContext2D, frameState: FrameState, toCanvas: readonly number[]) => void): Layer {
  const canvas = document.createElement('canvas')
  canvas.className = 'map-overlay'
  canvas.style.cssText = 'position:absolute;inset:0;pointer-events:none'
  const ctx = canvas.getContext('2d')!
  return new Layer({
    render(frameState) {
      const [widthPx, heightPx] = frameState.size as [number, number]
      const { pixelRatio } = frameState
      if (canvas.width !== Math.round(widthPx * pixelRatio) || canvas.height !== Math.round(heightPx * pixelRatio)) {
        canvas.width = Math.round(widthPx * pixelRatio)
        canvas.height = Math.round(heightPx * pixelRatio)
        canvas.style.width = `${widthPx}px`
        canvas.style.height = `${heightPx}px`
      } else {
        ctx.setTransform(1, 0, 0, 1, 0, 0)
        ctx.clearRect(0, 0, canvas.width, canvas.height)
      }
      draw(ctx, frameState, [pixelRatio, 0, 0, pixelRatio, 0, 0])
      return canvas
    },
  })
}

function drawModel(frame: Frame, model: OverlayModel): void {
  const { ctx, ink, ground, widthPx, heightPx, resolution, unit, toPx, inPx, inShape, put } = frame
  const { symbols } = model
  const { sizeScale } = model.look

  if (model.hasMask && model.outline) drawMask(frame, model.outline)
  model.paintGround(frame)
  const hoveredArea = model.stations.find((station) => station.stationId === model.hoveredStationId)?.area
  if (hoveredArea) {
    inShape(hoveredArea)
    ctx.globalAlpha = 0.06
    ctx.fillStyle = ink.accent
    ctx.fill(hoveredArea.path)
    ctx.globalAlpha = 1
  }
  ctx.lineJoin = 'round'
  if (model.borders) {
    inShape(model.borders)
    ctx.strokeStyle = ground.jurisdiction
    ctx.lineWidth = 1.2 * unit
    ctx.setLineDash([5 * unit, 4 * unit])
    ctx.stroke(model.borders.path)
    ctx.setLineDash([])
  }
  if (model.outline) {
    inShape(model.outline)
    ctx.strokeStyle = ground.outline
    ctx.globalAlpha = 0.13
    ctx.lineWidth = 7 * unit
    ctx.stroke(model.outline.path)
    ctx.globalAlpha = 1
    ctx.lineWidth = 1.5 * unit
    ctx.stroke(model.outline.path)
  }
  ctx.fillStyle = ink.text2
  ctx.globalAlpha = 0.1
  for (const at of model.sectors) {
    const [x, y] = toPx(at.x, at.y)
    if (x < -300 || y < -300 || x > widthPx + 300 || y > heightPx + 300) continue
    const shape = model.sectorOf(at)
    inShape(shape)
    ctx.fill(shape.path)
  }
  if (model.selectedSector) {
    inShape(model.selectedSector)
    ctx.globalAlpha = 0.2
    ctx.fillStyle = ink.accent
    ctx.fill(model.selectedSector.path)
    ctx.globalAlpha = 0.75
    ctx.strokeStyle = ink.accent
    ctx.lineWidth = unit
    ctx.stroke(model.selectedSector.path)
  }
  ctx.globalAlpha = 1
  inPx()
  if (Math.abs(resolution / model.labelResolution - 1) < 0.02) for (const label of model.labels) put(label.sprite, ...toPx(label.x, label.y))
  for (const { sprite, x, y, offsetPx } of model.stations) {
    if (!offsetPx) continue
    const [px, py] = toPx(x, y)
    put(sprite, px + offsetPx[0], py + offsetPx[1])
  }
  drawItems(ctx, model, toPx, put)
  drawMarks(ctx, model, toPx, put)
  for (const pulse of model.pulses) drawPulse(ctx, model, pulse, toPx)
  ctx.globalAlpha = 1
  model.paintTop(frame)

  function drawItems(target: CanvasRenderingContext2D, { items, selected }: OverlayModel, at: ToPx, place: typeof put): void {
    drawLeaders(target, items, at)
    for (const item of items) {
      const [x, y] = at(item.x, item.y)
      if (item.kind === 'cluster') place(symbols.cluster(item.counts), x, y)
      else if (item.at !== selected) place(symbols.point(item.at.point.state.status), x + item.offsetPx[0] * sizeScale, y + item.offsetPx[1] * sizeScale)
    }
    // a pill reaches beyond its own disc: nothing may lie on it
    for (const item of items) {
      if (item.kind !== 'cluster' || item.counts.offline === 0) continue
      const [x, y] = at(item.x, item.y)
      const [dx, dy] = pillOffset(item.radiusPx)
      place(symbols.pill(item.counts.offline), x + dx * sizeScale, y + dy * sizeScale)
    }
  }

  function drawLeaders(target: CanvasRenderingContext2D, items: readonly MapItem[], at: ToPx): void {
    target.strokeStyle = ink.text3
    target.lineWidth = sizeScale
    target.beginPath()
    for (const item of items) {
      if (item.kind !== 'point' || (item.offsetPx[0] === 0 && item.offsetPx[1] === 0)) continue
      const [x, y] = at(item.x, item.y)
      target.moveTo(x, y)
      target.lineTo(x + item.offsetPx[0] * sizeScale, y + item.offsetPx[1] * sizeScale)
    }
    target.stroke()
  }

  function drawMarks(target: CanvasRenderingContext2D, { items, selected, hovered }: OverlayModel, at: ToPx, place: typeof put): void {
    if (hovered && !(hovered.kind === 'point' && hovered.at === selected)) {
      const [x, y] = placeOf(hovered, at)
      target.beginPath()
      target.arc(x, y, (hovered.kind === 'cluster' ? hovered.radiusPx + 6 : 12) * sizeScale, 0, 2 * Math.PI)
      target.strokeStyle = ink.accent
      target.lineWidth = 1.5 * sizeScale
      target.stroke()
    }
    if (!selected) return
    const item = items.find((candidate) => candidate.kind === 'point' && candidate.at === selected)
    const [x, y] = item ? placeOf(item, at) : at(selected.x, selected.y)
    place(symbols.selection(), x, y)
    place(symbols.point(selected.point.state.status, 1.35), x, y)
    const pill = symbols.namePill(selected.point.name)
    place(pill, x + 22 * sizeScale + pill.anchorX, y - 18 * sizeScale)
  }

  function placeOf(item: MapItem, at: ToPx): readonly [number, number] {
    const [x, y] = at(item.x, item.y)
    return item.kind === 'cluster' ? [x, y] : [x + item.offsetPx[0] * sizeScale, y + item.offsetPx[1] * sizeScale]
  }

  /** One ring when a camera goes down, then it stands still. */
  function drawPulse(target: CanvasRenderingContext2D, { items }: OverlayModel, pulse: Pulse, at: ToPx): void {
    const item = itemOf(items, pulse.cameraId)
    const share = (performance.now() - pulse.startedAtMs) / PULSE_MS
    if (!item || share < 0 || share > 1) return
    const [x, y] = placeOf(item, at)
    target.beginPath()
    target.arc(x, y, (10 + 26 * share) * sizeScale, 0, 2 * Math.PI)
    target.globalAlpha = 1 - share
    target.strokeStyle = ink.offline
    target.lineWidth = 2 * sizeScale
    target.stroke()
  }
}

/** Over a base map of others: what is outside the district steps back. Only ever on our own canvas. */
function drawMask({ ctx, ground, toPx, widthPx, heightPx, pixelRatio, resolution }: Frame, outline: Shape): void {
  const [x, y] = toPx(outline.origin[0], outline.origin[1])
  const all = new Path2D()
  all.rect(0, 0, widthPx * pixelRatio, heightPx * pixelRatio)
  all.addPath(outline.path, new DOMMatrix([pixelRatio / resolution, 0, 0, -pixelRatio / resolution, x * pixelRatio, y * pixelRatio]))
  ctx.setTransform(1, 0, 0, 1, 0, 0)
  ctx.globalAlpha = 0.72
  ctx.fillStyle = ground.outside
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a path, not an array
  ctx.fill(all, 'evenodd')
  ctx.globalAlpha = 1
}
