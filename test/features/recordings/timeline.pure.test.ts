/** Every second up to now is stored or has a reason (R-PLAY, R-STORE-1). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CameraId } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { holesIn, joinRanges, layerRanges } from '../../../server/features/recordings/ranges.ts'
import type { PolicyInterval } from '../../../server/features/recordings/store.ts'
import { timelineOf } from '../../../server/features/recordings/timeline.ts'
import { isPlanned, plannedRanges } from '../../../server/features/recordings/week.ts'

const cameraId = CameraId.parse('a')
const MINUTE = 60_000
/** A Wednesday. */
const NOON = new Date(2026, 10, 18, 12).getTime()
const at = (minutes: number) => NOON + minutes * MINUTE
const range = (from: number, to: number): TimeRange => ({ fromAt: at(from), toAt: at(to) })
const policy = (change: Partial<PolicyInterval> = {}): PolicyInterval => ({
  cameraId,
  fromAt: at(-10_000),
  toAt: null,
  mode: 'continuous',
  schedule: [],
  profile: 'main',
  keepDays: 15,
  ...change,
})
const base = { cameraId, range: range(0, 60), knownUntilAt: at(60), nowAt: at(60), segments: [], policies: [policy()], problems: [], statuses: [] }

describe('R-PLAY timeline', () => {
  test('seams of files are not gaps; what is asked beyond now is neither stored nor missing', () => {
    const segments = [range(0, 10), { fromAt: at(10) + 1_500, toAt: at(20) }, { fromAt: at(20), toAt: at(30) }]
    expect(timelineOf({ ...base, range: range(0, 90), nowAt: at(30), knownUntilAt: at(30), segments })).toEqual({
      cameraId,
      recorded: [range(0, 30)],
      gaps: [],
      faults: [],
    })
  })

  test('R-PLAY-2 what was judged of the camera stands beside it, recorded or not; a fault that goes on ends now', () => {
    const statuses = [
      { status: 'degraded', cause: 'frozen', ...range(-10, 5) },
      { status: 'online', cause: null, ...range(5, 50) },
      { status: 'offline', cause: 'unreachable', fromAt: at(50), toAt: null },
    ] as const
    expect(timelineOf({ ...base, segments: [range(0, 60)], statuses }).faults).toEqual([
      { status: 'degraded', cause: 'frozen', ...range(0, 5) },
      { status: 'offline', cause: 'unreachable', ...range(50, 60) },
    ])
  })

  test.each([
    { name: 'unreachable camera', statuses: [{ status: 'offline', cause: 'unreachable', ...range(10, 20) }], reason: 'network', cause: 'unreachable' },
    { name: 'refused password', statuses: [{ status: 'offline', cause: 'refused_login', ...range(10, 20) }], reason: 'camera', cause: 'refused_login' },
    { name: 'our restart', statuses: [{ status: 'unknown', cause: 'not_probed_yet', ...range(10, 20) }], reason: 'platform', cause: 'not_probed_yet' },
    { name: 'our uplink', statuses: [{ status: 'unknown', cause: 'own_uplink', ...range(10, 20) }], reason: 'network', cause: 'own_uplink' },
    { name: 'agreed out of service', statuses: [{ status: 'suspended', cause: null, ...range(10, 20) }], reason: 'not_scheduled', cause: null },
    { name: 'nobody knows', statuses: [{ status: 'online', cause: null, ...range(0, 60) }], reason: 'unknown', cause: null },
  ] as const)('$name gives the reason', ({ statuses, reason, cause }) => {
    const { gaps } = timelineOf({ ...base, segments: [range(0, 10), range(20, 60)], statuses })
    expect(gaps).toEqual([{ ...range(10, 20), reason, cause }])
  })

  test('a full disk is the reason even while the camera was online; our media process away is ours', () => {
    const problems = [
      { ...range(10, 15), problem: 'write_failed' as const },
      { ...range(30, 31), problem: 'media_away' as const },
    ]
    const { gaps } = timelineOf({ ...base, segments: [range(0, 10), range(15, 30), range(31, 60)], problems })
    expect(gaps).toEqual([
      { ...range(10, 15), reason: 'disk', cause: null },
      { ...range(30, 31), reason: 'platform', cause: 'media_unavailable' },
    ])
  })

  test('our whole restart is one gap: away, not probed yet, streams coming back', () => {
    const statuses = [
      { status: 'unknown', cause: 'not_probed_yet', ...range(10, 15) },
      { status: 'online', cause: null, fromAt: at(15), toAt: null },
    ] as const
    const problems = [{ ...range(13, 40), problem: 'media_away' as const }]
    const { gaps } = timelineOf({ ...base, segments: [range(0, 10), range(18, 60)], statuses, problems })
    expect(gaps).toEqual([{ ...range(10, 18), reason: 'platform', cause: 'not_probed_yet' }])
  })

  test('the seconds until a camera that is well again is recorded again belong to its fault; longer ones do not', () => {
    const statuses = [{ status: 'offline' as const, cause: 'unreachable' as const, fromAt: at(10), toAt: at(20) }]
    const gapsUntil = (seconds: number) => timelineOf({ ...base, segments: [range(0, 10), { fromAt: at(20) + seconds * 1_000, toAt: at(60) }], statuses }).gaps
    expect(gapsUntil(25)).toEqual([{ fromAt: at(10), toAt: at(20) + 25_000, reason: 'network', cause: 'unreachable' }])
    expect(gapsUntil(90).map(({ reason }) => reason)).toEqual(['network', 'unknown'])
  })

  test('outside of the schedule nothing is missing', () => {
    const noonToHalfPast = policy({ mode: 'scheduled', schedule: [{ fromMinute: (2 * 24 + 12) * 60, toMinute: (2 * 24 + 12) * 60 + 30 }] })
    const { gaps } = timelineOf({ ...base, policies: [noonToHalfPast], segments: [range(0, 20)], statuses: [] })
    expect(gaps).toEqual([
      { ...range(20, 30), reason: 'unknown', cause: null },
      { ...range(30, 60), reason: 'not_scheduled', cause: null },
    ])
    expect([isPlanned(noonToHalfPast, at(29)), isPlanned(noonToHalfPast, at(30)), isPlanned(policy({ mode: 'off' }), at(0))]).toEqual([true, false, false])
  })

  test('the seconds before a fault was seen belong to it', () => {
    const statuses = [{ status: 'offline' as const, cause: 'silent' as const, fromAt: at(10) + 8_000, toAt: at(20) }]
    const { gaps } = timelineOf({ ...base, segments: [range(0, 10), range(20, 60)], statuses })
    expect(gaps).toEqual([{ ...range(10, 20), reason: 'camera', cause: 'silent' }])
  })

  test('while a camera is being recorded, the seconds not yet told are no gap', () => {
    expect(timelineOf({ ...base, segments: [range(0, 59)], knownUntilAt: at(59) }).gaps).toEqual([])
  })

  test('a policy that was off before it was on: not planned then', () => {
    const policies = [policy({ mode: 'off', toAt: at(30) }), policy({ fromAt: at(30) })]
    expect(timelineOf({ ...base, policies, segments: [range(30, 60)] }).gaps).toEqual([{ ...range(0, 30), reason: 'not_scheduled', cause: null }])
  })
})

