/** One client of one camera: reads its requests and answers them (RFC 2326 §10), and owns the session it sets up. */
import type { Socket } from 'node:net'
import type { Profile } from '../contract/ids.ts'
import type { DigestGuard } from './digest.ts'
import { RtpTrack, type RtpSink, type TrackFate } from './rtp-track.ts'
import { serializeResponse, takeRequest, type RtspRequest } from './rtsp-message.ts'

export type Transport = 'tcp' | 'udp'
export type TrackKind = 'video' | 'sound'

/** What a connection asks of its camera. */
export type CameraHost = {
  sessionTimeoutS: number
  /** Undefined: this camera asks for no login. */
  guard: DigestGuard | undefined
  /** Nothing is answered any more, although the connection stands. */
  isMute(): boolean
  refusesLogin(): boolean
  closesAfterPlay(): boolean
  hasFreeSlot(): boolean
  takes(transport: Transport): boolean
  describe(profile: Profile): string
  hasSound(): boolean
  udpServerPort: number
  openTrack(track: {
    kind: TrackKind
    profile: Profile
    transport: Transport
    channel: number
    sink: RtpSink
    fateOf(isKey: boolean): TrackFate
    onSent(): void
  }): RtpTrack
  tcpSink(socket: Socket): RtpSink
  udpSink(peer: { address: string; rtpPort: number; rtcpPort: number; isEnded(): boolean }): RtpSink
  isBackedUp(socket: Socket): boolean
  onPlay(session: RtspSession): void
  onFrame(profile: Profile): void
}

type SessionTrack = { track: RtpTrack; url: string; rtcpPort: number | undefined }

/** A session as the truth recorder sees it. */
export type RtspSession = {
  id: string
  profile: Profile
  transport: Transport
  /** Pictures sent since the first PLAY. */
  framesSent: number
  isPlaying: boolean
}

type ConnectionSession = RtspSession & { tracks: Map<TrackKind, SessionTrack>; isEnded: boolean }

const PUBLIC_METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN'

export class RtspConnection {
  readonly socket: Socket
  session: ConnectionSession | undefined
  lastSignAtMs: number
  #camera: CameraHost
  #monotonicMs: () => number
  #unread: Buffer = Buffer.alloc(0)

  constructor(socket: Socket, camera: CameraHost, monotonicMs: () => number) {
    this.socket = socket
    this.#camera = camera
    this.#monotonicMs = monotonicMs
    this.lastSignAtMs = monotonicMs()
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#onBytes(chunk))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => this.#endSession())
  }

  /** Cuts the line with a reset, as a camera does that has lost its power and is back. */
  reset() {
    this.#endSession()
    this.socket.resetAndDestroy()
  }

  usesRtcpPort(port: number): boolean {
    for (const { rtcpPort } of this.session?.tracks.values() ?? []) if (rtcpPort === port) return true
    return false
  }

  #onBytes(chunk: Buffer) {
    if (this.#camera.isMute()) return
    this.lastSignAtMs = this.#monotonicMs()
    this.#unread = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk
    for (;;) {
      const { request, usedBytes, isBroken } = takeRequest(this.#unread)
      this.#unread = this.#unread.subarray(usedBytes)
      if (isBroken) return void this.socket.destroy()
      if (!request) return
      this.#answer(request)
      if (this.socket.destroyed) return
    }
  }

  #reply(request: RtspRequest, status: number, headers: readonly (readonly [string, string])[] = [], body = '') {
    this.socket.write(serializeResponse(status, request.headers.get('cseq'), headers, body))
  }

