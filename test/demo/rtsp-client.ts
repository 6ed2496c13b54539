/** A small RTSP client that only watches: what did the camera answer, which packets came when. Independent of the product's client. */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export type Answer = { status: number; headers: Map<string, string[]>; body: string }
export type Packet = { channel: number; bytes: Buffer }

const hash = (algorithm: 'md5' | 'sha256', text: string) => createHash(algorithm).update(text).digest('hex')

export class WatchingClient {
  readonly packets: Packet[] = []
  isClosed = false
  lastRequestUrl = ''
  #socket: Socket
  #unread: Buffer = Buffer.alloc(0)
  #answers: Answer[] = []
  #wake = new Set<() => void>()
  #cseq = 0
  #login: { username: string; password: string }
  #challenge: string | undefined
  #session: string | undefined

  private constructor(socket: Socket, login: { username: string; password: string }) {
    this.#socket = socket
    this.#login = login
    socket.on('data', (chunk: Buffer) => this.#onBytes(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
      for (const wake of this.#wake) wake()
    })
  }

  static open(port: number, login = { username: 'admin', password: 'secret' }): Promise<WatchingClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', reject)
      socket.once('connect', () => resolve(new WatchingClient(socket, login)))
    })
  }

  close() {
    this.#socket.destroy()
  }

  /** Resolves when `isTrue`; false if the time is over or the line is closed without it. */
  async until(isTrue: () => boolean, timeoutMs = 8_000): Promise<boolean> {
    const endsAt = performance.now() + timeoutMs
    while (!isTrue()) {
      const leftMs = endsAt - performance.now()
      if (leftMs <= 0 || this.isClosed) return isTrue()
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer)
          this.#wake.delete(done)
          resolve()
        }
        const timer = setTimeout(done, Math.min(leftMs, 50))
        this.#wake.add(done)
      })
    }
    return true
  }

  /** Sends a request; after a 401 once more with the login. Undefined: no answer in time. */
  async ask(method: string, url: string, headers: string[] = [], timeoutMs = 4_000): Promise<Answer | undefined> {
    const first = await this.#askOnce(method, url, headers, timeoutMs)
    const challenge = first?.headers.get('www-authenticate')?.[0]
    if (first?.status !== 401 || !challenge) return first
    this.#challenge = challenge
    return this.#askOnce(method, url, headers, timeoutMs)
  }

  async #askOnce(method: string, url: string, headers: string[], timeoutMs: number): Promise<Answer | undefined> {
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${++this.#cseq}`, ...headers]
    if (this.#session) lines.push(`Session: ${this.#session}`)
    if (this.#challenge) lines.push(`Authorization: ${this.#authorize(method, url)}`)
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    await this.until(() => this.#answers.length > 0, timeoutMs)
    const answer = this.#answers.shift()
    const session = answer?.headers.get('session')?.[0]?.split(';')[0]
    if (session) this.#session = session
    return answer
  }

  #authorize(method: string, uri: string): string {
    const field = (name: string) => new RegExp(`${name}="?([^",]*)"?`).exec(this.#challenge!)?.[1]
    const algorithm = field('algorithm') === 'SHA-256' ? 'sha256' : 'md5'
    const { username, password } = this.#login
    const [realm, nonce] = [field('realm'), field('nonce')]
    const secret = hash(algorithm, `${username}:${realm}:${password}`)
    const request = hash(algorithm, `${method}:${uri}`)
    const start = `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}"`
    if (algorithm === 'md5') return `${start}, response="${hash('md5', `${secret}:${nonce}:${request}`)}"`
    return `${start}, algorithm=SHA-256, qop=auth, nc=00000001, cnonce="0a4f113b", response="${hash('sha256', `${secret}:${nonce}:00000001:0a4f113b:auth:${request}`)}"`
  }

  /** DESCRIBE, SETUP of the picture, PLAY. Undefined as soon as one of them is not answered 200. */
  async play(port: number, path: 'main' | 'sub'): Promise<Answer | undefined> {
    const url = `rtsp://127.0.0.1:${port}/${path}`
    const description = await this.ask('DESCRIBE', url, ['Accept: application/sdp'])
    if (description?.status !== 200) return undefined
    const setup = await this.ask('SETUP', `${url}/trackID=1`, ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1'])
    if (setup?.status !== 200) return undefined
    const answer = await this.ask('PLAY', `${url}/`)
    return answer?.status === 200 ? description : undefined
  }

  /** RTP packets of the picture. */
  get media(): Buffer[] {
    return this.packets.filter(({ channel }) => channel === 0).map(({ bytes }) => bytes)
  }

  #onBytes(chunk: Buffer) {
    this.#unread = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk
    for (;;) {
      if (this.#unread[0] === 0x24) {
        if (this.#unread.length < 4 || this.#unread.length < 4 + this.#unread.readUInt16BE(2)) break
        const end = 4 + this.#unread.readUInt16BE(2)
        this.packets.push({ channel: this.#unread[1]!, bytes: Buffer.from(this.#unread.subarray(4, end)) })
        this.#unread = this.#unread.subarray(end)
        continue
      }
      const end = this.#unread.indexOf('\r\n\r\n')
      if (end < 0) break
      const [statusLine = '', ...lines] = this.#unread.toString('latin1', 0, end).split('\r\n')
      const headers = new Map<string, string[]>()
      for (const line of lines) {
        const name = line.slice(0, line.indexOf(':')).toLowerCase()
        headers.set(name, [...(headers.get(name) ?? []), line.slice(line.indexOf(':') + 1).trim()])
      }
      const length = Number(headers.get('content-length')?.[0] ?? 0)
      if (this.#unread.length < end + 4 + length) break
      this.#answers.push({ status: Number(statusLine.split(' ')[1]), headers, body: this.#unread.toString('latin1', end + 4, end + 4 + length) })
      this.#unread = this.#unread.subarray(end + 4 + length)
    }
    for (const wake of this.#wake) wake()
  }
}

export const sequenceOf = (packet: Buffer) => packet.readUInt16BE(2)
export const timestampOf = (packet: Buffer) => packet.readUInt32BE(4)

/** Puts NAL units together again (RFC 6184, RFC 7798); one array per picture, split at the marker. */
export function joinPictures(codec: 'h264' | 'h265', packets: readonly Buffer[]): Buffer[][] {
  const pictures: Buffer[][] = []
  let units: Buffer[] = []
  let parts: Buffer[] = []
  const nalHeader = codec === 'h264' ? 1 : 2
  for (const packet of packets) {
    const payload = packet.subarray(12)
    const type = codec === 'h264' ? payload[0]! & 0x1f : (payload[0]! >> 1) & 0x3f
    if (type === (codec === 'h264' ? 24 : 48)) {
      for (let at = nalHeader; at < payload.length;) {
        const length = payload.readUInt16BE(at)
        units.push(payload.subarray(at + 2, at + 2 + length))
        at += 2 + length
      }
    } else if (type === (codec === 'h264' ? 28 : 49)) {
      const fu = payload[nalHeader]!
      if (fu & 0x80)
        parts = [codec === 'h264' ? Buffer.of((payload[0]! & 0xe0) | (fu & 0x1f)) : Buffer.of((payload[0]! & 0x81) | ((fu & 0x3f) << 1), payload[1]!)]
      parts.push(payload.subarray(nalHeader + 1))
      if (fu & 0x40) units.push(Buffer.concat(parts))
    } else units.push(payload)
    if (packet[1]! & 0x80) {
      pictures.push(units)
      units = []
    }
  }
  return pictures
}
