/** R-DL: who may ask for how much, who approves, what becomes of it over restarts, and when the files go. Media is a fake that does what the test says. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import WebSocket from 'ws'
import { createClockGuard } from '../../../server/base/clock-guard.ts'
import { silentLog } from '../../../server/base/log.ts'
import type { User } from '../../../server/base/routes.ts'
import type { Export, ExportFailure } from '../../../server/contract/exports.ts'
import type { CameraId, StationId } from '../../../server/contract/ids.ts'
import type { PushMessage } from '../../../server/contract/push.ts'
import { createExports, createExportStore } from '../../../server/features/exports/index.ts'
import type { ClipOrder, WrittenFile } from '../../../server/media/plane.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createFakePlane } from '../../support/fake-plane.ts'
import { draftOf, openTestWorld, signIn, stationOf, testPassword, type TestApp, type TestWorld } from '../../support/open-app.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOON = Date.UTC(2026, 0, 5, 12)

let world: TestWorld
beforeAll(async () => void (world = await openTestWorld()))
afterAll(() => world.close())

type Person = Awaited<ReturnType<typeof signInPerson>>
let people = 0

/** A browser of a new account. */
async function signInPerson(running: TestApp, stationIds: string[] | null = null) {
  const account = `person-${++people}`
  const userId = await running.app.accounts.createUser({
    account,
    displayName: account,
    role: 'supervisor',
    password: testPassword,
    stationIds: stationIds as StationId[] | null,
  })
  const headers = { cookie: '', origin: running.url, 'content-type': 'application/json' }
  async function signIn() {
    const reply = await fetch(`${running.url}/api/login`, { method: 'POST', headers, body: JSON.stringify({ account, password: testPassword }) })
    headers.cookie = reply.headers.getSetCookie()[0]!.split(';')[0]!
  }
  await signIn()
  async function ask(route: string, body?: unknown) {
    const [method, path] = route.split(' ') as [string, string]
    const reply = await fetch(running.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const bytes = Buffer.from(await reply.arrayBuffer())
    const isJson = reply.headers.get('content-type')?.startsWith('application/json; charset') ?? false
    return { status: reply.status, headers: reply.headers, bytes, body: (isJson ? JSON.parse(bytes.toString()) : undefined) as never }
  }
  return {
    account,
    userId,
    signIn,
    ask,
    request: async (more: object = {}) => {
      const body = {
        cameraIds: ['a'],
        fromAt: NOON,
        toAt: NOON + HOUR_MS,
        purpose: 'case',
        documentNumber: '公〔2026〕1 号',
        reason: '<b>=1+1</b>',
        isWatermarked: false,
      }
      const { status, body: reply } = await ask('POST /api/exports', { ...body, ...more })
      return { status, reply: reply as Export & { code?: string } }
    },
    list: async () => (await ask('GET /api/exports')).body as { limits: { usedBytes: number; usedCount: number }; exports: Export[] },
    find: async (exportId: string) => ((await ask('GET /api/exports')).body as { exports: Export[] }).exports.find((each) => each.exportId === exportId),
    decide: (exportId: string, isApproved: boolean) => ask(`POST /api/exports/${exportId}/decision`, { isApproved, note: 'seen' }),
    async openPush() {
      const socket = new WebSocket(`${running.url.replace('http', 'ws')}/push`, { headers: { cookie: headers.cookie, origin: running.url } })
      const messages: PushMessage[] = []
      socket.on('message', (text) => messages.push(JSON.parse((text as Buffer).toString()) as PushMessage))
      await once(socket, 'open')
      return { messages, close: () => socket.close() }
    },
    cancel: (exportId: string) => ask(`DELETE /api/exports/${exportId}`),
    fetch: (exportId: string, name: string) => ask(`GET /api/exports/${exportId}/file?name=${encodeURIComponent(name)}`),
  }
}

const until = (check: () => unknown) => vi.waitFor(async () => expect(await check()).toBeTruthy(), { timeout: 10_000, interval: 10 })
const stateOf = async (person: Person, exportId: string) => (await person.find(exportId))?.state

/** An hour of each camera, of so many bytes. */
function record({ fake, app }: TestApp, cameraId: string, bytes: number, fromAt = NOON) {
  const segment = {
    cameraId: cameraId as CameraId,
    profile: 'main',
    diskId: 'd',
    path: `${cameraId}-${fromAt}.mp4`,
    fromAt,
    toAt: fromAt + HOUR_MS,
    bytes,
    isClosed: true,
  } as const
  fake.emit({ type: 'segment', segment })
  return app.recordings.index()
}

const exportsFolder = () => join(world.dataFolder, 'exports')
const contentOf = ({ cameraId }: ClipOrder) => Buffer.from(`pictures of ${cameraId}`)

/** Does what media does: writes a file and says so. */
function finishClip({ fake }: TestApp, order = fake.clips.at(-1)!, change: Partial<WrittenFile> = {}) {
  const { exportId, cameraId, fromAt, toAt } = order
  const folder = join(exportsFolder(), exportId, cameraId)
  const content = contentOf(order)
  mkdirSync(folder, { recursive: true })
  const fileName = `${cameraId}_20260105-200000.mp4`
  writeFileSync(join(folder, fileName), content)
  const file: WrittenFile = {
    fileName,
    fromAt,
    toAt,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    codec: 'h264',
    widthPx: 1920,
    heightPx: 1080,
    sound: null,
    frames: 90_000,
    stretches: [{ fileMs: 0, fromAt, toAt }],
    clockOffsetMs: 0,
    ...change,
  }
  fake.emit({ type: 'exportDone', exportId, cameraId, files: [file] })
  return file
}
const failClip = ({ fake }: TestApp, failure: ExportFailure, { exportId, cameraId } = fake.clips.at(-1)!) =>
  fake.emit({ type: 'exportFailed', exportId, cameraId, failure, detail: 'test' })

async function start(options: { clock?: ReturnType<typeof createFakeClock>; isFresh?: boolean } = {}) {
  const clock = options.clock ?? createFakeClock(NOON + 2 * HOUR_MS)
  const running = await world.start({ clock, health: { probePeriodMs: 3_600_000, maxProbesInFlight: 1, maxProbesPerSecond: 1 } })
  onTestFinished(() => running.close())
  if (options.isFresh ?? true) {
    await world.database.sql('delete from export_clips; delete from exports; delete from segments')
    await running.app.cameras.putStations([stationOf('s1'), stationOf('s2')])
    await running.app.cameras.putCameras([draftOf('a', 's1', { name: '甲 "路口"' }), draftOf('b', 's2')])
    for (const cameraId of ['a', 'b']) await record(running, cameraId, 100e6)
  }
  return { running, clock, fake: running.fake }
}

/** Exports with nothing beside them that has a clock of its own. */
function openAlone(clock: ReturnType<typeof createFakeClock>) {
  const exports = createExports({
    store: createExportStore(world.database.database),
    plane: createFakePlane(clock).plane,
    clock,
    clockGuard: createClockGuard({ clock, log: silentLog }),
    log: silentLog,
    folder: exportsFolder(),
    version: '1',
    mayTouch: () => true,
    nameOf: (cameraId) => cameraId,
    clipSize: async (cameraId) => ({ cameraId, recordedMs: 0, bytes: 0, gaps: [] }),
    recordAudit: async () => {},
    onChanged: () => undefined,
  })
  onTestFinished(() => exports.close())
  return exports
}

describe('R-DL-1 who learns of it by push', () => {
  test('who may decide, of what waits for them; who asked, of what became ready; nobody else', async () => {
    const { running, fake, clock } = await start()
    await record(running, 'a', 600e6, NOON - HOUR_MS)
    const asker = await signInPerson(running)
    const decider = await signIn(running, { account: `decider-${++people}`, role: 'supervisor' })
    const elsewhere = await signIn(running, { account: `elsewhere-${++people}`, role: 'supervisor', stationIds: ['s2' as StationId] })
    const duty = await signIn(running, { account: `duty-${++people}`, role: 'dutyOfficer' })
    const pages = await Promise.all([decider, elsewhere, duty].map((visitor) => visitor.openPush()))
    const askersPage = await asker.openPush()
    const newsOf = ({ messages }: { messages: PushMessage[] }) =>
      messages.flatMap((message) => (message.topic === 'exports' ? [{ toDecide: message.toDecide, readyAts: message.readyAts }] : []))
    const none = { toDecide: 0, readyAts: [] }
    await until(() => [...pages.slice(0, 2), askersPage].every((page) => newsOf(page).length === 1))

    const { exportId, state } = (await asker.request({ fromAt: NOON - HOUR_MS, toAt: NOON })).reply
    expect(state).toBe('waiting')
    await until(() => newsOf(pages[0]!).at(-1)?.toDecide === 1)
    const reply = await decider.post(`/api/exports/${exportId}/decision`, { isApproved: true, note: '' })
    expect(reply.status).toBe(200)
    await until(() => newsOf(pages[0]!).at(-1)?.toDecide === 0)
    await until(() => fake.clips.length === 1)
    finishClip(running)
    await until(() => newsOf(askersPage).at(-1)?.readyAts.length === 1)
    expect(newsOf(askersPage)).toEqual([none, { toDecide: 0, readyAts: [clock.now()] }])
    expect(newsOf(pages[0]!)).toEqual([none, { toDecide: 1, readyAts: [] }, none])
    expect([newsOf(pages[1]!), newsOf(pages[2]!)]).toEqual([[none], []])
    // deleted: there is nothing to fetch any more
    await asker.cancel(exportId)
    await until(() => newsOf(askersPage).at(-1)?.readyAts.length === 0)
    for (const page of [...pages, askersPage]) page.close()
  })
})

describe('R-DL from the request to the files', () => {
  test('one clip after the other; then manifest, sums and instructions, whose hashes are those of the files', async () => {
    const { running, fake } = await start()
    const person = await signInPerson(running)
    const { status, reply } = await person.request({ cameraIds: ['a', 'b'] })
    expect([status, reply.state, reply.clips.map(({ state, bytes, totalMs }) => [state, bytes, totalMs])]).toEqual([
      200,
      'queued',
      [
        ['queued', 100e6, HOUR_MS],
        ['queued', 100e6, HOUR_MS],
      ],
    ])
    const { exportId } = reply
    await until(() => fake.clips.length === 1)
    expect(fake.clips[0]).toEqual({ exportId, cameraId: 'a', fromAt: NOON, toAt: NOON + HOUR_MS, isH264: false, watermark: null })
    fake.emit({ type: 'exportProgress', exportId, cameraId: 'a' as CameraId, doneMs: 600_000, totalMs: HOUR_MS, bytes: 5 })
    expect((await person.find(exportId))?.clips[0]).toMatchObject({ state: 'running', doneMs: 600_000, totalMs: HOUR_MS })
    const first = finishClip(running)
    await until(() => fake.clips.length === 2)
    const half = NOON + HOUR_MS / 2
    const second = finishClip(running, undefined, { toAt: half, stretches: [{ fileMs: 0, fromAt: NOON, toAt: half }] })
    await until(async () => (await stateOf(person, exportId)) === 'ready')
    const ready = (await person.find(exportId))!
    expect(ready.papers.map(({ fileName }) => fileName)).toEqual(['manifest.json', 'SHA256SUMS', '说明.txt'])
    expect(JSON.stringify(ready)).not.toContain('stretches')
    // on record and not in the clip: the disk
    expect(ready.clips[1]!.gaps).toEqual([{ fromAt: half, toAt: NOON + HOUR_MS, reason: 'disk', cause: null }])

    const manifest = JSON.parse((await person.fetch(exportId, 'manifest.json')).bytes.toString()) as never
    expect(manifest).toMatchObject({
      exportId,
      requestedBy: person.account,
      purpose: 'case',
      documentNumber: '公〔2026〕1 号',
      reason: '<b>=1+1</b>',
      isWatermarked: false,
      isH264: false,
      platformVersion: '0.0.0-test',
      cameras: [
        {
          cameraId: 'a',
          cameraName: '甲 "路口"',
          clockOffsetMs: 0,
          files: [{ fileName: first.fileName, sha256: first.sha256, stretches: [{ fileMs: 0 }] }],
          gaps: [],
        },
        { cameraId: 'b', files: [{ sha256: second.sha256 }], gaps: [{ reason: 'disk' }] },
      ],
    })
    const sums = (await person.fetch(exportId, 'SHA256SUMS')).bytes.toString()
    const lines = sums
      .trim()
      .split('\n')
      .map((line) => line.split('  ') as [string, string])
    expect(lines.map(([, name]) => name)).toEqual([first.fileName, second.fileName, 'manifest.json'])
    for (const [sha256, name] of lines)
      expect(
        createHash('sha256')
          .update((await person.fetch(exportId, name)).bytes)
          .digest('hex'),
      ).toBe(sha256)
    const instructions = await person.fetch(exportId, '说明.txt')
    expect(instructions.bytes.toString()).toContain('certutil -hashfile')
    expect(instructions.bytes.toString()).not.toContain('时间须更正')
    expect(instructions.headers.get('content-disposition')).toContain("filename*=UTF-8''%E8%AF%B4%E6%98%8E.txt")
  })

  test('R-DL-2 recordings that ran ahead of a clock that was set back: the manifest has by how much, the instructions say it in words', async () => {
    const { running, fake } = await start()
    const person = await signInPerson(running)
    const { exportId } = (await person.request({ cameraIds: ['a', 'b'] })).reply
    await until(() => fake.clips.length === 1)
    finishClip(running, undefined, { clockOffsetMs: 3_720_000 })
    await until(() => fake.clips.length === 2)
    const file = finishClip(running)
    await until(async () => (await stateOf(person, exportId)) === 'ready')
    const ready = (await person.find(exportId))!
    expect(JSON.stringify(ready)).not.toContain('clockOffsetMs')
    const manifest = JSON.parse((await person.fetch(exportId, 'manifest.json')).bytes.toString()) as never
    expect(manifest).toMatchObject({
      cameras: [
        { cameraId: 'a', clockOffsetMs: 3_720_000, files: [{ clockOffsetMs: 3_720_000 }] },
        { cameraId: 'b', clockOffsetMs: 0, files: [{ fileName: file.fileName, clockOffsetMs: 0 }] },
      ],
    })
    const instructions = (await person.fetch(exportId, '说明.txt')).bytes.toString()
    expect(instructions).toContain('甲 "路口"（a）：所示时间比实际快 1 小时 2 分\r\n')
    expect(instructions).toContain('times shown are 1 h 2 min ahead of the true time')
    expect(instructions).not.toContain('（b）')
  })

  test('what failed is said, the rest is there; when all fails nothing is', async () => {
    const { running, fake } = await start()
    const person = await signInPerson(running)
    const half = (await person.request({ cameraIds: ['a', 'b'] })).reply
    await until(() => fake.clips.length === 1)
    failClip(running, 'damaged_file')
    await until(() => fake.clips.length === 2)
    finishClip(running)
    await until(async () => (await stateOf(person, half.exportId)) === 'ready')
    expect((await person.find(half.exportId))!.clips.map(({ state, failure }) => [state, failure])).toEqual([
      ['failed', 'damaged_file'],
      ['ready', null],
    ])
    const none = (await person.request()).reply
    await until(() => fake.clips.length === 3)
    failClip(running, 'nothing_recorded')
    await until(async () => (await stateOf(person, none.exportId)) === 'failed')
    expect((await person.fetch(none.exportId, 'manifest.json')).status).toBe(404)
    expect(existsSync(join(exportsFolder(), none.exportId))).toBe(false)
  })

  test('H.264 is handed on to media and listed', async () => {
    const { running, fake } = await start()
    const person = await signInPerson(running)
    const { reply } = await person.request({ isH264: true })
    await until(() => fake.clips.length === 1)
    expect([fake.clips[0]!.isH264, reply.isH264, (await person.find(reply.exportId))?.isH264]).toEqual([true, true, true])
  })

  test('the watermark is account and local time of the request, said by us', async () => {
    const { running, fake } = await start()
    const person = await signInPerson(running)
    const { reply } = await person.request({ isWatermarked: true })
    await until(() => fake.clips.length === 1)
    expect(fake.clips[0]!.watermark).toBe(`${person.account}  ${new Date(reply.requestedAt).toLocaleString('sv-SE')}`)
  })

  test('every step is in the audit log', async () => {
    const { running, fake } = await start()
    const [person, other] = [await signInPerson(running), await signInPerson(running)]
    await record(running, 'a', 600e6, NOON - HOUR_MS)
    const { exportId } = (await person.request({ fromAt: NOON - HOUR_MS })).reply
    await other.decide(exportId, true)
    await until(() => fake.clips.length === 1)
    const { fileName, sha256 } = finishClip(running)
    await until(async () => (await stateOf(person, exportId)) === 'ready')
    await person.fetch(exportId, fileName)
    await person.cancel(exportId)
    const { exportId: failing } = (await person.request()).reply
    await until(() => fake.clips.length === 2)
    failClip(running, 'disk_full')
    await until(async () => (await stateOf(person, failing)) === 'failed')
    const rows = await world.database.database
      .as<{ audit_log: { seq: number; name: string; account: string; detail: string } }>()
      .selectFrom('audit_log')
      .select(['name', 'account', 'detail'])
      .where('name', 'like', 'export.%')
      .orderBy('seq')
      .execute()
    const mine = rows.filter(({ detail }) => detail.includes(exportId) || detail.includes(failing))
    expect(mine.map(({ name, account }) => [name, account])).toEqual([
      ['export.request', person.account],
      ['export.decide', other.account],
      ['export.ready', person.account],
      ['export.download', person.account],
      ['export.cancel', person.account],
      ['export.request', person.account],
      ['export.failed', person.account],
    ])
    const download = JSON.parse(mine[3]!.detail) as object
    expect(download).toMatchObject({ exportId, cameras: ['a'], file: fileName, sha256, fromAt: NOON - HOUR_MS, toAt: NOON + HOUR_MS })
  })
})

describe('R-DL who may', () => {
  test('every camera of the request must be in the area; nothing is told of the others', async () => {
    const { running, fake } = await start()
    const person = await signInPerson(running, ['s1'])
    for (const cameraIds of [['a', 'b'], ['b'], ['a', 'nosuch']]) expect([(await person.request({ cameraIds })).status, fake.clips.length]).toEqual([404, 0])
    expect((await person.ask('GET /api/cameras/b/clip-size?fromAt=0&toAt=1')).status).toBe(404)
    expect((await person.ask(`GET /api/cameras/a/clip-size?fromAt=${NOON}&toAt=${NOON + HOUR_MS}`)).body).toMatchObject({ recordedMs: HOUR_MS, bytes: 100e6 })
    expect((await person.list()).exports).toEqual([])
  })

  test('only the requester fetches, and only while the cameras are theirs to download', async () => {
    const { running, fake } = await start()
    const [person, other] = [await signInPerson(running), await signInPerson(running)]
    const { exportId } = (await person.request()).reply
    await until(() => fake.clips.length === 1)
    const { fileName } = finishClip(running)
    await until(async () => (await stateOf(person, exportId)) === 'ready')
    expect((await person.fetch(exportId, fileName)).bytes).toEqual(contentOf(fake.clips[0]!))
    expect((await other.fetch(exportId, fileName)).status).toBe(404)
    expect((await other.cancel(exportId)).status).toBe(404)
    expect((await other.list()).exports).toEqual([])
    for (const name of ['../manifest.json', '..', 'a/x', `${exportId}/manifest.json`, 'watermark.txt'])
      expect((await person.fetch(exportId, name)).status).toBe(404)
    await running.app.cameras.putCameras([draftOf('a', 's2')])
    await running.app.accounts.changeUser(person.userId, { stationIds: ['s1' as StationId] })
    expect((await person.fetch(exportId, fileName)).status).toBe(404)
    await running.app.accounts.changeUser(person.userId, { stationIds: ['s2' as StationId] })
    expect((await person.fetch(exportId, fileName)).status).toBe(200)
  })

  test('above 500 MB somebody else approves whose area covers all of it; nobody their own', async () => {
    const { running, fake } = await start()
    await record(running, 'b', 500e6, NOON + HOUR_MS)
    const [person, other, narrow] = [await signInPerson(running), await signInPerson(running), await signInPerson(running, ['s1'])]
    const { exportId, state, isMineToDecide } = (await person.request({ cameraIds: ['a', 'b'], toAt: NOON + 2 * HOUR_MS })).reply
    expect([state, isMineToDecide, fake.clips.length]).toEqual(['waiting', false, 0])
    expect((await person.decide(exportId, true)).status).toBe(403)
    expect((await narrow.decide(exportId, true)).status).toBe(404)
    expect((await narrow.list()).exports).toEqual([])
    expect((await other.list()).exports).toMatchObject([{ exportId, isMine: false, isMineToDecide: true, requestedBy: person.account }])
    expect((await other.decide(exportId, true)).status).toBe(200)
    expect((await other.decide(exportId, false)).status).toBe(409)
    await until(() => fake.clips.length === 1)
    expect(await person.find(exportId)).toMatchObject({ decidedBy: other.account, decisionNote: 'seen' })
    const refused = (await person.request({ cameraIds: ['a', 'b'], toAt: NOON + 2 * HOUR_MS })).reply
    await other.decide(refused.exportId, false)
    expect(await stateOf(person, refused.exportId)).toBe('rejected')
    expect(fake.clips.length).toBe(1)
  })

  test('so many requests and bytes in 24 hours, also of two at once; the next day there is room again', async () => {
    const { running, clock } = await start()
    const person = await signInPerson(running)
    await record(running, 'a', 11e9, NOON - HOUR_MS)
    const range = { fromAt: NOON - HOUR_MS, toAt: NOON }
    const both = await Promise.all([person.request(range), person.request(range)])
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 429])
    expect((await person.list()).limits).toMatchObject({
      usedBytes: 11e9,
      usedCount: 1,
      perDayBytes: 20e9,
      perDayCount: 50,
      approvalOverBytes: 500e6,
      keepDays: 7,
    })
    await record(running, 'b', 21e9, NOON - HOUR_MS)
    expect((await person.request({ ...range, cameraIds: ['b'] })).reply.code).toBe('too_large')
    for (let count = 1; count < 50; count++) expect((await person.request({ fromAt: 1, toAt: 2 })).status).toBe(200)
    expect((await person.request({ fromAt: 1, toAt: 2 })).reply.code).toBe('rate_limited')
    clock.stepWall(DAY_MS + 1)
    await person.signIn()
    expect((await person.request({ fromAt: 1, toAt: 2 })).status).toBe(200)
  })
})

