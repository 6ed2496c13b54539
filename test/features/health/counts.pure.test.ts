import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CameraStatus } from '../../../server/contract/status.ts'
import { countStates } from '../../../server/features/health/counts.ts'

type Stretch = { status: CameraStatus; fromAt: number; toAt: number }
const group = (all: readonly Stretch[]) =>
  CameraStatus.options.map((status) => {
    const own = all.filter((each) => each.status === status)
    return { status, fromAts: Float64Array.from(own.map(({ fromAt }) => fromAt)), toAts: Float64Array.from(own.map(({ toAt }) => toAt)) }
  })
const counts = (all: readonly Stretch[], range = { fromAt: 0, toAt: 100 }, steps = 10) => countStates(group(all), range, steps)
const series = (all: readonly Stretch[], status: CameraStatus, range?: { fromAt: number; toAt: number }, steps?: number) =>
  counts(all, range, steps).map((step) => step.counts[status])

describe('R-MAP counts along the time slider', () => {
  test('the mean of each step, the parts of stretches in their steps', () => {
    const all: Stretch[] = [
      { status: 'online', fromAt: -50, toAt: 25 },
      { status: 'online', fromAt: 38, toAt: 39 },
      { status: 'online', fromAt: 60, toAt: 900 },
      { status: 'unknown', fromAt: 25, toAt: 60 },
    ]
    expect(series(all, 'online')).toEqual([1, 1, 0.5, 0.1, 0, 0, 1, 1, 1, 1])
    expect(series(all, 'unknown')).toEqual([0, 0, 0.5, 1, 1, 1, 0, 0, 0, 0])
    expect(counts(all).map(({ fromAt }) => fromAt)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  })

  test('of outages the worst moment: a short one does not vanish, two after each other are not two at once', () => {
    const offline = (fromAt: number, toAt: number): Stretch => ({ status: 'offline', fromAt, toAt })
    expect(series([offline(11, 12), offline(12, 13), offline(31, 33), offline(32, 34)], 'offline')).toEqual([0, 1, 0, 2, 0, 0, 0, 0, 0, 0])
    // one that ends where a step begins is not in it; one without length is nowhere
    expect(series([offline(-5, 10), offline(45, 45), offline(95, 300)], 'offline')).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  })

  test('nothing known: nothing counted', () =>
    expect(counts([])[3]).toEqual({ fromAt: 30, counts: { online: 0, degraded: 0, offline: 0, unknown: 0, suspended: 0 } }))

  test('agrees with looking at every millisecond, for any stretches', () => {
    const stretch = fc.record({
      status: fc.constantFrom(...CameraStatus.options),
      fromAt: fc.integer({ min: -40, max: 140 }),
      length: fc.integer({ min: 0, max: 60 }),
    })
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 12 }), fc.constantFrom(1, 4, 5, 10, 20, 100), (drawn, steps) => {
        const all = drawn.map(({ status, fromAt, length }) => ({ status, fromAt, toAt: fromAt + length }))
        const found = counts(all, { fromAt: 0, toAt: 100 }, steps)
        for (const status of CameraStatus.options) {
          const atMs = Array.from({ length: 100 }, (_, ms) => all.filter((each) => each.status === status && each.fromAt <= ms && ms < each.toAt).length)
          const stepMs = 100 / steps
          found.forEach((step, i) => {
            const within = atMs.slice(i * stepMs, (i + 1) * stepMs)
            const expected = status === 'offline' ? Math.max(...within) : within.reduce((sum, each) => sum + each, 0) / stepMs
            expect(step.counts[status]).toBeCloseTo(expected, 2)
          })
        }
      }),
      { numRuns: 500 },
    )
  })
})
