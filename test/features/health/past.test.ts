import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../server/base/clock.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import { createPast, createHealthStore, type Past } from '../../../server/features/health/index.ts'
import { onlineRateOf } from '../../../server/features/health/history.ts'
import type { IntervalRow } from '../../../server/features/health/store.ts'
import { type CameraStatus, MAP_PAST_MS, type PastStates, type StatusCounts } from '../../../server/contract/status.ts'
import type { StationRate } from '../../../server/contract/stations.ts'
import { draftOf, openTestWorld, signIn, stationOf, type TestApp, type TestWorld, type Visitor } from '../../support/open-app.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const isLong = process.env['LONG'] === '1'
const quick = { probePeriodMs: 500, maxProbesInFlight: 10, maxProbesPerSecond: 100 }
const never = { probePeriodMs: 3_600_000, maxProbesInFlight: 1, maxProbesPerSecond: 0.001 }

let world: TestWorld
let running: TestApp
let duty: Visitor
/** Intervals written by hand end here; what the running platform writes itself comes after. */
let baseAt: number

const row = (cameraId: string, status: CameraStatus, fromAt: number, toAt: number | null, cause: IntervalRow['cause'] = null): IntervalRow => ({
  camera_id: cameraId as CameraId,
  from_at: fromAt,
  to_at: toAt,
  status,
  cause,
  detail: null,
})
const write = (rows: IntervalRow[]) => createHealthStore(world.database.database).write(rows, Date.now())

beforeAll(async () => {
  world = await openTestWorld()
  running = await world.start({ health: never })
  baseAt = Date.now() - HOUR_MS
  const { cameras } = running.app
  await cameras.putStations([stationOf('north'), stationOf('south'), stationOf('empty')])
  await cameras.putCameras([draftOf('n1', 'north'), draftOf('n2', 'north'), draftOf('n3', 'north'), draftOf('s1', 'south')])
  await write([
    row('n1', 'online', baseAt - 10 * DAY_MS, baseAt - 5 * DAY_MS),
    row('n1', 'offline', baseAt - 5 * DAY_MS, baseAt - 4 * DAY_MS, 'unreachable'),
    row('n1', 'online', baseAt - 4 * DAY_MS, baseAt),
    row('n2', 'degraded', baseAt - 5 * DAY_MS, baseAt - 4.5 * DAY_MS, 'frozen'),
    row('n2', 'unknown', baseAt - 4.5 * DAY_MS, baseAt, 'not_probed_yet'),
    row('s1', 'offline', baseAt - 40 * DAY_MS, baseAt, 'unreachable'),
    row('gone', 'online', baseAt - 10 * DAY_MS, baseAt),
  ])
  duty = await signIn(running, { account: 'duty' })
})
afterAll(async () => {
  await running?.close()
  await world?.close()
})

const pastAt = async (at: number, by = duty) => (await by.get(`/api/status/past?at=${at}`)).body as PastStates
const shortOf = ({ states }: PastStates) => states.map(({ cameraId, status }) => `${cameraId} ${status}`)
const countsOf = async (fromAt: number, toAt: number, steps: number, by = duty) =>
  (await by.get(`/api/status/counts?fromAt=${fromAt}&toAt=${toAt}&steps=${steps}`)).body as StatusCounts[]

