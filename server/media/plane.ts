/** What the control process asks of media, and what media reports. The rest of `media/` is known to nobody but its own process. */
import type { Duplex } from 'node:stream'
import type { ExportFailure, ExportFile } from '../contract/exports.ts'
import type { CameraId, Instant, Profile } from '../contract/ids.ts'
import type { VideoCodec } from '../contract/media.ts'
import type { TimeRange } from '../contract/recordings.ts'
import type { FailureCause } from '../contract/status.ts'
import type { StreamAddress } from '../drivers/driver.ts'

/** Media sees a camera as an id with addresses. `sub` is undefined for a camera with one stream. */
export type CameraAccess = { cameraId: CameraId; main: StreamAddress; sub: StreamAddress | undefined }

export type ViewerRequest = {
  viewerId: string
  cameraId: CameraId
  profile: Profile
  /** What this browser decodes. */
  codecs: VideoCodec[]
  sound: boolean
  /** The login this viewer belongs to; `endViewers` finds it by this. */
  loginId: string
  /** Value of the browser's `Sec-WebSocket-Key`: media answers the handshake itself. */
  webSocketKey: string
}

export type PlaybackRequest = Omit<ViewerRequest, 'profile'> & {
  /** Which moment is asked for first. */
  at: Instant
}

/** The result of one probe: was a key frame seen, how fast, or why not. */
export type ProbeResult =
  | { ok: true; at: Instant; firstKeyFrameMs: number; codec: VideoCodec; widthPx: number; heightPx: number }
  | { ok: false; at: Instant; cause: FailureCause; detail: string }

/** One key frame as an MP4 of one sample. */
export type Still = { at: Instant; mp4: Uint8Array }

export type MediaStats = {
  streams: number
  viewers: number
  /** Connections open to cameras right now, probes included. */
  sources: number
  transcodes: number
  bytesIn: number
  bytesOut: number
  /** 99th percentile and worst delay of the event loop since the last call. */
  loopDelayP99Ms: number
  loopDelayMaxMs: number
  /** From a finished fragment to the end of its write, the wait in the disk's queue included, since the last call. */
  recordWriteP99Ms: number
  recordWriteMaxMs: number
  cpuMs: number
  rssBytes: number
  heapUsedBytes: number
}

/** A stored stretch of one camera. Files of one camera never overlap. */
export type RecordedSegment = {
  cameraId: CameraId
  profile: Profile
  diskId: string
  /** From the disk's folder on. */
  path: string
  fromAt: Instant
  toAt: Instant
  bytes: number
  /** It grows no more; until then `toAt`, `bytes` and `path` change. */
  isClosed: boolean
}
export type StoredFile = Pick<RecordedSegment, 'diskId' | 'path'>
export type RecordingPlan = { cameraId: CameraId; profile: Profile }

/** `missing`: the folder is not the disk that it was. `failed`: it cannot be read or written. */
export type DiskState = 'ok' | 'full' | 'missing' | 'failed'
export type DiskStatus = { diskId: string | null; folder: string; state: DiskState; totalBytes: number; freeBytes: number; detail: string | null }

/** One clip of one camera, written into the folder of its export. `watermark`: drawn into the pictures; null: they are taken as they are, but H.265 with `isH264`. */
export type ClipOrder = TimeRange & { exportId: string; cameraId: CameraId; watermark: string | null; isH264: boolean }
/** From `fileMs` of a file on, its moments are `fromAt + (t - fileMs)`, up to `toAt`; what lies between two stretches is not in the file. */
export type Stretch = TimeRange & { fileMs: number }
/** `clockOffsetMs`: how far its times are ahead of the machine's clock, at most; 0 unless a clock was set back while it was recorded. */
export type WrittenFile = ExportFile & { stretches: Stretch[]; clockOffsetMs: number }

/** Why pictures that came are not stored. */
export type RecordingProblem = 'no_disk' | 'disk_slow' | 'write_failed'

/** A viewer is gone, live or of recordings. */
export type ViewerLeft = {
  type: 'viewerLeft'
  viewerId: string
  cameraId: CameraId
  at: Instant
  reason: 'closed' | 'too_slow' | 'ended' | 'refused'
  bytes: number
  watchedMs: number
}

