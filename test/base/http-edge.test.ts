/** What surrounds the API: the built pages, HTTPS, a reverse proxy, how many sockets. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get as getPlain, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openTestGate, PASSWORD, type TestGate } from '../support/gate.ts'

type Answer = { status: number; headers: IncomingMessage['headers']; bytes: Buffer }
async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode!, headers: response.headers, bytes: Buffer.concat(chunks) }
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mapwall-edge-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the built pages', () => {
  const big = Buffer.from(Array.from({ length: 10_000 }, (_, i) => i % 256))
  const script = 'export const x = 1\n'.repeat(200)
  let gate: TestGate
  beforeAll(async () => {
    const pages = join(folder, 'pages')
    for (const sub of ['assets', 'basemap']) mkdirSync(join(pages, sub), { recursive: true })
    writeFileSync(join(pages, 'index.html'), '<!doctype html><title>MapWall</title>')
    writeFileSync(join(pages, 'assets/app-Ab12Cd34.js'), script)
    writeFileSync(join(pages, 'basemap/district.pmtiles'), big)
    writeFileSync(join(pages, '.env'), 'HIDDEN=1')
    writeFileSync(join(folder, 'outside.txt'), 'OUTSIDE')
    gate = await openTestGate({ staticFolder: pages, mapOrigins: ['http://tiles.example:8090'] })
  })
  afterAll(() => gate.close())
  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<Answer>((resolve, reject) =>
      getPlain({ port: gate.port, host: '127.0.0.1', path, headers }, (answer) => resolve(read(answer))).on('error', reject),
    )

  test('a script with a hash in its name is compressed and kept for ever; the page itself is asked for each time', async () => {
    const zipped = await get('/assets/app-Ab12Cd34.js', { 'accept-encoding': 'gzip' })
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', 'cache-control': 'public, max-age=31536000, immutable', vary: 'Accept-Encoding' })
    expect(gunzipSync(zipped.bytes).toString()).toBe(script)
    expect((await get('/assets/app-Ab12Cd34.js')).bytes.toString()).toBe(script)
    const page = await get('/index.html')
    expect(page.headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'text/html; charset=utf-8' })
    expect((await get('/index.html', { 'if-none-match': page.headers.etag! })).status).toBe(304)
  })
  test('an address of a page answers the page, to people only; an address of the API never does', async () => {
    const html = { accept: 'text/html' }
    for (const path of ['/', '/map', '/cameras/c-1']) expect((await get(path, html)).bytes.toString()).toContain('MapWall')
    expect((await get('/map', { accept: '*/*' })).status).toBe(404)
    expect((await get('/map', { ...html, 'sec-fetch-mode': 'cors' })).status).toBe(404)
    for (const path of ['/api/nothing', '/push', '/media/live/x', '/API/x', '/no.js']) expect(`${path} ${(await get(path, html)).status}`).toBe(`${path} 404`)
  })
  test.each([
    '/../outside.txt',
    '/..%2foutside.txt',
    '/assets/../../outside.txt',
    '/%2e%2e/outside.txt',
    '/.env',
    '/assets',
    '/basemap/',
    '/assets\\app-Ab12Cd34.js',
    '//index.html',
    '/index.html%00',
  ])('A2 %s reaches no file', async (path) => {
    const answer = await get(path)
    expect([400, 404]).toContain(answer.status)
    expect(answer.bytes.toString()).not.toMatch(/OUTSIDE|HIDDEN/)
  })
  test.each([
    { range: 'bytes=0-15', status: 206, from: 0, to: 16 },
    { range: 'bytes=9990-', status: 206, from: 9_990, to: 10_000 },
    { range: 'bytes=-10', status: 206, from: 9_990, to: 10_000 },
    { range: 'bytes=9999-20000', status: 206, from: 9_999, to: 10_000 },
    { range: 'bytes=0-1,5-6', status: 200, from: 0, to: 10_000 },
    { range: 'lines=1-2', status: 200, from: 0, to: 10_000 },
  ])('R-MAP-7 a base map is read in parts: $range', async ({ range, status, from, to }) => {
    const answer = await get('/basemap/district.pmtiles', { range, 'accept-encoding': 'gzip' })
    expect([answer.status, answer.headers['content-encoding'], answer.headers['content-range']]).toEqual([
      status,
      undefined,
      status === 206 ? `bytes ${from}-${to - 1}/10000` : undefined,
    ])
    expect(answer.bytes.equals(big.subarray(from, to))).toBe(true)
  })
  test('a part beyond the end is refused with the size', async () => {
    const answer = await get('/basemap/district.pmtiles', { range: 'bytes=10000-' })
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */10000'])
  })
  test('the policy lets the page load from the configured base map and from nowhere else outside', async () => {
    const policy = String((await get('/', { accept: 'text/html' })).headers['content-security-policy'])
    const outside = [...policy.matchAll(/https?:\/\/[^\s;]+/g)].map(([origin]) => origin)
    expect(new Set(outside)).toEqual(new Set(['http://tiles.example:8090']))
    expect(policy).toMatch(/img-src [^;]*http:\/\/tiles\.example:8090/)
    expect(policy).toMatch(/connect-src [^;]*http:\/\/tiles\.example:8090/)
    expect(policy).toMatch(/script-src 'self'(;|$)/)
  })
})

