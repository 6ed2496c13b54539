/** Paints one state of the timeline. Colours are handed in, lengths are design pixels; the caller has set the canvas's scale. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { localOffsetMs } from '../../base/calendar.ts'
import { formatDay, formatTime } from '../../base/format.ts'
import type { Color } from '../../base/theme.ts'
import { overviewLabelPx, overviewPx, overviewTopPx, rowPitchPx, rowPx, rowsTopPx, rulerBottomPx, rulerLabelPx, rulerTopPx } from './geometry.ts'
import { placeWords, type Span, toSpans, within } from './spans.ts'
import { chooseTicks, type Ruler } from './ticks.ts'
import { lengthMs, toPx } from './window.ts'

export type TimelineGap = TimeRange & {
  /** Why nothing is there, in words. */
  words: string
  /** Nobody wanted a recording: grey, not a fault. */
  isPlanned: boolean
}
export type TimelineRow = { key: string; recorded: readonly TimeRange[]; gaps: readonly TimelineGap[] }

export type TimelineScene = {
  widthPx: number
  heightPx: number
  window: TimeRange
  overview: TimeRange
  rows: readonly TimelineRow[]
  focus: number
  playheadAt: Instant | null
  /** A moment under the pointer or being dragged to. */
  pointerAt: Instant | null
  now: Instant
  nowWord: string
  color: Color
  fontFamily: string
}

const recordedAlpha = 0.34
const hatchPx = 6
const labelRoomPx = 84

export function drawTimeline(context: CanvasRenderingContext2D, scene: TimelineScene) {
  context.clearRect(0, 0, scene.widthPx, scene.heightPx)
  context.font = `12px ${scene.fontFamily}`
  context.textBaseline = 'alphabetic'
  drawOverview(context, scene)
  drawRuler(context, scene)
  scene.rows.forEach((row, index) => drawRow(context, scene, row, rowsTopPx + index * rowPitchPx(scene.rows.length)))
  drawNow(context, scene)
  drawPointer(context, scene)
  drawPlayhead(context, scene)
}

function drawOverview(context: CanvasRenderingContext2D, scene: TimelineScene) {
  const { color, overview, window, widthPx } = scene
  const row = scene.rows[scene.focus] ?? scene.rows[0]
  fill(context, color.field, 0, overviewTopPx, widthPx, overviewPx)
  if (row) drawStretches(context, scene, row, overview, overviewTopPx, overviewPx)
  context.fillStyle = color.text3
  const ruler = chooseTicks(overview, widthPx, labelRoomPx, localOffsetMs)
  drawNames(context, ruler, overview, widthPx, overviewLabelPx)
  if (scene.playheadAt !== null) fill(context, color.text1, toPx(scene.playheadAt, overview, widthPx) - 0.5, overviewTopPx - 2, 1, overviewPx + 4)
  const fromPx = Math.max(0, toPx(window.fromAt, overview, widthPx))
  const endPx = Math.min(widthPx, toPx(window.toAt, overview, widthPx))
  if (endPx <= 0 || fromPx >= widthPx) return
  const framePx = Math.max(6, endPx - fromPx)
  context.globalAlpha = 0.18
  fill(context, color.accent, fromPx, overviewTopPx - 3, framePx, overviewPx + 6)
  context.globalAlpha = 1
  context.strokeStyle = color.accent
  context.lineWidth = 1
  context.strokeRect(fromPx + 0.5, overviewTopPx - 2.5, framePx - 1, overviewPx + 5)
}

function drawRuler(context: CanvasRenderingContext2D, { color, window, widthPx, playheadAt }: TimelineScene) {
  const ruler = chooseTicks(window, widthPx, labelRoomPx, localOffsetMs)
  for (const { at, kind } of ruler.ticks) {
    const tallPx = kind === 'small' ? 4 : 8
    fill(context, kind === 'small' ? color.lineStrong : color.control, Math.round(toPx(at, window, widthPx)), rulerBottomPx - tallPx, 1, tallPx)
  }
  context.fillStyle = color.text2
  const flag = playheadAt === null ? undefined : flagSpan(context, sayMoment(playheadAt, window), toPx(playheadAt, window, widthPx), widthPx)
  drawNames(context, ruler, window, widthPx, rulerLabelPx, flag)
}

