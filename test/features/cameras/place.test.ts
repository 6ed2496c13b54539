import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CameraMove, CameraPoint, Dossier, PlaceCamera } from '../../../server/contract/cameras.ts'
import type { LonLat } from '../../../server/contract/ids.ts'
import { draftOf, openTestWorld, signIn, stationOf, type TestApp, type TestWorld, type Visitor } from '../../support/open-app.ts'

/** A district of about 8 by 11 km. */
const outline: LonLat[] = [
  [111.6, 40.7],
  [111.7, 40.7],
  [111.7, 40.8],
  [111.6, 40.8],
  [111.6, 40.7],
]

let world: TestWorld
let running: TestApp
let ops: Visitor
beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start({ outline })
  await running.app.cameras.putStations([stationOf('north'), stationOf('south')])
  await running.app.cameras.putCameras(['n1', 'n2', 'n3', 'n4'].map((cameraId) => draftOf(cameraId, 'north')))
  ops = await signIn(running, { account: 'ops', role: 'ops' })
})
afterAll(async () => {
  await running?.close()
  await world?.close()
})

const wanted = (change: Partial<PlaceCamera> = {}): PlaceCamera => ({
  lonLat: [111.65, 40.76],
  headingDeg: 270,
  fovDeg: 80,
  reachM: 40,
  reason: '现场复测',
  ...change,
})
const place = (cameraId: string, body: PlaceCamera, by = ops) => by.post(`/api/cameras/${cameraId}/place`, body)
const movesOf = async (cameraId: string) => (await ops.get(`/api/cameras/${cameraId}/moves`)).body as CameraMove[]
const pointOf = async (cameraId: string) =>
  ((await ops.get('/api/cameras')).body as { points: CameraPoint[] }).points.find((point) => point.cameraId === (cameraId as never))!

