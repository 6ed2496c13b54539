/** One RTSP session over one connection, from OPTIONS to TEARDOWN (RFC 2326). Pure of sockets: `client.ts` brings the bytes. */
import type { Clock } from '../../base/clock.ts'
import type { Credentials } from '../auth/digest.ts'
import type { ReceptionReport } from '../rtp/receiver.ts'
import { hasRtcpGoodbye } from '../rtp/rtcp.ts'
import { RtspExchange } from './exchange.ts'
import { RtspFailure, failureOfResponse } from './failure.ts'
import { type RtspResponse, headerOf } from './message.ts'
import { RtspReader } from './reader.ts'
import { type Sdp, type SdpTrack, parseSdp } from './sdp.ts'
import { type AcceptedTransport, parseTransport, serializeTransport } from './transport.ts'
import { controlBase, controlUrls } from './url.ts'

const DEFAULT_SESSION_TIMEOUT_S = 60
const MAX_KEEPALIVE_MS = 25_000
const KEEPALIVE_ANSWER_MS = 10_000
const FIRST_PACKET_TCP_MS = 10_000
const FIRST_PACKET_UDP_MS = 5_000
const MAX_SILENCE_MS = 10_000
/** A connection that ends this soon after our first GET_PARAMETER ended because of it. */
const GET_PARAMETER_BLAME_MS = 1_000

/** A pair of UDP ports, even and odd, ready to receive from the camera. */
export type UdpPair = {
  rtpPort: number
  connect(serverRtpPort: number | undefined, serverRtcpPort: number | undefined): void
  sendReport(report: ReceptionReport | undefined): void
}

export type RtspSessionOptions = {
  /** Where the session was sent; after a redirect not what the user wrote. */
  url: string
  credentials: Credentials
  clock: Clock
  /** Which tracks to play, the essential one first. May throw `RtspFailure`. */
  chooseTracks(sdp: Sdp): SdpTrack[]
  /** `[start, end)` is one RTP packet of the track at `index`; used up before it returns. */
  onRtp(index: number, bytes: Uint8Array, start: number, end: number, nowMs: number): void
  onResync(): void
  write(bytes: Uint8Array): void
  openUdp(trackIndex: number): Promise<UdpPair>
  /** This device is known to hang up on GET_PARAMETER. */
  avoidsGetParameter: boolean
}

/** The camera sends us to another address (RFC 2326 §11.3). */
export class RtspRedirect extends Error {
  readonly url: string
  constructor(url: string) {
    super('redirected')
    this.url = url
  }
}

export class RtspSession {
  readonly #options: RtspSessionOptions
  readonly #exchange: RtspExchange
  readonly #reader: RtspReader
  /** Interleaved channel → 2 × track index, + 1 for its RTCP; -1 for none. */
  readonly #channels = new Int8Array(256).fill(-1)
  #nowMs = 0

  #methods = ''
  #sessionId: string | undefined
  #timeoutS = DEFAULT_SESSION_TIMEOUT_S
  #aggregateUrl: string
  #trackUrls: string[] = []
  #transport: 'tcp' | 'udp'
  #isPlaying = false
  #playedAtMs = 0
  #lastMediaMs: number | undefined
  #hasGoodbye = false
  #keepaliveDueMs = Number.POSITIVE_INFINITY
  #keepaliveMethod: 'GET_PARAMETER' | 'OPTIONS' = 'OPTIONS'
  #firstGetParameterMs: number | undefined
  #wasRefusedTcp = false