describe('R-MAP the map at a moment of the past', () => {
  test('the state each camera was in; one that was not known yet, or is no longer there, is left out', async () => {
    expect(await pastAt(baseAt - 4.8 * DAY_MS)).toEqual({
      at: baseAt - 4.8 * DAY_MS,
      states: [
        { cameraId: 'n1', status: 'offline', cause: 'unreachable', sinceAt: baseAt - 5 * DAY_MS },
        { cameraId: 'n2', status: 'degraded', cause: 'frozen', sinceAt: baseAt - 5 * DAY_MS },
        { cameraId: 's1', status: 'offline', cause: 'unreachable', sinceAt: baseAt - 40 * DAY_MS },
      ],
    })
    expect(shortOf(await pastAt(baseAt - 20 * DAY_MS))).toEqual(['s1 offline'])
  })

  test('a state begins at its first moment and has ended at its last; blindness stays unknown', async () => {
    expect(shortOf(await pastAt(baseAt - 5 * DAY_MS))).toContain('n1 offline')
    expect(shortOf(await pastAt(baseAt - 5 * DAY_MS - 1))).toContain('n1 online')
    expect(shortOf(await pastAt(baseAt - 4 * DAY_MS))).toEqual(['n1 online', 'n2 unknown', 's1 offline'])
    // between two intervals nothing is known
    expect(shortOf(await pastAt(baseAt))).toEqual([])
  })

  test('only of the stations the user may see', async () => {
    const south = await signIn(running, { account: 'south', stationIds: ['south' as never] })
    expect(shortOf(await pastAt(baseAt - DAY_MS, south))).toEqual(['s1 offline'])
    expect((await countsOf(baseAt - 2 * DAY_MS, baseAt - DAY_MS, 1, south))[0]!.counts).toMatchObject({ offline: 1, online: 0, unknown: 0 })
  })

  test.each([
    { name: 'more than 30 days ago', path: () => `past?at=${Date.now() - MAP_PAST_MS - 2 * HOUR_MS}` },
    { name: 'still to come', path: () => `past?at=${Date.now() + 60_000}` },
    { name: 'a range that begins too early', path: () => `counts?fromAt=${Date.now() - MAP_PAST_MS - 2 * HOUR_MS}&toAt=${Date.now()}&steps=10` },
    { name: 'a range that ends too late', path: () => `counts?fromAt=${Date.now() - HOUR_MS}&toAt=${Date.now() + 60_000}&steps=10` },
    { name: 'an empty range', path: () => `counts?fromAt=${baseAt}&toAt=${baseAt}&steps=1` },
    { name: 'more steps than milliseconds', path: () => `counts?fromAt=${baseAt}&toAt=${baseAt + 5}&steps=6` },
    { name: 'too many steps', path: () => `counts?fromAt=${baseAt - DAY_MS}&toAt=${baseAt}&steps=721` },
  ])('$name is refused', async ({ path }) => expect((await duty.get(`/api/status/${path()}`)).status).toBe(400))

  test('counts along a range say the same as the map at each moment', async () => {
    const counts = await countsOf(baseAt - 6 * DAY_MS, baseAt, 12)
    expect(counts).toHaveLength(12)
    expect(counts.map(({ counts: { online, degraded, offline, unknown } }) => [online, degraded, offline, unknown])).toEqual([
      [1, 0, 1, 0],
      [1, 0, 1, 0],
      [0, 1, 2, 0],
      [0, 0, 2, 1],
      ...Array.from({ length: 8 }, () => [1, 0, 1, 1]),
    ])
  })
})

describe('R-SLA online rates of stations', () => {
  const ratesOf = async (fromAt: number, toAt: number, by = duty) =>
    (await by.get(`/api/stations/online-rates?fromAt=${fromAt}&toAt=${toAt}`)).body as StationRate[]

  test('the mean of its cameras, none for what cannot be assessed, all its cameras counted', async () => {
    expect(await ratesOf(baseAt - 6 * DAY_MS, baseAt - 3 * DAY_MS)).toEqual([
      { stationId: 'empty', onlineRate: null, cameraCount: 0 },
      // n1: two of three days; n2: degraded is online, unknown does not count; n3: nothing known
      { stationId: 'north', onlineRate: expect.closeTo((2 / 3 + 1) / 2, 6), cameraCount: 3 },
      { stationId: 'south', onlineRate: 0, cameraCount: 1 },
    ])
    expect((await ratesOf(baseAt - 3 * DAY_MS, baseAt - 2 * DAY_MS)).map(({ onlineRate }) => onlineRate)).toEqual([null, 1, 0])
  })

  test('31 days at most; only the stations the user may see', async () => {
    expect((await duty.get(`/api/stations/online-rates?fromAt=${baseAt - 31 * DAY_MS - 1}&toAt=${baseAt}`)).status).toBe(400)
    expect((await duty.get(`/api/stations/online-rates?fromAt=${baseAt}&toAt=${baseAt}`)).status).toBe(400)
    const south = await signIn(running, { account: 'south2', stationIds: ['south' as never] })
    expect((await ratesOf(baseAt - DAY_MS, baseAt, south)).map(({ stationId }) => stationId)).toEqual(['south'])
  })
})

describe('R-MON what is not written yet, and our own absence', () => {
  let own: TestWorld
  beforeAll(async () => {
    own = await openTestWorld()
  })
  afterAll(() => own?.close())

  test('a change of this moment is there; while we were down nothing is online', { timeout: 60_000 }, async () => {
    const before = await own.start({ health: quick })
    await before.app.cameras.putStations([stationOf('north')])
    await before.app.cameras.putCameras([draftOf('n1', 'north')])
    let visitor = await signIn(before, { account: 'duty' })
    const statusNow = async () => shortOf(await pastAt(Date.now(), visitor))
    await expect.poll(statusNow, { timeout: 10_000 }).toEqual(['n1 online'])
    const onlineAt = Date.now()
    before.fake.fail(['n1' as CameraId], 'unreachable')
    await expect.poll(() => before.app.health.getState('n1' as CameraId).status, { timeout: 20_000 }).toBe('offline')
    expect(await statusNow()).toEqual(['n1 offline'])
    const now = Date.now()
    expect((await countsOf(now - 1_000, now, 1, visitor))[0]!.counts.offline).toBe(1)
    before.fake.fail(['n1' as CameraId], null)
    await expect.poll(statusNow, { timeout: 20_000 }).toEqual(['n1 online'])

    await before.close()
    const awayAt = Date.now() + 20
    await systemClock.sleep(300)
    const after = await own.start({ health: never })
    visitor = await signIn(after, { account: 'duty2' })
    expect(shortOf(await pastAt(awayAt, visitor))).toEqual(['n1 unknown'])
    expect(await statusNow()).toEqual(['n1 unknown'])
    expect(shortOf(await pastAt(onlineAt, visitor))).toEqual(['n1 online'])
    const [away] = await countsOf(awayAt, awayAt + 200, 1, visitor)
    expect(away!.counts).toEqual({ online: 0, degraded: 0, offline: 0, unknown: 1, suspended: 0 })
    await after.close()
  })
})

