/** RTP payload format for H.264, RFC 6184. */
import { ProtocolError } from '../../base/errors.ts'
import type { VideoUnit } from '../codec/access-unit.ts'
import { h264Rules } from '../codec/h264.ts'
import type { Depacketizer } from './depacketizer.ts'
import type { RtpPacket } from './packet.ts'
import { type AssemblerCounters, VideoAssembler } from './video-assembler.ts'

/** NAL unit types of the payload, §5.2 Table 1. */
const STAP_A = 24
const FU_A = 28
const START_BIT = 0x80
const END_BIT = 0x40

/**
 * Joins RTP payloads of H.264 into access units (packetization modes 0 and 1).
 *
 * In: packets of one SSRC in sequence order. Out: as `VideoUnit` says.
 * Throws `ProtocolError` for what mode 1 does not have (STAP-B, MTAP, FU-B) and for lengths that lie; the next packet may follow.
 * Quirks: start codes inside a packet, FU-A without start or end, empty STAP-A entries, markers that lie (`VideoAssembler`).
 */
export function createH264Depacketizer(
  options: { clockRateHz: number; parameterSets: readonly Uint8Array[]; counters: AssemblerCounters },
  onUnit: (unit: VideoUnit) => void,
): Depacketizer {
  const assembler = new VideoAssembler(h264Rules, options.clockRateHz, options.counters, onUnit)
  assembler.addFromSdp(options.parameterSets)

  function push(packet: RtpPacket, bytes: Uint8Array, lost: number, arrival90k: number): void {
    const { payloadStart: start, payloadEnd: end } = packet
    assembler.beginPacket(packet.timestamp, arrival90k, lost > 0)
    if (start >= end) return
    const type = bytes[start]! & 0x1f
    if (type === FU_A) fragment(bytes, start, end)
    else if (type > STAP_A) throw new ProtocolError('RFC 6184 §5.2', `NAL unit type ${type} needs interleaved mode`, start)
    else {
      assembler.abortFragment()
      if (type === STAP_A) assembler.aggregate(bytes, start + 1, end, 'RFC 6184 §5.7.1')
      else assembler.nal(bytes, start, end)
    }
    assembler.endPacket(packet.isMarker)
  }

  /** §5.8: indicator (F NRI 28), header (S E R type), data. */
  function fragment(bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 2) throw new ProtocolError('RFC 6184 §5.8', 'FU-A without header', start)
    const header = bytes[start + 1]!
    if ((header & START_BIT) !== 0) assembler.openFragment((bytes[start]! & 0xe0) | (header & 0x1f), -1, bytes, start + 2, end)
    else if (!assembler.continuesFragment(header & 0x1f)) throw new ProtocolError('RFC 6184 §5.8', 'FU-A without start', start)
    else assembler.appendFragment(bytes, start + 2, end)
    if ((header & END_BIT) !== 0) assembler.closeFragment()
  }

  return { push, restart: () => assembler.restart() }
}
