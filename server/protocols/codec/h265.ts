/** ITU-T H.265: what a demuxer must know of NAL units and parameter sets. */
import { ProtocolError } from '../../base/errors.ts'
import { concat, u16, u8 } from '../bytes.ts'
import type { VideoConfig } from './access-unit.ts'
import { BitReader } from './bit-reader.ts'
import { type NalRole, type NalRules, unescapeRbsp } from './nal.ts'

/** nal_unit_type, Table 7-1. 0 to 31 are slices; 16 to 21 of them (to 23 with the reserved ones) start a sequence (IRAP). */
export const H265Nal = { firstIrap: 16, lastIrap: 23, lastVcl: 31, vps: 32, sps: 33, pps: 34, aud: 35, seiPrefix: 39, seiSuffix: 40 } as const

export type H265Sps = {
  spsId: number
  /** The 12 bytes from general_profile_space to general_level_idc, §7.3.3, as the record carries them. */
  generalProfileTierLevel: Uint8Array
  widthPx: number
  heightPx: number
  chromaFormatIdc: number
  bitDepthLuma: number
  bitDepthChroma: number
  temporalLayers: number
  isTemporalIdNested: boolean
  reorderFrames: number
}

const MAX_SIZE_PX = 16_384
const HEADER_BYTES = 2
const GENERAL_PTL_BYTES = 12

export function h265NalType(firstByte: number): number {
  return (firstByte >> 1) & 0x3f
}

/** Table 7-1 for the assembler. first_slice_segment_in_pic_flag is the first bit after the header (§7.3.6.1). */
export const h265Rules: NalRules = {
  codec: 'h265',
  headerBytes: HEADER_BYTES,
  type: h265NalType,
  role(type): NalRole {
    if (type <= H265Nal.lastVcl) return type >= H265Nal.firstIrap && type <= H265Nal.lastIrap ? 'key' : 'slice'
    switch (type) {
      case H265Nal.vps:
        return 'vps'
      case H265Nal.sps:
        return 'sps'
      case H265Nal.pps:
        return 'pps'
      case H265Nal.aud:
        return 'delimiter'
      case H265Nal.seiPrefix:
        return 'lead'
      case H265Nal.seiSuffix:
        return 'trail'
      default:
        return 'useless'
    }
  },
  isFirstSlice: (_type, afterHeader) => (afterHeader & 0x80) !== 0,
}

/** Sequence parameter set with its NAL header, §7.3.2.2, as far as the picture size and the reordering. */
export function parseH265Sps(nal: Uint8Array): H265Sps {
  if (h265NalType(nal[0] ?? 0) !== H265Nal.sps) throw new ProtocolError('H.265 §7.3.2.2', 'not an SPS', 0)
  const rbsp = unescapeRbsp(nal.subarray(HEADER_BYTES))
  const reader = new BitReader(rbsp, 'H.265 §7.3.2.2')
  reader.skip(4) // sps_video_parameter_set_id
  const maxSubLayersMinus1 = reader.bits(3)
  if (maxSubLayersMinus1 > 6) throw new ProtocolError('H.265 §7.4.3.2', 'sps_max_sub_layers_minus1 is 7', 2)
  const isTemporalIdNested = reader.flag()
  reader.skip(GENERAL_PTL_BYTES * 8)
  const generalProfileTierLevel = rbsp.slice(1, 1 + GENERAL_PTL_BYTES)
  skipSubLayers(reader, maxSubLayersMinus1)
  const spsId = reader.ueUpTo(15, 'sps_seq_parameter_set_id')
  const chromaFormatIdc = reader.ueUpTo(3, 'chroma_format_idc')
  const isSeparateColourPlane = chromaFormatIdc === 3 && reader.flag()
  const codedWidthPx = reader.ueUpTo(MAX_SIZE_PX, 'pic_width_in_luma_samples')
  const codedHeightPx = reader.ueUpTo(MAX_SIZE_PX, 'pic_height_in_luma_samples')
  const crop = reader.flag() ? { left: reader.ue(), right: reader.ue(), top: reader.ue(), bottom: reader.ue() } : { left: 0, right: 0, top: 0, bottom: 0 }
  const bitDepthLuma = 8 + reader.ueUpTo(8, 'bit_depth_luma_minus8')
  const bitDepthChroma = 8 + reader.ueUpTo(8, 'bit_depth_chroma_minus8')
  reader.ueUpTo(12, 'log2_max_pic_order_cnt_lsb_minus4')
  const hasOrderingPerLayer = reader.flag()
  let reorderFrames = 0
  for (let layer = hasOrderingPerLayer ? 0 : maxSubLayersMinus1; layer <= maxSubLayersMinus1; layer++) {
    reader.ueUpTo(16, 'sps_max_dec_pic_buffering_minus1')
    reorderFrames = reader.ueUpTo(16, 'sps_max_num_reorder_pics') // the highest layer counts
    reader.ue() // sps_max_latency_increase_plus1
  }

  // §7.4.3.2.1, Table 6-1: SubWidthC and SubHeightC.
  const subWidth = !isSeparateColourPlane && (chromaFormatIdc === 1 || chromaFormatIdc === 2) ? 2 : 1
  const subHeight = !isSeparateColourPlane && chromaFormatIdc === 1 ? 2 : 1
  const widthPx = codedWidthPx - subWidth * (crop.left + crop.right)
  const heightPx = codedHeightPx - subHeight * (crop.top + crop.bottom)
  if (widthPx <= 0 || heightPx <= 0) throw new ProtocolError('H.265 §7.4.3.2.1', `cropped to ${widthPx}x${heightPx}`)
  return {
    spsId,
    generalProfileTierLevel,
    widthPx,
    heightPx,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    temporalLayers: maxSubLayersMinus1 + 1,
    isTemporalIdNested,
    reorderFrames,
  }
}

