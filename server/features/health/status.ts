/**
 * The one judge of a camera's state: evidence in, state out. Pure; who collects evidence is `health.ts`.
 *
 * Offline needs two different signals failing, or one three times; downtime then starts at the first miss. The first good evidence ends it.
 * A refused login needs no second look: the camera itself has answered, and asking thrice could lock the account. A miss told twice counts once.
 * Degraded begins and ends with two pieces of evidence in a row, so that one bad ten seconds of a good camera is no change of state.
 * Blindness (our restart, our uplink, our media process) gives `unknown`, whatever the camera was before, and forgets pending misses.
 */
import { assertNever } from '../../base/errors.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { CameraState, CameraStatus, FailureCause } from '../../contract/status.ts'

/** Two kinds of witness: our probe, and a stream that somebody watches. Main and sub of one camera fail together, so they are one. */
export type Signal = 'probe' | 'stream'

export type BlindCause = 'not_probed_yet' | 'media_unavailable' | 'own_uplink'

export type Evidence =
  /** Pictures came. `degradedBy` says what is wrong with them. */
  | { kind: 'good'; signal: Signal; at: Instant; degradedBy: FailureCause | null; detail: string | null }
  /** No pictures came. */
  | { kind: 'miss'; signal: Signal; at: Instant; cause: FailureCause; detail: string | null }
  /** We could not have seen pictures. */
  | { kind: 'blind'; at: Instant; cause: BlindCause; detail: string | null }
  /** Agreed out of service, and back in. */
  | { kind: 'suspend'; at: Instant }
  | { kind: 'resume'; at: Instant }

type Miss = { at: Instant; cause: FailureCause; detail: string | null }

/** What the judge remembers of one camera. */
export type Judgement = {
  state: CameraState
  /** Misses since the last good evidence: the first one, and how many by signal. */
  firstMiss: Miss | null
  missCount: Record<Signal, number>
  /** When the newest miss happened: probes and streams may tell of the same one. */
  lastMissAt: Instant | null
  /** How often in a row the picture was degraded (`bad`) or clean (`clean`). */
  streak: { bad: number; clean: number }
}

/** One signal alone must miss this often. */
const MISSES_OF_ONE_SIGNAL = 3
/** Degraded and clean pictures must come this often in a row. */
const STREAK = 2

/** The camera gives no picture: counts towards offline. */
const offlineCauses: ReadonlySet<FailureCause> = new Set(['unreachable', 'refused_login', 'no_such_stream', 'silent', 'protocol_error'])
/** The camera answers, its picture is not as it should be. */
const degradedCauses: ReadonlySet<FailureCause> = new Set(['stream_limit', 'codec_not_supported', 'frozen', 'black', 'packet_loss'])

const noMisses = { firstMiss: null, missCount: { probe: 0, stream: 0 }, lastMissAt: null } as const
const noStreak = { bad: 0, clean: 0 } as const

/** The judgement of a camera nobody has looked at yet, since `sinceAt`. */
export function unjudged(cameraId: CameraId, sinceAt: Instant, isSuspended = false): Judgement {
  const state: CameraState = {
    cameraId,
    status: isSuspended ? 'suspended' : 'unknown',
    cause: isSuspended ? null : 'not_probed_yet',
    detail: null,
    sinceAt,
    evidenceAt: null,
  }
  return { state, ...noMisses, streak: noStreak }
}

/** Whether a miss is waiting for confirmation: the camera should be asked again soon. */
export const isSuspected = ({ state, firstMiss }: Judgement): boolean => firstMiss !== null && state.status !== 'offline'

/** Whether the miss has been heard already, perhaps from the other signal. */
export const isToldAgain = ({ lastMissAt }: Judgement, evidence: Evidence): boolean => evidence.kind === 'miss' && evidence.at === lastMissAt

/** How many misses the camera has had since it was last good. */
export const missesOf = ({ missCount }: Judgement): number => missCount.probe + missCount.stream

