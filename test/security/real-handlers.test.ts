/**
 * reliability.md A1 with the real handlers: every endpoint of the contract, every role and every kind of stranger, own and foreign station, through the
 * whole control process. What is expected is read from the contract; what an answer may hold is told by words planted in the foreign station.
 * Spellings, origins and sockets at the gate itself: `access.test.ts`.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { assert } from '../../server/base/errors.ts'
import type { Endpoint, Route } from '../../server/contract/endpoint.ts'
import type { CameraId, LonLat, StationId, UserId } from '../../server/contract/ids.ts'
import { api } from '../../server/contract/index.ts'
import { Permission, Role, rolePermissions } from '../../server/contract/permissions.ts'
import { hashStates, type PushMessage } from '../../server/contract/push.ts'
import { wallShapes } from '../../server/contract/walls.ts'
import type { CameraStatus } from '../../server/contract/status.ts'
import { createExportStore } from '../../server/features/exports/index.ts'
import { createBookmarkStore } from '../../server/features/map/index.ts'
import { draftOf, openTestWorld, stationOf, testPassword, type TestApp, type TestWorld } from '../support/open-app.ts'

const quick = { probePeriodMs: 1_000, maxProbesInFlight: 10, maxProbesPerSecond: 100 }
const NEW_PASSWORD = 'Another-Horse-43-Staple'
/** In every name of the foreign station: who must not see it must never read this. */
const PLANTED = '外站点位'
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 50 })

const endpoints = Object.values(api).flatMap((group) => Object.values(group as Record<string, Endpoint>))
const ofAccounts: readonly Endpoint[] = Object.values(api.account)

let world: TestWorld
let running: TestApp

/** Who asks. `role` undefined: the cookie is no login (any more). */
type Caller = { name: string; role: Role | undefined; cookie: string; address: string; userId?: UserId; mustChangePassword?: true }
const callers: Caller[] = []
const userIds = new Map<Role, UserId>()
const callerNames = [...Role.options, 'nobody', 'a made-up token', 'signed out', 'disabled', 'one who must change the password']
const callerOf = (name: string) => callers.find((caller) => caller.name === name)!

type Answer = { status: number; text: string; code: string | undefined; cookie: string | undefined }

/** Strangers come from addresses of their own, as they would: one address may ask little. */
function ask(route: string, options: { cookie?: string; address?: string; body?: unknown } = {}): Promise<Answer> {
  const [method, path] = route.split(' ') as [string, string]
  const { port } = new URL(running.url)
  const content = options.body === undefined ? undefined : JSON.stringify(options.body)
  return new Promise((resolve, reject) => {
    const headers = {
      origin: running.url,
      connection: 'close',
      ...(options.cookie ? { cookie: options.cookie } : {}),
      ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
    }
    const sent = request({ host: '127.0.0.1', port, method, path, headers, localAddress: options.address ?? '127.0.0.1' }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      const text = Buffer.concat(chunks).toString('utf8')
      const isJson = response.headers['content-type']?.startsWith('application/json') ?? false
      resolve({
        status: response.statusCode!,
        text,
        code: isJson ? (JSON.parse(text) as { code?: string }).code : undefined,
        cookie: response.headers['set-cookie']?.[0]?.split(';')[0],
      })
    })
    sent.once('error', reject)
    sent.end(content)
  })
}

let addresses = 1
const newAddress = () => `127.0.1.${++addresses}`

async function signIn(account: string, password = testPassword): Promise<string> {
  const { status, text, cookie } = await ask('POST /api/login', { body: { account, password }, address: newAddress() })
  if (status !== 200) throw new Error(`sign-in of ${account}: ${status} ${text}`)
  return cookie!
}

async function addUser(account: string, role: Role, more: { mustChangePassword?: boolean } = {}) {
  const userId = await running.app.accounts.createUser({
    account,
    displayName: account,
    role,
    password: testPassword,
    stationIds: ['own' as StationId],
    ...more,
  })
  return { userId, cookie: await signIn(account) }
}

