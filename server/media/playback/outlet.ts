/**
 * Sends the pictures and the sound of one format to a page in the form chosen for it: passed on, or through ffmpeg. FLV times stay what they are.
 * A track of sound that breaks off is filled with silence, since a browser would wait for it.
 */
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { AAC_SAMPLES_PER_UNIT, silentAacUnit } from '../../protocols/codec/aac.ts'
import type { AudioConfig, VideoConfig } from '../../protocols/codec/access-unit.ts'
import { flvAudioTag, flvVideoTag } from '../../protocols/flv/muxer.ts'
import { isSameVideo } from '../format.ts'
import { fitSize, PictureTranscode } from '../picture-transcode.ts'
import { SoundTranscode, transcodedSound } from '../sound-transcode.ts'
import { FRAME_HEADROOM_BYTES, openingFrame, type FeedFormat } from '../tag.ts'
import { needsSoundTranscode } from '../variant.ts'
import type { ViewerSocket } from '../viewer-socket.ts'
import { frameInPlace } from '../websocket.ts'
import type { Form } from './forms.ts'

export type Picture = { isKey: boolean; flvMs: number; ptsMs: number; data: Buffer }

export type OutletDeps = {
  socket: ViewerSocket
  clock: Clock
  log: Log
  /** The first picture is about to be sent, with this FLV time. */
  onBegin(flvMs: number): void
  /** Something came out: there may be room again. */
  onOut(): void
  onPicturesFailed(detail: string): void
  onSoundFailed(detail: string): void
}

/** Pictures that wait in ffmpeg: more than any decoder holds back to put them in order (H.265: 16), little to throw away at a seek. */
const MAX_WAITING_PICTURES = 30
/** Nothing came out for this long although so many wait: it hangs. */
const STUCK_MS = 20_000
/** Sound may be so much later than the pictures beside it before silence stands for it. */
const LATE_SOUND_MS = 500
const MAX_SOUND_FAILURES = 3

/** What the page is told that it gets. */
export function openedAs({ video, audio }: FeedFormat, { pictures, soundMissing }: Form) {
  const { widthPx, heightPx } = pictures ? fitSize(video.widthPx, video.heightPx) : video
  const codec = pictures ? ('h264' as const) : video.codec
  const instead = pictures ? ('transcode' as const) : null
  return { codec, sourceCodec: video.codec, widthPx, heightPx, instead, sound: audio?.codec ?? null, soundMissing }
}

export class Outlet {
  private readonly source: FeedFormat
  private readonly form: Form
  private readonly skipToFlvMs: number
  private readonly deps: OutletDeps
  private readonly silence: Uint8Array | undefined
  private picture: PictureTranscode | undefined
  private sound: SoundTranscode | undefined
  /** What has been sent in front of all pictures; a decoder cannot take another without a new beginning. */
  private videoOut: VideoConfig | undefined
  /** Presentation times of the pictures in ffmpeg. */
  private waiting: number[] = []
  private lastOutMonoMs: number
  /** Sound that is ahead of the pictures which are still being transcoded. */
  private earlySounds: { flvMs: number; frame: Buffer }[] = []
  private sentFlvMs = Number.NEGATIVE_INFINITY
  /** How far there is sound. */
  private soundToFlvMs: number
  private soundFailures = 0
  private hasLateOutput = false
  private isClosed = false

  /** Transcoded pictures before `skipToFlvMs` are not sent: nobody asked for them, they only lead to the one that was asked for. */
  constructor(source: FeedFormat, form: Form, { baseFlvMs, skipToFlvMs }: { baseFlvMs: number; skipToFlvMs: number }, deps: OutletDeps) {
    this.source = source
    this.form = form
    this.skipToFlvMs = form.pictures ? skipToFlvMs : baseFlvMs
    this.soundToFlvMs = this.skipToFlvMs
    this.deps = deps
    this.silence = form.sound === 'as_is' && source.audio ? silentAacUnit(source.audio) : undefined
    this.lastOutMonoMs = deps.clock.monotonicMs()
  }

