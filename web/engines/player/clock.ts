/** Time as the player needs it: the monotonic clock and timers. Tests pass a fake (`test/support/fake-clock.ts` fits). */
export type PlayerTimer = { cancel(): void }

export type PlayerClock = {
  /** Never steps; only differences mean something. */
  monotonicMs(): number
  after(delayMs: number, run: () => void): PlayerTimer
  every(periodMs: number, run: () => void): PlayerTimer
}

export const browserClock: PlayerClock = {
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
  every(periodMs, run) {
    const handle = setInterval(run, periodMs)
    return { cancel: () => clearInterval(handle) }
  },
}
