/** Names and numbers shared by the FLV muxer and demuxer: Adobe FLV 10.1 Annex E, and Enhanced RTMP v1 for HEVC. */

export const TAG_HEADER_BYTES = 11
export const PREVIOUS_TAG_SIZE_BYTES = 4
/** The header of 9 bytes and PreviousTagSize0. */
export const FILE_HEADER_BYTES = 13

/** TagType, Annex E.4.1. */
export const TagType = { audio: 8, video: 9, script: 18 } as const

/** FrameType in the high bits of the first video byte, Annex E.4.3.1. */
export const FrameType = { key: 1, inter: 2 } as const

/** CodecID of AVC, Annex E.4.3.1. */
export const AVC_CODEC_ID = 7

/** AVCPacketType, Annex E.4.3.1. */
export const AvcPacketType = { sequenceHeader: 0, nalUnits: 1, endOfSequence: 2 } as const

/** PacketType of the enhanced video tag (Enhanced RTMP v1 §4): the first byte is 1 bit IsExHeader, 3 bits FrameType, 4 bits PacketType. */
export const ExPacketType = { sequenceStart: 0, codedFrames: 1, sequenceEnd: 2, codedFramesX: 3 } as const
export const EX_HEADER_BIT = 0x80
export const HEVC_FOURCC = 0x68766331 // 'hvc1'

/** SoundFormat 10 (AAC), SoundRate 3, SoundSize 1, SoundType 1: fixed for AAC, Annex E.4.2.1. */
export const AAC_SOUND_BYTE = 0xaf

/** AACPacketType, Annex E.4.2.2. */
export const AacPacketType = { sequenceHeader: 0, raw: 1 } as const
