/** What flows between every demuxer and every muxer: access units, and nothing else. */
import type { AudioCodec, VideoCodec } from '../../contract/media.ts'

/** A new object whenever the parameter sets change, so that consumers compare by identity. */
export type VideoConfig = {
  codec: VideoCodec
  widthPx: number
  heightPx: number
  /** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1) or HEVCDecoderConfigurationRecord (§8.3.3.1). */
  record: Uint8Array
  /** RFC 6381 name: `avc1.64001f`, `hvc1.1.6.L93.B0`. */
  codecString: string
}

export type AudioConfig = {
  codec: AudioCodec
  sampleRateHz: number
  channels: number
  /** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1); AAC only. */
  specificConfig: Uint8Array | undefined
}

/**
 * One coded picture. `data` holds its NAL units, each after a 4-byte big-endian length (as in FLV and MP4), parameter sets and
 * access unit delimiters left out; it lies in the demuxer's scratch buffer and is valid only until the callback returns.
 */
export type VideoUnit = {
  kind: 'video'
  config: VideoConfig
  /** IDR, or for H.265 any IRAP picture: a decoder can start here. */
  isKey: boolean
  /** 90 kHz, unwrapped, rising from unit to unit. */
  dts90k: number
  pts90k: number
  data: Uint8Array
}

/** One AAC raw_data_block, or one packet of G.711 samples. `data` is valid only until the callback returns. */
export type AudioUnit = { kind: 'audio'; config: AudioConfig; dts90k: number; data: Uint8Array }

export type AccessUnit = VideoUnit | AudioUnit
