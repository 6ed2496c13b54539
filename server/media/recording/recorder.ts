/**
 * Records one camera (R-STORE): listens to its stream, joins tags into fragments of about a second, fragments into segments of ten minutes.
 *
 * A fragment is cut at every key frame, or after a second without one, so that a crash loses little. A segment begins at a key frame: at the
 * camera's own ten minutes, when the format changes, after every new pull. Its times run on from one segment to the next without overlap,
 * led gently by the arrival times. A clock that is set forward begins anew; one that is set back by less than a day is not followed: our times stay ahead.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { AudioConfig, AudioUnit } from '../../protocols/codec/access-unit.ts'
import { AUDIO_TRACK_ID, type FragmentTrack, muxFragmentedHead, muxFragmentHead, timescaleOf, VIDEO_TRACK_ID } from '../../protocols/mp4/fragment.ts'
import { AAC_SAMPLES_PER_UNIT } from '../../protocols/codec/aac.ts'
import { isSameAudio, isSameVideo } from '../format.ts'
import type { RecordedSegment, RecordingProblem } from '../plane.ts'
import { isMissing, type Stream } from '../stream.ts'
import { type FeedFormat, type Tag, tagData } from '../tag.ts'
import type { Disk } from './disk.ts'
import { cameraFolder, dayOf } from './segment-name.ts'
import type { SegmentNote } from './segment-note.ts'
import { SegmentWriter } from './segment-writer.ts'

const SEGMENT_MS = 600_000
const FRAGMENT_MS = 1_000
/** A key frame does not cut a fragment that has only just begun. */
const MIN_FRAGMENT_MS = 300
/** Of the difference between camera and arrival, so much is made up with each fragment. */
const MAX_LEAD_MS = 3
/** A difference beyond this is a clock that was set, not one that is a little fast. */
const CLOCK_STEP_MS = 5_000
/** Times this far ahead of the clock come from a clock that was wrong: they are given up. */
const MAX_AHEAD_MS = 86_400_000
const DEFAULT_FRAME_MS = 40
/** A picture that lasts longer than this did not: pictures are missing behind it. */
const HOLE_MS = 2_500
/** Sound that ends this close to where the next begins goes on without a seam. */
const SEAM_MS = 60

export type RecorderDeps = {
  clock: Clock
  log: Log
  /** The disk for the next segment; undefined when none can be written to. */
  chooseDisk(): Disk | undefined
  /** How far this camera's recordings reach already. */
  lastEndAt: Instant
  onSegment(segment: RecordedSegment): void
  onProblem(problem: RecordingProblem, at: Instant, detail: string): void
  /** The camera has no such stream, or none that can be stored. */
  onNoSub(): void
}

type Sound = { flvMs: number; bytes: Uint8Array; config: AudioConfig }
type Fragment = { at: Instant; beginsWithKey: boolean; mustOpen: boolean; pictures: Tag[]; sounds: Sound[] }
type Segment = { writer: SegmentWriter; firstFlvMs: number; audio: AudioConfig | undefined; nextSoundTime: number; sequence: number; part: number }

export class Recorder {
  readonly stream: Stream
  private readonly deps: RecorderDeps
  private readonly endings: (() => void)[]
  private readonly staggerMs: number
  private format: FeedFormat | undefined
  private fragment: Fragment | undefined
  private segment: Segment | undefined
  private mustOpen = true
  /** Nothing can be stored before the next key frame. */
  private needsKey = true
  /** The end of what was cut last, on both times; `flvMs` is undefined when the next picture comes from a new pull. */
  private end: { at: Instant; flvMs: number | undefined }
  private closing: Promise<void> = Promise.resolve()
  private progress: Timer

  constructor(stream: Stream, deps: RecorderDeps) {
    this.stream = stream
    this.deps = deps
    this.staggerMs = staggerOf(stream.cameraId)
    this.end = { at: deps.lastEndAt, flvMs: undefined }
    this.format = stream.feed.format
    this.endings = [
      stream.feed.listen({ onTag: (tag) => this.onTag(tag), onFormat: (format) => this.onFormat(format) }),
      stream.intake.listenSound((unit, flvMs) => this.onSound(unit, flvMs)),
      stream.add({ kind: 'recorder', onState: () => this.onState() }),
    ]
    this.progress = deps.clock.every(10_000, () => this.tellProgress())
  }

  /** Stores what is at hand and leaves the stream. */
  async close(): Promise<void> {
    this.progress.cancel()
    for (const end of this.endings.splice(0)) end()
    this.endPull()
    await this.closing
  }

