/** Reads FLV back into access units (Annex E; Enhanced RTMP v1 for HEVC): for tests of the muxer and of what delivery sends. Not for hostile bytes at speed. */
import { ProtocolError } from '../../base/errors.ts'
import { aacConfig } from '../codec/aac.ts'
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

export type FlvItem =
  | { kind: 'header'; hasVideo: boolean; hasAudio: boolean }
  | { kind: 'videoConfig'; timestampMs: number; codec: 'h264' | 'h265'; record: Uint8Array }
  | { kind: 'video'; timestampMs: number; codec: 'h264' | 'h265'; isKey: boolean; compositionMs: number; data: Uint8Array }
  | { kind: 'audioConfig'; timestampMs: number; specificConfig: Uint8Array }
  | { kind: 'audio'; timestampMs: number; data: Uint8Array }

const MAX_TAG_BYTES = 0xffffff + TAG_HEADER_BYTES + PREVIOUS_TAG_SIZE_BYTES

/** Chunks of any size in, whole items out. Throws `ProtocolError`; a wrong PreviousTagSize is one too. */
export class FlvDemuxer {
  #pending = new Uint8Array(0)
  #hasHeader = false

  push(chunk: Uint8Array): FlvItem[] {
    const bytes = Buffer.concat([this.#pending, chunk])
    const items: FlvItem[] = []
    let offset = 0
    if (!this.#hasHeader) {
      if (bytes.length < FILE_HEADER_BYTES) return this.#wait(bytes, 0, items)
      if (bytes.toString('latin1', 0, 3) !== 'FLV' || bytes.readUInt32BE(5) !== 9 || bytes.readUInt32BE(9) !== 0)
        throw new ProtocolError('FLV Annex E.2', 'no FLV header', 0)
      this.#hasHeader = true
      items.push({ kind: 'header', hasVideo: (bytes[4]! & 1) !== 0, hasAudio: (bytes[4]! & 4) !== 0 })
      offset = FILE_HEADER_BYTES
    }
    while (offset + TAG_HEADER_BYTES <= bytes.length) {
      const tagBytes = TAG_HEADER_BYTES + bytes.readUIntBE(offset + 1, 3)
      if (offset + tagBytes + PREVIOUS_TAG_SIZE_BYTES > bytes.length) break
      if (bytes.readUInt32BE(offset + tagBytes) !== tagBytes) throw new ProtocolError('FLV Annex E.3', 'wrong PreviousTagSize', offset + tagBytes)
      const item = parseTag(bytes.subarray(offset, offset + tagBytes))
      if (item) items.push(item)
      offset += tagBytes + PREVIOUS_TAG_SIZE_BYTES
    }
    return this.#wait(bytes, offset, items)
  }

  #wait(bytes: Uint8Array, offset: number, items: FlvItem[]): FlvItem[] {
    this.#pending = Uint8Array.from(bytes.subarray(offset))
    if (this.#pending.length > MAX_TAG_BYTES) throw new ProtocolError('FLV Annex E.4.1', 'tag too long')
    return items
  }
}

/** `undefined` for the end of a sequence, which holds nothing. */
function parseTag(tag: Buffer): FlvItem | undefined {
  const timestampMs = tag.readUIntBE(4, 3) + tag[7]! * 0x1000000
  const body = tag.subarray(TAG_HEADER_BYTES)
  if (tag[0] === TagType.video) return (body[0] ?? 0) >= EX_HEADER_BIT ? parseExVideo(body, timestampMs) : parseAvc(body, timestampMs)
  if (tag[0] === TagType.audio) return parseAac(body, timestampMs)
  throw new ProtocolError('FLV Annex E.4.1', `TagType ${tag[0]}`, 0)
}

function parseAvc(body: Buffer, timestampMs: number): FlvItem | undefined {
  if (body.length < 5 || (body[0]! & 0xf) !== AVC_CODEC_ID) throw new ProtocolError('FLV Annex E.4.3', 'not AVC')
  const data = body.subarray(5)
  if (body[1] === AvcPacketType.sequenceHeader) return { kind: 'videoConfig', timestampMs, codec: 'h264', record: data }
  if (body[1] === AvcPacketType.endOfSequence) return undefined
  return { kind: 'video', timestampMs, codec: 'h264', isKey: body[0]! >> 4 === FrameType.key, compositionMs: body.readIntBE(2, 3), data }
}

function parseExVideo(body: Buffer, timestampMs: number): FlvItem {
  if (body.length < 5 || body.readUInt32BE(1) !== HEVC_FOURCC) throw new ProtocolError('Enhanced RTMP v1 §4', 'not hvc1')
  const packetType = body[0]! & 0xf
  const isKey = ((body[0]! >> 4) & 7) === FrameType.key
  switch (packetType) {
    case ExPacketType.sequenceStart:
      return { kind: 'videoConfig', timestampMs, codec: 'h265', record: body.subarray(5) }
    case ExPacketType.codedFramesX:
      return { kind: 'video', timestampMs, codec: 'h265', isKey, compositionMs: 0, data: body.subarray(5) }
    case ExPacketType.codedFrames:
      if (body.length < 8) throw new ProtocolError('Enhanced RTMP v1 §4', 'no composition time')
      return { kind: 'video', timestampMs, codec: 'h265', isKey, compositionMs: body.readIntBE(5, 3), data: body.subarray(8) }
    default:
      throw new ProtocolError('Enhanced RTMP v1 §4', `PacketType ${packetType}`)
  }
}

function parseAac(body: Buffer, timestampMs: number): FlvItem {
  if (body.length < 2 || body[0] !== AAC_SOUND_BYTE) throw new ProtocolError('FLV Annex E.4.2', 'not AAC')
  const data = body.subarray(2)
  if (body[1] !== AacPacketType.sequenceHeader) return { kind: 'audio', timestampMs, data }
  aacConfig(data) // throws if it cannot be read
  return { kind: 'audioConfig', timestampMs, specificConfig: data }
}
