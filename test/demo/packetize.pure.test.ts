import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPictures, splitNalUnits } from '../../server/demo/annexb.ts'
import { packAac, packPcma, packVideo, type RtpLoop } from '../../server/demo/packetize.ts'
import { takeRequest } from '../../server/demo/rtsp-message.ts'
import { joinPictures } from './rtsp-client.ts'

function packetsOf(loop: RtpLoop): Buffer[] {
  return Array.from({ length: loop.packetAt.length - 1 }, (_, i) => loop.bytes.subarray(loop.packetAt[i]! + 4, loop.packetAt[i + 1]))
}

/** Content without zeros, so that it needs no emulation prevention. */
const body = (length: number, seed: number) => Buffer.from(Array.from({ length }, (_, i) => 1 + ((i * 31 + seed) % 255)))
const h264Unit = (type: number, length: number) => Buffer.concat([Buffer.of(0x60 | type, 0x88), body(length, type)])
const h265Unit = (type: number, length: number) => Buffer.concat([Buffer.of(type << 1, 1, 0x80), body(length, type)])
const annexB = (units: readonly Buffer[]) => Buffer.concat(units.flatMap((unit) => [Buffer.of(0, 0, 0, 1), unit]))

const textOf = (pictures: readonly (readonly Uint8Array[])[]) =>
  pictures.map((units) => units.map((unit) => Buffer.from(unit).toString('base64')).join()).join('\n')

const size = fc.integer({ min: 1, max: 5000 })

describe('R-RTSP the simulator packs what a receiver joins', () => {
  test('H.264: single NAL, STAP-A and FU-A', () => {
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 6 }), (sizes) => {
        const pictures = sizes.map((length, i) => [...(i === 0 ? [h264Unit(7, 20), h264Unit(8, 5)] : []), h264Unit(i === 0 ? 5 : 1, length)])
        const read = readPictures('h264', annexB(pictures.flat()))
        expect(read.parameterSets.map((unit) => Buffer.from(unit))).toEqual(pictures[0]!.slice(0, 2))
        expect(textOf(joinPictures('h264', packetsOf(packVideo('h264', read.pictures, 25)))) === textOf(pictures)).toBe(true)
      }),
      { seed: 1, numRuns: 60 },
    )
  })
  test('H.265: single NAL, AP and FU', () => {
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 6 }), (sizes) => {
        const pictures = sizes.map((length, i) => [
          ...(i === 0 ? [h265Unit(32, 20), h265Unit(33, 30), h265Unit(34, 5)] : []),
          h265Unit(i === 0 ? 19 : 1, length),
        ])
        const read = readPictures('h265', annexB(pictures.flat()))
        expect(textOf(joinPictures('h265', packetsOf(packVideo('h265', read.pictures, 25)))) === textOf(pictures)).toBe(true)
        expect(read.pictures.map(({ isKey }) => isKey)).toEqual(pictures.map((_, i) => i === 0))
      }),
      { seed: 2, numRuns: 60 },
    )
  })
  test('no packet is longer than an Ethernet frame takes', () => {
    const { pictures } = readPictures('h264', annexB([h264Unit(7, 20), h264Unit(8, 5), h264Unit(5, 50_000)]))
    for (const packet of packetsOf(packVideo('h264', pictures, 25))) expect(packet.length).toBeLessThanOrEqual(1412)
  })
  test('AAC: one AU-header of 16 bits, its size in 13 of them', () => {
    const frame = body(371, 3)
    const bytes = frame.length + 7
    const adts = Buffer.concat([Buffer.of(0xff, 0xf1, 0x60, 0x40 | (bytes >> 11), (bytes >> 3) & 0xff, ((bytes & 7) << 5) | 0x1f, 0xfc), frame])
    const [packet] = packetsOf(packAac(Buffer.concat([adts, adts]), 16_000))
    expect(packet!.subarray(12, 16).toString('hex')).toBe('00100b98')
    expect(packet!.subarray(16)).toEqual(frame)
  })
  test('G.711: 40 ms a packet', () => {
    const loop = packPcma(body(960, 4))
    expect([loop.unitCount, loop.unitTicks, loop.unitMs]).toEqual([3, 320, 40])
  })
})

describe('the simulator reads', () => {
  test('start codes of three and four bytes, and zeros after a unit', () => {
    const units = splitNalUnits(Buffer.from('00000001 6742 00000165 88840000 00000001 4199'.replaceAll(' ', ''), 'hex'))
    expect(units.map((unit) => Buffer.from(unit).toString('hex'))).toEqual(['6742', '658884', '4199'])
  })
  test('a request cut anywhere, after interleaved frames', () => {
    const bytes = Buffer.concat([Buffer.of(0x24, 1, 0, 2, 7, 7), Buffer.from('OPTIONS rtsp://h/main RTSP/1.0\r\ncseq: 3\r\n\r\n')])
    for (let cut = 0; cut < bytes.length; cut++) expect(takeRequest(bytes.subarray(0, cut))).toMatchObject({ request: undefined, isBroken: false })
    const { request, usedBytes } = takeRequest(bytes)
    expect([request?.method, request?.headers.get('cseq'), usedBytes]).toEqual(['OPTIONS', '3', bytes.length])
  })
  test('other protocols as broken', () => {
    expect(takeRequest(Buffer.from('GET / HTTP/1.1\r\n\r\n')).isBroken).toBe(true)
  })
})
