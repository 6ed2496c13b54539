/** One browser's WebSocket on a plain duplex: handshake, frames both ways, is anybody there, and how it ends. What is sent is its owner's business. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import { ProtocolError } from '../base/errors.ts'
import { ClientFrameParser, Opcode, serializeClose, serializeFrame, serializeHandshake } from './websocket.ts'

/** RFC 6455 §7.4.1 and those of `contract/media.ts`. */
export const CloseCode = { done: 1000, protocolError: 1002, restart: 1012, tryAgainLater: 1013, noPermission: 4003, tooSlow: 4008, loginEnded: 4010 } as const
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

export type SocketLimits = {
  /** Nothing but short messages is written while so much waits. */
  maxQueueBytes: number
  pingMs: number
  /** Nothing heard for this long, not even a pong: nobody is there. */
  deadMs: number
  /** How long a closing handshake may take. */
  closeMs: number
}

export type SocketHandler = {
  onText(text: string): void
  onDrain(): void
  /** Once, whoever ended it; nothing is sent any more. `code` is undefined when the connection just went. */
  onEnd(code: number | undefined): void
}

const emptyPing = serializeFrame(Opcode.ping, '')

export class ViewerSocket {
  bytesSent = 0
  private readonly socket: Duplex
  private readonly clock: Clock
  private readonly limits: SocketLimits
  private readonly handler: SocketHandler
  private readonly parser: ClientFrameParser
  private lastHeardMs: number
  private lastPingMs: number
  private isClosing = false

  constructor(
    socket: Duplex,
    webSocketKey: string,
    head: Uint8Array,
    { clock, limits, handler }: { clock: Clock; limits: SocketLimits; handler: SocketHandler },
  ) {
    this.socket = socket
    this.clock = clock
    this.limits = limits
    this.handler = handler
    this.lastHeardMs = this.lastPingMs = clock.monotonicMs()
    this.parser = new ClientFrameParser({
      onText: (text) => this.isClosing || handler.onText(text),
      onPing: (payload) => {
        if (this.hasRoom) this.write(serializeFrame(Opcode.pong, payload))
      },
      onPong: () => {},
      onClose: (code) => this.close(code === 1005 ? CloseCode.done : code),
    })
    socket.on('data', (chunk: Uint8Array) => this.onBytes(chunk))
    socket.on('drain', () => this.onDrain())
    socket.on('error', () => socket.destroy()) // the close that follows is enough
    socket.once('end', () => this.close(CloseCode.done))
    socket.once('close', () => this.end(undefined))
    this.write(Buffer.from(serializeHandshake(webSocketKey)))
    // not before the owner knows us: these bytes may end it
    if (head.length > 0) queueMicrotask(() => this.onBytes(head))
  }

  /** How many bytes wait in this process for this viewer. */
  get queuedBytes() {
    return this.socket.writableLength
  }

  get hasRoom() {
    return this.socket.writableLength < this.limits.maxQueueBytes
  }

  send(message: object) {
    this.write(serializeFrame(Opcode.text, JSON.stringify(message)))
  }

  /** One whole frame. */
  write(frame: Uint8Array) {
    if (this.isClosing || !this.socket.writable) return
    this.bytesSent += frame.length
    this.socket.write(frame)
  }

  /** Everything that `run` writes goes out in one piece. */
  together(run: () => void) {
    this.socket.cork()
    run()
    this.socket.uncork()
  }

  /** Whoever takes bytes is there: a slow reader's pong waits behind what it has still to read. */
  private onDrain() {
    this.lastHeardMs = this.clock.monotonicMs()
    if (!this.isClosing) this.handler.onDrain()
  }

  /** Once a second: is anybody there? */
  tick() {
    if (this.isClosing) return
    const nowMs = this.clock.monotonicMs()
    if (nowMs - this.lastHeardMs > this.limits.deadMs) {
      this.socket.destroy()
      return
    }
    if (nowMs - this.lastPingMs >= this.limits.pingMs) {
      this.lastPingMs = nowMs
      this.write(emptyPing)
    }
  }

  /** Says why, lets what is queued go out, and leaves nothing behind after `closeMs`. */
  close(code: number, reason = '') {
    if (this.isClosing) return
    this.isClosing = true
    if (this.socket.writable) this.socket.end(serializeClose(code, reason))
    this.socket.resume()
    const timer = this.clock.after(this.limits.closeMs, () => this.socket.destroy())
    this.socket.once('close', () => timer.cancel())
    this.handler.onEnd(code)
  }

  private end(code: number | undefined) {
    if (this.isClosing) return
    this.isClosing = true
    this.handler.onEnd(code)
  }

  private onBytes(chunk: Uint8Array) {
    this.lastHeardMs = this.clock.monotonicMs()
    if (this.isClosing) return
    try {
      this.parser.push(chunk)
    } catch (problem) {
      if (!(problem instanceof ProtocolError)) throw problem
      this.close(CloseCode.protocolError, problem.clause)
    }
  }
}