const both = ['own-1', 'foreign-1'] as CameraId[]
const untilBothAre = (status: CameraStatus) =>
  until(() =>
    assert(
      both.every((id) => running.app.health.getState(id).status === status),
      `both are ${status}`,
    ),
  )

beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start({ health: quick })
  const { app, fake } = running
  await app.cameras.putStations([stationOf('own'), { ...stationOf('foreign'), name: `${PLANTED}派出所`, shortName: `${PLANTED}所` }])
  await app.cameras.putCameras([
    draftOf('own-1', 'own', { switchName: null }),
    draftOf('foreign-1', 'foreign', { name: `${PLANTED}-01`, address: PLANTED, vendor: PLANTED, switchName: null }),
  ])
  // both have a past: one that the other station must not hear of
  await untilBothAre('online')
  fake.fail(both, 'unreachable')
  await untilBothAre('offline')
  fake.stills.set('own-1' as CameraId, { at: 1, mp4: new Uint8Array([0, 0, 0, 8]) })
  fake.stills.set('foreign-1' as CameraId, { at: 1, mp4: Buffer.from(PLANTED) })
  for (const [cameraId, still] of fake.stills) fake.recordedStills.set(cameraId, still)

  for (const role of Role.options) {
    const { userId, cookie } = await addUser(`user-${role}`, role)
    callers.push({ name: role, role, cookie, address: newAddress(), userId })
    userIds.set(role, userId)
    if (role === 'supervisor') await addExports(userId)
  }
  const gone = await addUser('signed-out', 'supervisor')
  await ask('POST /api/logout', { cookie: gone.cookie })
  const disabled = await addUser('disabled', 'supervisor')
  await app.accounts.changeUser(disabled.userId, { isEnabled: false })
  const fresh = await addUser('must-change', 'supervisor', { mustChangePassword: true })
  const strangers = { nobody: '', 'a made-up token': `mapwall=${'A'.repeat(43)}`, 'signed out': gone.cookie, disabled: disabled.cookie }
  for (const [name, cookie] of Object.entries(strangers)) callers.push({ name, role: undefined, cookie, address: newAddress() })
  callers.push({ name: 'one who must change the password', role: 'supervisor', cookie: fresh.cookie, address: newAddress(), mustChangePassword: true })
})
afterAll(async () => {
  await running?.close()
  await world?.close()
})

const exportIds = { own: randomUUID(), ownWaiting: randomUUID(), colleagues: randomUUID(), foreign: randomUUID() }

/** What can be fetched, cancelled and decided on by the one caller who may, and an export of the other station. */
async function addExports(own: UserId) {
  const store = createExportStore(world.database.database)
  const { userId } = await addUser('colleague', 'supervisor')
  const manifest = '{}'
  const add = (exportId: string, state: 'ready' | 'waiting', of: UserId, cameraId: string, cameraName: string) =>
    store.add({
      exportId,
      state,
      userId: of,
      account: 'x',
      requestedAt: Date.now(),
      fromAt: 1,
      toAt: 2,
      purpose: 'case',
      documentNumber: '',
      reason: '',
      isWatermarked: false,
      isH264: false,
      decidedBy: null,
      decidedAt: null,
      decisionNote: '',
      readyAt: null,
      expiresAt: null,
      papers: [{ fileName: 'manifest.json', bytes: manifest.length, sha256: 'x' }],
      clips: [
        {
          cameraId: cameraId as CameraId,
          cameraName,
          state: 'queued',
          interruptions: 0,
          recordedMs: 1,
          bytes: 1,
          files: [],
          gaps: [],
          failure: null,
        },
      ],
    })
  await add(exportIds.own, 'ready', own, 'own-1', 'x')
  await add(exportIds.ownWaiting, 'waiting', own, 'own-1', 'x')
  await add(exportIds.colleagues, 'waiting', userId, 'own-1', 'x')
  await add(exportIds.foreign, 'waiting', userId, 'foreign-1', PLANTED)
  for (const exportId of [exportIds.own, exportIds.foreign]) {
    mkdirSync(join(world.dataFolder, 'exports', exportId), { recursive: true })
    writeFileSync(join(world.dataFolder, 'exports', exportId, 'manifest.json'), exportId === exportIds.own ? manifest : PLANTED)
  }
}

