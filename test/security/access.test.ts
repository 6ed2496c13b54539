/** reliability.md A1: the authorisation matrix from the contract, path spellings, CSRF, cross-site WebSocket, over a real server. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHttpServer } from '../../server/base/http.ts'
import type { Endpoint } from '../../server/contract/endpoint.ts'
import { api } from '../../server/contract/index.ts'
import { Permission, Role, rolePermissions } from '../../server/contract/permissions.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'

let gate: TestGate
const cookies = new Map<string, string>()
beforeAll(async () => {
  gate = await openTestGate({ stationOfCamera: { own: 's1', foreign: 's2' } })
  for (const role of Role.options) cookies.set(role, await gate.signIn((await gate.createUser(role, ['s1'])).account))
})
afterAll(() => gate.close())
beforeEach(() => {
  gate.reached.length = 0
  gate.clock.advance(1_000) // a stranger may ask ten times a second, and there are more endpoints than that
})

const endpoints = Object.values(api).flatMap((group) => Object.values(group as Record<string, Endpoint>))
const SOME_ID = '3f0e8f0a-6f5b-4c8e-9f64-0b6a9d3a1c11'
const pathOf = (endpoint: Endpoint, cameraId: string) =>
  endpoint.path.replace(':cameraId', cameraId).replace(/:(exportId|markId|lockId|layoutId|rotationId|bookmarkId)/, SOME_ID)
const send = (endpoint: Endpoint, path: string, cookie: string) =>
  gate.agent[endpoint.method.toLowerCase() as 'get'](path).set('Origin', gate.origin).set('Cookie', cookie)

const layout = { name: 'x', sharedWith: [], shape: { columns: 1, rows: 1, places: [{ column: 0, row: 0, columns: 1, rows: 1 }] }, cameraIds: ['own'] }
const rotation = { name: 'x', sharedWith: [], steps: { kind: 'cameras', cameraIds: ['own'] }, dwellMs: 5_000, onOffline: 'hold' }
const patrol = {
  entryId: SOME_ID,
  runId: SOME_ID,
  rotationId: SOME_ID,
  cameraId: 'own',
  tile: 1,
  fromAt: 0,
  toAt: 1,
  outcome: 'shown',
  cause: null,
  freshMs: 1,
}

/** Bodies and queries that fit, for the endpoints that ask for some. */
const inputs: Record<string, { query?: object; body?: object }> = {
  'GET /api/cameras/:cameraId/status': { query: { fromAt: 0, toAt: 1 } },
  'GET /api/cameras/:cameraId/timeline': { query: { fromAt: 0, toAt: 1 } },
  'GET /api/cameras/:cameraId/recorded-days': { query: { fromAt: 0, toAt: 1 } },
  'POST /api/recording-policies': { body: { cameraIds: ['own'], mode: 'off', schedule: [], profile: 'main', keepDays: 15 } },
  'POST /api/cameras/:cameraId/warm': { body: { profile: 'sub' } },
  'GET /api/cameras/:cameraId/recorded-still': { query: { at: 1 } },
  'GET /api/cameras/:cameraId/clip-size': { query: { fromAt: 0, toAt: 1 } },
  'GET /api/cameras/:cameraId/marks': { query: { fromAt: 0, toAt: 1 } },
  'POST /api/cameras/:cameraId/marks': { body: { at: 1, note: 'x' } },
  'POST /api/cameras/:cameraId/locks': { body: { fromAt: 0, toAt: 1, untilAt: null, reason: 'x' } },
  'GET /api/storage/days': { query: { fromAt: 0, toAt: 1 } },
  'POST /api/wall-layouts': { body: layout },
  'PUT /api/wall-layouts/:layoutId': { body: layout },
  'POST /api/wall-rotations': { body: rotation },
  'PUT /api/wall-rotations/:rotationId': { body: rotation },
  'POST /api/wall-patrols': { body: { reports: [patrol] } },
  'GET /api/wall-patrols': { query: { fromAt: 0, toAt: 1 } },
  'GET /api/wall-patrols/table': { query: { fromAt: 0, toAt: 1 } },
  'POST /api/cameras/:cameraId/taken-live': { body: { shownAt: 1 } },
  'POST /api/cameras/:cameraId/taken-recorded': { body: { shownAt: 1 } },
  'POST /api/taken/camera-table': { body: { cameraIds: ['own'], pastAt: null } },
  'POST /api/taken/map-picture': { body: { lonLat: [111.66, 40.75], zoom: 15, pastAt: null } },
  'POST /api/exports': {
    body: { cameraIds: ['own'], fromAt: 0, toAt: 1, purpose: 'case', documentNumber: '', reason: '', isWatermarked: false },
  },
  'POST /api/exports/:exportId/decision': { body: { isApproved: true, note: '' } },
  'GET /api/exports/:exportId/file': { query: { name: 'manifest.json' } },
  'POST /api/cameras/:cameraId/place': { body: { lonLat: [111.66, 40.75], headingDeg: 0, fovDeg: 60, reachM: 50, reason: 'x' } },
  'GET /api/status/past': { query: { at: 0 } },
  'GET /api/status/counts': { query: { fromAt: 0, toAt: 1, steps: 1 } },
  'POST /api/stations/jurisdictions': { body: { geoJson: '{}', crs: 'EPSG:4326', stationProperty: 'name', isDryRun: true } },
  'GET /api/stations/online-rates': { query: { fromAt: 0, toAt: 1 } },
  'POST /api/map/bookmarks': { body: { name: 'x', lonLat: [111.66, 40.75], zoom: 15, query: '' } },
}

