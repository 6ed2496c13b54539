/** How far a clip is, in media time; told at most once a second. */
import type { Clock } from '../../base/clock.ts'

const TELL_EVERY_MS = 1_000

export type ProgressReport = { doneMs: number; totalMs: number; bytes: number }

export function createProgress(clock: Clock, tell: (report: ProgressReport) => void) {
  let totalMs = 0
  let stages = 1
  let workedMs = 0
  let highestMs = 0
  let bytes = 0
  let toldMonoMs = clock.monotonicMs()

  return {
    /** What is recorded in the range. */
    setTotal(ms: number) {
      totalMs = ms
    },
    /** How often everything is gone through: coding sound and drawing a watermark are passes of their own. */
    setStages(count: number) {
      stages = count
    },
    add(ms: number, writtenBytes = bytes) {
      workedMs += ms / stages
      bytes = writtenBytes
      // what had to be begun anew does not run back on the screen
      highestMs = Math.min(totalMs, Math.max(highestMs, Math.round(workedMs)))
      if (clock.monotonicMs() - toldMonoMs < TELL_EVERY_MS) return
      toldMonoMs = clock.monotonicMs()
      tell({ doneMs: highestMs, totalMs, bytes })
    },
  }
}
export type Progress = ReturnType<typeof createProgress>
