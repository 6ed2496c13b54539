/** Arithmetic of half-open time ranges. Pure; every list is sorted by its beginning. */
import type { Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'

/** Joins ranges that overlap, touch, or are apart by at most `withinMs`. */
export function joinRanges(ranges: readonly TimeRange[], withinMs: number): TimeRange[] {
  const joined: TimeRange[] = []
  for (const { fromAt, toAt } of ranges) {
    const last = joined.at(-1)
    if (last && fromAt - last.toAt <= withinMs) last.toAt = Math.max(last.toAt, toAt)
    else joined.push({ fromAt, toAt })
  }
  return joined
}

export function clipRange<T extends TimeRange>(range: T, { fromAt, toAt }: TimeRange): T[] {
  const clipped = { ...range, fromAt: Math.max(range.fromAt, fromAt), toAt: Math.min(range.toAt, toAt) }
  return clipped.fromAt < clipped.toAt ? [clipped] : []
}

/** Milliseconds that ranges which do not overlap cover together. */
export const lengthOf = (ranges: readonly TimeRange[] = []): number => ranges.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)

/** What of `whole` no range covers. `ranges` do not overlap. */
export function holesIn(ranges: readonly TimeRange[], whole: TimeRange): TimeRange[] {
  const holes: TimeRange[] = []
  let at: Instant = whole.fromAt
  for (const { fromAt, toAt } of ranges) {
    if (fromAt > at) holes.push({ fromAt: at, toAt: Math.min(fromAt, whole.toAt) })
    at = Math.max(at, toAt)
    if (at >= whole.toAt) return holes
  }
  if (at < whole.toAt) holes.push({ fromAt: at, toAt: whole.toAt })
  return holes
}

/** Parts of `whole`, each with the first of the layers that covers it; what no layer covers gets `rest`. */
export function layerRanges<T extends object>(whole: TimeRange, layers: readonly (readonly (TimeRange & T)[])[], rest: T): (TimeRange & T)[] {
  let open: TimeRange[] = [whole]
  const parts: (TimeRange & T)[] = []
  for (const layer of layers) {
    const left: TimeRange[] = []
    for (const hole of open) {
      const covering = layer.flatMap((range) => clipRange(range, hole))
      parts.push(...covering)
      left.push(...holesIn(covering, hole))
    }
    open = left
  }
  parts.push(...open.map((hole) => ({ ...rest, ...hole })))
  return parts.sort((a, b) => a.fromAt - b.fromAt)
}