/** Weighs one piece of evidence. Evidence may come late or with a clock that stepped back: `sinceAt` never goes back. */
export function judge(judgement: Judgement, evidence: Evidence): Judgement {
  switch (evidence.kind) {
    case 'suspend':
      return judgement.state.status === 'suspended' ? judgement : enter(judgement, 'suspended', evidence.at, null, null)
    case 'resume':
      return judgement.state.status === 'suspended' ? enter(judgement, 'unknown', evidence.at, 'not_probed_yet', null) : judgement
    case 'blind':
      return judgement.state.status === 'suspended' ? judgement : enter(judgement, 'unknown', evidence.at, evidence.cause, evidence.detail)
    case 'good':
      return judgement.state.status === 'suspended' ? confirm(judgement, evidence.at) : weighPicture(judgement, evidence)
    case 'miss':
      return judgement.state.status === 'suspended' ? judgement : weighMiss(judgement, evidence)
    default:
      return assertNever(evidence)
  }
}

function weighPicture(before: Judgement, { at, degradedBy, detail }: Extract<Evidence, { kind: 'good' }>): Judgement {
  const { status } = before.state
  const streak = degradedBy === null ? { bad: 0, clean: before.streak.clean + 1 } : { bad: before.streak.bad + 1, clean: 0 }
  const judgement: Judgement = { ...confirm(before, at), ...noMisses, streak }
  if (status === 'offline' || status === 'unknown') return enter(judgement, degradedBy === null ? 'online' : 'degraded', at, degradedBy, detail, streak)
  if (status === 'online' && streak.bad >= STREAK) return enter(judgement, 'degraded', at, degradedBy, detail, streak)
  if (status === 'degraded' && streak.clean >= STREAK) return enter(judgement, 'online', at, null, null, streak)
  // another defect in the same stretch: the reason shown is the latest one
  if (status === 'degraded' && degradedBy !== null) return { ...judgement, state: { ...judgement.state, cause: degradedBy, detail } }
  return judgement
}

function weighMiss(before: Judgement, evidence: Extract<Evidence, { kind: 'miss' }>): Judgement {
  const { signal, at, cause, detail } = evidence
  // a camera that has no main stream still has its sub stream: the probe, which asks for the best it can get, is what decides
  const isAnswer = degradedCauses.has(cause) || (signal === 'stream' && cause === 'no_such_stream')
  if (isAnswer) return weighPicture(before, { kind: 'good', signal, at, degradedBy: cause, detail })
  if (!offlineCauses.has(cause)) return before // says something of us or of a viewer, nothing of the camera
  if (isToldAgain(before, evidence)) return before
  const firstMiss = before.firstMiss ?? { at, cause, detail }
  const missCount = { ...before.missCount, [signal]: before.missCount[signal] + 1 }
  const judgement: Judgement = { ...confirm(before, at), firstMiss, missCount, lastMissAt: at, streak: noStreak }
  if (before.state.status === 'offline') return { ...judgement, state: { ...judgement.state, cause, detail } }
  const isConfirmed = cause === 'refused_login' || (missCount.probe > 0 && missCount.stream > 0) || missCount[signal] >= MISSES_OF_ONE_SIGNAL
  if (!isConfirmed) return judgement
  const offline = enter(judgement, 'offline', firstMiss.at, cause, detail)
  return { ...offline, state: { ...offline.state, evidenceAt: judgement.state.evidenceAt }, firstMiss, missCount, lastMissAt: at }
}

function enter(
  before: Judgement,
  status: CameraStatus,
  at: Instant,
  cause: FailureCause | null,
  detail: string | null,
  streak: Judgement['streak'] = noStreak,
): Judgement {
  const isSame = before.state.status === status
  const sinceAt = isSame ? before.state.sinceAt : Math.max(at, before.state.sinceAt)
  const evidenceAt = status === 'unknown' || status === 'suspended' ? before.state.evidenceAt : at
  return { state: { cameraId: before.state.cameraId, status, cause, detail, sinceAt, evidenceAt }, ...noMisses, streak }
}

const confirm = (judgement: Judgement, at: Instant): Judgement => ({ ...judgement, state: { ...judgement.state, evidenceAt: at } })