function exportIdFor({ route }: Endpoint, cameraId: string): string {
  if (cameraId === 'no-such') return randomUUID()
  if (cameraId === 'foreign-1') return exportIds.foreign
  return route.startsWith('DELETE') ? exportIds.ownWaiting : route.includes('decision') ? exportIds.colleagues : exportIds.own
}

const layout = { name: 'x', sharedWith: [], shape: wallShapes[1], cameraIds: ['own-1' as CameraId] }
const rotation = {
  name: 'x',
  sharedWith: [],
  steps: { kind: 'cameras' as const, cameraIds: ['own-1' as CameraId] },
  dwellMs: 5_000,
  onOffline: 'hold' as const,
}

/** A layout or rotation of the caller's own, or one of somebody else that is not shared with the caller. */
async function wallIdFor(kind: 'layouts' | 'rotations', cameraId: string, { name, role, userId }: Caller): Promise<string> {
  if (cameraId === 'no-such' || !role || !userId) return randomUUID()
  const { walls } = running.app
  const owner = { userId, account: name, role, stationIds: null }
  const of = cameraId === 'foreign-1' ? { ...owner, userId: 'somebody-else' as UserId } : owner
  const called = cameraId === 'foreign-1' ? PLANTED : 'x'
  const made = kind === 'layouts' ? await walls.layouts.add({ ...layout, name: called }, of) : await walls.rotations.add({ ...rotation, name: called }, of)
  return 'layoutId' in made ? made.layoutId : made.rotationId
}

/** A mark or a lock of the caller's own that is there now, so that each who may can take it away. */
async function pathFor(endpoint: Endpoint, cameraId: string, caller: Caller): Promise<string> {
  const { role } = caller
  const { marks } = running.app
  const by = { account: `user-${role}` }
  const of = (cameraId === 'no-such' ? 'own-1' : cameraId) as CameraId
  const note = cameraId === 'foreign-1' ? PLANTED : 'x'
  // a bookmark of somebody else is as one that is not there
  const owner = cameraId === 'own-1' && role ? userIds.get(role)! : userIds.get('securityAdmin')!
  let path = endpoint.route.replace(':cameraId', cameraId).replace(':exportId', exportIdFor(endpoint, cameraId))
  if (path.includes(':layoutId')) path = path.replace(':layoutId', await wallIdFor('layouts', cameraId, caller))
  if (path.includes(':rotationId')) path = path.replace(':rotationId', await wallIdFor('rotations', cameraId, caller))
  if (path.includes(':markId')) path = path.replace(':markId', (await marks.addMark(of, { at: 1, note }, by)).markId)
  if (path.includes(':bookmarkId')) path = path.replace(':bookmarkId', cameraId === 'no-such' ? randomUUID() : await addBookmark(owner, note))
  if (path.includes(':lockId')) path = path.replace(':lockId', (await marks.addLock(of, { fromAt: 1, toAt: 2, untilAt: null, reason: note }, by)).lockId)
  return path
}

async function addBookmark(owner: UserId, name: string): Promise<string> {
  const bookmark = { bookmarkId: randomUUID(), name, lonLat: [111, 40] as LonLat, zoom: 15, query: '' }
  await createBookmarkStore(world.database.database).add(owner, bookmark)
  return bookmark.bookmarkId
}

/** What the contract says of this caller: the status of a refusal, or undefined. */
function refusalOf({ permission }: Endpoint, { role, mustChangePassword }: Caller): number | undefined {
  if (permission === 'public') return undefined
  if (!role) return 401
  if (permission === 'signedIn') return undefined
  return mustChangePassword || !rolePermissions[role].includes(permission as Permission) ? 403 : undefined
}

