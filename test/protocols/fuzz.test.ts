/** Hostile and round-trip input for every parser. `LONG=1` runs the full number; a failure prints its seed, to be run again with `SEED=`. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../server/base/errors.ts'
import { PlaybackClientMessage } from '../../server/contract/recordings.ts'
import { parseJson } from '../../server/media/websocket.ts'
import { parseChallenges } from '../../server/protocols/auth/digest.ts'
import { parseAdtsHeader, parseSpecificConfig } from '../../server/protocols/codec/aac.ts'
import type { VideoConfig } from '../../server/protocols/codec/access-unit.ts'
import { h264Config, parseH264Sps } from '../../server/protocols/codec/h264.ts'
import { parseH265Sps } from '../../server/protocols/codec/h265.ts'
import { FlvDemuxer, type FlvItem } from '../../server/protocols/flv/demuxer.ts'
import { flvAudioConfigTag, flvAudioTag, flvHeader, flvVideoConfigTag, flvVideoTag } from '../../server/protocols/flv/muxer.ts'
import { type FragmentTrack, muxFragmentedHead, muxFragmentHead } from '../../server/protocols/mp4/fragment.ts'
import { parseFragmentedHead, parseFragmentHead } from '../../server/protocols/mp4/fragment-parser.ts'
import { createAacDepacketizer } from '../../server/protocols/rtp/aac-depacketizer.ts'
import { createH264Depacketizer } from '../../server/protocols/rtp/h264-depacketizer.ts'
import { createH265Depacketizer } from '../../server/protocols/rtp/h265-depacketizer.ts'
import { createRtpPacket, parseRtp, serializeRtp } from '../../server/protocols/rtp/packet.ts'
import { RtpReceiver } from '../../server/protocols/rtp/receiver.ts'
import { hasRtcpGoodbye } from '../../server/protocols/rtp/rtcp.ts'
import { type RtspMessage, parseRtspHead, serializeRtsp } from '../../server/protocols/rtsp/message.ts'
import { RtspReader } from '../../server/protocols/rtsp/reader.ts'
import { type SdpTrack, parseSdp, serializeSdp } from '../../server/protocols/rtsp/sdp.ts'
import { controlBase, controlUrls } from '../../server/protocols/rtsp/url.ts'
import { cpuMsOf } from '../support/cpu.ts'

const isLong = process.env['LONG'] === '1'
const MUTATIONS = isLong ? 10_000 : 1_000
const ROUND_TRIPS = isLong ? 10_000 : 500
const MAX_MS_EACH = 50
const MAX_GROWTH_BYTES = 16 * 1024 * 1024
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
console.log(`fuzz seed ${seed}`)

/** mulberry32: small, seeded, good enough to choose bytes. */
function createRandom(start: number): (limit: number) => number {
  let state = start | 0
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

function mutate(samples: readonly Uint8Array[], random: (limit: number) => number): Uint8Array {
  let bytes = Buffer.from(samples[random(samples.length)]!)
  for (let times = 1 + random(4); times > 0 && bytes.length > 0; times--) {
    const at = random(bytes.length)
    switch (random(6)) {
      case 0:
        bytes[at]! ^= 1 << random(8)
        break
      case 1:
        bytes = bytes.subarray(0, at)
        break
      case 2:
        bytes.fill(random(2) * 0xff, at, Math.min(bytes.length, at + 1 + random(4)))
        break // lengths and counts that lie
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(at + 1)), bytes.subarray(at)])
        break // repeat
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(samples[random(samples.length)]!)])
        break // splice
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(Array.from({ length: random(64) }, () => random(256))), bytes.subarray(at)])
        break
    }
  }
  return Uint8Array.from(bytes.subarray(0, 100_000))
}

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))
const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const sps264 = Uint8Array.from(Buffer.from('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY', 'base64'))
const sps265 = hex('42010101600000030090000003000003005da00280802d16595952930bc05a020000030002000003003210')
const rtp = (payload: Uint8Array, sequence = 1) => serializeRtp({ payloadType: 96, isMarker: true, sequence, timestamp: 3600, ssrc: 1 }, payload)
const description = latin1(
  'v=0\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets=Z2QAKA==,aOvjyyLA\r\na=control:trackID=1\r\nm=audio 0 RTP/AVP 8\r\n',
)
const answer = latin1(`RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 1;timeout=60\r\nContent-Length: ${description.length}\r\n\r\n`)
const frame = (packet: Uint8Array) => Buffer.concat([Buffer.of(0x24, 0, packet.length >> 8, packet.length & 0xff), packet])
const counters = () => ({ packetsLost: 0, unitsDropped: 0, protocolErrors: 0 })

