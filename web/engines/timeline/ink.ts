/** Strokes the parts of the timeline share: filled and hatched stretches, the flag of a moment, words that fit. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { formatDay, formatTime } from '../../base/format.ts'
import { rulerTopPx } from './geometry.ts'
import type { Span } from './spans.ts'
import { lengthMs } from './window.ts'

const hatchPx = 6

export function fill(context: CanvasRenderingContext2D, style: string, xPx: number, yPx: number, widthPx: number, tallPx: number) {
  context.fillStyle = style
  context.fillRect(xPx, yPx, widthPx, tallPx)
}

export function hatch(context: CanvasRenderingContext2D, ground: string, ink: string, xPx: number, yPx: number, widthPx: number, tallPx: number) {
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

/** More than a day: times alone no longer say when. */
export function isLong(range: TimeRange): boolean {
  return lengthMs(range) > 86_400_000
}

export function sayMoment(at: Instant, window: TimeRange): string {
  return isLong(window) ? `${formatDay(at, at).slice(0, 5)} ${formatTime(at).slice(0, 5)}` : formatTime(at)
}

export function flagSpan(context: CanvasRenderingContext2D, words: string, px: number, widthPx: number): Span {
  const halfPx = context.measureText(words).width / 2 + 6
  const fromPx = Math.min(widthPx - 2 * halfPx, Math.max(0, px - halfPx))
  return { fromPx, toPx: fromPx + 2 * halfPx }
}

export function drawFlag(context: CanvasRenderingContext2D, words: string, px: number, widthPx: number, ground: string, ink: string, isStrong = false) {
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

/** The words, or as many as fit and `…`; empty when not even a few do. */
export function cutWords(context: CanvasRenderingContext2D, words: string, roomPx: number): string {
  if (context.measureText(words).width <= roomPx) return words
  let length = words.length
  while (length > 0 && context.measureText(`${words.slice(0, length)}…`).width > roomPx) length--
  return length < 2 ? '' : `${words.slice(0, length)}…`
}
