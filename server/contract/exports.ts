/**
 * Clips taken away as MP4 (R-DL): asked for with a purpose, written from what is stored, with hashes and a manifest, for a few days.
 *
 * Files: `<cameraId>_<local start>.mp4` (several where the format changes in between), `manifest.json`, `SHA256SUMS`, `说明.txt`. Each can be fetched in pieces
 * (RFC 9110 §14, `Range`), so that a broken download goes on where it stopped.
 */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant } from './ids.ts'
import { AudioCodec, VideoCodec } from './media.ts'
import { Gap, RangeQuery, TimeRange } from './recordings.ts'

export const MAX_EXPORT_MS = 24 * 3_600_000
export const MAX_EXPORT_CAMERAS = 16

export const ExportPurpose = z.enum(['case', 'complaint', 'traffic', 'maintenance', 'other'])
export type ExportPurpose = z.infer<typeof ExportPurpose>

export const RequestExport = TimeRange.extend({
  cameraIds: z
    .array(CameraId)
    .min(1)
    .max(MAX_EXPORT_CAMERAS)
    .refine((ids) => new Set(ids).size === ids.length, 'each camera once'),
  purpose: ExportPurpose,
  /** Number of the document it is asked for with; may be empty. */
  documentNumber: z.string().trim().max(100),
  reason: z.string().trim().max(500),
  /** Account and time drawn into the pictures, which are therefore coded anew. */
  isWatermarked: z.boolean(),
  /** H.265 coded anew as H.264, which plays everywhere; larger and slower. What is H.264 already stays as it is. */
  isH264: z.boolean().default(false),
}).refine(({ fromAt, toAt }) => toAt > fromAt && toAt - fromAt <= MAX_EXPORT_MS, 'fromAt < toAt, at most 24 hours apart')
export type RequestExport = z.infer<typeof RequestExport>

/** `waiting`: for an approval. `expired` and `cancelled`: the files are gone. */
export const ExportState = z.enum(['waiting', 'rejected', 'queued', 'running', 'ready', 'failed', 'cancelled', 'expired'])
export type ExportState = z.infer<typeof ExportState>

/** Why a clip could not be written. */
export const ExportFailure = z.enum([
  'nothing_recorded',
  'damaged_file',
  'disk_missing',
  'disk_full',
  'transcoder_missing',
  'transcode_failed',
  'media_unavailable',
  'internal',
])
export type ExportFailure = z.infer<typeof ExportFailure>

/** True bounds: from the key frame at or before what was asked to the end of the last picture. */
export const ExportFile = TimeRange.extend({
  fileName: z.string(),
  bytes: z.number().int(),
  /** Hex. */
  sha256: z.string(),
  codec: VideoCodec,
  widthPx: z.number().int(),
  heightPx: z.number().int(),
  sound: AudioCodec.nullable(),
  frames: z.number().int(),
})
export type ExportFile = z.infer<typeof ExportFile>

export const ExportClip = z.object({
  cameraId: CameraId,
  cameraName: z.string(),
  state: z.enum(['queued', 'running', 'ready', 'failed']),
  /** Media time written so far, of what is recorded in the range. */
  doneMs: z.number(),
  totalMs: z.number(),
  /** Estimated until it is ready. */
  bytes: z.number(),
  files: z.array(ExportFile),
  gaps: z.array(Gap),
  failure: ExportFailure.nullable(),
})
export type ExportClip = z.infer<typeof ExportClip>

export const Export = TimeRange.extend({
  exportId: z.uuid(),
  state: ExportState,
  requestedBy: z.string(),
  isMine: z.boolean(),
  /** The user looking at it may approve or reject it. */
  isMineToDecide: z.boolean(),
  requestedAt: Instant,
  purpose: ExportPurpose,
  documentNumber: z.string(),
  reason: z.string(),
  isWatermarked: z.boolean(),
  isH264: z.boolean(),
  decidedBy: z.string().nullable(),
  decidedAt: Instant.nullable(),
  decisionNote: z.string(),
  readyAt: Instant.nullable(),
  /** When the files go; null before they are there. */
  expiresAt: Instant.nullable(),
  clips: z.array(ExportClip),
  /** `manifest.json`, `SHA256SUMS`, `说明.txt`, once ready. */
  papers: z.array(z.object({ fileName: z.string(), bytes: z.number().int() })),
})
export type Export = z.infer<typeof Export>

/** Of one account and day; above `approvalOverBytes` somebody else must approve. */
export const ExportLimits = z.object({
  approvalOverBytes: z.number(),
  perDayBytes: z.number(),
  usedBytes: z.number(),
  perDayCount: z.number().int(),
  usedCount: z.number().int(),
  keepDays: z.number().int(),
})
export type ExportLimits = z.infer<typeof ExportLimits>

/** What an export of this range would hold. */
export const ClipSize = z.object({ cameraId: CameraId, recordedMs: z.number(), bytes: z.number(), gaps: z.array(Gap) })
export type ClipSize = z.infer<typeof ClipSize>

const ofExport = z.object({ exportId: z.uuid() })

export const exportApi = {
  clipSize: endpoint('GET /api/cameras/:cameraId/clip-size', {
    permission: 'camera.download',
    params: z.object({ cameraId: CameraId }),
    query: RangeQuery,
    reply: ClipSize,
  }),
  /** One's own of the last 30 days, and those one may decide on; newest first. */
  list: endpoint('GET /api/exports', { permission: 'camera.download', reply: z.object({ limits: ExportLimits, exports: z.array(Export) }) }),
  request: endpoint('POST /api/exports', { permission: 'camera.download', audit: 'export.request', body: RequestExport, reply: Export }),
  decide: endpoint('POST /api/exports/:exportId/decision', {
    permission: 'camera.download',
    audit: 'export.decide',
    params: ofExport,
    body: z.object({ isApproved: z.boolean(), note: z.string().trim().max(200) }),
    reply: Export,
  }),
  /** Stops it, takes its files away. */
  cancel: endpoint('DELETE /api/exports/:exportId', { permission: 'camera.download', audit: 'export.cancel', params: ofExport, reply: z.object({}) }),
  /** One of the files or papers. Its name is in the query: paths here hold neither dots nor Chinese. */
  file: endpoint('GET /api/exports/:exportId/file', {
    permission: 'camera.download',
    audit: 'export.download',
    params: ofExport,
    query: z.object({ name: z.string().min(1).max(120) }),
    reply: 'bytes',
  }),
}
