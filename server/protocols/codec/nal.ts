/** NAL units in their three coats: with start codes (Annex B), with lengths (ISO/IEC 14496-15), and with emulation prevention. */
import type { VideoCodec } from '../../contract/media.ts'

/**
 * What a NAL unit is to the assembler. `key` and `slice` are parts of a picture; `delimiter` begins the next one; `lead` is SEI
 * before the slices, `trail` SEI after them; `useless` (filler, end of sequence, reserved) is dropped.
 */
export type NalRole = 'key' | 'slice' | 'vps' | 'sps' | 'pps' | 'delimiter' | 'lead' | 'trail' | 'useless'

/** How the two codecs differ as far as an assembler of access units can see. */
export type NalRules = {
  codec: VideoCodec
  headerBytes: 1 | 2
  type(firstByte: number): number
  role(type: number): NalRole
  /** Whether this slice is the first of its picture; `afterHeader` is the byte after the NAL header. */
  isFirstSlice(type: number, afterHeader: number): boolean
}

/** No parameter set of a camera comes near this; the length field of the records is 16 bits. */
export const MAX_PARAMETER_SET_BYTES = 65_535

/** Where the next start code `00 00 01` begins in `[from, end)`, or `end`. */
export function findStartCode(bytes: Uint8Array, from: number, end: number): number {
  for (let i = from + 2; i < end; i += 1) {
    const byte = bytes[i]!
    // Only a 1 after two zeros ends a code; anything above 1 cannot be part of one.
    if (byte > 1) i += 2
    else if (byte === 1 && bytes[i - 1] === 0 && bytes[i - 2] === 0) return i - 2
  }
  return end
}

/**
 * Splits an Annex B byte stream (H.264 and H.265 Annex B) and calls `onNal` with the bounds of each NAL unit, start codes and trailing zeros left
 * out. Bytes before the first start code count as a NAL unit: cameras put `SPS 00000001 PPS` into one RTP packet.
 */
export function splitAnnexB(bytes: Uint8Array, start: number, end: number, onNal: (start: number, end: number) => void): void {
  let nalStart = start
  while (nalStart < end) {
    const codeStart = findStartCode(bytes, nalStart, end)
    const nalEnd = trimZeros(bytes, nalStart, codeStart)
    if (nalEnd > nalStart) onNal(nalStart, nalEnd)
    nalStart = codeStart + 3
  }
}

/** Where `[start, end)` ends without trailing zero bytes: a NAL unit never ends in 00 (H.264 §7.4.1). */
export function trimZeros(bytes: Uint8Array, start: number, end: number): number {
  while (end > start && bytes[end - 1] === 0) end -= 1
  return end
}

/** The bounds of each NAL unit in length-prefixed data such as `VideoUnit.data`. A length that lies ends the walk. */
export function forEachNal(data: Uint8Array, onNal: (start: number, end: number) => void): void {
  let offset = 0
  while (offset + 4 <= data.length) {
    const length = data[offset]! * 0x1000000 + ((data[offset + 1]! << 16) | (data[offset + 2]! << 8) | data[offset + 3]!)
    offset += 4
    if (length > data.length - offset) return
    onNal(offset, offset + length)
    offset += length
  }
}

/** Length-prefixed data with start codes instead, for ffmpeg's pipes and tests. Takes the same room, so it may be done in place on a copy. */
export function toAnnexB(data: Uint8Array): Uint8Array {
  const annexB = Uint8Array.from(data)
  forEachNal(data, (start) => annexB.set([0, 0, 0, 1], start - 4))
  return annexB
}

/** The raw byte sequence payload: the `03` of each `00 00 03` taken out (H.264 §7.4.1.1). */
export function unescapeRbsp(nal: Uint8Array): Uint8Array {
  const rbsp = new Uint8Array(nal.length)
  let length = 0
  let zeros = 0
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    rbsp[length++] = byte
  }
  return rbsp.subarray(0, length)
}
