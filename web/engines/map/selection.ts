/**
 * What was selected, on the map: the drawn shape and its hits as numbered rings in their order. A hit that stands in a cluster has its number on a
 * plate at that cluster, whose disc gets a ring: no hit is without its number, and a large selection does not bury the map (`selectionMarks`).
 */
import type { CameraId, LonLat } from '../../../server/contract/ids.ts'
import { fontFamily } from '../../base/theme.ts'
import { lineOf } from './district-paint.ts'
import type { Frame } from './frame.ts'
import { discRadiusPx } from './ring.ts'
import type { ClusterItem, MapItem, PointItem } from './scene.ts'
import { type Shape, shapeOf } from './shape.ts'
import { borderOf } from './sketch.ts'
import { paintCorridor } from './sketch-paint.ts'
import type { Symbols } from './symbols.ts'
import { drawDot, drawPlate, LINE_PX, type Px, strokeLine, trace } from './tool-paint.ts'
import type { ShownSelection } from './tools.ts'

export type SelectionMark = { item: PointItem; number: number } | { item: ClusterItem; numbers: readonly number[] }

/** Every hit that is on the map, once: itself, or in its cluster. Numbers count from 1. */
export function selectionMarks(items: readonly MapItem[], numberOf: ReadonlyMap<CameraId, number>): SelectionMark[] {
  return items.flatMap((item): SelectionMark[] => {
    if (item.kind === 'point') {
      const number = numberOf.get(item.at.point.cameraId)
      return number === undefined ? [] : [{ item, number }]
    }
    const numbers = item.members.flatMap(({ point }) => numberOf.get(point.cameraId) ?? []).sort((a, b) => a - b)
    return numbers.length === 0 ? [] : [{ item, numbers }]
  })
}

/** `4`, `3–6` when none is missing between, else `3…17`: from the first to the last. Sorted, at least one. */
export function writeNumbers(numbers: readonly number[]): string {
  const [first, last] = [numbers[0]!, numbers.at(-1)!]
  return first === last ? String(first) : `${first}${last - first === numbers.length - 1 ? '–' : '…'}${last}`
}

/** Half the width of a ring, wide enough for its number. */
export function numberRadiusPx(number: number): number {
  return number < 100 ? 11 : number < 1000 ? 13.5 : 16
}

export function createSelection(toXy: (lonLat: LonLat) => readonly [number, number], toScreen: (lonLat: LonLat) => Px) {
  let shown: ShownSelection | null = null
  let area: Shape | null = null
  let numberOf = new Map<CameraId, number>()
  let marks: { items: readonly MapItem[]; list: SelectionMark[] } | null = null

  function set(next: ShownSelection | null): void {
    shown = next
    area = next && next.shape.kind !== 'route' ? shapeOf([lineOf(borderOf(next.shape), toXy)], true) : null
    numberOf = new Map(next?.cameraIds.map((cameraId, i) => [cameraId, i + 1]))
    marks = null
  }

  function paintGround(frame: Frame): void {
    if (!shown) return
    const { ctx, ink, unit } = frame
    if (shown.shape.kind === 'route') {
      const { line, widthM } = shown.shape
      const screen = line.map(toScreen)
      frame.inPx()
      paintCorridor(frame, line, toScreen, widthM)
      trace(ctx, screen)
      strokeLine(frame)
      // which end is the beginning
      if (screen[0]) drawDot(frame, screen[0])
      return
    }
    if (!area) return
    frame.inShape(area)
    ctx.globalAlpha = 0.1
    ctx.fillStyle = ink.primary
    // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a path, not an array
    ctx.fill(area.path, 'evenodd')
    ctx.globalAlpha = 1
    ctx.strokeStyle = ink.primary
    ctx.lineWidth = LINE_PX * unit
    ctx.lineJoin = 'round'
    ctx.stroke(area.path)
  }

  function paintTop(frame: Frame, items: readonly MapItem[], symbols: Symbols): void {
    if (!shown || numberOf.size === 0) return
    if (marks?.items !== items) marks = { items, list: selectionMarks(items, numberOf) }
    frame.inPx()
    const { toPx, look, widthPx, heightPx } = frame
    // the first lie on top: they are looked for first
    for (const mark of marks.list.toSorted((a, b) => lowestOf(b) - lowestOf(a))) {
      let [x, y] = toPx(mark.item.x, mark.item.y)
      if (x < -60 || y < -60 || x > widthPx + 60 || y > heightPx + 60) continue
      if ('numbers' in mark) {
        drawClusterMark(frame, mark.item, writeNumbers(mark.numbers), [x, y])
        continue
      }
      x += mark.item.offsetPx[0] * look.sizeScale
      y += mark.item.offsetPx[1] * look.sizeScale
      drawNumber(frame, mark.number, [x, y])
      const shoulder = (numberRadiusPx(mark.number) * 0.85 + 1) * look.sizeScale
      frame.put(symbols.point(mark.item.at.point.state.status, 0.8), x + shoulder, y - shoulder)
    }
  }

  return { set, paintGround, paintTop }
}

const lowestOf = (mark: SelectionMark) => ('numbers' in mark ? mark.numbers[0]! : mark.number)

function drawNumber({ ctx, look, ink, ground }: Frame, number: number, [x, y]: Px): void {
  const scale = look.sizeScale
  ctx.beginPath()
  ctx.arc(x, y, numberRadiusPx(number) * scale, 0, 2 * Math.PI)
  ctx.strokeStyle = ground.halo
  ctx.lineWidth = 5.5 * scale
  ctx.stroke()
  ctx.fillStyle = ink.raised
  ctx.fill()
  ctx.strokeStyle = ink.primary
  ctx.lineWidth = 2.5 * scale
  ctx.stroke()
  ctx.font = `600 ${12 * scale}px ${fontFamily}`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = ink.text1
  ctx.fillText(String(number), x, y + 0.5 * scale)
}

function drawClusterMark(frame: Frame, { members }: ClusterItem, words: string, [x, y]: Px): void {
  const { ctx, look, ink } = frame
  const radiusPx = (discRadiusPx(members.length) + 2.5) * look.sizeScale
  ctx.beginPath()
  ctx.arc(x, y, radiusPx, 0, 2 * Math.PI)
  ctx.strokeStyle = ink.primary
  ctx.lineWidth = LINE_PX * look.sizeScale
  ctx.stroke()
  drawPlate(frame, words, [x - radiusPx * 0.7, y + radiusPx * 0.85])
}
