/** The patrol log on a real database: what is believed, who reads it, and how long it is kept. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { User } from '../../../server/base/routes.ts'
import { type PatrolReport, type SaveRotation } from '../../../server/contract/walls.ts'
import { camera, cameraIds, codeOf, colleague, openWallWorld, owner, ownerOfNorth, rotationOf, supervisor, userOf, type WallWorld } from './wall-world.ts'

let world: WallWorld
beforeAll(async () => {
  world = await openWallWorld()
})
afterAll(() => world.close())
beforeEach(() => world.reset())
const open = () => world.open()

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

describe('R-WALL-2 the patrol log', () => {
  const reportOf = (rotationId: string, change: Partial<PatrolReport> = {}): PatrolReport => ({
    entryId: randomUUID(),
    runId: randomUUID(),
    rotationId,
    cameraId: camera('n1'),
    tile: 1,
    fromAt: world.clock.now() - 10_000,
    toAt: world.clock.now() - 5_000,
    outcome: 'shown',
    cause: null,
    freshMs: 4_800,
    ...change,
  })
  const all = { fromAt: 0, toAt: 400 * DAY_MS, limit: 500 }
  const lately = () => ({ fromAt: world.clock.now() - DAY_MS, toAt: world.clock.now() + MINUTE_MS, limit: 500 })
  const addRotation = async (walls: ReturnType<typeof open>, change: Partial<SaveRotation> = {}, user = owner) =>
    (await walls.rotations.add(rotationOf({ sharedWith: ['dutyOfficer'], ...change }), user)).rotationId

  test('holds what was shown under the name the rotation had then, newest first, and outlives the rotation', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    const runId = randomUUID()
    const first = reportOf(rotationId, { runId })
    const second = reportOf(rotationId, {
      runId,
      cameraId: camera('s1'),
      tile: 2,
      fromAt: first.toAt,
      toAt: world.clock.now(),
      outcome: 'stillOnly',
      cause: 'unreachable',
      freshMs: 0,
    })
    expect(await walls.patrols.report([first, second], owner)).toEqual({ kept: 2, dropped: 0 })
    await walls.rotations.change(rotationId, rotationOf({ name: '新名' }), owner)
    await walls.rotations.remove(rotationId, owner)
    const told = { account: 'owner', rotationName: '小巷轮巡' }
    expect(await open().patrols.list(lately(), owner)).toEqual({
      entries: [
        { ...second, ...told },
        { ...first, ...told },
      ],
      isCut: false,
      rotations: [{ rotationId, name: '小巷轮巡' }],
    })
  })

  test('a run that goes on when its rotation is taken away is kept to its end; a new one of it is not', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    const runId = randomUUID()
    await walls.patrols.report([reportOf(rotationId, { runId })], colleague)
    await walls.rotations.remove(rotationId, owner)
    expect(await walls.patrols.report([reportOf(rotationId, { runId }), reportOf(rotationId)], colleague)).toEqual({ kept: 1, dropped: 1 })
    expect((await walls.patrols.list(lately(), colleague)).entries.map(({ rotationName }) => rotationName)).toEqual(['小巷轮巡', '小巷轮巡'])
    expect(await walls.patrols.report([reportOf(rotationId, { runId })], supervisor)).toEqual({ kept: 0, dropped: 1 })
  })

  test('an entry that is sent again, or twice in one report, is kept once and not changed', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    const report = reportOf(rotationId)
    expect(await walls.patrols.report([report, report], owner)).toEqual({ kept: 1, dropped: 0 })
    expect(await walls.patrols.report([{ ...report, freshMs: 1 }, reportOf(rotationId, { runId: report.runId.toUpperCase() })], owner)).toEqual({
      kept: 1,
      dropped: 0,
    })
    const { entries } = await walls.patrols.list(lately(), owner)
    expect(entries).toHaveLength(2)
    expect(entries.find(({ entryId }) => entryId === report.entryId)).toMatchObject({ freshMs: 4_800 })
    expect(new Set(entries.map(({ runId }) => runId))).toEqual(new Set([report.runId]))
  })

  test('what the reporter could not have shown is dropped and counted, the rest of the batch is kept', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    const foreign = await addRotation(walls, { sharedWith: [] }, supervisor)
    const now = world.clock.now()
    const good = [
      reportOf(rotationId),
      reportOf(rotationId, { fromAt: now, toAt: now + MINUTE_MS, freshMs: 0 }),
      reportOf(rotationId, { fromAt: now - DAY_MS, toAt: now - DAY_MS + 5_000, freshMs: 5_000 }),
    ]
    const bad = [
      reportOf(foreign),
      reportOf(randomUUID()),
      reportOf(rotationId, { cameraId: camera('s1') }),
      reportOf(rotationId, { cameraId: camera('nowhere') }),
      reportOf(rotationId, { fromAt: now, toAt: now + MINUTE_MS + 1 }),
      reportOf(rotationId, { fromAt: now - DAY_MS - 1, toAt: now - DAY_MS + 5_000 }),
      reportOf(rotationId, { freshMs: 5_001 }),
    ]
    expect(await walls.patrols.report([...bad, ...good], colleague)).toEqual({ kept: 3, dropped: 7 })
    expect(await walls.patrols.report(bad, colleague)).toEqual({ kept: 0, dropped: 7 })
    const { entries } = await walls.patrols.list(lately(), colleague)
    expect(new Set(entries.map(({ entryId }) => entryId))).toEqual(new Set(good.map(({ entryId }) => entryId)))
  })

  test('two users with the same run id do not get into each other’s run', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    const runId = randomUUID()
    await walls.patrols.report([reportOf(rotationId, { runId })], owner)
    await walls.patrols.report([reportOf(rotationId, { runId })], colleague)
    expect((await walls.patrols.list(lately(), supervisor)).entries.map(({ account }) => account).sort()).toEqual(['colleague', 'owner'])
    expect((await walls.patrols.list(lately(), owner)).entries.map(({ account }) => account)).toEqual(['owner'])
  })

  test('one reads one’s own; who may judge reads everybody’s; nobody reads of cameras elsewhere', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    await walls.patrols.report([reportOf(rotationId), reportOf(rotationId, { cameraId: camera('s1') })], owner)
    await walls.patrols.report([reportOf(rotationId, { cameraId: camera('n2') })], colleague)
    const seenBy = async (user: User, query = {}) =>
      (await walls.patrols.list({ ...lately(), ...query }, user)).entries.map(({ cameraId }) => cameraId as string).sort()
    expect(await seenBy(owner)).toEqual(['n1', 's1'])
    expect(await seenBy(ownerOfNorth)).toEqual(['n1'])
    expect(await seenBy(colleague)).toEqual(['n2'])
    expect(await seenBy(supervisor)).toEqual(['n1', 'n2', 's1'])
    expect(await seenBy(userOf('south-chief', 'supervisor', ['south']))).toEqual(['s1'])
    expect(await seenBy(userOf('nowhere', 'supervisor', []))).toEqual([])
    expect(await seenBy(supervisor, { cameraId: camera('n2') })).toEqual(['n2'])
    expect(await seenBy(supervisor, { rotationId })).toEqual(['n1', 'n2', 's1'])
    expect(await seenBy(supervisor, { rotationId: randomUUID() })).toEqual([])
    for (const id of ['s1', 'nowhere']) expect(await codeOf(walls.patrols.list({ ...lately(), cameraId: camera(id) }, colleague))).toBe('not_found')
    expect(await codeOf(walls.patrols.list({ ...lately(), cameraId: camera('nowhere') }, supervisor))).toBe('not_found')
  })

  test('of a camera that has gone there is still the log, for whoever sees every station', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    await walls.patrols.report([reportOf(rotationId, { cameraId: camera('s3') })], owner)
    const gone = cameraIds.splice(cameraIds.indexOf(camera('s3')), 1)
    const asked = { ...lately(), cameraId: camera('s3') }
    expect((await walls.patrols.list(asked, supervisor)).entries).toHaveLength(1)
    expect(await codeOf(walls.patrols.list(asked, userOf('south-chief', 'supervisor', ['south'])))).toBe('not_found')
    cameraIds.push(...gone)
  })

  test('a range is half open, a long answer is cut and says so', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    const now = world.clock.now()
    await walls.patrols.report(
      [3, 1, 2].map((i) => reportOf(rotationId, { tile: i, fromAt: now - i * 1_000, toAt: now, freshMs: 0 })),
      owner,
    )
    const tilesOf = async (query: object) => (await walls.patrols.list({ ...lately(), ...query }, owner)).entries.map(({ tile }) => tile)
    expect(await tilesOf({ fromAt: now - 2_000, toAt: now })).toEqual([1, 2])
    expect(await tilesOf({ fromAt: now - 3_000, toAt: now - 1_000 })).toEqual([2, 3])
    expect(await walls.patrols.list({ ...lately(), limit: 2 }, owner)).toMatchObject({ entries: [{ tile: 1 }, { tile: 2 }], isCut: true })
    expect(await walls.patrols.list({ ...lately(), limit: 3 }, owner)).toMatchObject({ isCut: false })
    for (const range of [
      { fromAt: now, toAt: now },
      { fromAt: 5, toAt: 1 },
      { fromAt: 0, toAt: 401 * DAY_MS },
    ])
      expect(await codeOf(walls.patrols.list({ ...range, limit: 1 }, owner))).toBe('bad_request')
  })

  test('is kept for 180 days, then taken away with its runs; not in the day after the clock was set', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    await walls.patrols.report([reportOf(rotationId)], owner)
    const countOf = async (table: 'wall_patrols' | 'wall_patrol_runs') =>
      (await world.database.as<Record<string, object>>().selectFrom(table).selectAll().execute()).length
    world.clock.advance(179 * DAY_MS)
    await walls.patrols.report([reportOf(rotationId)], owner)
    await walls.close()

    const again = open()
    world.mayExpire = false
    world.clock.advance(2 * DAY_MS)
    await again.close()
    expect([await countOf('wall_patrols'), await countOf('wall_patrol_runs')]).toEqual([2, 2])
    const third = open()
    world.mayExpire = true
    world.clock.advance(10 * MINUTE_MS)
    await third.close()
    expect([await countOf('wall_patrols'), await countOf('wall_patrol_runs')]).toEqual([1, 1])
    expect((await third.patrols.list({ ...all, fromAt: world.clock.now() - 10 * DAY_MS, toAt: world.clock.now() }, owner)).entries).toHaveLength(1)
  })

  test('an account that reports more than walls can show is told to wait', async () => {
    const walls = open()
    const rotationId = await addRotation(walls)
    const flood = Array.from({ length: 500 }, () => reportOf(randomUUID()))
    const codes = new Set<string>()
    for (let i = 0; i < 201; i++) codes.add(await codeOf(walls.patrols.report(flood, owner)))
    expect(codes).toEqual(new Set(['done', 'rate_limited']))
    expect(await walls.patrols.report([reportOf(rotationId)], colleague)).toEqual({ kept: 1, dropped: 0 })
    world.clock.advance(MINUTE_MS)
    expect(await walls.patrols.report([reportOf(rotationId)], owner)).toEqual({ kept: 1, dropped: 0 })
  })
})