export type MediaEvent =
  /** The first key frame of a pull came. */
  | { type: 'streamUp'; cameraId: CameraId; profile: Profile; at: Instant }
  /** A pull that should be running failed; media tries again by itself. */
  | { type: 'streamDown'; cameraId: CameraId; profile: Profile; at: Instant; cause: FailureCause; detail: string }
  /** Every 10 s for each running stream: evidence that it still runs. */
  | { type: 'streamAlive'; cameraId: CameraId; profile: Profile; at: Instant; isDegraded: FailureCause | null }
  | ViewerLeft
  /** A segment began, grew (every 10 s) or was closed. */
  | { type: 'segment'; segment: RecordedSegment }
  | { type: 'recordingProblem'; cameraId: CameraId; problem: RecordingProblem; at: Instant; detail: string }
  /** At most once a second. Media time done and to be done. */
  | { type: 'exportProgress'; exportId: string; cameraId: CameraId; doneMs: number; totalMs: number; bytes: number }
  | { type: 'exportDone'; exportId: string; cameraId: CameraId; files: WrittenFile[] }
  | { type: 'exportFailed'; exportId: string; cameraId: CameraId; failure: ExportFailure; detail: string }
  /** The link to the media process came up (again), or was lost. After `up`, cameras must be given anew. */
  | { type: 'link'; state: 'up' | 'lost'; at: Instant }

export type MediaPlane = {
  /** Replaces everything media knows of cameras. A changed address restarts its streams. */
  setCameras(cameras: CameraAccess[]): Promise<void>
  /**
   * Hands a browser's raw socket over. Nothing has been written to it yet: media answers the WebSocket handshake (101) and everything after.
   * `head` is what the browser already sent after its request. Rejects with `media_unavailable` before taking the socket.
   */
  attachViewer(request: ViewerRequest, socket: Duplex, head: Uint8Array): Promise<void>
  /** The same for a page that plays recordings. */
  attachPlayback(request: PlaybackRequest, socket: Duplex, head: Uint8Array): Promise<void>
  /** Ends viewers at once, live and of recordings: of a login that ended, or of a login that lost a camera. Answers how many. */
  endViewers(which: { loginId: string; cameraIds?: CameraId[] }): Promise<number>
  /**
   * Opens the camera's sub stream (else main) until its first key frame; a running stream is evidence enough, and so is a failure of the last 2 s
   * or a login refused in the last 15 min: it is told again, `at` when it happened. `isForced`: a person asks, so an older refusal is no answer
   * and the camera is tried now.
   */
  probe(cameraId: CameraId, options?: { isForced?: boolean }): Promise<ProbeResult>
  /** Starts a pull and lets it linger. */
  warm(cameraId: CameraId, profile: Profile): Promise<void>
  still(cameraId: CameraId): Promise<Still | undefined>
  /** The stored key frame at or before a moment; undefined when nothing is stored there. Rejects with `rate_limited`. */
  recordedStill(cameraId: CameraId, at: Instant): Promise<Still | undefined>
  /** Replaces what is to be recorded; goes on until it is replaced, whoever else goes away. */
  setRecordings(plan: readonly RecordingPlan[]): Promise<void>
  /** Closed segments that begin in this range, read from the disks. */
  listSegments(range: TimeRange): Promise<RecordedSegment[]>
  /** Takes files away; answers those that are gone. */
  removeSegments(files: readonly StoredFile[]): Promise<StoredFile[]>
  listDisks(): Promise<DiskStatus[]>
  /** Begins to write a clip; what becomes of it comes as events. One at a time: a clip that is being written is given up for this one. */
  exportClip(order: ClipOrder): Promise<void>
  /** Gives the clip up that is being written for this export, without an event. Its files are gone when this resolves. */
  cancelExport(exportId: string): Promise<void>
  stats(): Promise<MediaStats>
  onEvent(listener: (event: MediaEvent) => void): void
  isUp(): boolean
  close(): Promise<void>
}
