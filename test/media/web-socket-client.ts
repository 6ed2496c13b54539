/** A browser's side of a WebSocket, written apart from the server's code: frames, and a client on a raw socket that can be slow or deaf. */
import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { LiveServerMessage } from '../../server/contract/media.ts'

export function clientFrame(opcode: number, payload: Uint8Array, isFinal = true): Buffer {
  const mask = randomBytes(4)
  const length = payload.length < 126 ? Buffer.from([0x80 | payload.length]) : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | opcode]), length, mask, Buffer.from(payload).map((byte, i) => byte ^ mask[i & 3]!)])
}

export type ServerFrame = { opcode: number; payload: Buffer }

export function readServerFrames(bytes: Buffer): { frames: ServerFrame[]; rest: Buffer } {
  const frames: ServerFrame[] = []
  let at = 0
  for (;;) {
    if (bytes.length - at < 2) break
    const short = bytes[at + 1]!
    const headerBytes = short === 127 ? 10 : short === 126 ? 4 : 2
    if (bytes.length - at < headerBytes) break
    const length = short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short === 126 ? bytes.readUInt16BE(at + 2) : short
    if (bytes.length - at < headerBytes + length) break
    frames.push({ opcode: bytes[at]! & 0x0f, payload: bytes.subarray(at + headerBytes, at + headerBytes + length) })
    at += headerBytes + length
  }
  return { frames, rest: bytes.subarray(at) }
}

export const webSocketKey = () => randomBytes(16).toString('base64')

type Message = { type: string }
type MessageOf<M extends Message, T extends M['type']> = Extract<M, { type: T }>

export type WebSocketClient<M extends Message = LiveServerMessage> = {
  messages: M[]
  /** FLV bytes of each run: a `restart`, or what `beginsRun` says, begins a new one. */
  runs: Buffer[][]
  binaryFrames: number
  firstBinaryAtMs: number | undefined
  closeCode: number | undefined
  isEnded: boolean
  onBinary: (payload: Buffer) => void
  onMessage: (message: M) => void
  flv(run?: number): Buffer
  of<T extends M['type']>(type: T): MessageOf<M, T>[]
  send(value: unknown): void
  close(): void
  socket: Socket
}

/** Reads everything a server sends on `socket`: the handshake, then frames. Answers pings. */
export function createWebSocketClient<M extends Message = LiveServerMessage>(
  socket: Socket,
  key: string,
  { keepsBytes = true, beginsRun = 'restart' }: { keepsBytes?: boolean; beginsRun?: M['type'] } = {},
): WebSocketClient<M> {
  let pending: Buffer = Buffer.alloc(0)
  let isOpen = false
  const client: WebSocketClient<M> = {
    messages: [],
    runs: [[]],
    binaryFrames: 0,
    firstBinaryAtMs: undefined,
    closeCode: undefined,
    isEnded: false,
    onBinary: () => {},
    onMessage: () => {},
    flv: (run = client.runs.length - 1) => Buffer.concat(client.runs[run] ?? []),
    of: (type) => client.messages.filter((message): message is MessageOf<M, typeof type> => message.type === type),
    send: (value: unknown) => socket.write(clientFrame(1, Buffer.from(JSON.stringify(value)))),
    close: () => socket.destroy(),
    socket,
  }

  function onFrame({ opcode, payload }: ServerFrame) {
    if (opcode === 1) {
      const message = JSON.parse(payload.toString('utf8')) as M
      client.messages.push(message)
      if (message.type === beginsRun) client.runs.push([])
      client.onMessage(message)
    } else if (opcode === 2) {
      client.firstBinaryAtMs ??= performance.now()
      client.binaryFrames++
      if (keepsBytes) client.runs.at(-1)!.push(Buffer.from(payload))
      client.onBinary(payload)
    } else if (opcode === 8) client.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
    else if (opcode === 9) socket.write(clientFrame(10, payload))
  }

  function readHandshake(): boolean {
    const end = pending.indexOf('\r\n\r\n')
    if (end < 0) return false
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    const head = pending.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(`Sec-WebSocket-Accept: ${accept}`)) throw new Error(`not a handshake: ${head}`)
    pending = pending.subarray(end + 4)
    return true
  }

  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    isOpen ||= readHandshake()
    if (!isOpen) return
    const { frames, rest } = readServerFrames(pending)
    pending = rest
    for (const frame of frames) onFrame(frame)
  })
  socket.on('error', () => {})
  socket.once('close', () => (client.isEnded = true))
  return client
}
