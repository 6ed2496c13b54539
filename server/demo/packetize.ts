/**
 * Turns a clip into RTP packets once (RFC 6184, RFC 7798, RFC 3640, RFC 3551), as templates: whoever sends copies a unit and writes
 * channel, sequence number, timestamp and SSRC into the copy. Packets lie one after another in one buffer, each already framed for an
 * interleaved connection (RFC 2326 §10.12), so that a unit is one copy and one write.
 */
import type { VideoCodec } from '../contract/media.ts'
import type { CodedPicture } from './annexb.ts'

/** `$`, channel, 16-bit length. */
export const INTERLEAVED_HEADER_BYTES = 4
export const RTP_HEADER_BYTES = 12
/** Leaves room for IP and UDP headers in an Ethernet frame, as cameras do. */
const MAX_PAYLOAD_BYTES = 1400

export const VIDEO_PAYLOAD_TYPE = 96
export const AAC_PAYLOAD_TYPE = 97
/** Static type of RFC 3551 §6. */
export const PCMA_PAYLOAD_TYPE = 8

/** An endless loop of units (pictures or sound packets), ready to send. */
export type RtpLoop = {
  bytes: Buffer
  unitCount: number
  /** Where each unit begins in `packetAt`; one more entry than there are units. */
  unitAt: Uint32Array
  /** Where each packet begins in `bytes`; one more entry than there are packets. */
  packetAt: Uint32Array
  isKey: Uint8Array
  /** Place of each unit in display order; differs from decoding order only with B-frames. */
  displayIndex: Uint32Array
  /** Length of one unit in RTP ticks, and in milliseconds. */
  unitTicks: number
  unitMs: number
}

type Unit = { payloads: Uint8Array[]; isKey: boolean; displayIndex: number }

function packLoop(units: readonly Unit[], payloadType: number, unitTicks: number, clockRateHz: number): RtpLoop {
  const packetCount = units.reduce((sum, unit) => sum + unit.payloads.length, 0)
  const byteCount = units.reduce((sum, unit) => unit.payloads.reduce((s, payload) => s + INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES + payload.length, sum), 0)
  const loop: RtpLoop = {
    bytes: Buffer.alloc(byteCount),
    unitCount: units.length,
    unitAt: new Uint32Array(units.length + 1),
    packetAt: new Uint32Array(packetCount + 1),
    isKey: Uint8Array.from(units, (unit) => (unit.isKey ? 1 : 0)),
    displayIndex: Uint32Array.from(units, (unit) => unit.displayIndex),
    unitTicks,
    unitMs: (unitTicks / clockRateHz) * 1000,
  }
  let at = 0
  let packet = 0
  units.forEach((unit, unitIndex) => {
    loop.unitAt[unitIndex] = packet
    unit.payloads.forEach((payload, i) => {
      const isLast = i === unit.payloads.length - 1
      loop.packetAt[packet++] = at
      loop.bytes[at] = 0x24
      loop.bytes.writeUInt16BE(RTP_HEADER_BYTES + payload.length, at + 2)
      loop.bytes[at + 4] = 0x80 // version 2
      loop.bytes[at + 5] = payloadType | (isLast ? 0x80 : 0) // marker: last packet of the unit
      loop.bytes.set(payload, at + INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES)
      at += INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES + payload.length
    })
  })
  loop.unitAt[units.length] = packet
  loop.packetAt[packet] = at
  return loop
}

/** `displayOrder` gives each picture's place in display order; left out, it is decoding order. */
export function packVideo(codec: VideoCodec, pictures: readonly CodedPicture[], fps: number, displayOrder?: readonly number[]): RtpLoop {
  const payloadsOf = codec === 'h264' ? h264Payloads : h265Payloads
  const units = pictures.map((picture, i) => ({ payloads: payloadsOf(picture.units), isKey: picture.isKey, displayIndex: displayOrder?.[i] ?? i }))
  return packLoop(units, VIDEO_PAYLOAD_TYPE, 90_000 / fps, 90_000)
}

