import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CameraId, StationId } from '../../../server/contract/ids.ts'
import { draftOf, openTestWorld, signIn, stationOf, type TestApp, type TestWorld, type Visitor } from '../../support/open-app.ts'

const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 50 })
const NOON = 1_793_880_000_000

let world: TestWorld
let running: TestApp
let duty: Visitor & { userId: string }

beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start()
  await running.app.cameras.putStations([stationOf('north'), stationOf('south')])
  await running.app.cameras.putCameras([draftOf('n1', 'north'), draftOf('n2', 'north'), draftOf('s1', 'south')])
  duty = await signIn(running, { account: 'duty', stationIds: ['north' as StationId] })
})
afterAll(async () => {
  await running.close()
  await world.close()
})

type AuditRow = {
  name: string
  request_id: string
  camera_id: string | null
  account: string
  login_id: string | null
  result: string
  code: string | null
  detail: string
}
async function auditOf(name: string): Promise<AuditRow[]> {
  const rows = await world.database.database.as<{ audit_log: AuditRow }>().selectFrom('audit_log').selectAll().execute()
  return rows.filter((row) => row.name === name)
}

describe('R-PLAY playback sockets', () => {
  test('the raw socket goes to media with the moment asked for; start and end are in the audit log under one id', async () => {
    const socket = await duty.openSocket(`/media/playback/n1?at=${NOON}&codecs=h265,h264&sound=1`)
    const [viewerId, viewer] = [...running.fake.viewers][0]!
    expect(viewer.request).toMatchObject({ cameraId: 'n1', at: NOON, codecs: ['h265', 'h264'], sound: true })
    expect(await auditOf('camera.playback')).toEqual([
      expect.objectContaining({ camera_id: 'n1', request_id: viewerId, detail: expect.stringContaining(String(NOON)) }),
    ])
    expect([running.app.playback.viewerCount(), running.app.live.viewerCount()]).toEqual([1, 0])
    socket.terminate()
    await until(async () => {
      const [end] = await auditOf('camera.playback.end')
      expect(end).toMatchObject({ camera_id: 'n1', request_id: viewerId })
      expect(JSON.stringify(end)).toContain(String(NOON))
    })
    expect(await auditOf('camera.live.end')).toEqual([])
    expect(running.app.playback.viewerCount()).toBe(0)
  })

  test.each(['', '?at=yesterday', '?at=-1', '?at=1.5', `?at=${NOON}&codecs=vp9`])('a query that makes no sense is refused: %s', async (query) => {
    await expect(duty.openSocket(`/media/playback/n1${query}`)).rejects.toThrow('400')
  })

  test('a camera of another station is not there; a role without camera.playback is refused', async () => {
    await expect(duty.openSocket(`/media/playback/s1?at=${NOON}`)).rejects.toThrow('404')
    const ops = await signIn(running, { account: 'ops', role: 'ops' })
    await expect(ops.openSocket(`/media/playback/n1?at=${NOON}`)).rejects.toThrow('403')
    expect(running.fake.viewers.size).toBe(0)
  })

  test('signing out and rights taken away end it within 2 s', async () => {
    const guest = await signIn(running, { account: 'guest' })
    const left = once(await guest.openSocket(`/media/playback/n1?at=${NOON}`), 'close')
    await guest.post('/api/logout')
    await left
    const moved = await signIn(running, { account: 'moved' })
    const lost = once(await moved.openSocket(`/media/playback/s1?at=${NOON}`), 'close')
    await running.app.accounts.changeUser(moved.userId as never, { stationIds: ['north' as StationId] })
    await lost
    await until(() => expect(running.fake.viewers.size).toBe(0))
    await until(() => expect(running.app.playback.viewerCount()).toBe(0))
  })

  test('one login has at most 24, whatever it watches live', async () => {
    const greedy = await signIn(running, { account: 'greedy' })
    await greedy.openSocket('/media/live/n1')
    const sockets = []
    for (let count = 0; count < 24; count++) sockets.push(await greedy.openSocket(`/media/playback/n1?at=${NOON}`))
    await expect(greedy.openSocket(`/media/playback/n1?at=${NOON}`)).rejects.toThrow('429')
    sockets[0]!.terminate()
    await until(() => expect(running.app.playback.viewerCount()).toBe(23))
    await greedy.openSocket(`/media/playback/n1?at=${NOON}`)
  })

  test('media away: refused as unavailable, nothing left behind', async () => {
    const before = running.app.playback.viewerCount()
    running.fake.setLink('lost')
    await expect(duty.openSocket(`/media/playback/n1?at=${NOON}`)).rejects.toThrow('503')
    await until(() => expect(running.app.playback.viewerCount()).toBeLessThanOrEqual(before))
    running.fake.setLink('up')
  })
})

describe('R-SEC-3 stills of a recording', () => {
  const still = (cameraId: string, at: number) => duty.getBytes(`/api/cameras/${cameraId}/recorded-still?at=${at}`)
  const recordsOf = async (cameraId: string) =>
    (await auditOf('camera.recorded_still')).filter(({ camera_id, account }) => camera_id === cameraId && account === 'duty')

  test('a night looked at second by second is one record for each camera, at the first picture that was shown and with its moment', async () => {
    expect((await still('n1', NOON - 1)).status).toBe(204) // nothing is stored, nothing is shown
    expect(await recordsOf('n1')).toEqual([])
    for (const cameraId of ['n1', 'n2']) running.fake.recordedStills.set(cameraId as CameraId, { at: NOON, mp4: new Uint8Array([0, 0, 0, 8]) })
    const asked = await Promise.all(Array.from({ length: 20 }, (_, second) => still('n1', NOON + second * 1_000)))
    expect(asked.every(({ status }) => status === 200)).toBe(true)
    const [record, ...more] = await recordsOf('n1')
    expect(more).toEqual([])
    expect(record).toMatchObject({ result: 'ok', login_id: expect.any(String) })
    expect(JSON.parse(record!.detail).at).toBeGreaterThanOrEqual(NOON)
    expect(JSON.parse(record!.detail).at).toBeLessThan(NOON + 20_000)
  })

  test('no record, no picture', async () => {
    await world.database.sql('alter table audit_log rename to audit_log_away')
    try {
      expect((await still('n2', NOON)).status).toBeGreaterThanOrEqual(500)
    } finally {
      await world.database.sql('alter table audit_log_away rename to audit_log')
    }
    expect((await still('n2', NOON + 5_000)).status).toBe(200)
    expect(await recordsOf('n2')).toMatchObject([{ result: 'ok', detail: JSON.stringify({ at: NOON + 5_000 }) }])
  })

  test('one of another station is not there, and the refusal is written down', async () => {
    expect((await still('s1', NOON)).status).toBe(404)
    expect(await recordsOf('s1')).toMatchObject([{ result: 'failed', code: 'not_found' }])
  })
})
