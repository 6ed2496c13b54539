/**
 * Sends what is stored from one moment on as one FLV stream, as far ahead of the page as it may (R-PLAY). Every seek, and every change between
 * all pictures and key frames only, is a playout of its own; FLV times run on from one to the next, so an old `shown` is known by its time.
 */
import type { Clock } from '../../base/clock.ts'
import type { Instant } from '../../contract/ids.ts'
import type { PlaybackServerMessage } from '../../contract/recordings.ts'
import type { StoredSample } from '../../protocols/mp4/fragment-parser.ts'
import { isSameAudio, isSameVideo } from '../format.ts'
import type { PlaybackRequest } from '../plane.ts'
import type { FeedFormat } from '../tag.ts'
import type { ViewerSocket } from '../viewer-socket.ts'
import { HOLE_MS, keyIndexAt, momentOf } from '../recorded/moments.ts'
import type { Forms } from './forms.ts'
import { openedAs, Outlet } from './outlet.ts'
import { type ReaderDeps, readRecording, type ReadStep, type Unreadable } from './reader.ts'
import { Teller } from './teller.ts'
import type { PlacedFragment, RecordedFile } from '../recorded/recorded-file.ts'
import { SegmentNote } from '../recording/segment-note.ts'
import { createSampleReader, inOrderOfTime, isWholePicture } from '../recorded/samples.ts'

export type PlaybackLimits = {
  /** So much media is sent ahead of what the page shows, at a speed of 1 or less. */
  aheadMs: number
  /** The same for pictures that are transcoded: what a seek throws away has cost something. */
  transcodedAheadMs: number
  /** How often the end of what is recorded is looked at. */
  pollMs: number
}

export type Ask = { seekId: number; at: Instant; isKeyFramesOnly: boolean }

export type PlayoutDeps = ReaderDeps & {
  socket: ViewerSocket
  request: PlaybackRequest
  forms: Forms
  clock: Clock
  limits: PlaybackLimits
  /** A transcode died: the same must be asked for again. */
  onFailed(): void
}

/** Pictures that follow one another in one file; `shiftMs` is their FLV time less their decoding time. */
type Run = { shiftMs: number; fromFlvMs: number; nextDts: number }
type FragmentStep = Extract<ReadStep, { kind: 'fragment' }>

/** The clock of the recorder leads the camera's by a few ms a fragment; the page is told when it comes to this. */
const POSITION_MS = 40
/** How often it is looked whether the page has come to the end of one format. */
const BORDER_POLL_MS = 200
const BEHIND_POLL_MS = 100
/** Of transcoded pictures those so much before the moment asked for are sent too: one of them shows that moment. */
const LEAD_MS = 250
/** So often the same end was seen before what ffmpeg still holds is asked for: a camera that is being recorded brings more in the meantime. */
const DRAIN_POLLS = 8

export class Playout {
  readonly ask: Ask
  /** FLV time of what comes next. */
  nextFlvMs: number
  speed: number
  private readonly deps: PlayoutDeps
  private readonly stopping = new AbortController()
  private wake = () => {}
  private format: FeedFormat | undefined
  private outlet: Outlet | undefined
  private isAtRest = false
  private baseFlvMs: number
  private shown: { flvMs: number; monoMs: number | undefined }
  private readonly teller: Teller
  /** Undefined: the next picture must be a key frame. */
  private run: Run | undefined
  private lastSoundFlvMs = -1
  private noted: { file: RecordedFile; clockOffsetMs: number } | undefined
  private toldEndAt: Instant | null | undefined
  private endPolls = 0

