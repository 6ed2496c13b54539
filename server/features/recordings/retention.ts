/**
 * Takes old recordings away (R-STORE-3): what is older than its policy keeps it, and the oldest of all when a disk is nearly full or over its quota.
 *
 * A clock that jumps must not empty the disks: after a step, or a start long after the newest recording, nothing is deleted for its age for a day.
 * Files go first, rows after them: a full disk may refuse even a DELETE.
 */
import type { Clock } from '../../base/clock.ts'
import type { ClockGuard } from '../../base/clock-guard.ts'
import type { Log } from '../../base/log.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { DiskStatus, MediaPlane } from '../../media/plane.ts'
import type { IndexedSegment, RecordingStore } from './store.ts'

const DAY_MS = 86_400_000
/** A disk this full loses its oldest recordings, until it is below again by a little. */
export const FULL_RATE = 0.95
const RELIEVED_RATE = 0.94
/** Taken away in one go; the next look follows within a minute. */
const MAX_FILES = 500
/** How often ages are looked at; room is looked at every time. */
const EXPIRE_EVERY_MS = 10 * 60_000
/** A start so long after the newest recording may be a wrong clock. */
const LONG_AWAY_MS = 3 * DAY_MS

export const usedRate = ({ totalBytes, freeBytes }: Pick<DiskStatus, 'totalBytes' | 'freeBytes'>): number => (totalBytes > 0 ? 1 - freeBytes / totalBytes : 0)

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

  /** What is older than its policy keeps it, of every camera. */
  async function expire(): Promise<void> {
    if (!clockGuard.mayExpire()) return
    const nowAt = clock.now()
    for (const cameraId of await store.listStoredCameras()) {
      const old = await store.listOlder(cameraId, nowAt - keepDaysOf(cameraId) * DAY_MS)
      await take(
        'older than their policy',
        old.filter((segment) => !isLocked(cameraId, segment)),
      )
    }
  }

  /** The oldest of a disk, whatever their age, until there is room for the pictures of now. */
  async function relieve(disk: DiskStatus & { diskId: string }, shareBytes: number | undefined): Promise<void> {
    const used = usedRate(disk)
    const overFull = used >= FULL_RATE ? disk.totalBytes * (used - RELIEVED_RATE) : 0
    const overQuota = shareBytes === undefined ? 0 : (await store.sumBytes(disk.diskId)) - shareBytes
    let mustFree = Math.max(overFull, overQuota)
    const chosen: IndexedSegment[] = []
    let last: IndexedSegment | undefined
    while (mustFree > 0 && chosen.length < MAX_FILES) {
      const page = await store.listOldest(disk.diskId, clock.now(), MAX_FILES, last)
      if (page.length === 0) break
      for (const segment of page) {
        if (mustFree <= 0) break
        if (isLocked(segment.cameraId, segment)) continue
        chosen.push(segment)
        mustFree -= segment.bytes
      }
      last = page.at(-1)
    }
    await take('no room', chosen)
  }

  async function take(why: string, segments: readonly IndexedSegment[]): Promise<void> {
    if (segments.length === 0) return
    const gone = new Set((await plane.removeSegments(segments.map(({ diskId, path }) => ({ diskId, path })))).map(({ diskId, path }) => `${diskId}/${path}`))
    const removed = segments.filter(({ diskId, path }) => gone.has(`${diskId}/${path}`))
    await store.removeSegments(removed)
    log.info({ why, chosen: segments.length, removed: removed.length, oldestAt: segments[0]!.fromAt }, 'old recordings were deleted')
  }

  return {
    async open(): Promise<void> {
      const newestAt: Instant | undefined = await store.findNewestAt()
      if (newestAt !== undefined && clock.now() - newestAt > LONG_AWAY_MS) clockGuard.freeze(`the newest recording is from ${new Date(newestAt).toISOString()}`)
    },
    /** One look at every disk. */
    async run(): Promise<void> {
      const disks = (await plane.listDisks()).filter((disk): disk is DiskStatus & { diskId: string } => disk.diskId !== null && disk.state !== 'missing')
      const shareBytes = quotaBytes === undefined ? undefined : quotaBytes / Math.max(1, disks.length)
      for (const disk of disks) await relieve(disk, shareBytes)
      if (clock.monotonicMs() - expiredAtMs < EXPIRE_EVERY_MS) return
      expiredAtMs = clock.monotonicMs()
      await expire()
    },
  }
}
