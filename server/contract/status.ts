/** The state of a camera and why. Judged in one place: `features/health/status.ts`. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant } from './ids.ts'

/** 在线, 异常, 离线, 未知 (we were blind), 停用 (agreed out of service). */
export const CameraStatus = z.enum(['online', 'degraded', 'offline', 'unknown', 'suspended'])
export type CameraStatus = z.infer<typeof CameraStatus>

/** Worst first: the order of cluster rings, lists and counts. */
export const statusOrder = ['offline', 'degraded', 'unknown', 'suspended', 'online'] as const satisfies readonly CameraStatus[]

/** Why a camera gives no (good) picture. Data, not an exception; each has words in both languages (`web/base/i18n`). */
export const FailureCause = z.enum([
  'unreachable', // no TCP connection
  'refused_login', // the camera refused the password
  'no_such_stream', // 404, or the SDP has no video we know
  'codec_not_supported',
  'silent', // connected, but no media came
  'stream_limit', // the camera has no stream left (453, 503)
  'protocol_error', // the camera broke the standard
  'frozen', // media flows, the picture stands
  'black',
  'packet_loss',
  'no_permission', // of the viewer
  'viewer_limit', // too many viewers of ours
  'transcode_limit', // every transcode place is taken
  'transcoder_missing', // no ffmpeg on the server
  'too_slow', // this viewer's line cannot carry the stream
  'media_unavailable', // our media process is away
  'own_uplink', // our own way to the cameras is cut: we are blind, the cameras are not to blame
  'not_probed_yet', // we have just started
])
export type FailureCause = z.infer<typeof FailureCause>

/** What a camera's state is now. `sinceAt` is when it began; `evidenceAt` when it was last confirmed. */
export const CameraState = z.object({
  cameraId: CameraId,
  status: CameraStatus,
  cause: FailureCause.nullable(),
  /** For the curious: what the camera answered, e.g. `RTSP 401` or `ECONNREFUSED`. Never a secret. */
  detail: z.string().nullable(),
  sinceAt: Instant,
  evidenceAt: Instant.nullable(),
})
export type CameraState = z.infer<typeof CameraState>

/** One stretch of one state; `toAt` is null while it lasts. */
export const StatusInterval = z.object({ status: CameraStatus, cause: FailureCause.nullable(), fromAt: Instant, toAt: Instant.nullable() })
export type StatusInterval = z.infer<typeof StatusInterval>

export const StatusHistory = z.object({
  cameraId: CameraId,
  intervals: z.array(StatusInterval),
  /** Online time over assessable time in the range, 0 to 1; null when nothing is assessable. Degraded counts as online. */
  onlineRate: z.number().min(0).max(1).nullable(),
})
export type StatusHistory = z.infer<typeof StatusHistory>

/** One change of state, for the ticker. */
export const StatusChange = z.object({
  cameraId: CameraId,
  name: z.string(),
  from: CameraStatus,
  to: CameraStatus,
  cause: FailureCause.nullable(),
  at: Instant,
  /** How long `from` had lasted. */
  lastedMs: z.number().nonnegative(),
})
export type StatusChange = z.infer<typeof StatusChange>

/** States as they were at one moment: of every camera this user may see. A camera we knew nothing of then is left out. */
export const PastStates = z.object({
  at: Instant,
  states: z.array(z.object({ cameraId: CameraId, status: CameraStatus, cause: FailureCause.nullable(), sinceAt: Instant })),
})
export type PastStates = z.infer<typeof PastStates>

/** How many cameras were in which state in one step of a range: the worst moment for `offline`, the mean for the rest. */
export const StatusCounts = z.object({ fromAt: Instant, counts: z.record(CameraStatus, z.number()) })
export type StatusCounts = z.infer<typeof StatusCounts>

/** The map looks back so far. */
export const MAP_PAST_MS = 30 * 86_400_000

export const statusApi = {
  /** The map at a moment of the last 30 days. */
  past: endpoint('GET /api/status/past', { permission: 'status.history', query: z.object({ at: z.coerce.number().int() }), reply: PastStates }),
  /** Counts along a range, `steps` of equal length: what the map's time slider is drawn over. */
  counts: endpoint('GET /api/status/counts', {
    permission: 'status.history',
    query: z.object({ fromAt: z.coerce.number().int(), toAt: z.coerce.number().int(), steps: z.coerce.number().int().min(1).max(720) }),
    reply: z.array(StatusCounts),
  }),
  history: endpoint('GET /api/cameras/:cameraId/status', {
    permission: 'status.history',
    params: z.object({ cameraId: CameraId }),
    query: z.object({ fromAt: z.coerce.number().int(), toAt: z.coerce.number().int() }),
    reply: StatusHistory,
  }),
  recent: endpoint('GET /api/status/recent', {
    permission: 'camera.see',
    query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(30) }),
    reply: z.array(StatusChange),
  }),
  /** Asks for a probe now. Answers the state after it. */
  probe: endpoint('POST /api/cameras/:cameraId/probe', {
    permission: 'camera.live',
    audit: 'camera.probe',
    params: z.object({ cameraId: CameraId }),
    reply: CameraState,
  }),
}