describe('A1 every endpoint of the contract, every role, own and foreign station', () => {
  const counted = endpoints.filter((endpoint) => !Object.values(api.account).includes(endpoint as never))
  const cases = counted.flatMap((endpoint) =>
    (endpoint.path.includes(':cameraId') ? ['own', 'foreign', 'nosuch'] : ['own']).map((cameraId) => ({ endpoint, cameraId, route: endpoint.route })),
  )

  test.each(cases)('$route, camera $cameraId', async ({ endpoint, cameraId }) => {
    const input = inputs[endpoint.route]
    for (const role of [...Role.options, undefined]) {
      gate.reached.length = 0
      const answer = await send(endpoint, pathOf(endpoint, cameraId), role ? cookies.get(role)! : '')
        .query(input?.query ?? {})
        .send(endpoint.method === 'GET' ? undefined : (input?.body ?? {}))
      const isOpen = endpoint.permission === 'public'
      const may = isOpen || (role !== undefined && (endpoint.permission === 'signedIn' || rolePermissions[role].includes(endpoint.permission as Permission)))
      const expected = !may ? (role ? 403 : 401) : endpoint.path.includes(':cameraId') && cameraId !== 'own' ? 404 : 200
      expect(`${role ?? 'nobody'} ${answer.status}`).toBe(`${role ?? 'nobody'} ${expected}`)
      expect(gate.reached).toEqual(expected === 200 ? [endpoint.route] : [])
    }
  })

  test('who is not signed in gets nothing of the account endpoints but signing in', async () => {
    for (const endpoint of Object.values(api.account) as Endpoint[]) {
      const answer = await send(endpoint, endpoint.path, '').send(endpoint.method === 'GET' ? undefined : {})
      const expected = endpoint.permission !== 'public' ? 401 : endpoint.method === 'GET' ? 200 : 400
      expect(`${endpoint.route} ${answer.status}`).toBe(`${endpoint.route} ${expected}`)
    }
  })

  test('a foreign camera and one that does not exist answer the same', async () => {
    const [foreign, nosuch] = await Promise.all(
      ['foreign', 'nosuch'].map((id) => gate.agent.get(`/api/cameras/${id}/dossier`).set('Cookie', cookies.get('dutyOfficer')!)),
    )
    const without = ({ requestId: _own, ...body }: { requestId: string }) => body
    expect(without(foreign!.body)).toEqual(without(nosuch!.body))
  })

  test('an undeclared route, or one without handler, does not start', async () => {
    const bare = {
      api,
      sockets: [],
      staticFolder: undefined,
      tls: undefined,
      checkReplies: false,
      trust: { trustProxy: false },
      clock: gate.clock,
      log: { error() {}, warn() {}, info() {}, debug() {} } as never,
      findLogin: async () => undefined,
      mayTouchCamera: () => false,
      recordAudit: async () => {},
    }
    await expect(createHttpServer({ ...bare, routes: [] })).rejects.toThrow(/POST \/api\/login has no handler/)
    const all = endpoints.map((endpoint) => ({ endpoint, handler: (() => ({})) as never }))
    await expect(
      createHttpServer({
        ...bare,
        routes: [...all, { endpoint: { ...endpoints[0]!, path: '/api/more', route: 'GET /api/more' }, handler: (() => ({})) as never }],
      }),
    ).rejects.toThrow(/GET \/api\/more is not in the contract/)
    await expect(createHttpServer({ ...bare, routes: [...all, all[0]!] })).rejects.toThrow(/two handlers/)
    const open = { ...api, more: { more: { ...endpoints[0]!, path: '/api/more', route: 'GET /api/more' as const, permission: undefined as never } } }
    await expect(createHttpServer({ ...bare, api: open, routes: [...all, { endpoint: open.more.more, handler: (() => ({})) as never }] })).rejects.toThrow(
      /GET \/api\/more has no permission/,
    )
  })
})

