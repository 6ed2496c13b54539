/** One viewer: which stream it gets and in which form, what it is told, and when it ends. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { LiveClientMessage, type LiveServerMessage } from '../contract/media.ts'
import type { FailureCause } from '../contract/status.ts'
import { Delivery, type DeliveryLimits, type SoundMissing } from './delivery.ts'
import type { Feed } from './feed.ts'
import type { Hub } from './hub.ts'
import { chooseRung, type Rung } from './ladder.ts'
import type { ViewerLeft, ViewerRequest } from './plane.ts'
import { isMissing, type Stream } from './stream.ts'
import type { FeedFormat, Tag } from './tag.ts'
import type { Transcoders, VariantLease } from './transcoders.ts'
import { needsSoundTranscode } from './variant.ts'
import { CloseCode } from './viewer-socket.ts'
import { parseJson } from './websocket.ts'

export type ViewerDeps = { hub: Hub; transcoders: Transcoders; clock: Clock; log: Log; limits: DeliveryLimits; onLeft(viewer: Viewer, left: ViewerLeft): void }

/** A person presses a button; a script does not get more tries than that. */
const RETRY_EVERY_MS = 1_000

export class Viewer {
  readonly request: ViewerRequest
  readonly delivery: Delivery
  private readonly deps: ViewerDeps
  private readonly startedMonoMs: number
  private stream: Stream | undefined
  private leaveStream: (() => void) | undefined
  private lease: VariantLease | undefined
  private isSubMissing = false
  private toldAttempt = 0
  private lastRetryMs = -RETRY_EVERY_MS
  private endReason: ViewerLeft['reason'] | undefined

  constructor(request: ViewerRequest, socket: Duplex, head: Uint8Array, deps: ViewerDeps) {
    this.request = request
    this.deps = deps
    this.startedMonoMs = deps.clock.monotonicMs()
    this.delivery = new Delivery(socket, request.webSocketKey, head, {
      clock: deps.clock,
      limits: deps.limits,
      handler: { onText: (text) => this.onText(text), onFormat: (format) => this.onFormat(format), onEnd: (reason) => this.onEnd(reason) },
    })
  }

  /** Apart from the constructor, so that the owner knows the viewer before it can end. */
  start() {
    if (!this.deps.hub.hasCamera(this.request.cameraId)) this.end(CloseCode.tryAgainLater, 'refused', 'media does not know this camera yet')
    else this.choose()
  }

  refuse(cause: FailureCause, detail: string | null, code: CloseCode = CloseCode.done) {
    this.delivery.send({ type: 'refused', cause, detail })
    this.end(code, 'refused', cause)
  }

  end(code: CloseCode, reason: ViewerLeft['reason'], text = '') {
    this.endReason ??= reason
    this.delivery.close(code, text)
  }

  /** Chooses the rung and joins its stream; plays as soon as the stream has pictures. */
  private choose() {
    if (this.endReason) return
    const rung = this.chooseRung()
    const stream = this.deps.hub.getStream(this.request.cameraId, rung.profile)
    if (stream !== this.stream) this.join(stream)
    // joining may have changed everything at once
    if (stream !== this.stream || this.endReason) return
    if (stream.feed.format) this.play(stream, rung)
  }

  private chooseRung(): Rung {
    const { hub } = this.deps
    const { cameraId, profile, codecs } = this.request
    return chooseRung({
      asked: profile,
      hasSub: hub.getCamera(cameraId).sub !== undefined,
      isSubMissing: this.isSubMissing,
      decodes: codecs,
      codecOf: (each) => hub.getStream(cameraId, each).intake.lastCodec,
    })
  }

  private join(stream: Stream) {
    this.release()
    this.stream = stream
    let isJoining = true
    const leave = stream.add({
      kind: 'viewer',
      onState: () => {
        if (!isJoining && this.stream === stream) this.onStreamState(stream)
      },
    })
    isJoining = false
    this.leaveStream = leave
    this.onStreamState(stream)
  }

  private release() {
    this.delivery.stop()
    this.lease?.leave()
    this.lease = undefined
    this.leaveStream?.()
    this.leaveStream = undefined
    this.stream = undefined
  }

