/** What the audit log says of layouts, rotations and patrols, through the whole control process. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { wallShapes } from '../../../server/contract/walls.ts'
import { draftOf, openTestWorld, signIn, signInCookie, stationOf, type TestApp, type TestWorld } from '../../support/open-app.ts'

let world: TestWorld
let running: TestApp
let duty: string
let supervisor: string
beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start()
  await running.app.cameras.putStations([stationOf('own')])
  await running.app.cameras.putCameras([draftOf('own-1', 'own')])
  duty = await signInCookie(running, { account: 'duty', role: 'dutyOfficer' })
  supervisor = await signInCookie(running, { account: 'chief', role: 'supervisor' })
})
afterAll(async () => {
  await running?.close()
  await world?.close()
})

async function send(method: string, path: string, cookie: string, body: unknown = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { cookie, origin: running.url, 'content-type': 'application/json' }
  const reply = await fetch(running.url + path, { method, headers, body: JSON.stringify(body) })
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
}
async function recordsOf(name: string) {
  type Row = { seq: number; name: string; account: string; result: string; code: string | null; detail: string }
  const rows = await world.database.database.as<{ audit_log: Row }>().selectFrom('audit_log').selectAll().where('name', '=', name).orderBy('seq').execute()
  return rows.map(({ account, result, code, detail }) => ({ account, result, code, detail: JSON.parse(detail) as unknown }))
}

const layout = { name: '北 1 路', sharedWith: ['supervisor'], shape: wallShapes[1], cameraIds: ['own-1'] }
const rotation = { name: '轮巡', sharedWith: ['supervisor'], steps: { kind: 'cameras', cameraIds: ['own-1'] }, dwellMs: 5_000, onOffline: 'hold' }
const done = { account: 'duty', result: 'ok', code: null }

describe('R-SEC-2 walls in the audit log', () => {
  test.each([
    { what: 'layout', path: '/api/wall-layouts', body: layout, more: {} },
    { what: 'rotation', path: '/api/wall-rotations', body: rotation, more: { dwellMs: 5_000 } },
  ])('a $what is recorded with its name and id; so is who tried to change what is not his', async ({ what, path, body, more }) => {
    const made = await send('POST', path, duty, body)
    const id = String(made.body[`${what}Id`])
    const renamed = { ...body, name: '新名' }
    expect((await send('PUT', `${path}/${id}`, duty, renamed)).status).toBe(200)
    expect((await send('PUT', `${path}/${id}`, supervisor, body)).status).toBe(403)
    expect((await send('DELETE', `${path}/${id}`, supervisor)).status).toBe(403)
    expect((await send('DELETE', `${path}/${id}`, duty)).status).toBe(200)
    const detail = { [`${what}Id`]: id, name: body.name, sharedWith: body.sharedWith, ...more }
    const denied = { account: 'chief', result: 'denied', code: 'forbidden' }
    expect(await recordsOf(`wall.${what}.add`)).toEqual([{ ...done, detail }])
    expect(await recordsOf(`wall.${what}.change`)).toEqual([
      { ...done, detail: { ...detail, name: '新名' } },
      { ...denied, detail },
    ])
    expect(await recordsOf(`wall.${what}.remove`)).toEqual([
      { ...denied, detail: { [`${what}Id`]: id } },
      { ...done, detail: { [`${what}Id`]: id, name: '新名' } },
    ])
  })

  test('R-WALL-1 whoever may use a shared rotation, or could until now, hears of a change at once; others hear nothing', async () => {
    const other = await signIn(running, { account: 'colleague', role: 'ops' })
    const chief = await signIn(running, { account: 'second chief', role: 'supervisor' })
    const [pageOfChief, pageOfOther] = await Promise.all([chief.openPush(), other.openPush()])
    const heard = ({ messages }: typeof pageOfChief) => messages.filter(({ topic }) => topic === 'wallLists').length
    const made = await send('POST', '/api/wall-rotations', duty, rotation)
    const path = `/api/wall-rotations/${String(made.body['rotationId'])}`
    await send('PUT', path, duty, { ...rotation, sharedWith: [] })
    await vi.waitFor(() => expect(heard(pageOfChief)).toBe(2))
    expect((await chief.get('/api/wall-rotations')).body).not.toContainEqual(expect.objectContaining({ rotationId: made.body['rotationId'] }))
    await send('DELETE', path, duty)
    await send('POST', '/api/wall-layouts', duty, layout)
    await vi.waitFor(() => expect(heard(pageOfChief)).toBe(3))
    expect(heard(pageOfOther)).toBe(0)
    for (const page of [pageOfChief, pageOfOther]) page.close()
  })

  test('a minute of a wall is one record that counts what was kept and dropped', async () => {
    const { body } = await send('POST', '/api/wall-rotations', duty, rotation)
    const runId = randomUUID()
    const toAt = Date.now()
    const reportOf = (cameraId: string) => ({
      entryId: randomUUID(),
      runId,
      rotationId: String(body['rotationId']),
      cameraId,
      tile: 1,
      fromAt: toAt - 5_000,
      toAt,
      outcome: 'skipped',
      cause: 'unreachable',
      freshMs: 0,
    })
    const reports = [...Array.from({ length: 180 }, () => reportOf('own-1')), reportOf('nowhere')]
    expect(await send('POST', '/api/wall-patrols', duty, { reports })).toEqual({ status: 200, body: { kept: 180, dropped: 1 } })
    expect(await recordsOf('wall.patrol.report')).toEqual([{ ...done, detail: { reports: 181, kept: 180, dropped: 1 } }])
  })
})
