/** ITU-T H.264: what a demuxer must know of NAL units and parameter sets. */
import { ProtocolError } from '../../base/errors.ts'
import { concat, u16, u8 } from '../bytes.ts'
import type { VideoConfig } from './access-unit.ts'
import { BitReader } from './bit-reader.ts'
import { type NalRole, type NalRules, unescapeRbsp } from './nal.ts'

/** nal_unit_type, Table 7-1. */
export const H264Nal = { slice: 1, partitionA: 2, partitionB: 3, partitionC: 4, idr: 5, sei: 6, sps: 7, pps: 8, aud: 9 } as const

export type H264Sps = {
  spsId: number
  profileIdc: number
  constraintFlags: number
  levelIdc: number
  widthPx: number
  heightPx: number
  chromaFormatIdc: number
  bitDepthLuma: number
  bitDepthChroma: number
  /** How many pictures can precede one in decoding order and follow it in output; `undefined` when the stream does not say. */
  reorderFrames: number | undefined
}

const MAX_SIZE_PX = 16_384
/** Profiles whose SPS carries chroma format, bit depth and scaling lists, §7.3.2.1.1. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

/** Table 7-1 for the assembler. first_mb_in_slice is ue(v), so 0 is a single 1 bit after the header (§7.3.3). */
export const h264Rules: NalRules = {
  codec: 'h264',
  headerBytes: 1,
  type: (firstByte) => firstByte & 0x1f,
  role(type): NalRole {
    switch (type) {
      case H264Nal.idr:
        return 'key'
      case H264Nal.sps:
        return 'sps'
      case H264Nal.pps:
        return 'pps'
      case H264Nal.aud:
        return 'delimiter'
      case H264Nal.sei:
        return 'lead'
      default:
        return type >= H264Nal.slice && type <= H264Nal.partitionC ? 'slice' : 'useless'
    }
  },
  isFirstSlice: (type, afterHeader) => type !== H264Nal.partitionB && type !== H264Nal.partitionC && (afterHeader & 0x80) !== 0,
}

/** Sequence parameter set with its NAL header, §7.3.2.1.1. A broken VUI only costs `reorderFrames`: cameras write wrong ones. */
export function parseH264Sps(nal: Uint8Array): H264Sps {
  if (((nal[0] ?? 0) & 0x1f) !== H264Nal.sps) throw new ProtocolError('H.264 §7.3.2.1', 'not an SPS', 0)
  const reader = new BitReader(unescapeRbsp(nal.subarray(1)), 'H.264 §7.3.2.1.1')
  const profileIdc = reader.bits(8)
  const constraintFlags = reader.bits(8)
  const levelIdc = reader.bits(8)
  const spsId = reader.ueUpTo(31, 'seq_parameter_set_id')
  let chromaFormatIdc = 1
  let isSeparateColourPlane = false
  let bitDepthLuma = 8
  let bitDepthChroma = 8
  if (HIGH_PROFILES.has(profileIdc)) {
    chromaFormatIdc = reader.ueUpTo(3, 'chroma_format_idc')
    if (chromaFormatIdc === 3) isSeparateColourPlane = reader.flag()
    bitDepthLuma = 8 + reader.ueUpTo(6, 'bit_depth_luma_minus8')
    bitDepthChroma = 8 + reader.ueUpTo(6, 'bit_depth_chroma_minus8')
    reader.skip(1) // qpprime_y_zero_transform_bypass_flag
    if (reader.flag()) skipScalingMatrix(reader, chromaFormatIdc === 3 ? 12 : 8)
  }
  reader.ueUpTo(12, 'log2_max_frame_num_minus4')
  const pocType = reader.ueUpTo(2, 'pic_order_cnt_type')
  if (pocType === 0) reader.ueUpTo(12, 'log2_max_pic_order_cnt_lsb_minus4')
  else if (pocType === 1) skipPocType1(reader)
  reader.ueUpTo(16, 'max_num_ref_frames')
  reader.skip(1) // gaps_in_frame_num_value_allowed_flag
  const widthMbs = reader.ueUpTo(MAX_SIZE_PX / 16 - 1, 'pic_width_in_mbs_minus1') + 1
  const heightMapUnits = reader.ueUpTo(MAX_SIZE_PX / 16 - 1, 'pic_height_in_map_units_minus1') + 1
  const isFrameMbsOnly = reader.flag()
  if (!isFrameMbsOnly) reader.skip(1) // mb_adaptive_frame_field_flag
  reader.skip(1) // direct_8x8_inference_flag
  const crop = reader.flag() ? { left: reader.ue(), right: reader.ue(), top: reader.ue(), bottom: reader.ue() } : { left: 0, right: 0, top: 0, bottom: 0 }

  // §7.4.2.1.1: CropUnitX and CropUnitY follow ChromaArrayType.
  const chromaArrayType = isSeparateColourPlane ? 0 : chromaFormatIdc
  const cropUnitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1
  const cropUnitY = (chromaArrayType === 1 ? 2 : 1) * (isFrameMbsOnly ? 1 : 2)
  const widthPx = widthMbs * 16 - cropUnitX * (crop.left + crop.right)
  const heightPx = heightMapUnits * 16 * (isFrameMbsOnly ? 1 : 2) - cropUnitY * (crop.top + crop.bottom)
  if (widthPx <= 0 || heightPx <= 0) throw new ProtocolError('H.264 §7.4.2.1.1', `cropped to ${widthPx}x${heightPx}`)

  const hasNoReordering = profileIdc === 66 || pocType === 2
  const reorderFrames = hasNoReordering ? 0 : readReorderFrames(reader)
  return { spsId, profileIdc, constraintFlags, levelIdc, widthPx, heightPx, chromaFormatIdc, bitDepthLuma, bitDepthChroma, reorderFrames }
}

