/** Where the next thing worth looking at is: the end of a gap, a fault, a mark. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { Mark } from '../../../server/contract/marks.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import type { KnownTimeline } from './timeline-cover.ts'

export const jumpTargets = ['gapEnd', 'fault', 'nextMark', 'previousMark'] as const
export type JumpTarget = (typeof jumpTargets)[number]

/** So much before the moment itself: what happened there is seen coming. */
const leadMs = 2_000
/** Already there: the one after it is meant. While it plays, going back twice must not come to the same mark again. */
const nearMs = 500
const backMs = 3_000
/** What is younger is asked for again and again. */
const newestMs = 60_000

export function findJump(target: JumpTarget, at: Instant, known: readonly KnownTimeline[], marks: readonly Mark[]): Instant | undefined {
  switch (target) {
    case 'gapEnd':
      return earliest(
        known.flatMap(({ gaps, toAt }) => gaps.filter((gap) => gap.toAt < toAt).map((gap) => gap.toAt)),
        at + nearMs,
      )
    case 'fault': {
      const fault = earliest(
        known.flatMap(({ faults }) => faults.map(({ fromAt }) => fromAt)),
        at + leadMs + nearMs,
      )
      return fault === undefined ? undefined : fault - leadMs
    }
    case 'nextMark':
      return earliest(
        marks.map((mark) => mark.at),
        at + nearMs,
      )
    case 'previousMark':
      return marks.map((mark) => mark.at).findLast((each) => each < at - backMs)
  }
}

/**
 * Which stretch `findJump` looked through from `at` on, of those that are loaded of each camera: what lies beyond is not known to it. `isToNow`: there is
 * nothing beyond. Undefined: nothing is loaded there.
 */
export function findSearched(target: JumpTarget, at: Instant, loaded: readonly TimeRange[], now: Instant): (TimeRange & { isToNow: boolean }) | undefined {
  if (loaded.length === 0) return undefined
  const isBack = target === 'previousMark'
  const fromAt = isBack ? Math.max(...loaded.map((range) => range.fromAt)) : at
  const toAt = isBack ? at : Math.min(...loaded.map((range) => range.toAt))
  return fromAt < toAt ? { fromAt, toAt, isToNow: !isBack && toAt >= now - newestMs } : undefined
}

function earliest(moments: readonly Instant[], after: Instant): Instant | undefined {
  const later = moments.filter((moment) => moment > after)
  return later.length === 0 ? undefined : Math.min(...later)
}
