/** RTP data packets, RFC 3550 §5.1. */
import { ProtocolError } from '../../base/errors.ts'
import { concat, u16, u32, u8 } from '../bytes.ts'

/** The fields of one packet; the payload is `[payloadStart, payloadEnd)` of the bytes that were parsed. One object serves a whole stream. */
export type RtpPacket = {
  payloadType: number
  isMarker: boolean
  sequence: number
  timestamp: number
  ssrc: number
  payloadStart: number
  payloadEnd: number
}

export const RTP_HEADER_BYTES = 12

export function createRtpPacket(): RtpPacket {
  return { payloadType: 0, isMarker: false, sequence: 0, timestamp: 0, ssrc: 0, payloadStart: 0, payloadEnd: 0 }
}

/** Reads `[start, end)` of `bytes` into `packet`: no object is made per packet. Throws `ProtocolError`. */
export function parseRtp(bytes: Uint8Array, start: number, end: number, packet: RtpPacket): void {
  if (end - start < RTP_HEADER_BYTES) throw new ProtocolError('RFC 3550 §5.1', `packet of ${end - start} bytes`, start)
  const first = bytes[start]!
  if (first >>> 6 !== 2) throw new ProtocolError('RFC 3550 §5.1', `version ${first >>> 6}, not 2`, start)
  const second = bytes[start + 1]!
  packet.isMarker = second >= 0x80
  packet.payloadType = second & 0x7f
  packet.sequence = (bytes[start + 2]! << 8) | bytes[start + 3]!
  packet.timestamp = readU32(bytes, start + 4)
  packet.ssrc = readU32(bytes, start + 8)
  let offset = start + RTP_HEADER_BYTES + 4 * (first & 0x0f) // CSRC count
  if ((first & 0x10) !== 0) {
    // extension: profile 16, length in words 16, §5.3.1
    if (offset + 4 > end) throw new ProtocolError('RFC 3550 §5.3.1', 'extension beyond the packet', offset)
    offset += 4 + 4 * ((bytes[offset + 2]! << 8) | bytes[offset + 3]!)
  }
  let payloadEnd = end
  if ((first & 0x20) !== 0 && end > offset) payloadEnd -= bytes[end - 1]! // padding, its last byte counts itself
  if (offset > payloadEnd) throw new ProtocolError('RFC 3550 §5.1', 'header and padding exceed the packet', offset)
  packet.payloadStart = offset
  packet.payloadEnd = payloadEnd
}

/** A packet without CSRC, extension and padding. */
export function serializeRtp(fields: Pick<RtpPacket, 'payloadType' | 'isMarker' | 'sequence' | 'timestamp' | 'ssrc'>, payload: Uint8Array): Uint8Array {
  return concat(u8(0x80), u8((fields.isMarker ? 0x80 : 0) | fields.payloadType), u16(fields.sequence), u32(fields.timestamp), u32(fields.ssrc), payload)
}

function readU32(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! * 0x1000000 + ((bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!)
}
