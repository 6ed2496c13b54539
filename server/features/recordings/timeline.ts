/** What is stored of a camera, and why the rest is not: every second up to now is either (R-PLAY). Pure. */
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { Fault, Gap, GapReason, TimeRange, Timeline } from '../../contract/recordings.ts'
import type { FailureCause, StatusInterval } from '../../contract/status.ts'
import { clipRange, holesIn, joinRanges, layerRanges } from './ranges.ts'
import type { PolicyInterval, ProblemInterval } from './store.ts'
import { plannedRanges } from './week.ts'

/** Shorter holes are the seams of files and pulls, not missing pictures. */
const SEAM_MS = 2_000

type Why = { reason: GapReason; cause: FailureCause | null }
const ourRestart: Why = { reason: 'platform', cause: 'media_unavailable' }

export function timelineOf({
  cameraId,
  range,
  knownUntilAt,
  nowAt,
  segments,
  policies,
  problems,
  statuses,
}: {
  cameraId: CameraId
  range: TimeRange
  /** How far it can be known: what is being written is told every few seconds. */
  knownUntilAt: Instant
  nowAt: Instant
  /** Oldest first. */
  segments: readonly TimeRange[]
  policies: readonly PolicyInterval[]
  problems: readonly ProblemInterval[]
  statuses: readonly StatusInterval[]
}): Timeline {
  const whole = { fromAt: range.fromAt, toAt: Math.min(range.toAt, knownUntilAt) }
  const recorded = joinRanges(segments, SEAM_MS).flatMap((each) => clipRange(each, range))
  if (whole.toAt <= whole.fromAt) return { cameraId, recorded, gaps: [], faults: [] }
  const planned = policies.flatMap((policy) => plannedRanges(policy, whole, nowAt))
  const layers: (TimeRange & Why)[][] = [
    holesIn(planned, whole).map((hole) => ({ ...hole, reason: 'not_scheduled', cause: null })),
    problems.map(({ fromAt, toAt, problem }) => ({ fromAt, toAt, ...(problem === 'media_away' ? ourRestart : { reason: 'disk', cause: null }) })),
    statuses.flatMap((status) => whyOf(status, nowAt)),
  ]
  const gaps = holesIn(recorded, whole)
    .filter(({ fromAt, toAt }) => toAt - fromAt > SEAM_MS)
    .flatMap((hole) => layerRanges<Why>(hole, layers, { reason: 'unknown', cause: null }))
  return { cameraId, recorded, gaps: joinAlike(gaps), faults: statuses.flatMap((status) => faultsOf(status, whole)) }
}

function faultsOf({ status, cause, fromAt, toAt }: StatusInterval, whole: TimeRange): Fault[] {
  if (status !== 'offline' && status !== 'degraded') return []
  return clipRange({ fromAt, toAt: toAt ?? whole.toAt }, whole).map((range) => ({ ...range, status, cause }))
}

/** What the judge of status saw says whose fault it was. A camera that was online and still not stored is our doing, but not known how. */
function whyOf({ status, cause, fromAt, toAt }: StatusInterval, nowAt: Instant): (TimeRange & Why)[] {
  const range = { fromAt, toAt: toAt ?? nowAt }
  if (status === 'offline') return [{ ...range, reason: cause === 'unreachable' ? 'network' : 'camera', cause }]
  if (status === 'suspended') return [{ ...range, reason: 'not_scheduled', cause: null }]
  if (status === 'unknown') return [{ ...range, reason: cause === 'own_uplink' ? 'network' : 'platform', cause }]
  return []
}

/** Until a camera that is well again is recorded again: its retry (30 s) and its next key frame. */
const RESUMES_WITHIN_MS = 60_000

/** Scraps between two causes that touch are one gap to a person. */
function joinAlike(gaps: readonly Gap[]): Gap[] {
  const joined: Gap[] = []
  for (const gap of gaps) {
    const last = joined.at(-1)
    const touches = last !== undefined && gap.fromAt - last.toAt <= 0
    // one restart of ours: away, not probed yet, streams coming back
    const isAlike = last?.reason === gap.reason && (last.cause === gap.cause || gap.reason === 'platform')
    const isResuming = gap.reason === 'unknown' && last?.reason !== 'not_scheduled' && gap.toAt - gap.fromAt <= RESUMES_WITHIN_MS
    if (touches && (isAlike || isResuming)) last.toAt = gap.toAt
    // the seconds in which a fault had not yet been seen belong to it
    else if (touches && last.reason === 'unknown' && gap.reason !== 'not_scheduled')
      Object.assign(last, { reason: gap.reason, cause: gap.cause, toAt: gap.toAt })
    else joined.push({ ...gap })
  }
  return joined
}
