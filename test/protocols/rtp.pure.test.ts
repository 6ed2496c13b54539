import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../server/base/errors.ts'
import type { AudioUnit, VideoUnit } from '../../server/protocols/codec/access-unit.ts'
import { createAacDepacketizer } from '../../server/protocols/rtp/aac-depacketizer.ts'
import { DecodeTimes } from '../../server/protocols/rtp/decode-time.ts'
import { createG711Depacketizer } from '../../server/protocols/rtp/g711-depacketizer.ts'
import { createH264Depacketizer } from '../../server/protocols/rtp/h264-depacketizer.ts'
import { createH265Depacketizer } from '../../server/protocols/rtp/h265-depacketizer.ts'
import { JitterBuffer } from '../../server/protocols/rtp/jitter-buffer.ts'
import { createRtpPacket, parseRtp, serializeRtp } from '../../server/protocols/rtp/packet.ts'
import { RtpReceiver } from '../../server/protocols/rtp/receiver.ts'
import { hasRtcpGoodbye, serializeReceiverReport } from '../../server/protocols/rtp/rtcp.ts'
import { Timeline } from '../../server/protocols/rtp/timeline.ts'
import { sequenceStep, timestampStep } from '../../server/protocols/rtp/unwrap.ts'

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'))
const hexOf = (data: Uint8Array) => Buffer.from(data).toString('hex')
const sps = Uint8Array.from(Buffer.from('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY', 'base64'))
const pps = Uint8Array.from(Buffer.from('aOvjyyLA', 'base64'))
// VPS, SPS and PPS of libx265 3.5, 1280x720 Main.
const sets265 = [
  '40010c01ffff01600000030090000003000003005d959409',
  '42010101600000030090000003000003005da00280802d16595952930bc05a020000030002000003003210',
  '4401c073c189',
].map(bytes)

type Kept = Omit<VideoUnit, 'data'> & { data: string }

function feeder(codec: 'h264' | 'h265' = 'h264', parameterSets: readonly Uint8Array[] = codec === 'h264' ? [sps, pps] : sets265) {
  const units: Kept[] = []
  const counters = { packetsLost: 0, unitsDropped: 0, protocolErrors: 0 }
  const create = codec === 'h264' ? createH264Depacketizer : createH265Depacketizer
  const receiver = new RtpReceiver(
    create({ clockRateHz: 90_000, parameterSets, counters }, (unit) => units.push({ ...unit, data: hexOf(unit.data) })),
    counters,
  )
  let sequence = 100
  const feed = (payload: string, { timestamp = 0, isMarker = false, skip = 0 } = {}) => {
    sequence += 1 + skip
    const packet = serializeRtp({ payloadType: 96, isMarker, sequence: sequence & 0xffff, timestamp, ssrc: 1 }, bytes(payload))
    receiver.receive(packet, 0, packet.length, 1000)
  }
  return { units, counters, feed }
}

describe('RFC 3550', () => {
  test('CSRC, extension and padding are stepped over', () => {
    const packet = createRtpPacket()
    const raw = bytes('b2 e0 0102 fffffff0 0000000a  00000001 00000002  bede 0001 aabbccdd  6501 00000003')
    parseRtp(raw, 0, raw.length, packet)
    expect(packet).toMatchObject({ isMarker: true, payloadType: 96, sequence: 0x0102, timestamp: 0xfffffff0, ssrc: 10 })
    expect(hexOf(raw.subarray(packet.payloadStart, packet.payloadEnd))).toBe('650100')
  })

  test.each([
    { name: 'version 1', hex: '40600001 00000000 00000000' },
    { name: '11 bytes', hex: '80600001 00000000 000000' },
    { name: 'an extension beyond the end', hex: '90600001 00000000 00000000 bede ffff' },
    { name: 'more padding than packet', hex: 'a0600001 00000000 00000000 09' },
  ])('$name is refused', ({ hex }) => {
    expect(() => parseRtp(bytes(hex), 0, bytes(hex).length, createRtpPacket())).toThrow(ProtocolError)
  })

  test('counters wrap', () => {
    expect(sequenceStep(65_535, 0)).toBe(1)
    expect(sequenceStep(0, 65_535)).toBe(-1)
    expect(timestampStep(2 ** 32 - 3600, 0)).toBe(3600)
    expect(timestampStep(0, 2 ** 32 - 3600)).toBe(-3600)
  })

  test('receiver report and BYE', () => {
    const report = serializeReceiverReport(5, { ssrc: 7, fractionLost: 0.5, packetsLost: 3, highestSequence: 0x10002 })
    expect(hexOf(report.subarray(0, 32))).toBe('81c90007 00000005 00000007 80 000003 00010002 00000000 00000000 00000000'.replace(/\s/g, ''))
    expect(report.length % 4).toBe(0)
    expect(hasRtcpGoodbye(report, 0, report.length)).toBe(false)
    const goodbye = bytes('80c80006 00000001 0000000000000000 00000000 00000000 00000000  81cb0001 00000001')
    expect(hasRtcpGoodbye(goodbye, 0, goodbye.length)).toBe(true)
  })
})

