/** The head of a whole MP4, read back box by box; files that players must read are judged by ffprobe in `test/media/export.test.ts`. */
import { describe, expect, test } from 'vitest'
import type { AudioConfig } from '../../server/protocols/codec/access-unit.ts'
import { type Chunk, type Movie, muxProgressiveHead, SampleTable } from '../../server/protocols/mp4/progressive.ts'
import { hd, hevc } from '../media/recorded.ts'

const aac: AudioConfig = { codec: 'aac', sampleRateHz: 16_000, channels: 1, specificConfig: Uint8Array.of(0x14, 0x08) }

type Box = { type: string; body: Buffer; inner: Box[] }
const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts'])

function parse(bytes: Buffer): Box[] {
  const boxes: Box[] = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    // `mdat` reaches beyond the head
    const end = type === 'mdat' ? bytes.length : at + size
    expect(end).toBeLessThanOrEqual(bytes.length)
    const body = bytes.subarray(at + 8, end)
    boxes.push({ type, body, inner: containers.has(type) ? parse(body) : [] })
    at = end
  }
  return boxes
}
const find = (boxes: Box[], path: string): Box | undefined =>
  path.split('/').reduce<Box | undefined>((found, type, depth) => (depth === 0 ? boxes : (found?.inner ?? [])).find((box) => box.type === type), undefined)
const words = (box: Box | undefined, from: number): number[] => {
  const found: number[] = []
  for (let at = from; at < (box?.body.length ?? 0); at += 4) found.push(box!.body.readUInt32BE(at))
  return found
}
/** The table of the track, without version and flags. */
const tableOf = (head: Buffer, track: number, type: string) => {
  const moov = find(parse(head), 'moov')!
  const trak = moov.inner.filter((box) => box.type === 'trak')[track]!
  return words(find(trak.inner, `mdia/minf/stbl/${type}`), 4)
}
const headOf = (movie: Movie) => Buffer.concat([...muxProgressiveHead(movie)])

function moviesOf(count: number, bytes: number, more: Partial<Movie> = {}): Movie {
  const table = new SampleTable()
  const chunks: Chunk[] = []
  for (let index = 0; index < count; index += 25) {
    for (let number = 0; number < 25; number++) table.add(bytes, 40, number === 0)
    chunks.push({ pictures: 25, pictureBytes: 25 * bytes, sounds: 0, soundBytes: 0 })
  }
  return { video: { config: hd, table }, audio: undefined, chunks, ...more }
}

describe('ISO/IEC 14496-12 a whole file', () => {
  test('equal durations are one run, key frames are listed, offsets point behind the head', () => {
    const head = headOf(moviesOf(75, 100))
    expect(tableOf(head, 0, 'stts')).toEqual([1, 75, 40])
    expect(tableOf(head, 0, 'stss')).toEqual([3, 1, 26, 51])
    expect(tableOf(head, 0, 'stsc')).toEqual([1, 1, 25, 1])
    expect(tableOf(head, 0, 'stsz').slice(0, 3)).toEqual([0, 75, 100])
    expect(tableOf(head, 0, 'stco')).toEqual([3, head.length, head.length + 2_500, head.length + 5_000])
    expect(head.readUInt32BE(head.length - 8)).toBe(8 + 7_500)
  })

  test('pictures in another order than they are coded in; earlier ones need a signed table', () => {
    const table = new SampleTable()
    for (const offset of [80, 160, 0]) table.add(10, 40, offset === 80, offset)
    const chunks = [{ pictures: 3, pictureBytes: 30, sounds: 0, soundBytes: 0 }]
    const of = (video: SampleTable) => headOf({ video: { config: hevc, table: video }, audio: undefined, chunks })
    expect(tableOf(of(table), 0, 'ctts')).toEqual([3, 1, 80, 1, 160, 1, 0])
    table.add(10, 40, false, -40)
    const signed = of(table)
    expect(tableOf(signed, 0, 'ctts').at(-1)! | 0).toBe(-40)
    const trak = find(parse(signed), 'moov/trak')!
    expect(find(trak.inner, 'mdia/minf/stbl/ctts')!.body[0]).toBe(1)
    expect(signed.includes('hvc1')).toBe(true)
  })

  test('sound lies behind the pictures of its time; what begins later says so', () => {
    const pictures = new SampleTable()
    const sounds = new SampleTable()
    for (let number = 0; number < 50; number++) pictures.add(100, 40, number % 25 === 0)
    for (let number = 0; number < 20; number++) sounds.add(10, 1_024)
    const chunks = [
      { pictures: 25, pictureBytes: 2_500, sounds: 0, soundBytes: 0 },
      { pictures: 25, pictureBytes: 2_500, sounds: 20, soundBytes: 200 },
    ]
    const head = headOf({ video: { config: hd, table: pictures }, audio: { config: aac, table: sounds, delayMs: 1_000 }, chunks })
    expect(tableOf(head, 0, 'stco')).toEqual([2, head.length, head.length + 2_500])
    expect(tableOf(head, 1, 'stco')).toEqual([1, head.length + 5_000])
    expect(tableOf(head, 1, 'stsc')).toEqual([1, 1, 20, 1])
    const trak = find(parse(head), 'moov')!.inner.filter(({ type }) => type === 'trak')[1]!
    // ISO/IEC 14496-12 §8.6.6: nothing for a second, then 20 units of 64 ms
    expect(words(find(trak.inner, 'edts/elst'), 4)).toEqual([2, 1_000, 0xffffffff, 0x10000, 1_280, 0, 0x10000])
  })

  test('above 4 GB offsets and the size of mdat have 64 bits', () => {
    const movie = moviesOf(90_000, 50_000) // an hour of 10 Mbit/s, 4.5 GB
    const pieces = [...muxProgressiveHead(movie)]
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024)
    const head = Buffer.concat(pieces)
    const offsets = tableOf(head, 0, 'co64')
    expect(offsets.slice(0, 3)).toEqual([3_600, 0, head.length])
    expect(offsets.at(-2)! * 2 ** 32 + offsets.at(-1)!).toBe(head.length + 3_599 * 25 * 50_000)
    expect(head.subarray(-12, -8).toString()).toBe('mdat')
    expect([head.readUInt32BE(head.length - 16), head.readBigUInt64BE(head.length - 8)]).toEqual([1, 4_500_000_016n])
    expect(headOf(moviesOf(75, 100)).includes('co64')).toBe(false)
  })

  test('the last duration is mended when the next picture comes', () => {
    const table = new SampleTable()
    table.add(1, 40)
    table.setLastDuration(43)
    table.add(1, 40)
    table.lengthenLast(10)
    expect([table.totalDuration, table.count]).toEqual([93, 2])
  })
})
