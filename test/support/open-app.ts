/** A whole control process for a test: real HTTP, real database, fake media plane. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WebSocket from 'ws'
import { type App, createApp } from '../../server/app.ts'
import { type Clock, systemClock } from '../../server/base/clock.ts'
import { type Log, silentLog } from '../../server/base/log.ts'
import { openSecrets } from '../../server/base/secrets.ts'
import type { Station } from '../../server/contract/stations.ts'
import type { CameraId, LonLat, StationId } from '../../server/contract/ids.ts'
import type { PushMessage } from '../../server/contract/push.ts'
import type { HealthSettings } from '../../server/features/health/index.ts'
import type { CameraDraft } from '../../server/features/cameras/index.ts'
import type { NewUser } from '../../server/features/accounts/index.ts'
import type { MediaPlane } from '../../server/media/plane.ts'
import { createFakePlane, type FakePlane } from './fake-plane.ts'
import { openTestDatabase, type TestDatabase } from './database.ts'

export const testPassword = 'Correct-Horse-9'

export const stationOf = (stationId: string): Station => ({
  stationId: stationId as StationId,
  name: `${stationId}派出所`,
  shortName: `${stationId}所`,
  jurisdiction: null,
  labelLonLat: [111.66, 40.75],
})

/** A made-up camera; what the test cares about is given. */
export const draftOf = (cameraId: string, stationId: string, change: Partial<CameraDraft> = {}): CameraDraft => ({
  cameraId: cameraId as CameraId,
  name: '澄桥路口-03',
  label: 'C-003',
  address: '澄桥路 3 号',
  stationId: stationId as StationId,
  lonLat: [111.66, 40.75],
  original: { pair: [111.666, 40.751], crs: 'GCJ-02' },
  headingDeg: 90,
  fovDeg: 60,
  reachM: 50,
  scene: 'alley',
  link: 'wired',
  hasSound: true,
  hasPtz: false,
  vendor: '辰目',
  model: 'CM-1',
  mountHeightM: 4,
  switchName: 'SW-01',
  installedAt: 1_600_000_000_000,
  lastUpkeepAt: null,
  isSuspended: false,
  access: {
    driver: 'rtsp',
    mainUrl: 'rtsp://10.1.2.3:554/main?user=admin&password=geheim',
    subUrl: 'rtsp://10.1.2.3:554/sub',
    username: 'admin',
    password: 'geheim-1',
    transport: 'auto',
  },
  ...change,
})

export type TestApp = {
  app: App
  fake: FakePlane
  url: string
  close(): Promise<void>
}

export type TestWorld = {
  database: TestDatabase
  dataFolder: string
  /** `plane`: a real one instead of the fake. */
  start(options?: { clock?: Clock; health?: HealthSettings; log?: Log; plane?: MediaPlane; outline?: LonLat[] }): Promise<TestApp>
  close(): Promise<void>
}

/** A database and a data folder in which apps can be started one after another. `database`: one of the test's own, which is closed with the rest. */
export async function openTestWorld({ database: given }: { database?: TestDatabase } = {}): Promise<TestWorld> {
  const database = given ?? (await openTestDatabase())
  const dataFolder = mkdtempSync(join(tmpdir(), 'mapwall-test-'))
  return {
    database,
    dataFolder,
    async start({ clock = systemClock, health, log = silentLog, plane, outline } = {}) {
      const fake = createFakePlane(clock)
      const app = await createApp({
        database: database.database,
        plane: plane ?? fake.plane,
        clock,
        log,
        secrets: await openSecrets(dataFolder),
        settings: {
          port: 0,
          host: '127.0.0.1',
          dataFolder,
          unitName: '测试',
          tls: undefined,
          trustProxy: false,
          logins: { administratorIdleMs: 3_600_000, idleMs: 3_600_000, watchLoginMs: 3_600_000, loginMs: 3_600_000 },
          requestsPerSecond: 10_000,
          recordingQuotaBytes: undefined,
          map: { baseMap: { kind: 'none' }, otherBaseMaps: [], outline: outline ?? null, center: [111.66, 40.75], zoom: 13 },
          mapOrigins: [],
          isDemo: false,
          version: '0.0.0-test',
          staticFolder: undefined,
          checkReplies: true,
          ...(health ? { health } : {}),
        },
      })
      const { port } = await app.open()
      return { app, fake, url: `http://127.0.0.1:${port}`, close: app.close }
    },
    async close() {
      await database.close()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}

export type Visitor = {
  get(path: string): Promise<{ status: number; body: never; headers: Headers }>
  getBytes(path: string): Promise<{ status: number; bytes: Uint8Array; headers: Headers }>
  post(path: string, body?: unknown): Promise<{ status: number; body: never }>
  /** Opens a socket; rejects with the HTTP status when refused. */
  openSocket(path: string): Promise<WebSocket>
  /** Opens `/push` and gathers its messages from the first on. */
  openPush(query?: string): Promise<{ messages: PushMessage[]; close(): void }>
}

/** The cookie of a new account's login. */
export const signInCookie = async (running: TestApp, user: Partial<NewUser> & { account: string }): Promise<string> => (await logIn(running, user)).cookie

async function logIn({ app, url }: TestApp, user: Partial<NewUser> & { account: string }): Promise<{ userId: string; cookie: string }> {
  const userId = await app.accounts.createUser({ displayName: user.account, role: 'dutyOfficer', password: testPassword, stationIds: null, ...user })
  const answer = await fetch(`${url}/api/login`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'application/json' },
    body: JSON.stringify({ account: user.account, password: testPassword }),
  })
  if (answer.status !== 200) throw new Error(`sign-in of ${user.account}: ${answer.status} ${await answer.text()}`)
  return { userId, cookie: answer.headers.getSetCookie()[0]!.split(';')[0]! }
}

/** A signed-in browser. */
export async function signIn(running: TestApp, user: Partial<NewUser> & { account: string }): Promise<Visitor & { userId: string }> {
  const { url } = running
  const { userId, cookie } = await logIn(running, user)
  const headers = { cookie, origin: url }
  const socketTo = (path: string) => new WebSocket(url.replace('http', 'ws') + path, { headers })
  return {
    userId,
    async get(path) {
      const reply = await fetch(url + path, { headers })
      return { status: reply.status, headers: reply.headers, body: (await reply.json()) as never }
    },
    async getBytes(path) {
      const reply = await fetch(url + path, { headers })
      return { status: reply.status, headers: reply.headers, bytes: new Uint8Array(await reply.arrayBuffer()) }
    },
    async post(path, body = {}) {
      const reply = await fetch(url + path, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) })
      return { status: reply.status, body: (await reply.json()) as never }
    },
    openSocket: (path) => opened(socketTo(path)),
    async openPush(query = '') {
      const socket = socketTo(`/push${query}`)
      const messages: PushMessage[] = []
      socket.on('message', (text) => messages.push(JSON.parse((text as Buffer).toString()) as PushMessage))
      await opened(socket)
      return { messages, close: () => socket.close() }
    },
  }
}

function opened(socket: WebSocket): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (_request, response) => reject(new Error(String(response.statusCode))))
    socket.once('error', reject)
  })
}
