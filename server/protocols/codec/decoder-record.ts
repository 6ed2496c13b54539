/** The parameter sets inside a decoder configuration record: ISO/IEC 14496-15 §5.3.3.1 (AVC) and §8.3.3.1 (HEVC). */
import { ProtocolError } from '../../base/errors.ts'
import type { VideoCodec } from '../../contract/media.ts'
import type { VideoConfig } from './access-unit.ts'
import { H264Nal, h264Config } from './h264.ts'
import { H265Nal, h265Config, h265NalType } from './h265.ts'

const AVC_SETS_OFFSET = 5
const HEVC_ARRAYS_OFFSET = 22
const MAX_SETS = 64

/** NAL units with their headers, in the record's order. */
export function parseDecoderRecord(codec: VideoCodec, record: Uint8Array): Uint8Array[] {
  const clause = codec === 'h264' ? 'ISO/IEC 14496-15 §5.3.3.1' : 'ISO/IEC 14496-15 §8.3.3.1'
  const nals: Uint8Array[] = []
  let at = codec === 'h264' ? AVC_SETS_OFFSET : HEVC_ARRAYS_OFFSET
  const readByte = () => {
    const byte = record[at++]
    if (byte === undefined) throw new ProtocolError(clause, 'ends too early', at)
    return byte
  }
  const readSets = (count: number) => {
    if (nals.length + count > MAX_SETS) throw new ProtocolError(clause, 'too many parameter sets', at)
    for (let i = 0; i < count; i++) {
      const length = (readByte() << 8) | readByte()
      if (at + length > record.length) throw new ProtocolError(clause, 'a parameter set ends too early', at)
      nals.push(record.subarray(at, at + length))
      at += length
    }
  }
  if (codec === 'h264') {
    readSets(readByte() & 0x1f)
    readSets(readByte())
    return nals
  }
  for (let arrays = readByte(); arrays > 0; arrays--) {
    readByte() // array_completeness and NAL_unit_type
    readSets((readByte() << 8) | readByte())
  }
  return nals
}

/** A `VideoConfig` from the record another muxer wrote. */
export function configOfRecord(codec: VideoCodec, record: Uint8Array): VideoConfig {
  const nals = parseDecoderRecord(codec, record)
  const ofType = (type: number) => nals.filter((nal) => (codec === 'h264' ? (nal[0] ?? 0) & 0x1f : h265NalType(nal[0] ?? 0)) === type)
  return codec === 'h264' ? h264Config(ofType(H264Nal.sps), ofType(H264Nal.pps)) : h265Config(ofType(H265Nal.vps), ofType(H265Nal.sps), ofType(H265Nal.pps))
}
