/** AAC: AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) and ADTS (§1.A.2). */
import { ProtocolError } from '../../base/errors.ts'
import type { AudioConfig } from './access-unit.ts'
import { BitReader } from './bit-reader.ts'

/** Every raw_data_block of AAC LC carries this many samples a channel. */
export const AAC_SAMPLES_PER_UNIT = 1024
export const ADTS_HEADER_BYTES = 7

/** samplingFrequencyIndex, Table 1.18. */
const SAMPLE_RATES_HZ = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350]
const ESCAPE_RATE_INDEX = 15

export type SpecificConfig = { objectType: number; sampleRateHz: number; channels: number }

/** The first fields; extensions (SBR, PS) may follow and are left alone. */
export function parseSpecificConfig(bytes: Uint8Array): SpecificConfig {
  const reader = new BitReader(bytes, 'ISO/IEC 14496-3 §1.6.2.1')
  let objectType = reader.bits(5)
  if (objectType === 31) objectType = 32 + reader.bits(6)
  const rateIndex = reader.bits(4)
  const sampleRateHz = rateIndex === ESCAPE_RATE_INDEX ? reader.bits(24) : SAMPLE_RATES_HZ[rateIndex]
  if (!sampleRateHz) throw new ProtocolError('ISO/IEC 14496-3 Table 1.18', `samplingFrequencyIndex ${rateIndex}`)
  const channelConfiguration = reader.bits(4)
  if (channelConfiguration > 7) throw new ProtocolError('ISO/IEC 14496-3 Table 1.19', `channelConfiguration ${channelConfiguration}`)
  return { objectType, sampleRateHz, channels: channelConfiguration === 7 ? 8 : channelConfiguration }
}

export function serializeSpecificConfig({ objectType, sampleRateHz, channels }: SpecificConfig): Uint8Array {
  const rateIndex = SAMPLE_RATES_HZ.indexOf(sampleRateHz)
  const channelConfiguration = channels === 8 ? 7 : channels
  if (rateIndex >= 0) return Uint8Array.of((objectType << 3) | (rateIndex >> 1), ((rateIndex & 1) << 7) | (channelConfiguration << 3))
  return Uint8Array.of(
    (objectType << 3) | (ESCAPE_RATE_INDEX >> 1),
    0x80 | (sampleRateHz >> 17),
    sampleRateHz >> 9,
    sampleRateHz >> 1,
    ((sampleRateHz & 1) << 7) | (channelConfiguration << 3),
  )
}

export function aacConfig(specificConfig: Uint8Array): AudioConfig {
  const { sampleRateHz, channels } = parseSpecificConfig(specificConfig)
  return { codec: 'aac', sampleRateHz, channels, specificConfig }
}

const AAC_LC = 2
/** A raw_data_block of AAC LC whose spectrum is empty, by channels (ISO/IEC 14496-3 §4.4.2.1). */
const SILENT_BLOCKS: Partial<Record<number, Uint8Array>> = {
  1: Uint8Array.of(0x00, 0xc8, 0x00, 0x80, 0x23, 0x80),
  2: Uint8Array.of(0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80),
}

/** One unit of silence; `undefined` for kinds of AAC that no camera was seen to send. */
export function silentAacUnit({ specificConfig }: AudioConfig): Uint8Array | undefined {
  if (!specificConfig) return undefined
  const { objectType, channels } = parseSpecificConfig(specificConfig)
  return objectType === AAC_LC ? SILENT_BLOCKS[channels] : undefined
}

/** One ADTS header of one raw_data_block: `frameBytes` includes the header of `headerBytes`. */
export type AdtsHeader = SpecificConfig & { headerBytes: number; frameBytes: number }

export function parseAdtsHeader(bytes: Uint8Array, offset = 0): AdtsHeader {
  if (bytes.length - offset < ADTS_HEADER_BYTES) throw new ProtocolError('ISO/IEC 14496-3 §1.A.2', 'ends too early', offset)
  const at = (index: number) => bytes[offset + index]!
  if (at(0) !== 0xff || (at(1) & 0xf6) !== 0xf0) throw new ProtocolError('ISO/IEC 14496-3 §1.A.2.2', 'no syncword', offset)
  const headerBytes = (at(1) & 1) === 1 ? ADTS_HEADER_BYTES : ADTS_HEADER_BYTES + 2
  const frameBytes = ((at(3) & 3) << 11) | (at(4) << 3) | (at(5) >> 5)
  const sampleRateHz = SAMPLE_RATES_HZ[(at(2) >> 2) & 0xf]
  if (!sampleRateHz || frameBytes < headerBytes) throw new ProtocolError('ISO/IEC 14496-3 §1.A.2.2', 'impossible header', offset)
  const channelConfiguration = ((at(2) & 1) << 2) | (at(3) >> 6)
  return { objectType: (at(2) >> 6) + 1, sampleRateHz, channels: channelConfiguration === 7 ? 8 : channelConfiguration, headerBytes, frameBytes }
}

/** The header to put before one raw_data_block, for ffmpeg's pipes. */
export function serializeAdtsHeader({ objectType, sampleRateHz, channels }: SpecificConfig, payloadBytes: number): Uint8Array {
  const rateIndex = SAMPLE_RATES_HZ.indexOf(sampleRateHz)
  if (rateIndex < 0) throw new ProtocolError('ISO/IEC 14496-3 §1.A.2.2', `ADTS cannot say ${sampleRateHz} Hz`)
  const channelConfiguration = channels === 8 ? 7 : channels
  const frameBytes = payloadBytes + ADTS_HEADER_BYTES
  return Uint8Array.of(
    0xff,
    0xf1,
    ((objectType - 1) << 6) | (rateIndex << 2) | (channelConfiguration >> 2),
    ((channelConfiguration & 3) << 6) | (frameBytes >> 11),
    frameBytes >> 3,
    ((frameBytes & 7) << 5) | 0x1f,
    0xfc,
  )
}

/** Cuts a stream of ADTS frames into raw_data_blocks. In: chunks of any size. Throws `ProtocolError`. */
export class AdtsReader {
  private pending: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Buffer[] {
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk])
    const blocks: Buffer[] = []
    let at = 0
    while (bytes.length - at >= ADTS_HEADER_BYTES) {
      const { headerBytes, frameBytes } = parseAdtsHeader(bytes, at)
      if (bytes.length - at < frameBytes) break
      blocks.push(bytes.subarray(at + headerBytes, at + frameBytes))
      at += frameBytes
    }
    this.pending = Buffer.from(bytes.subarray(at))
    return blocks
  }
}
