/** A media plane that does what the test says: which cameras answer a probe, what events come. Records what was asked of it. */
import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { AppError } from '../../server/base/errors.ts'
import type { Clock } from '../../server/base/clock.ts'
import type { CameraId } from '../../server/contract/ids.ts'
import type { FailureCause } from '../../server/contract/status.ts'
import type {
  CameraAccess,
  ClipOrder,
  DiskStatus,
  MediaEvent,
  MediaPlane,
  MediaStats,
  PlaybackRequest,
  RecordedSegment,
  RecordingPlan,
  Still,
  StoredFile,
  ViewerRequest,
} from '../../server/media/plane.ts'

const noStats: MediaStats = {
  streams: 0,
  viewers: 0,
  sources: 0,
  transcodes: 0,
  bytesIn: 0,
  bytesOut: 0,
  loopDelayP99Ms: 1,
  loopDelayMaxMs: 2,
  recordWriteP99Ms: 3,
  recordWriteMaxMs: 4,
  cpuMs: 0,
  rssBytes: 0,
  heapUsedBytes: 0,
}

export function createFakePlane(clock: Clock, { isUp = true }: { isUp?: boolean } = {}) {
  const listeners: ((event: MediaEvent) => void)[] = []
  const failures = new Map<CameraId, FailureCause>()
  const viewers = new Map<string, { request: ViewerRequest | PlaybackRequest; socket: Duplex }>()
  const emit = (event: MediaEvent) => listeners.forEach((listener) => listener(event))
  let up = isUp

  function leave(viewerId: string, reason: 'closed' | 'ended') {
    const viewer = viewers.get(viewerId)
    if (!viewers.delete(viewerId) || !viewer) return
    viewer.socket.destroy()
    emit({ type: 'viewerLeft', viewerId, cameraId: viewer.request.cameraId, at: clock.now(), reason, bytes: 10, watchedMs: 5 })
  }

  const fake = {
    cameras: [] as CameraAccess[],
    probes: [] as CameraId[],
    warmed: [] as string[],
    stills: new Map<CameraId, Still>(),
    recordedStills: new Map<CameraId, Still>(),
    /** Clips asked for, oldest first, and exports given up; the test says by `emit` what becomes of them. */
    clips: [] as ClipOrder[],
    cancelled: [] as string[],
    recordings: [] as readonly RecordingPlan[],
    segments: [] as RecordedSegment[],
    removed: [] as StoredFile[],
    disks: [] as DiskStatus[],
    viewers,
    emit,
    /** From now on probes of these cameras fail with this cause; null: they succeed. */
    fail(cameraIds: readonly CameraId[], cause: FailureCause | null) {
      for (const cameraId of cameraIds) {
        if (cause === null) failures.delete(cameraId)
        else failures.set(cameraId, cause)
      }
    },
    setLink(state: 'up' | 'lost') {
      up = state === 'up'
      emit({ type: 'link', state, at: clock.now() })
    },
    leave,
  }

  async function attach(request: ViewerRequest | PlaybackRequest, socket: Duplex) {
    if (!up) throw new AppError('media_unavailable', 'the media process is away')
    viewers.set(request.viewerId, { request, socket })
    // the HTTP server leaves its sockets half open: whoever has taken one ends it
    socket.resume().once('end', () => socket.end())
    socket.once('close', () => leave(request.viewerId, 'closed'))
    const accept = createHash('sha1').update(`${request.webSocketKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64') // RFC 6455 §1.3
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  }

  const plane: MediaPlane = {
    async setCameras(cameras) {
      fake.cameras = cameras
    },
    attachViewer: attach,
    attachPlayback: attach,
    async setRecordings(plan) {
      fake.recordings = plan
    },
    async listSegments({ fromAt, toAt }) {
      return fake.segments.filter((segment) => segment.fromAt >= fromAt && segment.fromAt < toAt)
    },
    async removeSegments(files) {
      fake.removed.push(...files)
      return [...files]
    },
    async listDisks() {
      return fake.disks
    },
    async endViewers({ loginId, cameraIds }) {
      const ended = [...viewers].filter(([, { request }]) => request.loginId === loginId && (!cameraIds || cameraIds.includes(request.cameraId)))
      for (const [viewerId] of ended) leave(viewerId, 'ended')
      return ended.length
    },
    async probe(cameraId) {
      if (!up) throw new AppError('media_unavailable', 'the media process is away')
      fake.probes.push(cameraId)
      const cause = failures.get(cameraId)
      return cause
        ? { ok: false, at: clock.now(), cause, detail: cause === 'unreachable' ? 'ECONNREFUSED' : 'test' }
        : { ok: true, at: clock.now(), firstKeyFrameMs: 20, codec: 'h264', widthPx: 640, heightPx: 360 }
    },
    async warm(cameraId, profile) {
      fake.warmed.push(`${cameraId} ${profile}`)
    },
    still: async (cameraId) => fake.stills.get(cameraId),
    recordedStill: async (cameraId) => fake.recordedStills.get(cameraId),
    async exportClip(order) {
      if (!up) throw new AppError('media_unavailable', 'the media process is away')
      fake.clips.push(order)
    },
    async cancelExport(exportId) {
      if (!up) throw new AppError('media_unavailable', 'the media process is away')
      fake.cancelled.push(exportId)
    },
    stats: async () => noStats,
    onEvent: (listener) => void listeners.push(listener),
    isUp: () => up,
    close: async () => undefined,
  }
  return Object.assign(fake, { plane })
}
export type FakePlane = ReturnType<typeof createFakePlane>
