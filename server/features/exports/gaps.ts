/** What of a range is in no file of a clip, and why. Pure. */
import type { Instant } from '../../contract/ids.ts'
import type { Gap, TimeRange } from '../../contract/recordings.ts'

/** Less than this is kept as time in the file. */
const HOLE_MS = 1_000
/** A key frame comes at least so often. */
const KEY_FRAME_MS = 10_000

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

/**
 * What a known gap covers has its reason. A hole may be a little wider than the gap behind it, since a clip goes on with the next key frame: that much is the
 * gap's too. More than that was on record and could not be read.
 */
function reasonsOf(hole: TimeRange, known: readonly Gap[]): Gap[] {
  const behind = known
    .filter((gap) => gap.fromAt < hole.toAt && gap.toAt > hole.fromAt)
    .map((gap) => ({ ...gap, fromAt: Math.max(gap.fromAt, hole.fromAt), toAt: Math.min(gap.toAt, hole.toAt) }))
    .sort((a, b) => a.fromAt - b.fromAt)
  const said: Gap[] = []
  let at: Instant = hole.fromAt
  for (const gap of behind) {
    const before = said.at(-1)
    const isNear = gap.fromAt - at <= KEY_FRAME_MS
    if (!isNear) said.push(unread(at, gap.fromAt))
    else if (before) before.toAt = gap.fromAt
    said.push({ ...gap, fromAt: isNear && !before ? hole.fromAt : gap.fromAt })
    at = gap.toAt
  }
  const last = said.at(-1)
  if (last && hole.toAt - at <= KEY_FRAME_MS) last.toAt = hole.toAt
  else said.push(unread(at, hole.toAt))
  return said
}

const unread = (fromAt: Instant, toAt: Instant): Gap => ({ fromAt, toAt, reason: 'disk', cause: null })
