/** A whole media process in this one: the app on its Unix socket, the plane client of control, and browsers on real TCP sockets. Cameras are fake unless a driver is given. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { createMediaApp, defaultLimits, type MediaLimits } from '../../server/media/app.ts'
import { createMediaPlane } from '../../server/media/plane-client.ts'
import type { CameraDriver } from '../../server/drivers/driver.ts'
import type { CameraAccess, MediaEvent, ViewerRequest } from '../../server/media/plane.ts'
import { createFakeDriver } from '../support/fake-driver.ts'
import { cameraId, recordingsIn, temporaryFolder, until } from './support.ts'
import { createWebSocketClient, webSocketKey, type WebSocketClient } from './web-socket-client.ts'

export type MediaSetup = Awaited<ReturnType<typeof createMediaSetup>>

export async function createMediaSetup(
  cameras: CameraAccess[],
  options: { ffmpegPath?: string | undefined; change?: (limits: MediaLimits) => void; driver?: CameraDriver } = {},
) {
  const { ffmpegPath, change = () => {} } = options
  const folder = temporaryFolder()
  const socketPath = join(folder, 'media.sock')
  const fake = createFakeDriver()
  const limits = defaultLimits()
  change(limits)
  const app = createMediaApp(
    { socketPath, stillsFolder: join(folder, 'stills'), exportsFolder: join(folder, 'exports'), recordings: recordingsIn(folder), ffmpegPath, limits },
    { clock: systemClock, log: silentLog, drivers: { rtsp: options.driver ?? fake.driver } },
  )
  await app.open()
  const events: MediaEvent[] = []
  const plane = createMediaPlane({ socketPath, clock: systemClock, log: silentLog })
  plane.onEvent((event) => events.push(event))
  await until(() => plane.isUp(), 'the link to media')
  await plane.setCameras(cameras)

  const requests: Partial<ViewerRequest>[] = []
  const problems: unknown[] = []
  const front = createServer((socket) => {
    const request = {
      viewerId: `v${requests.length}`,
      cameraId: cameraId('a'),
      profile: 'main',
      codecs: ['h264'],
      sound: false,
      loginId: 'login',
      webSocketKey: 'crowd',
      ...requests.shift(),
    } as ViewerRequest
    plane.attachViewer(request, socket, new Uint8Array(0)).catch((problem: unknown) => {
      problems.push(problem)
      socket.destroy()
    })
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo
  const browsers = new Set<Socket>()

  /** Opens a viewer as a browser would; the next connection the front takes is this one. */
  async function watch(
    request: Partial<ViewerRequest> = {},
    options: { keepsBytes?: boolean; prepare?: (socket: Socket) => void } = {},
  ): Promise<WebSocketClient> {
    const key = webSocketKey()
    requests.push({ ...request, webSocketKey: key })
    const socket = connect(port, '127.0.0.1')
    browsers.add(socket)
    socket.once('close', () => browsers.delete(socket))
    const client = createWebSocketClient(socket, key, options)
    options.prepare?.(socket)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return client
  }

  onTestFinished(async () => {
    for (const socket of browsers) socket.destroy()
    front.close()
    await plane.close()
    await app.close()
  })
  return { app, plane, fake, events, watch, socketPath, folder, problems, port }
}

/** Calls `step` at a steady rate until the test ends or the answer is called. */
export function everyMs(periodMs: number, step: () => void): () => void {
  const handle = setInterval(step, periodMs)
  const stop = () => clearInterval(handle)
  onTestFinished(stop)
  return stop
}

export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
