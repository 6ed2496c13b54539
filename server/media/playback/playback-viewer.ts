/** One page that plays recordings: what it asks for, one playout at a time, and how it ends. */
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Instant } from '../../contract/ids.ts'
import { PlaybackClientMessage } from '../../contract/recordings.ts'
import type { PlaybackRequest, ViewerLeft } from '../plane.ts'
import { CloseCode, type SocketLimits, ViewerSocket } from '../viewer-socket.ts'
import { parseJson } from '../websocket.ts'
import type { Transcoders } from '../transcoders.ts'
import { createForms, type Forms } from './forms.ts'
import { type Ask, type PlaybackLimits, Playout } from './playout.ts'
import type { ReaderDeps } from './reader.ts'

export type PlaybackViewerDeps = ReaderDeps & {
  transcoders: Pick<Transcoders, 'reserve'>
  clock: Clock
  limits: PlaybackLimits & {
    /** Paused for so long, a page gives up its place among the transcodes. */
    restMs: number
  }
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
  private readonly forms: Forms
  private restTimer: Timer | undefined
  private playout: Playout | undefined
  /** What is to be played as soon as the playout at hand has stopped. */
  private ask: Ask | undefined
  private endReason: ViewerLeft['reason'] | undefined

  constructor(request: PlaybackRequest, socket: Duplex, head: Uint8Array, deps: PlaybackViewerDeps) {
    this.request = request
    this.deps = deps
    this.startedMonoMs = deps.clock.monotonicMs()
    this.forms = createForms(request, deps.transcoders)
    this.open({ seekId: 0, at: request.at, isKeyFramesOnly: false })
    this.delivery = new ViewerSocket(socket, request.webSocketKey, head, {
      clock: deps.clock,
      limits: deps.socketLimits,
      handler: { onText: (text) => this.onText(text), onDrain: () => this.playout?.onDrain(), onEnd: () => this.onEnd() },
    })
  }

  /** Plays until the viewer ends. Never rejects. */
  async start(): Promise<void> {
    const { deps, request, forms, delivery: socket } = this
    try {
      let flvMs = 0
      let speed = 1
      for (let ask = this.ask; ask && !this.endReason; ask = this.ask) {
        this.ask = undefined
        this.playout = new Playout(ask, flvMs, speed, { ...deps, socket, request, forms, onFailed: () => this.openAgain() })
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
    if (message.type === 'seek') {
      this.forms.forgive()
      return this.open({ seekId: message.seekId, at: message.at, isKeyFramesOnly: (playout?.speed ?? 1) > MAX_FULL_SPEED })
    }
    if (message.type === 'sound') {
      if (this.forms.wantSound(message.isOn) && playout?.hasSoundStored) this.openAgain()
      return
    }
    if (!playout) return
    playout.onShown(message.flvMs, message.speed)
    if (message.speed === 0) this.restTimer ??= this.deps.clock.after(this.deps.limits.restMs, () => this.rest())
    else this.stopResting()
    const isKeyFramesOnly = message.speed > MAX_FULL_SPEED
    if (isKeyFramesOnly !== (this.ask ?? playout.ask).isKeyFramesOnly || (playout.isResting && message.speed > 0)) this.openAgain({ isKeyFramesOnly })
  }

  private open(ask: Ask) {
    this.stopResting()
    this.ask = { ...ask, at: Math.min(ask.at, LATEST_AT) }
    this.playout?.stop()
  }

  /** From the moment shown, in another form. */
  private openAgain(change: { isKeyFramesOnly?: boolean } = {}) {
    const going = this.ask ?? this.playout?.ask
    if (going) this.open({ ...going, at: this.ask?.at ?? this.playout?.shownAt ?? going.at, ...change })
  }

  /** A page that stands still keeps no transcode; what it has been sent is still there. */
  private rest() {
    if (!this.playout?.hasPlace) return
    this.playout.rest()
    this.forms.release()
  }

  private stopResting() {
    this.restTimer?.cancel()
    this.restTimer = undefined
  }

  private onEnd() {
    this.endReason ??= 'closed'
    this.stopResting()
    this.playout?.stop()
    this.forms.release()
    const { clock, onLeft } = this.deps
    const { viewerId, cameraId } = this.request
    const watchedMs = Math.round(clock.monotonicMs() - this.startedMonoMs)
    onLeft(this, { type: 'viewerLeft', viewerId, cameraId, at: clock.now(), reason: this.endReason, bytes: this.delivery.bytesSent, watchedMs })
  }
}
