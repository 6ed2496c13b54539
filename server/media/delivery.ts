/**
 * What one live viewer is sent: frames out of a shared feed, never copied; control messages; how far a slow viewer may fall behind.
 *
 * A viewer has no queue of its own but what its socket holds (`maxQueueBytes` and one frame). When that is full it reads on from the feed's GOP cache as
 * the socket drains; when the next key frame comes before it has caught up, the rest of the old GOP is skipped.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import type { LiveServerMessage } from '../contract/media.ts'
import type { Feed, Gop } from './feed.ts'
import { isSameAudio, isSameVideo } from './format.ts'
import { type FeedFormat, openingFrame, type Tag } from './tag.ts'
import { CloseCode, type SocketLimits, ViewerSocket } from './viewer-socket.ts'

export type DeliveryLimits = SocketLimits & {
  /** A viewer that was behind for this long in sum is closed; time spent in step pays it back at a quarter. */
  maxBehindMs: number
}

export type DeliveryHandler = {
  onText(text: string): void
  /** The feed has another format, or none: `play` again. */
  onFormat(format: FeedFormat | undefined): void
  /** Once, whoever ended it; nothing is sent any more. */
  onEnd(reason: 'closed' | 'too_slow'): void
}

export type SoundMissing = Extract<LiveServerMessage, { type: 'opened' }>['soundMissing']

export type Playing = {
  feed: Feed
  hasSound: boolean
  /** Why there is no sound; told anew when it changes. */
  soundMissing: SoundMissing
  /** Sent just before the first bytes; `flvBaseMs` is the first tag's time. */
  opened(flvBaseMs: number, format: FeedFormat): LiveServerMessage
  clock(tag: Tag): LiveServerMessage
}

/** `starting`: the header is still to be sent, with the next whole GOP. `behind`: reading on from the GOP cache, or waiting for the next one. */
type Mode = 'stopped' | 'starting' | 'live' | 'behind'

const CLOCK_EVERY_MS = 1_000

export class Delivery {
  private readonly socket: ViewerSocket
  private readonly clock: Clock
  private readonly limits: DeliveryLimits
  private readonly handler: DeliveryHandler
  private mode: Mode = 'stopped'
  private playing: Playing | undefined
  private sentFormat: FeedFormat | undefined
  private flvBaseMs = 0
  private unlisten: (() => void) | undefined
  private gop: Gop | undefined
  private cursor = 0
  private skippedFrames = 0
  private behindMs = 0
  private lastClockMs = 0

  constructor(
    socket: Duplex,
    webSocketKey: string,
    head: Uint8Array,
    { clock, limits, handler }: { clock: Clock; limits: DeliveryLimits; handler: DeliveryHandler },
  ) {
    this.clock = clock
    this.limits = limits
    this.handler = handler
    this.socket = new ViewerSocket(socket, webSocketKey, head, {
      clock,
      limits,
      handler: { onText: (text) => handler.onText(text), onDrain: () => this.onDrain(), onEnd: (code) => this.onEnd(code) },
    })
  }

  get bytesSent() {
    return this.socket.bytesSent
  }

  /** How many bytes wait in this process for this viewer. */
  get queuedBytes() {
    return this.socket.queuedBytes
  }

  send(message: LiveServerMessage) {
    this.socket.send(message)
  }

  /** Sends a feed from its last key frame on. The same feed in the same format just goes on. */
  play(playing: Playing) {
    const format = playing.feed.format
    const { sentFormat } = this
    const isSameFeed = this.playing?.feed === playing.feed && this.playing.hasSound === playing.hasSound
    if (
      isSameFeed &&
      this.mode !== 'stopped' &&
      sentFormat &&
      format &&
      isSameVideo(format.video, sentFormat.video) &&
      (!playing.hasSound || isSameAudio(format.audio, sentFormat.audio))
    ) {
      const isNews = playing.soundMissing !== this.playing?.soundMissing && this.mode !== 'starting'
      this.playing = playing
      if (isNews) this.send(playing.opened(this.flvBaseMs, format))
      return
    }
    this.stop()
    this.playing = playing
    this.mode = 'starting'
    this.unlisten = playing.feed.listen(this)
    if (playing.feed.gop.isWhole) this.start()
  }

