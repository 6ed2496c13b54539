// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from 'vitest'
import { CameraId } from '../../../../server/contract/ids.ts'
import { PatrolReport } from '../../../../server/contract/walls.ts'
import { ApiError } from '../../../../web/base/api.ts'
import { createPatrolLog, maxKept, type TileSight, uuid } from '../../../../web/features/wall/patrol-log.ts'

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
  let kept: string | null
  let sent: PatrolReport[][]
  let answer: () => void
  const store = { read: () => kept, write: (text: string) => void (kept = text) }
  const open = () =>
    createPatrolLog({
      store,
      now: () => now,
      send: async (reports) => {
        answer()
        sent.push(reports)
      },
    })

  beforeEach(() => {
    now = 1_000_000
    kept = null
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
  })

  test('is kept on this screen while the server is away, with the same ids, also over a reload', async () => {
    answer = () => {
      throw new ApiError('server_unreachable', 0)
    }
    const before = open()
    before.skip(run, 0, [CameraId.parse('x'), CameraId.parse('y')], () => null)
    await before.flush()
    expect(before.waiting()).toBe(2)
    answer = () => {}
    const after = open()
    expect(after.waiting()).toBe(2)
    const ids = (JSON.parse(kept!) as PatrolReport[]).map(({ entryId }) => entryId)
    await after.flush()
    expect(sent[0]!.map(({ entryId }) => entryId)).toEqual(ids)
    expect(kept).toBe('[]')
  })

  test('one the server will never take does not hold up the others', async () => {
    const log = open()
    log.skip(
      run,
      0,
      ['a', 'bad', 'c'].map((text) => CameraId.parse(text)),
      () => null,
    )
    let batch: PatrolReport[] = []
    const picky = createPatrolLog({
      store,
      now: () => now,
      send: async (reports) => {
        if (reports.some(({ cameraId }) => cameraId === 'bad')) throw new ApiError('bad_request', 400)
        batch = [...batch, ...reports]
      },
    })
    await picky.flush()
    expect(batch.map(({ cameraId }) => cameraId)).toEqual(['a', 'c'])
    expect(picky.waiting()).toBe(0)
  })

  test('a long absence loses the oldest and says how many; nonsense in the storage is nothing', () => {
    kept = '{"not":"ours"}'
    const log = open()
    expect(log.waiting()).toBe(0)
    const many = Array.from({ length: maxKept + 7 }, (_, i) => CameraId.parse(`c${i}`))
    log.skip(run, 0, many, () => null)
    expect([log.waiting(), log.lost()]).toEqual([maxKept, 7])
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
