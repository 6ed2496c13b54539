import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CameraPoint, Dossier } from '../../server/contract/cameras.ts'
import type { Station } from '../../server/contract/stations.ts'
import type { CameraId, StationId } from '../../server/contract/ids.ts'
import { hashStates } from '../../server/contract/push.ts'
import type { CameraState, StatusChange, StatusHistory } from '../../server/contract/status.ts'
import { draftOf, openTestWorld, signIn, stationOf, type TestApp, type TestWorld, type Visitor } from '../support/open-app.ts'

type Points = { epoch: string; seq: number; points: CameraPoint[] }
const quick = { probePeriodMs: 1_000, maxProbesInFlight: 10, maxProbesPerSecond: 100 }
const lastHour = () => `fromAt=${Date.now() - 3_600_000}&toAt=${Date.now() + 1000}`
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 50 })

let world: TestWorld
let running: TestApp
let everywhere: Visitor & { userId: string }
let inNorth: Visitor & { userId: string }

beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start({ health: quick })
  await running.app.cameras.putStations([stationOf('north'), stationOf('south')])
  await running.app.cameras.putCameras([
    draftOf('n1', 'north'),
    draftOf('n2', 'north', { switchName: null }),
    draftOf('s1', 'south', { name: '银川市场北门', switchName: null }),
  ])
  everywhere = await signIn(running, { account: 'alle' })
  inNorth = await signIn(running, { account: 'nord', stationIds: ['north' as StationId] })
})
afterAll(async () => {
  await running.close()
  await world.close()
})

const idsOf = ({ points }: Points) => points.map(({ cameraId }) => cameraId)

describe('R-SEC-1 a user of one station sees only its cameras', () => {
  test('in the points and the stations', async () => {
    expect(idsOf((await everywhere.get('/api/cameras')).body)).toEqual(['n1', 'n2', 's1'])
    expect(idsOf((await inNorth.get('/api/cameras')).body)).toEqual(['n1', 'n2'])
    expect(((await inNorth.get('/api/stations')).body as Station[]).map(({ stationId }) => stationId)).toEqual(['north'])
  })

  test.each(['/api/cameras/s1/dossier', '/api/cameras/s1/still', '/api/cameras/s1/status?fromAt=1&toAt=2'])(
    '%s does not exist for them, as a made-up id does not',
    async (path) => {
      const hidden = await inNorth.get(path)
      const madeUp = await inNorth.get(path.replace('s1', 'x9'))
      expect([hidden.status, madeUp.status]).toEqual([404, 404])
      expect((hidden.body as { detail: string }).detail.replace('s1', 'x9')).toBe((madeUp.body as { detail: string }).detail)
    },
  )

  test('not in live pictures, nor by warming or probing', async () => {
    await expect(inNorth.openSocket('/media/live/s1')).rejects.toThrow('404')
    expect((await inNorth.post('/api/cameras/s1/warm', { profile: 'sub' })).status).toBe(404)
    expect((await inNorth.post('/api/cameras/s1/probe')).status).toBe(404)
    expect(running.fake.viewers.size).toBe(0)
    expect(running.fake.warmed).toEqual([])
  })

  test('not in the push, and the hash of the heartbeat is that of what they see', async () => {
    await until(() => expect(running.app.health.getState('s1' as CameraId).status).toBe('online'))
    const [allPush, northPush] = [await everywhere.openPush(), await inNorth.openPush()]
    const [all, north] = [allPush.messages, northPush.messages]
    running.fake.fail(['s1' as CameraId], 'unreachable')
    await until(() =>
      expect(all.flatMap((message) => (message.topic === 'cameraStatus' ? message.states : []))).toMatchObject([{ cameraId: 's1', status: 'offline' }]),
    )
    await until(() => expect(north.some(({ topic }) => topic === 'heartbeat')).toBe(true))
    expect(JSON.stringify(north)).not.toContain('"s1"')
    const heartbeat = north.find((message) => message.topic === 'heartbeat')!
    const { points } = (await inNorth.get('/api/cameras')).body as Points
    expect(heartbeat.stateHash).toBe(hashStates(points.map(({ state }) => state)))
    const recent = (await everywhere.get('/api/status/recent')).body as StatusChange[]
    expect(recent[0]).toMatchObject({ cameraId: 's1', name: '银川市场北门', from: 'online', to: 'offline', cause: 'unreachable' })
    expect((await inNorth.get('/api/status/recent')).body).toEqual([])
    running.fake.fail(['s1' as CameraId], null)
    for (const push of [allPush, northPush]) push.close()
  })
})

