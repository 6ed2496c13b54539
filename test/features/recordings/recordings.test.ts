/** Index, policies and retention on a real database, with a media plane that says what the test wants. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../../server/base/log.ts'
import { CameraId, type Instant } from '../../../server/contract/ids.ts'
import { createRecordings, createRecordingStore, type Recordings } from '../../../server/features/recordings/index.ts'
import { createClockGuard } from '../../../server/base/clock-guard.ts'
import { createRetention } from '../../../server/features/recordings/retention.ts'
import type { DiskStatus, RecordedSegment } from '../../../server/media/plane.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { createFakePlane, type FakePlane } from '../../support/fake-plane.ts'
import { until } from '../../media/support.ts'

const DAY_MS = 86_400_000
const MB = 1e6
const A = CameraId.parse('a')
const B = CameraId.parse('b')
const continuous = { mode: 'continuous' as const, schedule: [], profile: 'main' as const, keepDays: 15 }

let database: TestDatabase
let clock: FakeClock
let fake: FakePlane

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  const db = database.database.as<Record<string, object>>()
  for (const table of ['segments', 'recording_policies', 'recording_problems']) await db.deleteFrom(table).execute()
  clock = createFakeClock()
  fake = createFakePlane(clock)
})

const store = () => createRecordingStore(database.database)
const segment = (cameraId: CameraId, fromAt: Instant, toAt: Instant, change: Partial<RecordedSegment> = {}): RecordedSegment => ({
  cameraId,
  profile: 'main',
  diskId: 'disk',
  path: `day/${cameraId}/${fromAt}-${toAt - fromAt}.mp4`,
  fromAt,
  toAt,
  bytes: 10 * MB,
  isClosed: true,
  ...change,
})

const rest = () => ({
  clock,
  clockGuard: createClockGuard({ clock, log: silentLog }),
  log: silentLog,
  quotaBytes: undefined,
  isCamera: () => true,
  listStatuses: async () => [],
  isLocked: () => false,
  listLocked: () => [],
})

async function openRecordings(): Promise<Recordings> {
  const recordings = createRecordings({
    store: store(),
    plane: fake.plane,
    ...rest(),
    isCamera: (cameraId) => cameraId !== 'gone',
  })
  await recordings.open()
  return recordings
}

describe('R-STORE-1 policies', () => {
  test('media is told what to record, at once, after its restart, and when hours begin', async () => {
    const recordings = await openRecordings()
    await recordings.setPolicy({ cameraIds: [A], ...continuous })
    expect(fake.recordings).toEqual([{ cameraId: 'a', profile: 'main' }])
    const now = new Date(clock.now())
    const minute = ((now.getDay() + 6) % 7) * 1440 + now.getHours() * 60 + now.getMinutes()
    await recordings.setPolicy({ cameraIds: [B], ...continuous, mode: 'scheduled', schedule: [{ fromMinute: minute + 5, toMinute: minute + 10 }] })
    expect(fake.recordings.map(({ cameraId }) => cameraId)).toEqual(['a'])
    await clock.advanceAsync(6 * 60_000)
    await until(() => fake.recordings.length === 2, 'the hours of b')
    fake.recordings = []
    fake.setLink('lost')
    fake.setLink('up')
    await until(() => fake.recordings.length === 2, 'told again')
    await recordings.close()
    const again = await openRecordings()
    expect(again.listPolicies().map(({ cameraId, mode }) => [cameraId, mode])).toEqual(
      expect.arrayContaining([
        ['a', 'continuous'],
        ['b', 'scheduled'],
      ]),
    )
    await again.close()
  })
})

test('R-STORE-3 hardly any room: by sub stream first those that are kept for fewer days, then all; as before once there is room', async () => {
  const recordings = await openRecordings()
  const disk = (used: number): DiskStatus => ({
    diskId: 'disk',
    folder: '/disk',
    state: 'ok',
    totalBytes: 1_000 * MB,
    freeBytes: Math.round((1 - used) * 1_000) * MB,
    detail: null,
  })
  await recordings.setPolicy({ cameraIds: [A], ...continuous, keepDays: 30 })
  await recordings.setPolicy({ cameraIds: [B], ...continuous })
  const seen: string[] = []
  for (const used of [0.97, 0.98, 0.995, 0.985, 0.96, 0.94]) {
    fake.disks = [disk(used)]
    await clock.advanceAsync(61_000)
    seen.push(fake.recordings.map(({ profile }) => profile).join(' '))
  }
  expect(seen).toEqual(['main main', 'main sub', 'sub sub', 'sub sub', 'sub sub', 'main main'])
  fake.disks = [disk(0.99), disk(0.5)]
  await clock.advanceAsync(61_000)
  expect(fake.recordings.map(({ profile }) => profile)).toEqual(['main', 'main'])
  await recordings.close()
})

test('R-STORE-1 a camera that is none of ours: refused, and nothing is changed', async () => {
  const recordings = await openRecordings()
  await expect(recordings.setPolicy({ cameraIds: [A, CameraId.parse('gone')], ...continuous })).rejects.toMatchObject({ code: 'not_found' })
  expect(recordings.listPolicies()).toEqual([])
  await recordings.close()
})

describe('R-PLAY index', () => {
  test('closed segments are indexed, growing ones shown, missed ones found again on the disks', async () => {
    const startAt = clock.now()
    const recordings = await openRecordings()
    await recordings.setPolicy({ cameraIds: [A], ...continuous }, startAt - 1)
    await clock.advanceAsync(30 * 60_000)
    const nowAt = clock.now()
    fake.emit({ type: 'segment', segment: segment(A, startAt, startAt + 600_000) })
    fake.emit({ type: 'segment', segment: segment(A, startAt + 1_200_000, nowAt - 3_000, { isClosed: false }) })
    await recordings.index()
    const range = { fromAt: startAt, toAt: nowAt + 3_600_000 }
    expect(await recordings.timeline(A, range)).toEqual({
      cameraId: 'a',
      recorded: [
        { fromAt: startAt, toAt: startAt + 600_000 },
        { fromAt: startAt + 1_200_000, toAt: nowAt - 3_000 },
      ],
      gaps: [{ fromAt: startAt + 600_000, toAt: startAt + 1_200_000, reason: 'unknown', cause: null }],
      faults: [],
    })
    fake.segments = [segment(A, startAt + 600_000, startAt + 1_200_000)]
    fake.setLink('lost')
    fake.setLink('up')
    await until(() => fake.recordings.length === 1, 'the link')
    await expect.poll(async () => (await store().listIndex(null)).length).toBe(2)
    const days = await recordings.days(A, range)
    expect(days.days.reduce((sum, { recordedMs }) => sum + recordedMs, 0)).toBe(1_200_000)
    await recordings.close()
  })

  test('what was remembered of a camera is forgotten with every change: files closed, made anew, deleted', async () => {
    const startAt = clock.now() - DAY_MS
    const recordings = await openRecordings()
    const lengths = async () => (await recordings.timeline(A, { fromAt: startAt, toAt: startAt + 3_600_000 })).recorded.map(({ fromAt, toAt }) => toAt - fromAt)
    expect(await lengths()).toEqual([])
    fake.emit({ type: 'segment', segment: segment(A, startAt, startAt + 600_000) })
    await recordings.index()
    expect(await lengths()).toEqual([600_000])
    await recordings.changeIndex({ put: [segment(A, startAt + 1_200_000, startAt + 1_800_000)], remove: [] })
    expect(await lengths()).toEqual([600_000, 600_000])
    await recordings.changeIndex({ put: [], remove: [{ cameraId: A, fromAt: startAt }] })
    expect(await lengths()).toEqual([600_000])
    await recordings.close()
  })

  test('files that follow one another are read as one range, and what is remembered grows with each that is closed', async () => {
    const startAt = clock.now() - DAY_MS
    const files = Array.from({ length: 6 }, (_, i) => segment(A, startAt + i * 600_000 + i * 3, startAt + (i + 1) * 600_000 + i * 3))
    await store().putSegments([...files, segment(A, startAt + 4_800_000, startAt + 5_400_000), segment(B, startAt, startAt + 1)])
    let asked: (readonly CameraId[])[] = []
    const real = store()
    const recordings = createRecordings({
      store: {
        ...real,
        listRecorded: (cameraIds) => {
          asked.push(cameraIds)
          return real.listRecorded(cameraIds)
        },
      },
      plane: fake.plane,
      ...rest(),
    })
    const range = { fromAt: startAt, toAt: startAt + DAY_MS }
    const [a, b] = await Promise.all([A, B].map((cameraId) => recordings.timeline(cameraId, range)))
    expect(asked).toEqual([[A, B]]) // asked for together
    expect(a!.recorded).toEqual([
      { fromAt: startAt, toAt: files[5]!.toAt },
      { fromAt: startAt + 4_800_000, toAt: startAt + 5_400_000 },
    ])
    expect(b!.recorded).toEqual([{ fromAt: startAt, toAt: startAt + 1 }])
    asked = []
    for (const [fromAt, toAt] of [
      [5_400_002, 6_000_000],
      [7_000_000, 7_600_000],
    ] as const) {
      fake.emit({ type: 'segment', segment: segment(A, startAt + fromAt, startAt + toAt) })
      await recordings.index()
    }
    const known = (await recordings.timeline(A, range)).recorded
    expect(asked).toEqual([])
    expect(known.slice(1)).toEqual([
      { fromAt: startAt + 4_800_000, toAt: startAt + 6_000_000 },
      { fromAt: startAt + 7_000_000, toAt: startAt + 7_600_000 },
    ])
    expect((await real.listRecorded([A])).get(A)).toEqual(known) // as if it were read anew
    // a file found to be shorter is read again
    await recordings.changeIndex({ put: [segment(A, startAt + 7_000_000, startAt + 7_200_000)], remove: [] })
    expect((await recordings.timeline(A, range)).recorded.at(-1)).toEqual({ fromAt: startAt + 7_000_000, toAt: startAt + 7_200_000 })
    await recordings.close()
  })

  test('a database that is away loses no row', async () => {
    const real = store()
    let isAway = true
    const recordings = createRecordings({
      store: { ...real, putSegments: (rows) => (isAway ? Promise.reject(new Error('away')) : real.putSegments(rows)) },
      plane: fake.plane,
      ...rest(),
    })
    const startAt = clock.now()
    fake.emit({ type: 'segment', segment: segment(A, startAt, startAt + 600_000) })
    await recordings.index()
    expect((await recordings.timeline(A, { fromAt: startAt, toAt: startAt + 600_000 })).recorded).toHaveLength(1)
    isAway = false
    await recordings.close()
    expect((await real.listRecorded([A])).get(A)).toEqual([{ fromAt: startAt, toAt: startAt + 600_000 }])
  })

  test('pictures that could not be written are a gap of the disk; our restart is ours', async () => {
    const startAt = clock.now()
    const recordings = await openRecordings()
    await recordings.setPolicy({ cameraIds: [A], ...continuous }, startAt - 1)
    for (let i = 0; i < 10; i++) {
      fake.emit({ type: 'recordingProblem', cameraId: A, problem: 'write_failed', at: clock.now(), detail: 'ENOSPC' })
      await clock.advanceAsync(5_000)
    }
    const range = { fromAt: startAt, toAt: clock.now() }
    await expect.poll(async () => (await recordings.timeline(A, range)).gaps.filter(({ reason }) => reason === 'disk').length).toBe(1)
    const awayAt = clock.now()
    fake.setLink('lost')
    await clock.advanceAsync(4_000)
    fake.setLink('up')
    await clock.advanceAsync(60_000)
    await expect
      .poll(async () => (await recordings.timeline(A, { fromAt: awayAt, toAt: awayAt + 4_000 })).gaps)
      .toEqual([{ fromAt: awayAt, toAt: awayAt + 4_000, reason: 'platform', cause: 'media_unavailable' }])
    await recordings.close()
  })

  test('when all of us begins, the seconds until media is there and its streams are open are ours', async () => {
    const first = await openRecordings()
    await first.setPolicy({ cameraIds: [A], ...continuous }, clock.now() - 1)
    await first.close()
    fake.setLink('lost')
    const beganAt = clock.now()
    const recordings = await openRecordings()
    await clock.advanceAsync(4_000)
    fake.setLink('up')
    await clock.advanceAsync(120_000)
    await expect
      .poll(async () => (await recordings.timeline(A, { fromAt: beganAt, toAt: beganAt + 100_000 })).gaps)
      .toEqual([
        { fromAt: beganAt, toAt: beganAt + 34_000, reason: 'platform', cause: 'media_unavailable' },
        { fromAt: beganAt + 34_000, toAt: beganAt + 100_000, reason: 'unknown', cause: null },
      ])
    await recordings.close()
  })
})

test('R-STORE-3 what lies on a disk that is away is no recording, and the disk is the reason, until it is back', async () => {
  const startAt = clock.now()
  const diskOf = (diskId: string, state: DiskStatus['state']): DiskStatus => ({
    diskId,
    folder: `/${diskId}`,
    state,
    totalBytes: 1e9,
    freeBytes: 5e8,
    detail: null,
  })
  fake.disks = [diskOf('disk', 'ok'), diskOf('two', 'ok')]
  await store().putSegments([
    segment(A, startAt, startAt + 600_000),
    segment(A, startAt + 600_000, startAt + 1_200_000, { diskId: 'two' }),
    segment(A, startAt + 1_200_000, startAt + 1_800_000),
  ])
  const recordings = await openRecordings()
  await recordings.setPolicy({ cameraIds: [A], ...continuous }, startAt - 1)
  await clock.advanceAsync(1_800_000)
  const range = { fromAt: startAt, toAt: startAt + 1_800_000 }
  expect((await recordings.timeline(A, range)).recorded).toEqual([range])
  fake.disks = [diskOf('disk', 'ok'), diskOf('two', 'missing')]
  await clock.advanceAsync(60_000)
  await expect
    .poll(async () => (await recordings.timeline(A, range)).gaps)
    .toEqual([{ fromAt: startAt + 600_000, toAt: startAt + 1_200_000, reason: 'disk', cause: null }])
  expect(await recordings.clipSize(A, range)).toMatchObject({ recordedMs: 1_200_000, bytes: 20 * MB })
  fake.disks = [diskOf('disk', 'ok'), diskOf('two', 'ok')]
  await clock.advanceAsync(60_000)
  await expect.poll(async () => (await recordings.timeline(A, range)).gaps).toEqual([])
  await recordings.close()
})

describe('R-STORE-3 retention', () => {
  const disk = (usedRate: number) => ({
    diskId: 'disk',
    folder: '/disk',
    state: 'ok' as const,
    totalBytes: 1_000 * MB,
    freeBytes: 1_000 * MB * (1 - usedRate),
    detail: null,
  })

  async function openRetention({
    quotaBytes,
    locked = [],
    keepDaysOf = () => 15,
  }: { quotaBytes?: number; locked?: Instant[]; keepDaysOf?: (cameraId: CameraId) => number } = {}) {
    const retention = createRetention({
      store: store(),
      plane: fake.plane,
      clock,
      clockGuard: createClockGuard({ clock, log: silentLog }),
      log: silentLog,
      quotaBytes,
      keepDaysOf,
      isLocked: (_cameraId, { fromAt }) => locked.includes(fromAt),
    })
    await retention.open()
    return retention
  }
  /** One segment a day, the oldest first; today is day 0. */
  const daysAgo = (days: number) => clock.now() - days * DAY_MS
  const fill = (days: readonly number[]) => store().putSegments(days.map((day) => segment(A, daysAgo(day), daysAgo(day) + 600_000)))
  const removedDays = () => fake.removed.map(({ path }) => Math.round((clock.now() - Number(/(\d+)-/.exec(path)![1])) / DAY_MS))

  test('what is older than its policy goes; nothing younger, nothing locked', async () => {
    await fill([20, 17, 16, 14, 1])
    const retention = await openRetention({ locked: [daysAgo(17)] })
    fake.disks = [disk(0.5)]
    await retention.run()
    expect(removedDays()).toEqual([20, 16])
    expect((await store().listRecorded([A])).get(A)).toHaveLength(3)
  })

  test('a camera that is kept for a day is not hidden behind those kept for longer', async () => {
    await fill([14, 10, 5])
    await store().putSegments([segment(B, daysAgo(2), daysAgo(2) + 600_000)])
    const retention = await openRetention({ keepDaysOf: (cameraId) => (cameraId === B ? 1 : 15) })
    fake.disks = [disk(0.5)]
    await retention.run()
    expect(fake.removed.map(({ path }) => path)).toEqual([expect.stringContaining('/b/')])
  })

  test('R-PLAY-4 more locked files than a page holds do not keep a full disk full', async () => {
    const segments = Array.from({ length: 600 }, (_, i) => segment(A, daysAgo(5) + i * 600_000, daysAgo(5) + (i + 1) * 600_000))
    await store().putSegments(segments)
    const retention = await openRetention({ locked: segments.slice(0, 550).map(({ fromAt }) => fromAt) })
    fake.disks = [disk(0.955)]
    await retention.run()
    expect(fake.removed.map(({ path }) => path)).toEqual([segments[550]!.path, segments[551]!.path])
  })

  test('a disk that is nearly full loses its oldest, whatever their age, until it is relieved', async () => {
    await fill([5, 4, 3, 2, 1])
    const retention = await openRetention()
    fake.disks = [disk(0.955)] // 15 MB above the relieved mark
    await retention.run()
    expect(removedDays()).toEqual([5, 4])
  })

  test('disks that cannot be listed do not keep room from being made', async () => {
    await fill([20, 1])
    fake.disks = [disk(0.5)]
    fake.plane.listSegments = async () => {
      throw new Error('too slow')
    }
    const recordings = await openRecordings()
    await clock.advanceAsync(61_000)
    await expect.poll(removedDays).toEqual([20])
    await recordings.close()
  })

  test('over the quota the oldest go', async () => {
    await fill([5, 4, 3, 2, 1])
    const retention = await openRetention({ quotaBytes: 25 * MB })
    fake.disks = [disk(0.1)]
    await retention.run()
    expect(removedDays()).toEqual([5, 4, 3])
  })

  test.each([
    { name: 'while we run', whenRunning: true },
    { name: 'while we were away', whenRunning: false },
  ])('T1 a clock that jumps a year $name deletes nothing for its age', async ({ whenRunning }) => {
    await fill([14, 2, 1])
    fake.disks = [disk(0.5)]
    if (!whenRunning) clock.stepWall(365 * DAY_MS)
    const retention = await openRetention()
    if (whenRunning) clock.stepWall(365 * DAY_MS)
    await retention.run()
    await clock.advanceAsync(3_600_000)
    await retention.run()
    expect(fake.removed).toEqual([])
  })

  test('over the quota the oldest of all disks go; another, empty disk changes nothing', async () => {
    await fill([8, 7, 6])
    await store().putSegments([segment(B, daysAgo(9), daysAgo(9) + 600_000, { diskId: 'two' })])
    const two = { ...disk(0.1), diskId: 'two', folder: '/two' }
    const enough = await openRetention({ quotaBytes: 40 * MB })
    fake.disks = [disk(0.5), two]
    await enough.run()
    expect(fake.removed).toEqual([])
    const less = await openRetention({ quotaBytes: 25 * MB })
    await less.run()
    expect(removedDays()).toEqual([9, 8])
  })

  test('what is locked, or lies on a disk that is away, does not keep what is behind it from expiring', async () => {
    const lockedOnes = Array.from({ length: 600 }, (_, i) => segment(A, daysAgo(30) + i * 600_000, daysAgo(30) + (i + 1) * 600_000))
    const away = Array.from({ length: 600 }, (_, i) => segment(A, daysAgo(25) + i * 600_000, daysAgo(25) + (i + 1) * 600_000, { diskId: 'gone' }))
    await store().putSegments([...lockedOnes, ...away])
    await fill([17, 16, 1])
    const retention = await openRetention({ locked: lockedOnes.map(({ fromAt }) => fromAt) })
    fake.disks = [disk(0.5)]
    await retention.run()
    expect(removedDays()).toEqual([17, 16])
  })

  test('T1 a clock that stays wrong, or days set too low: three days of a camera go in a day, no more', async () => {
    const hours = Array.from({ length: 10 * 24 }, (_, i) => segment(A, daysAgo(10) + i * 3_600_000, daysAgo(10) + (i + 1) * 3_600_000))
    await store().putSegments(hours)
    const retention = await openRetention({ keepDaysOf: () => 1 })
    fake.disks = [disk(0.5)]
    for (let look = 0; look < 5; look++) {
      await retention.run()
      await clock.advanceAsync(3_600_000)
    }
    expect(fake.removed).toHaveLength(3 * 24)
    await clock.advanceAsync(DAY_MS)
    await retention.run()
    expect(fake.removed).toHaveLength(6 * 24)
  })

  test('a lock set while files are being deleted saves those that are still there', async () => {
    await fill([...Array.from({ length: 40 }, (_, i) => 60 - i), 1])
    const locked: Instant[] = []
    const remove = fake.plane.removeSegments
    fake.plane.removeSegments = (files) => {
      locked.push(daysAgo(30)) // among those of the second batch
      return remove(files)
    }
    const retention = await openRetention({ locked })
    fake.disks = [disk(0.5)]
    await retention.run()
    expect(removedDays()).toHaveLength(39)
    expect(removedDays()).not.toContain(30)
  })

  test('a file that is not gone keeps its row', async () => {
    await fill([20])
    fake.plane.removeSegments = async () => []
    const retention = await openRetention()
    fake.disks = [disk(0.5)]
    await retention.run()
    expect((await store().listRecorded([A])).get(A)).toHaveLength(1)
  })
})