/** vps_video_parameter_set_id, §7.3.2.1. */
export function parseH265VpsId(nal: Uint8Array): number {
  if (h265NalType(nal[0] ?? 0) !== H265Nal.vps || nal.length <= HEADER_BYTES) throw new ProtocolError('H.265 §7.3.2.1', 'not a VPS', 0)
  return nal[HEADER_BYTES]! >> 4
}

/** pps_pic_parameter_set_id, §7.3.2.3. */
export function parseH265PpsId(nal: Uint8Array): number {
  if (h265NalType(nal[0] ?? 0) !== H265Nal.pps) throw new ProtocolError('H.265 §7.3.2.3', 'not a PPS', 0)
  return new BitReader(unescapeRbsp(nal.subarray(HEADER_BYTES, 10)), 'H.265 §7.3.2.3').ueUpTo(63, 'pps_pic_parameter_set_id')
}

/** NAL units with their headers, the SPS that describes the picture last. */
export function h265Config(vpsNals: readonly Uint8Array[], spsNals: readonly Uint8Array[], ppsNals: readonly Uint8Array[]): VideoConfig {
  const newest = spsNals.at(-1)
  if (!newest) throw new ProtocolError('ISO/IEC 14496-15 §8.3.3.1', 'no SPS')
  const sps = parseH265Sps(newest)
  return {
    codec: 'h265',
    widthPx: sps.widthPx,
    heightPx: sps.heightPx,
    record: hevcRecord(sps, vpsNals, spsNals, ppsNals),
    codecString: h265CodecString(sps.generalProfileTierLevel),
  }
}

/** HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 §8.3.3.1. All sets are in it (array_completeness 1), as `hvc1` wants. */
function hevcRecord(sps: H265Sps, vpsNals: readonly Uint8Array[], spsNals: readonly Uint8Array[], ppsNals: readonly Uint8Array[]): Uint8Array {
  const array = (type: number, nals: readonly Uint8Array[]) => [u8(0x80 | type), u16(nals.length), ...nals.flatMap((nal) => [u16(nal.length), nal])]
  return concat(
    u8(1), // configurationVersion
    sps.generalProfileTierLevel,
    u16(0xf000), // min_spatial_segmentation_idc 0
    u8(0xfc), // parallelismType unknown
    u8(0xfc | sps.chromaFormatIdc),
    u8(0xf8 | (sps.bitDepthLuma - 8)),
    u8(0xf8 | (sps.bitDepthChroma - 8)),
    u16(0), // avgFrameRate unspecified
    u8((sps.temporalLayers << 3) | (sps.isTemporalIdNested ? 4 : 0) | 3), // constantFrameRate 0, lengthSizeMinusOne 3
    u8(3),
    ...array(H265Nal.vps, vpsNals),
    ...array(H265Nal.sps, spsNals),
    ...array(H265Nal.pps, ppsNals),
  )
}

/** ISO/IEC 14496-15 Annex E.3: `hvc1.1.6.L93.B0`. `ptl` as in `generalProfileTierLevel`. */
function h265CodecString(ptl: Uint8Array): string {
  const first = ptl[0]!
  const profileSpace = ['', 'A', 'B', 'C'][first >> 6]!
  let compatibility = 0 // in reverse bit order
  for (let bit = 0; bit < 32; bit++) compatibility += ((ptl[1 + (bit >> 3)]! >> (7 - (bit & 7))) & 1) * 2 ** bit
  const constraints = [...ptl.subarray(5, 11)]
  while (constraints.at(-1) === 0) constraints.pop()
  const tier = (first & 0x20) === 0 ? 'L' : 'H'
  const hex = (value: number) => value.toString(16).toUpperCase()
  return ['hvc1', `${profileSpace}${first & 0x1f}`, hex(compatibility), `${tier}${ptl[11]!}`, ...constraints.map(hex)].join('.')
}

/** The part of profile_tier_level after the general fields, §7.3.3. */
function skipSubLayers(reader: BitReader, maxSubLayersMinus1: number): void {
  if (maxSubLayersMinus1 === 0) return
  const present: { hasProfile: boolean; hasLevel: boolean }[] = []
  for (let i = 0; i < maxSubLayersMinus1; i++) present.push({ hasProfile: reader.flag(), hasLevel: reader.flag() })
  reader.skip(2 * (8 - maxSubLayersMinus1)) // reserved_zero_2bits
  for (const { hasProfile, hasLevel } of present) reader.skip((hasProfile ? 88 : 0) + (hasLevel ? 8 : 0))
}