describe('times', () => {
  test('a day across the wrap of the timestamp', () => {
    const timeline = new Timeline(90_000)
    let last = timeline.place(2 ** 32 - 45_000, 90_000, 0)
    for (let second = 1; second <= 86_400; second++) {
      const placed = timeline.place((2 ** 32 - 45_000 + second * 90_000) % 2 ** 32, 90_000 + second * 90_000, 0)
      expect(placed - last).toBe(90_000)
      last = placed
    }
  })

  test.each([
    { reorder: 0, pts: [0, 3, 6, 9], dts: [0, 3, 6, 9] },
    { reorder: 1, pts: [0, 9, 3, 6, 18, 12, 15], dts: [-3, 0, 3, 6, 9, 12, 15] },
    { reorder: 2, pts: [0, 12, 6, 3, 9, 24], dts: [-6, -3, 0, 3, 6, 9] },
  ])('decoding times with $reorder pictures of reordering', ({ reorder, pts, dts }) => {
    const times = new DecodeTimes()
    expect(pts.map((value) => times.next(value * 1000, reorder) / 1000)).toEqual(dts)
  })

  test('undeclared reordering is learned; times rise all the same', () => {
    const times = new DecodeTimes()
    const given: number[] = []
    for (let group = 0; group < 5; group++) for (const at of [3, 1, 2]) given.push((group * 3 + at) * 3600)
    const dts = given.map((pts) => times.next(pts, undefined))
    for (let i = 1; i < dts.length; i++) expect(dts[i]).toBeGreaterThan(dts[i - 1]!)
    for (let i = 6; i < dts.length; i++) expect(dts[i]).toBeLessThanOrEqual(given[i]!)
  })
})

describe('jitter buffer', () => {
  const packet = (sequence: number) => serializeRtp({ payloadType: 96, isMarker: false, sequence: sequence & 0xffff, timestamp: 0, ssrc: 1 }, bytes('00'))
  function run(steps: [sequence: number, atMs: number][]): number[] {
    const order: number[] = []
    const buffer = new JitterBuffer((raw) => order.push((raw[2]! << 8) | raw[3]!))
    for (const [sequence, atMs] of steps) buffer.push(packet(sequence), atMs)
    return order
  }

  test.each([
    {
      name: 'in order',
      steps: [
        [1, 0],
        [2, 0],
        [3, 0],
      ],
      order: [1, 2, 3],
    },
    {
      name: 'swapped',
      steps: [
        [1, 0],
        [3, 0],
        [2, 0],
        [4, 0],
      ],
      order: [1, 2, 3, 4],
    },
    {
      name: 'swapped across the wrap',
      steps: [
        [65_534, 0],
        [0, 0],
        [65_535, 0],
      ],
      order: [65_534, 65_535, 0],
    },
    {
      name: 'a gap given up after 200 ms',
      steps: [
        [1, 0],
        [3, 0],
        [4, 100],
        [5, 200],
      ],
      order: [1, 3, 4, 5],
    },
    {
      name: 'repeated while waiting',
      steps: [
        [1, 0],
        [3, 0],
        [3, 0],
        [2, 0],
      ],
      order: [1, 2, 3],
    },
    {
      name: 'a new start',
      steps: [
        [1, 0],
        [3, 0],
        [30_000, 0],
        [30_001, 0],
      ],
      order: [1, 3, 30_000, 30_001],
    },
  ] as { name: string; steps: [number, number][]; order: number[] }[])('$name', ({ steps, order }) => {
    expect(run(steps)).toEqual(order)
  })

  test('a gap is given up after 64 packets', () => {
    expect(run([[1, 0], ...Array.from({ length: 64 }, (_, i): [number, number] => [i + 3, 0])]).length).toBe(65)
  })
})