describe('R-MAP-8 a camera is placed on the map', () => {
  test('it stands and looks there for everybody, and the old place is kept with reason and account', async () => {
    const page = await ops.openPush()
    const { status, body } = await place('n1', wanted())
    expect(status).toBe(200)
    const move = body as CameraMove
    const before = { lonLat: [111.66, 40.75], headingDeg: 90, fovDeg: 60, reachM: 50 }
    const { reason, ...after } = wanted()
    expect(move).toMatchObject({ cameraId: 'n1', by: 'ops', reason, from: before, to: after })
    expect(move.movedM).toBeGreaterThan(1_380)
    expect(move.movedM).toBeLessThan(1_410)
    expect(await pointOf('n1')).toMatchObject(after)
    expect(await movesOf('n1')).toEqual([move])
    await expect.poll(() => page.messages.map(({ topic }) => topic)).toContain('resync')
    page.close()
  })

  test('what is set on the map is WGS-84: the dossier no longer shows the pair it was imported with, the log of moves does', async () => {
    const dossier = async () => (await ops.get('/api/cameras/n2/dossier')).body as Dossier
    expect(await dossier()).toMatchObject({ originalLonLat: [111.666, 40.751], originalCrs: 'GCJ-02' })
    await place('n2', wanted({ lonLat: [111.66, 40.75] })) // a new view from the old place
    expect(await dossier()).toMatchObject({ originalLonLat: [111.666, 40.751], originalCrs: 'GCJ-02' })
    await place('n2', wanted())
    expect(await dossier()).toMatchObject({ originalLonLat: [111.65, 40.76], originalCrs: 'EPSG:4326' })
    const rows = await world.database.database
      .as<{ camera_moves: { camera_id: string; from_original_x: number; from_original_crs: string; at: number } }>()
      .selectFrom('camera_moves')
      .select(['from_original_x', 'from_original_crs'])
      .where('camera_id', '=', 'n2')
      .execute()
    expect(rows).toEqual([
      { from_original_x: 111.666, from_original_crs: 'GCJ-02' },
      { from_original_x: 111.666, from_original_crs: 'GCJ-02' },
    ])
    expect((await movesOf('n2')).map(({ movedM }) => Math.round(movedM / 100))).toEqual([14, 0])
  })

  test('of two who place it at once the last wins, and both are in the log, one after the other', async () => {
    const second = await signIn(running, { account: 'ops2', role: 'ops' })
    const answers = await Promise.all([place('n3', wanted({ headingDeg: 10 })), place('n3', wanted({ headingDeg: 20, lonLat: [111.651, 40.761] }), second)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const [last, firstMove] = (await movesOf('n3')) as [CameraMove, CameraMove]
    expect(firstMove.from.headingDeg).toBe(90)
    expect(last.from).toEqual(firstMove.to)
    expect(new Set([last.by, firstMove.by])).toEqual(new Set(['ops', 'ops2']))
    expect(await pointOf('n3')).toMatchObject(last.to)
  })

  test('the audit log has old and new', async () => {
    await place('n4', wanted())
    const row = await world.database.database
      .as<{ audit_log: { name: string; camera_id: string; account: string; detail: string } }>()
      .selectFrom('audit_log')
      .select(['account', 'detail'])
      .where('name', '=', 'camera.place')
      .where('camera_id', '=', 'n4')
      .executeTakeFirstOrThrow()
    expect([row.account, JSON.parse(row.detail)]).toEqual([
      'ops',
      {
        reason: '现场复测',
        movedM: expect.closeTo(1_396, -1),
        from: ['111.66', '40.75', '90°', '60°', '50 m'],
        to: ['111.65', '40.76', '270°', '80°', '40 m'],
      },
    ])
  })

  test('it stays after a restart', async () => {
    await running.close()
    running = await world.start({ outline })
    ops = await signIn(running, { account: 'ops3', role: 'ops' })
    expect(await pointOf('n1')).toMatchObject({ lonLat: [111.65, 40.76], headingDeg: 270 })
    expect(await movesOf('n1')).toHaveLength(1)
  })
})

describe('R-MAP-8 a place that cannot be meant is refused with a reason', () => {
  test.each<{ name: string; cameraId?: string; change?: Partial<PlaceCamera>; status: number; code: string; says: RegExp }>([
    {
      name: '6 km outside the district',
      change: { lonLat: [111.775, 40.75] },
      status: 400,
      code: 'bad_request',
      says: /6\.3 km outside the district, at most 5\.0 km/,
    },
    { name: 'the other hemisphere', change: { lonLat: [-111.65, 40.75] }, status: 400, code: 'bad_request', says: /km outside/ },
    { name: 'unchanged', status: 409, code: 'conflict', says: /already/ },
    { name: 'an unknown camera', cameraId: 'nosuch', status: 404, code: 'not_found', says: /no such camera/ },
    { name: 'without a reason', change: { reason: '  ' }, status: 400, code: 'bad_request', says: /body\.reason/ },
    { name: 'a heading of 360', change: { headingDeg: 360 }, status: 400, code: 'bad_request', says: /body\.headingDeg/ },
    { name: 'no number', change: { reachM: null as never }, status: 400, code: 'bad_request', says: /body\.reachM/ },
  ])('$name', async ({ cameraId = 'n1', change, status, code, says }) => {
    const answer = await place(cameraId, wanted(change))
    expect([answer.status, answer.body]).toEqual([status, expect.objectContaining({ code, detail: expect.stringMatching(says) })])
    expect(await movesOf('n1')).toHaveLength(1)
  })

  test('4 km outside is a neighbour’s street and allowed', async () => {
    expect((await place('n4', wanted({ lonLat: [111.74, 40.75] }))).status).toBe(200)
  })

  test('another station’s editor finds no such camera; a duty officer may not', async () => {
    const elsewhere = await signIn(running, { account: 'south', role: 'ops', stationIds: ['south' as never] })
    expect((await place('n1', wanted({ headingDeg: 1 }), elsewhere)).status).toBe(404)
    expect((await elsewhere.get('/api/cameras/n1/moves')).status).toBe(404)
    const duty = await signIn(running, { account: 'duty' })
    expect((await place('n1', wanted({ headingDeg: 1 }), duty)).status).toBe(403)
    expect(((await duty.get('/api/cameras/n1/moves')).body as CameraMove[]).length).toBe(1)
  })
})
