/** Which moment an FLV time of a recording is, and the other way round: stretches without a gap, as `position` and `gap` tell them. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'

export type Place =
  | { kind: 'media'; flvMs: number }
  /** Nothing is stored at that moment; the picture behind the gap has `flvMs`. */
  | { kind: 'gap'; flvMs: number; fromAt: Instant; toAt: Instant }
  /** Earlier than anything this stream began with. */
  | { kind: 'before'; firstAt: Instant }

/** `gapFromAt`: a gap lies before it, told as such; without one a small step is only the clocks' drift. */
type Stretch = { flvMs: number; at: Instant; gapFromAt: Instant | undefined }

export function createMoments() {
  /** Rising in time; each lasts until the next begins. */
  let stretches: Stretch[] = []
  /** Rising in time: from when on moments are so far ahead of the true ones. */
  let offsets: { flvMs: number; clockOffsetMs: number }[] = []

  return {
    reset() {
      stretches = []
      offsets = []
    },
    /** From `flvMs` on, moments are `at + (t - flvMs)`. Replaces what was said of the same time or later. */
    position(flvMs: number, at: Instant) {
      const gapFromAt = stretches.find((each) => each.flvMs === flvMs)?.gapFromAt
      put({ flvMs, at, gapFromAt })
    },
    gap(flvMs: number, fromAt: Instant, toAt: Instant) {
      put({ flvMs, at: toAt, gapFromAt: fromAt })
    },
    clockOffset(flvMs: number, clockOffsetMs: number) {
      offsets = [...offsets.filter((each) => each.flvMs < flvMs), { flvMs, clockOffsetMs }]
    },
    clockOffsetAt: (flvMs: number): number => offsets.findLast((each) => each.flvMs <= flvMs)?.clockOffsetMs ?? 0,
    /** Undefined before the first position. */
    toAt(flvMs: number): Instant | undefined {
      const stretch = stretches.findLast((each) => each.flvMs <= flvMs) ?? stretches[0]
      return stretch && Math.round(stretch.at + (flvMs - stretch.flvMs))
    },
    locate(at: Instant): Place | undefined {
      const [first] = stretches
      if (!first) return undefined
      if (at < first.at) return { kind: 'before', firstAt: first.at }
      const index = stretches.findLastIndex((each) => each.at <= at)
      const stretch = stretches[index] ?? first
      const next = stretches[index + 1]
      const flvMs = stretch.flvMs + (at - stretch.at)
      if (!next || flvMs < next.flvMs) return { kind: 'media', flvMs }
      if (next.gapFromAt === undefined) return { kind: 'media', flvMs: next.flvMs }
      return { kind: 'gap', flvMs: next.flvMs, fromAt: next.gapFromAt, toAt: next.at }
    },
  }

  function put(stretch: Stretch) {
    stretches = stretches.filter((each) => each.flvMs < stretch.flvMs)
    stretches.push(stretch)
  }
}
export type Moments = ReturnType<typeof createMoments>
