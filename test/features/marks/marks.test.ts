/** Marks and locks on a real database: who may remove what, what outlives retention, and that no step of the clock unlocks. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createClockGuard } from '../../../server/base/clock-guard.ts'
import { silentLog } from '../../../server/base/log.ts'
import { CameraId } from '../../../server/contract/ids.ts'
import { createMarks, createMarkStore } from '../../../server/features/marks/index.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'

const DAY_MS = 86_400_000
const A = CameraId.parse('a')
const B = CameraId.parse('b')
const officer = { account: 'officer', mayRemoveOthers: false }

let database: TestDatabase
let clock: FakeClock

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  const db = database.database.as<Record<string, object>>()
  for (const table of ['marks', 'locks']) await db.deleteFrom(table).execute()
  clock = createFakeClock()
})

async function openMarks() {
  const marks = createMarks({
    store: createMarkStore(database.database),
    clock,
    clockGuard: createClockGuard({ clock, log: silentLog }),
    log: silentLog,
  })
  await marks.open()
  return marks
}
const around = () => ({ fromAt: clock.now() - DAY_MS, toAt: clock.now() + 1 })

describe('R-PLAY-4 marks', () => {
  test('are kept, found in their range, and removed by their author or one who may', async () => {
    const marks = await openMarks()
    const early = await marks.addMark(A, { at: clock.now() - 2 * DAY_MS, note: 'before' }, officer)
    const mark = await marks.addMark(A, { at: clock.now() - 1_000, note: 'white van' }, officer)
    await marks.addMark(B, { at: clock.now() - 1_000, note: 'elsewhere' }, officer)
    const again = await openMarks()
    expect((await again.list(A, around())).marks).toEqual([mark])
    await expect(again.removeMark(A, mark.markId, { account: 'other', mayRemoveOthers: false })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(again.removeMark(B, mark.markId, officer)).rejects.toMatchObject({ code: 'not_found' })
    await again.removeMark(A, mark.markId, officer)
    await again.removeMark(A, early.markId, { account: 'supervisor', mayRemoveOthers: true })
    expect((await again.list(A, { fromAt: 0, toAt: clock.now() })).marks).toEqual([])
  })

  test('a moment that is still to come is refused', async () => {
    const marks = await openMarks()
    await expect(marks.addMark(A, { at: clock.now() + 5_000, note: 'later' }, officer)).rejects.toMatchObject({ code: 'bad_request' })
  })
})

describe('R-PLAY-4 locks', () => {
  const lockHour = async (marks: Awaited<ReturnType<typeof openMarks>>, untilAt: number | null) =>
    marks.addLock(A, { fromAt: clock.now() - 3_600_000, toAt: clock.now(), untilAt, reason: 'a case' }, officer)

  test('hold their range, of their camera only, over a restart, until somebody unlocks', async () => {
    const marks = await openMarks()
    const lock = await lockHour(marks, null)
    const again = await openMarks()
    const touching = { fromAt: lock.toAt - 1, toAt: lock.toAt + 600_000 }
    expect(again.isLocked(A, touching)).toBe(true)
    expect(again.isLocked(A, { fromAt: lock.toAt, toAt: lock.toAt + 600_000 })).toBe(false)
    expect(again.isLocked(B, touching)).toBe(false)
    expect(again.listLocks((cameraId) => cameraId === B)).toEqual([])
    await again.removeLock(A, lock.lockId, { account: 'supervisor' })
    expect(again.isLocked(A, touching)).toBe(false)
    await expect(again.removeLock(A, lock.lockId, officer)).rejects.toMatchObject({ code: 'not_found' })
    const row = await database.database.as<{ locks: { lock_id: string; ended_by: string } }>().selectFrom('locks').select('ended_by').executeTakeFirstOrThrow()
    expect(row.ended_by).toBe('supervisor')
  })

  test('before the locks are read everything is locked', () => {
    const marks = createMarks({ store: createMarkStore(database.database), clock, clockGuard: { mayExpire: () => true }, log: silentLog })
    expect(marks.isLocked(A, around())).toBe(true)
  })

  test('end by their date; T1 not by a clock that jumps', async () => {
    const marks = await openMarks()
    const lock = await lockHour(marks, clock.now() + 2 * DAY_MS)
    clock.stepWall(365 * DAY_MS)
    clock.advance(3_600_000)
    expect(marks.isLocked(A, lock)).toBe(true)
    clock.stepWall(-365 * DAY_MS)
    clock.advance(DAY_MS * 1.5)
    expect(marks.isLocked(A, lock)).toBe(true)
    clock.advance(DAY_MS)
    expect(marks.isLocked(A, lock)).toBe(false)
    await expect.poll(async () => createMarkStore(database.database).listLocks()).toEqual([])
  })

  test.each([
    ['a range that is still to come', { fromAt: 1_000, toAt: 2_000, untilAt: null }],
    ['one that would be over already', { fromAt: -2_000, toAt: -1_000, untilAt: -1 }],
  ])('%s is refused', async (_, { fromAt, toAt, untilAt }) => {
    const marks = await openMarks()
    const now = clock.now()
    const lock = { fromAt: now + fromAt, toAt: now + toAt, untilAt: untilAt === null ? null : now + untilAt, reason: 'x' }
    await expect(marks.addLock(A, lock, officer)).rejects.toMatchObject({ code: 'bad_request' })
  })
})
