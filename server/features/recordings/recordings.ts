/** What is to be recorded, what is stored, what is missing (R-STORE, R-PLAY). Media stores; this keeps the index of it, the policies and the retention. */
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { ClockGuard } from '../../base/clock-guard.ts'
import type { Log } from '../../base/log.ts'
import type { ClipSize } from '../../contract/exports.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { RecordedDays, RecordingPolicy, SetRecordingPolicy, TimeRange, Timeline } from '../../contract/recordings.ts'
import type { StatusInterval } from '../../contract/status.ts'
import type { MediaEvent, MediaPlane, RecordedSegment, RecordingPlan } from '../../media/plane.ts'
import { byCamera } from './by-camera.ts'
import { degraded } from './degrade.ts'
import { createDiskAlarms } from './disk-alarms.ts'
import { createDiskWatch } from './disk-watch.ts'
import { clipRange, joinRanges, lengthOf } from './ranges.ts'
import { createRetention } from './retention.ts'
import { withSegmentCache } from './segment-cache.ts'
import { createStorage } from './storage.ts'
import { ALL_CAMERAS, changeIndex, type IndexChange, type PolicyInterval, type ProblemInterval, type RecordingStore } from './store.ts'
import { timelineOf } from './timeline.ts'
import { daysIn, isPlanned } from './week.ts'

/** How often closed segments are written to the index, and tried again after a failure. */
const INDEX_EVERY_MS = 1_000
/** How often hours that begin or end are looked at, and old recordings. */
const LOOK_EVERY_MS = 60_000
/** Problems told within this time are one stretch. */
const PROBLEM_GOES_ON_MS = 30_000
/** Until every stream is open again after the media process was away. */
const COMING_BACK_MS = 30_000
/** A growing segment is told every 10 s. */
const GROWS_WITHIN_MS = 15_000
/** Segments that were closed while nobody listened may be this much older than the newest one known. */
const MISSED_MS = 2 * 3_600_000
/** Disks are asked piece by piece: 468 cameras store 5,600 files in this time. */
const ASKED_AT_ONCE_MS = 2 * 3_600_000
/** What is older than this without being known is for `mapwall recordings rebuild`. */
const MOST_MISSED_MS = 31 * 86_400_000
const DEFAULT_KEEP_DAYS = 15

export type RecordingsDeps = {
  store: RecordingStore
  plane: MediaPlane
  clock: Clock
  clockGuard: Pick<ClockGuard, 'mayExpire' | 'freeze'>
  log: Log
  quotaBytes: number | undefined
  isCamera(cameraId: CameraId): boolean
  listStatuses(cameraId: CameraId, range: TimeRange): Promise<readonly StatusInterval[]>
  isLocked(cameraId: CameraId, range: TimeRange): boolean
  /** Ranges that are locked now. */
  listLocked(): readonly CameraRange[]
}
/** A stretch of one camera. */
export type CameraRange = TimeRange & { cameraId: CameraId }

