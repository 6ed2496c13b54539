/** How old the frame on the screen is: when the server got it, by the server's own clock, against the server's time now. */
import type { Instant } from '../../../server/contract/ids.ts'

/** Amber from here. */
export const slowFromMs = 3000
/** Grey from here, with the reason in words. */
export const stalledFromMs = 10_000

export type Freshness = 'live' | 'slow' | 'stalled'

export function freshnessOf(ageMs: number): Freshness {
  return ageMs < slowFromMs ? 'live' : ageMs < stalledFromMs ? 'slow' : 'stalled'
}

/**
 * One pair of (FLV timestamp, instant) is enough to date every frame near it; the server sends one a second (`clock`). Until the
 * first, a tag's arrival here stands for its arrival there: late by the network's delay, never early.
 */
export function createFrameAge() {
  let pair: { flvMs: number; at: Instant } | undefined
  let isFromServer = false

  return {
    onClock(message: { flvMs: number; at: Instant }) {
      if (isFromServer && pair?.flvMs === message.flvMs) return // said again because nothing came since
      pair = { flvMs: message.flvMs, at: message.at }
      isFromServer = true
    },
    onArrival(flvMs: number, at: Instant) {
      if (!isFromServer) pair = { flvMs, at }
    },
    /** After `restart` the timestamps mean something else. */
    reset() {
      pair = undefined
      isFromServer = false
    },
    /** When the server got the frame of this timestamp. */
    arrivedAt(flvMs: number): Instant | undefined {
      return pair && pair.at + ((flvMs - pair.flvMs) | 0) // 32-bit wrap
    },
  }
}
export type FrameAge = ReturnType<typeof createFrameAge>
