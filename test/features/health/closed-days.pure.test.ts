import { describe, expect, test } from 'vitest'
import type { CameraId } from '../../../server/contract/ids.ts'
import { createClosedDays } from '../../../server/features/health/closed-days.ts'
import type { Range } from '../../../server/features/health/history.ts'
import type { CameraStretches } from '../../../server/features/health/overview.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const idOf = (name: string) => name as CameraId
const known = [idOf('a'), idOf('b')]

/** A database of rows by camera; `asked` are the ranges it was read for. */
function setUp(startAt = Date.UTC(2026, 10, 20, 9)) {
  const clock = createFakeClock(startAt)
  const rows = new Map<string, [number, number][]>([['a', [[startAt - 40 * DAY_MS, startAt]]]])
  const asked: Range[] = []
  const read = async (range: Range): Promise<CameraStretches[]> => {
    asked.push(range)
    return [...rows].map(([name, all]) => {
      const own = all.filter(([fromAt, toAt]) => fromAt < range.toAt && toAt > range.fromAt)
      return { cameraId: idOf(name), status: 'online', fromAts: Float64Array.from(own.map(([at]) => at)), toAts: Float64Array.from(own.map(([, at]) => at)) }
    })
  }
  const days = createClosedDays({ read, clock })
  /** Milliseconds of the range in which the camera is told of; twice told counts twice. */
  const lengthIn = async ({ fromAt, toAt }: Range, name = 'a', cameraIds = known) => {
    const own = (await days.list({ fromAt, toAt }, cameraIds)).filter(({ cameraId }) => cameraId === idOf(name))
    return own.reduce(
      (sum, { fromAts, toAts }) => sum + fromAts.reduce((all, at, i) => all + Math.max(0, Math.min(toAts[i]!, toAt) - Math.max(at, fromAt)), 0),
      0,
    )
  }
  return { clock, rows, asked, lengthIn, startAt }
}

describe('R-MAP days that are over are read once', () => {
  test('every moment of the range once, whatever is held', async () => {
    const { lengthIn, startAt } = setUp()
    for (const range of [
      { fromAt: startAt - 30 * DAY_MS, toAt: startAt },
      { fromAt: startAt - HOUR_MS, toAt: startAt },
      { fromAt: startAt - 5 * DAY_MS, toAt: startAt - 4 * DAY_MS },
      { fromAt: startAt - 400 * DAY_MS, toAt: startAt - 39 * DAY_MS },
    ])
      expect(await lengthIn(range)).toBe(Math.min(range.toAt, startAt) - Math.max(range.fromAt, startAt - 40 * DAY_MS))
  })

  test('the second question reads the last day only, also when both come at once; the next day is read anew', async () => {
    const { clock, asked, lengthIn, startAt } = setUp()
    const month = { fromAt: startAt - 30 * DAY_MS, toAt: startAt }
    await Promise.all([lengthIn(month), lengthIn(month)])
    await lengthIn(month)
    const isLong = ({ fromAt, toAt }: Range) => toAt - fromAt > 2 * DAY_MS
    expect(asked.filter(isLong)).toHaveLength(1)
    expect(asked.filter((range) => !isLong(range))).toHaveLength(3)
    clock.advance(DAY_MS)
    await lengthIn({ fromAt: startAt - 29 * DAY_MS, toAt: clock.now() })
    expect(asked.filter(isLong)).toHaveLength(2)
  })

  test('what is told late of the last hour is seen, also just after midnight', async () => {
    const { rows, lengthIn, startAt } = setUp(Date.UTC(2026, 10, 20, 0, 5))
    const range = { fromAt: startAt - 2 * DAY_MS, toAt: startAt }
    expect(await lengthIn(range)).toBe(2 * DAY_MS)
    rows.set('a', [[startAt - 40 * DAY_MS, startAt - 10 * 60_000]])
    expect(await lengthIn(range)).toBe(2 * DAY_MS - 10 * 60_000)
  })

  test('a camera that comes back brings its past', async () => {
    const { rows, lengthIn, startAt } = setUp()
    const range = { fromAt: startAt - 10 * DAY_MS, toAt: startAt }
    await lengthIn(range)
    rows.set('c', [[startAt - 9 * DAY_MS, startAt - 8 * DAY_MS]])
    expect(await lengthIn(range, 'c', [...known, idOf('c')])).toBe(DAY_MS)
    expect(await lengthIn(range, 'a')).toBe(10 * DAY_MS)
  })

  test('a database that was away is asked again', async () => {
    const clock = createFakeClock(Date.UTC(2026, 10, 20, 9))
    let isAway = true
    const days = createClosedDays({ read: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve([])), clock })
    const range = { fromAt: clock.now() - 9 * DAY_MS, toAt: clock.now() - 5 * DAY_MS }
    await expect(days.list(range, known)).rejects.toThrow('away')
    isAway = false
    expect(await days.list(range, known)).toEqual([])
  })
})