/** pic_parameter_set_id, §7.3.2.2. */
export function parseH264PpsId(nal: Uint8Array): number {
  if (((nal[0] ?? 0) & 0x1f) !== H264Nal.pps) throw new ProtocolError('H.264 §7.3.2.2', 'not a PPS', 0)
  return new BitReader(unescapeRbsp(nal.subarray(1, 9)), 'H.264 §7.3.2.2').ueUpTo(255, 'pic_parameter_set_id')
}

/** `spsNals` and `ppsNals` with their NAL headers, the SPS that describes the picture last. */
export function h264Config(spsNals: readonly Uint8Array[], ppsNals: readonly Uint8Array[]): VideoConfig {
  const newest = spsNals.at(-1)
  if (!newest) throw new ProtocolError('ISO/IEC 14496-15 §5.3.3.1', 'no SPS')
  const sps = parseH264Sps(newest)
  const hex = [sps.profileIdc, sps.constraintFlags, sps.levelIdc].map((value) => value.toString(16).padStart(2, '0')).join('')
  return { codec: 'h264', widthPx: sps.widthPx, heightPx: sps.heightPx, record: avcRecord(sps, spsNals, ppsNals), codecString: `avc1.${hex}` }
}

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1. */
function avcRecord(sps: H264Sps, spsNals: readonly Uint8Array[], ppsNals: readonly Uint8Array[]): Uint8Array {
  const sized = (nals: readonly Uint8Array[]) => nals.flatMap((nal) => [u16(nal.length), nal])
  const hasChromaFields = sps.profileIdc === 100 || sps.profileIdc === 110 || sps.profileIdc === 122 || sps.profileIdc === 144
  return concat(
    u8(1), // configurationVersion
    u8(sps.profileIdc),
    u8(sps.constraintFlags),
    u8(sps.levelIdc),
    u8(0xfc | 3), // lengthSizeMinusOne
    u8(0xe0 | spsNals.length),
    ...sized(spsNals),
    u8(ppsNals.length),
    ...sized(ppsNals),
    ...(hasChromaFields ? [u8(0xfc | sps.chromaFormatIdc), u8(0xf8 | (sps.bitDepthLuma - 8)), u8(0xf8 | (sps.bitDepthChroma - 8)), u8(0)] : []),
  )
}

/** scaling_list, §7.3.2.1.1.1 */
function skipScalingMatrix(reader: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (!reader.flag()) continue
    let lastScale = 8
    let nextScale = 8
    for (let i = 0; i < (list < 6 ? 16 : 64); i++) {
      if (nextScale !== 0) nextScale = (lastScale + reader.se() + 256) % 256
      lastScale = nextScale === 0 ? lastScale : nextScale
    }
  }
}

function skipPocType1(reader: BitReader): void {
  reader.skip(1) // delta_pic_order_always_zero_flag
  reader.se() // offset_for_non_ref_pic
  reader.se() // offset_for_top_to_bottom_field
  const count = reader.ueUpTo(255, 'num_ref_frames_in_pic_order_cnt_cycle')
  for (let i = 0; i < count; i++) reader.se()
}

/** max_num_reorder_frames out of the VUI, Annex E.1.1. */
function readReorderFrames(reader: BitReader): number | undefined {
  try {
    if (!reader.flag()) return undefined // vui_parameters_present_flag
    if (reader.flag() && reader.bits(8) === 255) reader.skip(32) // aspect_ratio_info, Extended_SAR
    if (reader.flag()) reader.skip(1) // overscan_info
    if (reader.flag()) {
      // video_signal_type
      reader.skip(4)
      if (reader.flag()) reader.skip(24) // colour_description
    }
    if (reader.flag()) {
      // chroma_loc_info
      reader.ue()
      reader.ue()
    }
    if (reader.flag()) reader.skip(65) // timing_info
    const hasNalHrd = reader.flag()
    if (hasNalHrd) skipHrd(reader)
    const hasVclHrd = reader.flag()
    if (hasVclHrd) skipHrd(reader)
    if (hasNalHrd || hasVclHrd) reader.skip(1) // low_delay_hrd_flag
    reader.skip(1) // pic_struct_present_flag
    if (!reader.flag()) return undefined // bitstream_restriction_flag
    reader.skip(1) // motion_vectors_over_pic_boundaries_flag
    for (let i = 0; i < 4; i++) reader.ue() // max_bytes_per_pic_denom to log2_max_mv_length_vertical
    return reader.ueUpTo(16, 'max_num_reorder_frames')
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** hrd_parameters, Annex E.1.2 */
function skipHrd(reader: BitReader): void {
  const count = reader.ueUpTo(31, 'cpb_cnt_minus1') + 1
  reader.skip(8) // bit_rate_scale, cpb_size_scale
  for (let i = 0; i < count; i++) {
    reader.ue()
    reader.ue()
    reader.skip(1)
  }
  reader.skip(20)
}
