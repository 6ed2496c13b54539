/**
 * What leaves the screen as a file the page itself makes (R-SEC-3): stills of a picture, the map as a picture, tables of cameras. The page says so before the
 * file is saved and saves nothing when it is refused; each act has the permission and the area of what is taken, and its line in the audit log.
 */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant, LonLat } from './ids.ts'

export const MAX_TABLE_CAMERAS = 10_000

const ofCamera = z.object({ cameraId: CameraId })
/** When the frame on the screen was filmed. */
const Shown = z.object({ shownAt: Instant })
/** When the states on it were true; null: now. */
const pastAt = Instant.nullable()

export const takenApi = {
  snapshot: endpoint('POST /api/cameras/:cameraId/taken-live', {
    permission: 'camera.live',
    audit: 'taken.snapshot',
    params: ofCamera,
    body: Shown,
    reply: z.object({}),
  }),
  recordedSnapshot: endpoint('POST /api/cameras/:cameraId/taken-recorded', {
    permission: 'camera.playback',
    audit: 'taken.recordedSnapshot',
    params: ofCamera,
    body: Shown,
    reply: z.object({}),
  }),
  /** Places, addresses and states of these cameras. One that is not for this user: `not_found`, and nothing is taken. */
  cameraTable: endpoint('POST /api/taken/camera-table', {
    permission: 'camera.see',
    audit: 'taken.cameraTable',
    body: z.object({ cameraIds: z.array(CameraId).min(1).max(MAX_TABLE_CAMERAS), pastAt }),
    reply: z.object({}),
    maxBodyBytes: 512 * 1024,
  }),
  mapPicture: endpoint('POST /api/taken/map-picture', {
    permission: 'camera.see',
    audit: 'taken.mapPicture',
    body: z.object({ lonLat: LonLat, zoom: z.number().min(0).max(30), pastAt }),
    reply: z.object({}),
  }),
}
