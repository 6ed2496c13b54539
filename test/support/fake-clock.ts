/** A clock that stands still until a test moves it. Timers run in the order of their due times. */
import type { Clock } from '../../server/base/clock.ts'

type Pending = { dueMs: number; order: number; periodMs: number | undefined; run: () => void }

export type FakeClock = Clock & {
  /** Moves time on and runs every timer that falls due, in order; `now()` inside a timer is its due time. */
  advance(ms: number): void
  /** As `advance`, but lets promises and I/O go on after each timer, for code that awaits between timers. */
  advanceAsync(ms: number): Promise<void>
  /** Steps the wall clock only, as an operator or NTP would; no timer runs. */
  stepWall(ms: number): void
  /** How many timers wait: a test of cleaning up expects 0. */
  pendingTimers(): number
}

/** Starts at 2026-01-05 08:00:00 UTC unless told otherwise. */
export function createFakeClock(startAt = Date.UTC(2026, 0, 5, 8)): FakeClock {
  const pending = new Set<Pending>()
  let wallMs = startAt
  let monotonicMs = 1_000
  let order = 0

  function schedule(delayMs: number, periodMs: number | undefined, run: () => void) {
    const timer: Pending = { dueMs: monotonicMs + Math.max(0, delayMs), order: order++, periodMs, run }
    pending.add(timer)
    return { cancel: () => void pending.delete(timer) }
  }

  function moveTo(dueMs: number) {
    const passedMs = Math.max(0, dueMs - monotonicMs)
    monotonicMs += passedMs
    wallMs += passedMs
  }

  /** Runs the earliest timer due by `untilMs`; false when there is none. */
  function runNext(untilMs: number): boolean {
    let next: Pending | undefined
    for (const timer of pending) {
      if (timer.dueMs <= untilMs && (!next || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order))) next = timer
    }
    if (!next) return false
    moveTo(next.dueMs)
    if (next.periodMs === undefined) pending.delete(next)
    else next.dueMs += Math.max(1, next.periodMs)
    next.run()
    return true
  }

  const settle = async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  return {
    now: () => Math.round(wallMs),
    monotonicMs: () => monotonicMs,
    after: (delayMs, run) => schedule(delayMs, undefined, run),
    every: (periodMs, run) => schedule(periodMs, periodMs, run),
    sleep(delayMs, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          timer.cancel()
          reject(signal?.reason)
        }
        const timer = schedule(delayMs, undefined, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      })
    },
    advance(ms) {
      const untilMs = monotonicMs + ms
      while (runNext(untilMs));
      moveTo(untilMs)
    },
    async advanceAsync(ms) {
      const untilMs = monotonicMs + ms
      await settle()
      while (runNext(untilMs)) await settle()
      moveTo(untilMs)
      await settle()
    },
    stepWall(ms) {
      wallMs += ms
    },
    pendingTimers: () => pending.size,
  }
}
