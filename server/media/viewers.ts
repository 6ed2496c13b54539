/** All viewers of this process, live and of recordings: how many may come, whose they are, and the second hand that finds the slow and the dead. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { CameraId } from '../contract/ids.ts'
import type { DeliveryLimits } from './delivery.ts'
import type { Hub } from './hub.ts'
import type { MediaEvent, PlaybackRequest, ViewerLeft, ViewerRequest } from './plane.ts'
import { PlaybackViewer, type PlaybackViewerDeps } from './playback/playback-viewer.ts'
import type { FileMemory } from './playback/file-memory.ts'
import type { Archive } from './recording/archive.ts'
import type { Transcoders } from './transcoders.ts'
import { Viewer } from './viewer.ts'
import { CloseCode } from './viewer-socket.ts'

const TICK_MS = 1_000

export type ViewersDeps = {
  hub: Hub
  transcoders: Transcoders
  clock: Clock
  log: Log
  limits: DeliveryLimits
  maxViewers: number
  archive: Archive
  memory: FileMemory
  playback: PlaybackViewerDeps['limits'] & { maxViewers: number }
  onEvent(event: MediaEvent): void
}

export function createViewers({ hub, transcoders, clock, log, limits, maxViewers, archive, memory, playback, onEvent }: ViewersDeps) {
  const viewers = new Set<Viewer>()
  const playbacks = new Set<PlaybackViewer>()
  const all = () => [...viewers, ...playbacks]
  let goneBytes = 0

  const ticker = clock.every(TICK_MS, () => {
    for (const viewer of all()) viewer.delivery.tick(TICK_MS)
  })

  function attach(request: ViewerRequest, socket: Duplex, head: Uint8Array) {
    const viewer = new Viewer(request, socket, head, {
      hub,
      transcoders,
      clock,
      log,
      limits,
      onLeft(gone, left) {
        viewers.delete(gone)
        onLeft(left)
      },
    })
    viewers.add(viewer)
    if (viewers.size > maxViewers) viewer.refuse('viewer_limit', null, CloseCode.tryAgainLater)
    else viewer.start()
  }

  function attachPlayback(request: PlaybackRequest, socket: Duplex, head: Uint8Array) {
    const viewer = new PlaybackViewer(request, socket, head, {
      archive,
      memory,
      transcoders,
      clock,
      log,
      limits: playback,
      socketLimits: limits,
      onLeft(gone, left) {
        playbacks.delete(gone)
        onLeft(left)
      },
    })
    playbacks.add(viewer)
    if (playbacks.size > playback.maxViewers) viewer.refuse('busy')
    else void viewer.start()
  }

  function onLeft(left: ViewerLeft) {
    goneBytes += left.bytes
    onEvent(left)
  }

  /** Ends the viewers of a login, or those of them that watch certain cameras. Answers how many. */
  function end({ loginId, cameraIds }: { loginId: string; cameraIds?: CameraId[] | undefined }): number {
    const ending = all().filter(({ request }) => request.loginId === loginId && (!cameraIds || cameraIds.includes(request.cameraId)))
    for (const viewer of ending) viewer.end(cameraIds ? CloseCode.noPermission : CloseCode.loginEnded, 'ended')
    return ending.length
  }

  /** The process ends: browsers come back to the next one. */
  function close() {
    ticker.cancel()
    for (const viewer of all()) viewer.end(CloseCode.restart, 'ended')
  }

  return {
    attach,
    attachPlayback,
    end,
    close,
    stats() {
      let bytesOut = goneBytes
      let queuedBytes = 0
      let worstQueueBytes = 0
      for (const { delivery } of all()) {
        bytesOut += delivery.bytesSent
        queuedBytes += delivery.queuedBytes
        worstQueueBytes = Math.max(worstQueueBytes, delivery.queuedBytes)
      }
      return { viewers: viewers.size + playbacks.size, bytesOut, queuedBytes, worstQueueBytes }
    },
  }
}
export type Viewers = ReturnType<typeof createViewers>
