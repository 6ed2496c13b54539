/** Where a recording's video element stands, and how it is kept at a moment: by rate, by a jump within the buffer, exactly when paused. */
import type { PlayerClock } from './clock.ts'
import type { PlaybackPace } from './playback-state.ts'
import { steer } from './steering.ts'

export type BufferedRange = { startS: number; endS: number }
export type Kept = 'playing' | 'paused' | 'loading' | 'stuck'

const stuckMs = 6_000
/** Paused closer than this it is the very picture. */
const exactS = 0.004

export function createVideoPosition(video: HTMLVideoElement, { clock, play }: { clock: PlayerClock; play: () => void }) {
  let end = { atS: 0, grewAtMs: 0 }
  let progress = { currentS: -1, atMs: 0 }
  let isExpectedToMove = false

  return {
    /** What is in the buffer, from end to end. */
    range(): BufferedRange | undefined {
      const { buffered } = video
      if (buffered.length === 0) return undefined
      const range = { startS: buffered.start(0), endS: buffered.end(buffered.length - 1) }
      if (range.endS !== end.atS) end = { atS: range.endS, grewAtMs: clock.monotonicMs() }
      return range
    },
    /** How long the buffer has not grown, ms. */
    sinceGrowthMs: () => clock.monotonicMs() - end.grewAtMs,

    /** `targetS` lies in `range`. */
    keepAt(targetS: number, range: BufferedRange, { speed, isPlaying, isRunning }: Pick<PlaybackPace, 'speed' | 'isPlaying' | 'isRunning'>): Kept {
      if (video.seeking) return 'loading'
      const driftS = video.currentTime - targetS
      if (!isPlaying) {
        stand()
        if (Math.abs(driftS) > exactS) jump(targetS, range)
        return 'paused'
      }
      const { rate, jump: mustJump, isLate } = steer(driftS, speed)
      if (video.playbackRate !== rate) video.playbackRate = rate
      if (mustJump) {
        jump(targetS, range)
        return 'loading'
      }
      // the clock waits for somebody: not for this one
      if (!isRunning && !isLate) {
        stand()
        return 'paused'
      }
      if (video.paused) play()
      if (isStuck()) return 'stuck'
      isExpectedToMove = video.readyState >= 2
      return isExpectedToMove && !isLate ? 'playing' : 'loading'
    },
    stand,
    /** Paused at the beginning of what comes next. */
    waitAt(targetS: number, range: BufferedRange) {
      stand()
      if (Math.abs(video.currentTime - targetS) > exactS && targetS < range.endS) jump(targetS, range)
    },
  }

  function stand() {
    isExpectedToMove = false
    if (!video.paused) video.pause()
  }

  /** mpegts.js takes a seek outside of the buffer for one of its own and would empty it. */
  function jump(targetS: number, { startS, endS }: BufferedRange) {
    isExpectedToMove = false
    // half a millisecond on, or rounding shows the picture before
    video.currentTime = Math.min(endS - 0.002, Math.max(startS, targetS + 0.0005))
  }

  function isStuck(): boolean {
    if (!isExpectedToMove || video.currentTime !== progress.currentS || document.hidden) progress = { currentS: video.currentTime, atMs: clock.monotonicMs() }
    return clock.monotonicMs() - progress.atMs > stuckMs
  }
}
