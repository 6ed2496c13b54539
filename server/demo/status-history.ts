/**
 * Thirty days of made-up states for a new demo, so that the map's look back, the stations' online rates and each camera's history have something to show.
 * Same seed, same month. Every detail says that it is made up; whoever starts a demo with `DEMO_PAST=0` has none of it.
 */
import type { CameraId, Instant, StationId } from '../contract/ids.ts'
import type { TimeRange } from '../contract/recordings.ts'
import { type CameraStatus, type FailureCause, MAP_PAST_MS } from '../contract/status.ts'
import { pick } from './camera-places.ts'
import { createRandom, type Random } from './seeded.ts'

export type HistoryRow = { camera_id: CameraId; from_at: Instant; to_at: Instant; status: CameraStatus; cause: FailureCause | null; detail: string | null }
export type HistoryCamera = { cameraId: CameraId; stationId: StationId; switchName: string | null }

type Trouble = TimeRange & { status: CameraStatus; cause: FailureCause; detail: string }

export type HistoryPlan = {
  cameras: readonly HistoryCamera[]
  nowAt: Instant
  /** What must be so, because recordings show it; these cameras have no other trouble from `quietFromAt` on. */
  recorded: { cameraIds: readonly CameraId[]; quietFromAt: Instant; outages: readonly (TimeRange & { cameraId: CameraId })[] }
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const SEED = 468
/** A little more than the map looks back. */
const LENGTH_MS = MAP_PAST_MS + DAY_MS
/** What is going on now is the simulator's. */
const QUIET_END_MS = 15 * MINUTE_MS
const RESTARTS = 2
const SWITCH_OUTAGES = 9
const SINGLES_A_DAY = 16
const FLAPPING_CAMERAS = 6
/** By the order of the demo's stations: some are well cared for, some are not. */
const troublesOfStation = [1, 1, 2, 1, 1, 3, 1, 6, 2, 4]

const singles: readonly Omit<Trouble, 'fromAt' | 'toAt'>[] = [
  { status: 'offline', cause: 'unreachable', detail: 'EHOSTUNREACH（演示）' },
  { status: 'offline', cause: 'unreachable', detail: 'ECONNREFUSED（演示）' },
  { status: 'offline', cause: 'unreachable', detail: 'ETIMEDOUT（演示）' },
  { status: 'offline', cause: 'silent', detail: '（演示）' },
  { status: 'offline', cause: 'refused_login', detail: 'RTSP 401（演示）' },
  { status: 'degraded', cause: 'frozen', detail: '（演示）' },
  { status: 'degraded', cause: 'packet_loss', detail: '3 %（演示）' },
  { status: 'degraded', cause: 'black', detail: '（演示）' },
]

/** Of every camera without a gap from the beginning to now; nothing overlaps. */
export function planHistory({ cameras, nowAt, recorded }: HistoryPlan): HistoryRow[] {
  const random = createRandom(SEED)
  const startAt = nowAt - LENGTH_MS
  const endAt = nowAt - QUIET_END_MS
  const isRecorded = new Set(recorded.cameraIds)
  const troubles = new Map<CameraId, Trouble[]>(cameras.map(({ cameraId }) => [cameraId, []]))

  /** Where nothing else is; what came first stays. */
  function add(cameraId: CameraId, trouble: Trouble) {
    const own = troubles.get(cameraId)
    const isFree = own?.every(({ fromAt, toAt }) => trouble.toAt <= fromAt - MINUTE_MS || trouble.fromAt >= toAt + MINUTE_MS)
    const isAllowed = trouble.fromAt > startAt && trouble.toAt < (isRecorded.has(cameraId) ? Math.min(endAt, recorded.quietFromAt) : endAt)
    if (isFree && isAllowed) own!.push(trouble)
  }

  for (const { cameraId, ...range } of recorded.outages) troubles.get(cameraId)?.push({ ...range, ...singles[1]! })
  for (const restart of restarts(random, nowAt)) for (const { cameraId } of cameras) add(cameraId, restart)
  for (const { switchName, trouble } of switchOutages(random, cameras, startAt)) {
    for (const camera of cameras)
      if (camera.switchName === switchName) add(camera.cameraId, { ...trouble, fromAt: trouble.fromAt + Math.floor(random() * 8_000) })
  }
  const weighted = byWeight(cameras)
  for (let i = 0; i < SINGLES_A_DAY * (LENGTH_MS / DAY_MS); i++) add(pick(random, weighted).cameraId, single(random, startAt))
  const wireless = cameras.filter(({ switchName }) => switchName === null)
  for (let i = 0; i < FLAPPING_CAMERAS && wireless.length > 0; i++) {
    const { cameraId } = pick(random, wireless)
    for (const trouble of flapping(random, startAt)) add(cameraId, trouble)
  }

  return cameras.flatMap(({ cameraId }) => rowsOf(cameraId, troubles.get(cameraId)!, { fromAt: startAt, toAt: nowAt }))
}

/** Ours, at night: every camera is unknown for some minutes, and none is to blame. */
function* restarts(random: Random, nowAt: Instant): Generator<Trouble> {
  for (let i = 1; i <= RESTARTS; i++) {
    const night = new Date(nowAt - i * 11 * DAY_MS)
    night.setHours(3, 20, 0, 0)
    const fromAt = night.getTime()
    yield { fromAt, toAt: fromAt + (2 + Math.floor(random() * 4)) * MINUTE_MS, status: 'unknown', cause: 'not_probed_yet', detail: '（演示）' }
  }
}

function* switchOutages(random: Random, cameras: readonly HistoryCamera[], startAt: Instant) {
  const names = [...new Set(cameras.flatMap(({ switchName }) => switchName ?? []))]
  for (let i = 0; i < SWITCH_OUTAGES && names.length > 0; i++) {
    const fromAt = Math.floor(startAt + ((i + random()) / SWITCH_OUTAGES) * LENGTH_MS)
    const toAt = fromAt + Math.floor((0.3 + random() * random() * 7) * HOUR_MS)
    yield { switchName: pick(random, names), trouble: { fromAt, toAt, ...singles[0]! } }
  }
}

/** Most are short, a few wait for somebody to come. */
function single(random: Random, startAt: Instant): Trouble {
  const fromAt = Math.floor(startAt + random() * LENGTH_MS)
  return { fromAt, toAt: fromAt + Math.floor(4 * MINUTE_MS + random() ** 4 * 40 * HOUR_MS), ...pick(random, singles) }
}

/** A bad radio link: some minutes, again and again. */
function* flapping(random: Random, startAt: Instant): Generator<Trouble> {
  for (let at = startAt + random() * DAY_MS; at < startAt + LENGTH_MS; at += (1 + random() * 7) * HOUR_MS) {
    const fromAt = Math.floor(at)
    yield { fromAt, toAt: fromAt + Math.floor((2 + random() * 14) * MINUTE_MS), ...singles[2]! }
  }
}

function byWeight(cameras: readonly HistoryCamera[]): HistoryCamera[] {
  const stationIds = [...new Set(cameras.map(({ stationId }) => stationId))]
  return cameras.flatMap((camera) => Array.from({ length: troublesOfStation[stationIds.indexOf(camera.stationId)] ?? 1 }, () => camera))
}

/** The troubles and the good time between them. */
function rowsOf(cameraId: CameraId, troubles: Trouble[], { fromAt, toAt }: TimeRange): HistoryRow[] {
  const rows: HistoryRow[] = []
  let at = fromAt
  const well = (until: Instant) => rows.push({ camera_id: cameraId, from_at: at, to_at: until, status: 'online', cause: null, detail: null })
  for (const trouble of troubles.sort((a, b) => a.fromAt - b.fromAt)) {
    well(trouble.fromAt)
    rows.push({ camera_id: cameraId, from_at: trouble.fromAt, to_at: trouble.toAt, status: trouble.status, cause: trouble.cause, detail: trouble.detail })
    at = trouble.toAt
  }
  well(toAt)
  return rows
}
