/**
 * Takes old recordings away (R-STORE-3): what is older than its policy keeps it, and the oldest of all when a disk is nearly full or over its quota.
 *
 * A clock that jumps must not empty the disks: after a step, or a start long after the newest recording, nothing is deleted for its age for a day,
 * and never more than some days' recordings in one.
 * Files go first, rows after them: a full disk may refuse even a DELETE.
 */
import type { Clock } from '../../base/clock.ts'
import type { ClockGuard } from '../../base/clock-guard.ts'
import type { Log } from '../../base/log.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { DiskStatus, MediaPlane } from '../../media/plane.ts'
import { lengthOf } from './ranges.ts'
import type { IndexedSegment, RecordingStore } from './store.ts'

const DAY_MS = 86_400_000
/** A disk this full loses its oldest recordings, until it is below again by a little. */
export const FULL_RATE = 0.95
const RELIEVED_RATE = 0.94
/** Taken away in one look; the next follows within a minute. */
const MAX_FILES = 500
/** Between two of these it is asked again what is locked. */
const FILES_AT_ONCE = 20
/**
 * The governor: of each camera so much is deleted for its age in a day, however old it seems to be. A day is what must go; the rest is for what waited. A clock
 * that stays wrong, or days set too low, is noticed before much is gone; what room needs is not bound by it.
 */
const AGED_MS_PER_DAY = 3 * DAY_MS
/** How often ages are looked at; room is looked at every time. */
const EXPIRE_EVERY_MS = 10 * 60_000
/** A start so long after the newest recording may be a wrong clock. */
const LONG_AWAY_MS = 3 * DAY_MS

export const usedRate = ({ totalBytes, freeBytes }: Pick<DiskStatus, 'totalBytes' | 'freeBytes'>): number => (totalBytes > 0 ? 1 - freeBytes / totalBytes : 0)

/** What lies on the disk can be played, and taken away. */
export const isReadable = (disk: DiskStatus): disk is DiskStatus & { diskId: string } => disk.diskId !== null && (disk.state === 'ok' || disk.state === 'full')

export type RetentionDeps = {
  store: RecordingStore
  plane: Pick<MediaPlane, 'listDisks' | 'removeSegments'>
  clock: Clock
  clockGuard: Pick<ClockGuard, 'mayExpire' | 'freeze'>
  log: Log
  /** For all disks together; undefined: as much as the disks hold. */
  quotaBytes: number | undefined
  keepDaysOf(cameraId: CameraId): number
  /** Must be kept whatever its age: a lock touches it. */
  isLocked(cameraId: CameraId, range: TimeRange): boolean
}

