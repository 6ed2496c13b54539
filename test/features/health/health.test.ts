import { describe, expect, test } from 'vitest'
import { silentLog } from '../../../server/base/log.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import { createHealth, type WatchedCamera } from '../../../server/features/health/health.ts'
import type { StatusNews } from '../../../server/features/health/notify.ts'
import type { HealthStore, IntervalRow } from '../../../server/features/health/store.ts'
import { createUplink } from '../../../server/features/health/uplink.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createFakePlane } from '../../support/fake-plane.ts'

/** The store's promises without a database: rows by key, one heartbeat. */
function createMemoryStore() {
  const rows = new Map<string, IntervalRow>()
  let aliveAt: number | undefined
  const store: HealthStore = {
    async write(batch, at) {
      for (const row of batch) rows.set(`${row.camera_id} ${row.from_at}`, row)
      aliveAt = at
    },
    listOpen: async () => [...rows.values()].filter((row) => row.to_at === null),
    findLastAliveAt: async () => aliveAt,
    listIntervals: async (cameraId) =>
      [...rows.values()]
        .filter((row) => row.camera_id === cameraId)
        .sort((a, b) => a.from_at - b.from_at)
        .map((row) => ({ status: row.status, cause: row.cause, fromAt: row.from_at, toAt: row.to_at })),
  }
  return store
}

let seed = 1
/** Park and Miller: the spread of the probes is the same in every run. */
const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647

const idOf = (n: number) => `cam-${n}` as CameraId
const listCameras = (count: number, perSwitch = 24): WatchedCamera[] =>
  Array.from({ length: count }, (_, n) => ({ cameraId: idOf(n), name: `路口-${n}`, group: `SW-${Math.floor(n / perSwitch)}`, isSuspended: false }))

async function setUp({
  count = 48,
  store = createMemoryStore(),
  clock = createFakeClock(),
  gateway = undefined as { isUp: boolean } | undefined,
  opensAfterMs = 0,
} = {}) {
  const fake = createFakePlane(clock)
  const news: StatusNews[] = []
  const uplink = gateway && createUplink({ address: '10.0.0.1:554', clock, canReach: async () => gateway.isUp })
  const health = createHealth({ store, plane: fake.plane, clock, log: silentLog, random, uplink, tell: (each) => news.push(each) })
  if (opensAfterMs > 0) await clock.advanceAsync(opensAfterMs)
  await health.open()
  const cameras = listCameras(count)
  health.setCameras(cameras)
  const statusOf = (n: number) => health.getState(idOf(n)).status
  const countOf = (status: string) => cameras.filter(({ cameraId }) => health.getState(cameraId).status === status).length
  return { health, fake, news, clock, store, cameras, statusOf, countOf, ids: cameras.map(({ cameraId }) => cameraId) }
}