describe('RFC 6184', () => {
  test('an IDR in three FU-A: 7C85, 7C05, 7C45 gives 65', () => {
    const { units, feed } = feeder()
    feed('7c85 88aa')
    feed('7c05 bbbb')
    feed('7c45 cccc', { isMarker: true })
    expect(units).toMatchObject([{ isKey: true, data: '00000007' + '65' + '88aabbbbcccc' }])
  })

  test('STAP-A with SPS and PPS, and an empty entry', () => {
    const { units, feed } = feeder('h264', [])
    feed(`78 ${sps.length.toString(16).padStart(4, '0')} ${hexOf(sps)} 0000 ${pps.length.toString(16).padStart(4, '0')} ${hexOf(pps)}`)
    feed('6588 aa', { isMarker: true })
    expect(units).toMatchObject([{ isKey: true, config: { widthPx: 1920 } }])
  })

  test.each([
    { name: 'STAP-B', payload: '79 0000 0001 65' },
    { name: 'MTAP16', payload: '7a 0000' },
    { name: 'FU-B', payload: '7d 85 00' },
    { name: 'a STAP-A entry beyond the packet', payload: '78 00ff 65' },
    { name: 'an FU-A without header', payload: '7c' },
    { name: 'an FU-A without start', payload: '7c 05 aa' },
  ])('$name is counted and the stream goes on', ({ payload }) => {
    const { units, counters, feed } = feeder()
    feed(payload)
    expect(counters.protocolErrors).toBe(1)
    feed('6588aa', { timestamp: 3600, isMarker: true })
    expect(units.length).toBe(1)
  })

  test.each([
    { name: 'a start repeated without end', packets: ['7c85 88aa', '7c85 88bb', '7c45 cc'], expected: 1 },
    { name: 'start and end in one packet', packets: ['7cc5 88aa'], expected: 1 },
    { name: 'another type mid-way', packets: ['7c85 88aa', '7c41 bb'], expected: 0 },
    { name: 'a payload that begins with a start code', packets: ['00000001 6588aa'], expected: 1 },
    { name: 'trailing zeros', packets: ['6588aa 0000'], expected: 1 },
    { name: 'nothing in it', packets: ['', '6588aa'], expected: 1 },
  ])('$name', ({ packets, expected }) => {
    const { units, feed } = feeder()
    for (const [index, payload] of packets.entries()) feed(payload, { isMarker: index === packets.length - 1 })
    expect(units.length).toBe(expected)
    if (expected === 1) expect(units[0]!.data).toMatch(/^0000000[34]6588/)
  })

  test('delimiters and parameter sets are left out, SEI stays', () => {
    const { units, feed } = feeder()
    feed('09f0')
    feed(hexOf(sps))
    feed('0605aa')
    feed('6588aa', { isMarker: true })
    expect(units[0]!.data).toBe('000000030605aa' + '000000036588aa')
  })

  test('GStreamer: SPS and PPS before every slice of an IDR picture do not end it', () => {
    const { units, feed } = feeder()
    for (const payload of [hexOf(sps), hexOf(pps), '6588aa', hexOf(sps), hexOf(pps)]) feed(payload)
    feed('6508bb', { isMarker: true })
    expect(units.map(({ data }) => data)).toEqual(['000000036588aa' + '000000036508bb'])
  })

  test('no output before parameter sets are known, nothing counted as lost', () => {
    const { units, counters, feed } = feeder('h264', [])
    feed('6588aa', { isMarker: true })
    feed('4188aa', { timestamp: 3600, isMarker: true })
    expect(units).toEqual([])
    expect(counters.unitsDropped).toBe(0)
  })

  test('a picture beyond 8 MB is dropped, and the memory is not taken again', () => {
    const { units, counters, feed } = feeder()
    feed('6588aa', { isMarker: true })
    const part = 'aa'.repeat(60_000)
    feed(`7c85 88${part}`, { timestamp: 3600 })
    for (let i = 0; i < 200; i++) feed(`7c05 ${part}`, { timestamp: 3600 })
    feed('4188aa', { timestamp: 7200, isMarker: true })
    expect(units.length).toBe(1)
    expect(counters.unitsDropped).toBe(2)
    feed('6588aa', { timestamp: 10_800, isMarker: true })
    expect(units.length).toBe(2)
  })
})

