/** One page that plays recordings: what it asks for, one playout at a time, and how it ends. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import type { Instant } from '../../contract/ids.ts'
import { PlaybackClientMessage } from '../../contract/recordings.ts'
import type { PlaybackRequest, ViewerLeft } from '../plane.ts'
import { CloseCode, type SocketLimits, ViewerSocket } from '../viewer-socket.ts'
import { parseJson } from '../websocket.ts'
import { type Ask, type PlaybackLimits, Playout } from './playout.ts'
import type { ReaderDeps } from './reader.ts'

export type PlaybackViewerDeps = ReaderDeps & {
  clock: Clock
  limits: PlaybackLimits
  socketLimits: SocketLimits
  onLeft(viewer: PlaybackViewer, left: ViewerLeft): void
}

/** The end of the year 9999: what the names of folders can say. */
const LATEST_AT: Instant = 253_402_300_799_999
/** Faster than this only key frames are sent. */
const MAX_FULL_SPEED = 4

export class PlaybackViewer {
  readonly request: PlaybackRequest
  readonly delivery: ViewerSocket
  private readonly deps: PlaybackViewerDeps
  private readonly startedMonoMs: number
  private playout: Playout | undefined
  /** What is to be played as soon as the playout at hand has stopped. */
  private ask: Ask | undefined
  private endReason: ViewerLeft['reason'] | undefined

  constructor(request: PlaybackRequest, socket: Duplex, head: Uint8Array, deps: PlaybackViewerDeps) {
    this.request = request
    this.deps = deps
    this.startedMonoMs = deps.clock.monotonicMs()
    this.open({ seekId: 0, at: request.at, isKeyFramesOnly: false })
    this.delivery = new ViewerSocket(socket, request.webSocketKey, head, {
      clock: deps.clock,
      limits: deps.socketLimits,
      handler: { onText: (text) => this.onText(text), onDrain: () => this.playout?.onDrain(), onEnd: () => this.onEnd() },
    })
  }

  /** Plays until the viewer ends. Never rejects. */
  async start(): Promise<void> {
    const { deps, request, delivery: socket } = this
    try {
      let flvMs = 0
      let speed = 1
      for (let ask = this.ask; ask && !this.endReason; ask = this.ask) {
        this.ask = undefined
        this.playout = new Playout(ask, flvMs, speed, { ...deps, socket, request })
        await this.playout.play()
        flvMs = this.playout.nextFlvMs
        speed = this.playout.speed
      }
    } catch (problem) {
      deps.log.error({ problem, viewerId: request.viewerId, cameraId: request.cameraId }, 'a playback failed')
      this.end(CloseCode.tryAgainLater, 'closed', 'playback failed')
    }
  }

  refuse(cause: 'busy') {
    this.delivery.send({ type: 'refused', cause, detail: null })
    this.end(CloseCode.tryAgainLater, 'refused', cause)
  }

  end(code: CloseCode, reason: ViewerLeft['reason'], text = '') {
    this.endReason ??= reason
    this.delivery.close(code, text)
  }

  private onText(text: string) {
    const message = PlaybackClientMessage.safeParse(parseJson(text)).data
    if (!message) return this.end(CloseCode.protocolError, 'closed', 'not a message of ours')
    const { playout } = this
    if (message.type === 'seek') return this.open({ seekId: message.seekId, at: message.at, isKeyFramesOnly: (playout?.speed ?? 1) > MAX_FULL_SPEED })
    if (!playout) return
    playout.onShown(message.flvMs, message.speed)
    const isKeyFramesOnly = message.speed > MAX_FULL_SPEED
    const going = this.ask ?? playout.ask
    if (isKeyFramesOnly !== going.isKeyFramesOnly) this.open({ seekId: going.seekId, at: this.ask?.at ?? playout.shownAt, isKeyFramesOnly })
  }

  private open(ask: Ask) {
    this.ask = { ...ask, at: Math.min(ask.at, LATEST_AT) }
    this.playout?.stop()
  }

  private onEnd() {
    this.endReason ??= 'closed'
    this.playout?.stop()
    const { clock, onLeft } = this.deps
    const { viewerId, cameraId } = this.request
    const watchedMs = Math.round(clock.monotonicMs() - this.startedMonoMs)
    onLeft(this, { type: 'viewerLeft', viewerId, cameraId, at: clock.now(), reason: this.endReason, bytes: this.delivery.bytesSent, watchedMs })
  }
}
