/** Pauses between tries that grow, each drawn between 0 and its bound (full jitter), so that a hundred tiles do not come back at once. */

export type Backoff = {
  /** The next pause, ms. */
  next(): number
  /** Tries since the last reset. */
  attempts(): number
  reset(): void
}

export function createBackoff({
  baseMs = 500,
  capMs = 30_000,
  random = Math.random,
}: { baseMs?: number; capMs?: number; random?: () => number } = {}): Backoff {
  let attempts = 0
  return {
    next() {
      const boundMs = Math.min(capMs, baseMs * 2 ** Math.min(attempts, 20))
      attempts++
      return Math.round(random() * boundMs)
    },
    attempts: () => attempts,
    reset() {
      attempts = 0
    },
  }
}
