/** What the disks hold, for how long, and how much of each camera's day is there (R-STORE, R-SLA). */
import type { Clock } from '../../base/clock.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { StorageDisk, StorageReply, StoredCamera, StoredDays } from '../../contract/storage.ts'
import type { DiskStatus, MediaPlane } from '../../media/plane.ts'
import { clipRange, lengthOf } from './ranges.ts'
import { byCamera } from './by-camera.ts'
import { diskFacts } from './disk-alarms.ts'
import { FULL_RATE } from './retention.ts'
import { type PolicyInterval, type RecordingStore, type StoredSum } from './store.ts'
import { daysIn, plannedRanges } from './week.ts'

const DAY_MS = 86_400_000
/** The whole index is added up at most so often. */
const FRESH_MS = 60_000
/** A day that is over changes only when old recordings go or an index is made again. */
const DAY_FRESH_MS = 10 * 60_000

export type StorageDeps = {
  store: RecordingStore
  plane: Pick<MediaPlane, 'listDisks' | 'isUp'>
  clock: Clock
  quotaBytes: number | undefined
  policyOf(cameraId: CameraId): Pick<PolicyInterval, 'mode' | 'keepDays'>
  listPolicyCameras(): readonly CameraId[]
  historyOf(cameraId: CameraId, range: TimeRange): readonly PolicyInterval[]
  /** How far it can be known what is stored of a camera. */
  knownUntil(cameraId: CameraId): Instant
  /** Stored, but not in the index yet. */
  listWaiting(range: TimeRange): readonly (TimeRange & { cameraId: CameraId })[]
  sumLocked(): Promise<number>
}

