/** Takes an RTSP connection's bytes apart: interleaved frames and messages (RFC 2326 §10.12), whatever the chunks. */
import { ProtocolError } from '../../base/errors.ts'
import { MAX_HEAD_BYTES, type RtspMessage, contentLength, parseRtspHead } from './message.ts'

const DOLLAR = 0x24
const NEWLINE = 0x0a
const FRAME_HEADER_BYTES = 4
/** How much rubbish is skipped in search of the next frame or message. */
const MAX_GARBAGE_BYTES = 64 * 1024
/** After this many whole items in a row the rubbish before them is forgiven. */
const FORGIVEN_AFTER = 16
const RESYNC_WORD = Buffer.from('RTSP/1.0', 'latin1')

export type RtspReaderHandler = {
  /** `[start, end)` of `bytes` is the frame's data, valid until the callback returns. */
  onFrame(channel: number, bytes: Uint8Array, start: number, end: number): void
  onMessage(message: RtspMessage): void
  /** Rubbish in the stream: we are looking for the next frame or message. */
  onResync(): void
  /** Whether this channel was negotiated: only such a frame ends a search. */
  isChannel(channel: number): boolean
}

type Mode = 'between' | 'frame' | 'head' | 'body' | 'searching'

/**
 * Frames that lie whole in a chunk are handed on where they lie; only what a chunk cuts is copied to a carry buffer, each byte once. `push` throws
 * `ProtocolError` when the peer speaks something else altogether: the connection is of no use then.
 */
export class RtspReader {
  readonly #handler: RtspReaderHandler
  #mode: Mode = 'between'
  #carry = new Uint8Array(2048)
  #carryLength = 0
  #lineStart = 0
  #message: RtspMessage | undefined
  #bodyBytes = 0
  #garbageBytes = 0
  #itemsInARow = 0
  #matchedBytes = 0
  #isAfterDollar = false
  #isClosed = false

  constructor(handler: RtspReaderHandler) {
    this.#handler = handler
  }

  /** Nothing more is handed on, not even out of the chunk at hand. */
  close(): void {
    this.#isClosed = true
  }

  push(chunk: Uint8Array, start: number, end: number): void {
    let offset = start
    while (offset < end && !this.#isClosed) {
      switch (this.#mode) {
        case 'between':
          offset = this.#between(chunk, offset, end)
          break
        case 'frame':
          offset = this.#frame(chunk, offset, end)
          break
        case 'head':
          offset = this.#head(chunk, offset, end)
          break
        case 'body':
          offset = this.#body(chunk, offset, end)
          break
        case 'searching':
          offset = this.#search(chunk, offset, end)
          break
      }
    }
  }

  #between(chunk: Uint8Array, from: number, end: number): number {
    let offset = from
    while (offset < end && !this.#isClosed) {
      const first = chunk[offset]!
      if (first !== DOLLAR) {
        if (first >= 0x41 && first <= 0x5a) this.#begin('head')
        else if (first === 0 || first === 0x20 || first === 0x0d || first === NEWLINE) offset += 1
        else this.#beginSearch()
        if (this.#mode !== 'between') return offset
        continue
      }
      const frameEnd =
        offset + FRAME_HEADER_BYTES <= end ? offset + FRAME_HEADER_BYTES + ((chunk[offset + 2]! << 8) | chunk[offset + 3]!) : Number.POSITIVE_INFINITY
      if (frameEnd > end) {
        this.#begin('frame')
        return offset
      }
      this.#onWhole()
      this.#handler.onFrame(chunk[offset + 1]!, chunk, offset + FRAME_HEADER_BYTES, frameEnd)
      offset = frameEnd
    }
    return offset
  }

  #frame(chunk: Uint8Array, offset: number, end: number): number {
    const carry = this.#carry
    const frameBytes = this.#carryLength < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + ((carry[2]! << 8) | carry[3]!)
    const taken = this.#append(chunk, offset, Math.min(end, offset + frameBytes - this.#carryLength))
    if (this.#carryLength < FRAME_HEADER_BYTES || this.#carryLength < FRAME_HEADER_BYTES + ((this.#carry[2]! << 8) | this.#carry[3]!)) return taken
    this.#mode = 'between'
    this.#onWhole()
    this.#handler.onFrame(this.#carry[1]!, this.#carry, FRAME_HEADER_BYTES, this.#carryLength)
    return taken
  }

