/** Starts a camera's stream while somebody still hovers over it, so that the click finds it running. */
import type { CameraId, Profile } from '../../../server/contract/ids.ts'
import { mediaApi } from '../../../server/contract/media.ts'
import { ApiError, call } from '../../base/api.ts'
import { usualProfile } from './usual-profile.ts'

const hoverMs = 150
const againMs = 10_000
const keptCameras = 200

/** `send` is asked at most once per camera in 10 s, and only when the pointer has rested for 150 ms. */
export function createWarmer(send: (cameraId: CameraId, profile: Profile) => void, nowMs: () => number = () => performance.now()) {
  const sentAtMs = new Map<CameraId, number>()
  let timer: ReturnType<typeof setTimeout> | undefined

  return function warm(cameraId: CameraId | null, profile: Profile = usualProfile()) {
    clearTimeout(timer)
    if (cameraId === null) return
    timer = setTimeout(() => {
      const last = sentAtMs.get(cameraId)
      if (last !== undefined && nowMs() - last < againMs) return
      sentAtMs.delete(cameraId)
      sentAtMs.set(cameraId, nowMs())
      const oldest = sentAtMs.keys().next().value
      if (sentAtMs.size > keptCameras && oldest !== undefined) sentAtMs.delete(oldest)
      send(cameraId, profile)
    }, hoverMs)
  }
}

/** Called on hover with the camera under the pointer; null when it left. */
export const warmCamera = createWarmer((cameraId, profile) => {
  call(mediaApi.warm, { params: { cameraId }, body: { profile } }).catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error // a refusal costs only the head start; the click will say why
  })
})
