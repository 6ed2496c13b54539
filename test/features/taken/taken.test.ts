/** R-SEC-3: what leaves the screen stands in the audit log with who, what and of which cameras; what is refused stands there too. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_TABLE_CAMERAS } from '../../../server/contract/taken.ts'
import { draftOf, openTestWorld, signInCookie, stationOf, type TestApp, type TestWorld } from '../../support/open-app.ts'

let world: TestWorld
let running: TestApp
const cookies: Record<string, string> = {}
beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start()
  await running.app.cameras.putStations([stationOf('own'), stationOf('foreign')])
  await running.app.cameras.putCameras([draftOf('own-1', 'own'), draftOf('own-2', 'own'), draftOf('foreign-1', 'foreign')])
  cookies['duty'] = await signInCookie(running, { account: 'duty', role: 'dutyOfficer', stationIds: ['own'] as never })
  cookies['judge'] = await signInCookie(running, { account: 'judge', role: 'assessor', stationIds: ['own'] as never })
  cookies['ops'] = await signInCookie(running, { account: 'ops', role: 'ops', stationIds: ['own'] as never })
})
afterAll(async () => {
  await running?.close()
  await world?.close()
})

async function take(account: string, path: string, body: unknown): Promise<number> {
  const headers = { cookie: cookies[account]!, origin: running.url, 'content-type': 'application/json' }
  return (await fetch(running.url + path, { method: 'POST', headers, body: JSON.stringify(body) })).status
}
async function recordsOf(name: string) {
  type Row = { seq: number; name: string; account: string; result: string; camera_id: string | null; detail: string }
  const rows = await world.database.database.as<{ audit_log: Row }>().selectFrom('audit_log').selectAll().where('name', '=', name).orderBy('seq').execute()
  return rows.map(({ account, result, camera_id, detail }) => [account, result, camera_id, JSON.parse(detail) as unknown])
}

describe('R-SEC-3 what leaves the screen is recorded', () => {
  test.each([
    { path: 'taken-live', name: 'taken.snapshot', without: 'judge' },
    { path: 'taken-recorded', name: 'taken.recordedSnapshot', without: 'ops' },
  ])('$name: with its camera and the moment on the picture, by who may see that picture', async ({ path, name, without }) => {
    expect(await take('duty', `/api/cameras/own-1/${path}`, { shownAt: 123 })).toBe(200)
    expect(await take('duty', `/api/cameras/foreign-1/${path}`, { shownAt: 123 })).toBe(404)
    expect(await take(without, `/api/cameras/own-1/${path}`, { shownAt: 123 })).toBe(403)
    expect(await take('duty', `/api/cameras/own-1/${path}`, {})).toBe(400)
    expect(await recordsOf(name)).toEqual([
      ['duty', 'ok', 'own-1', { shownAt: 123 }],
      ['duty', 'failed', 'foreign-1', {}],
      [without, 'denied', 'own-1', {}],
      ['duty', 'failed', 'own-1', {}],
    ])
  })

  test('taken.cameraTable: with its rows and their cameras; with a foreign one among them nothing is taken, and that is recorded', async () => {
    expect(await take('judge', '/api/taken/camera-table', { cameraIds: ['own-1', 'own-2'], pastAt: 5 })).toBe(200)
    expect(await take('judge', '/api/taken/camera-table', { cameraIds: ['own-1', 'foreign-1'], pastAt: null })).toBe(404)
    expect(await take('judge', '/api/taken/camera-table', { cameraIds: ['own-1', 'no-such'], pastAt: null })).toBe(404)
    expect(await take('judge', '/api/taken/camera-table', { cameraIds: [], pastAt: null })).toBe(400)
    const tooMany = Array.from({ length: MAX_TABLE_CAMERAS + 1 }, (_, i) => `c${i}`)
    expect(await take('judge', '/api/taken/camera-table', { cameraIds: tooMany, pastAt: null })).toBe(400)
    expect(await recordsOf('taken.cameraTable')).toMatchObject([
      ['judge', 'ok', null, { rows: 2, cameraIds: ['own-1', 'own-2'], pastAt: 5 }],
      ['judge', 'failed', null, { rows: 2, cameraIds: ['own-1', 'foreign-1'] }],
      ['judge', 'failed', null, { rows: 2, cameraIds: ['own-1', 'no-such'] }],
      ['judge', 'failed', null, {}],
      ['judge', 'failed', null, {}],
    ])
  })

  test('taken.mapPicture: with the place it shows', async () => {
    expect(await take('judge', '/api/taken/map-picture', { lonLat: [111.66, 40.75], zoom: 15.2, pastAt: null })).toBe(200)
    expect(await recordsOf('taken.mapPicture')).toEqual([['judge', 'ok', null, { lon: 111.66, lat: 40.75, zoom: 15.2, pastAt: null }]])
  })
})
