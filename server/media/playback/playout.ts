/**
 * Sends what is stored from one moment on as one FLV stream, as far ahead of the page as it may (R-PLAY). Every seek, and every change between
 * all pictures and key frames only, is a playout of its own; FLV times run on from one to the next, so an old `shown` is known by its time.
 */
import type { Clock } from '../../base/clock.ts'
import type { Instant } from '../../contract/ids.ts'
import type { PlaybackServerMessage } from '../../contract/recordings.ts'
import { flvAudioTag, flvVideoTag } from '../../protocols/flv/muxer.ts'
import type { StoredSample } from '../../protocols/mp4/fragment-parser.ts'
import { isSameAudio, isSameVideo } from '../format.ts'
import type { PlaybackRequest } from '../plane.ts'
import { type FeedFormat, openingFrame } from '../tag.ts'
import type { ViewerSocket } from '../viewer-socket.ts'
import { FRAME_HEADROOM_BYTES, frameInPlace } from '../websocket.ts'
import { HOLE_MS, keyIndexAt, momentOf } from '../recorded/moments.ts'
import { type ReaderDeps, readRecording, type ReadStep, type Unreadable } from './reader.ts'
import type { PlacedFragment, RecordedFile } from '../recorded/recorded-file.ts'
import { createSampleReader, inOrderOfTime, isWholePicture } from '../recorded/samples.ts'

export type PlaybackLimits = {
  /** So much media is sent ahead of what the page shows, at a speed of 1 or less. */
  aheadMs: number
  /** How often the end of what is recorded is looked at. */
  pollMs: number
}

export type Ask = { seekId: number; at: Instant; isKeyFramesOnly: boolean }

export type PlayoutDeps = ReaderDeps & { socket: ViewerSocket; request: PlaybackRequest; clock: Clock; limits: PlaybackLimits }

/** Pictures that follow one another in one file; `shiftMs` is their FLV time less their decoding time. */
type Run = { shiftMs: number; fromFlvMs: number; nextDts: number }
type FragmentStep = Extract<ReadStep, { kind: 'fragment' }>

/** The clock of the recorder leads the camera's by a few ms a fragment; the page is told when it comes to this. */
const POSITION_MS = 40
/** How often it is looked whether the page has come to the end of one format. */
const BORDER_POLL_MS = 200

export class Playout {
  readonly ask: Ask
  /** FLV time of what comes next. */
  nextFlvMs: number
  speed: number
  private readonly deps: PlayoutDeps
  private readonly stopping = new AbortController()
  private wake = () => {}
  private format: FeedFormat | undefined
  private baseFlvMs: number
  private shown: { flvMs: number; monoMs: number | undefined }
  /** Which moment which FLV time is, oldest first; the last shown one is the first of them. */
  private positions: { flvMs: number; at: Instant }[] = []
  /** Undefined: the next picture must be a key frame. */
  private run: Run | undefined
  private lastSoundFlvMs = -1
  private toldEndAt: Instant | null | undefined

  constructor(ask: Ask, firstFlvMs: number, speed: number, deps: PlayoutDeps) {
    this.ask = ask
    this.nextFlvMs = this.baseFlvMs = firstFlvMs
    this.speed = speed
    this.shown = { flvMs: firstFlvMs, monoMs: undefined }
    this.deps = deps
  }

  /** Resolves after `stop`. */
  async play(): Promise<void> {
    const { deps, ask, stopping } = this
    try {
      for await (const step of readRecording(deps.request.cameraId, ask.at, stopping.signal, deps)) {
        if (step.kind === 'fragment') await this.onFragment(step)
        else await this.onEdge(step.at, step.unreadable)
      }
    } catch (problem) {
      if (!stopping.signal.aborted) throw problem
    }
  }

  stop() {
    this.stopping.abort()
    this.wake()
  }

  onDrain() {
    this.wake()
  }

  onShown(flvMs: number, speed: number) {
    this.speed = speed
    if (flvMs >= this.baseFlvMs) this.shown = { flvMs: Math.min(flvMs, this.nextFlvMs), monoMs: this.deps.clock.monotonicMs() }
    while (this.positions.length > 1 && this.positions[1]!.flvMs <= this.shown.flvMs) this.positions.shift()
    this.wake()
  }

