import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../server/base/errors.ts'
import { aacConfig, parseAdtsHeader, parseSpecificConfig, serializeAdtsHeader, serializeSpecificConfig } from '../../server/protocols/codec/aac.ts'
import { BitReader } from '../../server/protocols/codec/bit-reader.ts'
import { decodeG711 } from '../../server/protocols/codec/g711.ts'
import { h264Config, parseH264Sps } from '../../server/protocols/codec/h264.ts'
import { h265Config, parseH265Sps } from '../../server/protocols/codec/h265.ts'
import { forEachNal, splitAnnexB, toAnnexB, unescapeRbsp } from '../../server/protocols/codec/nal.ts'
import { ParameterSets } from '../../server/protocols/codec/parameter-sets.ts'

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'))
const base64 = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'))

const spsField = base64('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY')
const ppsField = base64('aOvjyyLA')
// libx265 3.5, 1280x720 Main, as its parameter sets stand in the stream.
const vps265 = bytes('40010c01ffff01600000030090000003000003005d959409')
const sps265 = bytes('420101016000000300900000030000 03005da00280802d16595952930bc05a020000030002000003003210')
const pps265 = bytes('4401c073c189')

describe('R-RTSP H.264 parameter sets', () => {
  test('SPS from the field: 1920x1080 after cropping, High, level 4.0, two pictures of reordering', () => {
    expect(parseH264Sps(spsField)).toMatchObject({ profileIdc: 100, levelIdc: 40, widthPx: 1920, heightPx: 1080, reorderFrames: 2 })
  })

  test('the record and its name', () => {
    const config = h264Config([spsField], [ppsField])
    expect(config.codecString).toBe('avc1.640028')
    const expected = ['01 640028 ff e1 001b', Buffer.from(spsField).toString('hex'), '01 0006', Buffer.from(ppsField).toString('hex'), 'fd f8 f8 00'].join('')
    expect(Buffer.from(config.record).toString('hex')).toBe(expected.replace(/\s/g, ''))
  })

  test('a broken VUI costs only the reordering', () => {
    expect(parseH264Sps(spsField.subarray(0, 15))).toMatchObject({ widthPx: 1920, heightPx: 1080, reorderFrames: undefined })
  })

  test('every prefix throws ProtocolError or gives an SPS', () => {
    for (let length = 0; length < spsField.length; length++) {
      try {
        expect(parseH264Sps(spsField.subarray(0, length)).widthPx).toBe(1920)
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError)
      }
    }
  })
})

describe('R-RTSP H.265 parameter sets', () => {
  test('SPS: size, level, reordering', () => {
    expect(parseH265Sps(sps265)).toMatchObject({ widthPx: 1280, heightPx: 720, chromaFormatIdc: 1, bitDepthLuma: 8, temporalLayers: 1 })
  })

  test('the record and its name', () => {
    const config = h265Config([vps265], [sps265], [pps265])
    expect(config.codecString).toBe('hvc1.1.6.L93.90')
    expect(Buffer.from(config.record.subarray(0, 23)).toString('hex')).toBe(
      '010160000000900000000000' + '5d' + 'f000' + 'fc' + 'fd' + 'f8' + 'f8' + '0000' + '0f' + '03',
    )
  })
})

describe('R-RTSP the cache of parameter sets', () => {
  test('one config object until something changes; in-band wins over the SDP', () => {
    const sets = new ParameterSets('h264')
    sets.add('sps', base64('Z2QAH6zZQFAFuhAAAAMAEAAAAwMg8YMZYA=='), 'sdp')
    expect(sets.config()).toBeUndefined()
    sets.add('pps', ppsField, 'sdp')
    const fromSdp = sets.config()
    expect(fromSdp).toMatchObject({ widthPx: 1280 })
    sets.add('sps', spsField, 'stream')
    const inBand = sets.config()
    expect(inBand).toMatchObject({ widthPx: 1920 })
    sets.add('sps', Uint8Array.from(spsField), 'stream')
    sets.add('sps', base64('Z2QAH6zZQFAFuhAAAAMAEAAAAwMg8YMZYA=='), 'sdp')
    expect(sets.config()).toBe(inBand)
  })

  test('keeps copies: the bytes it was given may be overwritten', () => {
    const sets = new ParameterSets('h264')
    const shared = Buffer.from(spsField)
    sets.add('sps', shared, 'stream')
    shared.fill(0)
    sets.add('pps', ppsField, 'stream')
    expect(sets.config()).toMatchObject({ widthPx: 1920 })
  })
})

