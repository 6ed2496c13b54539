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
  hurry = { tries: 0, capMs: 0 },
  random = Math.random,
}: {
  baseMs?: number
  capMs?: number
  /** The first tries never wait longer than this: a process that is started anew is back within seconds. */
  hurry?: { tries: number; capMs: number }
  random?: () => number
} = {}): Backoff {
  let attempts = 0
  return {
    next() {
      const boundMs = Math.min(attempts < hurry.tries ? hurry.capMs : capMs, baseMs * 2 ** Math.min(attempts, 20))
      attempts++
      return Math.round(random() * boundMs)
    },
    attempts: () => attempts,
    reset() {
      attempts = 0
    },
  }
}