/** Sends bytes as they are: clients and URL classes would tidy the path up before it leaves. */
async function sendRaw(text: string): Promise<string> {
  const socket = connect(gate.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(text)
  let answer = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk
    if (answer.includes('\r\n\r\n')) socket.end()
  })
  await once(socket, 'close')
  return answer
}
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])

describe('A1 path spellings', () => {
  const spellings = [
    '/API/cameras',
    '/Api/cameras',
    '/api/Cameras',
    '/api/CAMERAS',
    '/api/cameras/',
    '/api//cameras',
    '//api/cameras',
    '///api/cameras',
    '/api/cameras//',
    '/api/./cameras',
    '/./api/cameras',
    '/api/x/../cameras',
    '/x/../api/cameras',
    '/api/cameras/.',
    '/api/cameras/..',
    '/..%2fapi/cameras',
    '/api%2fcameras',
    '/api%2Fcameras',
    '/api/%63ameras',
    '/%61pi/cameras',
    '/api/cameras%20',
    '/api/cameras%00',
    '/api/cameras%0a',
    '/api/cameras%2f',
    '/api/cameras%3f',
    '/api/cameras%23',
    '/api/cameras;.js',
    '/api/cameras;a=b',
    '/api;/cameras',
    '/api/;/cameras',
    '/api/cameras.js',
    '/api/cameras.json',
    '/api/cameras.html',
    '/api/cameras.css',
    '/api\\cameras',
    '\\api\\cameras',
    '/api/%5ccameras',
    '/api%5ccameras',
    '/api/%2e/cameras',
    '/api/%2e%2e/api/cameras',
    '/api/..;/api/cameras',
    '/static/../api/cameras',
    '/assets/..%2fapi/cameras',
    '/api/cameras%252f',
    '/api/%2563ameras',
    '/api/cam%65ras',
    '/api/cameras%c0%af',
    '/api/camera%73',
    '/api/cameras~',
    '/api/cameras#',
    '/api/cameras/#/x',
    '/api/cameras&x',
    '/api/cameras,',
    '/api/cameras+',
    '/api/cameras%09',
    '/api/ｃameras',
    '/api/cameras/own/dossier/',
    '/api/cameras//dossier',
    '/api/cameras/own//dossier',
    '/api/cameras/own%2fdossier',
    '/api/cameras/%6fwn/dossier',
    '/api/cameras/own/DOSSIER',
    '/api/cameras/own/still;.jpg',
    '/api/cameras/own/still.mp4',
    '/api/cameras/../cameras/own/still',
    '/api/cameras/..%2f..%2fcameras/own/still',
    '/api/cameras/:cameraId/still',
    '/api/cameras/*/still',
    'http://127.0.0.1/api/cameras',
    'http://other.example/api/cameras',
    '*',
    '/api',
    '/api/',
    '/media/live/own',
    '/push',
    '/api/cameras/__proto__/constructor',
  ]
  test(`${spellings.length} spellings never answer 200, signed in or not, and reach no handler`, async () => {
    for (const [who, cookie] of [
      ['nobody', ''],
      ['supervisor', cookies.get('supervisor')!],
    ]) {
      for (const path of spellings) {
        const status = statusOf(
          await sendRaw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${gate.port}\r\nAccept: text/html\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`),
        )
        expect(`${who} ${path} ${[400, 401, 403, 404].includes(status)} ${status}`).toBe(`${who} ${path} true ${status}`)
      }
      gate.clock.advance(60_000)
    }
    expect(gate.reached).toEqual([])
  })
  test('the one right spelling does', async () => {
    const answer = await sendRaw(
      `GET /api/cameras HTTP/1.1\r\nHost: 127.0.0.1:${gate.port}\r\nCookie: ${cookies.get('supervisor')}\r\nConnection: close\r\n\r\n`,
    )
    expect(statusOf(answer)).toBe(200)
  })
  test.each(['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'POST'])('%s of a route that is a GET is not found', async (method) => {
    const answer = await sendRaw(
      `${method} /api/cameras HTTP/1.1\r\nHost: x\r\nCookie: ${cookies.get('supervisor')}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    )
    expect(statusOf(answer)).toBe(404)
    expect(answer).not.toMatch(/access-control-allow/i)
  })
  test.each(['X-HTTP-Method-Override: POST', 'X-Original-URL: /api/system', 'X-Rewrite-URL: /api/system'])('%s changes nothing', async (header) => {
    await sendRaw(`GET /api/health HTTP/1.1\r\nHost: x\r\n${header}\r\nCookie: ${cookies.get('systemAdmin')}\r\nConnection: close\r\n\r\n`)
    expect(gate.reached).toEqual(['GET /api/health'])
  })
})

describe('A1 cross-site requests', () => {
  const warm = () => gate.agent.post('/api/cameras/own/warm').set('Cookie', cookies.get('dutyOfficer')!)
  test.each([
    { name: 'no Origin', headers: {} },
    { name: 'another host', headers: { Origin: 'http://evil.example' } },
    { name: 'another port', headers: { Origin: 'http://127.0.0.1:1' } },
    { name: 'another scheme', headers: { Origin: 'https://127.0.0.1' } },
    { name: 'null', headers: { Origin: 'null' } },
    { name: 'ours as a prefix', headers: { Origin: 'OWN.evil.example' } },
    { name: 'ours with a path', headers: { Origin: 'OWN/' } },
    { name: 'ours, but the browser says cross-site', headers: { Origin: 'OWN', 'Sec-Fetch-Site': 'cross-site' } },
    { name: 'ours, but the browser says same-site', headers: { Origin: 'OWN', 'Sec-Fetch-Site': 'same-site' } },
  ])('a change with Origin: $name is refused', async ({ headers }) => {
    const given = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, value.replace('OWN', gate.origin)]))
    const answer = await warm().set(given).send({ profile: 'main' })
    expect([answer.status, answer.body.code]).toEqual([403, 'wrong_origin'])
    expect(gate.reached).toEqual([])
  })
  test('from our own page it is done', async () => {
    expect((await warm().set({ Origin: gate.origin, 'Sec-Fetch-Site': 'same-origin' }).send({ profile: 'main' })).status).toBe(200)
  })
  test('a form of another site (no JSON) is refused even with our Origin', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect((await warm().set('Origin', gate.origin).set('Content-Type', type).send('{"profile":"main"}')).status).toBe(400)
    }
  })
  test('a picture embedded by another site is refused', async () => {
    const answer = await gate.agent.get('/api/cameras/own/still').set('Cookie', cookies.get('dutyOfficer')!).set('Sec-Fetch-Site', 'cross-site')
    expect(answer.status).toBe(403)
  })
})

