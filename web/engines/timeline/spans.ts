/** Ranges of time as stretches of pixels: thousands of them become what a screen can show. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { toPx } from './window.ts'

export type Span = { fromPx: number; toPx: number }

/** Index of the first range that ends after `at`; ranges are in order and do not overlap. */
export function firstEndingAfter(ranges: readonly TimeRange[], at: Instant): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.toAt ?? 0) > at) high = middle
    else low = middle + 1
  }
  return low
}

/** Those that touch the window. */
export function within<R extends TimeRange>(ranges: readonly R[], window: TimeRange): R[] {
  const found: R[] = []
  for (let index = firstEndingAfter(ranges, window.fromAt); index < ranges.length; index++) {
    const range = ranges[index]
    if (!range || range.fromAt >= window.toAt) break
    found.push(range)
  }
  return found
}

/** Cut to the window, each at least `minPx` wide, joined where less than `joinPx` is between them. */
export function toSpans(ranges: readonly TimeRange[], window: TimeRange, widthPx: number, { minPx = 0, joinPx = 0.5 } = {}): Span[] {
  const spans: Span[] = []
  for (const range of within(ranges, window)) {
    const fromPx = Math.max(0, toPx(range.fromAt, window, widthPx))
    const endPx = Math.min(widthPx, toPx(range.toAt, window, widthPx))
    const span = { fromPx, toPx: Math.max(endPx, fromPx + minPx) }
    const last = spans.at(-1)
    if (last && span.fromPx - last.toPx < joinPx) last.toPx = Math.max(last.toPx, span.toPx)
    else spans.push(span)
  }
  return spans
}

/** The range `at` lies in. */
export function findAt<R extends TimeRange>(ranges: readonly R[], at: Instant): R | undefined {
  const range = ranges[firstEndingAfter(ranges, at)]
  return range && range.fromAt <= at ? range : undefined
}

/** Where words of `widthPx` fit for a gap: inside it, else behind it before the next gap, else nowhere. */
export function placeWords(span: Span, nextFromPx: number, wordsPx: number, paddingPx: number): { px: number; isInside: boolean } | undefined {
  const needPx = wordsPx + 2 * paddingPx
  if (span.toPx - span.fromPx >= needPx) return { px: span.fromPx + paddingPx, isInside: true }
  if (nextFromPx - span.toPx >= needPx) return { px: span.toPx + paddingPx, isInside: false }
  return undefined
}