describe('R-STORE storage', () => {
  const disk = { diskId: 'disk', folder: '/mnt/one', state: 'ok' as const, totalBytes: 1_000 * MB, freeBytes: 80 * MB, detail: null }

  test('disks with their level, days held, and when room ends', async () => {
    const nowAt = clock.now()
    // 10 MB every half day for four days: 20 MB a day
    await store().putSegments(Array.from({ length: 8 }, (_, i) => segment(A, nowAt - (i + 1) * (DAY_MS / 2), nowAt - (i + 1) * (DAY_MS / 2) + 600_000)))
    fake.disks = [disk]
    const recordings = await openRecordings()
    await recordings.setPolicy({ cameraIds: [A, B], ...continuous })
    const reply = await recordings.storage.now()
    expect(reply).toMatchObject({ recordedBytes: 80 * MB, roomBytes: 30 * MB, dayBytes: 20 * MB, lockedBytes: 0, quotaBytes: null })
    expect(reply.disks).toEqual([
      { diskId: 'disk', name: 'one', state: 'ok', level: 'warn', detail: null, totalBytes: 1_000 * MB, freeBytes: 80 * MB, recordedBytes: 80 * MB },
    ])
    // 30 MB until the disk is 95 % full: a day and a half, though 15 days were asked for
    expect(reply.fullAt).toBe(nowAt + 1.5 * DAY_MS)
    expect(reply.holdsDays).toBeCloseTo(5.5)
    expect(reply.cameras).toEqual([
      {
        cameraId: 'a',
        mode: 'continuous',
        keepDays: 15,
        sinceAt: nowAt,
        dueFromAt: null,
        oldestAt: nowAt - 4 * DAY_MS,
        newestAt: nowAt - DAY_MS / 2 + 600_000,
        bytes: 80 * MB,
        dayBytes: 20 * MB,
      },
      { cameraId: 'b', mode: 'continuous', keepDays: 15, sinceAt: nowAt, dueFromAt: null, oldestAt: null, newestAt: null, bytes: 0, dayBytes: 0 },
    ])
    await recordings.close()
  })

  test('media that is away: what is known of disks is said to be unknown', async () => {
    const recordings = await openRecordings()
    fake.setLink('lost')
    expect(await recordings.storage.now()).toMatchObject({ disks: null, roomBytes: null, fullAt: null, holdsDays: null })
    await recordings.close()
  })

  test('since when a camera is to be recorded: a change of hours or days is no break, an end is', async () => {
    const nowAt = clock.now()
    const recordings = await openRecordings()
    const off = { ...continuous, mode: 'off' as const }
    await recordings.setPolicy({ cameraIds: [A, B], ...continuous }, nowAt - 9 * DAY_MS)
    await recordings.setPolicy({ cameraIds: [A], ...continuous, keepDays: 30 }, nowAt - 5 * DAY_MS)
    await recordings.setPolicy({ cameraIds: [B], ...off }, nowAt - 5 * DAY_MS)
    const since = async () => (await recordings.storage.now()).cameras.map(({ sinceAt }) => sinceAt)
    expect(await since()).toEqual([nowAt - 9 * DAY_MS, null])
    await recordings.setPolicy({ cameraIds: [B], ...continuous }, nowAt - 3 * DAY_MS)
    await clock.advanceAsync(61_000)
    expect(await since()).toEqual([nowAt - 9 * DAY_MS, nowAt - 3 * DAY_MS])
    await recordings.close()
  })

  test('what should be the oldest: the first hour to record within the days that are kept', async () => {
    const nowAt = clock.now()
    const recordings = await openRecordings()
    const monday = new Date(nowAt)
    monday.setHours(0, 0, 0, 0)
    monday.setDate(monday.getDate() - ((monday.getDay() + 6) % 7))
    const hourOf = (weeksAgo: number) => monday.getTime() - weeksAgo * 7 * DAY_MS + 10 * 3_600_000
    const hours = { ...continuous, mode: 'scheduled' as const, schedule: [{ fromMinute: 600, toMinute: 660 }], keepDays: 14 }
    await recordings.setPolicy({ cameraIds: [A], ...hours }, nowAt - 30 * DAY_MS)
    const [camera] = (await recordings.storage.now()).cameras
    expect(camera!.dueFromAt).toBe([3, 2, 1, 0].map(hourOf).find((at) => at >= nowAt - 14 * DAY_MS))
    await recordings.close()
  })

  test('recorded and planned time of each camera and day; what grows counts, the future does not', async () => {
    const day = new Date(clock.now())
    day.setHours(0, 0, 0, 0)
    const todayAt = day.getTime()
    day.setDate(day.getDate() - 1)
    const yesterdayAt = day.getTime()
    await clock.advanceAsync(Math.max(0, todayAt + 3_600_000 - clock.now()))
    const nowAt = clock.now()
    const recordings = await openRecordings()
    await recordings.setPolicy({ cameraIds: [A], ...continuous }, yesterdayAt + 3_600_000)
    await store().putSegments([segment(A, todayAt - 600_000, todayAt + 600_000)])
    fake.emit({ type: 'segment', segment: segment(A, todayAt + 600_000, todayAt + 900_000, { isClosed: false }) })
    expect(await recordings.storage.days({ fromAt: yesterdayAt, toAt: todayAt + 5 * DAY_MS })).toEqual({
      days: [
        { fromAt: yesterdayAt, toAt: todayAt },
        { fromAt: todayAt, toAt: expect.any(Number) },
      ],
      cameras: [{ cameraId: 'a', plannedMs: [todayAt - yesterdayAt - 3_600_000, nowAt - todayAt], recordedMs: [600_000, 900_000] }],
    })
    // what grows is told every ten seconds: the seconds since then are not missing
    fake.emit({ type: 'segment', segment: segment(A, nowAt - 60_000, nowAt - 9_000, { isClosed: false }) })
    const [camera] = (await recordings.storage.days({ fromAt: todayAt, toAt: nowAt })).cameras
    expect(camera!.plannedMs).toEqual([nowAt - todayAt - 9_000])
    await recordings.close()
  })

  test('the size of a clip: the share of each file that lies in it', async () => {
    const startAt = clock.now() - DAY_MS
    const recordings = await openRecordings()
    await recordings.setPolicy({ cameraIds: [A], ...continuous }, startAt - 1)
    await store().putSegments([segment(A, startAt, startAt + 600_000), segment(A, startAt + 700_000, startAt + 1_300_000)])
    expect(await recordings.clipSize(A, { fromAt: startAt + 300_000, toAt: startAt + 760_000 })).toEqual({
      cameraId: 'a',
      recordedMs: 360_000,
      bytes: 6 * MB,
      gaps: [{ fromAt: startAt + 600_000, toAt: startAt + 700_000, reason: 'unknown', cause: null }],
    })
    await recordings.close()
  })
})
