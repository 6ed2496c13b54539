import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../server/base/errors.ts'
import { LineReader } from '../../server/media/plane-protocol.ts'
import { ClientFrameParser, FRAME_HEADROOM_BYTES, frameInPlace, Opcode, serializeClose, serializeHandshake } from '../../server/media/websocket.ts'
import { cpuMsOf } from '../support/cpu.ts'
import { clientFrame, readServerFrames } from './web-socket-client.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
console.info(`websocket fuzz seed ${seed}`)
fc.configureGlobal({ seed })

/** What the parser hears in these chunks, and whether it refused. */
function listen(chunks: Uint8Array[]) {
  const heard: unknown[] = []
  const parser = new ClientFrameParser({
    onText: (text) => heard.push(['text', text]),
    onPing: (payload) => heard.push(['ping', Buffer.from(payload).toString('hex')]),
    onPong: () => heard.push(['pong']),
    onClose: (code) => heard.push(['close', code]),
  })
  try {
    for (const chunk of chunks) parser.push(chunk)
  } catch (problem) {
    if (!(problem instanceof ProtocolError)) throw problem
    heard.push(['refused'])
  }
  return heard
}

/** Cuts bytes at the given places, which are taken modulo the length. */
function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const bounds = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end))
}

describe('frames to the browser', () => {
  test('the handshake of RFC 6455 §1.3', () => {
    expect(serializeHandshake('dGhlIHNhbXBsZSBub25jZQ==')).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n')
  })

  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 300_000])('a payload of %i bytes stays in its memory', (bytes) => {
    const buffer = Buffer.alloc(FRAME_HEADROOM_BYTES + bytes, 0xab)
    const frame = frameInPlace(buffer)
    expect(frame.buffer).toBe(buffer.buffer)
    const [read] = readServerFrames(frame).frames
    expect(read?.opcode).toBe(Opcode.binary)
    expect(read?.payload.equals(Buffer.alloc(bytes, 0xab))).toBe(true)
  })

  test('a close frame carries code and reason', () => {
    const [frame] = readServerFrames(serializeClose(4008, 'too slow')).frames
    expect(frame?.opcode).toBe(Opcode.close)
    expect(frame?.payload.readUInt16BE(0)).toBe(4008)
    expect(frame?.payload.subarray(2).toString()).toBe('too slow')
  })
})

describe('F2 frames from the browser', () => {
  const message = fc.oneof(
    fc.record({ opcode: fc.constant(Opcode.text), text: fc.string({ maxLength: 300, unit: 'grapheme' }) }),
    fc.record({ opcode: fc.constantFrom(Opcode.ping, Opcode.pong), text: fc.string({ maxLength: 30 }) }),
  )
  test('come out as they went in, whatever the chunks', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (messages, places) => {
        const bytes = Buffer.concat(messages.map(({ opcode, text }) => clientFrame(opcode, Buffer.from(text))))
        const expected = messages.map(({ opcode, text }) =>
          opcode === Opcode.text ? ['text', text] : opcode === Opcode.ping ? ['ping', Buffer.from(text).toString('hex')] : ['pong'],
        )
        expect(listen(cut(bytes, places))).toEqual(expected)
      }),
      { numRuns: 10_000 },
    )
  })

  test('a message in fragments, with a ping between them', () => {
    const frames = [
      clientFrame(Opcode.text, Buffer.from('{"type":'), false),
      clientFrame(Opcode.ping, Buffer.from('?')),
      clientFrame(Opcode.continuation, Buffer.from('"retryNow"}')),
    ]
    expect(listen(frames)).toEqual([
      ['ping', '3f'],
      ['text', '{"type":"retryNow"}'],
    ])
  })

  test('nothing is heard after close', () => {
    expect(listen([clientFrame(Opcode.close, Buffer.from([0x03, 0xe8])), clientFrame(Opcode.text, Buffer.from('x'))])).toEqual([['close', 1000]])
  })
})

describe('F1 hostile frames', () => {
  test.each([
    { name: 'not masked', bytes: '81 01 78' },
    { name: 'reserved bit', bytes: 'c1 81 00000000 78' },
    { name: 'unknown opcode', bytes: '83 80 00000000' },
    { name: 'binary', bytes: '82 81 00000000 78' },
    { name: 'a ping of 126 bytes', bytes: '89 fe 007e' },
    { name: 'a ping in fragments', bytes: '09 80 00000000' },
    { name: 'a continuation of nothing', bytes: '80 80 00000000' },
    { name: 'a length of 2^63', bytes: '81 ff ffffffffffffffff 00000000' },
    { name: 'a length just over the limit', bytes: '81 fe 1001 00000000' },
    { name: 'half a close code', bytes: '88 81 00000000 03' },
    { name: 'text that is not UTF-8', bytes: '81 82 00000000 c328' },
  ])('$name is refused', ({ bytes }) => {
    expect(listen([Buffer.from(bytes.replaceAll(' ', ''), 'hex')])).toEqual([['refused']])
  })

  test('endless fragments are refused before they take memory', () => {
    const heard = listen(Array.from({ length: 100 }, (_, i) => clientFrame(i === 0 ? Opcode.text : Opcode.continuation, Buffer.alloc(1), false)))
    expect(heard).toEqual([['refused']])
  })

  test('10,000 mutations: refused, heard or waited for, never a crash or a hang', () => {
    const seeds = [
      clientFrame(Opcode.text, Buffer.from('{"type":"retryNow"}')),
      clientFrame(Opcode.ping, Buffer.alloc(20)),
      clientFrame(Opcode.close, Buffer.from([3, 232])),
      clientFrame(Opcode.text, Buffer.alloc(400, 0x61)),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        fc.nat(),
        fc.array(fc.nat(), { maxLength: 4 }),
        (a, b, flips, length, places) => {
          const bytes = Buffer.concat([a, b])
          for (const [place, value] of flips) bytes[place % bytes.length] = value
          const chunks = cut(bytes.subarray(0, length % (bytes.length + 1)), places)
          expect(cpuMsOf(() => listen(chunks))).toBeLessThan(50)
        },
      ),
      { numRuns: 10_000 },
    )
  })
})

describe('lines of the media plane', () => {
  test('F2 come out as they went in, whatever the chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '))),
        fc.array(fc.nat(), { maxLength: 12 }),
        (lines, places) => {
          const heard: string[] = []
          const reader = new LineReader(100_000, (line) => heard.push(line))
          for (const chunk of cut(Buffer.from(lines.map((line) => `${line}\n`).join('')), places)) reader.push(Buffer.from(chunk))
          expect(heard).toEqual(lines)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test('F1 a line without an end is refused at its limit', () => {
    const reader = new LineReader(1_000, () => {})
    reader.push(Buffer.alloc(1_000, 0x61))
    expect(() => reader.push(Buffer.alloc(1, 0x61))).toThrow(ProtocolError)
  })
})