  /** The end of what is on the disk, for whoever plays the newest. */
  get open(): { file: string; diskId: string; fromAt: Instant; toAt: Instant } | undefined {
    const writer = this.segment?.writer
    return writer?.disk.diskId ? { file: writer.file, diskId: writer.disk.diskId, fromAt: writer.startAt, toAt: writer.storedEndAt } : undefined
  }

  private onState() {
    const { profile, state } = this.stream
    if (profile === 'sub' && state.name === 'waiting' && isMissing(state.failure)) this.deps.onNoSub()
  }

  private onFormat(format: FeedFormat | undefined) {
    if (!format) this.endPull()
    else {
      if (this.format && !isSameVideo(this.format.video, format.video)) this.cut(undefined)
      this.mustOpen = true
    }
    this.format = format
  }

  private endPull() {
    this.cut(undefined)
    this.closeSegment()
    this.end.flvMs = undefined
    this.needsKey = true
  }

  private onTag(tag: Tag) {
    if (tag.kind === 'audio') return // AAC comes by `listenSound` too, with its own times
    const begun = this.fragment?.pictures[0]
    if (begun && tag.flvMs - begun.flvMs >= (tag.isKey ? MIN_FRAGMENT_MS : FRAGMENT_MS)) this.cut(tag.flvMs)
    if (this.needsKey && !tag.isKey) return
    this.needsKey = false
    this.fragment ??= this.begin(tag)
    this.fragment.pictures.push(tag)
  }

  private onSound(unit: AudioUnit, flvMs: number) {
    // the unit lies in the demuxer's scratch buffer; it is small
    this.fragment?.sounds.push({ flvMs, bytes: Uint8Array.from(unit.data), config: unit.config })
  }

  private begin(tag: Tag): Fragment {
    const arrivedAt = this.deps.clock.now()
    const { at: endAt, flvMs: endFlvMs } = this.end
    const runningAt = endFlvMs === undefined ? endAt : endAt + tag.flvMs - endFlvMs
    const driftMs = arrivedAt - runningAt
    const isClockSet = tag.isKey && (driftMs > CLOCK_STEP_MS || driftMs < -MAX_AHEAD_MS)
    if (isClockSet) this.mustOpen = true
    const isAnew = isClockSet || (endFlvMs === undefined && driftMs > 0)
    const at = isAnew ? arrivedAt : Math.max(endAt, runningAt + Math.max(-MAX_LEAD_MS, Math.min(MAX_LEAD_MS, driftMs)))
    const mustOpen = tag.isKey && (this.mustOpen || !this.segment || this.segment.part !== this.partOf(at))
    return { at: Math.round(at), beginsWithKey: tag.isKey, mustOpen, pictures: [], sounds: [] }
  }

  private partOf(at: Instant): number {
    return Math.floor((at + this.staggerMs) / SEGMENT_MS)
  }

  /** Ends the fragment where the next picture begins (`undefined`: none follows) and hands it to the disk. */
  private cut(nextFlvMs: number | undefined) {
    const { fragment } = this
    this.fragment = undefined
    if (!fragment) return
    const { pictures } = fragment
    const first = pictures[0]!
    const last = pictures.at(-1)!
    const frameMs = pictures.length > 1 ? Math.round((last.flvMs - first.flvMs) / (pictures.length - 1)) : DEFAULT_FRAME_MS
    const hasHole = nextFlvMs !== undefined && nextFlvMs - last.flvMs > HOLE_MS
    if (hasHole) this.mustOpen = true
    const endFlvMs = nextFlvMs === undefined || hasHole ? last.flvMs + frameMs : nextFlvMs
    this.end = { at: fragment.at + endFlvMs - first.flvMs, flvMs: endFlvMs }
    if (fragment.mustOpen) this.openSegment(fragment)
    if (!this.segment) {
      this.needsKey = true
      return
    }
    this.store(this.segment, fragment, endFlvMs)
  }

  private openSegment({ at, pictures }: Fragment) {
    this.closeSegment()
    const disk = this.deps.chooseDisk()
    if (!disk) return this.deps.onProblem('no_disk', at, 'no disk can be written to')
    const folder = cameraFolder(disk.folder, dayOf(at), this.stream.cameraId)
    const writer = new SegmentWriter(disk, folder, at, {
      onBegun: () => this.report(writer, false),
      onFailed: (problem) => this.onWriteFailed(writer, problem),
    })
    this.mustOpen = false
    this.segment = { writer, firstFlvMs: pictures[0]!.flvMs, audio: this.stream.intake.sourceAudio, nextSoundTime: 0, sequence: 0, part: this.partOf(at) }
  }

