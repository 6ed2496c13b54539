/** Made-up cameras that speak real RTSP on loopback: for the demo, the tests and the benchmarks. Nothing in them is a real place or person. */
import { systemClock, type Clock } from '../base/clock.ts'
import type { Profile } from '../contract/ids.ts'
import { CameraServer, type Fault, type SimulatedCamera } from './camera-server.ts'
import { createClipLibrary } from './clip-library.ts'
import { createOpenCounter } from './open-counter.ts'
import { openUdpPair } from './rtp-sinks.ts'
import type { RtspSession } from './rtsp-connection.ts'
import { createWheel } from './wheel.ts'

export { faults, isFault, type Fault, type SimulatedCamera } from './camera-server.ts'
export type { StreamFile } from './clip-library.ts'

export type SimulatorOptions = {
  cameras: readonly SimulatedCamera[]
  clock?: Clock
  /** Same seed, same sequence numbers, phases and losses. */
  seed?: number
  /** The first camera listens here, the next on the port after; 0: any free port each. */
  firstPort?: number
  sessionTimeoutS?: number
}

/** Where a client finds a camera. The addresses hold no password. */
export type CameraAddress = {
  cameraId: string
  port: number
  mainUrl: string
  subUrl: string
  username: string
  password: string
  mainGopMs: number | undefined
  subGopMs: number | undefined
}

/** What really happened, for tests to compare with. */
export type CameraStats = {
  fault: Fault
  connectionsOpen: number
  sessionsOpen: number
  /** TCP connections taken since the start, and the most within any second. */
  opensTotal: number
  peakOpensPerS: number
  playsTotal: Record<Profile, number>
  /** Pictures sent since the start, all receivers together. */
  framesSent: Record<Profile, number>
  /** The sessions open now. */
  sessions: RtspSession[]
}

export type Simulator = {
  cameras: readonly CameraAddress[]
  setFault(cameraIds: readonly string[], fault: Fault): void
  /** Takes the power from every camera of a switch, or gives it back. Answers which they are. */
  setSwitchFault(switchName: string, isDown: boolean): string[]
  faults(): Map<string, Fault>
  stats(cameraId: string): CameraStats
  /** Over all cameras. */
  totals(): { connectionsOpen: number; sessionsOpen: number; opensTotal: number; peakOpensPerS: number }
  close(): Promise<void>
}

const HOST = '127.0.0.1'

/** Resolves when every camera listens. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { clock = systemClock, seed = 1, firstPort = 0, sessionTimeoutS = 60 } = options
  const wheel = createWheel(clock)
  const library = createClipLibrary()
  const udp = await openUdpPair(HOST)
  const opens = createOpenCounter(clock)
  const servers = new Map(
    options.cameras.map((camera, i) => {
      const port = firstPort === 0 ? 0 : firstPort + i
      return [camera.cameraId, new CameraServer(camera, { clock, wheel, library, udp, host: HOST, port, seed, sessionTimeoutS, onOpen: opens.count })]
    }),
  )
  await Promise.all([...servers.values()].map((server) => server.open()))
  udp.onReceiverReport((port) => servers.forEach((server) => server.onReceiverReport(port)))
  const sweep = clock.every(1000, () => servers.forEach((server) => server.endForgottenSessions(clock.monotonicMs())))

  function getServer(cameraId: string): CameraServer {
    const server = servers.get(cameraId)
    if (!server) throw new Error(`no simulated camera ${cameraId}`)
    return server
  }

  return {
    cameras: [...servers.values()].map((server) => ({
      cameraId: server.camera.cameraId,
      port: server.port,
      mainUrl: `rtsp://${HOST}:${server.port}/main`,
      subUrl: `rtsp://${HOST}:${server.port}/sub`,
      username: server.camera.username,
      password: server.camera.password,
      mainGopMs: server.gopMs('main'),
      subGopMs: server.gopMs('sub'),
    })),
    setFault(cameraIds, fault) {
      for (const server of cameraIds.map(getServer)) server.setFault(fault)
    },
    setSwitchFault(switchName, isDown) {
      const behind = [...servers.values()].filter(({ camera }) => camera.switchName === switchName)
      for (const server of behind) server.setSwitchDown(isDown)
      return behind.map(({ camera }) => camera.cameraId)
    },
    faults: () => new Map([...servers].map(([cameraId, { fault }]) => [cameraId, fault])),
    stats(cameraId) {
      const server = getServer(cameraId)
      const sessions = server.sessions
      return {
        fault: server.fault,
        connectionsOpen: server.connectionCount,
        sessionsOpen: sessions.length,
        opensTotal: server.opens.total(),
        peakOpensPerS: server.opens.peakPerS(),
        playsTotal: { ...server.playsTotal },
        framesSent: { ...server.framesSent },
        sessions: sessions.map(({ id, profile, transport, framesSent, isPlaying }) => ({ id, profile, transport, framesSent, isPlaying })),
      }
    },
    totals() {
      const all = [...servers.values()]
      return {
        connectionsOpen: all.reduce((sum, server) => sum + server.connectionCount, 0),
        sessionsOpen: all.reduce((sum, server) => sum + server.sessions.length, 0),
        opensTotal: opens.total(),
        peakOpensPerS: opens.peakPerS(),
      }
    },
    async close() {
      sweep.cancel()
      await Promise.all([...servers.values()].map((server) => server.close()))
      wheel.close()
      await udp.close()
    },
  }
}
