/** The stretch of time on the screen: between instants and pixels, zoomed and moved. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'

export const minWindowMs = 60_000
export const maxWindowMs = 30 * 86_400_000

export function lengthMs({ fromAt, toAt }: TimeRange): number {
  return toAt - fromAt
}

/** Where in the window a moment lies: 0 its beginning, 1 its end. */
export function toShare(at: Instant, window: TimeRange): number {
  return (at - window.fromAt) / lengthMs(window)
}

export function toPx(at: Instant, window: TimeRange, widthPx: number): number {
  return toShare(at, window) * widthPx
}

export function toAt(px: number, window: TimeRange, widthPx: number): Instant {
  return Math.round(window.fromAt + (px / Math.max(1, widthPx)) * lengthMs(window))
}

/** With half a window on both sides, so that a small move asks for nothing; at most `maxMs`, and nothing to come. */
export function widen(wanted: TimeRange, now: Instant, maxMs: number): TimeRange {
  const ms = Math.min(maxMs, lengthMs(wanted))
  const spareMs = Math.min(ms / 2, (maxMs - ms) / 2)
  const toAt = Math.round(Math.min(now, wanted.toAt + spareMs))
  const fromAt = Math.max(0, Math.round(Math.min(wanted.fromAt - spareMs, toAt - 60_000)))
  return { fromAt: Math.max(fromAt, toAt - maxMs), toAt }
}

/** `factor` above 1 shows more time. The instant under the pointer stays where it is, within the shortest and the longest window. */
export function zoomAt(window: TimeRange, widthPx: number, factor: number, px: number): TimeRange {
  const wantedMs = Math.min(maxWindowMs, Math.max(minWindowMs, lengthMs(window) * factor))
  const share = px / Math.max(1, widthPx)
  const fromAt = Math.round(window.fromAt + share * (lengthMs(window) - wantedMs))
  return { fromAt, toAt: fromAt + Math.round(wantedMs) }
}

/** Dragged by `dxPx`: the time under the pointer goes with it. */
export function panBy(window: TimeRange, widthPx: number, dxPx: number): TimeRange {
  return shiftBy(window, -Math.round((dxPx / Math.max(1, widthPx)) * lengthMs(window)))
}

export function shiftBy({ fromAt, toAt }: TimeRange, byMs: number): TimeRange {
  return { fromAt: fromAt + byMs, toAt: toAt + byMs }
}

export function centreOn(window: TimeRange, at: Instant): TimeRange {
  return shiftBy(window, Math.round(at - (window.fromAt + window.toAt) / 2))
}

/** Not further into the future than this part of the window: there is nothing. */
const futureShare = 0.5

export function keepNear(window: TimeRange, now: Instant): TimeRange {
  const latestFromAt = now - Math.round(lengthMs(window) * (1 - futureShare))
  return window.fromAt > latestFromAt ? shiftBy(window, latestFromAt - window.fromAt) : window
}

/** While it plays, the window turns a page when the playhead comes near its end; the same object when there is nothing to do. */
export function follow(window: TimeRange, at: Instant): TimeRange {
  const share = (at - window.fromAt) / lengthMs(window)
  if (share >= 0 && share <= 0.95) return window
  const next = Math.round(at - lengthMs(window) * (share > 0.95 && share < 1.05 ? 0.1 : 0.5))
  return { fromAt: next, toAt: next + lengthMs(window) }
}
