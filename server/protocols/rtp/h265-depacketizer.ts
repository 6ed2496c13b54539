/** RTP payload format for H.265, RFC 7798. */
import { ProtocolError } from '../../base/errors.ts'
import type { VideoUnit } from '../codec/access-unit.ts'
import { h265NalType, h265Rules } from '../codec/h265.ts'
import type { Depacketizer } from './depacketizer.ts'
import type { RtpPacket } from './packet.ts'
import { type AssemblerCounters, VideoAssembler } from './video-assembler.ts'

/** NAL unit types of the payload, §4.4. */
const AGGREGATION = 48
const FRAGMENTATION = 49
const PACI = 50
const START_BIT = 0x80
const END_BIT = 0x40

/**
 * Joins RTP payloads of H.265 into access units. No decoding order numbers (sprop-max-don-diff 0, as every camera has it).
 *
 * In: packets of one SSRC in sequence order. Out: as `VideoUnit` says. Throws `ProtocolError` for lengths that lie and for PACI packets.
 */
export function createH265Depacketizer(
  options: { clockRateHz: number; parameterSets: readonly Uint8Array[]; counters: AssemblerCounters },
  onUnit: (unit: VideoUnit) => void,
): Depacketizer {
  const assembler = new VideoAssembler(h265Rules, options.clockRateHz, options.counters, onUnit)
  assembler.addFromSdp(options.parameterSets)

  function push(packet: RtpPacket, bytes: Uint8Array, lost: number, arrival90k: number): void {
    const { payloadStart: start, payloadEnd: end } = packet
    assembler.beginPacket(packet.timestamp, arrival90k, lost > 0)
    if (start >= end) return
    const type = h265NalType(bytes[start]!)
    if (type === FRAGMENTATION) fragment(bytes, start, end)
    else if (type === PACI) throw new ProtocolError('RFC 7798 §4.4.4', 'PACI packet', start)
    else {
      assembler.abortFragment()
      if (type === AGGREGATION) assembler.aggregate(bytes, start + 2, end, 'RFC 7798 §4.4.2')
      else assembler.nal(bytes, start, end)
    }
    assembler.endPacket(packet.isMarker)
  }

  /** §4.4.3: payload header of two bytes, FU header (S E type), data. */
  function fragment(bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 3) throw new ProtocolError('RFC 7798 §4.4.3', 'FU without header', start)
    const header = bytes[start + 2]!
    const type = header & 0x3f
    if ((header & START_BIT) !== 0) assembler.openFragment((bytes[start]! & 0x81) | (type << 1), bytes[start + 1]!, bytes, start + 3, end)
    else if (!assembler.continuesFragment(type)) throw new ProtocolError('RFC 7798 §4.4.3', 'FU without start', start)
    else assembler.appendFragment(bytes, start + 3, end)
    if ((header & END_BIT) !== 0) assembler.closeFragment()
  }

  return { push, restart: () => assembler.restart() }
}
