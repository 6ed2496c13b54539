import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Gap } from '../../../server/contract/recordings.ts'
import { gapsOf } from '../../../server/features/exports/gaps.ts'

const gap = (fromAt: number, toAt: number, reason: Gap['reason']): Gap => ({ fromAt, toAt, reason, cause: null })
const range = { fromAt: 0, toAt: 100_000 }

describe('R-DL what is missing from a clip, and why', () => {
  test.each([
    { name: 'nothing', stretches: [[0, 100_000]], known: [], expected: [] },
    {
      name: 'less than a second is time in the file',
      stretches: [
        [0, 50_000],
        [50_900, 100_000],
      ],
      known: [],
      expected: [],
    },
    {
      name: 'a known gap, wider by the way to the next key frame',
      stretches: [
        [-2_000, 40_000],
        [52_000, 100_000],
      ],
      known: [gap(41_000, 50_000, 'camera')],
      expected: [gap(40_000, 52_000, 'camera')],
    },
    {
      name: 'two reasons in one hole',
      stretches: [[0, 40_000]],
      known: [gap(40_000, 70_000, 'network'), gap(70_000, 100_000, 'not_scheduled')],
      expected: [gap(40_000, 70_000, 'network'), gap(70_000, 100_000, 'not_scheduled')],
    },
    {
      name: 'a short gap beside a file that cannot be read: each its own time',
      stretches: [[0, 20_000]],
      known: [gap(20_000, 25_000, 'network')],
      expected: [gap(20_000, 25_000, 'network'), gap(25_000, 100_000, 'disk')],
    },
    {
      name: 'files that cannot be read before, between and after gaps',
      stretches: [],
      known: [gap(20_000, 25_000, 'network'), gap(27_000, 30_000, 'camera'), gap(60_000, 62_000, 'platform')],
      expected: [
        gap(0, 20_000, 'disk'),
        gap(20_000, 27_000, 'network'),
        gap(27_000, 30_000, 'camera'),
        gap(30_000, 60_000, 'disk'),
        gap(60_000, 62_000, 'platform'),
        gap(62_000, 100_000, 'disk'),
      ],
    },
    {
      name: 'a gap that began before the range and ends beyond the hole',
      stretches: [[30_000, 100_000]],
      known: [gap(-50_000, 31_000, 'platform')],
      expected: [gap(0, 30_000, 'platform')],
    },
    {
      name: 'no further than a key frame may be away',
      stretches: [
        [0, 40_000],
        [70_001, 100_000],
      ],
      known: [gap(50_000, 60_000, 'camera')],
      expected: [gap(40_000, 60_000, 'camera'), gap(60_000, 70_001, 'disk')],
    },
    { name: 'on record and not in the clip', stretches: [[10_000, 100_000]], known: [], expected: [gap(0, 10_000, 'disk')] },
    { name: 'nothing at all', stretches: [], known: [gap(0, 100_000, 'platform')], expected: [gap(0, 100_000, 'platform')] },
  ])('$name', ({ stretches, known, expected }) => {
    const given = stretches.map(([fromAt, toAt]) => ({ fromAt: fromAt!, toAt: toAt! }))
    expect(gapsOf(range, given, known)).toEqual(expected)
  })

  test('whatever is known, the gaps of a hole follow one another and fill it', () => {
    const ranges = fc.array(fc.tuple(fc.integer({ min: -20_000, max: 120_000 }), fc.integer({ min: 1, max: 30_000 })), { maxLength: 6 })
    fc.assert(
      fc.property(ranges, (drawn) => {
        let at = -30_000
        const known = drawn.flatMap(([fromAt, ms]) => (fromAt < at ? [] : [gap(fromAt, (at = fromAt + ms), 'network')]))
        const said = gapsOf(range, [], known)
        expect([said[0]!.fromAt, said.at(-1)!.toAt]).toEqual([0, 100_000])
        for (const [index, { fromAt, toAt }] of said.entries()) {
          expect(toAt).toBeGreaterThan(fromAt)
          if (index > 0) expect(fromAt).toBe(said[index - 1]!.toAt)
        }
      }),
    )
  })
})