  #answer(request: RtspRequest) {
    const camera = this.#camera
    if (request.method === 'OPTIONS') return this.#reply(request, 200, [['Public', PUBLIC_METHODS]])
    const isAllowed = !camera.guard || (!camera.refusesLogin() && camera.guard.isAllowed(request.method, request.url, request.headers.get('authorization')))
    if (!isAllowed)
      return this.#reply(
        request,
        401,
        (camera.guard?.challenges() ?? []).map((challenge) => ['WWW-Authenticate', challenge]),
      )
    const target = parseTarget(request.url)
    if (!target) return this.#reply(request, 404)
    switch (request.method) {
      case 'DESCRIBE':
        return this.#reply(
          request,
          200,
          [
            ['Content-Base', `${target.base}/`],
            ['Content-Type', 'application/sdp'],
          ],
          camera.describe(target.profile),
        )
      case 'SETUP':
        return this.#setUp(request, target)
      case 'PLAY':
        return this.#inSession(request, (session) => this.#play(request, session, target.base))
      case 'PAUSE':
        return this.#inSession(request, (session) => {
          session.isPlaying = false
          for (const { track } of session.tracks.values()) track.stop()
          this.#reply(request, 200, [['Session', session.id]])
        })
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        return this.#inSession(request, (session) => this.#reply(request, 200, [['Session', session.id]]))
      case 'TEARDOWN':
        return this.#inSession(request, (session) => {
          this.#reply(request, 200, [['Session', session.id]])
          this.#endSession()
        })
      default:
        return this.#reply(request, 501)
    }
  }

  #inSession(request: RtspRequest, run: (session: ConnectionSession) => void) {
    const id = request.headers.get('session')?.split(';')[0]
    if (!this.session || id !== this.session.id) return this.#reply(request, 454)
    run(this.session)
  }

  #setUp(request: RtspRequest, target: Target) {
    const camera = this.#camera
    const kind = target.track === 2 ? 'sound' : 'video'
    if (kind === 'sound' && !camera.hasSound()) return this.#reply(request, 404)
    const offer = parseTransport(request.headers.get('transport') ?? '')
    if (!offer || !camera.takes(offer.transport)) return this.#reply(request, 461)
    if (!this.session && !camera.hasFreeSlot()) return this.#reply(request, 453)
    if (this.session && (this.session.profile !== target.profile || this.session.isPlaying)) return this.#reply(request, 455)
    const { profile } = target
    const session = (this.session ??= {
      id: String(Math.floor(Math.random() * 1e9) + 1e9),
      profile,
      transport: offer.transport,
      framesSent: 0,
      isPlaying: false,
      tracks: new Map(),
      isEnded: false,
    })
    const address = (this.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
    const isTcp = offer.transport === 'tcp'
    const track = camera.openTrack({
      kind,
      profile,
      transport: offer.transport,
      channel: isTcp ? offer.first : 0,
      sink: isTcp ? camera.tcpSink(this.socket) : camera.udpSink({ address, rtpPort: offer.first, rtcpPort: offer.second, isEnded: () => session.isEnded }),
      fateOf: (isKey) => (isTcp && camera.isBackedUp(this.socket) && !isKey ? 'hold' : 'send'),
      onSent: () => {
        if (kind === 'sound') return
        session.framesSent++
        camera.onFrame(profile)
      },
    })
    session.tracks.set(kind, { track, url: request.url, rtcpPort: isTcp ? undefined : offer.second })
    const ssrc = `ssrc=${track.ssrc.toString(16).padStart(8, '0')};mode="play"`
    const transport = isTcp
      ? `RTP/AVP/TCP;unicast;interleaved=${offer.first}-${offer.second};${ssrc}`
      : `RTP/AVP;unicast;client_port=${offer.first}-${offer.second};server_port=${camera.udpServerPort}-${camera.udpServerPort + 1};${ssrc}`
    this.#reply(request, 200, [
      ['Session', `${session.id};timeout=${camera.sessionTimeoutS}`],
      ['Transport', transport],
    ])
  }

  #play(request: RtspRequest, session: ConnectionSession, base: string) {
    // Sound begins with the first picture, so that the timestamps of both stand for one instant.
    let fromMs = this.#monotonicMs()
    const tracks = [session.tracks.get('video'), session.tracks.get('sound')].filter((track) => track !== undefined)
    const info = tracks.map(({ track, url }) => {
      const { sequence, timestamp, dueMs } = track.start(fromMs)
      fromMs = dueMs
      return `url=${url};seq=${sequence};rtptime=${timestamp}`
    })
    session.isPlaying = true
    this.#reply(request, 200, [
      ['Session', session.id],
      ['Range', 'npt=now-'],
      ['RTP-Info', info.join(',') || `url=${base}`],
    ])
    this.#camera.onPlay(session)
    if (this.#camera.closesAfterPlay()) this.socket.end()
  }

  #endSession() {
    const { session } = this
    if (!session) return
    this.session = undefined
    session.isEnded = true
    for (const { track } of session.tracks.values()) track.stop()
  }
}

type Target = { profile: Profile; track: number | undefined; base: string }

/** `rtsp://host:port/main` or `/sub`, with an optional query and `/trackID=n`. */
function parseTarget(url: string): Target | undefined {
  const match = /^(rtsp:\/\/[^/]+\/(main|sub)(?:\?[^/]*)?)(?:\/(?:trackID=([12]))?)?$/.exec(url)
  if (!match) return undefined
  return { base: match[1]!, profile: match[2] as Profile, track: match[3] ? Number(match[3]) : undefined }
}

/** RFC 2326 §12.39. Of several offers the first that a camera knows counts. */
function parseTransport(header: string): { transport: Transport; first: number; second: number } | undefined {
  for (const offer of header.split(',')) {
    const isTcp = /RTP\/AVP\/TCP/i.test(offer)
    if (/multicast/i.test(offer) || !/RTP\/AVP/i.test(offer)) continue
    const ports = (isTcp ? /interleaved=(\d+)(?:-(\d+))?/i : /client_port=(\d+)(?:-(\d+))?/i).exec(offer)
    if (!ports && !isTcp) continue
    const first = Number(ports?.[1] ?? 0)
    const second = Number(ports?.[2] ?? first + 1)
    if (isTcp ? second > 255 : second > 65_535) continue
    return { transport: isTcp ? 'tcp' : 'udp', first, second }
  }
  return undefined
}