describe('weekly hours', () => {
  test('over the end of a week, and clipped to the policy', () => {
    const sundayNight = policy({
      mode: 'scheduled',
      fromAt: at(-100_000),
      schedule: [
        { fromMinute: 6 * 1440 + 23 * 60, toMinute: 10_080 },
        { fromMinute: 0, toMinute: 60 },
      ],
    })
    const planned = joinRanges(
      plannedRanges(sundayNight, { fromAt: NOON, toAt: NOON + 7 * 86_400_000 }, NOON + 7 * 86_400_000).sort((a, b) => a.fromAt - b.fromAt),
      0,
    )
    const sunday23 = new Date(2026, 10, 22, 23).getTime()
    expect(planned).toEqual([{ fromAt: sunday23, toAt: sunday23 + 2 * 3_600_000 }])
  })
})

describe('ranges', () => {
  const sorted = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 30 })), { maxLength: 20 })
    .map((pairs) => pairs.map(([fromAt, length]) => ({ fromAt, toAt: fromAt + length })).sort((a, b) => a.fromAt - b.fromAt))
  const whole = { fromAt: 20, toAt: 180 }
  const covers = (ranges: readonly TimeRange[], t: number) => ranges.some(({ fromAt, toAt }) => fromAt <= t && t < toAt)

  test('joined ranges cover the same moments and never touch; holes are the rest', () => {
    fc.assert(
      fc.property(sorted, (ranges) => {
        const joined = joinRanges(ranges, 0)
        const holes = holesIn(joined, whole)
        for (let i = 1; i < joined.length; i++) expect(joined[i]!.fromAt).toBeGreaterThan(joined[i - 1]!.toAt)
        for (let t = whole.fromAt; t < whole.toAt; t++) {
          expect(covers(joined, t)).toBe(covers(ranges, t))
          expect(covers(holes, t)).toBe(!covers(ranges, t))
        }
      }),
    )
  })

  test('layers: the first that covers a moment names it, and every moment is named once', () => {
    fc.assert(
      fc.property(sorted, sorted, (first, second) => {
        const layers = [joinRanges(first, 0), joinRanges(second, 0)].map((layer, name) => layer.map((each) => ({ ...each, name })))
        const parts = layerRanges<{ name: number }>(whole, layers, { name: 9 })
        for (let t = whole.fromAt; t < whole.toAt; t++) {
          const named = parts.filter((part) => part.fromAt <= t && t < part.toAt)
          expect(named.map(({ name }) => name)).toEqual([covers(first, t) ? 0 : covers(second, t) ? 1 : 9])
        }
      }),
    )
  })
})