  /** The moment the page shows, as far as it is known. */
  get shownAt(): Instant {
    const position = this.positions[0]
    return position ? Math.round(position.at + Math.max(0, this.shown.flvMs - position.flvMs)) : this.ask.at
  }

  private async onEdge(at: Instant | undefined, unreadable: Unreadable | undefined) {
    if (unreadable && !this.format) await this.refuse(unreadable.cause, unreadable.detail)
    const endAt = at === undefined ? null : Math.round(at)
    if (endAt !== this.toldEndAt) this.send({ type: 'end', at: endAt })
    this.toldEndAt = endAt
    const untilMs = this.deps.clock.monotonicMs() + this.deps.limits.pollMs
    for (let leftMs = this.deps.limits.pollMs; leftMs > 0; leftMs = untilMs - this.deps.clock.monotonicMs()) await this.wait(leftMs)
  }

  private async onFragment({ file, fragment, isContinuous }: FragmentStep) {
    const { audio } = file.head
    const { isKeyFramesOnly } = this.ask
    if (!isContinuous) this.run = undefined
    else if (this.run) this.keepTime(fragment, this.run)
    const first = this.format ? fragment.video[0]! : fragment.video[Math.max(0, keyIndexAt(fragment, this.ask.at))]!
    const read = createSampleReader(file, fragment, !isKeyFramesOnly)
    for (const { kind, sample, dtsMs } of inOrderOfTime(fragment, audio?.sampleRateHz ?? 1)) {
      if (kind === 'audio') {
        if (this.run && this.hasSound(audio)) await this.sendSound(sample, dtsMs + this.run.shiftMs, read)
        continue
      }
      if (dtsMs < first.dts) continue
      if (!this.run && sample.isKey) await this.begin(file, fragment, sample)
      if (!this.run) continue
      if (!(await this.sendPicture(sample, read))) {
        this.complain(file, fragment)
        this.run = undefined
        return
      }
    }
  }

  /** The first picture of a stretch: what the page must know before it. */
  private async begin({ head }: RecordedFile, fragment: PlacedFragment, sample: StoredSample) {
    const format: FeedFormat = { video: head.video, audio: head.audio }
    const at = momentOf(fragment, sample)
    if (!this.isSameFormat(format)) await this.open(format, at)
    this.tellMoment(at)
    this.run = { shiftMs: this.nextFlvMs - sample.dts, fromFlvMs: this.nextFlvMs, nextDts: sample.dts }
  }

  /** A decoder must start anew: only after the page has shown all that came before. */
  private async open(format: FeedFormat, at: Instant) {
    const { socket, request } = this.deps
    const { codec, widthPx, heightPx } = format.video
    while (this.format && this.shownFlvMs() < this.nextFlvMs - 1) await this.wait(BORDER_POLL_MS)
    if (!request.codecs.includes(codec)) await this.refuse('codec_not_supported', codec)
    this.format = format
    this.baseFlvMs = this.nextFlvMs
    this.shown = { flvMs: this.nextFlvMs, monoMs: undefined }
    this.positions = []
    this.lastSoundFlvMs = -1
    const { seekId, isKeyFramesOnly } = this.ask
    socket.together(() => {
      this.send({ type: 'opened', seekId, at, flvBaseMs: this.baseFlvMs, codec, widthPx, heightPx, sound: format.audio?.codec ?? null, isKeyFramesOnly })
      socket.write(openingFrame(format, this.hasSound(format.audio), this.baseFlvMs))
    })
  }

  private hasSound(audio: FeedFormat['audio']): boolean {
    return audio?.codec === 'aac' && this.deps.request.sound && !this.ask.isKeyFramesOnly
  }

  private isSameFormat({ video, audio }: FeedFormat): boolean {
    const sent = this.format
    if (!sent || !isSameVideo(sent.video, video)) return false
    return (!this.hasSound(sent.audio) && !this.hasSound(audio)) || isSameAudio(sent.audio, audio)
  }

