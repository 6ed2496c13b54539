/** The RTSP client: sockets, time-outs, and the way from TCP to UDP and back. One client is one pull of one stream. */
import { type Socket, connect } from 'node:net'
import { ProtocolError } from '../../base/errors.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Credentials } from '../auth/digest.ts'
import type { ReceptionReport } from '../rtp/receiver.ts'
import { RtspFailure } from './failure.ts'
import type { Sdp, SdpTrack } from './sdp.ts'
import { RtspRedirect, RtspSession, type UdpPair } from './session.ts'
import { openUdpPair } from './udp.ts'
import { findRtspUrl } from './url.ts'

const CONNECT_TIMEOUT_MS = 5_000
const TEARDOWN_MS = 1_000
const TICK_MS = 1_000
const REPORT_EVERY_TICKS = 5
const MAX_REDIRECTS = 3
/** Three pictures at 25 a second. A camera of 8 Mbit/s sends 120 KB meanwhile: the kernel's window grows to hold that. */
const HELD_MS = 120

/** All sockets read into this one: what a callback is given must be used up before it returns. No `Buffer`: cutting one for each packet costs twice as much. */
const receiveBuffer = new Uint8Array(256 * 1024)

/** What is known of devices by their address, kept by whoever makes clients. */
export type RtspQuirks = { avoidGetParameter: Set<string> }

export type RtspClientOptions = {
  url: string
  credentials: Credentials
  transport: 'auto' | 'tcp' | 'udp'
  clock: Clock
  quirks: RtspQuirks
  /** Which tracks to play, the essential one first. Called again for each new session. May throw `RtspFailure`. */
  chooseTracks(sdp: Sdp): SdpTrack[]
  onRtp(index: number, bytes: Uint8Array, start: number, end: number, nowMs: number): void
  onBytes(count: number): void
  onResync(): void
  /** What to tell the camera of a track's reception (UDP). */
  reportOf(index: number): ReceptionReport | undefined
  /** At most once, after everything is freed; never after `close()`. */
  onEnded(failure: RtspFailure['failure']): void
  /** Called about once a second while playing; a failure ends the session. */
  check(nowMs: number): RtspFailure | undefined
}

/** One TCP connection and what hangs on it. `ended` rejects when it has failed, and never resolves. */
type Connection = {
  socket: Socket
  session: RtspSession
  udpPairs: ClosableUdpPair[]
  opened: Promise<void>
  ended: Promise<never>
  fail(failure: RtspFailure): void
}
type ClosableUdpPair = UdpPair & { close(): void }

export class RtspClient {
  readonly #options: RtspClientOptions
  #connection: Connection | undefined
  #isClosed = false
  /** Reads on now and then while nobody is in a hurry. */
  #heldTimer: Timer | undefined

  constructor(options: RtspClientOptions) {
    this.#options = options
    void this.#run()
  }

  /** TEARDOWN, at most a second of patience, and everything is freed. */
  async close(): Promise<void> {
    this.setUnhurried(false)
    this.#isClosed = true
    await this.#disconnect()
  }

