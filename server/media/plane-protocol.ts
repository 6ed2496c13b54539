/**
 * What control and media say to each other over the Unix socket. The first line of a connection is JSON: `{"kind":"control"}`, after which lines of
 * JSON go both ways, or `{"kind":"viewer", …ViewerRequest}` or `{"kind":"playback", …PlaybackRequest}`, after which the browser's raw bytes do.
 */
import { z } from 'zod'
import type { TimeRange } from '../contract/recordings.ts'
import { ProtocolError } from '../base/errors.ts'
import { errorStatus, type ErrorCode } from '../contract/errors.ts'
import { ExportFailure, ExportFile } from '../contract/exports.ts'
import { CameraId, Instant, Profile } from '../contract/ids.ts'
import { VideoCodec } from '../contract/media.ts'
import { FailureCause } from '../contract/status.ts'
import type {
  CameraAccess,
  ClipOrder,
  DiskStatus,
  MediaEvent,
  MediaStats,
  PlaybackRequest,
  ProbeResult,
  RecordedSegment,
  RecordingPlan,
  Still,
  StoredFile,
  ViewerRequest,
} from './plane.ts'

/** 468 cameras with long addresses take 300 KB; a still 1 MB. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024
export const MAX_FIRST_LINE_BYTES = 8 * 1024

const StreamAddress = z.object({
  driver: z.literal('rtsp'),
  url: z.string().max(2_048),
  username: z.string().max(256),
  password: z.string().max(256),
  transport: z.enum(['auto', 'tcp', 'udp']),
})

const ofViewer = {
  viewerId: z.string().min(1).max(64),
  cameraId: CameraId,
  codecs: z.array(VideoCodec).min(1).max(2),
  sound: z.boolean(),
  loginId: z.string().max(64),
  webSocketKey: z.string().min(1).max(64),
}

export const FirstLine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('control') }),
  z.object({ kind: z.literal('viewer'), ...ofViewer, profile: Profile }),
  z.object({ kind: z.literal('playback'), ...ofViewer, at: Instant }),
])
export type FirstLine = { kind: 'control' } | ({ kind: 'viewer' } & ViewerRequest) | ({ kind: 'playback' } & PlaybackRequest)

const id = z.number().int().nonnegative()
const ofCamera = z.object({ cameraId: CameraId })

export const PlaneRequest = z.discriminatedUnion('method', [
  z.object({
    id,
    method: z.literal('setCameras'),
    params: z.object({ cameras: z.array(ofCamera.extend({ main: StreamAddress, sub: StreamAddress.optional() })).max(10_000) }),
  }),
  z.object({ id, method: z.literal('endViewers'), params: z.object({ loginId: z.string(), cameraIds: z.array(CameraId).optional() }) }),
  z.object({ id, method: z.literal('probe'), params: ofCamera.extend({ isForced: z.boolean() }) }),
  z.object({ id, method: z.literal('warm'), params: ofCamera.extend({ profile: Profile }) }),
  z.object({ id, method: z.literal('still'), params: ofCamera }),
  z.object({ id, method: z.literal('recordedStill'), params: ofCamera.extend({ at: Instant }) }),
  z.object({ id, method: z.literal('setRecordings'), params: z.object({ plan: z.array(ofCamera.extend({ profile: Profile })).max(10_000) }) }),
  z.object({ id, method: z.literal('listSegments'), params: z.object({ fromAt: Instant, toAt: Instant }) }),
  z.object({ id, method: z.literal('removeSegments'), params: z.object({ files: z.array(z.object({ diskId: z.string(), path: z.string() })).max(10_000) }) }),
  z.object({ id, method: z.literal('listDisks'), params: z.object({}) }),
  z.object({
    id,
    method: z.literal('exportClip'),
    params: ofCamera.extend({ exportId: z.uuid(), fromAt: Instant, toAt: Instant, watermark: z.string().max(200).nullable(), isH264: z.boolean() }),
  }),
  z.object({ id, method: z.literal('cancelExport'), params: z.object({ exportId: z.uuid() }) }),
  z.object({ id, method: z.literal('stats'), params: z.object({}) }),
  z.object({ id, method: z.literal('ping'), params: z.object({}) }),
])
export type PlaneRequest = z.infer<typeof PlaneRequest>

/** The types of each method, for the client. A still's bytes travel as base64. */
export type PlaneMethods = {
  setCameras: { params: { cameras: CameraAccess[] }; result: Record<string, never> }
  endViewers: { params: { loginId: string; cameraIds?: CameraId[] }; result: number }
  probe: { params: { cameraId: CameraId; isForced: boolean }; result: ProbeResult }
  warm: { params: { cameraId: CameraId; profile: Profile }; result: Record<string, never> }
  still: { params: { cameraId: CameraId }; result: { at: Instant; mp4: string } | null }
  recordedStill: { params: { cameraId: CameraId; at: Instant }; result: { at: Instant; mp4: string } | null }
  setRecordings: { params: { plan: readonly RecordingPlan[] }; result: Record<string, never> }
  listSegments: { params: TimeRange; result: RecordedSegment[] }
  removeSegments: { params: { files: readonly StoredFile[] }; result: StoredFile[] }
  listDisks: { params: Record<string, never>; result: DiskStatus[] }
  exportClip: { params: ClipOrder; result: Record<string, never> }
  cancelExport: { params: { exportId: string }; result: Record<string, never> }
  stats: { params: Record<string, never>; result: MediaStats }
  /** Only whether media answers. */
  ping: { params: Record<string, never>; result: Record<string, never> }
}
export type PlaneMethod = keyof PlaneMethods

