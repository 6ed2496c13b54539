/**
 * One file of a clip before it is written: where each picture and sound stands in its time. File time is the recording's own: a picture stands at its moment less
 * that of the first one. Only holes of more than a second are left out; the stretches say which moment stands where.
 */
import type { Instant } from '../../contract/ids.ts'
import type { AudioConfig, VideoConfig } from '../../protocols/codec/access-unit.ts'
import type { StoredSample } from '../../protocols/mp4/fragment-parser.ts'
import { timescaleOf } from '../../protocols/mp4/fragment.ts'
import { type Chunk, SampleTable } from '../../protocols/mp4/progressive.ts'
import { isSameAudio, isSameVideo } from '../format.ts'
import type { Stretch } from '../plane.ts'
import { HOLE_MS } from '../recorded/moments.ts'
import type { RecordedFile } from '../recorded/recorded-file.ts'
import { soundAt, type Taken } from './select.ts'

/** Sound may stand this far from its moment before it is moved there: clocks differ, and ears hear every seam. */
const SOUND_SEAM_MS = 100

/** A fragment in this file. Of its sounds the first `skippedSounds` overlap what came before. */
export type PlacedChunk = Chunk & { at: Instant; fileMs: number; endMs: number; skippedSounds: number }

export class Part {
  readonly video: VideoConfig
  readonly audio: AudioConfig | undefined
  readonly pictures = new SampleTable()
  readonly sounds = new SampleTable()
  readonly chunks: PlacedChunk[] = []
  readonly stretches: Stretch[] = []
  soundDelayMs = 0
  /** Of the recordings it is written from, the one furthest from 0. */
  clockOffsetMs = 0
  private lastMs = -1

  constructor({ head }: RecordedFile) {
    this.video = head.video
    this.audio = head.audio
  }

  takes({ head }: RecordedFile): boolean {
    return isSameVideo(this.video, head.video) && isSameAudio(this.audio, head.audio)
  }

  get fromAt(): Instant {
    return this.stretches[0]!.fromAt
  }
  get toAt(): Instant {
    return this.stretches.at(-1)!.toAt
  }
  get durationMs(): number {
    return this.pictures.totalDuration
  }

  add(taken: Taken): void {
    const { stretch, fileMs } = this.place(taken.at)
    if (Math.abs(taken.clockOffsetMs) > Math.abs(this.clockOffsetMs)) this.clockOffsetMs = taken.clockOffsetMs
    const bytesBefore = [this.pictures.totalBytes, this.sounds.totalBytes] as const
    for (const picture of taken.pictures) this.addPicture(picture, fileMs + picture.dts - taken.pictures[0]!.dts)
    stretch.toAt = stretch.fromAt + this.durationMs - stretch.fileMs
    let skippedSounds = 0
    for (const sound of taken.sounds) if (!this.addSound(sound, fileMs + soundAt(taken.file, taken.fragment, sound) - taken.at)) skippedSounds++
    this.chunks.push({
      at: taken.at,
      fileMs,
      endMs: this.durationMs,
      pictures: taken.pictures.length,
      pictureBytes: this.pictures.totalBytes - bytesBefore[0],
      sounds: taken.sounds.length - skippedSounds,
      soundBytes: this.sounds.totalBytes - bytesBefore[1],
      skippedSounds,
    })
  }

  /** Where in the file a fragment of this moment begins: as late after the one before as it was recorded, but for holes. */
  private place(at: Instant): { stretch: Stretch; fileMs: number } {
    const last = this.stretches.at(-1)
    const endMs = this.durationMs
    const fileMs = last ? last.fileMs + at - last.fromAt : 0
    if (last && Math.abs(fileMs - endMs) <= HOLE_MS) return { stretch: last, fileMs }
    const stretch = { fileMs: endMs, fromAt: at, toAt: at }
    this.stretches.push(stretch)
    return { stretch, fileMs: endMs }
  }

  private addPicture({ bytes, duration, isKey, dts, pts }: StoredSample, wantedMs: number) {
    const placedMs = Math.max(wantedMs, this.lastMs + 1)
    if (this.pictures.count > 0) this.pictures.setLastDuration(placedMs - this.lastMs)
    this.pictures.add(bytes, Math.max(1, duration), isKey, pts - dts)
    this.lastMs = placedMs
  }

  /** False for a sound that would stand on top of what came before. */
  private addSound({ bytes, duration }: StoredSample, wantedMs: number): boolean {
    const rate = timescaleOf(this.audio!)
    if (this.sounds.count === 0) this.soundDelayMs = Math.max(0, Math.round(wantedMs))
    const late = Math.round(((wantedMs - this.soundDelayMs) * rate) / 1000) - this.sounds.totalDuration
    if (late < (-SOUND_SEAM_MS * rate) / 1000) return false
    if (late > (SOUND_SEAM_MS * rate) / 1000) this.sounds.lengthenLast(late)
    this.sounds.add(bytes, duration)
    return true
  }
}
