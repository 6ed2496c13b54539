/** Collects evidence of every camera, lets the judge weigh it, keeps the intervals and tells the news. */
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { CameraState, StatusHistory } from '../../contract/status.ts'
import type { MediaEvent, MediaPlane, ProbeResult } from '../../media/plane.ts'
import { onlineRateOf, type Range } from './history.ts'
import { createLedger } from './ledger.ts'
import { createNotifier, type StatusNews } from './notify.ts'
import { createSchedule } from './schedule.ts'
import { type BlindCause, type Evidence, isSuspected, judge, type Judgement, isToldAgain, missesOf, unjudged } from './status.ts'
import type { HealthStore } from './store.ts'
import type { Uplink } from './uplink.ts'

/** What health must know of a camera. Cameras of one `group` hang on one switch: doubt about one is a reason to look at the others. */
export type WatchedCamera = { cameraId: CameraId; name: string; group: string | null; isSuspended: boolean }

export type HealthSettings = {
  /** How long one round over all cameras takes. */
  probePeriodMs: number
  maxProbesInFlight: number
  maxProbesPerSecond: number
}

export const defaultHealthSettings: HealthSettings = { probePeriodMs: 45_000, maxProbesInFlight: 36, maxProbesPerSecond: 18 }

/** After a miss the camera is asked again this soon: a switched-off camera is red after the third refusal, not after the third round. */
const ASK_AGAIN_MS = [2_500, 5_000]
/** A stream that broke is looked at by a probe at once. */
const ASK_AFTER_STREAM_DOWN_MS = 500
const ASK_NEIGHBOUR_MS = 1_500
/** Cameras lock us out after five or so wrong passwords; a refused one is not tried again for this long. */
const AFTER_REFUSED_LOGIN_MS = 15 * 60_000
/** The media process restarts in under 5 s. That is shorter than our own round, so nothing is unknown because of it. */
const MEDIA_GRACE_MS = 10_000
const UPLINK_RETRY_MS = 5_000

export type HealthDeps = {
  store: HealthStore
  plane: MediaPlane
  clock: Clock
  log: Log
  random?: () => number
  uplink?: Uplink | undefined
  settings?: HealthSettings
  tell(news: StatusNews): void
}