describe('R-MAP-1 the points', () => {
  test('carry pinyin initials, state, and a position in the push from which nothing is missed', async () => {
    const { epoch, seq, points } = (await everywhere.get('/api/cameras')).body as Points
    expect(points[0]).toMatchObject({ initials: 'cqlk-03', headingDeg: 90, hasSound: true })
    expect(points[2]!.initials).toBe('ycscbm')
    await until(() => expect(running.app.health.getState('s1' as CameraId).status).toBe('online'))
    running.fake.fail(['n2' as CameraId], 'silent')
    await until(() => expect(running.app.health.getState('n2' as CameraId).status).toBe('offline'))
    const { messages, close } = await everywhere.openPush(`?epoch=${epoch}&seq=${seq}`)
    await until(() =>
      expect(messages.flatMap((message) => (message.topic === 'cameraStatus' ? message.states : []))).toContainEqual(
        expect.objectContaining({ cameraId: 'n2', status: 'offline', cause: 'silent' }),
      ),
    )
    running.fake.fail(['n2' as CameraId], null)
    close()
  })

  test('the dossier hides how to log in, the database too', async () => {
    const dossier = (await everywhere.get('/api/cameras/n1/dossier')).body as Dossier
    expect(dossier).toMatchObject({
      accessUrl: 'rtsp://***@10.1.2.3:554',
      stationName: 'north派出所',
      originalLonLat: [111.666, 40.751],
      originalCrs: 'GCJ-02',
    })
    expect(JSON.stringify(dossier)).not.toContain('geheim')
    expect(running.fake.cameras[0]).toMatchObject({
      cameraId: 'n1',
      main: { url: 'rtsp://10.1.2.3:554/main?user=admin&password=geheim', username: 'admin', password: 'geheim-1' },
    })
    const rows = JSON.stringify(await world.database.database.as<{ cameras: { sealed_access: string } }>().selectFrom('cameras').selectAll().execute())
    expect(rows).not.toContain('geheim')
    expect(rows).not.toContain('10.1.2.3')
  })

  test('the still is the last picture with its age, or says that there is none', async () => {
    expect((await everywhere.getBytes('/api/cameras/n1/still')).status).toBe(204)
    running.fake.stills.set('n1' as CameraId, { at: 1234, mp4: new Uint8Array([0, 0, 0, 8]) })
    const still = await everywhere.getBytes('/api/cameras/n1/still')
    expect([still.status, still.headers.get('x-still-at'), still.headers.get('content-type'), ...still.bytes]).toEqual([200, '1234', 'video/mp4', 0, 0, 0, 8])
  })
})

describe('R-MON-1 history and probe', () => {
  test('a probe now answers the state after it; the history has no gap', async () => {
    expect((await everywhere.post('/api/cameras/n1/probe')).body as CameraState).toMatchObject({ cameraId: 'n1', status: 'online', cause: null })
    const { intervals, onlineRate } = (await everywhere.get(`/api/cameras/s1/status?${lastHour()}`)).body as StatusHistory
    expect(intervals.map(({ status }) => status).slice(0, 3)).toEqual(['unknown', 'online', 'offline'])
    for (let i = 1; i < intervals.length; i++) expect(intervals[i]!.fromAt).toBe(intervals[i - 1]!.toAt)
    expect(onlineRate).toBeGreaterThan(0)
    expect(onlineRate).toBeLessThan(1)
  })
  test('a range that makes no sense is refused', async () => {
    expect((await everywhere.get('/api/cameras/n1/status?fromAt=5&toAt=5')).status).toBe(400)
  })
})

