/**
 * What lies on the recording disks, read from the disks: the one truth about recordings (R-RECOVER). Folders and names say camera and time, so a
 * range is found by reading directories only; the database's table is an index of this, made again from it at any time.
 */
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'

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
