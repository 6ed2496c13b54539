/** Another form of a stream, shared by all who need it: pictures passed on or turned into H.264, sound passed on or turned into AAC. */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { AudioConfig, VideoConfig } from '../protocols/codec/access-unit.ts'
import { Feed, type GopLimits } from './feed.ts'
import { isSameAudio, isSameVideo } from './format.ts'
import { PictureTranscode } from './picture-transcode.ts'
import { SoundTranscode, transcodedSound } from './sound-transcode.ts'
import type { Stream } from './stream.ts'
import { type FeedFormat, type Tag, tagData } from './tag.ts'

const STUCK_MS = 10_000
const MAX_PICTURE_FAILURES = 3
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 30_000

export type VariantDeps = { ffmpegPath: string; clock: Clock; log: Log; gop: GopLimits }

/** G.711, which no browser plays inside MSE. */
export function needsSoundTranscode(audio: AudioConfig | undefined): audio is AudioConfig & { codec: 'pcma' | 'pcmu' } {
  return audio?.codec === 'pcma' || audio?.codec === 'pcmu'
}

export class Variant {
  readonly stream: Stream
  readonly feed: Feed
  readonly isPictureTranscoded: boolean
  /** Set when the pictures could not be transcoded time and again: nobody should wait for them. */
  failedDetail: string | undefined
  private readonly deps: VariantDeps
  private wantsSound = false
  private picture: PictureTranscode | undefined
  private sound: SoundTranscode | undefined
  private videoOut: VideoConfig | undefined
  private pictureFailures = 0
  private soundFailures = 0
  private pictureTimer: Timer | undefined
  private soundTimer: Timer | undefined
  private closing: Promise<void> | undefined
  private readonly ends: (() => void)[]
  private readonly watchdog: Timer

  constructor(stream: Stream, isPictureTranscoded: boolean, deps: VariantDeps) {
    this.stream = stream
    this.deps = deps
    this.isPictureTranscoded = isPictureTranscoded
    this.feed = new Feed(deps.gop)
    this.ends = [
      stream.feed.listen({ onTag: (tag) => this.onTag(tag), onFormat: (format) => this.onFormat(format) }),
      stream.intake.listenSound((unit, flvMs) => this.sound?.write(unit, flvMs)),
      // the pull goes on as long as the variant does
      stream.add({ kind: 'warm', onState() {} }),
    ]
    this.watchdog = deps.clock.every(1_000, () => {
      if (this.picture?.isStuck(STUCK_MS)) this.onPictureFailed('nothing came out')
    })
    this.onFormat(stream.feed.format)
  }

  get isSoundTranscoded() {
    return this.wantsSound
  }

  /** Sound is transcoded only once someone wants to hear it. */
  enableSound() {
    if (this.wantsSound) return
    this.wantsSound = true
    this.startSound()
    this.announce()
  }

  close(): Promise<void> {
    if (this.closing) return this.closing
    this.watchdog.cancel()
    for (const end of this.ends) end()
    this.closing = this.stopChildren()
    return this.closing
  }

  private get isClosed() {
    return this.closing !== undefined
  }

  private onFormat(format: FeedFormat | undefined) {
    if (!format) {
      void this.stopChildren()
      return this.feed.clear()
    }
    this.startSound()
    if (!this.isPictureTranscoded) {
      this.announce()
      if (this.feed.gop.tags.length === 0) this.replay()
    } else if (!this.picture || !isSameVideo(this.picture.sourceConfig, format.video)) this.startPicture()
    else this.announce()
  }

  /** What the feed holds now, told to its viewers if it is new. */
  private announce() {
    const source = this.stream.feed.format
    const video = this.isPictureTranscoded ? this.videoOut : source?.video
    if (!source || !video) return
    const audio = needsSoundTranscode(this.stream.intake.sourceAudio) ? (this.wantsSound ? transcodedSound : undefined) : source.audio
    const before = this.feed.format
    if (!before || !isSameVideo(before.video, video) || !isSameAudio(before.audio, audio)) this.feed.setFormat({ video, audio })
  }

  private onTag(tag: Tag) {
    if (tag.kind === 'video' && this.isPictureTranscoded) this.picture?.write(tag, tagData(tag))
    else this.push(tag)
  }

  private push(tag: Tag) {
    if (this.feed.format) this.feed.push(tag, this.deps.clock.monotonicMs())
  }

  /** Who comes to a running stream does not wait for the next key frame. */
  private replay() {
    if (!this.stream.feed.gop.isWhole) return
    for (const tag of this.stream.feed.gop.tags) if (tag.kind === 'video') this.onTag(tag)
  }

  private startPicture() {
    const { clock, log, ffmpegPath } = this.deps
    const source = this.stream.feed.format?.video
    void this.picture?.close()
    this.picture = undefined
    this.videoOut = undefined
    this.pictureTimer?.cancel()
    if (!source || this.isClosed || this.failedDetail) return
    const picture = new PictureTranscode(
      ffmpegPath,
      source,
      {
        onConfig: (config) => {
          if (this.picture !== picture) return
          this.videoOut = config
          this.announce()
        },
        onTag: (tag) => {
          if (this.picture !== picture) return
          this.pictureFailures = 0
          this.push(tag)
        },
        onFailed: (detail) => {
          if (this.picture === picture) this.onPictureFailed(detail)
        },
      },
      { clock, log },
    )
    this.picture = picture
    this.replay()
  }

  private onPictureFailed(detail: string) {
    this.deps.log.warn({ cameraId: this.stream.cameraId, detail }, 'transcoding failed')
    void this.picture?.close()
    this.picture = undefined
    this.pictureFailures++
    if (this.pictureFailures >= MAX_PICTURE_FAILURES) this.failedDetail = detail.slice(0, 200)
    this.feed.clear()
    // viewers that wait for a first picture listen for formats too
    if (this.failedDetail) this.feed.setFormat(undefined)
    else this.pictureTimer = this.deps.clock.after(FIRST_PAUSE_MS * this.pictureFailures, () => this.startPicture())
  }

  private startSound() {
    const audio = this.stream.intake.sourceAudio
    if (!this.wantsSound || this.sound || this.isClosed || !needsSoundTranscode(audio)) return
    const sound = new SoundTranscode(
      this.deps.ffmpegPath,
      audio,
      {
        onTag: (tag) => {
          if (this.sound !== sound) return
          this.soundFailures = 0
          this.push(tag)
        },
        onFailed: (detail) => {
          if (this.sound === sound) this.onSoundFailed(detail)
        },
      },
      { log: this.deps.log },
    )
    this.sound = sound
  }

  private onSoundFailed(detail: string) {
    this.deps.log.warn({ cameraId: this.stream.cameraId, detail }, 'transcoding of sound failed')
    void this.sound?.close()
    this.sound = undefined
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.soundFailures++)
    this.soundTimer = this.deps.clock.after(pauseMs, () => this.startSound())
  }

  private async stopChildren() {
    this.pictureTimer?.cancel()
    this.soundTimer?.cancel()
    const closing = [this.picture, this.sound].flatMap((child) => (child ? [child.close()] : []))
    this.picture = undefined
    this.sound = undefined
    this.videoOut = undefined
    await Promise.all(closing)
  }
}
