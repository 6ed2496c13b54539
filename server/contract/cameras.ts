/** Cameras as the map and the card show them (R-MAP, R-DOSSIER ground). */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant, LonLat, StationId } from './ids.ts'
import { CameraState } from './status.ts'

/** 小巷卡口, 治安乱点, 重点小区门口, 商城, 市场, 其他. */
export const Scene = z.enum(['alley', 'troubleSpot', 'residentialGate', 'mall', 'market', 'other'])
export type Scene = z.infer<typeof Scene>

export const Link = z.enum(['wired', 'wireless'])
export type Link = z.infer<typeof Link>

/** How a camera is reached: one folder in `server/drivers/` each. */
export const DriverName = z.enum(['rtsp'])
export type DriverName = z.infer<typeof DriverName>

/** The light form of a camera: all the map, the list and the search need. 468 of them are one answer of some 40 kB gzipped. */
export const CameraPoint = z.object({
  cameraId: CameraId,
  name: z.string(),
  /** Pinyin initials of the name, lower case, for search: 澄桥路口-03 → cqlk-03. */
  initials: z.string(),
  /** Number on the pole and its label (统一标识). */
  label: z.string(),
  address: z.string(),
  lonLat: LonLat,
  /** Where the camera looks: clockwise from north; opening angle; how far it can recognise. */
  headingDeg: z.number().min(0).lt(360),
  fovDeg: z.number().min(1).max(360),
  reachM: z.number().min(1).max(2000),
  stationId: StationId,
  scene: Scene,
  link: Link,
  hasSound: z.boolean(),
  hasPtz: z.boolean(),
  state: CameraState,
})
export type CameraPoint = z.infer<typeof CameraPoint>

/** The first form of the dossier (一机一档): basics for the card. Credentials never leave the server. */
export const Dossier = z.object({
  cameraId: CameraId,
  name: z.string(),
  label: z.string(),
  address: z.string(),
  stationId: StationId,
  stationName: z.string(),
  scene: Scene,
  link: Link,
  driver: DriverName,
  /** `rtsp://***@host:port`: for ops to know the box; no password and no query. */
  accessUrl: z.string(),
  vendor: z.string(),
  model: z.string(),
  mountHeightM: z.number().nullable(),
  switchName: z.string().nullable(),
  installedAt: Instant.nullable(),
  lastUpkeepAt: Instant.nullable(),
  originalLonLat: LonLat,
  originalCrs: z.string(),
})
export type Dossier = z.infer<typeof Dossier>

/** Where a camera stands and looks, as somebody sets it on the map (R-MAP-8). The reason is kept with the old place. */
export const PlaceCamera = z.object({
  lonLat: LonLat,
  headingDeg: z.number().min(0).lt(360),
  fovDeg: z.number().min(1).max(360),
  reachM: z.number().min(1).max(2000),
  reason: z.string().trim().min(1).max(200),
})
export type PlaceCamera = z.infer<typeof PlaceCamera>

/** One change of place or view: what it was before and after. */
export const CameraMove = z.object({
  moveId: z.uuid(),
  cameraId: CameraId,
  at: Instant,
  by: z.string(),
  reason: z.string(),
  from: PlaceCamera.omit({ reason: true }),
  to: PlaceCamera.omit({ reason: true }),
  /** As the crow flies. */
  movedM: z.number(),
})
export type CameraMove = z.infer<typeof CameraMove>

export const cameraApi = {
  /** Every camera this user may see, with its state now. `epoch`/`seq` say which push message comes next. */
  points: endpoint('GET /api/cameras', {
    permission: 'camera.see',
    reply: z.object({ epoch: z.string(), seq: z.number().int(), serverAt: Instant, points: z.array(CameraPoint) }),
  }),
  dossier: endpoint('GET /api/cameras/:cameraId/dossier', { permission: 'camera.see', params: z.object({ cameraId: CameraId }), reply: Dossier }),
  /**
   * The last picture seen, as an MP4 of exactly one key frame (any browser can decode it; no ffmpeg needed).
   * Header `x-still-at`: when it reached us, epoch ms. 204 without a body when none was ever seen.
   */
  still: endpoint('GET /api/cameras/:cameraId/still', {
    permission: 'camera.live',
    audit: 'camera.still',
    params: z.object({ cameraId: CameraId }),
    reply: 'bytes',
  }),
  place: endpoint('POST /api/cameras/:cameraId/place', {
    permission: 'camera.edit',
    audit: 'camera.place',
    params: z.object({ cameraId: CameraId }),
    body: PlaceCamera,
    reply: CameraMove,
  }),
  /** Newest first, 100 at most. */
  moves: endpoint('GET /api/cameras/:cameraId/moves', {
    permission: 'camera.see',
    params: z.object({ cameraId: CameraId }),
    reply: z.array(CameraMove),
  }),
}