  get isTranscoding(): boolean {
    return this.form.pictures !== undefined
  }

  /** Whether it takes a place among the transcodes, for pictures or for sound. */
  get hasPlace(): boolean {
    return this.form.pictures !== undefined || typeof this.form.sound === 'object'
  }

  get hasSound(): boolean {
    return this.form.sound !== 'none'
  }

  /** Nothing more should be written for now. */
  get isBehind(): boolean {
    return this.isClosed || this.waiting.length >= MAX_WAITING_PICTURES || (this.picture?.isBehind ?? false)
  }

  /** Whether anything came out of ffmpeg since this was asked last. */
  takeLateOutput(): boolean {
    const had = this.hasLateOutput
    this.hasLateOutput = false
    return had
  }

  /** To be asked while it is behind. */
  checkStuck() {
    if (!this.isClosed && this.picture && this.deps.clock.monotonicMs() - this.lastOutMonoMs > STUCK_MS) this.onPicturesFailed('nothing came out')
  }

  writePicture({ isKey, flvMs, ptsMs, data }: Picture) {
    if (this.isClosed) return
    if (!this.form.pictures) {
      if (!this.videoOut) this.begin(this.source.video, flvMs)
      const unit = { kind: 'video', config: this.source.video, isKey, dts90k: flvMs * 90, pts90k: ptsMs * 90, data } as const
      this.send(flvMs, frameInPlace(flvVideoTag(unit, flvMs, FRAME_HEADROOM_BYTES)))
    } else if (this.picture || isKey) {
      this.picture ??= this.startPictures(this.form.pictures.ffmpegPath, flvMs)
      if (this.waiting.length === 0) this.lastOutMonoMs = this.deps.clock.monotonicMs()
      if (ptsMs >= this.skipToFlvMs) this.waiting.push(ptsMs)
      this.picture.write({ isKey, flvMs, ptsMs }, data)
    }
    this.fillSound(flvMs - LATE_SOUND_MS)
  }

  writeSound(flvMs: number, data: Buffer) {
    const { form, source } = this
    if (this.isClosed || form.sound === 'none' || flvMs < this.skipToFlvMs) return
    if (form.sound === 'as_is') return this.passSound(flvMs, data)
    if (!needsSoundTranscode(source.audio)) return
    this.sound ??= this.startSound(form.sound.ffmpegPath, source.audio)
    this.sound.write({ kind: 'audio', config: source.audio, dts90k: flvMs * 90, data }, flvMs)
    this.soundToFlvMs = Math.max(this.soundToFlvMs, flvMs + (data.length / source.audio.channels / source.audio.sampleRateHz) * 1_000)
  }

  /** Nothing follows for now, or another format: what ffmpeg still holds comes out. The next picture must be a key frame. */
  async drain(): Promise<void> {
    await Promise.all([this.picture, this.sound].flatMap((child) => (child ? [child.finish()] : [])))
    if (this.isClosed) return
    this.picture = this.sound = undefined
    this.waiting = []
    for (const { frame } of this.earlySounds.splice(0)) this.deps.socket.write(frame)
  }

  close() {
    this.isClosed = true
    void this.picture?.close()
    void this.sound?.close()
    this.earlySounds = []
  }

  /** The FLV header and what decoders must know first. */
  private begin(video: VideoConfig, flvMs: number) {
    const { form, source, deps } = this
    this.videoOut = video
    const audio = form.sound === 'none' ? undefined : form.sound === 'as_is' ? source.audio : transcodedSound
    deps.onBegin(flvMs)
    deps.socket.write(openingFrame({ video, audio }, audio !== undefined, flvMs))
  }