describe('R-MON-1 every camera is probed', () => {
  test('all are known within half a minute of the start, none twice, then once a round', async () => {
    const { clock, fake, countOf, health } = await setUp({ count: 468 })
    expect(countOf('unknown')).toBe(468)
    await clock.advanceAsync(30_000)
    expect(countOf('online')).toBe(468)
    expect(fake.probes.length).toBe(468)
    fake.probes.length = 0
    await clock.advanceAsync(45_000)
    expect(fake.probes.length).toBeGreaterThan(400)
    expect(fake.probes.length).toBeLessThan(540)
    await health.close()
  })

  test('never starts more probes a second than allowed', async () => {
    const { clock, fake, ids, health } = await setUp({ count: 468 })
    fake.fail(ids, 'unreachable')
    for (let second = 0; second < 40; second++) {
      const before = fake.probes.length
      await clock.advanceAsync(1000)
      expect(fake.probes.length - before).toBeLessThanOrEqual(20)
    }
    await health.close()
  })

  test('a running stream is evidence enough: no probe', async () => {
    const { clock, fake, health } = await setUp({ count: 1 })
    await clock.advanceAsync(5_000)
    fake.probes.length = 0
    for (let n = 0; n < 30; n++) {
      fake.emit({ type: 'streamAlive', cameraId: idOf(0), profile: 'sub', at: clock.now(), isDegraded: null })
      await clock.advanceAsync(10_000)
    }
    expect(fake.probes).toEqual([])
    await health.close()
  })

  test('one switch of 24 cameras is red within 60 s, exactly those, with the time of the first miss, and back', async () => {
    const { clock, fake, statusOf, countOf, ids, news, health } = await setUp({ count: 468 })
    await clock.advanceAsync(60_000)
    const cutAt = clock.now()
    fake.fail(ids.slice(24, 48), 'unreachable')
    await clock.advanceAsync(60_000)
    expect(countOf('offline')).toBe(24)
    expect([23, 24, 47, 48].map(statusOf)).toEqual(['online', 'offline', 'offline', 'online'])
    for (const cameraId of ids.slice(24, 48)) expect(health.getState(cameraId).sinceAt - cutAt).toBeLessThan(50_000)
    expect(news.flatMap(({ changes }) => changes).filter(({ to }) => to === 'offline')).toHaveLength(24)
    fake.fail(ids, null)
    await clock.advanceAsync(25_000)
    expect(countOf('online')).toBe(468)
    await health.close()
  })

  test('a switch that is back is seen at once: cameras asked together keep their own places in the round', async () => {
    const { clock, fake, countOf, ids, health } = await setUp({ count: 468 })
    await clock.advanceAsync(60_000)
    fake.fail(ids.slice(24, 48), 'unreachable')
    for (let s = 0; s < 60 && countOf('offline') < 24; s++) await clock.advanceAsync(1_000)
    expect(countOf('offline')).toBe(24)
    fake.fail(ids, null)
    await clock.advanceAsync(20_000)
    expect(countOf('online')).toBe(468)
    await health.close()
  })

  test('N1 all cut at once: red within 90 s, green again within 60 s', async () => {
    const { clock, fake, countOf, ids, health } = await setUp({ count: 468 })
    await clock.advanceAsync(60_000)
    fake.fail(ids, 'unreachable')
    await clock.advanceAsync(90_000)
    expect(countOf('offline')).toBe(468)
    fake.fail(ids, null)
    await clock.advanceAsync(60_000)
    expect(countOf('online')).toBe(468)
    await health.close()
  })

  test('N1 a streaming camera is red within 20 s', async () => {
    const { clock, fake, statusOf, health } = await setUp({ count: 1 })
    await clock.advanceAsync(5_000)
    fake.fail([idOf(0)], 'unreachable')
    fake.emit({ type: 'streamDown', cameraId: idOf(0), profile: 'main', at: clock.now(), cause: 'silent', detail: 'no RTP' })
    await clock.advanceAsync(3_000)
    expect(statusOf(0)).toBe('offline')
    await health.close()
  })

  test('a refused password is not tried again for a quarter of an hour, whatever the neighbours do', async () => {
    const { clock, fake, statusOf, ids, health } = await setUp({ count: 24 })
    await clock.advanceAsync(10_000)
    fake.fail([idOf(0)], 'refused_login')
    await clock.advanceAsync(90_000)
    expect(statusOf(0)).toBe('offline')
    const triesOf = () => fake.probes.filter((cameraId) => cameraId === idOf(0)).length
    const tries = triesOf()
    fake.fail(ids.slice(1), 'unreachable')
    await clock.advanceAsync(5 * 60_000)
    fake.fail(ids, null)
    await clock.advanceAsync(5 * 60_000)
    expect(triesOf()).toBe(tries)
    await clock.advanceAsync(6 * 60_000)
    expect(statusOf(0)).toBe('online')
    await health.close()
  })
})

describe('N7 a flapping camera', () => {
  test('20 cameras flap every 200 ms for 30 s: one piece of news a second each at most', async () => {
    const { clock, fake, news, health } = await setUp({ count: 20 })
    await clock.advanceAsync(5_000)
    news.length = 0
    for (let n = 0; n < 150; n++) {
      for (let camera = 0; camera < 20; camera++) {
        const at = clock.now()
        if (n % 2 === 0)
          for (let i = 0; i < 3; i++) fake.emit({ type: 'streamDown', cameraId: idOf(camera), profile: 'sub', at: at + i, cause: 'silent', detail: '' })
        else fake.emit({ type: 'streamUp', cameraId: idOf(camera), profile: 'sub', at })
      }
      await clock.advanceAsync(200)
    }
    const perCamera = news.flatMap(({ states }) => states).filter(({ cameraId }) => cameraId === idOf(7))
    expect(perCamera.length).toBeGreaterThan(5)
    expect(perCamera.length).toBeLessThanOrEqual(31)
    await health.close()
  })

  test('what the pages were told in the end is what the judge says', async () => {
    const { clock, fake, health, cameras } = await setUp({ count: 20 })
    for (let n = 0; n < 50; n++) {
      fake.emit({ type: n % 3 ? 'streamDown' : 'streamUp', cameraId: idOf(n % 20), profile: 'sub', at: clock.now(), cause: 'silent', detail: '' } as never)
      await clock.advanceAsync(90)
    }
    await clock.advanceAsync(3_000)
    for (const { cameraId } of cameras) expect(health.toldState(cameraId)?.status).toBe(health.getState(cameraId).status)
    await health.close()
  })
})

