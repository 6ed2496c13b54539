/**
 * reliability.md A2 against what exists: hostile text in every place of every endpoint, and stored where people may store text. The oracle is not the
 * answer alone: no canary file appears, no table is lost, no prototype changes, nothing fails inside (no 5xx, no error in the log).
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createLog } from '../../server/base/log.ts'
import type { CameraMove, CameraPoint, Dossier } from '../../server/contract/cameras.ts'
import type { Station } from '../../server/contract/stations.ts'
import type { Endpoint } from '../../server/contract/endpoint.ts'
import type { StationId } from '../../server/contract/ids.ts'
import type { MapBookmark } from '../../server/contract/map.ts'
import { api } from '../../server/contract/index.ts'
import { type WallLayout, type WallRotation, wallShapes } from '../../server/contract/walls.ts'
import { Role } from '../../server/contract/permissions.ts'
import { draftOf, openTestWorld, signIn, signInCookie, stationOf, type TestApp, type TestWorld } from '../support/open-app.ts'

const folder = mkdtempSync(join(tmpdir(), 'mapwall-canary-'))
const canary = join(folder, 'touched')
const hostile = [
  // SQL
  `' or '1'='1`,
  `'; drop table cameras; --`,
  `1); delete from users; --`,
  `" union select password_hash from users --`,
  `\\'; select pg_sleep(10); --`,
  `$$; drop table users; $$`,
  // a shell, a template, an expression
  `$(touch ${canary})`,
  '`touch ' + canary + '`',
  `; touch ${canary} #`,
  `| touch ${canary}`,
  `-i /etc/passwd -y ${canary}`,
  '${process.exit(1)}',
  '{{constructor.constructor("return process")().exit(1)}}',
  '=cmd|"/c calc"!A1',
  // files and addresses
  '../../../../etc/passwd',
  '..\\..\\windows\\win.ini',
  '/etc/passwd',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data/',
  'concat:/etc/passwd|/etc/hosts',
  // a page and a log
  '<img src=x onerror=alert(1)>',
  '"><script>globalThis.polluted=1</script>',
  'javascript:alert(1)',
  'a\r\nSet-Cookie: mapwall=x\r\n\r\n<html>',
  'a\n{"level":"error","msg":"forged"}',
  '\u001b[2J\u001b[31mred',
  // names that objects have already, numbers that are none, text that is not whole
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '-0',
  '1e309',
  '9'.repeat(400),
  '\ud800',
  '\u202e\u0000\ufeff',
  'x'.repeat(5_000),
]

let world: TestWorld
let running: TestApp
const cookies: string[] = []
const logLines: string[] = []

const endpoints = Object.values(api).flatMap((group) => Object.values(group as Record<string, Endpoint>))
/** The fields of an object schema; hostile text is put into each in turn. */
const fieldsOf = (schema: z.ZodType | undefined): string[] => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])
/** Something that fits, so that the hostile field is the only one that may not. */
const fitting: Record<string, unknown> = {
  fromAt: 0,
  toAt: 1,
  limit: 5,
  profile: 'sub',
  account: 'somebody',
  password: 'Fitting-Password-1',
  oldPassword: 'x',
  newPassword: 'Fitting-Password-2',
  setupCode: 'AAAAA',
  codecs: 'h264',
  sound: '0',
  cameraId: 'own-1',
  rotationId: '3f0e8f0a-6f5b-4c8e-9f64-0b6a9d3a1c11',
  steps: 1,
  lonLat: [111.66, 40.75],
  headingDeg: 1,
  fovDeg: 60,
  reachM: 50,
  geoJson: '{}',
  crs: 'EPSG:4326',
  isDryRun: true,
}
const person = { account: 'someone', displayName: 'x', password: 'Fitting-Password-3' }
const fit = (fields: readonly string[]) => Object.fromEntries(fields.map((field) => [field, fitting[field] ?? person]))

let addresses = 0
type Asked = { method: string; path: string; body?: string; cookie?: string; headers?: Record<string, string> }
/** Each from an address of its own: guesses are slowed down by address, and here every one must be looked at. */
function ask({ method, path, body, cookie = '', headers = {} }: Asked): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  addresses++
  return new Promise((resolve, reject) => {
    const content = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
    const { port } = new URL(running.url)
    const localAddress = `127.1.${addresses >> 8}.${addresses & 255 || 1}`
    const all = { origin: running.url, connection: 'close', ...(cookie ? { cookie } : {}), ...content, ...headers }
    const sent = request({ host: '127.0.0.1', port, method, path, headers: all, localAddress }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk as string
      resolve({ status: response.statusCode!, text, headers: response.headers })
    })
    sent.once('error', reject)
    sent.once('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode!, text: '', headers: response.headers })
    })
    sent.end(body)
  })
}
/** A lone surrogate cannot be percent-encoded: browsers send U+FFFD in its place. */
const isWellFormed = (text: string) => !/\p{Cs}/u.test(text)
const encoded = (text: string) => encodeURIComponent(isWellFormed(text) ? text : text.replace(/\p{Cs}/gu, '\ufffd'))

