/** Which part of the timeline is known, what to ask for next, and how the newest part is put onto the rest. Pure. */
import type { Fault, Gap, Timeline, TimeRange } from '../../../server/contract/recordings.ts'

/** What the server said of one camera, and of which stretch it spoke. */
export type KnownTimeline = TimeRange & Pick<Timeline, 'recorded' | 'gaps' | 'faults'>

/** How much of what is already known is asked for again with the newest part: a segment grows, a gap closes. */
export const overlapMs = 5 * 60_000

/** Does `known` say everything about `wanted` that can be known by `now`? The newest seconds are asked for by themselves. */
export function covers(known: KnownTimeline | undefined, wanted: TimeRange, now: number, slackMs: number): boolean {
  if (!known) return false
  return known.fromAt <= wanted.fromAt && known.toAt >= Math.min(wanted.toAt, now - slackMs)
}

/** `tail` is newer and right wherever it speaks. */
export function splice(known: KnownTimeline, tail: KnownTimeline): KnownTimeline {
  const cut = <R extends TimeRange>(ranges: readonly R[]) =>
    ranges.filter(({ fromAt }) => fromAt < tail.fromAt).map((range) => ({ ...range, toAt: Math.min(range.toAt, tail.fromAt) }))
  return {
    fromAt: known.fromAt,
    toAt: Math.max(known.toAt, tail.toAt),
    recorded: join<TimeRange>([...cut(known.recorded), ...tail.recorded], () => true),
    gaps: join<Gap>([...cut(known.gaps), ...tail.gaps], (a, b) => a.reason === b.reason && a.cause === b.cause),
    faults: join<Fault>([...cut(known.faults), ...tail.faults], (a, b) => a.status === b.status && a.cause === b.cause),
  }
}

/** Ranges that touch become one if they say the same. */
function join<R extends TimeRange>(ranges: readonly R[], isSame: (a: R, b: R) => boolean): R[] {
  const joined: R[] = []
  for (const range of ranges) {
    const last = joined.at(-1)
    if (last && last.toAt >= range.fromAt && isSame(last, range)) joined[joined.length - 1] = { ...last, toAt: Math.max(last.toAt, range.toAt) }
    else joined.push(range)
  }
  return joined
}
