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
    { name: 'on record and not in the clip', stretches: [[10_000, 100_000]], known: [], expected: [gap(0, 10_000, 'disk')] },
    { name: 'nothing at all', stretches: [], known: [gap(0, 100_000, 'platform')], expected: [gap(0, 100_000, 'platform')] },
  ])('$name', ({ stretches, known, expected }) => {
    const given = stretches.map(([fromAt, toAt]) => ({ fromAt: fromAt!, toAt: toAt! }))
    expect(gapsOf(range, given, known)).toEqual(expected)
  })
})