describe('RFC 7798', () => {
  test('an IDR in three FUs: 620193, 620113, 620153 gives 2601', () => {
    const { units, feed } = feeder('h265')
    feed('620193 88aa')
    feed('620113 bbbb')
    feed('620153 cccc', { isMarker: true })
    expect(units).toMatchObject([{ isKey: true, data: '00000008' + '2601' + '88aabbbbcccc' }])
  })

  test('an aggregation packet with the parameter sets', () => {
    const { units, feed } = feeder('h265', [])
    feed(`6001 ${sets265.map((set) => set.length.toString(16).padStart(4, '0') + hexOf(set)).join('')}`)
    feed('2601 88aa', { isMarker: true })
    expect(units).toMatchObject([{ isKey: true, config: { codec: 'h265', widthPx: 1280 } }])
  })

  test('an SEI after the slices belongs to them', () => {
    const { units, feed } = feeder('h265')
    feed('2601 88aa', { timestamp: 0 })
    feed('5001 84aa', { timestamp: 0, isMarker: true })
    expect(units.map(({ data }) => data)).toEqual(['00000004260188aa' + '00000004500184aa'])
  })

  test('a PACI packet is counted and the stream goes on', () => {
    const { counters, feed } = feeder('h265')
    feed('6401 aabb')
    expect(counters.protocolErrors).toBe(1)
  })
})

describe('RFC 3640 and G.711', () => {
  function audio() {
    const units: (Omit<AudioUnit, 'data'> & { data: string })[] = []
    const depacketizer = createAacDepacketizer(
      { clockRateHz: 16_000, specificConfig: bytes('1408'), sizeLength: 13, indexLength: 3, indexDeltaLength: 3 },
      (unit) => units.push({ ...unit, data: hexOf(unit.data) }),
    )
    const feed = (payload: string, timestamp: number, isMarker = true) => {
      const raw = bytes(payload)
      depacketizer.push({ payloadType: 97, isMarker, sequence: 0, timestamp, ssrc: 1, payloadStart: 0, payloadEnd: raw.length }, raw, 0, 90_000)
    }
    return { units, feed }
  }

  test('one unit: 0010 0B98 is 371 bytes', () => {
    const { units, feed } = audio()
    feed(`0010 0b98 ${'ab'.repeat(371)}`, 0)
    expect(units[0]!.data.length).toBe(371 * 2)
  })

  test('several units in a packet are 1024 samples apart', () => {
    const { units, feed } = audio()
    feed('0020 0010 0018 aabb ccddee', 0)
    expect(units.map(({ data }) => data)).toEqual(['aabb', 'ccddee'])
    expect(units[1]!.dts90k - units[0]!.dts90k).toBe((1024 * 90_000) / 16_000)
  })

  test('a unit cut over three packets', () => {
    const { units, feed } = audio()
    feed('0010 0030 aabb', 0, false)
    feed('0010 0030 ccdd', 0, false)
    feed('0010 0030 eeff', 0, true)
    expect(units.map(({ data }) => data)).toEqual(['aabbccddeeff'])
  })

  test('headers that lie are a ProtocolError', () => {
    const { feed } = audio()
    expect(() => feed('ffff 00', 0)).toThrow(ProtocolError)
  })

  test('G.711 passes through', () => {
    const units: AudioUnit[] = []
    const depacketizer = createG711Depacketizer({ codec: 'pcma', clockRateHz: 8000, channels: 1 }, (unit) => units.push(unit))
    depacketizer.push({ payloadType: 8, isMarker: false, sequence: 0, timestamp: 0, ssrc: 1, payloadStart: 0, payloadEnd: 160 }, new Uint8Array(160), 0, 0)
    depacketizer.push({ payloadType: 8, isMarker: false, sequence: 1, timestamp: 160, ssrc: 1, payloadStart: 0, payloadEnd: 160 }, new Uint8Array(160), 0, 0)
    expect(units[1]!.dts90k - units[0]!.dts90k).toBe(1800)
  })
})
