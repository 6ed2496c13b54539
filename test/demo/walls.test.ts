/** The demo's layouts and rotations, saved through the feature itself. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WallLayout, WallRotation } from '../../server/contract/walls.ts'
import { listDemoCameras } from '../../server/demo/cameras.ts'
import { listDemoStations } from '../../server/demo/district.ts'
import { seedCameras } from '../../server/demo/seed.ts'
import { seedWalls } from '../../server/demo/walls.ts'
import { openTestWorld, signIn, type TestApp, type TestWorld, type Visitor } from '../support/open-app.ts'

let world: TestWorld
let running: TestApp
let duty: Visitor & { userId: string }

beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start({ health: { probePeriodMs: 600_000, maxProbesInFlight: 1, maxProbesPerSecond: 1 } })
  const addresses = listDemoCameras().map(({ cameraId }) => ({
    cameraId,
    mainUrl: 'rtsp://127.0.0.1/main',
    subUrl: null,
    username: 'a',
    password: 'b',
    hasSound: false,
  }))
  await seedCameras(running.app.cameras, addresses)
  duty = await signIn(running, { account: 'duty', role: 'dutyOfficer' })
  await seedWalls(running.app.walls, duty.userId as never)
})
afterAll(async () => {
  await running?.close()
  await world?.close()
})

const layoutsOf = async (visitor: Visitor) => (await visitor.get('/api/wall-layouts')).body as WallLayout[]
const rotationsOf = async (visitor: Visitor) => (await visitor.get('/api/wall-rotations')).body as WallRotation[]
const cameraOf = new Map(listDemoCameras().map((camera) => [camera.cameraId, camera]))

describe('R-WALL the demo’s walls', () => {
  test('two layouts whose tiles all show another camera, as their names say', async () => {
    const layouts = await layoutsOf(duty)
    expect(layouts.map(({ name, cameraIds }) => [name, new Set(cameraIds).size])).toEqual(
      expect.arrayContaining([
        ['青岚所 16 路', 16],
        ['重点小区门口 9 路', 9],
      ]),
    )
    const camerasOf = (tiles: number) => layouts.find(({ cameraIds }) => cameraIds.length === tiles)!.cameraIds.map((cameraId) => cameraOf.get(cameraId!)!)
    expect(new Set(camerasOf(16).map(({ stationId }) => stationId as string))).toEqual(new Set(['qinglan']))
    expect(new Set(camerasOf(9).map(({ scene }) => scene))).toEqual(new Set(['residentialGate']))
    expect(layouts.every(({ isMine, hiddenCount }) => isMine && hiddenCount === 0)).toBe(true)
  })

  test('two rotations: 20 alleys every 5 s, and a group of each station', async () => {
    const rotations = await rotationsOf(duty)
    const alleys = rotations.find(({ name }) => name === '小巷卡口轮巡')!
    expect(alleys).toMatchObject({ dwellMs: 5_000, steps: { kind: 'cameras' } })
    if (alleys.steps.kind === 'cameras') expect(new Set(alleys.steps.cameraIds.map((cameraId) => cameraOf.get(cameraId)!.scene))).toEqual(new Set(['alley']))
    if (alleys.steps.kind === 'cameras') expect(new Set(alleys.steps.cameraIds).size).toBe(20)
    const { steps } = rotations.find(({ name }) => name !== '小巷卡口轮巡')!
    expect(steps.kind === 'groups' && steps.groups.map(({ name }) => name)).toEqual(listDemoStations().map(({ shortName }) => shortName))
    expect(steps.kind === 'groups' && steps.groups.every(({ cameraIds }) => cameraIds.length === 4)).toBe(true)
  })

  test('supervisors use them, a duty officer of two stations sees what is there, other roles see none', async () => {
    const supervisor = await signIn(running, { account: 'supervisor', role: 'supervisor' })
    const ofTwo = await signIn(running, {
      account: 'duty2',
      role: 'dutyOfficer',
      stationIds: listDemoStations()
        .slice(0, 2)
        .map(({ stationId }) => stationId),
    })
    const ops = await signIn(running, { account: 'ops', role: 'ops' })
    expect(await layoutsOf(supervisor)).toMatchObject([{ isMine: false, owner: 'duty', hiddenCount: 0 }, { isMine: false }])
    for (const { cameraIds, hiddenCount } of await layoutsOf(ofTwo)) expect(cameraIds.filter((cameraId) => cameraId === null)).toHaveLength(hiddenCount)
    expect((await rotationsOf(ofTwo)).map(({ hiddenCount }) => hiddenCount > 0)).toEqual([true, true])
    expect([await layoutsOf(ops), await rotationsOf(ops)]).toEqual([[], []])
  })

  test('are made once', async () => {
    await seedWalls(running.app.walls, duty.userId as never)
    expect([(await layoutsOf(duty)).length, (await rotationsOf(duty)).length]).toEqual([2, 2])
  })
})