  private onStreamState(stream: Stream) {
    const { state } = stream
    if (state.name === 'live') return this.choose()
    if (state.name === 'idle') return // its address changes or the process ends: another state follows
    if (state.name === 'opening' && this.hasBeenTold(stream)) return
    const isSubInstead = this.request.profile === 'main' && stream.profile === 'sub'
    if (isSubInstead && state.name === 'waiting' && isMissing(state.failure)) {
      this.isSubMissing = true
      return this.choose()
    }
    const failure = stream.attempt > 1 ? stream.lastFailure : undefined
    const retryInMs = state.name === 'waiting' ? Math.max(0, Math.round(state.untilMonoMs - this.deps.clock.monotonicMs())) : 0
    this.toldAttempt = stream.attempt
    this.delivery.send({ type: 'opening', attempt: stream.attempt, cause: failure?.cause ?? null, detail: failure?.detail ?? null, retryInMs })
  }

  /** `queued` and `opening` are one to the page. */
  private hasBeenTold(stream: Stream) {
    return this.toldAttempt === stream.attempt
  }

  private play(stream: Stream, rung: Rung) {
    const { transcoders } = this.deps
    const needsSound = this.request.sound && needsSoundTranscode(stream.intake.sourceAudio)
    let feed: Feed = stream.feed
    let soundMissing: SoundMissing = null
    const before = this.lease
    this.lease = undefined
    if (rung.isTranscoded || needsSound) {
      const acquired = transcoders.acquire(stream, { pictures: rung.isTranscoded, sound: needsSound })
      if (acquired.ok) {
        this.lease = acquired.lease
        feed = acquired.lease.variant.feed
        soundMissing = acquired.soundMissing
      } else if (rung.isTranscoded) {
        before?.leave()
        return this.refuse(acquired.cause, null, acquired.cause === 'transcode_limit' ? CloseCode.tryAgainLater : CloseCode.done)
      } else soundMissing = acquired.cause
    }
    before?.leave()
    this.delivery.play({
      feed,
      hasSound: this.request.sound,
      soundMissing,
      opened: (flvBaseMs, format) => ({
        type: 'opened',
        profile: stream.profile,
        codec: format.video.codec,
        sourceCodec: stream.intake.lastCodec ?? format.video.codec,
        widthPx: format.video.widthPx,
        heightPx: format.video.heightPx,
        sound: this.request.sound && format.audio !== undefined,
        flvBaseMs,
        instead: rung.instead,
        soundMissing,
      }),
      clock: (tag) => this.clockOf(stream, feed, tag),
    })
  }

  /** A transcoded tag is older than the newest one of the camera; its age is the same distance on the timeline. */
  private clockOf(stream: Stream, feed: Feed, tag: Tag): LiveServerMessage {
    const { newest } = stream.intake
    return { type: 'clock', flvMs: tag.flvMs, at: Math.round(newest.at - (newest.flvMs - tag.flvMs)), kbps: feed.rates.kbps, fps: feed.rates.fps }
  }

  private onFormat(format: FeedFormat | undefined) {
    const variant = this.lease?.variant
    if (variant?.failedDetail !== undefined) return this.refuse('codec_not_supported', variant.failedDetail)
    if (format) this.choose()
  }

  private onText(text: string) {
    const message = LiveClientMessage.safeParse(parseJson(text)).data
    if (!message) return this.end(CloseCode.protocolError, 'closed', 'not a message of ours')
    const nowMs = this.deps.clock.monotonicMs()
    if (nowMs - this.lastRetryMs < RETRY_EVERY_MS) return
    this.lastRetryMs = nowMs
    this.stream?.retryNow()
  }

  private onEnd(reason: 'closed' | 'too_slow') {
    this.endReason ??= reason
    this.release()
    const { clock, onLeft } = this.deps
    const { viewerId, cameraId } = this.request
    const watchedMs = Math.round(clock.monotonicMs() - this.startedMonoMs)
    onLeft(this, { type: 'viewerLeft', viewerId, cameraId, at: clock.now(), reason: this.endReason, bytes: this.delivery.bytesSent, watchedMs })
  }
}
