/**
 * Access units to FLV tags (Adobe FLV 10.1 Annex E; Enhanced RTMP v1 for HEVC, FourCC `hvc1`, as mpegts.js reads it).
 *
 * Each tag is one allocation: `headroom` unused bytes, the tag, its PreviousTagSize. Delivery writes a WebSocket header into the headroom, so a
 * frame is copied once, out of the demuxer's scratch buffer, and never again however many watch.
 */
import type { AudioConfig, AudioUnit, VideoConfig, VideoUnit } from '../codec/access-unit.ts'
import {
  AAC_SOUND_BYTE,
  AVC_CODEC_ID,
  AacPacketType,
  AvcPacketType,
  EX_HEADER_BIT,
  ExPacketType,
  FILE_HEADER_BYTES,
  FrameType,
  HEVC_FOURCC,
  PREVIOUS_TAG_SIZE_BYTES,
  TAG_HEADER_BYTES,
  TagType,
} from './format.ts'

const AVC_HEADER_BYTES = 5
const EX_HEADER_BYTES = 5
const COMPOSITION_TIME_BYTES = 3
const AAC_HEADER_BYTES = 2

/** The file header and PreviousTagSize0, 13 bytes. Annex E.2. */
export function flvHeader({ hasVideo, hasAudio }: { hasVideo: boolean; hasAudio: boolean }): Uint8Array {
  const header = Buffer.alloc(FILE_HEADER_BYTES)
  header.write('FLV', 'latin1')
  header[3] = 1 // Version
  header[4] = (hasAudio ? 4 : 0) | (hasVideo ? 1 : 0) // TypeFlags
  header.writeUInt32BE(9, 5) // DataOffset
  return header
}

/** The decoder configuration; goes before the first frame and again after every change. */
export function flvVideoConfigTag(config: VideoConfig, timestampMs: number, headroom = 0): Buffer {
  if (config.codec === 'h264') {
    const { tag, body } = allocateTag(TagType.video, timestampMs, AVC_HEADER_BYTES + config.record.length, headroom)
    writeAvcHeader(tag, body, true, AvcPacketType.sequenceHeader, 0)
    tag.set(config.record, body + AVC_HEADER_BYTES)
    return tag
  }
  const { tag, body } = allocateTag(TagType.video, timestampMs, EX_HEADER_BYTES + config.record.length, headroom)
  writeExHeader(tag, body, true, ExPacketType.sequenceStart)
  tag.set(config.record, body + EX_HEADER_BYTES)
  return tag
}

/** `undefined` for G.711, which MSE cannot play. */
export function flvAudioConfigTag(config: AudioConfig, timestampMs: number, headroom = 0): Buffer | undefined {
  if (!config.specificConfig) return undefined
  return audioTag(config.specificConfig, AacPacketType.sequenceHeader, timestampMs, headroom)
}

/** One picture. `timestampMs` is its decoding time; the composition time comes from `pts90k - dts90k`. */
export function flvVideoTag(unit: VideoUnit, timestampMs: number, headroom = 0): Buffer {
  const compositionMs = Math.round((unit.pts90k - unit.dts90k) / 90)
  if (unit.config.codec === 'h264') {
    const { tag, body } = allocateTag(TagType.video, timestampMs, AVC_HEADER_BYTES + unit.data.length, headroom)
    writeAvcHeader(tag, body, unit.isKey, AvcPacketType.nalUnits, compositionMs)
    tag.set(unit.data, body + AVC_HEADER_BYTES)
    return tag
  }
  const headerBytes = EX_HEADER_BYTES + (compositionMs === 0 ? 0 : COMPOSITION_TIME_BYTES)
  const { tag, body } = allocateTag(TagType.video, timestampMs, headerBytes + unit.data.length, headroom)
  writeExHeader(tag, body, unit.isKey, compositionMs === 0 ? ExPacketType.codedFramesX : ExPacketType.codedFrames)
  if (compositionMs !== 0) tag.writeIntBE(compositionMs, body + EX_HEADER_BYTES, COMPOSITION_TIME_BYTES)
  tag.set(unit.data, body + headerBytes)
  return tag
}

/** One AAC raw_data_block. G.711 has no place here: transcode it first. */
export function flvAudioTag(unit: AudioUnit, timestampMs: number, headroom = 0): Buffer {
  return audioTag(unit.data, AacPacketType.raw, timestampMs, headroom)
}

function audioTag(payload: Uint8Array, packetType: number, timestampMs: number, headroom: number): Buffer {
  const { tag, body } = allocateTag(TagType.audio, timestampMs, AAC_HEADER_BYTES + payload.length, headroom)
  tag[body] = AAC_SOUND_BYTE
  tag[body + 1] = packetType
  tag.set(payload, body + AAC_HEADER_BYTES)
  return tag
}

/** Annex E.4.1. `body` is where the tag's data begins. Slow allocation on purpose: a tag cut from Node's pool would keep its neighbours alive. */
function allocateTag(type: number, timestampMs: number, bodyBytes: number, headroom: number): { tag: Buffer; body: number } {
  const tag = Buffer.allocUnsafeSlow(headroom + TAG_HEADER_BYTES + bodyBytes + PREVIOUS_TAG_SIZE_BYTES)
  const time = Math.round(timestampMs)
  tag[headroom] = type
  tag.writeUIntBE(bodyBytes, headroom + 1, 3) // DataSize
  tag.writeUIntBE(time & 0xffffff, headroom + 4, 3) // Timestamp, low 24 bits
  tag[headroom + 7] = time >>> 24 // TimestampExtended; wraps after 49 days as the format does
  tag.writeUIntBE(0, headroom + 8, 3) // StreamID, always 0
  const body = headroom + TAG_HEADER_BYTES
  tag.writeUInt32BE(TAG_HEADER_BYTES + bodyBytes, body + bodyBytes) // PreviousTagSize
  return { tag, body }
}

/** AVCVIDEOPACKET, Annex E.4.3.1 and E.4.3.2. */
function writeAvcHeader(tag: Buffer, offset: number, isKey: boolean, packetType: number, compositionMs: number): void {
  tag[offset] = ((isKey ? FrameType.key : FrameType.inter) << 4) | AVC_CODEC_ID
  tag[offset + 1] = packetType
  tag.writeIntBE(compositionMs, offset + 2, COMPOSITION_TIME_BYTES)
}

/** ExVideoTagHeader, Enhanced RTMP v1 §4. */
function writeExHeader(tag: Buffer, offset: number, isKey: boolean, packetType: number): void {
  tag[offset] = EX_HEADER_BIT | ((isKey ? FrameType.key : FrameType.inter) << 4) | packetType
  tag.writeUInt32BE(HEVC_FOURCC, offset + 1)
}
