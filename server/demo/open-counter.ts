/** Counts connections as the other side of our admission limits: how many, and how many at most within any second. */
import type { Clock } from '../base/clock.ts'

export type OpenCounter = { count(): void; total(): number; peakPerS(): number }

export function createOpenCounter(clock: Clock): OpenCounter {
  let total = 0
  let peak = 0
  let recent: number[] = []
  return {
    count() {
      const nowMs = clock.monotonicMs()
      total++
      recent = recent.filter((atMs) => nowMs - atMs < 1000)
      recent.push(nowMs)
      peak = Math.max(peak, recent.length)
    },
    total: () => total,
    peakPerS: () => peak,
  }
}
