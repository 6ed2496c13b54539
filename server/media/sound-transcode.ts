/** Turns G.711 into AAC through one ffmpeg child; the times are counted in samples, from where the sound began. */
import type { Log } from '../base/log.ts'
import { ProtocolError } from '../base/errors.ts'
import type { AudioConfig, AudioUnit } from '../protocols/codec/access-unit.ts'
import { aacConfig, AAC_SAMPLES_PER_UNIT, AdtsReader, serializeSpecificConfig } from '../protocols/codec/aac.ts'
import { flvAudioTag } from '../protocols/flv/muxer.ts'
import { FfmpegChild, soundArguments } from './ffmpeg.ts'
import { createTag, FRAME_HEADROOM_BYTES, type Tag } from './tag.ts'

export const TRANSCODED_HZ = 16_000
const AAC_LC = 2
/** The encoder's first frame is all priming: what it codes came in one frame earlier. */
export const PRIMING_SAMPLES = AAC_SAMPLES_PER_UNIT
/** A hole this long is filled with silence, a longer one moves the timeline. */
const MIN_HOLE_MS = 80
const MAX_HOLE_MS = 2_000
/** A coded zero: A-law with its even bits inverted (ITU-T G.711 Table 1a), µ-law all ones (Table 2a). */
export const SILENCE = { pcma: 0xd5, pcmu: 0xff } as const

/** What comes out, known before anything has. */
export const transcodedSound: AudioConfig = aacConfig(serializeSpecificConfig({ objectType: AAC_LC, sampleRateHz: TRANSCODED_HZ, channels: 1 }))

export type SoundTranscodeHandler = { onTag(tag: Tag): void; onFailed(detail: string): void }

export class SoundTranscode {
  private readonly input: AudioConfig & { codec: 'pcma' | 'pcmu' }
  private readonly child: FfmpegChild
  private readonly handler: SoundTranscodeHandler
  private readonly reader = new AdtsReader()
  private baseMs: number | undefined
  private lastFlvMs = 0
  private samplesIn = 0
  private samplesOut = -PRIMING_SAMPLES

  constructor(path: string, input: AudioConfig & { codec: 'pcma' | 'pcmu' }, handler: SoundTranscodeHandler, { log }: { log: Log }) {
    this.input = input
    this.handler = handler
    const args = soundArguments(input.codec, input.sampleRateHz, input.channels, TRANSCODED_HZ)
    this.child = new FfmpegChild(path, args, { onBytes: (chunk) => this.onBytes(chunk), onExit: (complaint) => handler.onFailed(complaint) }, log)
  }

  write(unit: AudioUnit, flvMs: number) {
    if (this.child.isBehind) return
    this.baseMs ??= flvMs
    const holeMs = flvMs - (this.baseMs + (this.samplesIn * 1_000) / this.input.sampleRateHz)
    if (holeMs > MAX_HOLE_MS || holeMs < -MAX_HOLE_MS) this.baseMs += holeMs
    else if (holeMs > MIN_HOLE_MS) this.writeSilence(Math.round((holeMs * this.input.sampleRateHz) / 1_000))
    this.child.write(Buffer.from(unit.data)) // the unit's memory is the demuxer's
    this.samplesIn += unit.data.length / this.input.channels
  }

  /** There is no sound up to `toFlvMs`, from `fromFlvMs` on if there was none at all: silence stands for it, so that nobody waits for it. */
  silenceTo(fromFlvMs: number, toFlvMs: number) {
    this.baseMs ??= fromFlvMs
    const holeMs = toFlvMs - (this.baseMs + (this.samplesIn * 1_000) / this.input.sampleRateHz)
    if (holeMs > 0) this.writeSilence(Math.round((holeMs * this.input.sampleRateHz) / 1_000))
  }

  /** Resolves after everything that was written has come out. */
  finish(): Promise<void> {
    return this.child.finish()
  }

  close(): Promise<void> {
    return this.child.close()
  }

  private writeSilence(samples: number) {
    this.child.write(Buffer.alloc(samples * this.input.channels, SILENCE[this.input.codec]))
    this.samplesIn += samples
  }

  private onBytes(chunk: Buffer) {
    try {
      for (const block of this.reader.push(chunk)) this.onFrame(block)
    } catch (problem) {
      if (!(problem instanceof ProtocolError)) throw problem
      this.handler.onFailed(problem.message)
    }
  }

  private onFrame(data: Buffer) {
    const flvMs = Math.max(this.lastFlvMs, Math.round((this.baseMs ?? 0) + (this.samplesOut * 1_000) / TRANSCODED_HZ))
    this.lastFlvMs = flvMs
    this.samplesOut += AAC_SAMPLES_PER_UNIT
    if (this.samplesOut <= 0) return
    const unit: AudioUnit = { kind: 'audio', config: transcodedSound, dts90k: flvMs * 90, data }
    this.handler.onTag(createTag('audio', false, flvMs, flvMs, flvAudioTag(unit, flvMs, FRAME_HEADROOM_BYTES), data.length))
  }
}