  /** Over TCP: whether bytes may wait in the kernel, so that several pictures cost one read. */
  setUnhurried(isUnhurried: boolean): void {
    if (this.#isClosed || (this.#heldTimer !== undefined) === isUnhurried) return
    const readOn = () => this.#connection?.socket.resume()
    this.#heldTimer?.cancel()
    this.#heldTimer = isUnhurried ? this.#options.clock.every(HELD_MS, readOn) : undefined
    readOn()
  }

  async #run(): Promise<void> {
    try {
      await this.#play()
    } catch (error) {
      this.setUnhurried(false)
      await this.#disconnect()
      if (this.#isClosed) return
      this.#isClosed = true
      this.#options.onEnded(failureOf(error))
    }
  }

  /** Plays until something fails; the way out is always an exception. */
  async #play(): Promise<never> {
    let transport: 'tcp' | 'udp' = this.#options.transport === 'udp' ? 'udp' : 'tcp'
    let { url } = this.#options
    let redirects = 0
    for (;;) {
      const connection = this.#connect(url, transport)
      this.#connection = connection
      try {
        await Promise.race([connection.ended, this.#watch(connection)])
      } catch (error) {
        if (this.#isClosed) throw error
        if (error instanceof RtspRedirect && redirects < MAX_REDIRECTS) {
          url = this.#checkRedirect(error.url)
          redirects += 1
        } else if (shouldTryTcp(connection.session, error)) {
          transport = 'tcp'
        } else {
          throw error
        }
        await this.#disconnect()
        if (this.#isClosed) throw error
      }
    }
  }

  /** Only to the same host: a camera may not send us, with its password, to another machine. */
  #checkRedirect(target: string): string {
    const to = findRtspUrl(target)
    if (!to || to.host.toLowerCase() !== findRtspUrl(this.#options.url)?.host.toLowerCase())
      throw new RtspFailure('protocol_error', 'redirected to another host')
    return target
  }

  /** Starts a connection; nothing has been awaited when it returns, so that it can be closed at any time. */
  #connect(url: string, transport: 'tcp' | 'udp'): Connection {
    const { clock, quirks } = this.#options
    const target = findRtspUrl(url)
    if (!target) throw new RtspFailure('protocol_error', 'not an rtsp address')
    const device = `${target.host}:${target.port}`
    const callback = (count: number): boolean => {
      this.#receive(connection, count)
      const isEmpty = count < receiveBuffer.length
      const mayWait = this.#heldTimer && this.#connection === connection && session.isPlaying && session.transport === 'tcp'
      return !(mayWait && isEmpty) // false: nothing is read until `resume`
    }
    const socket = connect({
      host: target.host,
      port: target.port,
      onread: { buffer: receiveBuffer, callback },
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    })
    const session = new RtspSession({
      ...this.#options,
      url,
      transport,
      avoidsGetParameter: quirks.avoidGetParameter.has(device),
      write: (bytes) => {
        if (socket.writable) socket.write(bytes)
      },
      openUdp: (index) => this.#openUdp(connection, index, target.host),
    })
    const { opened, ended, fail } = this.#follow(socket, session)
    const connection: Connection = { socket, session, udpPairs: [], opened, ended, fail }
    socket.on('close', () => {
      if (session.wasClosedByGetParameter(clock.monotonicMs())) quirks.avoidGetParameter.add(device)
    })
    return connection
  }

  /** Turns the socket's events into `opened` and `ended`. */
  #follow(socket: Socket, session: RtspSession): Pick<Connection, 'opened' | 'ended' | 'fail'> {
    let reject: (failure: RtspFailure) => void = () => undefined
    const ended = new Promise<never>((_resolve, rejectEnded) => (reject = rejectEnded))
    ended.catch(() => undefined) // whoever needs it awaits it too
    const fail = (failure: RtspFailure) => {
      session.end(failure)
      reject(failure)
    }
    let isConnected = false
    // Before the connection the network is at fault; during the handshake the camera; later it has gone away.
    const cause = () => (isConnected && !session.isPlaying ? 'protocol_error' : 'unreachable')
    const timer = this.#options.clock.after(CONNECT_TIMEOUT_MS, () => {
      fail(new RtspFailure('unreachable', 'ETIMEDOUT'))
      socket.destroy()
    })
    const opened = new Promise<void>((resolve) => {
      socket.on('connect', () => {
        isConnected = true
        timer.cancel()
        resolve()
      })
    })
    socket.on('error', (error: NodeJS.ErrnoException) => fail(new RtspFailure(cause(), error.code ?? error.message)))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      timer.cancel()
      fail(new RtspFailure(cause(), 'connection closed by the camera'))
    })
    return { opened, ended, fail }
  }

  async #openUdp(connection: Connection, index: number, host: string): Promise<UdpPair> {
    const { socket, session, udpPairs } = connection
    const { clock } = this.#options
    const addresses = { localAddress: socket.localAddress ?? '0.0.0.0', cameraAddress: socket.remoteAddress ?? host, nowMs: () => clock.monotonicMs() }
    const pair = await openUdpPair(addresses, {
      onRtp: (packet, nowMs) => {
        this.#options.onBytes(packet.length)
        session.onUdpRtp(index, packet, nowMs)
      },
      onRtcp: (packet) => session.onRtcp(packet, 0, packet.length),
    })
    udpPairs[index]?.close()
    udpPairs[index] = pair
    if (this.#connection !== connection) pair.close()
    return pair
  }

  #receive(connection: Connection, count: number): void {
    if (this.#connection !== connection) return
    this.#options.onBytes(count)
    try {
      connection.session.receive(receiveBuffer, 0, count)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      connection.fail(new RtspFailure('protocol_error', error.message))
    }
  }

  /** The handshake, then once a second a look at the session. Ends by exception only. */
  async #watch({ opened, ended, session, udpPairs, fail }: Connection): Promise<never> {
    await opened
    await session.start()
    const { clock } = this.#options
    let ticks = 0
    const timer: Timer = clock.every(TICK_MS, () => {
      const nowMs = clock.monotonicMs()
      ticks += 1
      if (ticks % REPORT_EVERY_TICKS === 0) udpPairs.forEach((pair, index) => pair.sendReport(this.#options.reportOf(index)))
      const failure = session.tick(nowMs) ?? this.#options.check(nowMs)
      if (failure) fail(failure)
    })
    try {
      return await ended
    } finally {
      timer.cancel()
    }
  }

  /** Says TEARDOWN if there is a session and a way to say it, waits a second at most for the camera to hang up, and frees everything. */
  async #disconnect(): Promise<void> {
    const connection = this.#connection
    if (!connection) return
    this.#connection = undefined
    const { socket, session, udpPairs, fail } = connection
    const hasSaidGoodbye = socket.writable && session.sayGoodbye()
    fail(new RtspFailure('unreachable', 'closed by us'))
    for (const pair of udpPairs) pair?.close()
    if (hasSaidGoodbye) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.after(TEARDOWN_MS, resolve)
        socket.on('close', () => {
          timer.cancel()
          resolve()
        })
        socket.end()
      })
    }
    socket.destroy()
  }
}

/** UDP may be blocked by a firewall: a session in which nothing came is tried once more over TCP, unless the camera refused that. */
function shouldTryTcp(session: RtspSession, error: unknown): boolean {
  return (
    error instanceof RtspFailure &&
    error.failure.cause === 'silent' &&
    session.isPlaying &&
    session.transport === 'udp' &&
    !session.hasMedia &&
    !session.wasRefusedTcp
  )
}

function failureOf(error: unknown): RtspFailure['failure'] {
  if (error instanceof RtspFailure) return error.failure
  if (error instanceof RtspRedirect) return { cause: 'protocol_error', detail: 'redirected too often' }
  if (error instanceof ProtocolError) return { cause: 'protocol_error', detail: error.message }
  throw error
}
