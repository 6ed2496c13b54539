/**
 * Takes old recordings away (R-STORE-3): what is older than its policy keeps it, and the oldest of all when a disk is nearly full or over its quota.
 *
 * A clock that jumps must not empty the disks: after a step, or a start long after the newest recording, nothing is deleted for its age for a day.
 * Files go first, rows after them: a full disk may refuse even a DELETE.
 */
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { DiskStatus, MediaPlane } from '../../media/plane.ts'
import type { IndexedSegment, RecordingStore } from './store.ts'

const DAY_MS = 86_400_000
/** A disk this full loses its oldest recordings, until it is below again by a little. */
const FULL_RATE = 0.95
const RELIEVED_RATE = 0.94
/** Taken away in one go; the next look follows within a minute. */
const MAX_FILES = 500
/** More than this between two looks is a clock that was set. */
const CLOCK_STEP_MS = 60_000
/** A start so long after the newest recording may be a wrong clock. */
const LONG_AWAY_MS = 3 * DAY_MS
const FREEZE_MS = DAY_MS

export type RetentionDeps = {
  store: RecordingStore
  plane: Pick<MediaPlane, 'listDisks' | 'removeSegments'>
  clock: Clock
  log: Log
  /** For all disks together; undefined: as much as the disks hold. */
  quotaBytes: number | undefined
  keepDaysOf(cameraId: CameraId): number
  /** Must be kept whatever its age: a lock touches it. */
  isLocked(segment: IndexedSegment): boolean
}

export function createRetention({ store, plane, clock, log, quotaBytes, keepDaysOf, isLocked }: RetentionDeps) {
  let offsetMs = clock.now() - clock.monotonicMs()
  let frozenUntilMs = Number.NEGATIVE_INFINITY

  function freeze(why: string) {
    frozenUntilMs = clock.monotonicMs() + FREEZE_MS
    log.warn({ why }, 'recordings are not deleted for their age for a day')
  }

  function watchClock() {
    const nowOffsetMs = clock.now() - clock.monotonicMs()
    if (Math.abs(nowOffsetMs - offsetMs) > CLOCK_STEP_MS) freeze(`the clock was set by ${Math.round((nowOffsetMs - offsetMs) / 1000)} s`)
    offsetMs = nowOffsetMs
  }

  async function remove(segments: readonly IndexedSegment[]): Promise<number> {
    const gone = new Set((await plane.removeSegments(segments.map(({ diskId, path }) => ({ diskId, path })))).map(({ diskId, path }) => `${diskId}/${path}`))
    const removed = segments.filter(({ diskId, path }) => gone.has(`${diskId}/${path}`))
    await store.removeSegments(removed)
    return removed.length
  }

  async function relieve(disk: DiskStatus & { diskId: string }, shareBytes: number | undefined): Promise<void> {
    const nowAt = clock.now()
    const used = disk.totalBytes > 0 ? 1 - disk.freeBytes / disk.totalBytes : 0
    const overFull = used >= FULL_RATE ? disk.totalBytes * (used - RELIEVED_RATE) : 0
    const overQuota = shareBytes === undefined ? 0 : (await store.sumBytes(disk.diskId)) - shareBytes
    let mustFree = Math.max(overFull, overQuota)
    const mayAge = clock.monotonicMs() >= frozenUntilMs
    const chosen: IndexedSegment[] = []
    for (const segment of await store.listOldest(disk.diskId, nowAt, MAX_FILES)) {
      if (isLocked(segment)) continue
      const isOld = mayAge && nowAt - segment.toAt > keepDaysOf(segment.cameraId) * DAY_MS
      if (!isOld && mustFree <= 0) continue
      chosen.push(segment)
      mustFree -= segment.bytes
    }
    if (chosen.length === 0) return
    const removed = await remove(chosen)
    log.info({ diskId: disk.diskId, removed, oldestAt: chosen[0]!.fromAt }, 'old recordings were deleted')
  }

  return {
    async open(): Promise<void> {
      const newestAt: Instant | undefined = await store.findNewestAt()
      if (newestAt !== undefined && clock.now() - newestAt > LONG_AWAY_MS) freeze(`the newest recording is from ${new Date(newestAt).toISOString()}`)
    },
    /** One look at every disk. */
    async run(): Promise<void> {
      watchClock()
      const disks = (await plane.listDisks()).filter((disk): disk is DiskStatus & { diskId: string } => disk.diskId !== null && disk.state !== 'missing')
      const shareBytes = quotaBytes === undefined ? undefined : quotaBytes / Math.max(1, disks.length)
      for (const disk of disks) await relieve(disk, shareBytes)
    },
  }
}