/** Names stay within the canvas: the first and the last are drawn inwards. None lies half under the playhead's flag. */
function drawNames(context: CanvasRenderingContext2D, ruler: Ruler, range: TimeRange, widthPx: number, yPx: number, flag?: Span) {
  for (const { at, kind } of ruler.ticks) {
    if (kind === 'small') continue
    const name = kind === 'day' && (ruler.labelMs >= 86_400_000 || isLong(range)) ? formatDay(at, at).slice(0, 5) : nameOf(at, ruler, range)
    const halfPx = context.measureText(name).width / 2
    const px = toPx(at, range, widthPx)
    if (px < -1 || px > widthPx + 1) continue
    const fromPx = Math.min(widthPx - 2 * halfPx, Math.max(0, px - halfPx))
    if (flag && fromPx < flag.toPx + 4 && fromPx + 2 * halfPx > flag.fromPx - 4) continue
    context.fillText(name, fromPx, yPx)
  }
}

function nameOf(at: Instant, { hasSeconds }: Ruler, range: TimeRange): string {
  const time = formatTime(at)
  // the end of a day's bar is 24:00, not the next day's 00:00
  if (at === range.toAt && time === '00:00:00') return '24:00'
  return hasSeconds ? time : time.slice(0, 5)
}

function drawRow(context: CanvasRenderingContext2D, scene: TimelineScene, row: TimelineRow, yPx: number) {
  const { color, window, widthPx } = scene
  fill(context, color.field, 0, yPx, widthPx, rowPx)
  drawStretches(context, scene, row, window, yPx, rowPx)
  const gaps = within(row.gaps, window)
  gaps.forEach((gap, index) => {
    const [span] = toSpans([gap], window, widthPx, { minPx: 2 })
    if (!span || gap.words === '') return
    const next = gaps[index + 1]
    // words stand on what is recorded, not on what is to come
    const nextPx = Math.min(toPx(scene.now, window, widthPx), next ? toPx(next.fromAt, window, widthPx) : widthPx)
    const wordsPx = context.measureText(gap.words).width
    const place = placeWords(span, nextPx, wordsPx, 8)
    if (!place) return
    if (place.isInside) fill(context, color.field, place.px - 4, yPx, wordsPx + 8, rowPx)
    context.fillStyle = gap.isPlanned ? color.text3 : color.gap
    context.fillText(gap.words, place.px, yPx + 15.5)
  })
}

function drawStretches(context: CanvasRenderingContext2D, { color, widthPx }: TimelineScene, row: TimelineRow, range: TimeRange, yPx: number, tallPx: number) {
  context.globalAlpha = recordedAlpha
  for (const span of toSpans(row.recorded, range, widthPx, { minPx: 1 })) fill(context, color.online, span.fromPx, yPx, span.toPx - span.fromPx, tallPx)
  context.globalAlpha = 1
  const paint = (isPlanned: boolean, ink: string) => {
    const gaps = row.gaps.filter((gap) => gap.isPlanned === isPlanned)
    for (const span of toSpans(gaps, range, widthPx, { minPx: isPlanned ? 0 : 2 }))
      hatch(context, color.field, ink, span.fromPx, yPx, span.toPx - span.fromPx, tallPx)
  }
  paint(true, color.lineStrong)
  paint(false, color.gap)
}