describe('R-LIVE live pictures', () => {
  const auditOf = async (name: string) => {
    const rows = await world.database.database.as<{ audit_log: Record<string, unknown> }>().selectFrom('audit_log').selectAll().execute()
    return rows.filter((row) => JSON.stringify(row).includes(`"${name}"`))
  }

  test('the raw socket goes to media with who asks; start and end are in the audit log under one id', async () => {
    const socket = await everywhere.openSocket('/media/live/n1?profile=sub&codecs=h265,h264&sound=1')
    const [viewerId, viewer] = [...running.fake.viewers][0]!
    expect(viewer.request).toMatchObject({ cameraId: 'n1', profile: 'sub', codecs: ['h265', 'h264'], sound: true })
    expect(await auditOf('camera.live')).toEqual([expect.objectContaining({ camera_id: 'n1' })])
    socket.terminate()
    await until(async () => expect(JSON.stringify(await auditOf('camera.live.end'))).toContain(viewerId))
    expect(running.app.live.viewerCount()).toBe(0)
  })

  test('signing out ends the picture within 2 s', async () => {
    const guest = await signIn(running, { account: 'gast' })
    const socket = await guest.openSocket('/media/live/n1')
    const closed = once(socket, 'close')
    await guest.post('/api/logout')
    await closed
    await until(() => expect(running.fake.viewers.size).toBe(0))
  })

  test('rights taken away end the picture within 2 s, and it is refused from then on', async () => {
    const moved = await signIn(running, { account: 'moved' })
    const socket = await moved.openSocket('/media/live/s1')
    const closed = once(socket, 'close')
    await running.app.accounts.changeUser(moved.userId as never, { stationIds: ['north' as StationId] })
    await closed
    await expect(moved.openSocket('/media/live/s1')).rejects.toThrow('404')
  })

  test('a role without camera.live gets neither picture nor still', async () => {
    const assessor = await signIn(running, { account: 'pruefer', role: 'assessor' })
    await expect(assessor.openSocket('/media/live/n1')).rejects.toThrow('403')
    expect((await assessor.get('/api/cameras/n1/still')).status).toBe(403)
  })

  test('media away: refused as unavailable, nothing left behind', async () => {
    running.fake.setLink('lost')
    await expect(everywhere.openSocket('/media/live/n1')).rejects.toThrow('503')
    expect(running.app.live.viewerCount()).toBe(0)
    expect((await everywhere.get('/api/health')).body).toEqual({ ok: false })
    running.fake.setLink('up')
    await until(async () => expect((await everywhere.get('/api/health')).body).toEqual({ ok: true }))
  })
})

describe('the map and the system', () => {
  test('the base map is a setting', async () => {
    expect((await everywhere.get('/api/map')).body).toMatchObject({ baseMap: { kind: 'none' }, center: [111.66, 40.75] })
  })
  test('the inside of the platform is for its administrators', async () => {
    expect((await everywhere.get('/api/system')).status).toBe(403)
    const administrator = await signIn(running, { account: 'chef', role: 'systemAdmin' })
    expect((await administrator.get('/api/system')).body).toMatchObject({ ok: true, database: 'ok', media: 'ok' })
  })
})

describe('K3 a restart', () => {
  test('keeps cameras and logins, tells media its cameras, and says unknown, not offline', async () => {
    await until(() => expect(running.app.health.getState('n1' as CameraId).status).toBe('online'))
    await running.close()
    running = await world.start({ health: { ...quick, maxProbesPerSecond: 0 } })
    expect(running.fake.cameras.map(({ cameraId }) => cameraId)).toEqual(['n1', 'n2', 's1'])
    const after = await signIn(running, { account: 'spaeter' })
    const { points } = (await after.get('/api/cameras')).body as Points
    expect(points.map(({ state }) => [state.status, state.cause])).toEqual([
      ['unknown', 'not_probed_yet'],
      ['unknown', 'not_probed_yet'],
      ['unknown', 'not_probed_yet'],
    ])
    const history = (await after.get(`/api/cameras/n1/status?${lastHour()}`)).body as StatusHistory
    expect(history.intervals.at(-1)).toMatchObject({ status: 'unknown', toAt: null })
    expect(history.intervals.at(-1)!.fromAt).toBe(history.intervals.at(-2)!.toAt)
    expect(history.onlineRate).toBe(1)
  })
})
