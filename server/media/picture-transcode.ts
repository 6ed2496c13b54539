/** Turns a stream's pictures into H.264 of at most 720 lines, through one ffmpeg child. */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { ProtocolError } from '../base/errors.ts'
import type { VideoConfig, VideoUnit } from '../protocols/codec/access-unit.ts'
import { configOfRecord, parseDecoderRecord } from '../protocols/codec/decoder-record.ts'
import { forEachNal } from '../protocols/codec/nal.ts'
import { FlvDemuxer, type FlvItem } from '../protocols/flv/demuxer.ts'
import { flvVideoTag } from '../protocols/flv/muxer.ts'
import { TransportStreamMuxer } from '../protocols/mpegts/muxer.ts'
import { FfmpegChild, pictureArguments } from './ffmpeg.ts'
import { createTag, FRAME_HEADROOM_BYTES, type Tag } from './tag.ts'

const MAX_WIDTH_PX = 1280
const MAX_HEIGHT_PX = 720
const START_CODE = Buffer.from([0, 0, 0, 1])

export type PictureTranscodeHandler = {
  onConfig(config: VideoConfig): void
  onTag(tag: Tag): void
  onFailed(detail: string): void
}

/** Both sides even, neither larger than 1280x720, shape kept. */
export function fitSize(widthPx: number, heightPx: number): { widthPx: number; heightPx: number } {
  const factor = Math.min(1, MAX_WIDTH_PX / widthPx, MAX_HEIGHT_PX / heightPx)
  const even = (px: number) => Math.max(2, Math.round((px * factor) / 2) * 2)
  return { widthPx: even(widthPx), heightPx: even(heightPx) }
}

export class PictureTranscode {
  private readonly source: VideoConfig
  private readonly parameterSets: Buffer
  private readonly muxer: TransportStreamMuxer
  private readonly demuxer = new FlvDemuxer()
  private readonly child: FfmpegChild
  private readonly handler: PictureTranscodeHandler
  private readonly clock: Clock
  private config: VideoConfig | undefined
  private isSkipping = true
  /** FLV time of the first picture: what ffmpeg sees begins at 0, since a transport stream counts 26 hours only. */
  private baseMs: number | undefined
  /** When the oldest picture that nothing has come out for went in. */
  private waitingSinceMs: number | undefined

  /** `skipToMs`: what is that much behind the first picture is the first that comes out. */
  constructor(path: string, source: VideoConfig, handler: PictureTranscodeHandler, { clock, log, skipToMs }: { clock: Clock; log: Log; skipToMs?: number }) {
    this.source = source
    this.handler = handler
    this.clock = clock
    this.parameterSets = Buffer.concat(parseDecoderRecord(source.codec, source.record).flatMap((nal) => [START_CODE, nal]))
    this.muxer = new TransportStreamMuxer(source.codec)
    const { widthPx, heightPx } = fitSize(source.widthPx, source.heightPx)
    this.child = new FfmpegChild(
      path,
      pictureArguments(widthPx, heightPx, skipToMs),
      { onBytes: (chunk) => this.onBytes(chunk), onExit: (complaint) => handler.onFailed(complaint) },
      log,
    )
  }

  get sourceConfig() {
    return this.source
  }

  /** Nothing came out although pictures went in: the child hangs. */
  isStuck(limitMs: number): boolean {
    return this.waitingSinceMs !== undefined && this.clock.monotonicMs() - this.waitingSinceMs > limitMs
  }

  /** Pictures written now would be left out. */
  get isBehind() {
    return this.child.isBehind
  }

  /** `data`: NAL units behind 4-byte lengths. A child that cannot keep up loses whole groups of pictures, not single ones. */
  write({ isKey, flvMs, ptsMs }: Pick<Tag, 'isKey' | 'flvMs' | 'ptsMs'>, data: Buffer) {
    if (isKey) this.isSkipping = this.child.isBehind
    else if (this.isSkipping || this.child.isBehind) {
      this.isSkipping = true
      return
    }
    if (this.isSkipping) return
    this.waitingSinceMs ??= this.clock.monotonicMs()
    this.baseMs ??= flvMs
    const annexB = toByteStream(data, isKey ? this.parameterSets : undefined)
    this.child.write(this.muxer.mux(annexB, isKey, (flvMs - this.baseMs) * 90, (ptsMs - this.baseMs) * 90))
  }

  /** Resolves after the last picture that was written has come out. */
  finish(): Promise<void> {
    return this.child.finish()
  }

  close(): Promise<void> {
    return this.child.close()
  }

  private onBytes(chunk: Buffer) {
    try {
      for (const item of this.demuxer.push(chunk)) this.onItem(item)
    } catch (problem) {
      if (!(problem instanceof ProtocolError)) throw problem
      this.handler.onFailed(problem.message)
    }
  }

  private onItem(item: FlvItem) {
    if (item.kind === 'videoConfig') {
      this.config = configOfRecord(item.codec, Uint8Array.from(item.record))
      this.handler.onConfig(this.config)
    } else if (item.kind === 'video' && this.config) {
      this.waitingSinceMs = undefined
      const { isKey, data } = item
      const flvMs = item.timestampMs + (this.baseMs ?? 0)
      const ptsMs = flvMs + item.compositionMs
      const unit: VideoUnit = { kind: 'video', config: this.config, isKey, dts90k: flvMs * 90, pts90k: ptsMs * 90, data }
      this.handler.onTag(createTag('video', isKey, flvMs, ptsMs, flvVideoTag(unit, flvMs, FRAME_HEADROOM_BYTES), data.length))
    }
  }
}

function toByteStream(data: Buffer, parameterSets: Buffer | undefined): Buffer {
  const headBytes = parameterSets?.length ?? 0
  const out = Buffer.allocUnsafe(headBytes + data.length)
  if (parameterSets) parameterSets.copy(out)
  data.copy(out, headBytes)
  forEachNal(data, (start) => START_CODE.copy(out, headBytes + start - START_CODE.length))
  return out
}