  /** No more pictures for now; the feed is let go. */
  stop() {
    this.unlisten?.()
    this.unlisten = undefined
    this.playing = undefined
    this.gop = undefined
    this.mode = 'stopped'
  }

  onFormat(format: FeedFormat | undefined) {
    if (!format) this.pause()
    else if (this.mode !== 'stopped' && this.sentFormat && !isSameVideo(format.video, this.sentFormat.video)) this.mode = 'starting'
    this.handler.onFormat(format)
  }

  onTag(tag: Tag) {
    switch (this.mode) {
      case 'live':
        if (tag.kind === 'audio' && !this.playing!.hasSound) return
        if (this.socket.hasRoom) return this.sendLive(tag)
        return this.fallBehind(tag)
      case 'starting':
        if (tag.isKey) this.start()
        return
      case 'behind':
        if (tag.isKey) this.skipToKey()
        else if (!this.gop && tag.kind === 'video') this.skippedFrames++
    }
  }

  /** Once a second: is anybody there, and does it keep up? */
  tick(passedMs: number) {
    this.behindMs = Math.max(0, this.behindMs + (this.mode === 'behind' ? passedMs : -passedMs / 4))
    if (this.behindMs > this.limits.maxBehindMs) this.close(CloseCode.tooSlow, 'too slow')
    else this.socket.tick()
  }

  close(code: number, reason = '') {
    this.socket.close(code, reason)
  }

  private onEnd(code: number | undefined) {
    this.stop()
    this.handler.onEnd(code === CloseCode.tooSlow ? 'too_slow' : 'closed')
  }

  private pause() {
    this.gop = undefined
    if (this.mode !== 'stopped') this.mode = 'starting'
  }

  private start() {
    const { feed, hasSound, opened } = this.playing!
    const first = feed.gop.tags[0]
    if (!feed.format || !first) return
    const { format, gop } = feed
    this.socket.together(() => {
      if (this.sentFormat) this.send({ type: 'restart' })
      this.sentFormat = format
      this.flvBaseMs = first.flvMs
      this.send(opened(first.flvMs, format))
      this.socket.write(openingFrame(format, hasSound, first.flvMs))
      this.skippedFrames = 0
      this.lastClockMs = 0
      this.gop = gop
      this.cursor = 0
      this.pump()
    })
  }

  /** Writes the GOP from the cursor on, as far as the socket takes it. */
  private pump() {
    const { gop, socket } = this
    const { hasSound } = this.playing!
    if (!gop) return
    socket.together(() => {
      while (this.cursor < gop.tags.length && socket.hasRoom) {
        const tag = gop.tags[this.cursor++]!
        if (tag.kind === 'video' || hasSound) socket.write(tag.frame)
      }
    })
    const isInStep = this.cursor === gop.tags.length
    if (isInStep) this.gop = undefined
    // the end of a GOP that outgrew its cache is not the newest frame: only the next key frame helps
    this.mode = isInStep && gop.isWhole ? 'live' : 'behind'
  }

  private sendLive(tag: Tag) {
    const nowMs = this.clock.monotonicMs()
    if (tag.kind === 'audio' || nowMs - this.lastClockMs < CLOCK_EVERY_MS) return this.socket.write(tag.frame)
    this.lastClockMs = nowMs
    this.socket.together(() => {
      this.send(this.playing!.clock(tag))
      this.socket.write(tag.frame)
    })
  }

  private fallBehind(tag: Tag) {
    const { gop } = this.playing!.feed
    this.mode = 'behind'
    if (gop.isWhole) {
      this.gop = gop
      this.cursor = gop.tags.length - 1 // this very tag
    } else if (tag.kind === 'video') this.skippedFrames++
  }

  private skipToKey() {
    if (this.gop) for (let i = this.cursor; i < this.gop.tags.length; i++) if (this.gop.tags[i]!.kind === 'video') this.skippedFrames++
    this.gop = this.playing!.feed.gop
    this.cursor = 0
    if (this.socket.hasRoom) this.catchUp()
  }

  private onDrain() {
    if (this.mode === 'behind' && this.gop) this.catchUp()
  }

  private catchUp() {
    if (this.skippedFrames > 0 && this.cursor === 0) {
      this.send({ type: 'skipped', frames: this.skippedFrames })
      this.skippedFrames = 0
    }
    this.pump()
  }
}