const h264 = [
  hex('6588aa'),
  hex('7c8588aabb'),
  hex('7c0588'),
  hex('7c4588'),
  hex('78000367640003 68ebe3'),
  sps264,
  hex('68ebe3cb22c0'),
  hex('00000001 67640028 00000001 6588'),
]
const h265 = [hex('260188aa'), hex('62019388'), hex('62011388'), hex('62015388'), hex('6001000340010c'), sps265]

const mp4Track = (trackId: number, samples: number): FragmentTrack => ({
  trackId,
  baseTime: 1_000,
  samples: Array.from({ length: samples }, (_, i) => ({ duration: 40, bytes: 100 + i, isKey: i === 0, compositionOffset: i })),
})
const mp4Video = h264Config([sps264], [h264[6]!])

/** A parser as a function of bytes; it may throw `ProtocolError` and nothing else. */
const parsers: { name: string; samples: Uint8Array[]; parse: (bytes: Uint8Array) => unknown }[] = [
  {
    name: 'RTSP stream',
    samples: [Buffer.concat([answer, description, frame(rtp(h264[0]!))]), latin1('OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 2\r\n\r\n'), frame(rtp(h264[1]!))],
    parse: readStream,
  },
  { name: 'RTSP head', samples: [answer, latin1('PLAY rtsp://x RTSP/1.0\r\nCSeq: 2\r\n\r\n')], parse: parseRtspHead },
  { name: 'SDP', samples: [description], parse: parseSdp },
  {
    name: 'challenge',
    samples: [latin1('Digest realm="a, b", nonce="c\\"", qop="auth,auth-int", algorithm=SHA-256, Basic realm="d"')],
    parse: (bytes) => parseChallenges([Buffer.from(bytes).toString('latin1')]),
  },
  {
    name: 'control',
    samples: [latin1('rtsp://192.0.2.1:554/a?b=c/')],
    parse: (bytes) => controlUrls('trackID=1', controlBase(Buffer.from(bytes).toString('latin1'), 'rtsp://h/p'), 'rtsp://h/p'),
  },
  {
    name: 'RTP',
    samples: [rtp(h264[0]!), hex('b2e00102fffffff00000000a0000000100000002bede0001aabbccdd650100000003')],
    parse: (bytes) => parseRtp(bytes, 0, bytes.length, createRtpPacket()),
  },
  {
    name: 'RTCP',
    samples: [hex('80c80006000000010000000000000000000000000000000000000000 81cb000100000001')],
    parse: (bytes) => hasRtcpGoodbye(bytes, 0, bytes.length),
  },
  {
    name: 'H.264 payload',
    samples: h264,
    parse: payloads((onUnit) => createH264Depacketizer({ clockRateHz: 90_000, parameterSets: [sps264, h264[6]!], counters: counters() }, onUnit)),
  },
  {
    name: 'H.265 payload',
    samples: h265,
    parse: payloads((onUnit) => createH265Depacketizer({ clockRateHz: 90_000, parameterSets: [sps265], counters: counters() }, onUnit)),
  },
  {
    name: 'AAC payload',
    samples: [hex('00200010 0018 aabbccddee'), hex('0010 0b98 aabb')],
    parse: payloads((onUnit) =>
      createAacDepacketizer({ clockRateHz: 16_000, specificConfig: hex('1408'), sizeLength: 13, indexLength: 3, indexDeltaLength: 3 }, onUnit),
    ),
  },
  { name: 'H.264 SPS', samples: [sps264], parse: parseH264Sps },
  { name: 'H.265 SPS', samples: [sps265], parse: parseH265Sps },
  {
    name: 'AAC config',
    samples: [hex('1408'), hex('fff16c40 2f7ffc')],
    parse: (bytes) => (bytes[0] === 0xff ? parseAdtsHeader(bytes) : parseSpecificConfig(bytes)),
  },
  {
    name: 'FLV',
    samples: [
      Buffer.concat([
        flvHeader({ hasVideo: true, hasAudio: true }),
        hex('0900000a00000000000000 1701000000 00000001 65 00000015'),
        hex('08000004 00000000000000 af001408 0000000f'),
      ]),
    ],
    parse: (bytes) => new FlvDemuxer().push(bytes),
  },
  {
    name: 'MP4 head',
    samples: [
      muxFragmentedHead({ video: mp4Video, audio: undefined, note: { version: 1, cameraId: 'a' } }),
      muxFragmentedHead({ video: mp4Video, audio: { codec: 'pcma', sampleRateHz: 8_000, channels: 1 } as never, note: {} }),
    ],
    parse: parseFragmentedHead,
  },
  { name: 'MP4 fragment', samples: [muxFragmentHead(1, 1_793_880_000_000, [mp4Track(1, 25), mp4Track(2, 40)])], parse: parseFragmentHead },
  {
    name: 'control message of playback',
    samples: [latin1('{"type":"seek","seekId":1,"at":1793880000000}'), latin1('{"type":"shown","flvMs":40,"speed":16}')],
    parse: (bytes) => PlaybackClientMessage.safeParse(parseJson(Buffer.from(bytes).toString('utf8'))),
  },
]

