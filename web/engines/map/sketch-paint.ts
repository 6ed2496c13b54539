/** The rubber band: what is being drawn, with its lengths, and a measure that stays. */
import type { LonLat } from '../../../server/contract/ids.ts'
import type { Frame } from './frame.ts'
import { destination } from './geometry.ts'
import { areaM2, lengthM, writeArea, writeLength } from './measure.ts'
import { metresBetween } from './selecting.ts'
import { borderOf, isPulled, isSelectTool, leastPlaces, shapeOfPlaces } from './sketch.ts'
import { drawDot, drawPlate, fillArea, middleOf, type Px, strokeLine, trace } from './tool-paint.ts'
import type { MapTool } from './tools.ts'

export type Sketch = { readonly tool: MapTool; readonly places: readonly LonLat[]; readonly hand: LonLat | null; readonly widthM: number }

/** A leg shorter than this on the screen has no room for its length. */
const SHORTEST_LABELLED_PX = 56
const ABOVE_PX = 18
/** Long enough that pixels are not rounded away, short enough that the earth is flat. */
const PROBE_M = 1_000

/** `isEnded`: a measure that stays, with its sum where the hand was. */
export function paintSketch(frame: Frame, sketch: Sketch, toScreen: (lonLat: LonLat) => Px, isEnded = false): void {
  const { tool, places, hand } = sketch
  if (places.length === 0 || tool === 'point') return
  frame.inPx()
  if (isPulled(tool)) paintPulled(frame, sketch, toScreen)
  else paintCorners(frame, sketch, toScreen, isEnded)
  if (!isEnded && hand && tool !== 'circle' && tool !== 'rectangle') drawDot(frame, toScreen(hand), 3)
}

function paintPulled(frame: Frame, { tool, places, hand }: Sketch, toScreen: (lonLat: LonLat) => Px): void {
  const [from] = places
  const shape = from && hand && isSelectTool(tool) ? shapeOfPlaces(tool, [from, hand], 0) : null
  if (!from || !hand || !shape) return
  const border = borderOf(shape)
  trace(frame.ctx, border.map(toScreen), true)
  fillArea(frame)
  strokeLine(frame)
  if (shape.kind === 'circle') {
    trace(frame.ctx, [toScreen(from), toScreen(hand)])
    strokeLine(frame, { widthPx: 1.5, dashPx: [4, 4] })
    drawDot(frame, toScreen(from), 3)
    drawPlate(frame, writeLength(shape.radiusM), middleOf(toScreen(from), toScreen(hand)), true)
  } else {
    const [a, b, c] = border as [LonLat, LonLat, LonLat]
    const at = middleOf(toScreen(from), toScreen(hand))
    drawPlate(frame, `${writeLength(metresBetween(a, b))} × ${writeLength(metresBetween(b, c))}`, at, true)
  }
}

function paintCorners(frame: Frame, { tool, places, hand, widthM }: Sketch, toScreen: (lonLat: LonLat) => Px, isEnded: boolean): void {
  const { ctx, look } = frame
  const scale = look.sizeScale
  const isArea = tool === 'polygon' || tool === 'area'
  const line = hand ? [...places, hand] : places
  const screen = line.map(toScreen)
  if (tool === 'route') paintCorridor(frame, line, toScreen, widthM)
  if (isArea && screen.length > 2) {
    trace(ctx, screen, true)
    fillArea(frame)
  }
  trace(ctx, places.map(toScreen), isArea && isEnded)
  strokeLine(frame)
  if (hand) {
    trace(ctx, isArea && places.length > 1 ? [screen.at(-2)!, screen.at(-1)!, screen[0]!] : screen.slice(-2))
    strokeLine(frame, { widthPx: 2, dashPx: [6, 6] })
  }
  for (const place of places) drawDot(frame, toScreen(place))
  const isMeasure = tool === 'distance' || tool === 'area'
  const legs = isArea && isEnded ? [...line, line[0]!] : line
  if (isMeasure || hand)
    for (let i = isMeasure ? 1 : Math.max(1, legs.length - 1); i < legs.length; i++) {
      const [a, b] = [toScreen(legs[i - 1]!), toScreen(legs[i]!)]
      if (Math.hypot(a[0] - b[0], a[1] - b[1]) > SHORTEST_LABELLED_PX * scale)
        drawPlate(frame, writeLength(metresBetween(legs[i - 1]!, legs[i]!)), middleOf(a, b))
    }
  const end = screen.at(-1)!
  if (isArea && line.length >= leastPlaces(tool)) drawPlate(frame, writeArea(areaM2(line)), centreOf(screen), true)
  else if (!isArea && line.length >= (isMeasure && isEnded ? 2 : 3)) drawPlate(frame, writeLength(lengthM(line)), [end[0], end[1] - ABOVE_PX * scale], true)
}

/**
 * The corridor of a route, as wide as the ground says, one area however it turns. Where degrees are the unit a metre east is longer on the screen than a
 * metre north. The canvas must be in pixels.
 */
export function paintCorridor({ ctx, ink }: Frame, line: readonly LonLat[], toScreen: (lonLat: LonLat) => Px, halfWidthM: number): void {
  const [at] = line
  if (!at) return
  const [x, y] = toScreen(at)
  const eastPx = Math.abs(toScreen(destination(at, 90, PROBE_M))[0] - x) / PROBE_M
  const northPx = Math.abs(toScreen(destination(at, 0, PROBE_M))[1] - y) / PROBE_M
  if (!(eastPx > 0 && northPx > 0)) return
  const stretch = eastPx / northPx
  ctx.save()
  ctx.scale(stretch, 1)
  trace(
    ctx,
    line.map(toScreen).map(([px, py]) => [px / stretch, py] as const),
  )
  ctx.lineJoin = 'round'
  ctx.lineCap = 'round'
  ctx.lineWidth = Math.max(1, 2 * halfWidthM * northPx)
  ctx.strokeStyle = ink.primary
  ctx.globalAlpha = 0.16
  ctx.stroke()
  ctx.restore()
}

function centreOf(screen: readonly Px[]): Px {
  const [xs, ys] = [screen.map(([x]) => x), screen.map(([, y]) => y)]
  return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2]
}