describe('bits and NAL units', () => {
  test('Exp-Golomb codes of H.264 §9.1', () => {
    const reader = new BitReader(bytes('a6 42 98 e2 04 8a'), 'test')
    expect([reader.ue(), reader.ue(), reader.ue(), reader.ue()]).toEqual([0, 1, 2, 3])
    expect(new BitReader(bytes('4c'), 'test').se()).toBe(1)
    expect(() => new BitReader(new Uint8Array(8), 'test').ue()).toThrow(ProtocolError)
  })

  test('emulation prevention is taken out', () => {
    expect(unescapeRbsp(bytes('00 00 03 01 00 00 03'))).toEqual(bytes('00 00 01 00 00'))
  })

  test.each([
    { name: 'both start codes', input: '00000001 6742 000001 68ee', expected: ['6742', '68ee'] },
    { name: 'trailing zeros', input: '000001 6742 0000 000001 68ee 00', expected: ['6742', '68ee'] },
    { name: 'no start code in front', input: '6742 00000001 68ee', expected: ['6742', '68ee'] },
    { name: 'nothing between', input: '000001 000001 65', expected: ['65'] },
    { name: 'nothing at all', input: '', expected: [] },
  ])('Annex B: $name', ({ input, expected }) => {
    const found: string[] = []
    const stream = bytes(input)
    splitAnnexB(stream, 0, stream.length, (start, end) => found.push(Buffer.from(stream.subarray(start, end)).toString('hex')))
    expect(found).toEqual(expected)
  })

  test('lengths to start codes; a length that lies ends the walk', () => {
    expect(toAnnexB(bytes('00000002 6742 00000001 68'))).toEqual(bytes('00000001 6742 00000001 68'))
    let count = 0
    forEachNal(bytes('00000002 6742 000000ff 68'), () => (count += 1))
    expect(count).toBe(1)
  })
})

describe('R-RTSP sound', () => {
  test.each([
    { hex: '1408', config: { objectType: 2, sampleRateHz: 16_000, channels: 1 } },
    { hex: '1588', config: { objectType: 2, sampleRateHz: 8_000, channels: 1 } },
    { hex: '1210', config: { objectType: 2, sampleRateHz: 44_100, channels: 2 } },
  ])('AudioSpecificConfig $hex', ({ hex, config }) => {
    expect(parseSpecificConfig(bytes(hex))).toEqual(config)
    expect(serializeSpecificConfig(config)).toEqual(bytes(hex))
    expect(aacConfig(bytes(hex))).toMatchObject({ codec: 'aac', sampleRateHz: config.sampleRateHz })
  })

  test('a rate beside the table', () => {
    const config = { objectType: 2, sampleRateHz: 10_000, channels: 2 }
    expect(parseSpecificConfig(serializeSpecificConfig(config))).toEqual(config)
  })

  test('ADTS round trip', () => {
    const config = { objectType: 2, sampleRateHz: 16_000, channels: 1 }
    expect(parseAdtsHeader(serializeAdtsHeader(config, 371))).toEqual({ ...config, headerBytes: 7, frameBytes: 378 })
  })

  test('G.711: silence, and the loudest samples of Tables 1 and 2', () => {
    expect([...decodeG711('pcma', bytes('d5 55 aa 2a'))]).toEqual([8, -8, 32_256, -32_256])
    expect([...decodeG711('pcmu', bytes('ff 7f 80 00'))]).toEqual([0, 0, 32_124, -32_124])
  })
})