  private store(segment: Segment, fragment: Fragment, endFlvMs: number) {
    const { writer, audio } = segment
    const { pictures, at } = fragment
    const sounds = audio ? fragment.sounds.filter(({ config, flvMs }) => isSameAudio(config, audio) && flvMs >= segment.firstFlvMs) : []
    if (fragment.sounds.length > 0 && sounds.length === 0) this.mustOpen = true // sound that began, or changed, after the segment did
    const video = pictures.map((picture, index) => ({
      duration: Math.max(0, (pictures[index + 1]?.flvMs ?? endFlvMs) - picture.flvMs),
      bytes: picture.dataBytes,
      isKey: picture.isKey,
      compositionOffset: picture.ptsMs - picture.flvMs,
    }))
    const tracks: FragmentTrack[] = [{ trackId: VIDEO_TRACK_ID, baseTime: pictures[0]!.flvMs - segment.firstFlvMs, samples: video }]
    if (audio && sounds.length > 0) tracks.push(soundTrack(segment, audio, sounds))
    const parts: Uint8Array[] = [muxFragmentHead(++segment.sequence, at, tracks)]
    if (segment.sequence === 1) parts.unshift(muxFragmentedHead({ video: this.format!.video, audio, note: this.noteOf(writer) }))
    for (const picture of pictures) parts.push(tagData(picture))
    for (const sound of sounds) parts.push(sound.bytes)
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    if (writer.append(parts, bytes, this.end.at)) return
    this.deps.onProblem(writer.isEnded ? 'write_failed' : 'disk_slow', at, `${bytes} bytes`)
    this.closeSegment()
    this.needsKey = true
  }

  private noteOf({ startAt }: SegmentWriter): SegmentNote {
    const { cameraId, profile } = this.stream
    const clockOffsetMs = Math.round(startAt - this.deps.clock.now())
    return { version: 1, cameraId, profile, startAt, clockOffsetMs: Math.abs(clockOffsetMs) < CLOCK_STEP_MS ? 0 : clockOffsetMs }
  }

  private onWriteFailed(writer: SegmentWriter, problem: NodeJS.ErrnoException) {
    this.deps.onProblem('write_failed', this.end.at, problem.code ?? problem.message)
    if (this.segment?.writer !== writer) return
    this.closeSegment()
    this.needsKey = true
  }

  private closeSegment() {
    const { segment } = this
    this.segment = undefined
    this.mustOpen = true
    if (!segment) return
    const { writer } = segment
    // without a result: one that held the results before it would grow with every segment
    this.closing = Promise.all([this.closing, writer.close().then((isStored) => isStored && this.report(writer, true))]).then(() => undefined)
  }

  private tellProgress() {
    if (this.segment && this.segment.writer.bytes > 0) this.report(this.segment.writer, false)
  }

  private report({ disk, file, startAt, storedEndAt, bytes }: SegmentWriter, isClosed: boolean) {
    const { cameraId, profile } = this.stream
    if (disk.diskId === undefined) return
    this.deps.onSegment({
      cameraId,
      profile,
      diskId: disk.diskId,
      path: file.slice(disk.folder.length + 1),
      fromAt: startAt,
      toAt: storedEndAt,
      bytes,
      isClosed,
    })
  }
}

/** Sound runs on in its own samples; only a real hole moves it. */
function soundTrack(segment: Segment, audio: AudioConfig, sounds: readonly Sound[]): FragmentTrack {
  const rate = timescaleOf(audio)
  const samples = sounds.map(({ bytes }) => ({ duration: durationOf(audio, bytes), bytes: bytes.length, isKey: true, compositionOffset: 0 }))
  const arrivedTime = Math.round(((sounds[0]!.flvMs - segment.firstFlvMs) * rate) / 1000)
  const baseTime =
    Math.abs(arrivedTime - segment.nextSoundTime) < (SEAM_MS * rate) / 1000 ? segment.nextSoundTime : Math.max(arrivedTime, segment.nextSoundTime)
  segment.nextSoundTime = samples.reduce((time, { duration }) => time + duration, baseTime)
  return { trackId: AUDIO_TRACK_ID, baseTime, samples }
}

/** G.711 has a byte a sample. */
const durationOf = ({ codec, channels }: AudioConfig, bytes: Uint8Array) => (codec === 'aac' ? AAC_SAMPLES_PER_UNIT : Math.floor(bytes.length / channels))

/** Spreads the ends of segments over the ten minutes: FNV-1a of the id. */
function staggerOf(cameraId: CameraId): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < cameraId.length; i++) hash = Math.imul(hash ^ cameraId.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % SEGMENT_MS
}
