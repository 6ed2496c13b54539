/** Time, the only way in: the wall clock for instants, the monotonic clock for every duration and timer. Tests pass a fake. */
import type { Instant } from '../contract/ids.ts'

export type Timer = { cancel(): void }

export type Clock = {
  /** Wall clock, epoch ms. May step; never subtract two of these to get a duration. */
  now(): Instant
  /** Never steps; only differences mean something. */
  monotonicMs(): number
  /** Runs once after `delayMs`. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer
  /** Runs again and again, the first time after `periodMs`. Does not keep the process alive. */
  every(periodMs: number, run: () => void): Timer
  /** Resolves after `delayMs`; rejects with the signal's reason if it is aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  every(periodMs, run) {
    const handle = setInterval(run, periodMs)
    handle.unref()
    return { cancel: () => clearInterval(handle) }
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(handle)
        reject(signal?.reason)
      }
      const handle = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, delayMs)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}
