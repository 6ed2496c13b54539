/** What is stored of the cameras asked for last, so that moving over a timeline asks the database once: 15 days of nine cameras are 19,000 files. */
import type { CameraId } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { RecordingStore } from './store.ts'

/** Some pages of nine; a camera takes 100 KB for 15 days. */
const MAX_CAMERAS = 128
const EVER: TimeRange = { fromAt: 0, toAt: Number.MAX_SAFE_INTEGER }

/** The same store; what changes a camera's rows forgets what was remembered of it. */
export function withSegmentCache(store: RecordingStore): RecordingStore {
  const known = new Map<CameraId, Promise<TimeRange[]>>()

  function load(cameraId: CameraId): Promise<TimeRange[]> {
    const found = known.get(cameraId) ?? store.listSegments(cameraId, EVER)
    known.delete(cameraId)
    known.set(cameraId, found)
    found.catch(() => known.delete(cameraId))
    if (known.size > MAX_CAMERAS) known.delete(known.keys().next().value!)
    return found
  }
  function forget(rows: readonly { cameraId: CameraId }[]) {
    for (const { cameraId } of rows) known.delete(cameraId)
  }

  return {
    ...store,
    async listSegments(cameraId, range) {
      const segments = await load(cameraId)
      return segments.filter(({ fromAt, toAt }) => fromAt < range.toAt && toAt > range.fromAt)
    },
    async putSegments(rows) {
      await store.putSegments(rows).finally(() => forget(rows))
    },
    async removeSegments(rows) {
      await store.removeSegments(rows).finally(() => forget(rows))
    },
  }
}
