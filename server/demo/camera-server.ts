/** One made-up camera: a listener, its clients, and what is wrong with it right now. */
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Clock, Timer } from '../base/clock.ts'
import { assert } from '../base/errors.ts'
import type { Profile } from '../contract/ids.ts'
import type { VideoCodec } from '../contract/media.ts'
import type { ClipLibrary, SoundCodec, StreamFile, VideoLoop } from './clip-library.ts'
import type { ClipName, ClipStreams } from './clips/catalog.ts'
import { createDigestGuard } from './digest.ts'
import { createTcpSink, createUdpSink, MAX_UNSENT_BYTES, type UdpPair } from './rtp-sinks.ts'
import { RtpTrack, type TrackFate } from './rtp-track.ts'
import { RtspConnection, type CameraHost, type RtspSession, type Transport } from './rtsp-connection.ts'
import { serializeSdp } from './sdp.ts'
import { createRandom, hashText } from './seeded.ts'
import type { Wheel } from './wheel.ts'
import { createOpenCounter } from './open-counter.ts'

export const faults = [
  'none',
  'off', // nobody listens; lines are reset
  'refuse_password', // 401 for ever
  'silent', // everything is answered, nothing is sent
  'silent_accept', // takes connections and never answers
  'half_open', // stops everything and says no goodbye
  'freeze', // media flows, the picture stands
  'black',
  'change_resolution', // another SPS from the next key frame on
  'drop_packets', // 3 % of the packets (UDP) or of the pictures (TCP)
  'flap', // 5 s there, 5 s away
  'close_after_play',
  'stream_limit', // 453 to every SETUP
] as const
export type Fault = (typeof faults)[number]

export const isFault = (text: unknown): text is Fault => (faults as readonly unknown[]).includes(text)

export type SimulatedCamera = {
  cameraId: string
  clip: ClipName
  /** `h265` only with a clip that has it; the sub stream is always H.264. */
  mainCodec: VideoCodec
  sound: 'none' | SoundCodec
  /** Empty: no login asked for. */
  username: string
  password: string
  hasParameterSetsInSdp: boolean
  switchName: string | null
  /** `sha256` offers SHA-256 only. */
  digest?: 'md5' | 'sha256'
  transports?: readonly Transport[]
  /** Shown on both paths instead of the clip. */
  file?: StreamFile
}

const FLAP_EVERY_MS = 5_000
const RELISTEN_AFTER_MS = 500
const LOST_RATE = 0.03
const FIRST_OWN_PORT = 10_240
/** Linux gives 32768 to 60999 to outgoing connections, other systems 49152 and up. */
const FIRST_OUTGOING_PORT = 32_768
const MAX_PORT_TRIES = 50

export type CameraDeps = {
  clock: Clock
  wheel: Wheel
  library: ClipLibrary
  udp: UdpPair
  host: string
  port: number
  seed: number
  sessionTimeoutS: number
  onOpen(): void
}

export class CameraServer {
  readonly camera: SimulatedCamera
  readonly opens
  readonly framesSent: Record<Profile, number> = { main: 0, sub: 0 }
  readonly playsTotal: Record<Profile, number> = { main: 0, sub: 0 }
  port = 0
  fault: Fault = 'none'
  #deps: CameraDeps
  #random
  #beganAtMs: number
  #connections = new Set<RtspConnection>()
  #server: Server | undefined
  #isSwitchDown = false
  #isFlappedAway = false
  #flapTimer: Timer | undefined
  #relistenTimer: Timer | undefined
  #isClosed = false
  #host: CameraHost

  constructor(camera: SimulatedCamera, deps: CameraDeps) {
    this.camera = camera
    this.#deps = deps
    this.#random = createRandom(deps.seed ^ hashText(camera.cameraId))
    this.#beganAtMs = deps.clock.monotonicMs() - this.#random() * 60_000
    this.opens = createOpenCounter(deps.clock)
    assert(camera.file || camera.mainCodec === 'h264' || deps.library.clip(camera.clip).h265, `clip ${camera.clip} has a stream in H.265`)
    this.#host = this.#createHost()
  }

  async open(): Promise<void> {
    await (this.#deps.port === 0 ? this.#listenAnywhere() : this.#listen(this.#deps.port))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#flapTimer?.cancel()
    this.#relistenTimer?.cancel()
    this.#cutConnections()
    await this.#unlisten()
  }

  get sessions(): RtspSession[] {
    return [...this.#connections].flatMap(({ session }) => (session ? [session] : []))
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  gopMs(profile: Profile): number | undefined {
    if (this.camera.file) return undefined
    const { moving } = this.#streams(profile)
    return (moving.gopFrames / moving.fps) * 1000
  }

  setFault(fault: Fault) {
    if (fault === this.fault) return
    const before = this.fault
    this.fault = fault
    this.#flapTimer?.cancel()
    this.#isFlappedAway = false
    if (fault === 'flap') {
      this.#flapTimer = this.#deps.clock.every(FLAP_EVERY_MS, () => {
        this.#isFlappedAway = !this.#isFlappedAway
        this.#applyPower()
      })
    }
    // A camera that was dead to its clients does not know them any more when it is back.
    if (isMuteFault(before) || fault === 'silent_accept' || fault === 'refuse_password') this.#cutConnections()
    this.#applyPower()
  }

  setSwitchDown(isDown: boolean) {
    this.#isSwitchDown = isDown
    this.#applyPower()
  }

  /** Ends sessions nobody has asked for within their timeout (RFC 2326 §12.37). */
  endForgottenSessions(nowMs: number) {
    for (const connection of this.#connections) {
      if (connection.session && nowMs - connection.lastSignAtMs > this.#deps.sessionTimeoutS * 1000) connection.reset()
    }
  }

  onReceiverReport(port: number) {
    for (const connection of this.#connections) if (connection.usesRtcpPort(port)) connection.lastSignAtMs = this.#deps.clock.monotonicMs()
  }

  #applyPower() {
    const isOn = !this.#isClosed && this.fault !== 'off' && !this.#isSwitchDown && !this.#isFlappedAway
    this.#relistenTimer?.cancel()
    if (isOn && !this.#server) this.#relisten()
    if (!isOn) {
      this.#cutConnections()
      void this.#unlisten()
    }
  }

  /** Somebody else may have the port for a moment. */
  #relisten() {
    this.#listen(this.port).catch(() => {
      this.#relistenTimer = this.#deps.clock.after(RELISTEN_AFTER_MS, () => this.#applyPower())
    })
  }