beforeAll(async () => {
  world = await openTestWorld()
  const log = createLog({ level: 'debug', process: 'control', destination: { write: (line) => void logLines.push(line) } })
  running = await world.start({ log, health: { probePeriodMs: 60_000, maxProbesInFlight: 1, maxProbesPerSecond: 1 } })
  await running.app.cameras.putStations([stationOf('own')])
  await running.app.cameras.putCameras([draftOf('own-1', 'own')])
  for (const role of Role.options) cookies.push(await signInCookie(running, { account: `user-${role}`, role }))
})
afterAll(async () => {
  await running?.close()
  await world?.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(async () => {
  const harm = await listHarm()
  if (harm.length > 0) throw new Error(`harm was done: ${harm.join('; ')}`)
})

/** What the oracles say, whatever was answered. */
async function listHarm(): Promise<string[]> {
  const db = world.database.database.as<{ users: object; cameras: object }>()
  const countOf = async (table: 'users' | 'cameras') =>
    Number(
      (
        await db
          .selectFrom(table)
          .select(({ fn }) => fn.countAll().as('rows'))
          .executeTakeFirstOrThrow()
      ).rows,
    )
  return [
    ...(existsSync(canary) ? ['a command ran'] : []),
    ...('polluted' in {} ? ['a prototype changed'] : []),
    ...((await countOf('users')) < Role.options.length || (await countOf('cameras')) < 1 ? ['rows are lost'] : []),
    ...logLines.filter((line) => line.includes('"level":"error"') || line.trim().includes('\n')),
  ]
}

describe('A2 hostile text in every place of every endpoint', () => {
  const isRefused = ({ status }: { status: number }) => status >= 400 && status < 500

  test.each(endpoints.filter(({ path }) => path.includes(':')).map((endpoint) => ({ endpoint, route: endpoint.route })))(
    '$route: in the path',
    async ({ endpoint }) => {
      const body = endpoint.body ? JSON.stringify(fit(fieldsOf(endpoint.body))) : endpoint.method === 'GET' ? undefined : '{}'
      for (const text of hostile) {
        const path = endpoint.path.replace(/:\w+/, encoded(text))
        const answer = await ask({ method: endpoint.method, path, cookie: cookies[0]!, ...(body === undefined ? {} : { body }) })
        expect([path.slice(0, 80), answer.status, isRefused(answer)]).toEqual([path.slice(0, 80), answer.status, true])
      }
    },
  )

  test.each(endpoints.filter(({ query }) => query).map((endpoint) => ({ endpoint, route: endpoint.route })))('$route: in the query', async ({ endpoint }) => {
    const fields = fieldsOf(endpoint.query)
    for (const field of fields)
      for (const text of hostile) {
        if (text === '-0') continue // minus nought is nought
        const query = { ...(fit(fields) as Record<string, string | number>), [field]: text }
        const path = `${endpoint.path.replace(':cameraId', 'own-1')}?${Object.entries(query)
          .map(([key, value]) => `${key}=${encoded(String(value))}`)
          .join('&')}`
        const answer = await ask({ method: endpoint.method, path, cookie: cookies[0]! })
        expect([path.slice(0, 80), answer.status, isRefused(answer)]).toEqual([path.slice(0, 80), answer.status, true])
      }
  })

  test.each(endpoints.filter(({ body }) => body).map((endpoint) => ({ endpoint, route: endpoint.route })))('$route: in the body', async ({ endpoint }) => {
    const fields = fieldsOf(endpoint.body)
    expect(fields.length).toBeGreaterThan(0)
    for (const field of fields)
      for (const [i, text] of hostile.entries()) {
        const path = endpoint.path.replace(':cameraId', 'own-1')
        const others = i % 8 === 0 ? [[text], { [text]: text, account: text }] : []
        for (const value of [text, ...others]) {
          const body = { ...fit(fields), [field]: value }
          const answer = await ask({ method: endpoint.method, path, cookie: endpoint.permission === 'public' ? '' : cookies[0]!, body: JSON.stringify(body) })
          expect([field, text.slice(0, 60), answer.status, isRefused(answer)]).toEqual([field, text.slice(0, 60), answer.status, true])
          expect(answer.headers['set-cookie']).toBeUndefined()
        }
      }
  })

  test.each([
    { path: '/media/live/own-1', given: '', fields: ['profile', 'codecs', 'sound'] },
    { path: '/media/playback/own-1', given: '&at=1', fields: ['codecs', 'sound'] },
    { path: '/media/playback/own-1', given: '', fields: ['at'] },
    { path: '/push', given: '', fields: ['epoch', 'seq'] },
  ])('$path: in $fields of the query of a socket', async ({ path, given, fields }) => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
    for (const field of fields)
      for (const text of hostile) {
        // a well-formed epoch that is not ours; minus nought is nought
        if ((field === 'epoch' && /^[0-9a-z]{1,32}$/.test(text)) || ((field === 'seq' || field === 'at') && text === '-0')) continue
        const answer = await ask({ method: 'GET', path: `${path}?${field}=${encoded(text)}${given}`, cookie: cookies[0]!, headers })
        expect([field, text.slice(0, 60), answer.status]).toEqual([field, text.slice(0, 60), 400])
      }
    expect(running.fake.viewers.size).toBe(0)
  })

  test('members that belong to objects are no fields, wherever they stand', async () => {
    const members = [
      '"__proto__":{"polluted":1,"account":"user-ops","role":"supervisor"}',
      '"constructor":{"prototype":{"polluted":1}}',
      '"toString":1,"valueOf":1',
    ]
    for (const member of members) {
      const body = `{${member},"account":"nobody","password":"x"}`
      expect((await ask({ method: 'POST', path: '/api/login', body })).status).toBe(401)
      expect((await ask({ method: 'POST', path: '/api/login', body: `{${member},"password":"x"}` })).status).toBe(400)
    }
    for (const query of ['__proto__[polluted]=1', '__proto__=1', 'constructor.prototype.polluted=1', 'limit[$gt]=1', 'limit=1&limit=2'])
      expect([200, 400]).toContain((await ask({ method: 'GET', path: `/api/status/recent?${query}`, cookie: cookies[0]! })).status)
  })
})

describe('A2 hostile text that may be stored', () => {
  // a database holds neither half a character nor U+0000; both are refused at every edge
  const storable = hostile.filter((text) => isWellFormed(text) && !text.includes('\u0000'))

  test('comes back as it is, as JSON that no browser takes for a page', async () => {
    const stations = storable.map((name, i): Station => ({ ...stationOf(`s${i}`), name, shortName: name }))
    await running.app.cameras.putStations(stations)
    await running.app.cameras.putCameras(
      storable.map((text, i) => draftOf(`c${i}`, `s${i}`, { name: text, label: text, address: text, vendor: text, model: text, switchName: text })),
    )
    const visitor = await signIn(running, { account: 'reader', displayName: storable[1]!, stationIds: null })
    const { points } = (await visitor.get('/api/cameras')).body as { points: CameraPoint[] }
    const found = (await visitor.get('/api/stations')).body as Station[]
    for (const [i, text] of storable.entries()) {
      expect(points.find(({ cameraId }) => cameraId === `c${i}`)).toMatchObject({ name: text, label: text, address: text })
      expect(found.find(({ stationId }) => stationId === (`s${i}` as StationId))).toMatchObject({ name: text, shortName: text })
    }
    for (const i of [1, 6, 20]) {
      const { body, headers } = await visitor.get(`/api/cameras/c${i}/dossier`)
      expect(body as Dossier).toMatchObject({ name: storable[i], vendor: storable[i], switchName: storable[i], stationName: storable[i] })
      expect([headers.get('content-type'), headers.get('x-content-type-options')]).toEqual(['application/json; charset=utf-8', 'nosniff'])
    }
    expect((await visitor.get('/api/me')).body).toMatchObject({ displayName: storable[1] })
    expect(await running.app.audit.verify()).toMatchObject({ isWhole: true, problems: [] })
  })

  const layout = { name: 'x', sharedWith: [], shape: wallShapes[1], cameraIds: ['own-1'] }
  const rotation = { name: 'x', sharedWith: [], steps: { kind: 'cameras', cameraIds: ['own-1'] }, dwellMs: 5_000, onOffline: 'hold' }
  const isOneLine = (text: string) => text.length <= 60 && !/[\p{Cc}\p{Cs}\u202e]/u.test(text)

  test('names of layouts, rotations and groups: those of one line come back as they are, the others are refused', async () => {
    const visitor = await signIn(running, { account: 'walls' })
    const named: string[] = []
    for (const name of hostile) {
      const groups = { ...rotation, steps: { kind: 'groups', groups: [{ name, cameraIds: ['own-1'] }] } }
      const statuses = [
        (await visitor.post('/api/wall-layouts', { ...layout, name })).status,
        (await visitor.post('/api/wall-rotations', { ...rotation, name })).status,
        (await visitor.post('/api/wall-rotations', groups)).status,
      ]
      expect([name, ...statuses]).toEqual([name, ...(isOneLine(name) ? [200, 200, 200] : [400, 400, 400])])
      if (isOneLine(name)) named.push(name)
    }
    expect(named.length).toBeGreaterThan(20)
    const layouts = (await visitor.get('/api/wall-layouts')).body as WallLayout[]
    const rotations = (await visitor.get('/api/wall-rotations')).body as WallRotation[]
    expect(new Set(layouts.map(({ name }) => name))).toEqual(new Set(named))
    expect(new Set(rotations.map(({ name }) => name))).toEqual(new Set(['x', ...named]))
    const groupNames = rotations.flatMap(({ steps }) => (steps.kind === 'groups' ? steps.groups.map(({ name }) => name) : []))
    expect(new Set(groupNames)).toEqual(new Set(named))
    expect(await running.app.audit.verify()).toMatchObject({ isWhole: true, problems: [] })
  })

  test('a million tiles, cameras, groups or reports are too large, and nothing is kept of them', async () => {
    const visitor = await signIn(running, { account: 'millions' })
    const million = <T>(value: T): T[] => Array.from({ length: 1e6 }, () => value)
    const place = { column: 0, row: 0, columns: 1, rows: 1 }
    for (const [path, body] of Object.entries({
      '/api/wall-layouts': { ...layout, shape: { columns: 24, rows: 24, places: million(place) }, cameraIds: million(null) },
      '/api/wall-rotations': { ...rotation, steps: { kind: 'cameras', cameraIds: million('own-1') } },
      '/api/wall-patrols': { reports: million({}) },
    })) {
      const { status } = await ask({ method: 'POST', path, cookie: cookies[0]!, body: JSON.stringify(body) })
      expect([path, status]).toEqual([path, 413])
    }
    expect((await visitor.get('/api/wall-layouts')).body).toEqual([])
  })

  test('reasons of moves and bookmarks of the map come back as they are', async () => {
    const ops = await signIn(running, { account: 'mover', role: 'ops' })
    const reasons = storable.map((text) => text.trim()).filter((text) => text.length > 0 && text.length <= 200)
    for (const [i, reason] of reasons.entries()) {
      const body = { lonLat: [111.66, 40.75], headingDeg: i, fovDeg: 60, reachM: 51, reason }
      expect([reason, (await ops.post('/api/cameras/own-1/place', body)).status]).toEqual([reason, 200])
    }
    const moves = (await ops.get('/api/cameras/own-1/moves')).body as CameraMove[]
    expect(moves.map(({ reason }) => reason).sort()).toEqual([...reasons].sort())

    const views = storable.map((text) => ({ name: text.trim(), query: text })).filter(({ name, query }) => name.length <= 60 && query.length <= 2_000)
    for (const view of views) {
      const body = { ...view, lonLat: [111.66, 40.75], zoom: 15 }
      expect([view.name, (await ops.post('/api/map/bookmarks', body)).status]).toEqual([view.name, view.name === '' ? 400 : 200])
    }
    const bookmarks = (await ops.get('/api/map/bookmarks')).body as MapBookmark[]
    expect(new Set(bookmarks.map(({ name, query }) => `${name} ${query}`))).toEqual(
      new Set(views.filter(({ name }) => name !== '').map(({ name, query }) => `${name} ${query}`)),
    )
    expect(await running.app.audit.verify()).toMatchObject({ isWhole: true, problems: [] })
  })

  test('a file of jurisdictions whose every name and property is hostile', async () => {
    const admin = await signIn(running, { account: 'drawer', role: 'systemAdmin' })
    const features = storable.map((text) => ({ type: text, properties: { name: text, [text]: text }, geometry: { type: text, coordinates: [[text]] } }))
    const geoJson = JSON.stringify({ type: 'FeatureCollection', features })
    for (const stationProperty of ['name', ...storable].filter((text) => text.trim() !== '' && text.trim().length <= 60)) {
      const { status, body } = await admin.post('/api/stations/jurisdictions', { geoJson, crs: 'EPSG:4326', stationProperty, isDryRun: false })
      expect([stationProperty, status, (body as { isApplied: boolean }).isApplied]).toEqual([stationProperty, 200, false])
    }
  })
})