  constructor(options: RtspSessionOptions & { transport: 'tcp' | 'udp' }) {
    this.#options = options
    this.#transport = options.transport
    this.#aggregateUrl = options.url
    this.#exchange = new RtspExchange({ write: options.write, clock: options.clock, credentials: options.credentials })
    this.#reader = new RtspReader({
      onFrame: (channel, bytes, start, end) => this.#onFrame(channel, bytes, start, end),
      onMessage: (message) => this.#exchange.onMessage(message),
      onResync: options.onResync,
      isChannel: (channel) => this.#channels[channel]! >= 0,
    })
  }

  get transport(): 'tcp' | 'udp' {
    return this.#transport
  }

  get isPlaying(): boolean {
    return this.#isPlaying
  }

  get wasRefusedTcp(): boolean {
    return this.#wasRefusedTcp
  }

  get hasMedia(): boolean {
    return this.#lastMediaMs !== undefined
  }

  /** Whether the connection, closed at `nowMs`, was closed because of our first GET_PARAMETER. */
  wasClosedByGetParameter(nowMs: number): boolean {
    return this.#firstGetParameterMs !== undefined && nowMs - this.#firstGetParameterMs < GET_PARAMETER_BLAME_MS
  }

  /** Bytes of the connection. Throws `ProtocolError` when the peer is beyond understanding. */
  receive(chunk: Uint8Array, start: number, end: number): void {
    this.#nowMs = this.#options.clock.monotonicMs()
    this.#reader.push(chunk, start, end)
  }

  /** One UDP packet of a track, already known to be from the camera. */
  onUdpRtp(index: number, packet: Uint8Array, nowMs: number): void {
    if (index === 0) this.#lastMediaMs = nowMs
    this.#options.onRtp(index, packet, 0, packet.length, nowMs)
  }

  onRtcp(bytes: Uint8Array, start: number, end: number): void {
    if (hasRtcpGoodbye(bytes, start, end)) this.#hasGoodbye = true
  }

  /** OPTIONS to PLAY. Throws `RtspFailure` or `RtspRedirect`. */
  async start(): Promise<void> {
    const { url } = this.#options
    // Refused or unknown, OPTIONS only decides the method of the keepalive.
    const options = await this.#exchange.ask('OPTIONS', url)
    this.#methods = [headerOf(options, 'public'), headerOf(options, 'allow')].join(',').toUpperCase()
    const described = await this.#exchange.request('DESCRIBE', url, { accept: 'application/sdp' })
    if (described.status === 301 || described.status === 302) {
      const location = headerOf(described, 'location')
      if (location === undefined) throw new RtspFailure('protocol_error', `DESCRIBE: RTSP ${described.status} without Location`)
      throw new RtspRedirect(location)
    }
    if (!isSuccess(described)) throw failureOfResponse('DESCRIBE', described)
    const base = controlBase(headerOf(described, 'content-base') ?? headerOf(described, 'content-location'), url)
    const sdp = parseSdp(described.body)
    const tracks = this.#options.chooseTracks(sdp)
    this.#aggregateUrl = controlUrls(sdp.control, base, url)[0]!
    for (const [index, track] of tracks.entries()) await this.#setUp(index, controlUrls(track.control, base, url))
    await this.#play(url)
  }

  /** Called about once a second while playing: keepalive, and the failure if media has stopped. */
  tick(nowMs: number): RtspFailure | undefined {
    if (!this.#isPlaying) return undefined
    if (this.#hasGoodbye) return new RtspFailure('silent', 'RTCP BYE')
    const limitMs = this.#lastMediaMs !== undefined ? MAX_SILENCE_MS : this.#transport === 'udp' ? FIRST_PACKET_UDP_MS : FIRST_PACKET_TCP_MS
    if (nowMs - (this.#lastMediaMs ?? this.#playedAtMs) >= limitMs) {
      return new RtspFailure(
        'silent',
        `no ${this.#lastMediaMs === undefined ? 'media' : 'more media'} in ${limitMs / 1000} s over ${this.#transport.toUpperCase()}`,
      )
    }
    if (nowMs >= this.#keepaliveDueMs) {
      this.#keepaliveDueMs = nowMs + this.#keepalivePeriodMs()
      void this.#keepAlive(nowMs)
    }
    return undefined
  }

  /** The connection is gone or given up. */
  end(failure: RtspFailure): void {
    this.#reader.close()
    this.#exchange.end(failure)
  }

  /** Asks the camera to free the session, if there is one; answers whether anything was sent. */
  sayGoodbye(): boolean {
    this.#reader.close()
    if (this.#sessionId === undefined) return false
    this.#exchange.sayGoodbye('TEARDOWN', this.#aggregateUrl, { session: this.#sessionId })
    return true
  }

  async #setUp(index: number, urls: readonly string[]): Promise<void> {
    let refusal: RtspResponse | undefined
    for (const url of urls) {
      const response = await this.#trySetUp(index, url)
      if (isSuccess(response)) {
        this.#trackUrls[index] = url
        return
      }
      refusal = response
      if (![400, 404, 454].includes(response.status)) break
    }
    // Sound that is refused is no reason to have no picture.
    if (index === 0 && refusal) throw failureOfResponse('SETUP', refusal)
  }

  async #trySetUp(index: number, url: string): Promise<RtspResponse> {
    for (;;) {
      const udp = this.#transport === 'udp' ? await this.#options.openUdp(index) : undefined
      const offered = udp ? { kind: 'udp' as const, rtpPort: udp.rtpPort } : { kind: 'tcp' as const, rtpChannel: index * 2 }
      const response = await this.#exchange.request('SETUP', url, { transport: serializeTransport(offered), session: this.#sessionId })
      if (response.status === 461 && this.#transport === 'tcp' && index === 0) {
        this.#transport = 'udp'
        this.#wasRefusedTcp = true
        continue
      }
      if (isSuccess(response)) {
        this.#readSessionHeader(response)
        this.#useTransport(index, parseTransport(headerOf(response, 'transport'), offered), udp)
      }
      return response
    }
  }

  #useTransport(index: number, accepted: AcceptedTransport, udp: UdpPair | undefined): void {
    if (accepted.kind === 'udp') {
      udp?.connect(accepted.serverRtpPort, accepted.serverRtcpPort)
      return
    }
    this.#channels[accepted.rtpChannel] = index * 2
    if (accepted.rtcpChannel !== undefined) this.#channels[accepted.rtcpChannel] = index * 2 + 1
  }

  /** No Range: with one, some servers seek their shared live source for every client. */
  async #play(requestUrl: string): Promise<void> {
    const session = { session: this.#sessionId }
    let response = await this.#exchange.request('PLAY', this.#aggregateUrl, session)
    if ([404, 455, 459, 460].includes(response.status) && requestUrl !== this.#aggregateUrl) {
      response = await this.#exchange.request('PLAY', requestUrl, session)
      if (isSuccess(response)) this.#aggregateUrl = requestUrl
    }
    if ([404, 455, 459, 460].includes(response.status)) {
      for (const url of this.#trackUrls) if (url !== undefined) response = await this.#exchange.request('PLAY', url, session)
    }
    if (!isSuccess(response)) throw failureOfResponse('PLAY', response)
    this.#readSessionHeader(response)
    this.#playedAtMs = this.#options.clock.monotonicMs()
    this.#isPlaying = true
    this.#keepaliveDueMs = this.#playedAtMs + this.#keepalivePeriodMs()
    if (this.#methods.includes('GET_PARAMETER') && !this.#options.avoidsGetParameter) this.#keepaliveMethod = 'GET_PARAMETER'
  }

  /** `Session: id;timeout=60`. Some devices change the id with the second SETUP: the newest counts. */
  #readSessionHeader(response: RtspResponse): void {
    const header = headerOf(response, 'session')
    if (header === undefined) return
    const [id = ''] = header.split(';')
    if (id.trim() !== '') this.#sessionId = id.trim()
    const timeoutS = Number(/;\s*timeout\s*=\s*(\d{1,6})/i.exec(header)?.[1] ?? Number.NaN)
    if (timeoutS > 0) this.#timeoutS = timeoutS
  }

  #keepalivePeriodMs(): number {
    return Math.min((this.#timeoutS * 1000) / 2, MAX_KEEPALIVE_MS)
  }

  /** No answer, or a refusal, still keeps the session on nearly all devices; a method the camera does not know is replaced. */
  async #keepAlive(nowMs: number): Promise<void> {
    const method = this.#keepaliveMethod
    if (method === 'GET_PARAMETER') this.#firstGetParameterMs ??= nowMs
    try {
      const response = await this.#exchange.request(method, this.#aggregateUrl, { session: this.#sessionId }, KEEPALIVE_ANSWER_MS)
      if ([405, 501, 551].includes(response.status)) this.#keepaliveMethod = 'OPTIONS'
    } catch (error) {
      // Media decides whether the session lives: tick() sees its silence.
      if (!(error instanceof RtspFailure)) throw error
    }
  }

  #onFrame(channel: number, bytes: Uint8Array, start: number, end: number): void {
    const code = this.#channels[channel]!
    if (code < 0) return
    if ((code & 1) === 1) return this.onRtcp(bytes, start, end)
    if (code === 0) this.#lastMediaMs = this.#nowMs
    this.#options.onRtp(code >> 1, bytes, start, end, this.#nowMs)
  }
}

function isSuccess(response: RtspResponse): boolean {
  return response.status >= 200 && response.status < 300
}