  /** Any free port, none that the system gives to outgoing connections: one of those would keep a camera from coming back after an outage. */
  async #listenAnywhere() {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#listen(FIRST_OWN_PORT + Math.floor(Math.random() * (FIRST_OUTGOING_PORT - FIRST_OWN_PORT)))
      } catch (error) {
        if (tries === MAX_PORT_TRIES) throw error
      }
    }
  }

  async #listen(port: number) {
    const server = createServer((socket) => this.#onConnection(socket))
    this.#server = server
    try {
      server.listen({ port, host: this.#deps.host, backlog: 64 })
      await once(server, 'listening')
    } catch (error) {
      if (this.#server === server) this.#server = undefined
      throw error
    }
    const address = server.address()
    if (address && typeof address === 'object') this.port = address.port
  }

  async #unlisten() {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #cutConnections() {
    for (const connection of this.#connections) connection.reset()
  }

  #onConnection(socket: Socket) {
    this.opens.count()
    this.#deps.onOpen()
    const connection = new RtspConnection(socket, this.#host, () => this.#deps.clock.monotonicMs())
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
  }

  #streams(profile: Profile): ClipStreams {
    const { main, sub, h265 } = this.#deps.library.clip(this.camera.clip)
    if (profile === 'sub') return sub
    return this.camera.mainCodec === 'h265' && h265 ? h265 : main
  }

  /** The healthy picture: what the description is about. */
  #movingLoop(profile: Profile): VideoLoop {
    const { library } = this.#deps
    return this.camera.file ? library.custom(this.camera.file) : library.video(this.#streams(profile).moving)
  }

  #pickLoop(profile: Profile): VideoLoop {
    const { library } = this.#deps
    if (this.camera.file) return this.#movingLoop(profile)
    const { moving, frozen } = this.#streams(profile)
    const instead = { freeze: frozen, black: library.findBlack(moving), change_resolution: library.findOtherSize(this.camera.clip, moving) }
    return library.video(instead[this.fault as keyof typeof instead] ?? moving)
  }

  #fateOf(transport: Transport): TrackFate {
    if (this.fault === 'silent' || isMuteFault(this.fault)) return 'hold'
    return this.fault === 'drop_packets' && transport === 'tcp' && this.#random() < LOST_RATE ? 'lose' : 'send'
  }

  #createHost(): CameraHost {
    const { camera } = this
    const { clock, wheel, library, udp, sessionTimeoutS } = this.#deps
    const isCamera = (fault: Fault) => this.fault === fault
    return {
      sessionTimeoutS,
      guard: camera.username
        ? createDigestGuard({
            realm: `IP Camera(${camera.cameraId.slice(-5)})`,
            username: camera.username,
            password: camera.password,
            algorithms: [camera.digest === 'sha256' ? 'SHA-256' : 'MD5'],
          })
        : undefined,
      isMute: () => isMuteFault(this.fault),
      refusesLogin: () => isCamera('refuse_password'),
      closesAfterPlay: () => isCamera('close_after_play'),
      hasFreeSlot: () => !isCamera('stream_limit'),
      takes: (transport) => camera.transports?.includes(transport) ?? true,
      describe: (profile) => {
        const { codec, fps, parameterSets } = this.#movingLoop(profile)
        const sound =
          camera.sound === 'none' ? undefined : camera.sound === 'pcma' ? { codec: 'pcma' as const } : { ...library.sound('aac'), codec: 'aac' as const }
        return serializeSdp({ codec, fps, parameterSets: camera.hasParameterSetsInSdp ? parameterSets : [], sound })
      },
      hasSound: () => camera.sound !== 'none',
      udpServerPort: udp.rtpPort,
      openTrack: ({ kind, profile, transport, channel, sink, fateOf, onSent }) =>
        new RtpTrack({
          clock,
          wheel,
          random: this.#random,
          sink,
          channel,
          beganAtMs: this.#beganAtMs,
          onSent,
          pickLoop: () => (kind === 'video' || camera.sound === 'none' ? this.#pickLoop(profile) : library.sound(camera.sound)),
          fateOf: (isKey) => {
            const fate = this.#fateOf(transport)
            return fate === 'send' ? fateOf(isKey) : fate
          },
        }),
      tcpSink: createTcpSink,
      udpSink: (peer) => createUdpSink({ ...peer, pair: udp, wheel, clock, isLost: () => isCamera('drop_packets') && this.#random() < LOST_RATE }),
      isBackedUp: (socket) => socket.writableLength > MAX_UNSENT_BYTES,
      onPlay: ({ profile }) => void this.playsTotal[profile]++,
      onFrame: (profile) => void this.framesSent[profile]++,
    }
  }
}

function isMuteFault(fault: Fault): boolean {
  return fault === 'silent_accept' || fault === 'half_open'
}