let placed = 0
/** A file that gives both stations a place: what is foreign is as unknown as what is not there. */
const jurisdictions = JSON.stringify({
  type: 'FeatureCollection',
  features: ['own', 'foreign'].map((name, i) => ({
    type: 'Feature',
    properties: { name },
    geometry: {
      type: 'Polygon',
      coordinates: [
        [
          [i, 1],
          [i + 1, 1],
          [i + 1, 2],
          [i, 1],
        ],
      ],
    },
  })),
})

/** What an endpoint needs to be answered with 200. A new one with a body or a query must be added here. */
const inputs: Partial<Record<Route, { query?: string; body?: unknown }>> = {
  'GET /api/cameras/:cameraId/status': { query: `?fromAt=1&toAt=${366 * 86_400_000}` },
  'GET /api/status/recent': { query: '?limit=200' },
  'GET /api/cameras/:cameraId/timeline': { query: '?fromAt=1&toAt=86400000' },
  'GET /api/cameras/:cameraId/recorded-days': { query: '?fromAt=1&toAt=86400000' },
  'POST /api/recording-policies': { body: { cameraIds: ['own-1'], mode: 'off', schedule: [], profile: 'main', keepDays: 15 } },
  'POST /api/cameras/:cameraId/warm': { body: { profile: 'sub' } },
  'GET /api/cameras/:cameraId/recorded-still': { query: '?at=1' },
  'GET /api/cameras/:cameraId/clip-size': { query: '?fromAt=1&toAt=86400000' },
  'POST /api/exports': {
    body: { cameraIds: ['own-1'], fromAt: 1, toAt: 86_400_000, purpose: 'case', documentNumber: '', reason: '', isWatermarked: false },
  },
  'GET /api/cameras/:cameraId/marks': { query: '?fromAt=0&toAt=86400000' },
  'POST /api/cameras/:cameraId/marks': { body: { at: 1, note: 'x' } },
  'POST /api/cameras/:cameraId/locks': { body: { fromAt: 1, toAt: 2, untilAt: null, reason: 'x' } },
  'GET /api/storage/days': { query: '?fromAt=1&toAt=86400000' },
  'POST /api/wall-layouts': { body: layout },
  'PUT /api/wall-layouts/:layoutId': { body: layout },
  'POST /api/wall-rotations': { body: rotation },
  'PUT /api/wall-rotations/:rotationId': { body: rotation },
  'POST /api/wall-patrols': {
    body: {
      reports: ['own-1', 'foreign-1'].map((cameraId) => ({
        entryId: randomUUID(),
        runId: randomUUID(),
        rotationId: randomUUID(),
        cameraId,
        tile: 1,
        fromAt: 1,
        toAt: 2,
        outcome: 'shown',
        cause: null,
        freshMs: 1,
      })),
    },
  },
  'GET /api/wall-patrols': { query: `?fromAt=1&toAt=${400 * 86_400_000}` },
  'GET /api/wall-patrols/table': { query: `?fromAt=1&toAt=${400 * 86_400_000}` },
  'POST /api/cameras/:cameraId/taken-live': { body: { shownAt: 1 } },
  'POST /api/cameras/:cameraId/taken-recorded': { body: { shownAt: 1 } },
  'POST /api/taken/camera-table': { body: { cameraIds: ['own-1'], pastAt: null } },
  'POST /api/taken/map-picture': { body: { lonLat: [111.66, 40.75], zoom: 15, pastAt: null } },
  'POST /api/exports/:exportId/decision': { body: { isApproved: true, note: '' } },
  'GET /api/exports/:exportId/file': { query: '?name=manifest.json' },
  'POST /api/cameras/:cameraId/place': {
    // never twice the same: a place that is no change is a conflict
    get body() {
      return { lonLat: [111.66, 40.75], headingDeg: placed++ % 360, fovDeg: 60, reachM: 50, reason: 'x' }
    },
  },
  'GET /api/status/past': { query: `?at=${Date.now()}` },
  'GET /api/status/counts': { query: `?fromAt=${Date.now() - 86_400_000}&toAt=${Date.now()}&steps=3` },
  'POST /api/stations/jurisdictions': { body: { geoJson: jurisdictions, crs: 'EPSG:4326', stationProperty: 'name', isDryRun: false } },
  'GET /api/stations/online-rates': { query: '?fromAt=1&toAt=86400000' },
  'POST /api/map/bookmarks': { body: { name: 'x', lonLat: [111.66, 40.75], zoom: 15, query: '' } },
  'POST /api/login': { body: { account: 'user-ops', password: testPassword } },
  'POST /api/setup': { body: {} },
  'POST /api/me/password': { body: { oldPassword: testPassword, newPassword: NEW_PASSWORD } },
}

