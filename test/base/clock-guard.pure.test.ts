/** T1: a clock that is set is noticed, and nothing expires in the day after. */
import { expect, test } from 'vitest'
import { createClockGuard } from '../../server/base/clock-guard.ts'
import { silentLog } from '../../server/base/log.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const HOUR_MS = 3_600_000

function openGuard() {
  const clock = createFakeClock()
  const steps: number[] = []
  return { clock, steps, guard: createClockGuard({ clock, log: silentLog, onStep: (byMs) => void steps.push(byMs) }) }
}

test.each([HOUR_MS, -HOUR_MS, 8_760 * HOUR_MS, -8_760 * HOUR_MS])('a step of %i ms is told once and freezes for a day', (byMs) => {
  const { clock, steps, guard } = openGuard()
  clock.advance(HOUR_MS)
  expect(guard.mayExpire()).toBe(true)
  clock.stepWall(byMs)
  expect(guard.mayExpire()).toBe(false) // before its own timer looked
  clock.advance(23 * HOUR_MS)
  expect(guard.mayExpire()).toBe(false)
  clock.advance(1.1 * HOUR_MS)
  expect(guard.mayExpire()).toBe(true)
  expect(steps).toEqual([byMs])
})

test('five seconds to and fro every ten are each told; ages bear them', () => {
  const { clock, steps, guard } = openGuard()
  for (let i = 0; i < 10; i++) {
    clock.stepWall(i % 2 === 0 ? 5_000 : -5_000)
    clock.advance(10_000)
  }
  expect(steps).toEqual(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 5_000 : -5_000)))
  expect(guard.mayExpire()).toBe(true)
})

test('what a time service does is nothing to speak of', () => {
  const { clock, steps } = openGuard()
  for (let i = 0; i < 100; i++) {
    clock.stepWall(200)
    clock.advance(5_000)
  }
  expect(steps).toEqual([])
})