export function createStorage({ store, plane, clock, quotaBytes, policyOf, listPolicyCameras, historyOf, knownUntil, listWaiting, sumLocked }: StorageDeps) {
  let latest: { atMs: number; reply: Promise<StorageReply> } | undefined
  const days = new Map<Instant, { atMs: number; recorded: Promise<Map<CameraId, number>> }>()

  function camerasOf(sums: readonly StoredSum[], nowAt: Instant): StoredCamera[] {
    const stored = new Map(sums.map((sum) => [sum.cameraId, sum]))
    return [...new Set([...listPolicyCameras(), ...stored.keys()])].map((cameraId) => {
      const sum = stored.get(cameraId)
      const { mode, keepDays } = policyOf(cameraId)
      const own = historyOf(cameraId, { fromAt: 0, toAt: nowAt + 1 })
      const since = own.slice(own.findLastIndex((policy) => policy.mode === 'off') + 1)
      const sinceAt = since[0]?.fromAt ?? null
      const kept = { fromAt: Math.max(sinceAt ?? nowAt, nowAt - keepDays * DAY_MS), toAt: nowAt }
      const planned = since.flatMap((policy) => plannedRanges(policy, kept, nowAt))
      return {
        cameraId,
        mode,
        keepDays,
        sinceAt,
        dueFromAt: planned.length === 0 ? null : Math.min(...planned.map(({ fromAt }) => fromAt)),
        oldestAt: sum?.oldestAt ?? null,
        newestAt: sum?.newestAt ?? null,
        bytes: sum?.bytes ?? 0,
        dayBytes: sum ? Math.round((sum.newBytes * DAY_MS) / Math.min(DAY_MS, Math.max(nowAt - sum.oldestAt, 60_000))) : 0,
      }
    })
  }

  async function diskOf(disk: DiskStatus): Promise<StorageDisk> {
    return {
      diskId: disk.diskId,
      ...diskFacts(disk),
      detail: disk.detail,
      totalBytes: disk.totalBytes,
      freeBytes: disk.freeBytes,
      recordedBytes: disk.diskId === null ? 0 : await store.sumBytes(disk.diskId),
    }
  }

  async function look(): Promise<StorageReply> {
    const nowAt = clock.now()
    const [sums, disks, lockedBytes] = await Promise.all([
      store.sumByCamera(nowAt - DAY_MS),
      plane.isUp() ? plane.listDisks().then((list) => Promise.all(list.map(diskOf))) : null,
      sumLocked(),
    ])
    const cameras = camerasOf(sums, nowAt)
    const sum = (of: (camera: StoredCamera) => number) => cameras.reduce((total, camera) => total + of(camera), 0)
    const recordedBytes = sum(({ bytes }) => bytes)
    const dayBytes = sum((camera) => camera.dayBytes)
    const roomBytes = roomOf(disks, recordedBytes)
    const isEnough = roomBytes !== null && recordedBytes + roomBytes >= sum((camera) => camera.dayBytes * camera.keepDays) + lockedBytes
    return {
      at: nowAt,
      disks,
      quotaBytes: quotaBytes ?? null,
      recordedBytes,
      lockedBytes,
      roomBytes,
      dayBytes,
      fullAt: roomBytes === null || isEnough || dayBytes === 0 ? null : nowAt + Math.round((roomBytes / dayBytes) * DAY_MS),
      holdsDays: roomBytes === null || dayBytes === 0 ? null : (recordedBytes + roomBytes) / dayBytes,
      cameras,
    }
  }

  /** Bytes until the oldest must go for want of room. */
  function roomOf(disks: readonly StorageDisk[] | null, recordedBytes: number): number | null {
    if (disks === null) return null
    const onDisks = disks
      .filter(({ state }) => state === 'ok' || state === 'full')
      .reduce((total, { totalBytes, freeBytes }) => total + Math.max(0, Math.round(freeBytes - totalBytes * (1 - FULL_RATE))), 0)
    return quotaBytes === undefined ? onDisks : Math.min(onDisks, Math.max(0, quotaBytes - recordedBytes))
  }

  function recordedOn(day: TimeRange): Promise<Map<CameraId, number>> {
    const isOver = day.toAt < clock.now() - DAY_MS / 24
    const known = days.get(day.fromAt)
    if (known && isOver && clock.monotonicMs() - known.atMs < DAY_FRESH_MS) return known.recorded
    const recorded = store.sumRecorded(day)
    days.set(day.fromAt, { atMs: clock.monotonicMs(), recorded })
    recorded.catch(() => days.delete(day.fromAt))
    return recorded
  }

  return {
    now(): Promise<StorageReply> {
      const nowMs = clock.monotonicMs()
      if (latest && nowMs - latest.atMs < FRESH_MS) return latest.reply
      const reply = look()
      latest = { atMs: nowMs, reply }
      reply.catch(() => (latest = undefined))
      return reply
    },
    /** What is to be recorded changed: what was added up before is not told any more. */
    forget() {
      latest = undefined
    },
    /** Planned and recorded milliseconds of each camera and local day, up to now. */
    async days(range: TimeRange): Promise<StoredDays> {
      const nowAt = clock.now()
      const wanted = daysIn(range).filter(({ fromAt }) => fromAt < nowAt)
      // one after the other: the embedded database has one thread, and others wait for it too
      const recorded: Map<CameraId, number>[] = []
      for (const day of wanted) recorded.push(await recordedOn(day))
      const waiting = byCamera(listWaiting(range))
      const cameraIds = new Set([...listPolicyCameras(), ...waiting.keys(), ...recorded.flatMap((each) => [...each.keys()])])
      const cameras = [...cameraIds].map((cameraId) => {
        const known = { fromAt: 0, toAt: knownUntil(cameraId) }
        const plannedMs = wanted.map((day) =>
          lengthOf(clipRange(day, known).flatMap((part) => historyOf(cameraId, part).flatMap((policy) => plannedRanges(policy, part, nowAt)))),
        )
        const recordedMs = wanted.map((day, i) => {
          const stored = (recorded[i]!.get(cameraId) ?? 0) + lengthOf(waiting.get(cameraId)?.flatMap((each) => clipRange(each, day)))
          return Math.min(stored, plannedMs[i]! || day.toAt - day.fromAt)
        })
        return { cameraId, plannedMs, recordedMs }
      })
      return { days: wanted, cameras: cameras.filter(({ plannedMs, recordedMs }) => [...plannedMs, ...recordedMs].some((ms) => ms > 0)) }
    },
  }
}

export type Storage = ReturnType<typeof createStorage>
