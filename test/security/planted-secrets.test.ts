/**
 * reliability.md A3: secrets are planted where people and cameras really put them, the platform is used and misused, and then every place where text
 * comes out is searched for them: the log (at `debug`, of control and media), HTTP answers, push and live messages, reports of an import, the audit log,
 * the whole database.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../server/base/clock.ts'
import { createLog } from '../../server/base/log.ts'
import type { CameraId } from '../../server/contract/ids.ts'
import { createRtspDriver } from '../../server/drivers/rtsp/index.ts'
import { runImport } from '../../server/import-cameras.ts'
import { createMediaApp, defaultLimits } from '../../server/media/app.ts'
import { createMediaPlane } from '../../server/media/plane-client.ts'
import { openScriptedCamera, type ScriptedCamera } from '../peers/scripted-camera.ts'
import { recordingsIn } from '../media/support.ts'
import { openTestWorld, type TestApp, type TestWorld } from '../support/open-app.ts'

/** Each is unlike any other text there is; odd characters where people use them. */
const secrets = {
  accountPassword: 'Planted-01-Horse-Staple',
  wrongAccountPassword: 'Planted-02-typing-error',
  newAccountPassword: 'Planted-03-Another-Staple',
  weakNewPassword: 'planted04weakbutlong',
  setupPassword: 'Planted-05-Setup-Person',
  setupCode: 'PLANT-06CDE-FGHJK-MNPQR',
  cameraPassword: 'planted07:b@c/d?e#f%20"摄像 &=+',
  refusedCameraPassword: 'planted08-refused',
  basicCameraPassword: 'planted09-basic',
  queryPassword: 'planted10-in-the-query',
  pathPassword: 'planted11-in-the-path',
  pastedPassword: 'planted12/slash',
  shiftedPassword: 'planted13,comma',
  headlessPassword: 'planted14-no-heading',
  disputedPassword: 'planted15-disputed',
  brokenJsonPassword: 'planted16-broken-json',
  urlToken: 'planted17tokenintheurl_0000000000000000000A',
}
/** Found while the test runs: session tokens. */
const sessionTokens: string[] = []

/** A secret as it would look in JSON, in a URL, in a header. */
const formsOf = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(`admin:${secret}`).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
]
/** Halves of what a comma, a slash or a quote cuts apart count too. */
const partsOf = (secret: string) => [secret, ...secret.split(/[,/]/).filter((part) => part.length >= 5)]
const needles = Object.entries(secrets).flatMap(([name, secret]) => partsOf(secret).flatMap((part) => formsOf(part).map((form) => ({ name, form }))))

function leaksIn(text: string): string[] {
  const tokens = sessionTokens.map((form, i) => ({ name: `session token ${i}`, form }))
  return [...new Set([...needles, ...tokens].filter(({ form }) => text.includes(form)).map(({ name, form }) => `${name}: …${form}`))]
}

const logLines: string[] = []
const answers: string[] = []
const messages: string[] = []
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 30_000, interval: 50 })

let world: TestWorld
let running: TestApp
let folder: string
let closeMedia: () => Promise<void>
const cameras: ScriptedCamera[] = []

const columns = ['编号', '名称', '经度', '纬度', '坐标系', '派出所编号', '派出所', '场景', '接入方式', '主码流', '用户名', '密码', '传输'] as const
type Row = Partial<Record<(typeof columns)[number], string>>
const place = {
  名称: '澄桥路卡口',
  经度: '111.66',
  纬度: '40.75',
  坐标系: 'WGS-84',
  派出所编号: 'P01',
  派出所: '青岚派出所',
  场景: '小巷卡口',
  接入方式: '有线',
}
const quote = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
const lineOf = (row: Row) => columns.map((column) => quote({ ...place, ...row }[column] ?? '')).join(',')
const tableOf = (...rows: Row[]) => [columns.join(','), ...rows.map(lineOf)].join('\n')

async function importText(text: string) {
  const command = { command: 'importCameras', fileName: 'cameras.csv', tableBase64: Buffer.from(text).toString('base64'), isDryRun: false, by: 'root' } as const
  const report = await runImport(command, running.app)
  messages.push(JSON.stringify(report))
  return report
}

