/** The HTTP gate with real accounts, audit and database on a free port; every other endpoint has a handler that only counts. */
import { tmpdir } from 'node:os'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import supertest from 'supertest'
import { api } from '../../server/contract/index.ts'
import type { Endpoint } from '../../server/contract/endpoint.ts'
import type { CameraId, StationId, UserId } from '../../server/contract/ids.ts'
import type { Role } from '../../server/contract/permissions.ts'
import type { CameraState } from '../../server/contract/status.ts'
import { createEvents } from '../../server/base/events.ts'
import { createHttpServer, type HttpDeps } from '../../server/base/http.ts'
import { silentLog } from '../../server/base/log.ts'
import { createPush } from '../../server/base/push.ts'
import { type BoundRoute, socketRoute, type User } from '../../server/base/routes.ts'
import { createSecrets } from '../../server/base/secrets.ts'
import { type AccountEvents, accountRoutes, createAccounts, createAccountStore, openLockout } from '../../server/features/accounts/index.ts'
import { createAnchorFile, createAudit, createAuditStore } from '../../server/features/audit/index.ts'
import { z } from 'zod'
import { createFakeClock } from './fake-clock.ts'
import { openTestDatabase } from './database.ts'

/** The hashing is tested by itself; here it only has to be quick. */
const quickPasswords = {
  hash: async (password: string) => `plain:${password}`,
  verify: async (stored: string, password: string) => stored === `plain:${password}`,
}

export const PASSWORD = 'Right-Horse-42-Battery'

export type TestGate = Awaited<ReturnType<typeof openTestGate>>

/** `stationOfCamera` says which cameras exist and where. */
export async function openTestGate({
  stationOfCamera = {},
  staticFolder,
  ...overrides
}: { stationOfCamera?: Record<string, string> } & Partial<HttpDeps> = {}) {
  const opened = await openTestDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'mapwall-gate-'))
  const clock = createFakeClock()
  const events = createEvents<AccountEvents>(silentLog)
  const { mac } = createSecrets(Buffer.alloc(32, 7))
  const anchors = createAnchorFile({ file: join(folder, 'audit-anchors.jsonl'), sign: mac, onBadLine: () => {} })
  const audit = createAudit({ store: createAuditStore(opened.database), anchors, sign: mac, clock, log: silentLog })
  const store = createAccountStore(opened.database)
  const accounts = createAccounts({
    store,
    lockout: await openLockout({ store, clock }),
    passwords: quickPasswords,
    events,
    clock,
    log: silentLog,
    limits: { administratorIdleMs: 30 * 60_000, idleMs: 12 * 3_600_000, watchLoginMs: 31 * 24 * 3_600_000, loginMs: 168 * 3_600_000 },
    listConnected: () => push.listLogins(),
  })
  const mayTouchCamera = (user: User, cameraId: CameraId) => {
    const station = stationOfCamera[cameraId]
    return station !== undefined && (user.stationIds === null || user.stationIds.includes(station as StationId))
  }
  const states: CameraState[] = []
  const push = createPush({
    clock,
    log: silentLog,
    listStates: () => states,
    listAlarms: () => [],
    mayTouchCamera,
    readOwn: async () => ({ topic: 'exports', toDecide: 0, readyAts: [] }),
  })
  events.on('loginEnded', ({ loginId, reason }) => void push.endLogin(loginId, reason))
  events.on('userChanged', ({ userId }) => push.rightsChanged(userId))

  /** Routes of endpoints whose handler was really reached, in order. */
  const reached: string[] = []
  const counting = (endpoint: Endpoint): BoundRoute => ({
    endpoint,
    handler: (() => {
      reached.push(endpoint.route)
      return endpoint.reply === 'bytes' ? { contentType: 'video/mp4', bytes: new Uint8Array(8) } : {}
    }) as never,
  })
  const { account: _own, ...others } = api
  const live = socketRoute({
    path: '/media/live/:cameraId',
    permission: 'camera.live',
    audit: 'camera.live',
    params: z.object({ cameraId: z.string() }),
    query: z.object({}),
    onUpgrade({ socket, params }) {
      reached.push(`live ${params.cameraId}`)
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    },
  })
  const http = await createHttpServer({
    api,
    clock,
    log: silentLog,
    trust: { trustProxy: false },
    tls: undefined,
    checkReplies: false,
    staticFolder,
    routes: [
      ...accountRoutes({ accounts, clock, welcome: { unitName: 'test', isDemo: false, version: '0' }, countCameras: () => 0 }),
      ...Object.values(others)
        .flatMap((group) => Object.values(group as Record<string, Endpoint>))
        .map(counting),
    ],
    sockets: [push.route, live],
    findLogin: accounts.findLogin,
    recordAudit: audit.record,
    mayTouchCamera,
    ...overrides,
  })
  const { port } = await http.listen(0, '127.0.0.1')
  const origin = `http://127.0.0.1:${port}`

  return {
    opened,
    clock,
    events,
    accounts,
    audit,
    push,
    states,
    http,
    port,
    origin,
    reached,
    agent: supertest(origin),
    /** A new user of this role; answers what signing in needs. */
    createUser: async (
      role: Role,
      stationIds: string[] | null,
      account = `${role}-${Math.random().toString(36).slice(2, 8)}`,
    ): Promise<{ account: string; userId: UserId }> => ({
      account,
      userId: await accounts.createUser({ account, displayName: role, role, password: PASSWORD, stationIds: stationIds as StationId[] | null }),
    }),
    /** The cookie of a new login, as the browser would send it. */
    async signIn(account: string, password = PASSWORD): Promise<string> {
      const answer = await supertest(origin).post('/api/login').set('Origin', origin).send({ account, password })
      if (answer.status !== 200) throw new Error(`login of ${account}: ${answer.status} ${answer.text}`)
      return String(answer.headers['set-cookie']).split(';')[0]!
    },
    async close() {
      push.close()
      await http.close()
      accounts.close()
      await audit.close()
      await opened.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