describe('A1 every declared endpoint, every caller, own, foreign and made-up camera, real handlers', () => {
  test('every endpoint that asks for a body or a query is known here', () => {
    const asking = endpoints.filter(({ body, query }) => body || query).map(({ route }) => route)
    expect(asking.filter((route) => !inputs[route])).toEqual([])
  })

  const cases = endpoints
    .filter((endpoint) => !ofAccounts.includes(endpoint))
    .flatMap((endpoint) =>
      (endpoint.path.includes(':') ? ['own-1', 'foreign-1', 'no-such'] : ['']).map((cameraId) => ({ endpoint, cameraId, route: endpoint.route })),
    )

  test.each(cases)('$route $cameraId', async ({ endpoint, cameraId }) => {
    const { fake } = running
    const input = inputs[endpoint.route]
    for (const name of callerNames) {
      const caller = callerOf(name)
      const before = { probes: fake.probes.filter((id) => id === 'foreign-1').length, warmed: fake.warmed.length }
      const answer = await ask(((await pathFor(endpoint, cameraId, caller)) + (input?.query ?? '')) as Route, {
        cookie: caller.cookie,
        address: caller.address,
        ...(endpoint.method === 'GET' ? {} : { body: input?.body ?? {} }),
      })
      const expected = refusalOf(endpoint, caller) ?? (cameraId === '' || cameraId === 'own-1' ? 200 : 404)
      expect(`${name}: ${answer.status}`).toBe(`${name}: ${expected}`)
      expect(answer.text, `${name} reads of the other station`).not.toContain(PLANTED)
      if (expected !== 200) {
        expect(answer.code, name).toBe({ 401: 'not_signed_in', 403: 'forbidden', 404: 'not_found' }[expected])
        expect(fake.warmed.length, `${name} has warmed a camera`).toBe(before.warmed)
      }
    }
    if (cameraId === 'foreign-1') expect(fake.warmed.join()).not.toContain('foreign-1')
  })

  test('one who sees every station reads the planted words: they would have been seen above', async () => {
    await running.app.accounts.createUser({ account: 'everywhere', displayName: 'x', role: 'supervisor', password: testPassword, stationIds: null })
    const cookie = await signIn('everywhere')
    const routes = [
      '/api/cameras',
      '/api/stations',
      '/api/status/recent?limit=200',
      '/api/cameras/foreign-1/dossier',
      '/api/cameras/foreign-1/still',
      '/api/exports',
      '/api/locks',
    ]
    for (const path of routes) expect((await ask(`GET ${path}`, { cookie })).text, path).toContain(PLANTED)
  })

  test('an account with no station at all sees no camera and no station', async () => {
    await running.app.accounts.createUser({ account: 'nowhere', displayName: 'x', role: 'supervisor', password: testPassword, stationIds: [] })
    const cookie = await signIn('nowhere')
    expect(JSON.parse((await ask('GET /api/cameras', { cookie })).text)).toMatchObject({ points: [] })
    for (const path of ['/api/stations', '/api/status/recent']) expect((await ask(`GET ${path}`, { cookie })).text, path).toBe('[]')
    for (const cameraId of ['own-1', 'foreign-1']) expect((await ask(`GET /api/cameras/${cameraId}/dossier`, { cookie })).status).toBe(404)
  })
})

