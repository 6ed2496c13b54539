// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from 'vitest'
import { CameraId } from '../../../../server/contract/ids.ts'
import { PatrolReport } from '../../../../server/contract/walls.ts'
import { ApiError } from '../../../../web/base/api.ts'
import { decodeBatch, encodeBatch } from '../../../../web/features/wall/patrol-batch.ts'
import { createPatrolLog, type TileSight, uuid } from '../../../../web/features/wall/patrol-log.ts'
import { batchSize, createPatrolShelf, maxKept, patrolStorage } from '../../../../web/features/wall/patrol-shelf.ts'

const run = { runId: uuid(), rotationId: uuid() }
const sight = (cameraId: string, rest: Partial<TileSight> = {}): TileSight => ({
  cameraId: CameraId.parse(cameraId),
  hasPicture: true,
  ageMs: 400,
  cause: null,
  ...rest,
})

describe('R-WALL-2 what was actually shown is logged', () => {
  let now: number
  let kept: Map<string, string>
  let writes: number
  let hasRoom: boolean
  let sent: PatrolReport[][]
  let answer: () => void
  let dropped: number
  const storage = {
    keys: () => [...kept.keys()],
    get: (key: string) => kept.get(key) ?? null,
    set: (key: string, text: string) => {
      writes++
      if (hasRoom) kept.set(key, text)
      return hasRoom
    },
    remove: (key: string) => void kept.delete(key),
  }
  const open = () =>
    createPatrolLog({
      storage,
      now: () => now,
      send: async (reports) => {
        answer()
        sent.push([...reports])
        return dropped
      },
    })

  beforeEach(() => {
    now = 1_000_000
    kept = new Map()
    writes = 0
    hasRoom = true
    dropped = 0
    sent = []
    answer = () => {}
  })
  /** Looks twice a second for so long. */
  function watch(log: ReturnType<typeof open>, ms: number, ...sights: [number, TileSight][]) {
    for (let passed = 0; passed <= ms; passed += 500) {
      log.sample(run, new Map(sights), 1_000)
      if (passed < ms) now += 500
    }
  }

  test('an entry lasts from the switch to the next one and counts only time with a fresh picture', async () => {
    const log = open()
    watch(log, 3_000, [0, sight('a')])
    watch(log, 2_000, [0, sight('a', { ageMs: 5_000 })])
    watch(log, 1_000, [0, sight('b', { hasPicture: false, ageMs: null, cause: 'unreachable' })])
    log.closeAll()
    await log.flush()
    const [first, second] = sent[0]!
    expect(first).toMatchObject({ cameraId: 'a', tile: 1, fromAt: 1_000_000, toAt: 1_005_000, outcome: 'shown', cause: null })
    expect(first!.freshMs).toBe(3_000)
    expect(second).toMatchObject({ cameraId: 'b', outcome: 'stillOnly', cause: 'unreachable', freshMs: 0 })
    expect(sent[0]!.every((report) => PatrolReport.safeParse(report).success)).toBe(true)
  })

  test('cameras left out are noted with their cause', async () => {
    const log = open()
    log.skip(run, 0, [CameraId.parse('x')], () => 'unreachable')
    await log.flush()
    expect(sent[0]![0]).toMatchObject({ cameraId: 'x', outcome: 'skipped', cause: 'unreachable', freshMs: 0 })
  })

  test('sends once a minute', async () => {
    const log = open()
    log.skip(run, 0, [CameraId.parse('x')], () => null)
    await log.tick()
    expect(sent).toEqual([])
    now += 60_000
    await log.tick()
    expect(sent).toHaveLength(1)
    expect(log.waiting()).toBe(0)
    log.skip(run, 0, [CameraId.parse('y')], () => null)
    now += 59_000
    await log.tick()
    expect(sent).toHaveLength(1)
  })

  test('the first of a run within ten seconds: its rotation may be taken away, and the server believes only runs it has heard of', async () => {
    const log = open()
    log.skip(run, 0, [CameraId.parse('x')], () => null)
    now += 10_000
    await log.tick()
    expect(sent).toHaveLength(1)
    log.skip(run, 0, [CameraId.parse('y')], () => null)
    now += 10_000
    await log.tick()
    expect(sent).toHaveLength(1)
    log.skip({ ...run, runId: uuid() }, 0, [CameraId.parse('z')], () => null)
    await log.tick()
    expect(sent).toHaveLength(2)
  })

  test('is kept on this screen while the server is away, with the same ids, also over a reload', async () => {
    answer = () => {
      throw new ApiError('server_unreachable', 0)
    }
    const before = open()
    before.skip(run, 0, [CameraId.parse('x'), CameraId.parse('y')], () => null)
    await before.flush()
    before.closeAll() // as the page does when it goes
    expect(before.waiting()).toBe(2)
    answer = () => {}
    const after = open()
    expect(after.waiting()).toBe(2)
    const ids = decodeBatch([...kept.values()][0]!).map(({ entryId }) => entryId)
    await after.flush()
    expect(sent[0]!.map(({ entryId, cameraId }) => [entryId, cameraId])).toEqual([
      [ids[0], 'x'],
      [ids[1], 'y'],
    ])
    expect([...kept.keys()]).toEqual([])
    expect(open().waiting()).toBe(0)
  })

  test('one the server will never take does not hold up the others', async () => {
    const log = open()
    log.skip(
      run,
      0,
      ['a', 'bad', 'c'].map((text) => CameraId.parse(text)),
      () => null,
    )
    log.closeAll()
    let batch: PatrolReport[] = []
    const picky = createPatrolLog({
      storage,
      now: () => now,
      send: async (reports) => {
        if (reports.some(({ cameraId }) => cameraId === 'bad')) throw new ApiError('bad_request', 400)
        batch = [...batch, ...reports]
        return 0
      },
    })
    await picky.flush()
    expect(batch.map(({ cameraId }) => cameraId)).toEqual(['a', 'c'])
    expect([picky.waiting(), picky.lost().refused]).toEqual([0, 1])
  })

  test('what the server drops for good is counted, and the count outlives a reload, for a week', async () => {
    dropped = 2
    const log = open()
    log.skip(
      run,
      0,
      ['a', 'b', 'c'].map((text) => CameraId.parse(text)),
      () => null,
    )
    await log.flush()
    expect([log.waiting(), log.lost()]).toMatchObject([0, { refused: 2, full: 0, lastAt: now }])
    expect(open().lost()).toMatchObject({ refused: 2 })
    now += 7 * 86_400_000
    expect(open().lost()).toMatchObject({ refused: 0 })
  })

  test('writes every five seconds at most, what is new and not everything again', () => {
    answer = () => {
      throw new ApiError('server_unreachable', 0)
    }
    const log = open()
    log.skip(
      run,
      0,
      Array.from({ length: 3 * batchSize }, (_, i) => CameraId.parse(`c${i}`)),
      () => null,
    )
    now += 5_000
    void log.tick()
    expect(writes).toBe(3)
    for (let second = 0; second < 20; second++) {
      now += 500
      log.skip(run, 0, [CameraId.parse('x')], () => null)
      void log.tick()
    }
    expect(writes).toBe(5)
    expect(open().waiting()).toBe(3 * batchSize + 20)
  })

  test('two hours of 36 tiles with 3 s fit, in memory and in a storage of 5 million characters', () => {
    const log = open()
    const cameras = Array.from({ length: 36 }, (_, i) => CameraId.parse(`3402000000132000${String(i).padStart(4, '0')}`))
    for (let step = 0; step < 2_400; step++) {
      now += 3_000
      for (const [tile, cameraId] of cameras.entries()) log.skip(run, tile, [cameraId], () => 'unreachable')
    }
    log.closeAll()
    expect([log.waiting(), log.lost().full]).toEqual([86_400, 0])
    const characters = [...kept].reduce((sum, [key, text]) => sum + key.length + text.length, 0)
    expect(characters).toBeLessThan(5_000_000)
    expect(open().waiting()).toBe(86_400)
  })

  test('beyond that the oldest go, and are counted', () => {
    const log = open()
    const many = Array.from({ length: maxKept + 7 }, (_, i) => CameraId.parse(`c${i}`))
    log.skip(run, 0, many, () => null)
    expect([log.waiting(), log.lost().full]).toEqual([maxKept + 7 - batchSize, batchSize])
    expect(open().lost().full).toBe(batchSize)
  })

  test('without room in the storage nothing is lost while the page lives; it is tried again after a minute', async () => {
    hasRoom = false
    const log = open()
    log.skip(run, 0, [CameraId.parse('a')], () => null)
    now += 5_000
    void log.tick()
    const tries = writes
    now += 30_000
    void log.tick()
    expect([writes, kept.size]).toEqual([tries, 0])
    hasRoom = true
    now += 30_000
    await log.tick()
    expect(sent.flat()).toHaveLength(1)
  })

  test('what comes while a batch is on its way waits for the next', async () => {
    const shelf = createPatrolShelf(storage, () => now)
    const [first, second] = (['a', 'b'] as const).map((cameraId) => reportOf(cameraId))
    shelf.add([first!])
    const sealed = shelf.seal()!
    shelf.add([second!])
    expect(sealed).toEqual([first])
    shelf.done(sealed, 0)
    expect([shelf.count(), shelf.seal()]).toEqual([1, [second]])
  })

  const reportOf = (cameraId: string, rest: Partial<PatrolReport> = {}): PatrolReport => ({
    entryId: uuid(),
    ...run,
    cameraId: CameraId.parse(cameraId),
    tile: 36,
    fromAt: 1_767_600_000_123,
    toAt: 1_767_600_005_456,
    outcome: 'shown',
    cause: null,
    freshMs: 5_001,
    ...rest,
  })

  test('what is kept comes back as it was; nonsense in the storage is nothing', () => {
    const reports = [
      reportOf('34020000001320000001'),
      reportOf('b', { outcome: 'stillOnly', cause: 'not_probed_yet', freshMs: 0, fromAt: 1_767_500_000_000, toAt: 1_767_500_000_000, runId: uuid() }),
      reportOf('b', { outcome: 'skipped', cause: 'unreachable', tile: 1 }),
    ]
    expect(decodeBatch(encodeBatch(reports))).toEqual(reports)
    for (const text of ['', 'x', 'null', '[]', '{"not":"ours"}', JSON.stringify({ ...JSON.parse(encodeBatch(reports)), runs: [] })])
      expect(decodeBatch(text)).toEqual([])
    kept = new Map([
      ['1', '{"not":"ours"}'],
      ['2', encodeBatch(reports)],
      ['lost', 'x'],
    ])
    expect([open().waiting(), open().lost().full]).toEqual([3, 0])
  })

  test('walls and accounts of one browser keep theirs apart', () => {
    const [mine, second, others] = [patrolStorage('duty', 1), patrolStorage('duty', 2), patrolStorage('night', 1)]
    mine.set('7', 'x')
    second.set('8', 'y')
    expect([mine.keys(), second.keys(), others.keys(), mine.get('7'), others.get('7')]).toEqual([['7'], ['8'], [], 'x', null])
    mine.remove('7')
    second.remove('8')
    expect(mine.keys()).toEqual([])
  })

  test('a tile that keeps its camera for hours is noted every ten minutes', async () => {
    const log = open()
    watch(log, 1_300_000, [3, sight('a')])
    log.closeAll()
    await log.flush()
    expect(sent.flat().map(({ fromAt, toAt }) => toAt - fromAt)).toEqual([600_000, 600_000, 100_000])
  })

  test('ids are UUIDs of version 4', () => {
    expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(Array.from({ length: 100 }, uuid)).size).toBe(100)
  })
})