function readStream(bytes: Uint8Array): number {
  let items = 0
  const reader = new RtspReader({ onFrame: () => (items += 1), onMessage: () => (items += 1), onResync: () => undefined, isChannel: (channel) => channel < 2 })
  reader.push(bytes, 0, bytes.length)
  return items
}

/** Mutated payloads as one stream into one depacketizer, so that its state is attacked too. */
function payloads(create: (onUnit: () => void) => ConstructorParameters<typeof RtpReceiver>[0]): (bytes: Uint8Array) => void {
  const receiver = new RtpReceiver(
    create(() => undefined),
    counters(),
  )
  let sequence = 0
  return (bytes) => {
    sequence = (sequence + 1) & 0xffff
    const packet = serializeRtp({ payloadType: 96, isMarker: sequence % 3 === 0, sequence, timestamp: Math.floor(sequence / 3) * 3600, ssrc: 1 }, bytes)
    receiver.receive(packet, 0, packet.length, sequence)
  }
}

describe('F1 no parser breaks on hostile input', () => {
  test.each(parsers)('$name', ({ samples, parse }) => {
    const random = createRandom(seed)
    const heapBefore = process.memoryUsage().heapUsed
    let slowestMs = 0
    for (let round = 0; round < MUTATIONS; round++) {
      const bytes = mutate(samples, random)
      const costMs = cpuMsOf(() => {
        try {
          parse(bytes)
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw new Error(`seed ${seed}, round ${round}, input ${Buffer.from(bytes).toString('hex')}`, { cause: error })
        }
      })
      slowestMs = Math.max(slowestMs, costMs)
    }
    expect(slowestMs, `seed ${seed}`).toBeLessThan(MAX_MS_EACH)
    globalThis.gc?.()
    if (globalThis.gc) expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(MAX_GROWTH_BYTES)
  })

  test.each(parsers)('$name: every prefix of a good input', ({ samples, parse }) => {
    for (const sample of samples) {
      for (let length = 0; length < sample.length; length++) {
        try {
          parse(sample.subarray(0, length))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }
    }
  })
})

describe('F2 parse(serialize(x)) = x', () => {
  test('MP4 fragment', () => {
    const sample = fc.record({
      duration: fc.nat(60_000),
      bytes: fc.integer({ min: 1, max: 60_000 }),
      isKey: fc.boolean(),
      compositionOffset: fc.integer({ min: -500, max: 500 }),
    })
    const samples = fc.array(sample, { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.nat(2 ** 40), samples, (sequence, at, baseTime, written) => {
        const head = muxFragmentHead(sequence, at, [{ trackId: 1, baseTime, samples: written }])
        const { video, ...read } = parseFragmentHead(head)!
        expect(read).toMatchObject({ at, headBytes: head.length, bytes: head.length + written.reduce((sum, { bytes }) => sum + bytes, 0) })
        expect(video.map(({ duration, bytes, isKey, pts, dts }) => ({ duration, bytes, isKey, compositionOffset: pts - dts }))).toEqual(written)
        expect(video[0]!.dts).toBe(baseTime)
      }),
      { numRuns: ROUND_TRIPS, seed },
    )
  })

  const check = (property: fc.IPropertyWithHooks<never> | fc.IProperty<never>) => fc.assert(property as fc.IProperty<unknown>, { numRuns: ROUND_TRIPS, seed })
  const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/).filter((name) => name !== 'content-length')
  const text = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/)
  const headers = fc
    .uniqueArray(fc.tuple(token, fc.array(text, { minLength: 1, maxLength: 2 })), { maxLength: 6, selector: ([name]) => name })
    .map((entries) => new Map(entries))

  test('RTSP messages, whatever the chunks', () => {
    const message = fc.oneof(
      fc.record({
        kind: fc.constant('response' as const),
        status: fc.integer({ min: 100, max: 599 }),
        reason: text,
        headers,
        body: fc.uint8Array({ maxLength: 200 }),
      }),
      fc.record({
        kind: fc.constant('request' as const),
        method: fc.constantFrom('OPTIONS', 'SET_PARAMETER'),
        url: fc.webUrl(),
        headers,
        body: fc.uint8Array({ maxLength: 200 }),
      }),
    )
    check(
      fc.property(fc.array(message, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 400 }), (messages, cut) => {
        const found: RtspMessage[] = []
        const reader = new RtspReader({ onFrame: () => undefined, onMessage: (one) => found.push(one), onResync: () => undefined, isChannel: () => false })
        const bytes = Buffer.concat(messages.map(serializeRtsp))
        for (let offset = 0; offset < bytes.length; offset += cut)
          reader.push(Uint8Array.from(bytes.subarray(offset, offset + cut)), 0, Math.min(cut, bytes.length - offset))
        const plain = (one: RtspMessage) => ({ ...one, body: [...one.body], headers: [...one.headers].filter(([name]) => name !== 'content-length') })
        expect(found.map(plain)).toEqual(messages.map(plain))
      }) as never,
    )
  })

  test('session descriptions', () => {
    const value = fc.stringMatching(/^[0-9a-zA-Z+/=,]{1,20}$/)
    const track = fc.record({
      kind: fc.constantFrom('video' as const, 'audio' as const),
      encoding: fc.constantFrom('H264', 'H265', 'MPEG4-GENERIC'),
      clockRateHz: fc.constantFrom(8000, 16_000, 90_000),
      channels: fc.constantFrom(1, 2),
      format: fc.uniqueArray(fc.tuple(token, value), { maxLength: 4, selector: ([name]) => name }).map((entries) => new Map(entries)),
      control: fc.option(fc.stringMatching(/^[a-zA-Z0-9=/?&:.*]{1,20}$/), { nil: undefined }),
      isSendOnly: fc.boolean(),
    })
    check(
      fc.property(fc.array(track, { maxLength: 4 }), fc.option(fc.constant('*'), { nil: undefined }), (parts, control) => {
        const tracks: SdpTrack[] = parts.map((part, index) => ({ ...part, payloadType: 96 + index }))
        expect(parseSdp(serializeSdp({ control, tracks }, { address: '127.0.0.1', title: 'x' }))).toEqual({ control, tracks })
      }) as never,
    )
  })

  test('RTP packets', () => {
    const u32 = fc.integer({ min: 0, max: 0xffffffff })
    check(
      fc.property(
        fc.integer({ min: 0, max: 127 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 65_535 }),
        u32,
        u32,
        fc.uint8Array({ maxLength: 100 }),
        (payloadType, isMarker, sequence, timestamp, ssrc, payload) => {
          const fields = { payloadType, isMarker, sequence, timestamp, ssrc }
          const bytes = serializeRtp(fields, payload)
          const packet = createRtpPacket()
          parseRtp(bytes, 0, bytes.length, packet)
          expect(packet).toEqual({ ...fields, payloadStart: 12, payloadEnd: bytes.length })
          expect(bytes.subarray(12)).toEqual(payload)
        },
      ) as never,
    )
  })

  test('H.264 slices, cut into FU-A of any size', () => {
    check(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 400 }), fc.integer({ min: 1, max: 100 }), (content, size) => {
        // A slice as encoders write them: the first bit set, no start code inside, no zero at the end.
        const body = Uint8Array.from(content, (byte) => byte || 1)
        body[0]! |= 0x80
        const found: string[] = []
        const depacketizer = createH264Depacketizer({ clockRateHz: 90_000, parameterSets: [sps264, h264[6]!], counters: counters() }, (unit) =>
          found.push(Buffer.from(unit.data.subarray(4)).toString('hex')),
        )
        const receiver = new RtpReceiver(depacketizer, counters())
        for (let offset = 0, sequence = 65_534; offset < body.length; offset += size, sequence++) {
          const isEnd = offset + size >= body.length
          const payload = Buffer.concat([Buffer.of(0x7c, (offset === 0 ? 0x80 : 0) | (isEnd ? 0x40 : 0) | 5), body.subarray(offset, offset + size)])
          const packet = serializeRtp({ payloadType: 96, isMarker: isEnd, sequence: sequence & 0xffff, timestamp: 5, ssrc: 1 }, payload)
          receiver.receive(packet, 0, packet.length, 0)
        }
        expect(found).toEqual([`65${Buffer.from(body).toString('hex')}`])
      }) as never,
    )
  })

  test('FLV, whatever the chunks and the headroom', () => {
    const config = (codec: 'h264' | 'h265'): VideoConfig => ({ codec, widthPx: 1, heightPx: 1, record: hex('01640028'), codecString: '' })
    const audio = { codec: 'aac' as const, sampleRateHz: 16_000, channels: 1, specificConfig: hex('1408') }
    const unit = fc.record({
      at: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      data: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      isKey: fc.boolean(),
      composition: fc.integer({ min: -200, max: 2000 }),
      codec: fc.constantFrom('h264' as const, 'h265' as const),
    })
    check(
      fc.property(fc.array(unit, { maxLength: 5 }), fc.integer({ min: 0, max: 14 }), fc.integer({ min: 1, max: 300 }), (units, headroom, cut) => {
        const tags = [
          flvAudioConfigTag(audio, 0, headroom)!,
          ...units.flatMap(({ at, data, isKey, composition, codec }) => [
            flvVideoConfigTag(config(codec), at, headroom),
            flvVideoTag({ kind: 'video', config: config(codec), isKey, dts90k: 0, pts90k: composition * 90, data }, at, headroom),
            flvAudioTag({ kind: 'audio', config: audio, dts90k: 0, data }, at, headroom),
          ]),
        ]
        const bytes = Buffer.concat([flvHeader({ hasVideo: true, hasAudio: true }), ...tags.map((tag) => tag.subarray(headroom))])
        const demuxer = new FlvDemuxer()
        const found: FlvItem[] = []
        for (let offset = 0; offset < bytes.length; offset += cut) found.push(...demuxer.push(bytes.subarray(offset, offset + cut)))
        const plain = (item: FlvItem) => JSON.stringify(item, (_key, value: unknown) => value)
        const expected: FlvItem[] = [
          { kind: 'header', hasVideo: true, hasAudio: true },
          { kind: 'audioConfig', timestampMs: 0, specificConfig: Buffer.from('1408', 'hex') },
          ...units.flatMap(({ at, data, isKey, composition, codec }): FlvItem[] => [
            { kind: 'videoConfig', timestampMs: at, codec, record: Buffer.from('01640028', 'hex') },
            { kind: 'video', timestampMs: at, codec, isKey, compositionMs: composition, data: Buffer.from(data) },
            { kind: 'audio', timestampMs: at, data: Buffer.from(data) },
          ]),
        ]
        expect(found.map(plain)).toEqual(expected.map(plain))
      }) as never,
    )
  })
})
