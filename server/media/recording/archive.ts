/**
 * What lies on the recording disks, read from the disks: the one truth about recordings (R-RECOVER). Folders and names say camera and time, so a
 * range is found by reading directories only; the database's table is an index of this, made again from it at any time.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import { cameraFolder, dayOf, daysOf, isDay, parseSegmentName } from './segment-name.ts'

/** One file: `fromAt <= t < toAt`. */
export type StoredSegment = TimeRange & {
  cameraId: CameraId
  diskId: string
  /** Absolute path; may be renamed when an open segment is closed, which an open file handle survives. */
  file: string
  /** Still growing: `toAt` is how far it has come. */
  isOpen: boolean
}

export type Archive = {
  /** Segments of the camera that touch the range, oldest first, never overlapping. */
  list(cameraId: CameraId, range: TimeRange): Promise<StoredSegment[]>
  /** The segment that holds `at`, else the first one after it. */
  find(cameraId: CameraId, at: Instant): Promise<StoredSegment | undefined>
  /** The newest moment stored of the camera. */
  findEnd(cameraId: CameraId): Promise<Instant | undefined>
}

/** `canRead` is false for a disk that is away, broken, or another one than it was. */
export type ArchiveFolder = { folder: string; diskId: string | undefined; canRead: boolean }
type Listing = { changedMs: number; segments: StoredSegment[] }

/** Folders whose listing is remembered: a day of 468 cameras, and some days of a few. */
const MAX_LISTINGS = 1_000

/**
 * `findOpen` knows the segment of a camera that is being written. A folder that cannot be read holds nothing for now, whatever the reason: one broken
 * disk must not take the recordings of the others with it. `onUnreadable` is told.
 */
export function createArchive({
  disks,
  findOpen,
  onUnreadable = () => undefined,
}: {
  disks: readonly ArchiveFolder[]
  findOpen: (cameraId: CameraId) => Omit<StoredSegment, 'cameraId' | 'isOpen'> | undefined
  onUnreadable?: (folder: string, problem: NodeJS.ErrnoException) => void
}): Archive {
  const listings = new Map<string, Listing>()

  const unlessUnreadable = <T>(folder: string, reading: Promise<T>): Promise<T | undefined> =>
    reading.catch((problem: NodeJS.ErrnoException) => {
      if (problem.code !== 'ENOENT') onUnreadable(folder, problem)
      return undefined
    })

  async function listFolder(folder: string, diskId: string, cameraId: CameraId): Promise<StoredSegment[]> {
    const changedMs = (await unlessUnreadable(folder, stat(folder)))?.mtimeMs
    if (changedMs === undefined) return []
    const known = listings.get(folder)
    if (known?.changedMs === changedMs) return known.segments
    const names = await unlessUnreadable(folder, readdir(folder))
    if (!names) return []
    const segments = names.flatMap((name): StoredSegment[] => {
      const parsed = parseSegmentName(name)
      if (parsed?.durationMs === undefined) return []
      return [{ cameraId, diskId, file: join(folder, name), fromAt: parsed.startAt, toAt: parsed.startAt + parsed.durationMs, isOpen: false }]
    })
    listings.delete(folder)
    listings.set(folder, { changedMs, segments })
    for (const oldest of listings.keys()) {
      if (listings.size <= MAX_LISTINGS) break
      listings.delete(oldest)
    }
    return segments
  }

  async function listDay(cameraId: CameraId, day: string): Promise<StoredSegment[]> {
    const found = await Promise.all(
      disks.map(async ({ folder, diskId, canRead }) => (diskId && canRead ? listFolder(cameraFolder(folder, day, cameraId), diskId, cameraId) : [])),
    )
    return found.flat()
  }

  async function list(cameraId: CameraId, range: TimeRange): Promise<StoredSegment[]> {
    const found = (await Promise.all(daysOf(range).map((day) => listDay(cameraId, day)))).flat()
    const open = findOpen(cameraId)
    // closed in the meantime: then it is in the listing
    if (open && !found.some(({ fromAt }) => fromAt === open.fromAt)) found.push({ ...open, cameraId, isOpen: true })
    return found.filter(({ fromAt, toAt }) => fromAt < range.toAt && toAt > range.fromAt).sort((a, b) => a.fromAt - b.fromAt)
  }

  /** Days on any disk, oldest first. */
  async function listDays(): Promise<string[]> {
    const found = await Promise.all(disks.filter(({ canRead }) => canRead).map(({ folder }) => unlessUnreadable(folder, readdir(folder))))
    return [...new Set(found.flatMap((names) => names ?? []))].filter(isDay).sort()
  }

  async function find(cameraId: CameraId, at: Instant): Promise<StoredSegment | undefined> {
    const [now] = await list(cameraId, { fromAt: at, toAt: at + 1 })
    if (now) return now
    const today = dayOf(at)
    for (const day of (await listDays()).filter((each) => each >= today)) {
      const [next] = (await listDay(cameraId, day)).filter(({ fromAt }) => fromAt > at).sort((a, b) => a.fromAt - b.fromAt)
      if (next) return next
    }
    const open = findOpen(cameraId)
    return open && open.fromAt > at ? { ...open, cameraId, isOpen: true } : undefined
  }

  async function findEnd(cameraId: CameraId): Promise<Instant | undefined> {
    const open = findOpen(cameraId)
    if (open) return open.toAt
    for (const day of (await listDays()).toReversed()) {
      const ends = (await listDay(cameraId, day)).map(({ toAt }) => toAt)
      if (ends.length > 0) return Math.max(...ends)
    }
    return undefined
  }

  return { list, find, findEnd }
}
