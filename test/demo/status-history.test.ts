import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CameraId } from '../../server/contract/ids.ts'
import { MAP_PAST_MS } from '../../server/contract/status.ts'
import { listDemoCameras } from '../../server/demo/cameras.ts'
import { listDemoStations } from '../../server/demo/district.ts'
import { planStory } from '../../server/demo/past.ts'
import { listRecordedCameras, seedCameras } from '../../server/demo/seed.ts'
import { planHistory } from '../../server/demo/status-history.ts'
import { onlineRateOf } from '../../server/features/health/history.ts'
import { openTestWorld, type TestWorld } from '../support/open-app.ts'

const nowAt = Date.UTC(2026, 10, 24, 9)
const cameras = listDemoCameras()
const cameraIds = listRecordedCameras()
const { rush, storyIds, recordedFromAt, outages } = planStory(cameraIds, nowAt)
const plan = () => planHistory({ cameras, nowAt, recorded: { cameraIds, quietFromAt: recordedFromAt, outages } })
const rows = plan()
const rowsOf = (cameraId: CameraId) => rows.filter((row) => row.camera_id === cameraId)
const intervalsOf = (cameraId: CameraId) => rowsOf(cameraId).map(({ status, cause, from_at, to_at }) => ({ status, cause, fromAt: from_at, toAt: to_at }))

describe('the demo’s month of states', () => {
  test('of every camera without gap or overlap, from before the map looks back until now; the same each time', () => {
    for (const { cameraId } of cameras) {
      const own = rowsOf(cameraId)
      expect(own[0]!.from_at).toBeLessThan(nowAt - MAP_PAST_MS)
      expect(own.at(-1)).toMatchObject({ to_at: nowAt, status: 'online' })
      for (const [i, { from_at, to_at }] of own.entries()) {
        expect(to_at).toBeGreaterThan(from_at)
        if (i > 0) expect(from_at).toBe(own[i - 1]!.to_at)
      }
    }
    expect(plan()).toEqual(rows)
  })

  test('is believable: every state, outages of whole switches, stations that differ, none bad beyond belief', () => {
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['online', 'offline', 'degraded', 'unknown']))
    const range = { fromAt: nowAt - MAP_PAST_MS, toAt: nowAt }
    const rates = listDemoStations().map(({ stationId }) => {
      const own = cameras.filter((camera) => camera.stationId === stationId).map(({ cameraId }) => onlineRateOf(intervalsOf(cameraId), range, nowAt)!)
      return own.reduce((sum, rate) => sum + rate, 0) / own.length
    })
    console.log(`online rates of the stations: ${rates.map((rate) => rate.toFixed(4)).join(' ')}, ${rows.length} rows`)
    expect(Math.min(...rates)).toBeGreaterThan(0.9)
    expect(Math.max(...rates)).toBeLessThan(1)
    expect(Math.max(...rates) - Math.min(...rates)).toBeGreaterThan(0.01)
    const begins = rows.filter(({ cause }) => cause === 'unreachable').map(({ from_at }) => Math.floor(from_at / 600_000))
    const together = Math.max(...countEach(begins).values())
    expect(together).toBeGreaterThanOrEqual(12)
  })

  test('says that it is made up wherever something was wrong', () => {
    for (const { status, detail } of rows) expect(detail ?? '').toMatch(status === 'online' ? /^$/ : /演示/)
  })

  test('tells of the recorded cameras what their recordings tell', () => {
    const quiet = cameraIds.flatMap((cameraId) => rowsOf(cameraId).filter(({ status, to_at }) => status !== 'online' && to_at! > recordedFromAt))
    expect(quiet).toMatchObject([{ camera_id: storyIds[1], from_at: rush.fromAt + 12 * 60_000, to_at: rush.fromAt + 15 * 60_000, status: 'offline' }])
  })
})

function countEach(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

describe('a demo started again', () => {
  let world: TestWorld
  beforeAll(async () => {
    world = await openTestWorld()
  })
  afterAll(() => world?.close())

  test('keeps where people placed cameras and which jurisdictions they imported; addresses are new', async () => {
    const running = await world.start()
    const { cameras: register } = running.app
    const addressesAt = (port: number) =>
      cameras
        .slice(0, 2)
        .map(({ cameraId }) => ({ cameraId, mainUrl: `rtsp://127.0.0.1:${port}/${cameraId}`, subUrl: null, username: 'a', password: 'b', hasSound: false }))
    await seedCameras(register, addressesAt(1_000))
    const [placed, other] = cameras as [(typeof cameras)[0], (typeof cameras)[0]]
    const view = { lonLat: [111.65, 40.75] as [number, number], headingDeg: 12, fovDeg: 34, reachM: 56 }
    await register.place(placed.cameraId, { ...view, reason: '复测' }, { account: 'ops' })
    const shape = [
      [
        [
          [111, 40],
          [112, 40],
          [112, 41],
          [111, 40],
        ],
      ],
    ] as [number, number][][][]
    await register.setShapes([{ stationId: placed.stationId, jurisdiction: shape, labelLonLat: [111.7, 40.3] }])

    await seedCameras(register, addressesAt(2_000))
    const everywhere = { stationIds: null }
    const places = await register.listPlaces(everywhere)
    expect(places.find(({ cameraId }) => cameraId === placed.cameraId)).toMatchObject(view)
    expect(places.find(({ cameraId }) => cameraId === other.cameraId)).toMatchObject({ lonLat: other.lonLat, headingDeg: other.headingDeg })
    expect((await register.listStations(everywhere)).find(({ stationId }) => stationId === placed.stationId)!.jurisdiction).toEqual(shape)
    expect(register.listEntries().map(({ access }) => access.mainUrl)).toEqual(addressesAt(2_000).map(({ mainUrl }) => mainUrl))
    await running.close()
  })
})