describe('R-DL what befalls it', () => {
  test('cancelled while it runs: media is told, the files are gone, the next one begins', async () => {
    const { running, fake } = await start()
    const person = await signInPerson(running)
    const [first, second] = [(await person.request()).reply, (await person.request()).reply]
    await until(() => fake.clips.length === 1)
    mkdirSync(join(exportsFolder(), first.exportId, 'a'), { recursive: true })
    expect((await person.cancel(first.exportId)).status).toBe(200)
    expect(fake.cancelled).toEqual([first.exportId])
    expect(existsSync(join(exportsFolder(), first.exportId))).toBe(false)
    await until(() => fake.clips.at(-1)!.exportId === second.exportId)
    // too late: it is nobody's any more
    finishClip(running, fake.clips[0])
    finishClip(running)
    await until(async () => (await stateOf(person, second.exportId)) === 'ready')
    expect(await stateOf(person, first.exportId)).toBe('cancelled')
    expect((await person.cancel(first.exportId)).status).toBe(409)
    expect((await person.cancel(second.exportId)).status).toBe(200)
    expect((await person.fetch(second.exportId, 'manifest.json')).status).toBe(404)
  })

  test('a restart of control begins running ones anew and sweeps what is nobody’s', async () => {
    const { running, fake, clock } = await start()
    const person = await signInPerson(running)
    const { exportId } = (await person.request()).reply
    await until(() => fake.clips.length === 1)
    const stray = join(exportsFolder(), '11111111-2222-4333-8444-555555555555')
    mkdirSync(stray, { recursive: true })
    mkdirSync(join(exportsFolder(), 'lost+found'), { recursive: true })
    await running.close()
    const again = await start({ clock, isFresh: false })
    await until(() => again.fake.clips.length === 1)
    expect(again.fake.clips[0]!.exportId).toBe(exportId)
    expect([existsSync(stray), existsSync(join(exportsFolder(), 'lost+found'))]).toEqual([false, true])
  })

  test('a media process that goes away is asked again, three times at most', async () => {
    const { running, fake } = await start()
    const person = await signInPerson(running)
    const { exportId } = (await person.request()).reply
    for (let turn = 1; turn <= 3; turn++) {
      await until(() => fake.clips.length === turn)
      fake.setLink('lost')
      fake.setLink('up')
    }
    await until(async () => (await stateOf(person, exportId)) === 'failed')
    expect((await person.find(exportId))!.clips[0]!.failure).toBe('media_unavailable')
    expect(fake.clips.length).toBe(3)
  })

  test('an end that could not be written down is not lost: the clip is asked for again', async () => {
    const { running } = await start()
    const person = await signInPerson(running)
    await running.close()
    const quiet = createFakeClock(NOON + 2 * HOUR_MS)
    const fake = createFakePlane(quiet)
    let failing = 1
    const exports = createExports({
      store: createExportStore(world.database.database),
      plane: fake.plane,
      clock: quiet,
      clockGuard: { mayExpire: () => true },
      log: silentLog,
      folder: exportsFolder(),
      version: '1',
      mayTouch: () => true,
      nameOf: (cameraId) => cameraId,
      async clipSize(cameraId) {
        if (fake.clips.length === 1 && failing-- > 0) throw new Error('the database is away')
        return { cameraId, recordedMs: HOUR_MS, bytes: 1, gaps: [] }
      },
      recordAudit: async () => {},
      onChanged: () => undefined,
    })
    onTestFinished(() => exports.close())
    await exports.open()
    const user: User = { userId: person.userId, account: person.account, displayName: '', role: 'supervisor', permissions: [], stationIds: null }
    const body = {
      cameraIds: ['a' as CameraId],
      fromAt: NOON,
      toAt: NOON + HOUR_MS,
      purpose: 'case',
      documentNumber: '',
      reason: '',
      isWatermarked: false,
      isH264: false,
    } as const
    const { exportId } = await exports.request({ ...body, cameraIds: [...body.cameraIds] }, user)
    await until(() => fake.clips.length === 1)
    finishClip({ fake } as TestApp)
    await until(async () => {
      await quiet.advanceAsync(5_000)
      return fake.clips.length === 2
    })
    finishClip({ fake } as TestApp)
    await until(async () => (await exports.list(user)).exports.find((each) => each.exportId === exportId)?.state === 'ready')
  })

  test('what a clip is to be written from is kept until it is written', async () => {
    const { running, fake, clock } = await start()
    const person = await signInPerson(running)
    const isHeld = (cameraId: string, fromAt = NOON) => running.app.exports.isHeld(cameraId as CameraId, { fromAt, toAt: fromAt + 600_000 })
    expect(isHeld('a')).toBe(false)
    await person.request()
    expect([isHeld('a'), isHeld('b'), isHeld('a', NOON + HOUR_MS), isHeld('a', NOON - 300_000)]).toEqual([true, false, false, true])
    await until(() => fake.clips.length === 1)
    finishClip(running)
    await until(async () => {
      await clock.advanceAsync(60_000)
      return !isHeld('a')
    })
  })

  test('an approval that nobody gives lapses after three days, and holds nothing any more', async () => {
    const { running, clock } = await start()
    await record(running, 'a', 700e6, NOON + HOUR_MS)
    const person = await signInPerson(running)
    const { exportId, state } = (await person.request({ toAt: NOON + 2 * HOUR_MS })).reply
    expect(state).toBe('waiting')
    await running.close()

    const later = createFakeClock(clock.now() + 3 * DAY_MS - 90_000)
    const exports = openAlone(later)
    await exports.open()
    const isHeld = () => exports.isHeld('a' as CameraId, { fromAt: NOON, toAt: NOON + 1 })
    const stored = () => createExportStore(world.database.database).find(exportId)
    await later.advanceAsync(60_000)
    expect([isHeld(), (await stored())?.state]).toEqual([true, 'waiting'])
    later.advance(60_000)
    await until(() => !isHeld())
    expect((await stored())?.state).toBe('expired')
  })

  test('after seven days the files go and the row stays; a clock that jumps takes nothing away', async () => {
    const { running, fake, clock } = await start()
    const person = await signInPerson(running)
    const { exportId } = (await person.request()).reply
    await until(() => fake.clips.length === 1)
    const { fileName } = finishClip(running)
    await until(async () => (await stateOf(person, exportId)) === 'ready')
    expect((await person.find(exportId))!.expiresAt! - clock.now()).toBe(7 * DAY_MS)
    await running.close()

    // the same with nothing beside it that has a clock of its own
    const file = join(exportsFolder(), exportId, 'a', fileName)
    const quiet = createFakeClock(clock.now())
    const exports = openAlone(quiet)
    await exports.open()
    quiet.stepWall(8 * DAY_MS)
    await quiet.advanceAsync(180_000)
    expect(readFileSync(file)).toEqual(contentOf(fake.clips[0]!))
    // it is trusted again a day after its step
    quiet.advance(DAY_MS)
    await until(() => !existsSync(file))
    await until(async () => (await createExportStore(world.database.database).find(exportId))?.state === 'expired')
    expect(readdirSync(exportsFolder())).not.toContain(exportId)
  })
})