describe('A1 the endpoints of one’s own account', () => {
  test.each(callerNames)('as %s', async (name) => {
    const { role, cookie, address } = callerOf(name)
    const signedIn = role ? 200 : 401
    expect((await ask('GET /api/welcome', { cookie, address })).status).toBe(200)
    expect((await ask('GET /api/me', { cookie, address })).status).toBe(signedIn)
    // public, but what it does can only be done before there is anybody
    expect((await ask('POST /api/setup', { cookie, address, body: {} })).code).toBe('bad_request')
    if (role) return
    expect((await ask('POST /api/logout', { cookie, address, body: {} })).code).toBe('not_signed_in')
    const { body } = inputs['POST /api/me/password']!
    expect((await ask('POST /api/me/password', { cookie, address, body })).code).toBe('not_signed_in')
  })

  test('a whole and right form of the setup changes nothing once there are accounts', async () => {
    const person = (account: string) => ({ account, displayName: account, password: `${NEW_PASSWORD}-${account}x` })
    const body = { setupCode: 'AAAAA-AAAAA-AAAAA-AAAAA', systemAdmin: person('one'), securityAdmin: person('two'), auditAdmin: person('three') }
    expect((await ask('POST /api/setup', { body, address: newAddress() })).code).toBe('setup_done')
    expect((await ask('POST /api/login', { body: { account: 'one', password: body.systemAdmin.password }, address: newAddress() })).code).toBe('login_failed')
  })

  test.each(Role.options)('%s changes the own password and signs out, and nobody else’s login ends', async (role) => {
    const account = `own-${role}`
    const { cookie } = await addUser(account, role)
    expect((await ask('POST /api/me/password', { cookie, body: { oldPassword: 'not-the-password', newPassword: NEW_PASSWORD } })).code).toBe('login_failed')
    expect((await ask('POST /api/me/password', { cookie, body: { oldPassword: testPassword, newPassword: NEW_PASSWORD } })).status).toBe(200)
    expect((await ask('POST /api/logout', { cookie, body: {} })).status).toBe(200)
    expect((await ask('GET /api/me', { cookie })).status).toBe(401)
    expect((await ask('GET /api/me', { cookie: callerOf(role).cookie })).status).toBe(200)
    await signIn(account, NEW_PASSWORD)
  })
})