  constructor(ask: Ask, firstFlvMs: number, speed: number, deps: PlayoutDeps) {
    this.ask = ask
    this.nextFlvMs = this.baseFlvMs = firstFlvMs
    this.speed = speed
    this.shown = { flvMs: firstFlvMs, monoMs: undefined }
    this.deps = deps
    this.teller = new Teller((message) => deps.socket.send(message))
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
    } finally {
      this.outlet?.close()
    }
  }

  stop() {
    this.stopping.abort()
    this.outlet?.close()
    this.wake()
  }

  /** Ends what is being transcoded: nobody looks on for now. Nothing is sent from then on. */
  rest() {
    this.isAtRest = true
    this.outlet?.close()
  }

  get isResting() {
    return this.isAtRest
  }

  /** Whether turning sound on or off changes what is sent. */
  get hasSoundStored() {
    return this.format?.audio !== undefined
  }

  get isTranscoding() {
    return this.outlet?.isTranscoding ?? false
  }

  get hasPlace() {
    return this.outlet?.hasPlace ?? false
  }

  onDrain() {
    this.wake()
  }

  onShown(flvMs: number, speed: number) {
    this.speed = speed
    if (flvMs >= this.baseFlvMs) this.shown = { flvMs: Math.min(flvMs, this.nextFlvMs), monoMs: this.deps.clock.monotonicMs() }
    this.teller.forgetBefore(this.shown.flvMs)
    this.wake()
  }

  /** The moment the page shows, as far as it is known. */
  get shownAt(): Instant {
    return this.teller.shownAt(this.shown.flvMs) ?? this.ask.at
  }

  private async onEdge(at: Instant | undefined, unreadable: Unreadable | undefined) {
    if (unreadable && !this.format) await this.refuse(unreadable.cause, unreadable.detail)
    const endAt = at === undefined ? null : Math.round(at)
    if (endAt !== this.toldEndAt) this.endPolls = 0
    // pictures that came out of ffmpeg meanwhile look to the page as if it went on
    if (endAt !== this.toldEndAt || this.outlet?.takeLateOutput()) this.teller.say({ type: 'end', at: endAt })
    this.toldEndAt = endAt
    if (++this.endPolls === (this.teller.isHolding ? 1 : DRAIN_POLLS)) await this.drainAtEnd()
    const untilMs = this.deps.clock.monotonicMs() + this.deps.limits.pollMs
    for (let leftMs = this.deps.limits.pollMs; leftMs > 0; leftMs = untilMs - this.deps.clock.monotonicMs()) await this.wait(leftMs)
  }

  private async drainAtEnd() {
    await this.outlet?.drain()
    if (this.isTranscoding) this.run = undefined
  }

  private async onFragment({ file, fragment, isContinuous }: FragmentStep) {
    const { audio } = file.head
    const { isKeyFramesOnly } = this.ask
    if (!isContinuous) this.run = undefined
    else if (this.run) this.keepTime(file, fragment, this.run)
    const first = this.format ? fragment.video[0]! : fragment.video[Math.max(0, keyIndexAt(fragment, this.ask.at))]!
    const read = createSampleReader(file, fragment, !isKeyFramesOnly)
    for (const { kind, sample, dtsMs } of inOrderOfTime(fragment, audio?.sampleRateHz ?? 1)) {
      if (kind === 'audio') {
        if (this.run && this.outlet?.hasSound) await this.sendSound(sample, dtsMs + this.run.shiftMs, read)
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
  private async begin(file: RecordedFile, fragment: PlacedFragment, sample: StoredSample) {
    const format: FeedFormat = { video: file.head.video, audio: file.head.audio }
    const at = momentOf(fragment, sample)
    if (!this.isSameFormat(format)) await this.open(format, at)
    this.teller.tellMoment(this.nextFlvMs, at)
    this.teller.tellClockOffset(this.nextFlvMs, this.clockOffsetOf(file))
    this.run = { shiftMs: this.nextFlvMs - sample.dts, fromFlvMs: this.nextFlvMs, nextDts: sample.dts }
  }

  /** A decoder must start anew: only after the page has shown all that came before. */
  private async open(format: FeedFormat, at: Instant) {
    const { socket, forms, clock, log, onFailed } = this.deps
    await this.outlet?.drain()
    while (this.format && this.shownFlvMs() < this.nextFlvMs - 1) await this.wait(BORDER_POLL_MS)
    this.outlet?.close()
    this.stopping.signal.throwIfAborted()
    const { seekId, isKeyFramesOnly } = this.ask
    const chosen = forms.choose(format, isKeyFramesOnly)
    if (!chosen.ok) return this.refuse(chosen.cause, chosen.detail)
    const isFirst = this.format === undefined && !isKeyFramesOnly
    const baseFlvMs = this.nextFlvMs
    this.format = format
    this.baseFlvMs = baseFlvMs
    this.shown = { flvMs: baseFlvMs, monoMs: undefined }
    this.lastSoundFlvMs = -1
    this.teller.open({ type: 'opened', seekId, at, flvBaseMs: baseFlvMs, isKeyFramesOnly, ...openedAs(format, chosen.form) })
    const skipToFlvMs = isFirst ? baseFlvMs + Math.max(0, this.ask.at - at - LEAD_MS) : baseFlvMs
    this.outlet = new Outlet(
      format,
      chosen.form,
      { baseFlvMs, skipToFlvMs },
      {
        socket,
        clock,
        log,
        onBegin: (flvMs) => this.teller.begin(flvMs),
        onOut: () => this.wake(),
        onPicturesFailed: (detail) => {
          log.warn({ cameraId: this.deps.request.cameraId, detail }, 'transcoding of a recording failed')
          forms.onPicturesFailed(detail)
          onFailed()
        },
        onSoundFailed: () => {
          forms.onSoundFailed()
          onFailed()
        },
      },
    )
  }

  private isSameFormat({ video, audio }: FeedFormat): boolean {
    const sent = this.format
    if (!sent || !isSameVideo(sent.video, video)) return false
    // sound that nobody wants may change
    return !this.deps.forms.wantsSound() || this.ask.isKeyFramesOnly || isSameAudio(sent.audio, audio)
  }

  /** Pictures follow without a seam, but times may be a little off, or jump. */
  private keepTime(file: RecordedFile, { at, video }: PlacedFragment, run: Run) {
    const { dts } = video[0]!
    if (Math.abs(dts - run.nextDts) > HOLE_MS) run.shiftMs = this.nextFlvMs - dts
    else this.nextFlvMs = Math.max(this.nextFlvMs, dts + run.shiftMs)
    if (Math.abs(at - this.teller.newestAt(this.nextFlvMs)!) >= POSITION_MS) this.teller.tellMoment(this.nextFlvMs, at)
    this.teller.tellClockOffset(this.nextFlvMs, this.clockOffsetOf(file))
  }

  /** By its own note, which is read once. */
  private clockOffsetOf(file: RecordedFile): number {
    if (this.noted?.file !== file) this.noted = { file, clockOffsetMs: SegmentNote.safeParse(file.head.note).data?.clockOffsetMs ?? 0 }
    return this.noted.clockOffsetMs
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
      this.outlet!.writePicture({ isKey: sample.isKey, flvMs, ptsMs: flvMs + sample.pts - sample.dts, data })
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
    this.outlet!.writeSound(flvMs, data)
  }

  private complain(file: RecordedFile, { offset, at }: PlacedFragment) {
    const { memory, log, request } = this.deps
    if (memory.isFirstComplaint(file.path)) log.warn({ cameraId: request.cameraId, file: file.path, offset, at }, 'a recorded picture is damaged')
  }

  /** Says so, and is silent until the page asks for something else. */
  private async refuse(cause: Extract<PlaybackServerMessage, { type: 'refused' }>['cause'], detail: string): Promise<never> {
    this.teller.say({ type: 'refused', cause, detail })
    for (;;) await this.wait()
  }

  /** Where the page is now if it went on as it said. */
  private shownFlvMs(): number {
    const { flvMs, monoMs } = this.shown
    return monoMs === undefined ? flvMs : Math.min(this.nextFlvMs, flvMs + (this.deps.clock.monotonicMs() - monoMs) * this.speed)
  }

  private async untilRoom(flvMs: number) {
    const { limits, socket } = this.deps
    const aheadMs = this.isTranscoding ? limits.transcodedAheadMs : limits.aheadMs
    while (flvMs > this.shown.flvMs + aheadMs * Math.max(1, this.speed) || !socket.hasRoom) await this.wait()
    while (this.outlet?.isBehind) {
      await this.wait(BEHIND_POLL_MS)
      this.outlet.checkStuck()
    }
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
