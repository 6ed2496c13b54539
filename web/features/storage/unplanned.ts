/** Wired cameras of which nothing is to be recorded. Pure. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import type { RecordingMode } from '../../../server/contract/recordings.ts'

/** R-STORE-1: what wired cameras record is kept centrally for so long at least. */
export const wiredKeepDays = 15

export type Unplanned = {
  cameraIds: readonly CameraId[]
  /** So many of them were set not to be recorded; the others were never set at all. */
  off: number
}

/** `modeOf`: undefined for a camera that never had a policy. What is out of service by agreement is left out. */
export function unplannedOf(points: Iterable<CameraPoint>, modeOf: (cameraId: CameraId) => RecordingMode | undefined): Unplanned {
  const found = [...points].filter(({ cameraId, link, state }) => link === 'wired' && state.status !== 'suspended' && (modeOf(cameraId) ?? 'off') === 'off')
  return { cameraIds: found.map(({ cameraId }) => cameraId), off: found.filter(({ cameraId }) => modeOf(cameraId) === 'off').length }
}
