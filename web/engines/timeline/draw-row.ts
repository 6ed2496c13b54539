/** One camera's row: recorded, gaps with their reason, the fault's line above, marks as flags, the lock's line below. */
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { rowPx } from './geometry.ts'
import { cutWords, fill, hatch } from './ink.ts'
import type { TimelineRow, TimelineScene } from './scene.ts'
import { placeWords, type Span, toSpans, within } from './spans.ts'
import { toPx } from './window.ts'

const recordedAlpha = 0.34
const wordsDownPx = 15.5
const markWordsPx = 180
const besidePx = 8

/** `pitchPx`: from this row to the next; where rows stand close, the lines between them are thin. */
export function drawRow(context: CanvasRenderingContext2D, scene: TimelineScene, row: TimelineRow, yPx: number, pitchPx: number) {
  const { color, window, widthPx } = scene
  /** Where words stand already: nothing is written over them. */
  const taken: Span[] = []
  fill(context, color.field, 0, yPx, widthPx, rowPx)
  drawStretches(context, scene, row, window, yPx, rowPx)
  drawFaults(context, scene, row, yPx, pitchPx)
  drawLockLines(context, scene, row, yPx)
  drawMarks(context, scene, row, yPx, taken)
  drawGapWords(context, scene, row, yPx, taken)
  drawLockWords(context, scene, row, yPx, taken)
}

export function drawStretches(
  context: CanvasRenderingContext2D,
  { color, widthPx }: TimelineScene,
  row: TimelineRow,
  range: TimeRange,
  yPx: number,
  tallPx: number,
) {
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

function drawFaults(context: CanvasRenderingContext2D, { color, window, widthPx }: TimelineScene, row: TimelineRow, yPx: number, pitchPx: number) {
  const tallPx = pitchPx - rowPx >= 4 ? 3 : 2
  const paint = (isOffline: boolean, ink: string) => {
    const faults = row.faults.filter((fault) => fault.isOffline === isOffline)
    for (const span of toSpans(faults, window, widthPx, { minPx: 2 })) fill(context, ink, span.fromPx, yPx - tallPx, span.toPx - span.fromPx, tallPx)
  }
  paint(false, color.degraded)
  paint(true, color.offline)
}

function drawLockLines(context: CanvasRenderingContext2D, { color, window, widthPx }: TimelineScene, row: TimelineRow, yPx: number) {
  for (const lock of row.locks)
    for (const span of toSpans([lock], window, widthPx, { minPx: 2 })) fill(context, color.accent, span.fromPx, yPx + rowPx - 2, span.toPx - span.fromPx, 2)
}

function drawMarks(context: CanvasRenderingContext2D, scene: TimelineScene, row: TimelineRow, yPx: number, taken: Span[]) {
  const { color, window, widthPx } = scene
  row.marks.forEach(({ at, words }, index) => {
    const px = Math.round(toPx(at, window, widthPx))
    if (px < 0 || px > widthPx) return
    context.fillStyle = color.degraded
    context.fillRect(px - 0.5, yPx - 3, 1.5, rowPx + 3)
    context.beginPath()
    context.moveTo(px, yPx - 3)
    context.lineTo(px + 8, yPx - 3)
    context.lineTo(px + 6, yPx)
    context.lineTo(px + 8, yPx + 3)
    context.lineTo(px, yPx + 3)
    context.fill()
    const next = row.marks[index + 1]
    const roomPx = Math.min(markWordsPx, (next ? toPx(next.at, window, widthPx) : widthPx) - px - 14)
    say(context, cutWords(context, words, roomPx), px + 11, yPx, color.text1, taken)
  })
}

function drawGapWords(context: CanvasRenderingContext2D, scene: TimelineScene, row: TimelineRow, yPx: number, taken: Span[]) {
  const { color, window, widthPx } = scene
  const gaps = within(row.gaps, window)
  gaps.forEach((gap, index) => {
    const [span] = toSpans([gap], window, widthPx, { minPx: 2 })
    if (!span || gap.words === '') return
    const next = gaps[index + 1]
    // words stand on what is recorded, not on what is to come
    const nextPx = Math.min(toPx(scene.now, window, widthPx), next ? toPx(next.fromAt, window, widthPx) : widthPx)
    const wordsPx = context.measureText(gap.words).width
    const place = placeWords(span, nextPx, wordsPx, besidePx)
    if (!place || isTaken(taken, place.px, wordsPx)) return
    if (place.isInside) fill(context, color.field, place.px - 4, yPx, wordsPx + 8, rowPx)
    say(context, gap.words, place.px, yPx, gap.isPlanned ? color.text3 : color.gap, taken)
  })
}

function drawLockWords(context: CanvasRenderingContext2D, { color, window, widthPx }: TimelineScene, row: TimelineRow, yPx: number, taken: Span[]) {
  for (const lock of row.locks) {
    const [span] = toSpans([lock], window, widthPx)
    if (span) say(context, cutWords(context, lock.words, span.toPx - span.fromPx - 8), span.fromPx + 4, yPx, color.accent, taken)
  }
}

function isTaken(taken: readonly Span[], px: number, wordsPx: number): boolean {
  return taken.some((span) => px < span.toPx + besidePx && px + wordsPx > span.fromPx - besidePx)
}

/** Words on a row, unless some stand there already. */
function say(context: CanvasRenderingContext2D, words: string, px: number, yPx: number, ink: string, taken: Span[]) {
  const wordsPx = context.measureText(words).width
  if (words === '' || isTaken(taken, px, wordsPx)) return
  taken.push({ fromPx: px, toPx: px + wordsPx })
  context.fillStyle = ink
  context.fillText(words, px, yPx + wordsDownPx)
}
