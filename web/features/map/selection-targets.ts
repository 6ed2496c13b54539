/** Where a selection goes: the wall, playback at one time, a clip to download. */
import type { RouteLocationRaw } from 'vue-router'
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { maxCameras } from '../playback/query.ts'

/** The recorder writes a fragment every second or two: this far back there is a picture. */
export const newestBackMs = 15_000

export function wallOf(cameraIds: readonly CameraId[]): RouteLocationRaw {
  return { path: '/wall', query: { cameras: cameraIds.join(',') } }
}

/** The first nine: playback holds no more. */
export function playbackOf(cameraIds: readonly CameraId[], at: Instant): RouteLocationRaw {
  return { name: 'playback', query: { cameras: cameraIds.slice(0, maxCameras).join(','), at: String(Math.round(at)) } }
}

export function downloadOf(cameraIds: readonly CameraId[], { fromAt, toAt }: TimeRange): RouteLocationRaw {
  const range = { at: String(Math.round(fromAt)), from: String(Math.round(fromAt)), to: String(Math.round(toAt)) }
  return { name: 'playback', query: { cameras: cameraIds.slice(0, maxCameras).join(','), ...range } }
}
