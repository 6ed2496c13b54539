import type { Clock } from '../base/clock.ts'
import type { SayProgress } from '../commands.ts'

const SAY_EVERY_MS = 1_000

/** Says once a second how many rows have been gone through, for the person who waits. */
export function createRowProgress(clock: Clock, say: SayProgress, doing: string) {
  let rows = 0
  let saidMs = clock.monotonicMs()
  return {
    add(table: string, more: number) {
      rows += more
      if (clock.monotonicMs() - saidMs < SAY_EVERY_MS) return
      saidMs = clock.monotonicMs()
      say(`${doing}：${rows} 行 / rows (${table})`)
    },
  }
}
