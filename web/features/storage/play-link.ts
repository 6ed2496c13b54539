/** Where one camera's recording of a moment is played. */
import type { LocationQueryRaw } from 'vue-router'
import type { CameraId, Instant } from '../../../server/contract/ids.ts'

export const playLink = (cameraId: CameraId, at: Instant): { name: string; query: LocationQueryRaw } => ({
  name: 'playback',
  query: { cameras: cameraId, at: String(Math.round(at)) },
})
