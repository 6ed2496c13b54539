/**
 * What is stored of the cameras asked for last, so that moving over a timeline asks the database once: 15 days of nine cameras are 19,000 files.
 * Cameras asked for while the database answers are asked for together; a file that was closed is added to what is known, not read again. What lies on
 * disks that are away is left out of every answer: it cannot be played now.
 */
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import { FILE_SEAM_MS, type RecordingStore } from './store.ts'

/** Some pages of nine; a camera takes a few KB for 15 days, 100 KB when it never stays. */
const MAX_CAMERAS = 128

type Batch = { cameraIds: CameraId[]; answer: Promise<ReadonlyMap<CameraId, TimeRange[]>> }
type Known = { ranges: Promise<TimeRange[]>; readRanges: TimeRange[] | undefined }

/** The same store; what changes a camera's rows changes, or forgets, what was remembered of it. */
export function withSegmentCache(store: RecordingStore) {
  const known = new Map<CameraId, Known>()
  let next: Batch | undefined
  let reading: Promise<unknown> = Promise.resolve()
  let awayDisks: readonly string[] = []

  /** With all others that are asked for before the database is free. */
  function read(cameraId: CameraId): Promise<TimeRange[]> {
    next ??= beginBatch()
    next.cameraIds.push(cameraId)
    return next.answer.then((answer) => answer.get(cameraId) ?? [])
  }
  function beginBatch(): Batch {
    const cameraIds: CameraId[] = []
    const answer = reading.then(() => {
      next = undefined
      return store.listRecorded(cameraIds, awayDisks)
    })
    reading = answer.catch(() => undefined) // told to those who asked
    return { cameraIds, answer }
  }

  function load(cameraId: CameraId): Known {
    const own = known.get(cameraId) ?? begin(cameraId)
    known.delete(cameraId)
    known.set(cameraId, own)
    if (known.size > MAX_CAMERAS) known.delete(known.keys().next().value!)
    return own
  }
  function begin(cameraId: CameraId): Known {
    const own: Known = { ranges: read(cameraId), readRanges: undefined }
    own.ranges.then(
      (ranges) => (own.readRanges = ranges),
      () => known.get(cameraId) === own && known.delete(cameraId),
    )
    return own
  }

  /** Nearly always the file that follows the newest; anything else is read again when it is asked for. */
  function add({ cameraId, fromAt, toAt }: TimeRange & { cameraId: CameraId }) {
    const ranges = known.get(cameraId)?.readRanges
    const last = ranges?.at(-1)
    if (!ranges || (last && (fromAt < last.fromAt || toAt < last.toAt))) known.delete(cameraId)
    else if (last && fromAt - last.toAt <= FILE_SEAM_MS) ranges[ranges.length - 1] = { fromAt: last.fromAt, toAt }
    else ranges.push({ fromAt, toAt })
  }

  return {
    ...store,
    /** Disks came, or went. */
    setAwayDisks(diskIds: readonly string[]) {
      awayDisks = diskIds
      known.clear()
    },
    listSizes: (cameraIds: readonly CameraId[], range: TimeRange) => store.listSizes(cameraIds, range, awayDisks),
    sumByCamera: (sinceAt: Instant) => store.sumByCamera(sinceAt, awayDisks),
    sumRecorded: (range: TimeRange) => store.sumRecorded(range, awayDisks),
    listAway: async (cameraId: CameraId, range: TimeRange) => (awayDisks.length === 0 ? [] : store.listAway(cameraId, range, awayDisks)),
    /** Ranges that touch this one, oldest first; whole, as far as they reach. */
    async listRecordedIn(cameraId: CameraId, range: TimeRange): Promise<TimeRange[]> {
      const ranges = await load(cameraId).ranges
      return ranges.filter(({ fromAt, toAt }) => fromAt < range.toAt && toAt > range.fromAt)
    },
    async putSegments(rows: Parameters<RecordingStore['putSegments']>[0]): Promise<void> {
      try {
        await store.putSegments(rows)
        rows.forEach(add)
      } catch (problem) {
        for (const { cameraId } of rows) known.delete(cameraId) // some may have been written
        throw problem
      }
    },
    async removeSegments(rows: Parameters<RecordingStore['removeSegments']>[0]): Promise<void> {
      await store.removeSegments(rows).finally(() => {
        for (const { cameraId } of rows) known.delete(cameraId)
      })
    },
  }
}
