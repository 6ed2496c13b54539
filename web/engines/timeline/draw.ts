/** Paints one state of the timeline. Colours are handed in, lengths are design pixels; the caller has set the canvas's scale. */
import type { TimeRange } from '../../../server/contract/recordings.ts'
import type { Instant } from '../../../server/contract/ids.ts'
import { localOffsetMs } from '../../base/calendar.ts'
import { formatDay, formatTime } from '../../base/format.ts'
import { drawRow, drawStretches } from './draw-row.ts'
import { handleTallPx, overviewLabelPx, overviewPx, overviewTopPx, rowPitchPx, rowsTopPx, rulerBottomPx, rulerLabelPx, rulerTopPx } from './geometry.ts'
import { drawFlag, fill, flagSpan, isLong, sayMoment } from './ink.ts'
import type { TimelineScene } from './scene.ts'
import type { Span } from './spans.ts'
import { chooseTicks, type Ruler } from './ticks.ts'
import { toPx } from './window.ts'

const labelRoomPx = 84
const selectionAlpha = 0.13
const handlePx = 6

export function drawTimeline(context: CanvasRenderingContext2D, scene: TimelineScene) {
  context.clearRect(0, 0, scene.widthPx, scene.heightPx)
  context.font = `12px ${scene.fontFamily}`
  context.textBaseline = 'alphabetic'
  drawOverview(context, scene)
  drawRuler(context, scene)
  const pitchPx = rowPitchPx(scene.rows.length)
  scene.rows.forEach((row, index) => drawRow(context, scene, row, rowsTopPx + index * pitchPx, pitchPx))
  drawSelection(context, scene)
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
  const at = playheadOf(scene)
  if (at !== null) fill(context, color.text1, toPx(at, overview, widthPx) - 0.5, overviewTopPx - 2, 1, overviewPx + 4)
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

/** A dragged playhead is where the hand is. */
function playheadOf({ scrubAt, playheadAt }: TimelineScene): Instant | null {
  return scrubAt ?? playheadAt
}

function drawRuler(context: CanvasRenderingContext2D, scene: TimelineScene) {
  const { color, window, widthPx } = scene
  const playheadAt = playheadOf(scene)
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

function drawSelection(context: CanvasRenderingContext2D, { color, window, widthPx, heightPx, selection }: TimelineScene) {
  if (!selection) return
  const [fromPx, endPx] = [toPx(selection.fromAt, window, widthPx), toPx(selection.toAt, window, widthPx)]
  if (endPx < -handlePx || fromPx > widthPx + handlePx) return
  const topPx = rulerBottomPx
  context.globalAlpha = selectionAlpha
  fill(context, color.accent, Math.max(0, fromPx), topPx, Math.min(widthPx, endPx) - Math.max(0, fromPx), heightPx - topPx)
  context.globalAlpha = 1
  const middlePx = (topPx + heightPx) / 2
  for (const px of [fromPx, endPx]) {
    fill(context, color.accent, Math.round(px) - 0.75, topPx, 1.5, heightPx - topPx)
    context.beginPath()
    context.roundRect(Math.round(px) - handlePx / 2, middlePx - handleTallPx / 2, handlePx, handleTallPx, 2)
    context.fill()
  }
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

function drawPlayhead(context: CanvasRenderingContext2D, scene: TimelineScene) {
  const { color, window, widthPx, heightPx } = scene
  const playheadAt = playheadOf(scene)
  if (playheadAt === null) return
  const px = Math.round(toPx(playheadAt, window, widthPx))
  if (px < -1 || px > widthPx + 1) return
  fill(context, color.text1, px - 0.5, rulerTopPx, 1.5, heightPx - rulerTopPx)
  drawFlag(context, sayMoment(playheadAt, window), px, widthPx, color.text1, color.canvas, true)
}