describe('A1 sockets pass the same gate', () => {
  const upgrade = (path: string, { cookie = '', origin = gate.origin as string | null, more = '' } = {}) =>
    sendRaw(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${gate.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${origin === null ? '' : `Origin: ${origin}\r\n`}Cookie: ${cookie}\r\n${more}\r\n`,
    )

  test('another site, no site, and a near miss are refused before anything is opened', async () => {
    for (const path of ['/push', '/media/live/own']) {
      for (const origin of [
        'http://evil.example',
        null,
        'null',
        `https://127.0.0.1:${gate.port}`,
        `${gate.origin}.evil.example`,
        `http://localhost:${gate.port}`,
      ]) {
        expect(`${path} ${origin} ${statusOf(await upgrade(path, { cookie: cookies.get('supervisor')!, origin }))}`).toBe(`${path} ${origin} 403`)
      }
    }
    expect(gate.reached).toEqual([])
  })
  test.each([...Role.options, undefined])('live as %s', async (role) => {
    const cookie = role ? cookies.get(role)! : ''
    const may = role !== undefined && rolePermissions[role].includes('camera.live')
    expect(statusOf(await upgrade('/media/live/own', { cookie }))).toBe(may ? 101 : role ? 403 : 401)
    expect(statusOf(await upgrade('/media/live/foreign', { cookie }))).toBe(may ? 404 : role ? 403 : 401)
    expect(gate.reached).toEqual(may ? ['live own'] : [])
    expect(statusOf(await upgrade('/push', { cookie }))).toBe(role ? 101 : 401)
  })
  test.each([
    '/PUSH',
    '/push/',
    '//push',
    '/push;x',
    '/%70ush',
    '/media/live/',
    '/media/live/own/',
    '/media//live/own',
    '/media/live/%6fwn',
    '/media/live/own;.flv',
    '/MEDIA/live/own',
    '/media/live/../live/own',
    '/api/cameras',
  ])('%s opens nothing', async (path) => {
    expect(statusOf(await upgrade(path, { cookie: cookies.get('supervisor')! }))).toBe(404)
    expect(gate.reached).toEqual([])
  })
  test('a token in the URL is not a login', async () => {
    const token = cookies.get('supervisor')!.split('=')[1]!
    expect(statusOf(await upgrade(`/push?token=${token}`))).toBe(401)
    expect((await gate.agent.get(`/api/cameras?token=${token}`)).status).toBe(401)
    expect((await gate.agent.get('/api/cameras').set('Authorization', `Bearer ${token}`)).status).toBe(401)
  })
})