describe('we were blind', () => {
  test('media away for less than 10 s changes nothing; for longer all are unknown, and known again after', async () => {
    const { clock, fake, countOf, health } = await setUp()
    await clock.advanceAsync(10_000)
    fake.setLink('lost')
    await clock.advanceAsync(5_000)
    fake.setLink('up')
    await clock.advanceAsync(20_000)
    expect(countOf('online')).toBe(48)
    fake.setLink('lost')
    await clock.advanceAsync(11_000)
    expect(countOf('unknown')).toBe(48)
    fake.setLink('up')
    await clock.advanceAsync(10_000)
    expect(countOf('online')).toBe(48)
    await health.close()
  })

  test('N3 our own uplink is cut: grey, never red, and green again when it is back', async () => {
    const gateway = { isUp: true }
    const { clock, fake, countOf, ids, news, health } = await setUp({ gateway })
    await clock.advanceAsync(10_000)
    gateway.isUp = false
    fake.fail(ids, 'unreachable')
    await clock.advanceAsync(90_000)
    expect(countOf('unknown')).toBe(48)
    expect(news.flatMap(({ states }) => states).filter(({ status }) => status === 'offline')).toEqual([])
    gateway.isUp = true
    fake.fail(ids, null)
    await clock.advanceAsync(30_000)
    expect(countOf('online')).toBe(48)
    await health.close()
  })

  test('N1 against N3: the gateway answers, so cameras that fail are red', async () => {
    const { clock, fake, countOf, ids, health } = await setUp({ gateway: { isUp: true } })
    await clock.advanceAsync(10_000)
    fake.fail(ids, 'unreachable')
    await clock.advanceAsync(90_000)
    expect(countOf('offline')).toBe(48)
    await health.close()
  })
})

describe('K3 our own restart is no downtime', () => {
  test.each([
    { how: 'stopped cleanly', opensAfterMs: 0 },
    { how: 'killed', opensAfterMs: 0 },
    { how: 'killed, and half a minute passes before the next opens', opensAfterMs: 30_000 },
  ])('$how: intervals without gap, unknown from our last sign of life to the first evidence', async ({ how, opensAfterMs }) => {
    const store = createMemoryStore()
    const clock = createFakeClock()
    const first = await setUp({ store, clock, count: 2 })
    first.fake.fail([idOf(1)], 'unreachable')
    await clock.advanceAsync(60_000)
    if (how === 'stopped cleanly') await first.health.close()
    const endedAt = clock.now()
    // a killed process writes nothing more: its timers are left behind, its store is not
    const isKilled = how !== 'stopped cleanly'
    const kept = { ...store, write: store.write }
    if (isKilled) store.write = async () => undefined
    await clock.advanceAsync(600_000)
    const second = await setUp({ store: isKilled ? kept : store, clock, count: 2, opensAfterMs })
    expect(second.countOf('unknown')).toBe(2)
    second.fake.fail([idOf(1)], 'unreachable')
    await clock.advanceAsync(60_000)
    for (const n of [0, 1]) {
      const { intervals } = await second.health.history(idOf(n), { fromAt: 0, toAt: clock.now() })
      for (let i = 1; i < intervals.length; i++) expect(intervals[i]!.fromAt).toBe(intervals[i - 1]!.toAt)
      const blind = intervals.find(({ status, toAt }, i) => i > 0 && status === 'unknown' && toAt !== null)!
      expect(blind.fromAt).toBeLessThanOrEqual(endedAt)
      expect(endedAt - blind.fromAt).toBeLessThanOrEqual(5_500)
      expect(blind.toAt! - endedAt).toBeGreaterThanOrEqual(600_000)
    }
    const onlineFigures = await second.health.history(idOf(0), { fromAt: 0, toAt: clock.now() })
    expect(onlineFigures.onlineRate).toBe(1)
    await second.health.close()
    await first.health.close()
  })
})