  /** Pictures follow without a seam, but times may be a little off, or jump. */
  private keepTime({ at, video }: PlacedFragment, run: Run) {
    const { dts } = video[0]!
    if (Math.abs(dts - run.nextDts) > HOLE_MS) run.shiftMs = this.nextFlvMs - dts
    else this.nextFlvMs = Math.max(this.nextFlvMs, dts + run.shiftMs)
    if (Math.abs(at - this.momentAt(this.nextFlvMs)) >= POSITION_MS) this.tellMoment(at)
  }

  /** What follows is of the moment `at`. */
  private tellMoment(at: Instant) {
    const { nextFlvMs: flvMs } = this
    const toAt = Math.round(at)
    const fromAt = Math.round(this.positions.length > 0 ? this.momentAt(flvMs) : at)
    if (toAt - fromAt > HOLE_MS) this.send({ type: 'gap', flvMs, fromAt, toAt })
    this.positions.push({ flvMs, at: toAt })
    this.send({ type: 'position', flvMs, at: toAt })
  }

  private momentAt(flvMs: number): Instant {
    const { flvMs: sinceFlvMs, at } = this.positions.at(-1)!
    return at + flvMs - sinceFlvMs
  }

  /** False for a picture that is not whole. In the times of key frames only, all pictures count. */
  private async sendPicture(sample: StoredSample, read: (sample: StoredSample) => Promise<Buffer | undefined>): Promise<boolean> {
    const run = this.run!
    const flvMs = sample.dts + run.shiftMs
    if (sample.isKey || !this.ask.isKeyFramesOnly) {
      await this.untilRoom(flvMs)
      const data = await read(sample)
      if (!data || !isWholePicture(data)) return false
      this.stopping.signal.throwIfAborted()
      const unit = { kind: 'video', config: this.format!.video, isKey: sample.isKey, dts90k: sample.dts * 90, pts90k: sample.pts * 90, data } as const
      this.deps.socket.write(frameInPlace(flvVideoTag(unit, flvMs, FRAME_HEADROOM_BYTES)))
    }
    run.nextDts = sample.dts + sample.duration
    this.nextFlvMs = flvMs + sample.duration
    return true
  }

  private async sendSound(sample: StoredSample, flvMs: number, read: (sample: StoredSample) => Promise<Buffer | undefined>) {
    if (flvMs < this.run!.fromFlvMs || flvMs <= this.lastSoundFlvMs) return
    await this.untilRoom(flvMs)
    const data = await read(sample)
    this.stopping.signal.throwIfAborted()
    if (!data) return
    this.lastSoundFlvMs = flvMs
    const unit = { kind: 'audio', config: this.format!.audio!, dts90k: 0, data } as const
    this.deps.socket.write(frameInPlace(flvAudioTag(unit, flvMs, FRAME_HEADROOM_BYTES)))
  }

  private complain(file: RecordedFile, { offset, at }: PlacedFragment) {
    const { memory, log, request } = this.deps
    if (memory.isFirstComplaint(file.path)) log.warn({ cameraId: request.cameraId, file: file.path, offset, at }, 'a recorded picture is damaged')
  }

  /** Says so, and is silent until the page asks for something else. */
  private async refuse(cause: Extract<PlaybackServerMessage, { type: 'refused' }>['cause'], detail: string): Promise<never> {
    this.send({ type: 'refused', cause, detail })
    for (;;) await this.wait()
  }

  private send(message: PlaybackServerMessage) {
    this.deps.socket.send(message)
  }

  /** Where the page is now if it went on as it said. */
  private shownFlvMs(): number {
    const { flvMs, monoMs } = this.shown
    return monoMs === undefined ? flvMs : Math.min(this.nextFlvMs, flvMs + (this.deps.clock.monotonicMs() - monoMs) * this.speed)
  }

  private async untilRoom(flvMs: number) {
    while (flvMs > this.shown.flvMs + this.deps.limits.aheadMs * Math.max(1, this.speed) || !this.deps.socket.hasRoom) await this.wait()
  }

  /** Until something happens, or the time is over. Rejects once this playout is stopped. */
  private async wait(timeoutMs?: number) {
    this.stopping.signal.throwIfAborted()
    await new Promise<void>((resolve) => {
      const timer = timeoutMs === undefined ? undefined : this.deps.clock.after(timeoutMs, resolve)
      this.wake = () => {
        timer?.cancel()
        resolve()
      }
    })
    this.stopping.signal.throwIfAborted()
  }
}