describe('A1 refusals and openings are in the audit log', () => {
  test('a denial names who, what and which camera; the log verifies', async () => {
    await gate.agent.get('/api/cameras/own/still').set('Cookie', cookies.get('auditAdmin')!)
    await gate.agent.get('/api/cameras/own/still').set('Cookie', cookies.get('dutyOfficer')!)
    const rows = await gate.opened.database
      .as<{ audit_log: Record<string, string> }>()
      .selectFrom('audit_log')
      .selectAll()
      .where('name', '=', 'camera.still')
      .orderBy('seq', 'desc')
      .limit(2)
      .execute()
    expect(rows.map(({ result, code, camera_id, account }) => [result, code, camera_id, account!.split('-')[0]])).toEqual([
      ['ok', null, 'own', 'dutyOfficer'],
      ['denied', 'forbidden', 'own', 'auditAdmin'],
    ])
    expect(await gate.audit.verify()).toMatchObject({ isWhole: true, problems: [] })
  })
})

describe('answers protect the page', () => {
  test('strict policy, no caching, no sniffing, no framing, no outside origin', async () => {
    const { headers } = await gate.agent.get('/api/health')
    const policy = headers['content-security-policy']!
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${gate.port}`)
    expect(policy).not.toMatch(/unsafe-eval|\*|https?:\/\/(?!127)|upgrade-insecure/)
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers['strict-transport-security']).toBeUndefined()
  })
})
