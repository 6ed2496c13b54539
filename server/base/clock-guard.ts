/** Notices when the wall clock is set, and keeps whatever deletes or expires by it waiting for a day: a clock that jumps must cost nothing. */
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

const LOOK_EVERY_MS = 5_000
/** Less is what time services do all day. */
const STEP_MS = 2_000
/** From here on ages cannot be trusted. */
const FREEZE_STEP_MS = 60_000
const FREEZE_MS = 86_400_000

export type ClockGuardDeps = {
  clock: Clock
  log: Log
  /** The wall clock was set by `byMs`. */
  onStep?(byMs: number): void
}

export function createClockGuard({ clock, log, onStep }: ClockGuardDeps) {
  let offsetMs = clock.now() - clock.monotonicMs()
  let frozenUntilMs = Number.NEGATIVE_INFINITY
  const timer = clock.every(LOOK_EVERY_MS, look)

  function freeze(why: string) {
    frozenUntilMs = clock.monotonicMs() + FREEZE_MS
    log.warn({ why }, 'nothing is deleted or expires for its age for a day')
  }

  function look() {
    const byMs = clock.now() - clock.monotonicMs() - offsetMs
    offsetMs += byMs
    if (Math.abs(byMs) < STEP_MS) return
    log.warn({ byMs: Math.round(byMs) }, 'the clock was set')
    if (Math.abs(byMs) >= FREEZE_STEP_MS) freeze(`the clock was set by ${Math.round(byMs / 1000)} s`)
    onStep?.(Math.round(byMs))
  }

  return {
    /** May something be taken away because its time is over? Looks at the clock itself, so that a step is known before it does harm. */
    mayExpire(): boolean {
      look()
      return clock.monotonicMs() >= frozenUntilMs
    },
    /** Ages are not to be trusted for another reason. */
    freeze,
    close: () => timer.cancel(),
  }
}
export type ClockGuard = ReturnType<typeof createClockGuard>
