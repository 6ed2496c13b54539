/** RTP payload format for MPEG-4 elementary streams, RFC 3640, mode AAC-hbr and AAC-lbr. */
import { ProtocolError } from '../../base/errors.ts'
import { AAC_SAMPLES_PER_UNIT, aacConfig } from '../codec/aac.ts'
import type { AudioUnit } from '../codec/access-unit.ts'
import type { Depacketizer } from './depacketizer.ts'
import type { RtpPacket } from './packet.ts'
import { Timeline } from './timeline.ts'

/** One raw_data_block is at most 6144 bits a channel; 8 channels of it and some air. */
const MAX_UNIT_BYTES = 8 * 1024
const MAX_UNITS_PER_PACKET = 256

export type AacFormat = { clockRateHz: number; specificConfig: Uint8Array; sizeLength: number; indexLength: number; indexDeltaLength: number }

/**
 * Takes AAC access units out of RTP payloads: AU-headers-length in bits, the headers (size, index), then the data (§3.2.1). One unit may be cut
 * over packets (marker on the last), and a packet may hold several; each is 1024 samples on.
 * Quirk: the SDP's clock may differ from the config's; the config is right for decoding, the SDP for time.
 */
export function createAacDepacketizer(format: AacFormat, onUnit: (unit: AudioUnit) => void): Depacketizer {
  const config = aacConfig(format.specificConfig)
  const unitTicks90k = (AAC_SAMPLES_PER_UNIT * 90_000) / config.sampleRateHz
  const headerBits = format.sizeLength + format.indexLength
  const timeline = new Timeline(format.clockRateHz)
  const partial = new Uint8Array(MAX_UNIT_BYTES)
  let partialLength = 0
  let partialSize = 0
  let last90k = Number.NEGATIVE_INFINITY

  function push(packet: RtpPacket, bytes: Uint8Array, lost: number, arrival90k: number): void {
    const { payloadStart: start, payloadEnd: end } = packet
    if (lost > 0) partialSize = partialLength = 0
    if (end - start < 2) throw new ProtocolError('RFC 3640 §3.2.1', 'no AU-headers-length', start)
    const headersBits = (bytes[start]! << 8) | bytes[start + 1]!
    const dataStart = start + 2 + Math.ceil(headersBits / 8)
    if (headerBits === 0 || dataStart > end) throw new ProtocolError('RFC 3640 §3.2.1', `AU headers of ${headersBits} bits`, start)
    const time90k = timeline.place(packet.timestamp, arrival90k, 0)
    const isFragment = partialSize > 0
    let offset = dataStart
    let bit = (start + 2) * 8
    const endBit = bit + headersBits
    for (let index = 0; index < MAX_UNITS_PER_PACKET; index++) {
      const indexBits = index === 0 ? format.indexLength : format.indexDeltaLength
      if (bit + format.sizeLength + indexBits > endBit) return
      const size = readBits(bytes, bit, format.sizeLength)
      bit += format.sizeLength + indexBits
      if (size > end - offset || isFragment) return collect(bytes, offset, end, size, packet.isMarker, time90k)
      if (size > 0) emit(time90k + Math.round(index * unitTicks90k), bytes.subarray(offset, offset + size))
      offset += size
    }
  }

  /** §3.2.3.1: each packet of a cut unit repeats the size of the whole. */
  function collect(bytes: Uint8Array, start: number, end: number, size: number, isMarker: boolean, time90k: number): void {
    if (size > MAX_UNIT_BYTES || partialLength + end - start > MAX_UNIT_BYTES) {
      partialSize = partialLength = 0
      throw new ProtocolError('RFC 3640 §3.2.3.1', `AAC unit of ${size} bytes`)
    }
    if (partialSize !== size) partialLength = 0
    partialSize = size
    partial.set(bytes.subarray(start, end), partialLength)
    partialLength += end - start
    if (partialLength < size && !isMarker) return
    const isWhole = partialLength >= size
    const length = size
    partialSize = partialLength = 0
    if (isWhole) emit(time90k, partial.subarray(0, length))
  }

  function emit(time90k: number, data: Uint8Array): void {
    last90k = Math.max(time90k, last90k + 1)
    onUnit({ kind: 'audio', config, dts90k: last90k, data })
  }

  return {
    push,
    restart() {
      partialSize = partialLength = 0
      timeline.restart()
    },
  }
}

/** `count` up to 32 bits from bit `from` on; the caller has checked that they are there. */
function readBits(bytes: Uint8Array, from: number, count: number): number {
  let value = 0
  for (let bit = from; bit < from + count; bit++) value = value * 2 + ((bytes[bit >>> 3]! >>> (7 - (bit & 7))) & 1)
  return value
}
