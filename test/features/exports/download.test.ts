/** R-DL through both processes' code: what the recorder left on disk is asked for, written by media, and fetched over HTTP in pieces. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../server/base/clock.ts'
import { silentLog } from '../../../server/base/log.ts'
import type { Export } from '../../../server/contract/exports.ts'
import type { UserId } from '../../../server/contract/ids.ts'
import { createMediaApp, defaultLimits, type MediaApp } from '../../../server/media/app.ts'
import { createMediaPlane } from '../../../server/media/plane-client.ts'
import type { MediaPlane } from '../../../server/media/plane.ts'
import { cameraFolder, dayOf } from '../../../server/media/recording/segment-name.ts'
import { FRAME_MS, numberedPictures, writeSegment } from '../../media/recorded.ts'
import { cameraId, recordingsIn } from '../../media/support.ts'
import { createFakeDriver } from '../../support/fake-driver.ts'
import { draftOf, openTestWorld, signInCookie, stationOf, testPassword, type TestApp, type TestWorld } from '../../support/open-app.ts'

const FRAMES = 1_500
const LONG_AGO_MS = 3_600_000

let world: TestWorld
let media: MediaApp
let plane: MediaPlane
let running: TestApp
let cookie: string
let userId: UserId
let fromAt: number
let exported: Export
const until = (check: () => unknown) => vi.waitFor(async () => expect(await check()).toBeTruthy(), { timeout: 20_000, interval: 20 })

type Reply = { status: number; headers: Record<string, string | undefined>; bytes: Buffer }
function ask(
  method: string,
  path: string,
  { body, headers = {}, stopAfter }: { body?: object; headers?: Record<string, string>; stopAfter?: number } = {},
): Promise<Reply> {
  const content = body && JSON.stringify(body)
  const sent = {
    cookie,
    origin: running.url,
    ...(content ? { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(content)) } : {}),
    ...headers,
  }
  return new Promise((resolve, reject) => {
    const asked = request(running.url + path, { method, headers: sent }, (reply) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const end = () => resolve({ status: reply.statusCode!, headers: reply.headers as never, bytes: Buffer.concat(chunks) })
      reply.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (stopAfter === undefined || bytes < stopAfter) return
        end()
        asked.destroy()
      })
      reply.once('end', end)
    })
    asked.once('error', (problem) => (asked.destroyed ? undefined : reject(problem)))
    asked.end(content)
  })
}
const list = async () => (JSON.parse((await ask('GET', '/api/exports')).bytes.toString()) as { exports: Export[] }).exports
const pathOf = (name: string) => `/api/exports/${exported.exportId}/file?name=${encodeURIComponent(name)}`

beforeAll(async () => {
  world = await openTestWorld()
  fromAt = Date.now() - LONG_AGO_MS
  const socketPath = join(world.dataFolder, 'media.sock')
  media = createMediaApp(
    {
      socketPath,
      stillsFolder: join(world.dataFolder, 'stills'),
      exportsFolder: join(world.dataFolder, 'exports'),
      recordings: recordingsIn(world.dataFolder),
      ffmpegPath: undefined,
      limits: { ...defaultLimits(1), exports: { reserveBytes: 0, reserveRate: 0 } },
    },
    { clock: systemClock, log: silentLog, drivers: { rtsp: createFakeDriver().driver } },
  )
  await media.open()
  const folder = cameraFolder(recordingsIn(world.dataFolder).folders[0]!, dayOf(fromAt), cameraId('a'))
  mkdirSync(folder, { recursive: true })
  writeSegment({ folder, fromAt, pictures: numberedPictures(0, FRAMES, { bytes: 4_000 }) })
  plane = createMediaPlane({ socketPath, clock: systemClock, log: silentLog })
  await until(() => plane.isUp())
  running = await world.start({ plane })
  await running.app.cameras.putStations([stationOf('s1')])
  await running.app.cameras.putCameras([draftOf('a', 's1')])
  cookie = await signInCookie(running, { account: 'one', role: 'supervisor' })
  userId = (JSON.parse((await ask('GET', '/api/me')).bytes.toString()) as { userId: UserId }).userId

  const body = { cameraIds: ['a'], fromAt, toAt: fromAt + FRAMES * FRAME_MS, purpose: 'case', documentNumber: '', reason: '', isWatermarked: false }
  await ask('POST', '/api/exports', { body })
  await until(async () => (await list())[0]?.state === 'ready')
  exported = (await list())[0]!
})
afterAll(async () => {
  await running?.close()
  await plane?.close()
  await media?.close()
  await world?.close()
})

describe('R-DL the whole way', () => {
  test('what was recorded is fetched whole, and is what the manifest says', async () => {
    const [clip] = exported.clips
    expect(clip).toMatchObject({ state: 'ready', gaps: [], files: [{ fromAt, toAt: fromAt + FRAMES * FRAME_MS, frames: FRAMES, codec: 'h264' }] })
    expect(clip!.doneMs).toBe(clip!.totalMs)
    const { fileName, bytes, sha256 } = clip!.files[0]!
    const reply = await ask('GET', pathOf(fileName))
    expect([reply.status, reply.bytes.length, createHash('sha256').update(reply.bytes).digest('hex')]).toEqual([200, bytes, sha256])
    expect(reply.headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(bytes),
      'content-disposition': `attachment; filename=${fileName}`,
      'cache-control': 'private, no-store',
      'accept-ranges': 'bytes',
      etag: `"${sha256}"`,
      'x-content-type-options': 'nosniff',
    })
    const manifest = JSON.parse((await ask('GET', pathOf('manifest.json'))).bytes.toString()) as { cameras: { files: { sha256: string }[] }[] }
    expect(manifest.cameras[0]!.files[0]!.sha256).toBe(sha256)
  })

  test.each([
    { what: 'its login', end: (own: string) => ask('POST', '/api/logout', { body: {}, headers: { cookie: own } }) },
    { what: 'its rights when they change', end: () => running.app.accounts.changeUser(userId, { stationIds: [stationOf('s1').stationId] }) },
  ])('a download under way ends with $what', async ({ end }) => {
    const again = await ask('POST', '/api/login', { headers: { cookie: '' }, body: { account: 'one', password: testPassword } })
    const own = String(again.headers['set-cookie']).split(';')[0]!
    const { fileName, bytes } = exported.clips[0]!.files[0]!
    const asked = request(running.url + pathOf(fileName), { headers: { cookie: own } }).end()
    const reply = await new Promise<IncomingMessage>((resolve) => asked.once('response', resolve))
    let read = 0
    reply.on('data', (chunk: Buffer) => {
      read += chunk.length
    })
    reply.on('error', () => undefined)
    reply.pause()
    await end(own)
    reply.resume()
    await new Promise((resolve) => reply.once('close', resolve))
    expect([reply.statusCode, reply.complete]).toEqual([200, false])
    expect(read).toBeLessThan(bytes)
  })

  test('a connection that broke goes on where it stopped: the same bytes', async () => {
    const { fileName, bytes, sha256 } = exported.clips[0]!.files[0]!
    const parts: Buffer[] = []
    for (let have = 0; have < bytes; have = parts.reduce((sum, part) => sum + part.length, 0)) {
      const headers = have === 0 ? {} : { range: `bytes=${have}-`, 'if-range': `"${sha256}"` }
      const reply = await ask('GET', pathOf(fileName), { headers: headers as Record<string, string>, stopAfter: 1_500_000 })
      expect(reply.status).toBe(have === 0 ? 200 : 206)
      parts.push(reply.bytes)
    }
    expect(parts.length).toBeGreaterThan(2)
    expect(createHash('sha256').update(Buffer.concat(parts)).digest('hex')).toBe(sha256)
  })

  test.each([
    { name: 'the first bytes', range: 'bytes=0-9', status: 206, length: 10 },
    { name: 'the last bytes', range: 'bytes=-10', status: 206, length: 10 },
    { name: 'beyond the end', range: 'bytes=99999999-', status: 416, length: 0 },
    { name: 'no range', range: 'pages=1-2', status: 200, length: undefined },
  ])('$name', async ({ range, status, length }) => {
    const { fileName, bytes } = exported.clips[0]!.files[0]!
    const reply = await ask('GET', pathOf(fileName), { headers: { range } })
    expect([reply.status, reply.bytes.length]).toEqual([status, length ?? bytes])
    if (status === 416) expect(reply.headers['content-range']).toBe(`bytes */${bytes}`)
  })

  test('a range of another file than this one is answered whole; what one has already is not sent again', async () => {
    const { fileName, bytes, sha256 } = exported.clips[0]!.files[0]!
    const other = await ask('GET', pathOf(fileName), { headers: { range: 'bytes=10-', 'if-range': '"other"' } })
    expect([other.status, other.bytes.length]).toEqual([200, bytes])
    const same = await ask('GET', pathOf(fileName), { headers: { 'if-none-match': `"${sha256}"` } })
    expect([same.status, same.bytes.length]).toEqual([304, 0])
  })

  test.skipIf(!existsSync('/proc/self/fd'))('who leaves in the middle leaves no file open', async () => {
    const { fileName } = exported.clips[0]!.files[0]!
    for (let turn = 0; turn < 5; turn++) await ask('GET', pathOf(fileName), { stopAfter: 100_000 })
    const open = () =>
      readdirSync('/proc/self/fd').filter((name) => {
        try {
          return readlinkSync(`/proc/self/fd/${name}`).includes(exported.exportId)
        } catch {
          return false // closed meanwhile
        }
      })
    await until(() => open().length === 0)
  })

  test('a still of the recording comes the same way', async () => {
    const still = await ask('GET', `/api/cameras/a/recorded-still?at=${fromAt + 10_500}`)
    expect([still.status, still.headers['content-type'], still.headers['x-still-at']]).toEqual([200, 'video/mp4', String(fromAt + 10_000)])
    expect(still.bytes.subarray(4, 8).toString()).toBe('ftyp')
    expect((await ask('GET', `/api/cameras/a/recorded-still?at=${fromAt - 1}`)).status).toBe(204)
    expect((await ask('GET', `/api/cameras/a/recorded-still?at=${fromAt + FRAMES * FRAME_MS + 14_000}`)).status).toBe(200)
    expect((await ask('GET', `/api/cameras/a/recorded-still?at=${fromAt + FRAMES * FRAME_MS + 16_000}`)).status).toBe(204)
  })
})