  private startPictures(ffmpegPath: string, firstFlvMs: number): PictureTranscode {
    const { clock, log } = this.deps
    let config: VideoConfig | undefined
    const picture = new PictureTranscode(
      ffmpegPath,
      this.source.video,
      {
        onConfig: (next) => {
          if (this.isClosed || this.picture !== picture) return
          config = next
          if (this.videoOut && !isSameVideo(this.videoOut, next)) this.onPicturesFailed('another format came out than before')
        },
        onTag: (tag) => {
          if (this.isClosed || this.picture !== picture || !config) return
          if (!this.videoOut) this.begin(config, tag.flvMs)
          this.hasLateOutput = true
          this.lastOutMonoMs = clock.monotonicMs()
          // pictures that cannot be decoded, those led by a key frame that was sought, never come out
          this.waiting = this.waiting.filter((ptsMs) => ptsMs > tag.ptsMs)
          this.send(tag.flvMs, tag.frame)
          this.deps.onOut()
        },
        onFailed: (detail) => this.picture === picture && this.onPicturesFailed(detail),
      },
      { clock, log, skipToMs: this.skipToFlvMs - firstFlvMs },
    )
    return picture
  }

  private onPicturesFailed(detail: string) {
    if (this.isClosed) return
    this.close()
    this.deps.onPicturesFailed(detail)
  }

  private startSound(ffmpegPath: string, audio: AudioConfig & { codec: 'pcma' | 'pcmu' }): SoundTranscode {
    const { log } = this.deps
    let hasOutput = false
    const sound = new SoundTranscode(
      ffmpegPath,
      audio,
      {
        onTag: ({ flvMs, frame }) => {
          if (this.isClosed || this.sound !== sound) return
          hasOutput = this.hasLateOutput = true
          this.sendSound(flvMs, frame)
        },
        onFailed: (detail) => {
          if (this.isClosed || this.sound !== sound) return
          void sound.close()
          this.sound = undefined
          log.warn({ detail }, 'transcoding of recorded sound failed')
          // one that never gave anything never will; another is begun with the next sound
          if (!hasOutput || ++this.soundFailures >= MAX_SOUND_FAILURES) this.deps.onSoundFailed(detail)
        },
      },
      { log },
    )
    return sound
  }

  private passSound(flvMs: number, data: Uint8Array) {
    const audio = this.source.audio!
    const unit = { kind: 'audio', config: audio, dts90k: flvMs * 90, data } as const
    this.soundToFlvMs = Math.max(this.soundToFlvMs, flvMs + (AAC_SAMPLES_PER_UNIT * 1_000) / audio.sampleRateHz)
    this.sendSound(flvMs, frameInPlace(flvAudioTag(unit, flvMs, FRAME_HEADROOM_BYTES)))
  }

  /** What is missing of the sound up to `flvMs`. */
  private fillSound(flvMs: number) {
    const { form, source, silence } = this
    if (form.sound === 'none' || flvMs <= this.soundToFlvMs) return
    if (form.sound === 'as_is') {
      if (silence) while (this.soundToFlvMs < flvMs) this.passSound(Math.round(this.soundToFlvMs), silence)
    } else if (needsSoundTranscode(source.audio)) {
      this.sound ??= this.startSound(form.sound.ffmpegPath, source.audio)
      this.sound.silenceTo(this.soundToFlvMs, flvMs)
      this.soundToFlvMs = flvMs
    }
  }

  private send(flvMs: number, frame: Uint8Array) {
    this.deps.socket.write(frame)
    this.sentFlvMs = flvMs
    while (this.earlySounds[0] && this.earlySounds[0].flvMs <= flvMs) this.deps.socket.write(this.earlySounds.shift()!.frame)
  }

  /** Pictures that are passed on are never late. */
  private sendSound(flvMs: number, frame: Buffer) {
    if (!this.form.pictures || flvMs <= this.sentFlvMs) this.deps.socket.write(frame)
    else this.earlySounds.push({ flvMs, frame })
  }
}