describe('R-MAP a month of a whole district', () => {
  const cameraCount = isLong ? 468 : 60
  const perDay = isLong ? 20 : 6
  const nowAt = Math.floor(Date.now() / 1_000) * 1_000
  let own: TestWorld
  let past: Past
  const everywhere = { stationIds: null }
  const ids = Array.from({ length: cameraCount }, (_, i) => `c${i}` as CameraId)

  beforeAll(async () => {
    own = await openTestWorld()
    const app = await own.start({ health: never })
    await app.app.cameras.putStations([stationOf('north'), stationOf('south')])
    await app.app.cameras.putCameras(Array.from({ length: cameraCount }, (_, i) => draftOf(`c${i}`, i % 3 === 0 ? 'south' : 'north')))
    await app.close()
    const stepMs = DAY_MS / perDay
    // two years of it in the table: what is asked for must not depend on what went before
    await own.database.sql(
      `
      delete from camera_status_intervals;
      insert into camera_status_intervals
      select 'c' || c, ${nowAt} - (k + 1) * ${stepMs}::bigint + shift(c, k), case when k > 0 then ${nowAt} - k * ${stepMs}::bigint + shift(c, k - 1) end,
        (array['online', 'offline', 'online', 'unknown', 'online', 'degraded', 'online', 'offline'])[(k + c) % 8 + 1], null, null
      from generate_series(${(isLong ? 120 : 60) * perDay}, 0, -1) k, generate_series(0, ${cameraCount - 1}) c;
      analyze`.replaceAll(/shift\((c), (k - 1|k)\)/g, (_, c, k) => `((${c} * 7919 + (${k}) * 104729::bigint) % 1000000)`),
    )
    past = createPast({
      database: own.database.database,
      clock: { ...systemClock, now: () => nowAt + 1_000_000 },
      flush: async () => undefined,
      listCameraIds: () => ids,
    })
  })
  afterAll(() => own?.close())

  async function quickest<T>(what: string, work: () => Promise<T>, limitMs: number): Promise<T> {
    const times: number[] = []
    let result: T | undefined
    for (let i = 0; i < 5; i++) {
      const startedMs = performance.now()
      result = await work()
      times.push(Math.round(performance.now() - startedMs))
    }
    console.log(`${what}: ${times.join(', ')} ms (${cameraCount} cameras, ${perDay} intervals a day each)`)
    expect(Math.min(...times)).toBeLessThan(limitMs)
    return result!
  }

  test('states at a moment', async () => {
    const { states } = await quickest('past', () => past.states(everywhere, nowAt - 12 * DAY_MS), 100)
    expect(states).toHaveLength(cameraCount)
  })

  test('360 steps of 30 days', async () => {
    const range = { fromAt: nowAt - 29 * DAY_MS, toAt: nowAt }
    const counts = await quickest('counts', () => past.counts(everywhere, range, 360), isLong ? 450 : 300)
    const sum = counts.map((step) => Object.values(step.counts).reduce((total, each) => total + each, 0))
    // offline is the worst moment, so a step may hold more than all; never fewer
    for (const each of sum) expect(each).toBeGreaterThan(cameraCount - 0.1)
  })

  test('online rates of 31 days are those of each camera’s own history', async () => {
    const range = { fromAt: nowAt - 31 * DAY_MS, toAt: nowAt }
    const rates = await quickest('rates', () => past.onlineRates(everywhere, range), isLong ? 400 : 300)
    expect(rates.size).toBe(cameraCount)
    const store = createHealthStore(own.database.database)
    for (const cameraId of ['c0', 'c7', `c${cameraCount - 1}`] as CameraId[]) {
      expect(rates.get(cameraId)).toBeCloseTo(onlineRateOf(await store.listIntervals(cameraId, range), range, nowAt + 1_000_000)!, 10)
    }
  })
})