/** Everything that comes back is kept to be searched, but the cookie a login is meant to be given. */
async function send(path: string, { method = 'POST', body, cookie = '' }: { method?: string; body?: unknown; cookie?: string } = {}) {
  const reply = await fetch(running.url + path, {
    method,
    headers: { origin: running.url, cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await reply.text()
  const headers = [...reply.headers].filter(([name]) => name !== 'set-cookie' || reply.status !== 200)
  answers.push(`${method} ${reply.status} ${text} ${JSON.stringify(headers)}`)
  const given = reply.headers.getSetCookie()[0]?.split(';')[0]
  if (given?.includes('=') && given.length > 20) sessionTokens.push(given.split('=')[1]!)
  return { status: reply.status, text, cookie: given ?? '' }
}

async function openCamera(script: Parameters<typeof openScriptedCamera>[0]): Promise<string> {
  const camera = await openScriptedCamera(script)
  cameras.push(camera)
  return `rtsp://127.0.0.1:${camera.port}`
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mapwall-planted-'))
  const destination = { write: (line: string) => void logLines.push(line) }
  const log = createLog({ level: 'debug', process: 'control', destination })
  const mediaLog = createLog({ level: 'debug', process: 'media', destination })
  const socketPath = join(folder, 'media.sock')
  const media = createMediaApp(
    {
      socketPath,
      stillsFolder: join(folder, 'stills'),
      exportsFolder: join(folder, 'exports'),
      recordings: recordingsIn(folder),
      ffmpegPath: undefined,
      limits: defaultLimits(1),
    },
    { clock: systemClock, log: mediaLog, drivers: { rtsp: createRtspDriver() } },
  )
  await media.open()
  const plane = createMediaPlane({ socketPath, clock: systemClock, log })
  closeMedia = async () => {
    await plane.close()
    await media.close()
  }
  world = await openTestWorld()
  running = await world.start({ log, plane, health: { probePeriodMs: 500, maxProbesInFlight: 10, maxProbesPerSecond: 100 } })
})
afterAll(async () => {
  await running?.close()
  await closeMedia?.()
  for (const camera of cameras) await camera.close()
  await world?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

describe('A3 planted secrets come out nowhere', () => {
  test('people sign in, mistype, change passwords, and send what is broken', async () => {
    const { app } = running
    const user = { displayName: '值班', role: 'supervisor', stationIds: null } as const
    await app.accounts.createUser({ ...user, account: 'duty', password: secrets.accountPassword })
    expect((await send('/api/login', { body: { account: 'duty', password: secrets.wrongAccountPassword } })).status).toBe(401)
    expect((await send('/api/login', { body: { account: 'nobody', password: secrets.wrongAccountPassword } })).status).toBe(401)
    expect((await send('/api/login', { body: `{"account":"duty","password":"${secrets.brokenJsonPassword}` })).status).toBe(400)
    expect((await send('/api/login', { body: `{"account":"duty","password":${secrets.brokenJsonPassword}}` })).status).toBe(400)
    expect((await send('/api/login', { body: { account: ['duty'], password: [secrets.accountPassword] } })).status).toBe(400)
    expect((await send('/api/login', { body: { account: 'duty', password: secrets.accountPassword.repeat(20) } })).status).toBe(400)
    expect((await send(`/api/login?password=${secrets.wrongAccountPassword}`, { method: 'GET' })).status).toBe(404)

    const { status, cookie } = await send('/api/login', { body: { account: 'duty', password: secrets.accountPassword } })
    expect([status, sessionTokens.length]).toEqual([200, 1])
    const change = (oldPassword: string, newPassword: string) => send('/api/me/password', { cookie, body: { oldPassword, newPassword } })
    expect((await change(secrets.wrongAccountPassword, secrets.newAccountPassword)).status).toBe(401)
    expect((await change(secrets.accountPassword, secrets.weakNewPassword)).status).toBe(422)
    expect((await change(secrets.accountPassword, secrets.accountPassword)).status).toBe(422)
    expect((await change(secrets.accountPassword, secrets.newAccountPassword)).status).toBe(200)

    const person = (account: string) => ({ account, displayName: account, password: `${secrets.setupPassword}-${account}` })
    const setup = { setupCode: secrets.setupCode, systemAdmin: person('one'), securityAdmin: person('two'), auditAdmin: person('three') }
    expect((await send('/api/setup', { body: setup })).status).toBe(409)
    expect((await send('/api/setup', { body: { ...setup, auditAdmin: { ...person('three'), account: '!' } } })).status).toBe(400)

    expect((await send(`/api/cameras?token=${secrets.urlToken}`, { method: 'GET' })).status).toBe(401)
    expect((await send('/api/cameras', { method: 'GET', cookie: `mapwall=${secrets.urlToken}` })).status).toBe(401)
    for (const path of ['/api/me', '/api/cameras', '/api/stations', '/api/map', '/api/system'])
      expect([200, 403]).toContain((await send(path, { method: 'GET', cookie })).status)
  })

  test('cameras are put in with passwords in every place, and with mistakes', async () => {
    const shifted = columns.map(
      (column) => ({ ...place, 编号: 'bad-2', 主码流: 'rtsp://10.0.0.2/main', 用户名: 'admin', 密码: secrets.shiftedPassword })[column as never] ?? '',
    )
    const bad: [name: string, text: string][] = [
      ['a slash in a pasted password', tableOf({ 编号: 'bad-1', 主码流: `rtsp://admin:${secrets.pastedPassword}@10.0.0.1/main` })],
      ['a comma without quotes', `${columns.join(',')}\n${shifted.join(',')}`],
      [
        'a comma without quotes in a pasted address',
        `${columns.join(',')}\n${lineOf({ 编号: 'bad-3' }).replace(/,,,$/, '')},rtsp://admin:${secrets.shiftedPassword}@10.0.0.3/main,,,`,
      ],
      ['no heading', lineOf({ 编号: 'bad-4', 主码流: 'rtsp://10.0.0.4/main', 用户名: 'admin', 密码: secrets.headlessPassword })],
      [
        'two passwords',
        tableOf({ 编号: 'bad-5', 主码流: `rtsp://admin:${secrets.disputedPassword}@10.0.0.5/main`, 用户名: 'admin', 密码: `${secrets.disputedPassword}2` }),
      ],
      ['a password that is too long', tableOf({ 编号: 'bad-6', 主码流: 'rtsp://10.0.0.6/main', 用户名: 'admin', 密码: secrets.disputedPassword.repeat(20) })],
      ['not an RTSP address', tableOf({ 编号: 'bad-7', 主码流: `http://admin:${secrets.disputedPassword}@10.0.0.7/main` })],
      ['a wrong station', tableOf({ 编号: 'bad-8', 派出所编号: '青', 主码流: 'rtsp://10.0.0.8/main', 用户名: 'admin', 密码: secrets.disputedPassword })],
    ]
    for (const [name, text] of bad) {
      const report = await importText(text)
      expect(report.problems.length, name).toBeGreaterThan(0)
      expect(leaksIn(JSON.stringify(report)), name).toEqual([])
    }

    const ok = await openCamera({ login: { username: 'admin', password: secrets.cameraPassword, schemes: ['md5'] } })
    const refusing = await openCamera({ refusesLogin: true })
    const basic = await openCamera({ login: { username: 'admin', password: 'another', schemes: ['basic'] } })
    const rest = `/main?user=admin&password=${secrets.queryPassword}`
    const echoing = await openCamera({ statuses: { DESCRIBE: [404, `Not Found: rtsp://127.0.0.1${rest}`] } })
    const path = `/user=admin_password=${secrets.pathPassword}_channel=1.sdp`
    const echoingPath = await openCamera({ statuses: { DESCRIBE: [454, `No stream ${path}`] } })
    const redirecting = await openCamera({ redirectTo: `rtsp://admin:${secrets.refusedCameraPassword}@10.255.255.1${rest}` })
    const good = await importText(
      tableOf(
        { 编号: 'ok', 主码流: `${ok}/main`, 用户名: 'admin', 密码: secrets.cameraPassword },
        { 编号: 'refusing', 主码流: `${refusing}/main`, 用户名: 'admin', 密码: secrets.refusedCameraPassword },
        { 编号: 'basic', 主码流: `${basic}/main`, 用户名: 'admin', 密码: secrets.basicCameraPassword },
        { 编号: 'echoing', 主码流: `${echoing}${rest}`, 用户名: 'admin', 密码: secrets.basicCameraPassword },
        { 编号: 'echoing-path', 主码流: `${echoingPath}${path}` },
        { 编号: 'redirecting', 主码流: `${redirecting}${rest}` },
      ),
    )
    expect([good.problems, good.added]).toEqual([[], 6])
  })

  test('cameras refuse, echo and redirect, watched by a page', async () => {
    const { cookie } = await send('/api/login', { body: { account: 'duty', password: secrets.newAccountPassword } })
    const open = async (path: string) => {
      const socket = new WebSocket(running.url.replace('http', 'ws') + path, { headers: { cookie, origin: running.url } })
      socket.on('message', (bytes, isBinary) => void (isBinary || messages.push((bytes as Buffer).toString())))
      await once(socket, 'open')
      return socket
    }
    const push = await open('/push')
    const causes = {
      ok: null,
      refusing: 'refused_login',
      basic: 'refused_login',
      echoing: 'no_such_stream',
      'echoing-path': 'protocol_error',
      redirecting: 'protocol_error',
    }
    const before = messages.length
    const views = await Promise.all(Object.keys(causes).map((cameraId) => open(`/media/live/${cameraId}?profile=main`)))
    for (const [cameraId, cause] of Object.entries(causes)) {
      await until(() => expect([cameraId, running.app.health.getState(cameraId as CameraId).cause]).toEqual([cameraId, cause]))
      for (const path of ['dossier', 'status?fromAt=1&toAt=31536000000', 'still']) await send(`/api/cameras/${cameraId}/${path}`, { method: 'GET', cookie })
      await send(`/api/cameras/${cameraId}/probe`, { cookie, body: {} })
      await send(`/api/cameras/${cameraId}/warm`, { cookie, body: { profile: 'main' } })
    }
    await until(() => {
      const failures = messages.slice(before).filter((text) => text.includes('"type":"opening"'))
      for (const cause of ['refused_login', 'no_such_stream', 'protocol_error']) expect(failures.join()).toContain(`"cause":"${cause}"`)
    })
    await until(() => expect(messages.slice(before).join()).toContain('"topic":"cameraStatus"'))
    await send('/api/status/recent', { method: 'GET', cookie })
    for (const socket of [push, ...views]) socket.terminate()
  })

  test('the database refuses, and what was written stands in the exception', async () => {
    const { cookie } = await send('/api/login', { body: { account: 'duty', password: secrets.newAccountPassword } })
    await world.database.sql('alter table users add constraint planted check (password_changed_at < 0) not valid')
    const failed = await send('/api/me/password', { cookie, body: { oldPassword: secrets.newAccountPassword, newPassword: secrets.setupPassword } })
    expect([failed.status, JSON.parse(failed.text)]).toEqual([500, expect.objectContaining({ code: 'internal', detail: 'see the log' })])
    await world.database.sql('alter table users drop constraint planted')
    await world.database.sql('alter table login_sessions rename to away')
    await send('/api/login', { body: { account: 'duty', password: secrets.newAccountPassword } })
    expect((await send('/api/me', { method: 'GET', cookie: `mapwall=${secrets.urlToken}` })).status).toBe(500)
    await world.database.sql('alter table away rename to login_sessions')
    await until(() => expect(logLines.filter((line) => line.includes('"a request failed"')).length).toBeGreaterThanOrEqual(2))
    expect(logLines.join('')).not.toContain('$argon2id$')
  })

  test('the log says much, and none of them', () => {
    const text = logLines.join('')
    for (const word of ['camera offline', 'RTSP 401', 'RTSP 454', 'a request failed', 'answered']) expect(text).toContain(word)
    expect(leaksIn(text)).toEqual([])
  })

  test('nor do answers, push and live messages, and reports', () => {
    expect([answers.length > 40, messages.length > 10]).toEqual([true, true])
    expect(leaksIn(answers.join('\n'))).toEqual([])
    expect(leaksIn(messages.join('\n'))).toEqual([])
  })

  test('nor does any table, the audit log among them', async () => {
    const db = world.database.database.as<Record<string, never>>()
    const { rows: tables } = await sql<{
      name: string
    }>`select table_name as name from information_schema.tables where table_schema = current_schema()`.execute(db)
    const contents = new Map<string, string>()
    for (const { name } of tables) contents.set(name, JSON.stringify((await sql`select * from ${sql.id(name)}`.execute(db)).rows))
    for (const name of ['audit_log', 'cameras', 'users', 'login_sessions']) expect([name, (contents.get(name)?.length ?? 0) > 100]).toEqual([name, true])
    expect(contents.get('audit_log')).toContain('camera.import')
    for (const [name, text] of contents) expect([name, ...leaksIn(text)]).toEqual([name])
  })

  test('the search finds what it looks for, in every form', () => {
    expect(sessionTokens.length).toBeGreaterThanOrEqual(3)
    for (const secret of Object.values(secrets)) for (const form of formsOf(secret)) expect(leaksIn(`x ${form} y`)).not.toEqual([])
    expect(leaksIn(sessionTokens[0]!)).not.toEqual([])
  })
})