  /** Line by line, to the empty one. */
  #head(chunk: Uint8Array, offset: number, end: number): number {
    const newline = chunk.subarray(offset, end).indexOf(NEWLINE)
    const taken = this.#append(chunk, offset, newline < 0 ? end : offset + newline + 1)
    if (this.#carryLength > MAX_HEAD_BYTES) throw new ProtocolError('RFC 2326 §4', `head beyond ${MAX_HEAD_BYTES} bytes`)
    if (newline < 0) return taken
    const isFirstLine = this.#lineStart === 0
    const lineBytes = this.#carryLength - this.#lineStart
    const isEmptyLine = lineBytes === 1 || (lineBytes === 2 && this.#carry[this.#lineStart] === 0x0d)
    this.#lineStart = this.#carryLength
    if (isFirstLine || isEmptyLine) this.#readHead(isEmptyLine)
    return taken
  }

  /** Looks at the first line alone too, so that rubbish which begins like a message does not swallow what follows. */
  #readHead(isComplete: boolean): void {
    try {
      const message = parseRtspHead(this.#carry.subarray(0, this.#carryLength))
      if (!isComplete) return
      this.#bodyBytes = contentLength(message)
      this.#carryLength = 0
      if (this.#bodyBytes === 0) return this.#emit(message)
      this.#message = message
      this.#mode = 'body'
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#garbageBytes += this.#carryLength
      this.#beginSearch()
    }
  }

  #body(chunk: Uint8Array, offset: number, end: number): number {
    const taken = this.#append(chunk, offset, Math.min(end, offset + this.#bodyBytes - this.#carryLength))
    if (this.#carryLength === this.#bodyBytes) this.#emit({ ...this.#message!, body: this.#carry.slice(0, this.#bodyBytes) })
    return taken
  }

  /** For `$` with a negotiated channel after it, or `RTSP/1.0`; both may be cut by a chunk. */
  #search(chunk: Uint8Array, from: number, end: number): number {
    for (let offset = from; offset < end; offset++) {
      const byte = chunk[offset]!
      if (this.#isAfterDollar && this.#handler.isChannel(byte)) {
        this.#begin('frame')
        this.#append(Uint8Array.of(DOLLAR, byte), 0, 2)
        return offset + 1
      }
      this.#isAfterDollar = byte === DOLLAR
      this.#matchedBytes = byte === RESYNC_WORD[this.#matchedBytes] ? this.#matchedBytes + 1 : byte === RESYNC_WORD[0] ? 1 : 0
      if (this.#matchedBytes === RESYNC_WORD.length) {
        this.#begin('head')
        this.#append(RESYNC_WORD, 0, RESYNC_WORD.length)
        return offset + 1
      }
      this.#garbageBytes += 1
      if (this.#garbageBytes > MAX_GARBAGE_BYTES) throw new ProtocolError('RFC 2326 §10.12', 'neither frames nor messages')
    }
    return end
  }

  #begin(mode: 'frame' | 'head'): void {
    this.#mode = mode
    this.#carryLength = 0
    this.#lineStart = 0
  }

  #beginSearch(): void {
    this.#mode = 'searching'
    this.#carryLength = 0
    this.#matchedBytes = 0
    this.#isAfterDollar = false
    this.#itemsInARow = 0
    this.#handler.onResync()
  }

  #emit(message: RtspMessage): void {
    this.#mode = 'between'
    this.#message = undefined
    this.#onWhole()
    this.#handler.onMessage(message)
  }

  #onWhole(): void {
    if (this.#garbageBytes === 0) return
    this.#itemsInARow += 1
    if (this.#itemsInARow >= FORGIVEN_AFTER) this.#garbageBytes = 0
  }

  /** Copies `[start, end)` behind what is carried; answers `end`. */
  #append(chunk: Uint8Array, start: number, end: number): number {
    const needed = this.#carryLength + end - start
    if (needed > this.#carry.length) {
      const grown = new Uint8Array(Math.max(needed, this.#carry.length * 2))
      grown.set(this.#carry.subarray(0, this.#carryLength))
      this.#carry = grown
    }
    this.#carry.set(chunk.subarray(start, end), this.#carryLength)
    this.#carryLength = needed
    return end
  }
}
