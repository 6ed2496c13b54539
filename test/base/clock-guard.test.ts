/** T1: a clock that is set is noticed, and nothing expires in the day after. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClockGuard } from '../../server/base/clock-guard.ts'
import { silentLog } from '../../server/base/log.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { temporaryFolder } from '../media/support.ts'

const HOUR_MS = 3_600_000

/** The platform ends and starts again after `awayMs`, by a clock that was set by `byMs` meanwhile. */
async function restart(first: ReturnType<typeof createFakeClock>, memoryFile: string, { awayMs = 10_000, byMs = 0 }) {
  const clock = createFakeClock(first.now() + awayMs + byMs)
  const guard = createClockGuard({ clock, log: silentLog, memoryFile })
  await guard.open()
  return { clock, guard }
}

test.each([
  { name: 'at once', awayMs: 10_000, byMs: 0, isFrozen: false },
  { name: 'after a night', awayMs: 12 * HOUR_MS, byMs: 0, isFrozen: false },
  { name: 'with a clock that went back', awayMs: 10_000, byMs: -HOUR_MS, isFrozen: true },
  { name: 'with a clock a year ahead', awayMs: 10_000, byMs: 8_760 * HOUR_MS, isFrozen: true },
])('started again $name: frozen $isFrozen', async ({ awayMs, byMs, isFrozen }) => {
  const memoryFile = join(temporaryFolder(), 'clock.json')
  const clock = createFakeClock()
  const guard = createClockGuard({ clock, log: silentLog, memoryFile })
  await guard.open()
  await guard.close()
  const again = await restart(clock, memoryFile, { awayMs, byMs })
  expect(again.guard.mayExpire()).toBe(!isFrozen)
  again.clock.advance(24.1 * HOUR_MS)
  expect(again.guard.mayExpire()).toBe(true)
  await again.guard.close()
})

test('a restart does not end the wait, and a torn memory begins one', async () => {
  const memoryFile = join(temporaryFolder(), 'clock.json')
  const clock = createFakeClock()
  const guard = createClockGuard({ clock, log: silentLog, memoryFile })
  clock.stepWall(8_760 * HOUR_MS)
  clock.advance(4 * HOUR_MS)
  expect(guard.mayExpire()).toBe(false)
  await guard.close()
  const again = await restart(clock, memoryFile, {})
  again.clock.advance(19 * HOUR_MS)
  expect(again.guard.mayExpire()).toBe(false)
  again.clock.advance(2 * HOUR_MS)
  expect(again.guard.mayExpire()).toBe(true)
  await again.guard.close()
  writeFileSync(memoryFile, '{"seenAt":17')
  const torn = await restart(clock, memoryFile, {})
  expect(torn.guard.mayExpire()).toBe(false)
  await torn.guard.close()
})

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