export function createHealth({ store, plane, clock, log, random = Math.random, uplink, settings = defaultHealthSettings, tell }: HealthDeps) {
  const watched = new Map<CameraId, WatchedCamera>()
  const groups = new Map<string, CameraId[]>()
  const judgements = new Map<CameraId, Judgement>()
  const ledger = createLedger({ store, clock, log })
  const notifier = createNotifier({ clock, nameOf: (cameraId) => watched.get(cameraId)?.name ?? cameraId, tell })
  const schedule = createSchedule({
    clock,
    random,
    periodMs: settings.probePeriodMs,
    maxInFlight: settings.maxProbesInFlight,
    maxStartsPerSecond: settings.maxProbesPerSecond,
    probe: async (cameraId) => void (await probeOnce(cameraId)),
  })
  let earlier = new Map<CameraId, Instant>()
  let isUplinkLost = false
  let graceTimer: { cancel(): void } | undefined
  let isClosed = false
  plane.onEvent(onMediaEvent)

  /** Reads what the last run left, and says so: until the first evidence every camera is unknown. */
  async function open() {
    earlier = new Map([...(await ledger.open())].map(([cameraId, row]) => [cameraId, row.from_at]))
    schedule.setPaused(!plane.isUp())
    if (!plane.isUp()) onLinkLost()
  }

  function setCameras(cameras: readonly WatchedCamera[]) {
    const wanted = new Set(cameras.map(({ cameraId }) => cameraId))
    for (const cameraId of watched.keys()) if (!wanted.has(cameraId)) forget(cameraId)
    groups.clear()
    for (const camera of cameras) {
      watched.set(camera.cameraId, camera)
      if (camera.group !== null) groups.set(camera.group, [...(groups.get(camera.group) ?? []), camera.cameraId])
      if (!judgements.has(camera.cameraId)) begin(camera)
      hear(camera.cameraId, { kind: camera.isSuspended ? 'suspend' : 'resume', at: clock.now() })
    }
    schedule.setCameras(wanted)
  }

  function begin({ cameraId, isSuspended }: WatchedCamera) {
    const knownSince = earlier.get(cameraId)
    const judgement = unjudged(cameraId, knownSince ?? clock.now(), isSuspended)
    judgements.set(cameraId, judgement)
    notifier.setBase(judgement.state)
    ledger.begin(judgement.state)
  }

  /** A camera that was removed: its last interval ends, its history stays. */
  function forget(cameraId: CameraId) {
    const judgement = judgements.get(cameraId)
    if (judgement) ledger.end(judgement.state, clock.now())
    for (const map of [watched, judgements, earlier]) map.delete(cameraId)
    notifier.forget(cameraId)
  }

  function hear(cameraId: CameraId, evidence: Evidence) {
    const before = judgements.get(cameraId)
    if (!before) return
    if (isToldAgain(before, evidence)) return schedule.hurry(cameraId, ASK_AGAIN_MS[0]!)
    const after = judge(before, evidence)
    judgements.set(cameraId, after)
    if (isSuspected(after) && missesOf(before) < missesOf(after)) askAgain(after)
    if (before.state.status === after.state.status && before.state.cause === after.state.cause) return
    ledger.change(before.state, after.state)
    notifier.put(after.state)
    if (after.state.status === 'offline') onOffline(after)
    if (before.state.status === 'offline' && after.state.status === 'online') onBack(cameraId)
  }

  function askAgain(judgement: Judgement) {
    const { cameraId } = judgement.state
    schedule.hurry(cameraId, ASK_AGAIN_MS[missesOf(judgement) - 1] ?? ASK_AGAIN_MS.at(-1)!)
    if (missesOf(judgement) === 1) askNeighbours(cameraId)
  }

  function onOffline({ state }: Judgement) {
    log.info({ cameraId: state.cameraId, cause: state.cause, detail: state.detail, sinceAt: state.sinceAt }, 'camera offline')
    if (state.cause === 'refused_login') schedule.pauseFor(state.cameraId, AFTER_REFUSED_LOGIN_MS)
  }

  function onBack(cameraId: CameraId) {
    schedule.endPause(cameraId)
    askNeighbours(cameraId)
  }

  /** One switch down takes all its cameras along; one that comes back brings all. */
  function askNeighbours(cameraId: CameraId) {
    const group = watched.get(cameraId)?.group
    for (const neighbourId of (group && groups.get(group)) || []) if (neighbourId !== cameraId) schedule.hurry(neighbourId, ASK_NEIGHBOUR_MS * random())
  }

  /** A miss counts only if our own way was open after it (N3). */
  async function hearMiss(cameraId: CameraId, miss: Extract<Evidence, { kind: 'miss' }>) {
    if (uplink && !(await uplink.isUp())) return onUplinkLost(uplink)
    hear(cameraId, miss)
  }

  function onUplinkLost({ address }: Uplink) {
    if (isUplinkLost || isClosed) return
    isUplinkLost = true
    log.error({ gateway: address }, 'our own uplink is cut: cameras are unknown until it is back')
    goBlind('own_uplink', `gateway ${address}`)
    schedule.setPaused(true)
    clock.after(UPLINK_RETRY_MS, retryUplink)
  }

  async function retryUplink() {
    if (isClosed) return
    if (!(await uplink?.isUp())) return void clock.after(UPLINK_RETRY_MS, retryUplink)
    isUplinkLost = false
    log.info('our own uplink is back')
    lookAgain()
  }

  function goBlind(cause: BlindCause, detail: string | null) {
    const at = clock.now()
    for (const cameraId of judgements.keys()) hear(cameraId, { kind: 'blind', at, cause, detail })
  }

  function lookAgain() {
    if (isUplinkLost || !plane.isUp()) return
    schedule.setPaused(false)
    schedule.restart()
  }

  function onLinkLost() {
    schedule.setPaused(true)
    graceTimer?.cancel()
    graceTimer = clock.after(MEDIA_GRACE_MS, () => goBlind('media_unavailable', null))
  }

  function onMediaEvent(event: MediaEvent) {
    switch (event.type) {
      case 'link':
        if (event.state === 'lost') return onLinkLost()
        graceTimer?.cancel()
        return lookAgain()
      case 'streamUp':
        return hearStream(event.cameraId, { kind: 'good', signal: 'stream', at: event.at, degradedBy: null, detail: null })
      case 'streamAlive':
        return hearStream(event.cameraId, { kind: 'good', signal: 'stream', at: event.at, degradedBy: event.isDegraded, detail: null })
      case 'streamDown':
        void hearMiss(event.cameraId, { kind: 'miss', signal: 'stream', at: event.at, cause: event.cause, detail: event.detail })
        return schedule.hurry(event.cameraId, ASK_AFTER_STREAM_DOWN_MS)
      case 'viewerLeft':
        return
    }
  }

  function hearStream(cameraId: CameraId, evidence: Evidence) {
    hear(cameraId, evidence)
    schedule.postpone(cameraId)
  }

  /** Asks media, and lets the judge hear the answer. An error of ours (media away) says nothing of the camera. */
  async function probeOnce(cameraId: CameraId, isForced = false): Promise<ProbeResult | undefined> {
    try {
      const result = await plane.probe(cameraId, { isForced })
      if (result.ok) hear(cameraId, { kind: 'good', signal: 'probe', at: result.at, degradedBy: null, detail: null })
      else await hearMiss(cameraId, { kind: 'miss', signal: 'probe', at: result.at, cause: result.cause, detail: result.detail })
      return result
    } catch (problem) {
      log.debug({ cameraId, problem }, 'probe was not carried out')
      return undefined
    }
  }

  function getState(cameraId: CameraId): CameraState {
    const judgement = judgements.get(cameraId)
    if (!judgement) throw new AppError('not_found', `no camera ${cameraId}`)
    return judgement.state
  }

  return {
    open,
    setCameras,
    /** What the judge says now. */
    getState,
    /** What the pages have been told, which news then bring up to date. */
    toldState: (cameraId: CameraId): CameraState | undefined => notifier.toldState(cameraId),
    toldStates: notifier.toldStates,
    /** A person asks: probes now, even a camera that refused our login a minute ago, waits for the answer, gives the state after it. */
    async probeNow(cameraId: CameraId): Promise<CameraState> {
      getState(cameraId)
      if (!(await probeOnce(cameraId, true))) throw new AppError('media_unavailable', `camera ${cameraId} could not be probed`)
      return getState(cameraId)
    },
    async history(cameraId: CameraId, range: Range): Promise<StatusHistory> {
      await ledger.flush()
      const intervals = await store.listIntervals(cameraId, range)
      return { cameraId, intervals, onlineRate: onlineRateOf(intervals, range, clock.now()) }
    },
    /** Writes what waits to be written. */
    flush: ledger.flush,
    async close() {
      if (isClosed) return
      isClosed = true
      graceTimer?.cancel()
      schedule.close()
      notifier.close()
      await ledger.close()
    },
  }
}
export type Health = ReturnType<typeof createHealth>