/** Groups of neighbouring NAL units that fit into one packet together. */
function groupNalUnits(units: readonly Uint8Array[], headerBytes: number): Uint8Array[][] {
  const groups: Uint8Array[][] = []
  let roomBytes = 0
  for (const unit of units) {
    if (unit.length + 2 <= roomBytes) groups.at(-1)!.push(unit)
    else {
      groups.push([unit])
      roomBytes = MAX_PAYLOAD_BYTES - headerBytes - 2
      if (unit.length > roomBytes) roomBytes = 0
    }
    if (roomBytes > 0) roomBytes -= unit.length + 2
  }
  return groups
}

function aggregate(header: readonly number[], units: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(header)]
  for (const unit of units) parts.push(Uint8Array.of(unit.length >> 8, unit.length & 0xff), unit)
  return Buffer.concat(parts)
}

/** `headerOf` gives the bytes before each fragment. */
function fragment(unit: Uint8Array, nalHeaderBytes: number, headerOf: (isFirst: boolean, isLast: boolean) => number[]): Uint8Array[] {
  const payloads: Uint8Array[] = []
  const step = MAX_PAYLOAD_BYTES - nalHeaderBytes - 1
  for (let at = nalHeaderBytes; at < unit.length; at += step) {
    payloads.push(Buffer.concat([Uint8Array.from(headerOf(at === nalHeaderBytes, at + step >= unit.length)), unit.subarray(at, at + step)]))
  }
  return payloads
}

/** RFC 6184: single NAL unit packets (§5.6), STAP-A (§5.7.1), FU-A (§5.8). */
function h264Payloads(units: readonly Uint8Array[]): Uint8Array[] {
  return groupNalUnits(units, 1).flatMap((group) => {
    const [unit] = group as [Uint8Array]
    const nri = Math.max(...group.map((member) => member[0]! & 0x60))
    if (group.length > 1) return [aggregate([nri | 24], group)]
    if (unit.length <= MAX_PAYLOAD_BYTES) return [unit]
    return fragment(unit, 1, (isFirst, isLast) => [nri | 28, (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | (unit[0]! & 0x1f)])
  })
}

/** RFC 7798: single NAL unit packets (§4.4.1), aggregation packets (§4.4.2), fragmentation units (§4.4.3); no DONL. */
function h265Payloads(units: readonly Uint8Array[]): Uint8Array[] {
  return groupNalUnits(units, 2).flatMap((group) => {
    const [unit] = group as [Uint8Array]
    if (group.length > 1) return [aggregate([48 << 1, 1], group)]
    if (unit.length <= MAX_PAYLOAD_BYTES) return [unit]
    const type = (unit[0]! >> 1) & 0x3f
    return fragment(unit, 2, (isFirst, isLast) => [(unit[0]! & 0x81) | (49 << 1), unit[1]!, (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | type])
  })
}

export const AAC_SAMPLES_PER_FRAME = 1024

/** RFC 3640 §3.3.6, AAC-hbr: one AU-header of 13 bits size and 3 bits index. In: the frames of an ADTS file (ISO/IEC 13818-7 §6.2). */
export function packAac(adts: Uint8Array, sampleRateHz: number): RtpLoop {
  const units: Unit[] = []
  for (let at = 0; at + 7 <= adts.length;) {
    const headerBytes = (adts[at + 1]! & 1) === 1 ? 7 : 9
    const frameBytes = ((adts[at + 3]! & 3) << 11) | (adts[at + 4]! << 3) | (adts[at + 5]! >> 5)
    const frame = adts.subarray(at + headerBytes, at + frameBytes)
    units.push({
      payloads: [Buffer.concat([Uint8Array.of(0, 16, frame.length >> 5, (frame.length << 3) & 0xff), frame])],
      isKey: true,
      displayIndex: units.length,
    })
    at += frameBytes
  }
  return packLoop(units, AAC_PAYLOAD_TYPE, AAC_SAMPLES_PER_FRAME, sampleRateHz)
}

/** 40 ms a packet, as most cameras send it. */
const PCMA_SAMPLES_PER_PACKET = 320

export function packPcma(samples: Uint8Array): RtpLoop {
  const units: Unit[] = []
  for (let at = 0; at + PCMA_SAMPLES_PER_PACKET <= samples.length; at += PCMA_SAMPLES_PER_PACKET) {
    units.push({ payloads: [samples.subarray(at, at + PCMA_SAMPLES_PER_PACKET)], isKey: true, displayIndex: units.length })
  }
  return packLoop(units, PCMA_PAYLOAD_TYPE, PCMA_SAMPLES_PER_PACKET, 8000)
}