describe('A1 sockets, real handlers', () => {
  /** The status of the answer: 101 when it opened; it is closed again. */
  async function upgrade(path: string, { cookie, address }: Caller): Promise<number> {
    const socket = new WebSocket(running.url.replace('http', 'ws') + path, { headers: { cookie, origin: running.url }, localAddress: address })
    const [status] = await Promise.race([
      once(socket, 'open').then(() => [101]),
      once(socket, 'unexpected-response').then(([, response]) => [(response as { statusCode: number }).statusCode]),
    ])
    socket.on('error', () => undefined)
    socket.terminate()
    return status!
  }

  describe.each([
    { what: 'live', permission: 'camera.live', query: '' },
    { what: 'playback', permission: 'camera.playback', query: '?at=1' },
  ] as const)('$what', ({ what, permission, query }) => {
    test.each(callerNames)('as %s', async (name) => {
      const caller = callerOf(name)
      const { role, mustChangePassword } = caller
      const refusal = !role ? 401 : mustChangePassword || !rolePermissions[role].includes(permission) ? 403 : undefined
      for (const [cameraId, status] of Object.entries({ 'own-1': 101, 'foreign-1': 404, 'no-such': 404 }))
        expect(`${cameraId} ${await upgrade(`/media/${what}/${cameraId}${query}`, caller)}`).toBe(`${cameraId} ${refusal ?? status}`)
      await until(() => expect(running.fake.viewers.size).toBe(0))
    })
  })

  test('push: no word of the other station; states only to who may see cameras', { timeout: 90_000 }, async () => {
    const { app, fake } = running
    for (const caller of callers) if (!caller.role) expect(`${caller.name} ${await upgrade('/push', caller)}`).toBe(`${caller.name} 401`)
    const pages = await Promise.all(callers.filter(({ role }) => role).map(openPage))
    fake.fail(both, null)
    await untilBothAre('online')
    const seqsOf = (messages: PushMessage[]) => messages.flatMap((message) => (message.topic === 'cameraStatus' ? [message.seq] : []))
    for (const { messages } of pages) await until(() => expect(seqsOf(messages).at(-1)).toBe(app.push.position().seq))
    for (const { messages } of pages) messages.splice(0, messages.findLastIndex(({ topic }) => topic === 'heartbeat') + 1)
    for (const { messages } of pages) await until(() => expect(messages.some(({ topic }) => topic === 'heartbeat')).toBe(true))
    for (const { caller, messages, told, socket } of pages) {
      const maySee = !caller.mustChangePassword && rolePermissions[caller.role!].includes('camera.see')
      expect([caller.name, ...told.cameraIds]).toEqual([caller.name, ...(maySee ? ['own-1'] : [])])
      const heartbeat = messages.findLast((message) => message.topic === 'heartbeat')!
      expect([caller.name, heartbeat.stateHash]).toEqual([caller.name, hashStates(maySee ? [{ cameraId: both[0]!, status: 'online' }] : [])])
      expect(told.text, caller.name).not.toMatch(new RegExp(`foreign|${PLANTED}`))
      socket.terminate()
    }
    fake.fail(both, 'unreachable')
  })

  async function openPage(caller: Caller) {
    const socket = new WebSocket(`${running.url.replace('http', 'ws')}/push`, { headers: { cookie: caller.cookie, origin: running.url } })
    const messages: PushMessage[] = []
    const told = { text: '', cameraIds: new Set<CameraId>() }
    socket.on('message', (bytes) => {
      told.text += (bytes as Buffer).toString()
      const message = JSON.parse((bytes as Buffer).toString()) as PushMessage
      if (message.topic === 'cameraStatus') for (const { cameraId } of [...message.states, ...message.changes]) told.cameraIds.add(cameraId)
      messages.push(message)
    })
    await once(socket, 'open')
    return { caller, socket, messages, told }
  }

  test('once the password is changed the page is called back and sees', async () => {
    const account = 'first-day'
    const { cookie } = await addUser(account, 'ops', { mustChangePassword: true })
    const page = await openPage({ name: account, role: 'ops', cookie, address: '127.0.0.1' })
    const closed = once(page.socket, 'close')
    await ask('POST /api/me/password', { cookie, body: { oldPassword: testPassword, newPassword: NEW_PASSWORD } })
    await closed
    expect(page.messages.at(-1)).toMatchObject({ topic: 'resync', reason: 'rights_changed' })
    expect((await ask('GET /api/cameras', { cookie })).text).toContain('own-1')
  })
})

describe('A1 the audit log afterwards', () => {
  test('holds a refusal for every role and every audited action it may not do, and is whole', async () => {
    const rows = await world.database.database
      .as<{ audit_log: { name: string; result: string; code: string; account: string } }>()
      .selectFrom('audit_log')
      .select(['name', 'result', 'code', 'account'])
      .where('code', '=', 'forbidden')
      .execute()
    const refused = new Set(rows.map(({ name, result, account }) => `${account} ${name} ${result}`))
    for (const caller of callers) {
      if (!caller.role) continue
      const account = caller.mustChangePassword ? 'must-change' : `user-${caller.role}`
      for (const endpoint of endpoints)
        if (refusalOf(endpoint, caller) === 403) expect([...refused]).toContain(`${account} ${endpoint.audit ?? 'access.denied'} denied`)
    }
    expect(await running.app.audit.verify()).toMatchObject({ isWhole: true, problems: [] })
  })
})
