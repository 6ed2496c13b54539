/** The server side of WebSocket as bytes (RFC 6455): handshake, frames out, frames in. No sockets here. */
import { createHash } from 'node:crypto'
import { ProtocolError } from '../base/errors.ts'

export const Opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const
export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** Room in front of a payload that takes the longest header of an unmasked frame: 2 bytes and a 64-bit length (§5.2). */
export const FRAME_HEADROOM_BYTES = 10

const FIN = 0x80
const MASKED = 0x80

/** RFC 6455 §4.2.2: the answer to the browser's `Sec-WebSocket-Key`. */
export function serializeHandshake(webSocketKey: string): string {
  const accept = createHash('sha1').update(`${webSocketKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}

/** Writes a binary frame's header in front of the payload that fills `buffer` from `FRAME_HEADROOM_BYTES` on; answers the frame, in the same memory. */
export function frameInPlace(buffer: Buffer, opcode: Opcode = Opcode.binary): Buffer {
  const payloadBytes = buffer.length - FRAME_HEADROOM_BYTES
  const headerBytes = payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10
  const start = FRAME_HEADROOM_BYTES - headerBytes
  buffer[start] = FIN | opcode
  if (headerBytes === 2) buffer[start + 1] = payloadBytes
  else if (headerBytes === 4) {
    buffer[start + 1] = 126
    buffer.writeUInt16BE(payloadBytes, start + 2)
  } else {
    buffer[start + 1] = 127
    buffer.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), start + 2)
    buffer.writeUInt32BE(payloadBytes >>> 0, start + 6)
  }
  return buffer.subarray(start)
}

/** One whole frame in memory of its own. */
export function serializeFrame(opcode: Opcode, payload: string | Uint8Array): Buffer {
  const payloadBytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const buffer = Buffer.allocUnsafe(FRAME_HEADROOM_BYTES + payloadBytes)
  if (typeof payload === 'string') buffer.write(payload, FRAME_HEADROOM_BYTES)
  else buffer.set(payload, FRAME_HEADROOM_BYTES)
  return frameInPlace(buffer, opcode)
}

/** §5.5.1: a code and a reason of at most 123 bytes. */
export function serializeClose(code: number, reason = ''): Buffer {
  const text = Buffer.from(reason).subarray(0, 123)
  const payload = Buffer.allocUnsafe(2 + text.length)
  payload.writeUInt16BE(code)
  payload.set(text, 2)
  return serializeFrame(Opcode.close, payload)
}

export type ClientFrameHandler = {
  onText(text: string): void
  onPing(payload: Uint8Array): void
  onPong(): void
  onClose(code: number): void
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads what a browser sends. In: chunks of any size. Out: whole messages, through the handler, on the same tick.
 * Throws `ProtocolError` for an unmasked, reserved or oversized frame (§5.1, §5.2, §5.5), for binary messages, which no page of ours sends,
 * and for text that is not UTF-8 (§8.1). After a close frame nothing more is read (§5.5.1). Holds at most one message of `maxMessageBytes`.
 */
export class ClientFrameParser {
  private readonly handler: ClientFrameHandler
  private readonly maxMessageBytes: number
  private pending: Buffer = Buffer.alloc(0)
  private fragments: Buffer[] = []
  private fragmentBytes = 0
  private isInMessage = false
  private isClosed = false

  constructor(handler: ClientFrameHandler, maxMessageBytes = 4_096) {
    this.handler = handler
    this.maxMessageBytes = maxMessageBytes
  }

  push(chunk: Uint8Array) {
    if (this.isClosed) return
    const bytes = this.pending.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.concat([this.pending, chunk])
    let offset = 0
    while (!this.isClosed) {
      const frameBytes = this.readFrame(bytes, offset)
      if (frameBytes === 0) break
      offset += frameBytes
    }
    this.pending = this.isClosed || offset === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(offset))
  }

  /** Answers how many bytes the frame at `offset` has, 0 while it is not all there. */
  private readFrame(bytes: Buffer, offset: number): number {
    if (bytes.length - offset < 2) return 0
    const first = bytes[offset]!
    const second = bytes[offset + 1]!
    const opcode = first & 0x0f
    const isFinal = (first & FIN) !== 0
    const isControl = opcode >= 0x8
    if ((first & 0x70) !== 0) throw new ProtocolError('RFC 6455 §5.2', 'reserved bits set without an extension')
    if ((second & MASKED) === 0) throw new ProtocolError('RFC 6455 §5.1', 'a client frame is not masked')

    let payloadBytes = second & 0x7f
    let position = offset + 2
    if (isControl && (payloadBytes > 125 || !isFinal)) throw new ProtocolError('RFC 6455 §5.5', 'a control frame is long or fragmented')
    if (payloadBytes === 126) {
      if (bytes.length < position + 2) return 0
      payloadBytes = bytes.readUInt16BE(position)
      position += 2
    } else if (payloadBytes === 127) {
      if (bytes.length < position + 8) return 0
      payloadBytes = bytes.readUInt32BE(position) * 2 ** 32 + bytes.readUInt32BE(position + 4)
      position += 8
    }
    if (payloadBytes + this.fragmentBytes > this.maxMessageBytes && !isControl)
      throw new ProtocolError('RFC 6455 §10.4', `a message over ${this.maxMessageBytes} bytes`)
    if (bytes.length < position + 4 + payloadBytes) return 0

    const payload = Buffer.allocUnsafe(payloadBytes)
    for (let i = 0; i < payloadBytes; i++) payload[i] = bytes[position + 4 + i]! ^ bytes[position + (i & 3)]!
    this.onFrame(opcode, isFinal, payload)
    return position + 4 + payloadBytes - offset
  }

  private onFrame(opcode: number, isFinal: boolean, payload: Buffer) {
    switch (opcode) {
      case Opcode.text:
      case Opcode.continuation:
        return this.onFragment(opcode, isFinal, payload)
      case Opcode.ping:
        return this.handler.onPing(payload)
      case Opcode.pong:
        return this.handler.onPong()
      case Opcode.close:
        if (payload.length === 1) throw new ProtocolError('RFC 6455 §5.5.1', 'half a close code')
        this.isClosed = true
        return this.handler.onClose(payload.length >= 2 ? payload.readUInt16BE(0) : 1005)
      default:
        throw new ProtocolError('RFC 6455 §5.2', `opcode ${opcode} is not taken here`)
    }
  }

  private onFragment(opcode: number, isFinal: boolean, payload: Buffer) {
    const isContinuation = opcode === Opcode.continuation
    if (isContinuation !== this.isInMessage) throw new ProtocolError('RFC 6455 §5.4', isContinuation ? 'a continuation of nothing' : 'a message inside another')
    if (this.fragments.length >= 64) throw new ProtocolError('RFC 6455 §10.4', 'too many fragments')
    this.fragments.push(payload)
    this.fragmentBytes += payload.length
    this.isInMessage = !isFinal
    if (!isFinal) return
    const whole = this.fragments.length === 1 ? payload : Buffer.concat(this.fragments)
    this.fragments = []
    this.fragmentBytes = 0
    this.handler.onText(decodeText(whole))
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (problem) {
    throw new ProtocolError('RFC 6455 §8.1', `text that is not UTF-8: ${(problem as Error).message}`)
  }
}

/** What a page says, not yet checked; `undefined` for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