const ErrorName = z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]])
const ofStream = { cameraId: CameraId, profile: Profile, at: Instant }
const ofExport = { exportId: z.uuid(), cameraId: CameraId }
const WrittenFile = ExportFile.extend({ stretches: z.array(z.object({ fileMs: z.number(), fromAt: Instant, toAt: Instant })), clockOffsetMs: z.number().int() })

export const PlaneMessage = z.union([
  z.object({ id, result: z.unknown() }),
  z.object({ id, error: z.object({ code: ErrorName, message: z.string() }) }),
  z.object({
    event: z.discriminatedUnion('type', [
      z.object({ type: z.literal('streamUp'), ...ofStream }),
      z.object({ type: z.literal('streamDown'), ...ofStream, cause: FailureCause, detail: z.string() }),
      z.object({ type: z.literal('streamAlive'), ...ofStream, isDegraded: FailureCause.nullable() }),
      z.object({
        type: z.literal('segment'),
        segment: z.object({
          cameraId: CameraId,
          profile: Profile,
          diskId: z.string(),
          path: z.string(),
          fromAt: Instant,
          toAt: Instant,
          bytes: z.number(),
          isClosed: z.boolean(),
        }),
      }),
      z.object({
        type: z.literal('recordingProblem'),
        cameraId: CameraId,
        problem: z.enum(['no_disk', 'disk_slow', 'write_failed']),
        at: Instant,
        detail: z.string(),
      }),
      z.object({ type: z.literal('exportProgress'), ...ofExport, doneMs: z.number(), totalMs: z.number(), bytes: z.number() }),
      z.object({ type: z.literal('exportDone'), ...ofExport, files: z.array(WrittenFile) }),
      z.object({ type: z.literal('exportFailed'), ...ofExport, failure: ExportFailure, detail: z.string() }),
      z.object({
        type: z.literal('viewerLeft'),
        viewerId: z.string(),
        cameraId: CameraId,
        at: Instant,
        reason: z.enum(['closed', 'too_slow', 'ended', 'refused']),
        bytes: z.number(),
        watchedMs: z.number(),
      }),
    ]),
  }),
])
export type PlaneMessage =
  | { id: number; result: unknown }
  | { id: number; error: { code: ErrorCode; message: string } }
  | { event: Exclude<MediaEvent, { type: 'link' }> }

export function serializeLine(message: FirstLine | PlaneMessage | { id: number; method: PlaneMethod; params: unknown }): string {
  return `${JSON.stringify(message)}\n`
}

/** Throws `ProtocolError` for anything that is not a line of this kind. */
export function parseLine<T>(schema: z.ZodType<T>, line: string): T {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new ProtocolError('media plane', 'a line that is not JSON')
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new ProtocolError('media plane', `a line of no known form: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`)
  return parsed.data
}

/** Cuts a byte stream into lines. In: chunks of any size. Throws `ProtocolError` when a line is longer than `maxBytes`. */
export class LineReader {
  private readonly maxBytes: number
  private readonly onLine: (line: string) => void
  private parts: Buffer[] = []
  private pendingBytes = 0

  constructor(maxBytes: number, onLine: (line: string) => void) {
    this.maxBytes = maxBytes
    this.onLine = onLine
  }

  push(chunk: Buffer) {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(0x0a, start)
      const part = chunk.subarray(start, end < 0 ? undefined : end)
      this.pendingBytes += part.length
      if (this.pendingBytes > this.maxBytes) throw new ProtocolError('media plane', `a line over ${this.maxBytes} bytes`)
      this.parts.push(part)
      if (end < 0) return
      const line = Buffer.concat(this.parts).toString('utf8')
      this.parts = []
      this.pendingBytes = 0
      start = end + 1
      this.onLine(line)
    }
  }
}

export const stillToWire = (still: Still | undefined) => (still ? { at: still.at, mp4: Buffer.from(still.mp4).toString('base64') } : null)
export const stillFromWire = (wire: { at: Instant; mp4: string } | null): Still | undefined =>
  wire ? { at: wire.at, mp4: Buffer.from(wire.mp4, 'base64') } : undefined