export function createRetention({ store, plane, clock, clockGuard, log, quotaBytes, keepDaysOf, isLocked }: RetentionDeps) {
  let expiredAtMs = Number.NEGATIVE_INFINITY
  /** What was deleted of each camera for its age since when, by the clock that nobody sets. */
  const aged = new Map<CameraId, { sinceMs: number; ms: number }>()

  const isFree = (segment: IndexedSegment) => !isLocked(segment.cameraId, segment)

  /** What is older than its policy keeps it, of every camera. */
  async function expire(diskIds: ReadonlySet<string>): Promise<void> {
    if (!clockGuard.mayExpire()) return
    for (const cameraId of await store.listStoredCameras()) {
      const before = aged.get(cameraId)
      const own = before && clock.monotonicMs() - before.sinceMs < DAY_MS ? before : { sinceMs: clock.monotonicMs(), ms: 0 }
      aged.set(cameraId, own)
      const chosen: IndexedSegment[] = []
      let leftMs = AGED_MS_PER_DAY - own.ms
      for await (const segment of oldOf(cameraId, clock.now() - keepDaysOf(cameraId) * DAY_MS)) {
        if (leftMs <= 0 || chosen.length >= MAX_FILES) break
        if (!diskIds.has(segment.diskId) || !isFree(segment)) continue
        chosen.push(segment)
        leftMs -= segment.toAt - segment.fromAt
      }
      own.ms += lengthOf(await take('older than their policy', chosen))
    }
  }

  async function* oldOf(cameraId: CameraId, beforeAt: Instant): AsyncGenerator<IndexedSegment> {
    let last: Instant | undefined
    for (;;) {
      const page = await store.listOlder(cameraId, beforeAt, MAX_FILES, last)
      yield* page
      if (page.length < MAX_FILES) return
      last = page.at(-1)!.fromAt
    }
  }

  /** The oldest on these disks, whatever their age, until so much room is made for the pictures of now. */
  async function relieve(why: string, diskIds: readonly string[], bytes: number): Promise<void> {
    if (bytes <= 0) return
    let mustFree = bytes
    const chosen: IndexedSegment[] = []
    for await (const segment of oldestOn(diskIds, clock.now())) {
      if (mustFree <= 0 || chosen.length >= MAX_FILES) break
      if (!isFree(segment)) continue
      chosen.push(segment)
      mustFree -= segment.bytes
    }
    await take(why, chosen)
  }

  /** Oldest first over all of them: each disk's own are read page by page. */
  async function* oldestOn(diskIds: readonly string[], beforeAt: Instant): AsyncGenerator<IndexedSegment> {
    const heads = await Promise.all(
      diskIds.map(async (diskId) => {
        const segments = oldestOf(diskId, beforeAt)
        return { segments, next: (await segments.next()).value as IndexedSegment | undefined }
      }),
    )
    for (;;) {
      const [oldest] = heads.filter(({ next }) => next !== undefined).sort((a, b) => a.next!.fromAt - b.next!.fromAt)
      if (!oldest) return
      yield oldest.next!
      oldest.next = (await oldest.segments.next()).value as IndexedSegment | undefined
    }
  }

  async function* oldestOf(diskId: string, beforeAt: Instant): AsyncGenerator<IndexedSegment, undefined> {
    let last: IndexedSegment | undefined
    for (;;) {
      const page = await store.listOldest(diskId, beforeAt, MAX_FILES, last)
      yield* page
      if (page.length < MAX_FILES) return undefined
      last = page.at(-1)
    }
  }

  /** Answers what is gone. */
  async function take(why: string, segments: readonly IndexedSegment[]): Promise<IndexedSegment[]> {
    const removed: IndexedSegment[] = []
    for (let at = 0; at < segments.length; at += FILES_AT_ONCE) {
      const batch = segments.slice(at, at + FILES_AT_ONCE).filter(isFree) // a lock may have been set in the meantime
      const gone = new Set((await plane.removeSegments(batch.map(({ diskId, path }) => ({ diskId, path })))).map(({ diskId, path }) => `${diskId}/${path}`))
      const without = batch.filter(({ diskId, path }) => gone.has(`${diskId}/${path}`))
      await store.removeSegments(without)
      removed.push(...without)
    }
    if (segments.length > 0) log.info({ why, chosen: segments.length, removed: removed.length, oldestAt: segments[0]!.fromAt }, 'old recordings were deleted')
    return removed
  }

  return {
    async open(): Promise<void> {
      const newestAt = await store.findNewestAt(clock.now())
      if (newestAt !== undefined && clock.now() - newestAt > LONG_AWAY_MS) clockGuard.freeze(`the newest recording is from ${new Date(newestAt).toISOString()}`)
    },
    /** One look at every disk. */
    async run(): Promise<void> {
      const disks = (await plane.listDisks()).filter(isReadable)
      for (const disk of disks) {
        const used = usedRate(disk)
        if (used >= FULL_RATE) await relieve('no room', [disk.diskId], disk.totalBytes * (used - RELIEVED_RATE))
      }
      const diskIds = disks.map(({ diskId }) => diskId)
      if (quotaBytes !== undefined) {
        const stored = await Promise.all(diskIds.map((diskId) => store.sumBytes(diskId)))
        await relieve('over the quota', diskIds, stored.reduce((sum, bytes) => sum + bytes, 0) - quotaBytes)
      }
      if (clock.monotonicMs() - expiredAtMs < EXPIRE_EVERY_MS) return
      expiredAtMs = clock.monotonicMs()
      await expire(new Set(diskIds))
    },
  }
}
