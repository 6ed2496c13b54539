/** What the pulls of a stream give, one after another: units of the camera become tags of one feed, on one timeline. */
import type { Clock } from '../base/clock.ts'
import type { Instant } from '../contract/ids.ts'
import type { VideoCodec } from '../contract/media.ts'
import type { FailureCause } from '../contract/status.ts'
import type { SourceStats } from '../drivers/driver.ts'
import type { AccessUnit, AudioConfig, AudioUnit, VideoConfig, VideoUnit } from '../protocols/codec/access-unit.ts'
import { flvAudioTag, flvVideoTag } from '../protocols/flv/muxer.ts'
import type { Feed } from './feed.ts'
import { isSameAudio, isSameVideo } from './format.ts'
import { createHealthCheck, type HealthCheck } from './stream-health.ts'
import { createTag, FRAME_HEADROOM_BYTES } from './tag.ts'
import { Timeline } from './timeline.ts'

/** Longest believable time between decoding and showing a picture. */
const MAX_COMPOSITION_90K = 10 * 90_000
/** FLV times have 32 bits of milliseconds; the timeline starts anew long before they wrap. */
const MAX_FLV_MS = 2 ** 31

export class Intake {
  readonly feed: Feed
  /** What the camera sends for sound, transcoded or not; `feed.format.audio` is there only when it can be passed on. */
  sourceAudio: AudioConfig | undefined
  /** Known after the first pull, so that the ladder can choose without opening. */
  lastCodec: VideoCodec | undefined
  /** The newest picture: its place on the timeline and when it reached us. */
  newest: { flvMs: number; at: Instant; monoMs: number } = { flvMs: 0, at: 0, monoMs: 0 }
  bytesIn = 0
  lastUnitMonoMs = 0
  private readonly clock: Clock
  private readonly soundListeners = new Set<(unit: AudioUnit, flvMs: number) => void>()
  private timeline: Timeline | undefined
  private nextFlvMs = 0
  private videoConfig: VideoConfig | undefined
  private health: HealthCheck = createHealthCheck()

  constructor(feed: Feed, clock: Clock) {
    this.feed = feed
    this.clock = clock
  }

  /** A pull begins. */
  begin(monoMs: number) {
    this.timeline = new Timeline(this.nextFlvMs, monoMs)
    this.videoConfig = undefined
    this.sourceAudio = undefined
    this.lastUnitMonoMs = monoMs
    this.health = createHealthCheck()
  }

  /** Sound as the camera sends it, for transcoding. */
  listenSound(listener: (unit: AudioUnit, flvMs: number) => void): () => void {
    this.soundListeners.add(listener)
    return () => void this.soundListeners.delete(listener)
  }

  take(unit: AccessUnit) {
    this.lastUnitMonoMs = this.clock.monotonicMs()
    this.bytesIn += unit.data.length
    if (unit.kind === 'video') this.takeVideo(unit)
    else this.takeAudio(unit)
  }

  /** Degraded now? Asked at regular times; each call judges the time since the last one. */
  judge(stats: SourceStats): FailureCause | null {
    return this.health.judge(stats, this.clock.monotonicMs())
  }

  private takeVideo(unit: VideoUnit) {
    if (unit.isKey) {
      if (unit.config !== this.videoConfig) this.onVideoConfig(unit.config)
      else if (this.nextFlvMs > MAX_FLV_MS) this.restartTimeline()
    } else if (!this.feed.format || unit.config !== this.videoConfig) return // nothing can be decoded before the key frame
    const monoMs = this.lastUnitMonoMs
    const flvMs = this.timeline!.toFlvMs('video', unit.dts90k, monoMs)
    if (Math.abs(unit.pts90k - unit.dts90k) > MAX_COMPOSITION_90K) unit.pts90k = unit.dts90k
    const ptsMs = flvMs + Math.round((unit.pts90k - unit.dts90k) / 90)
    this.nextFlvMs = flvMs + 1
    this.newest = { flvMs, at: this.clock.now(), monoMs }
    this.health.onPicture(unit, monoMs)
    this.feed.push(createTag('video', unit.isKey, flvMs, ptsMs, flvVideoTag(unit, flvMs, FRAME_HEADROOM_BYTES), unit.data.length), monoMs)
  }

  private onVideoConfig(config: VideoConfig) {
    const before = this.feed.format
    this.videoConfig = config
    this.lastCodec = config.codec
    if (!before || !isSameVideo(before.video, config)) this.feed.setFormat({ video: config, audio: this.passableAudio() })
  }

  private takeAudio(unit: AudioUnit) {
    if (unit.config !== this.sourceAudio) {
      const isNew = !this.sourceAudio || !isSameAudio(this.sourceAudio, unit.config)
      this.sourceAudio = unit.config
      if (isNew && this.feed.format) this.feed.setFormat({ video: this.feed.format.video, audio: this.passableAudio() })
    }
    if (!this.feed.format) return
    const monoMs = this.lastUnitMonoMs
    const flvMs = this.timeline!.toFlvMs('audio', unit.dts90k, monoMs)
    if (unit.config.codec === 'aac')
      this.feed.push(createTag('audio', false, flvMs, flvMs, flvAudioTag(unit, flvMs, FRAME_HEADROOM_BYTES), unit.data.length), monoMs)
    for (const listener of this.soundListeners) listener(unit, flvMs)
  }

  private passableAudio() {
    return this.sourceAudio?.codec === 'aac' ? this.sourceAudio : undefined
  }

  private restartTimeline() {
    this.nextFlvMs = 0
    this.timeline = new Timeline(0, this.lastUnitMonoMs)
    const { format } = this.feed
    this.feed.setFormat(undefined)
    this.feed.setFormat(format)
  }
}