function hatch(context: CanvasRenderingContext2D, ground: string, ink: string, xPx: number, yPx: number, widthPx: number, tallPx: number) {
  fill(context, ground, xPx, yPx, widthPx, tallPx)
  if (widthPx < 4) return fill(context, ink, xPx, yPx, widthPx, tallPx)
  context.save()
  context.beginPath()
  context.rect(xPx, yPx, widthPx, tallPx)
  context.clip()
  context.strokeStyle = ink
  context.lineWidth = 1.6
  context.beginPath()
  for (let px = Math.floor(xPx / hatchPx) * hatchPx - tallPx; px < xPx + widthPx + tallPx; px += hatchPx) {
    context.moveTo(px, yPx + tallPx)
    context.lineTo(px + tallPx, yPx)
  }
  context.stroke()
  context.restore()
}

function drawNow(context: CanvasRenderingContext2D, { color, window, widthPx, heightPx, now, nowWord }: TimelineScene) {
  const px = Math.round(toPx(now, window, widthPx)) + 0.5
  if (px < 0 || px > widthPx) return
  context.strokeStyle = color.text3
  context.lineWidth = 1
  context.setLineDash([3, 3])
  context.beginPath()
  context.moveTo(px, rulerBottomPx)
  context.lineTo(px, heightPx)
  context.stroke()
  context.setLineDash([])
  context.fillStyle = color.text3
  const wordPx = context.measureText(nowWord).width
  if (px + wordPx + 6 < widthPx) context.fillText(nowWord, px + 5, rowsTopPx + 14)
}

function drawPointer(context: CanvasRenderingContext2D, { color, window, widthPx, heightPx, pointerAt }: TimelineScene) {
  if (pointerAt === null) return
  const px = Math.round(toPx(pointerAt, window, widthPx))
  fill(context, color.control, px, rulerBottomPx, 1, heightPx - rulerBottomPx)
  drawFlag(context, sayMoment(pointerAt, window), px, widthPx, color.active, color.text2)
}

function drawPlayhead(context: CanvasRenderingContext2D, { color, window, widthPx, heightPx, playheadAt }: TimelineScene) {
  if (playheadAt === null) return
  const px = Math.round(toPx(playheadAt, window, widthPx))
  if (px < -1 || px > widthPx + 1) return
  fill(context, color.text1, px - 0.5, rulerTopPx, 1.5, heightPx - rulerTopPx)
  drawFlag(context, sayMoment(playheadAt, window), px, widthPx, color.text1, color.canvas, true)
}

/** More than a day: times alone no longer say when. */
function isLong(range: TimeRange): boolean {
  return lengthMs(range) > 86_400_000
}

function sayMoment(at: Instant, window: TimeRange): string {
  return isLong(window) ? `${formatDay(at, at).slice(0, 5)} ${formatTime(at).slice(0, 5)}` : formatTime(at)
}

function flagSpan(context: CanvasRenderingContext2D, words: string, px: number, widthPx: number): Span {
  const halfPx = context.measureText(words).width / 2 + 6
  const fromPx = Math.min(widthPx - 2 * halfPx, Math.max(0, px - halfPx))
  return { fromPx, toPx: fromPx + 2 * halfPx }
}

function drawFlag(context: CanvasRenderingContext2D, words: string, px: number, widthPx: number, ground: string, ink: string, isStrong = false) {
  if (isStrong) context.font = context.font.replace('12px', '600 12px')
  const { fromPx, toPx: endPx } = flagSpan(context, words, px, widthPx)
  context.fillStyle = ground
  context.beginPath()
  context.roundRect(fromPx, rulerTopPx - 3, endPx - fromPx, 18, 4)
  context.fill()
  context.fillStyle = ink
  context.fillText(words, fromPx + 6, rulerTopPx + 10.5)
  if (isStrong) context.font = context.font.replace('600 ', '')
}

function fill(context: CanvasRenderingContext2D, style: string, xPx: number, yPx: number, widthPx: number, tallPx: number) {
  context.fillStyle = style
  context.fillRect(xPx, yPx, widthPx, tallPx)
}
