/**
 * Notices when the wall clock is set, and keeps whatever deletes or expires by it waiting for a day: a clock that jumps must cost nothing. A restart
 * does not end the wait, and a clock that was set while we were away is noticed as well: what was seen last stands in a file.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import { writeWhole } from './whole-file.ts'

const LOOK_EVERY_MS = 5_000
/** Less is what time services do all day. */
const STEP_MS = 2_000
/** From here on ages cannot be trusted. */
const FREEZE_STEP_MS = 60_000
const FREEZE_MS = 86_400_000
/** A start so long after what was seen last may be a wrong clock. */
const LONG_AWAY_MS = 3 * 86_400_000
const REMEMBER_EVERY_MS = 60_000

export type ClockGuardDeps = {
  clock: Clock
  log: Log
  /** The wall clock was set by `byMs`. */
  onStep?(byMs: number): void
  /** Lasts over restarts; without it every start trusts the clock. */
  memoryFile?: string
}

/** When the clock was looked at last, and how long nothing may expire from then on. */
const Memory = z.object({ seenAt: z.number(), frozenMs: z.number() })

export function createClockGuard({ clock, log, onStep, memoryFile }: ClockGuardDeps) {
  let offsetMs = clock.now() - clock.monotonicMs()
  let frozenUntilMs = Number.NEGATIVE_INFINITY
  let writing: Promise<void> = Promise.resolve()
  let isWriteWaiting = false
  const timers = [clock.every(LOOK_EVERY_MS, look), clock.every(REMEMBER_EVERY_MS, () => void remember())]

  function freeze(why: string) {
    freezeFor(FREEZE_MS, why)
    void remember()
  }

  function freezeFor(ms: number, why: string) {
    frozenUntilMs = Math.max(frozenUntilMs, clock.monotonicMs() + ms)
    log.warn({ why, hours: Math.round(ms / 3_600_000) }, 'for some time nothing is deleted or expires for its age')
  }

  /** One after the other; who asks while one waits is served by it. */
  function remember(): Promise<void> {
    if (memoryFile === undefined) return Promise.resolve()
    if (!isWriteWaiting) {
      isWriteWaiting = true
      writing = writing.then(async () => {
        isWriteWaiting = false
        const memory = { seenAt: clock.now(), frozenMs: Math.max(0, frozenUntilMs - clock.monotonicMs()) }
        await writeWhole(memoryFile, JSON.stringify(memory)).catch((problem) => log.warn({ problem }, 'the time of now could not be written down'))
      })
    }
    return writing
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
    /** Takes up what an earlier run saw. */
    async open(): Promise<void> {
      if (memoryFile === undefined) return
      const text = await readFile(memoryFile, 'utf8').catch(() => undefined)
      const memory = text === undefined ? undefined : Memory.safeParse(parseJson(text)).data
      // torn by a crash: then we know no more than at a first start, but there was one
      if (text !== undefined && !memory) freeze('what the last run saw of the clock cannot be read')
      if (!memory) return
      const awayMs = clock.now() - memory.seenAt
      if (memory.frozenMs > 0) freezeFor(memory.frozenMs, 'as before the restart')
      if (awayMs < -FREEZE_STEP_MS) freeze(`the clock is ${Math.round(-awayMs / 1000)} s behind what the last run saw`)
      else if (awayMs > LONG_AWAY_MS) freeze(`the last run ended ${Math.round(awayMs / 3_600_000)} hours ago`)
      await remember()
    },
    /** May something be taken away because its time is over? Looks at the clock itself, so that a step is known before it does harm. */
    mayExpire(): boolean {
      look()
      return clock.monotonicMs() >= frozenUntilMs
    },
    /** Ages are not to be trusted for another reason. */
    freeze,
    async close(): Promise<void> {
      for (const timer of timers) timer.cancel()
      await remember()
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // judged by the schema
  }
}
export type ClockGuard = ReturnType<typeof createClockGuard>
