/** Reads elementary streams with start codes (ITU-T H.264 Annex B, ITU-T H.265 Annex B). */
import type { VideoCodec } from '../contract/media.ts'

/** Splits a byte stream into NAL units without start codes. */
export function splitNalUnits(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = []
  let start = -1
  for (let i = 0; i + 2 < bytes.length;) {
    if (bytes[i + 2]! > 1) i += 3
    else if (bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1) {
      if (start >= 0) units.push(withoutTrailingZeros(bytes.subarray(start, i)))
      start = i + 3
      i += 3
    } else i++
  }
  if (start >= 0) units.push(withoutTrailingZeros(bytes.subarray(start)))
  return units.filter((unit) => unit.length > 0)
}

function withoutTrailingZeros(unit: Uint8Array): Uint8Array {
  let end = unit.length
  while (end > 0 && unit[end - 1] === 0) end--
  return unit.subarray(0, end)
}

type NalKind = 'parameterSet' | 'delimiter' | 'keySlice' | 'slice' | 'other'

function nalKind(codec: VideoCodec, unit: Uint8Array): NalKind {
  if (codec === 'h264') {
    const type = unit[0]! & 0x1f
    if (type === 7 || type === 8) return 'parameterSet'
    if (type === 9) return 'delimiter'
    if (type === 5) return 'keySlice'
    return type >= 1 && type <= 4 ? 'slice' : 'other'
  }
  const type = (unit[0]! >> 1) & 0x3f
  if (type >= 32 && type <= 34) return 'parameterSet'
  if (type === 35) return 'delimiter'
  if (type >= 16 && type <= 21) return 'keySlice'
  return type < 32 ? 'slice' : 'other'
}

/** `first_mb_in_slice` = 0 (H.264 §7.3.3) or `first_slice_segment_in_pic_flag` (H.265 §7.3.6.1): the top bit after the NAL header. */
function beginsPicture(codec: VideoCodec, unit: Uint8Array): boolean {
  return (unit[codec === 'h264' ? 1 : 2]! & 0x80) !== 0
}

export type CodedPicture = { units: Uint8Array[]; isKey: boolean }

/** Groups NAL units into pictures in decoding order; `parameterSets` are those of the first key frame, one of each kind. */
export function readPictures(codec: VideoCodec, bytes: Uint8Array): { pictures: CodedPicture[]; parameterSets: Uint8Array[] } {
  const pictures: CodedPicture[] = []
  const parameterSets: Uint8Array[] = []
  let pending: Uint8Array[] = []
  for (const unit of splitNalUnits(bytes)) {
    const kind = nalKind(codec, unit)
    if (kind === 'delimiter') continue
    if (kind === 'parameterSet' && pictures.length === 0) parameterSets.push(unit)
    const isSlice = kind === 'slice' || kind === 'keySlice'
    if (!isSlice) pending.push(unit)
    else if (beginsPicture(codec, unit)) {
      pictures.push({ units: [...pending, unit], isKey: kind === 'keySlice' })
      pending = []
    } else pictures.at(-1)?.units.push(unit)
  }
  return { pictures, parameterSets }
}
