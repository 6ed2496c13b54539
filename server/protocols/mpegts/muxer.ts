/**
 * One video elementary stream to an MPEG-2 transport stream (ISO/IEC 13818-1:2019): the one container that carries H.265 with its times into any
 * ffmpeg. PAT and PMT go before every key frame.
 */
import type { VideoCodec } from '../../contract/media.ts'

const PACKET_BYTES = 188
const HEADER_BYTES = 4
const SYNC = 0x47
const PAT_PID = 0x0000
const PMT_PID = 0x0100
const VIDEO_PID = 0x0101
/** stream_type, Table 2-34. */
const STREAM_TYPE: Record<VideoCodec, number> = { h264: 0x1b, h265: 0x24 }
/** PTS, DTS and PCR base have 33 bits. */
const CLOCK_WRAP = 2 ** 33
/** PES header with PTS and DTS, §2.4.3.6. */
const PES_HEADER_BYTES = 19
const PCR_FIELD_BYTES = 8

export class TransportStreamMuxer {
  private readonly codec: VideoCodec
  private readonly counters = new Map<number, number>()

  constructor(codec: VideoCodec) {
    this.codec = codec
  }

  /** In: one picture as an Annex B byte stream, times in 90 kHz. Out: whole packets. */
  mux(annexB: Uint8Array, isKey: boolean, dts90k: number, pts90k: number): Buffer {
    const pes = Buffer.concat([pesHeader(dts90k, pts90k), annexB])
    const tables = isKey ? [this.section(PAT_PID, patSection()), this.section(PMT_PID, pmtSection(STREAM_TYPE[this.codec]))] : []
    return Buffer.concat([...tables, this.packetize(pes, isKey, dts90k)])
  }

  /** §2.4.3.2 and §2.4.3.4: the first packet carries the PCR, the last is filled up by its adaptation field. */
  private packetize(pes: Buffer, isKey: boolean, dts90k: number): Buffer {
    const firstRoom = PACKET_BYTES - HEADER_BYTES - PCR_FIELD_BYTES
    const room = PACKET_BYTES - HEADER_BYTES
    const packets = pes.length <= firstRoom ? 1 : 1 + Math.ceil((pes.length - firstRoom) / room)
    const out = Buffer.alloc(packets * PACKET_BYTES, 0xff)
    let taken = 0
    for (let i = 0; i < packets; i++) {
      const at = i * PACKET_BYTES
      const isFirst = i === 0
      const left = pes.length - taken
      const minimumField = isFirst ? PCR_FIELD_BYTES : 0
      const payloadBytes = Math.min(left, room - minimumField)
      const fieldBytes = room - payloadBytes
      this.writeHeader(out, at, VIDEO_PID, isFirst, fieldBytes > 0)
      if (fieldBytes > 0) {
        out[at + 4] = fieldBytes - 1 // adaptation_field_length
        if (fieldBytes > 1) out[at + 5] = isFirst ? 0x10 | (isKey ? 0x40 : 0) : 0 // PCR_flag, random_access_indicator
        if (isFirst) writePcr(out, at + 6, dts90k)
      }
      pes.copy(out, at + HEADER_BYTES + fieldBytes, taken, taken + payloadBytes)
      taken += payloadBytes
    }
    return out
  }

  private section(pid: number, section: Buffer): Buffer {
    const packet = Buffer.alloc(PACKET_BYTES, 0xff)
    this.writeHeader(packet, 0, pid, true, false)
    packet[HEADER_BYTES] = 0 // pointer_field
    section.copy(packet, HEADER_BYTES + 1)
    return packet
  }

  private writeHeader(out: Buffer, at: number, pid: number, isStart: boolean, hasField: boolean) {
    const counter = this.counters.get(pid) ?? 0
    this.counters.set(pid, (counter + 1) & 0x0f)
    out[at] = SYNC
    out[at + 1] = (isStart ? 0x40 : 0) | (pid >> 8)
    out[at + 2] = pid & 0xff
    out[at + 3] = (hasField ? 0x30 : 0x10) | counter
  }
}

/** program_clock_reference_base, 6 reserved bits, extension 0: §2.4.3.5. */
function writePcr(out: Buffer, at: number, pcr90k: number) {
  const base = pcr90k % CLOCK_WRAP
  out.writeUInt32BE(Math.floor(base / 2), at)
  out[at + 4] = (base % 2 === 1 ? 0x80 : 0) | 0x7e
  out[at + 5] = 0
}

/** §2.4.3.6; PES_packet_length 0 is allowed for video. */
function pesHeader(dts90k: number, pts90k: number): Buffer {
  const header = Buffer.alloc(PES_HEADER_BYTES)
  header.set([0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10])
  writeTime(header, 9, 0b0011, pts90k)
  writeTime(header, 14, 0b0001, dts90k)
  return header
}

function writeTime(out: Buffer, at: number, prefix: number, time90k: number) {
  const time = ((time90k % CLOCK_WRAP) + CLOCK_WRAP) % CLOCK_WRAP
  out[at] = (prefix << 4) | (Math.floor(time / 2 ** 30) << 1) | 1
  out.writeUInt16BE(((Math.floor(time / 2 ** 15) & 0x7fff) << 1) | 1, at + 1)
  out.writeUInt16BE(((time & 0x7fff) << 1) | 1, at + 3)
}

/** §2.4.4.3: one program. */
function patSection(): Buffer {
  return withCrc(Buffer.from([0x00, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0 | (PMT_PID >> 8), PMT_PID & 0xff]))
}

/** §2.4.4.8: one elementary stream, which carries the PCR. */
function pmtSection(streamType: number): Buffer {
  return withCrc(
    Buffer.from([
      0x02,
      0xb0,
      18,
      0,
      1,
      0xc1,
      0,
      0,
      0xe0 | (VIDEO_PID >> 8),
      VIDEO_PID & 0xff,
      0xf0,
      0,
      streamType,
      0xe0 | (VIDEO_PID >> 8),
      VIDEO_PID & 0xff,
      0xf0,
      0,
    ]),
  )
}

/** CRC_32 of Annex A: polynomial 0x04C11DB7, not reflected, nothing inverted at the end. */
function withCrc(section: Buffer): Buffer {
  let crc = 0xffffffff
  for (const byte of section) {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  }
  const out = Buffer.alloc(section.length + 4)
  section.copy(out)
  out.writeUInt32BE(crc >>> 0, section.length)
  return out
}