export function createRecordings({ store: database, plane, clock, clockGuard, log, quotaBytes, isCamera, listStatuses, isLocked, listLocked }: RecordingsDeps) {
  const store = withSegmentCache(database)
  /** Policies in force, and all there ever were: few, and asked for by every timeline. */
  const policies = new Map<CameraId, PolicyInterval>()
  let history: ReadonlyMap<CameraId, readonly PolicyInterval[]> = new Map()
  /** The growing segment of each camera, as last told. */
  const growing = new Map<CameraId, RecordedSegment>()
  const toIndex = new Map<string, RecordedSegment>()
  const problems = new Map<CameraId, ProblemInterval>()
  let told = ''
  /** The index knows of everything on the disks. */
  let isInStep = true
  let steppingIn: Promise<void> | undefined
  let mediaAwaySinceAt: Instant | undefined
  let isClosed = false
  let indexing: Promise<void> = Promise.resolve()
  const retention = createRetention({
    store,
    plane,
    clock,
    clockGuard,
    log,
    quotaBytes,
    keepDaysOf: (cameraId) => policies.get(cameraId)?.keepDays ?? DEFAULT_KEEP_DAYS,
    isLocked,
  })
  const storage = createStorage({
    store,
    plane,
    clock,
    quotaBytes,
    policyOf: (cameraId) => policies.get(cameraId) ?? { mode: 'off', keepDays: DEFAULT_KEEP_DAYS },
    listPolicyCameras: () => [...history.keys()],
    historyOf,
    knownUntil,
    listWaiting: ({ fromAt, toAt }) => waiting().filter((segment) => segment.fromAt < toAt && segment.toAt > fromAt),
    sumLocked: async () => (await bytesIn(listLocked())).reduce((sum, bytes) => sum + bytes, 0),
  })
  const diskAlarms = createDiskAlarms({ plane, clock, log })
  const diskWatch = createDiskWatch({ store, plane, clock, log, changesWithinMs: COMING_BACK_MS })
  const timers = [clock.every(INDEX_EVERY_MS, () => void index()), clock.every(LOOK_EVERY_MS, () => void look())]
  plane.onEvent(onMediaEvent)

  function onMediaEvent(event: MediaEvent) {
    if (event.type === 'segment') onSegment(event.segment)
    else if (event.type === 'recordingProblem') onProblem(event)
    else if (event.type === 'link' && event.state === 'up') void onLinkUp()
    else if (event.type === 'link') onLinkLost(event.at)
  }

  function onSegment(segment: RecordedSegment) {
    const { cameraId, fromAt } = segment
    if (!segment.isClosed) {
      growing.set(cameraId, segment)
      return
    }
    if (growing.get(cameraId)?.fromAt === fromAt) growing.delete(cameraId)
    toIndex.set(`${cameraId}/${fromAt}`, segment)
  }

  function onProblem({ cameraId, problem, at }: Extract<MediaEvent, { type: 'recordingProblem' }>) {
    const last = problems.get(cameraId)
    const goesOn = last?.problem === problem && at - last.toAt < PROBLEM_GOES_ON_MS
    const stretch = goesOn ? { ...last, toAt: Math.max(last.toAt, at) } : { fromAt: at, toAt: at + 1_000, problem }
    problems.set(cameraId, stretch)
    store.putProblem(cameraId, stretch).catch((reason) => log.error({ reason, cameraId }, 'a recording problem could not be written down'))
  }

  function onLinkLost(at: Instant) {
    growing.clear()
    mediaAwaySinceAt ??= at
  }

  /** Streams take some seconds to come back; what is missing until then is our doing. */
  function onMediaBack() {
    if (mediaAwaySinceAt === undefined) return
    const stretch = { fromAt: mediaAwaySinceAt, toAt: clock.now() + COMING_BACK_MS, problem: 'media_away' as const }
    mediaAwaySinceAt = undefined
    store.putProblem(ALL_CAMERAS, stretch).catch((reason) => log.error({ reason }, 'a restart of the media process could not be written down'))
  }

  /** Writes what was closed; it waits here, and on the disk, while the database does not answer. */
  function index(): Promise<void> {
    indexing = indexing.then(async () => {
      const segments = [...toIndex]
      if (segments.length === 0) return
      try {
        await store.putSegments(segments.map(([, segment]) => segment))
        for (const [key, segment] of segments) if (toIndex.get(key) === segment) toIndex.delete(key)
      } catch (problem) {
        log.warn({ problem, segments: segments.length }, 'recordings could not be indexed; it is tried again')
      }
    })
    return indexing
  }

  async function onLinkUp() {
    told = ''
    onMediaBack()
    await attempt('the disks were not looked at', diskWatch.look)
    await attempt('media was not told what to record', tellPlan)
    isInStep = false
    await bringInStep()
  }

  /** Whatever fails is tried again in a minute, and keeps nothing else from being done. */
  async function attempt(what: string, work: () => Promise<void>) {
    await work().catch((problem: unknown) => log.warn({ problem }, what))
  }

  /** What was closed while nobody listened. One at a time: reading the disks takes its while. */
  function bringInStep(): Promise<void> {
    steppingIn ??= attempt('recordings were not brought in step with the disks', async () => {
      if (isInStep) return
      await index()
      const nowAt = clock.now()
      const newestAt = (await store.findNewestAt(nowAt)) ?? 0
      for (let fromAt = Math.max(newestAt - MISSED_MS, nowAt - MOST_MISSED_MS); fromAt <= nowAt; fromAt += ASKED_AT_ONCE_MS)
        await store.putSegments(await plane.listSegments({ fromAt, toAt: fromAt + ASKED_AT_ONCE_MS }))
      isInStep = true
    }).finally(() => (steppingIn = undefined))
    return steppingIn
  }

  function planNow(): RecordingPlan[] {
    const nowAt = clock.now()
    // all that are recorded at any hour: which of them give way must not depend on the hour
    const recorded = [...policies.values()].filter(({ mode }) => mode !== 'off')
    return degraded(recorded, diskWatch.degrade())
      .filter((policy) => isPlanned(policy, nowAt))
      .map(({ cameraId, profile }) => ({ cameraId, profile }))
  }

  async function tellPlan() {
    const plan = planNow()
    const text = JSON.stringify(plan)
    if (text === told || !plane.isUp()) return
    await plane.setRecordings(plan)
    told = text
  }

  async function look() {
    if (isClosed || !plane.isUp()) return
    await attempt('the disks were not looked at', diskWatch.look)
    await attempt('media was not told what to record', tellPlan)
    void bringInStep()
    await attempt('no room was made for recordings', retention.run)
  }

  async function readPolicies() {
    history = byCamera(await store.listPolicies())
    policies.clear()
    for (const own of history.values()) for (const policy of own) if (policy.toAt === null) policies.set(policy.cameraId, policy)
  }

  /** Policies of a camera that touch the range, oldest first. */
  function historyOf(cameraId: CameraId, { fromAt, toAt }: TimeRange): PolicyInterval[] {
    return (history.get(cameraId) ?? []).filter((policy) => policy.fromAt < toAt && (policy.toAt === null || policy.toAt > fromAt))
  }

  /** Stored, but not in the index yet. */
  const waiting = () => [...toIndex.values(), ...growing.values()]

  /** How far it can be known what is stored: of what grows, up to what was told last. */
  function knownUntil(cameraId: CameraId): Instant {
    const nowAt = clock.now()
    const grown = growing.get(cameraId)?.toAt
    return grown !== undefined && nowAt - grown < GROWS_WITHIN_MS ? Math.min(grown, nowAt) : nowAt
  }

  async function recordedIn(cameraId: CameraId, range: TimeRange): Promise<TimeRange[]> {
    const segments = await store.listRecordedIn(cameraId, range)
    return [...segments, ...waiting().filter((segment) => segment.cameraId === cameraId)]
      .filter(({ fromAt, toAt }) => fromAt < range.toAt && toAt > range.fromAt)
      .sort((a, b) => a.fromAt - b.fromAt)
  }

  /** Bytes stored in each of these ranges; of a file that is only partly in one, its share. */
  async function bytesIn(ranges: readonly CameraRange[]): Promise<number[]> {
    if (ranges.length === 0) return []
    const whole = { fromAt: Math.min(...ranges.map(({ fromAt }) => fromAt)), toAt: Math.max(...ranges.map(({ toAt }) => toAt)) }
    const sizes = [...(await store.listSizes([...new Set(ranges.map(({ cameraId }) => cameraId))], whole)), ...waiting()]
    return ranges.map((range) =>
      sizes
        .filter(({ cameraId }) => cameraId === range.cameraId)
        .flatMap((size) => clipRange(size, range).map((part) => (size.bytes * (part.toAt - part.fromAt)) / (size.toAt - size.fromAt)))
        .reduce((sum, bytes) => sum + Math.round(bytes), 0),
    )
  }

  async function timeline(cameraId: CameraId, range: TimeRange): Promise<Timeline> {
    const [segments, away, stored, statuses] = await Promise.all([
      recordedIn(cameraId, range),
      store.listAway(cameraId, range),
      store.listProblems(cameraId, range),
      listStatuses(cameraId, range),
    ])
    return timelineOf({
      cameraId,
      range,
      knownUntilAt: knownUntil(cameraId),
      nowAt: clock.now(),
      segments,
      policies: historyOf(cameraId, range),
      problems: [...away.map((each) => ({ ...each, problem: 'no_disk' as const })), ...stored],
      statuses,
    })
  }

  return {
    /** Something kept pictures of a camera from being stored. */
    noteProblem: store.putProblem,
    storage,
    listAlarms: diskAlarms.list,
    timeline,
    bytesIn,
    /** What of a camera lies in a range: how long, how large, and what is missing. */
    async clipSize(cameraId: CameraId, range: TimeRange): Promise<ClipSize> {
      const [{ recorded, gaps }, [bytes]] = await Promise.all([timeline(cameraId, range), bytesIn([{ cameraId, ...range }])])
      return { cameraId, recordedMs: lengthOf(recorded), bytes: bytes!, gaps }
    },
    /** Reads the policies; media is told when it is there. */
    async open(): Promise<void> {
      await readPolicies()
      await retention.open()
      if (plane.isUp()) return onLinkUp()
      mediaAwaySinceAt = clock.now() // both begin: what is missing until media is back is our doing as well
    },
    async days(cameraId: CameraId, range: TimeRange): Promise<RecordedDays> {
      const recorded = joinRanges(await recordedIn(cameraId, range), 0)
      const days = daysIn(range).map((day) => ({
        ...day,
        recordedMs: lengthOf(recorded.flatMap((each) => clipRange(each, day))),
      }))
      return { days: days.filter(({ recordedMs }) => recordedMs > 0) }
    },
    listPolicies: (): RecordingPolicy[] =>
      [...policies.values()].map(({ cameraId, mode, schedule, profile, keepDays }) => ({ cameraId, mode, schedule, profile, keepDays })),
    /** In force from now on, for all of these cameras. Throws `not_found` for one that is none of ours; then nothing is changed. */
    async setPolicy({ cameraIds, ...policy }: SetRecordingPolicy, fromAt: Instant = clock.now()): Promise<void> {
      const foreign = cameraIds.find((cameraId) => !isCamera(cameraId))
      if (foreign !== undefined) throw new AppError('not_found', `there is no camera ${foreign}`)
      const next = cameraIds.map((cameraId) => ({ cameraId, fromAt, ...policy }))
      await store.putPolicies(next)
      await readPolicies()
      await tellPlan()
    },
    index,
    /** For the commands at the machine that hold the index against the disks. */
    listIndex: store.listIndex,
    changeIndex: (change: IndexChange): Promise<void> => changeIndex(store, change),
    async close(): Promise<void> {
      isClosed = true
      for (const timer of timers) timer.cancel()
      diskAlarms.close()
      await index()
    },
  }
}
export type Recordings = ReturnType<typeof createRecordings>
