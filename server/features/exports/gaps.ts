/** What of a range is in no file of a clip, and why. Pure. */
import type { Instant } from '../../contract/ids.ts'
import type { Gap, TimeRange } from '../../contract/recordings.ts'

/** Less than this is kept as time in the file. */
const HOLE_MS = 1_000

/** `known`: the gaps of the timeline. What is on record and yet not in the clip could not be read from the disk. */
export function gapsOf({ fromAt, toAt }: TimeRange, stretches: readonly TimeRange[], known: readonly Gap[]): Gap[] {
  return missing({ fromAt, toAt }, stretches).flatMap((hole) => reasonsOf(hole, known))
}

function missing({ fromAt, toAt }: TimeRange, stretches: readonly TimeRange[]): TimeRange[] {
  const holes: TimeRange[] = []
  let at: Instant = fromAt
  for (const stretch of [...stretches].sort((a, b) => a.fromAt - b.fromAt)) {
    if (stretch.fromAt - at > HOLE_MS) holes.push({ fromAt: at, toAt: stretch.fromAt })
    at = Math.max(at, stretch.toAt)
  }
  if (toAt - at > HOLE_MS) holes.push({ fromAt: at, toAt })
  return holes
}

/** A hole may be a little wider than the gap behind it: a clip goes on with the next key frame. */
function reasonsOf(hole: TimeRange, known: readonly Gap[]): Gap[] {
  const behind = known.filter((gap) => gap.fromAt < hole.toAt && gap.toAt > hole.fromAt)
  if (behind.length === 0) return [{ ...hole, reason: 'disk', cause: null }]
  return behind.map(({ fromAt, reason, cause }, index) => ({
    fromAt: index === 0 ? hole.fromAt : fromAt,
    toAt: behind[index + 1]?.fromAt ?? hole.toAt,
    reason,
    cause,
  }))
}