const logIn = { account: 'edge', password: PASSWORD }

describe('R-SEC-2 HTTPS', () => {
  test('serves over TLS, with a cookie that only travels so', async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
      ],
      { stdio: 'ignore' },
    )
    const gate = await openTestGate({ tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } })
    const origin = `https://127.0.0.1:${gate.port}`
    await gate.createUser('ops', null, logIn.account)
    const post = (from: string) =>
      new Promise<Answer>((resolve, reject) => {
        const options = {
          port: gate.port,
          host: '127.0.0.1',
          path: '/api/login',
          method: 'POST',
          ca: readFileSync(cert),
          headers: { origin: from, 'content-type': 'application/json' },
        }
        requestTls(options, (answer) => resolve(read(answer)))
          .on('error', reject)
          .end(JSON.stringify(logIn))
      })
    const answer = await post(origin)
    expect(answer.status).toBe(200)
    expect(answer.headers['set-cookie']![0]).toMatch(/^__Host-mapwall=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000')
    expect((await post(origin.replace('https', 'http'))).status).toBe(403)
    const cookie = answer.headers['set-cookie']![0]!.split(';')[0]!
    const socket = new WebSocket(`${origin.replace('https', 'wss')}/push`, { ca: readFileSync(cert), headers: { cookie, origin } })
    await new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject))
    socket.terminate()
    await gate.close()
  })
})

describe('a reverse proxy in front', () => {
  const forwarded = { 'x-forwarded-for': '9.9.9.9, 10.1.1.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'wall.example' }
  const post = (gate: TestGate, origin: string) =>
    new Promise<Answer>((resolve, reject) => {
      const headers = { ...forwarded, origin, 'content-type': 'application/json' }
      requestPlain({ port: gate.port, host: '127.0.0.1', path: '/api/login', method: 'POST', headers }, (answer) => resolve(read(answer)))
        .on('error', reject)
        .end(JSON.stringify(logIn))
    })
  const addressOfLast = async (gate: TestGate) =>
    (
      await gate.opened.database
        .as<{ audit_log: { address: string; seq: number } }>()
        .selectFrom('audit_log')
        .select('address')
        .orderBy('seq', 'desc')
        .executeTakeFirst()
    )?.address

  test('is believed only when it is ours: the hop it names, its scheme and host', async () => {
    const gate = await openTestGate({ trust: { trustProxy: true } })
    await gate.createUser('ops', null, logIn.account)
    const answer = await post(gate, 'https://wall.example')
    expect(answer.headers['set-cookie']![0]).toMatch(/^__Host-mapwall=.*; Secure$/)
    expect(await addressOfLast(gate)).toBe('10.1.1.7')
    expect((await post(gate, gate.origin)).status).toBe(403)
    await gate.close()
  })
  test('is not believed otherwise', async () => {
    const gate = await openTestGate()
    await gate.createUser('ops', null, logIn.account)
    expect((await post(gate, 'https://wall.example')).status).toBe(403)
    expect((await post(gate, gate.origin)).headers['set-cookie']![0]).toMatch(/^mapwall=/)
    expect(await addressOfLast(gate)).toBe('127.0.0.1')
    await gate.close()
  })
})

describe('how many sockets', () => {
  test('one login, and one address, may hold only so many; a place is free again when one closes', async () => {
    const gate = await openTestGate({ socketLimits: { perLogin: 2, perAddress: 3 } })
    const [one, two] = await Promise.all(['edge-1', 'edge-2'].map(async (account) => gate.signIn((await gate.createUser('ops', null, account)).account)))
    const open = (cookie: string) =>
      new Promise<WebSocket | number>((resolve, reject) => {
        const socket = new WebSocket(`${gate.origin.replace('http', 'ws')}/push`, { headers: { cookie, origin: gate.origin } })
        socket
          .once('open', () => resolve(socket))
          .once('unexpected-response', (_request, answer) => resolve(answer.statusCode!))
          .once('error', reject)
      })
    const held = [await open(one!), await open(one!)]
    expect(await open(one!)).toBe(429)
    held.push(await open(two!))
    expect(await open(two!)).toBe(429)
    ;(held[0] as WebSocket).terminate()
    await expect.poll(() => gate.push.clientCount()).toBe(2)
    const again = await open(one!)
    expect(again).toBeInstanceOf(WebSocket)
    for (const socket of [...held, again]) (socket as WebSocket).terminate()
    await gate.close()
  })
})
