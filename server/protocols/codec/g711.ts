/** ITU-T G.711: one byte is one sample. Decoding is for what browsers and meters need; encoding is nobody's business here. */
import type { AudioConfig } from './access-unit.ts'

export function g711Config(codec: 'pcma' | 'pcmu', sampleRateHz: number, channels: number): AudioConfig {
  return { codec, sampleRateHz, channels, specificConfig: undefined }
}

/** To signed 16-bit samples. */
export function decodeG711(codec: 'pcma' | 'pcmu', data: Uint8Array): Int16Array {
  return Int16Array.from(data, codec === 'pcma' ? decodeALaw : decodeMuLaw)
}

/** Table 1a: even bits are inverted on the line. */
function decodeALaw(code: number): number {
  const value = code ^ 0x55
  const segment = (value >> 4) & 7
  const magnitude = segment === 0 ? ((value & 0xf) << 4) + 8 : (((value & 0xf) << 4) + 0x108) << (segment - 1)
  return (value & 0x80) === 0 ? -magnitude : magnitude
}

/** Table 2a: all bits are inverted on the line. */
function decodeMuLaw(code: number): number {
  const value = ~code & 0xff
  const magnitude = ((((value & 0xf) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84
  return (value & 0x80) === 0 ? magnitude : -magnitude
}
