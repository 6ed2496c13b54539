import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CameraId } from '../../../server/contract/ids.ts'
import type { FailureCause } from '../../../server/contract/status.ts'
import { onlineRateOf } from '../../../server/features/health/history.ts'
import { type Evidence, isSuspected, isToldAgain, judge, type Judgement, type Signal, unjudged } from '../../../server/features/health/status.ts'

const cameraId = 'C1' as CameraId
const good = (at: number, degradedBy: FailureCause | null = null, signal: Signal = 'probe'): Evidence => ({
  kind: 'good',
  signal,
  at,
  degradedBy,
  detail: null,
})
const miss = (at: number, cause: FailureCause = 'unreachable', signal: Signal = 'probe'): Evidence => ({
  kind: 'miss',
  signal,
  at,
  cause,
  detail: 'ECONNREFUSED',
})
const blind = (at: number): Evidence => ({ kind: 'blind', at, cause: 'own_uplink', detail: null })
const afterAll = (...evidence: Evidence[]): Judgement => evidence.reduce(judge, unjudged(cameraId, 0))
const online: Evidence[] = [good(10)]

describe('R-MON-1 the judge', () => {
  test.each<{ name: string; evidence: Evidence[]; status: string; cause: FailureCause | null; sinceAt: number }>([
    { name: 'nothing seen yet: unknown', evidence: [], status: 'unknown', cause: 'not_probed_yet', sinceAt: 0 },
    { name: 'first good evidence: online', evidence: [good(10)], status: 'online', cause: null, sinceAt: 10 },
    { name: 'one miss: still online', evidence: [...online, miss(20)], status: 'online', cause: null, sinceAt: 10 },
    { name: 'two misses of one signal: still online', evidence: [...online, miss(20), miss(23)], status: 'online', cause: null, sinceAt: 10 },
    {
      name: 'three misses of one signal: offline since the first',
      evidence: [...online, miss(20), miss(23), miss(28)],
      status: 'offline',
      cause: 'unreachable',
      sinceAt: 20,
    },
    {
      name: 'two different signals: offline since the first',
      evidence: [...online, miss(20, 'silent', 'stream'), miss(21)],
      status: 'offline',
      cause: 'unreachable',
      sinceAt: 20,
    },
    {
      name: 'a miss between good ones counts for nothing',
      evidence: [...online, miss(20), miss(21), good(22), miss(30), miss(31)],
      status: 'online',
      cause: null,
      sinceAt: 10,
    },
    { name: 'from unknown, offline needs confirmation too', evidence: [miss(20), miss(23)], status: 'unknown', cause: 'not_probed_yet', sinceAt: 0 },
    { name: 'from unknown to offline', evidence: [miss(20), miss(23), miss(26)], status: 'offline', cause: 'unreachable', sinceAt: 20 },
    {
      name: 'back online on the first good evidence',
      evidence: [...online, miss(20), miss(23), miss(28), good(90)],
      status: 'online',
      cause: null,
      sinceAt: 90,
    },
    {
      name: 'offline: the latest reason shows, the beginning stays',
      evidence: [...online, miss(20), miss(23), miss(28), miss(70, 'refused_login')],
      status: 'offline',
      cause: 'refused_login',
      sinceAt: 20,
    },
    { name: 'one bad ten seconds: still online', evidence: [...online, good(20, 'packet_loss')], status: 'online', cause: null, sinceAt: 10 },
    {
      name: 'two in a row: degraded',
      evidence: [...online, good(20, 'packet_loss'), good(30, 'packet_loss')],
      status: 'degraded',
      cause: 'packet_loss',
      sinceAt: 30,
    },
    {
      name: 'degraded, one clean: still degraded',
      evidence: [...online, good(20, 'frozen'), good(30, 'frozen'), good(40)],
      status: 'degraded',
      cause: 'frozen',
      sinceAt: 30,
    },
    {
      name: 'degraded, two clean: online',
      evidence: [...online, good(20, 'frozen'), good(30, 'frozen'), good(40), good(50)],
      status: 'online',
      cause: null,
      sinceAt: 50,
    },
    {
      name: 'the camera answers 453: degraded, not offline',
      evidence: [...online, miss(20, 'stream_limit'), miss(23, 'stream_limit'), miss(26, 'stream_limit')],
      status: 'degraded',
      cause: 'stream_limit',
      sinceAt: 23,
    },
    {
      name: 'no main stream: the probe decides, not the stream',
      evidence: [...online, miss(20, 'no_such_stream', 'stream'), miss(21)],
      status: 'online',
      cause: null,
      sinceAt: 10,
    },
    {
      name: 'a failure of ours says nothing of the camera',
      evidence: [...online, miss(20, 'transcode_limit'), miss(21, 'media_unavailable'), miss(22, 'too_slow')],
      status: 'online',
      cause: null,
      sinceAt: 10,
    },
    {
      name: 'N3 our uplink: unknown, whatever it was',
      evidence: [...online, miss(20), miss(23), miss(28), blind(30)],
      status: 'unknown',
      cause: 'own_uplink',
      sinceAt: 30,
    },
    {
      name: 'N3 misses from before the blindness are forgotten',
      evidence: [...online, miss(20), miss(23), blind(24), miss(40)],
      status: 'unknown',
      cause: 'own_uplink',
      sinceAt: 24,
    },
    {
      name: 'suspended: evidence does not matter',
      evidence: [...online, { kind: 'suspend', at: 15 }, miss(20), miss(21), miss(22), blind(23), good(24)],
      status: 'suspended',
      cause: null,
      sinceAt: 15,
    },
    {
      name: 'resumed: unknown until seen',
      evidence: [
        { kind: 'suspend', at: 15 },
        { kind: 'resume', at: 40 },
      ],
      status: 'unknown',
      cause: 'not_probed_yet',
      sinceAt: 40,
    },
    {
      name: 'the clock stepped back: the beginning does not',
      evidence: [good(1000), miss(50), miss(51), miss(52)],
      status: 'offline',
      cause: 'unreachable',
      sinceAt: 1000,
    },
  ])('$name', ({ evidence, status, cause, sinceAt }) => {
    expect(afterAll(...evidence).state).toMatchObject({ status, cause, sinceAt })
  })

  test('says which camera to ask again soon: one with a miss that is not yet offline', () => {
    expect([afterAll(...online), afterAll(...online, miss(20)), afterAll(...online, miss(20), miss(21), miss(22))].map(isSuspected)).toEqual([
      false,
      true,
      false,
    ])
  })

  test('evidenceAt is the last confirmation, sinceAt the beginning', () => {
    expect(afterAll(...online, good(500)).state).toMatchObject({ sinceAt: 10, evidenceAt: 500 })
    expect(afterAll(...online, miss(20), miss(23), miss(28)).state).toMatchObject({ sinceAt: 20, evidenceAt: 28 })
  })
})

const causes: FailureCause[] = ['unreachable', 'refused_login', 'no_such_stream', 'silent', 'stream_limit', 'packet_loss', 'media_unavailable', 'viewer_limit']
const anyEvidence: fc.Arbitrary<Evidence> = fc.oneof(
  fc.record({
    kind: fc.constant('good' as const),
    signal: fc.constantFrom<Signal>('probe', 'stream'),
    at: fc.nat(1000),
    degradedBy: fc.constantFrom<FailureCause | null>(null, 'frozen', 'black'),
    detail: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('miss' as const),
    signal: fc.constantFrom<Signal>('probe', 'stream'),
    at: fc.nat(1000),
    cause: fc.constantFrom(...causes),
    detail: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('blind' as const),
    at: fc.nat(1000),
    cause: fc.constantFrom('not_probed_yet' as const, 'media_unavailable' as const, 'own_uplink' as const),
    detail: fc.constant(null),
  }),
  fc.record({ kind: fc.constantFrom('suspend' as const, 'resume' as const), at: fc.nat(1000) }),
)

describe('one failure', () => {
  test('told by probe and stream counts once', () => {
    const once = judge(unjudged(cameraId, 0), miss(10, 'silent', 'stream'))
    expect(judge(once, miss(10, 'silent'))).toBe(once)
    expect(isToldAgain(once, miss(10, 'silent'))).toBe(true)
    expect(judge(once, miss(11, 'silent')).state.status).toBe('offline')
  })
  test('is enough when the camera itself refuses the login', () => {
    expect(judge(unjudged(cameraId, 0), miss(10, 'refused_login')).state).toMatchObject({ status: 'offline', cause: 'refused_login', sinceAt: 10 })
  })
})

describe('any order of evidence', () => {
  test('gives states whose beginnings never go back: intervals without gap or overlap', () => {
    fc.assert(
      fc.property(fc.array(anyEvidence, { maxLength: 60 }), (evidence) => {
        let judgement = unjudged(cameraId, 0)
        for (const each of evidence) {
          const after = judge(judgement, each)
          expect(after.state.sinceAt).toBeGreaterThanOrEqual(judgement.state.sinceAt)
          if (after.state.status === judgement.state.status) expect(after.state.sinceAt).toBe(judgement.state.sinceAt)
          judgement = after
        }
      }),
    )
  })
  test('never says offline on fewer than two misses since the last good picture but for a refused login, nor while suspended', () => {
    fc.assert(
      fc.property(fc.array(anyEvidence, { maxLength: 60 }), (evidence) => {
        let judgement = unjudged(cameraId, 0)
        let misses = 0
        for (const each of evidence) {
          misses = each.kind === 'miss' ? misses + 1 : each.kind === 'suspend' || each.kind === 'resume' ? misses : 0
          const before = judgement.state.status
          judgement = judge(judgement, each)
          if (judgement.state.status === 'offline' && before !== 'offline' && judgement.state.cause !== 'refused_login')
            expect(misses).toBeGreaterThanOrEqual(2)
          if (before === 'suspended' && each.kind !== 'resume') expect(judgement.state.status).toBe('suspended')
          if (judgement.state.status === 'online') expect(judgement.state.cause).toBeNull()
          if (judgement.state.status === 'offline' || judgement.state.status === 'degraded') expect(judgement.state.cause).not.toBeNull()
        }
      }),
    )
  })
})

describe('R-SLA online rate', () => {
  const interval = (status: 'online' | 'degraded' | 'offline' | 'unknown' | 'suspended', fromAt: number, toAt: number | null) => ({
    status,
    cause: null,
    fromAt,
    toAt,
  })
  test.each([
    { name: 'all online', intervals: [interval('online', 0, null)], rate: 1 },
    { name: 'a quarter offline', intervals: [interval('online', 0, 50), interval('offline', 50, 75), interval('online', 75, null)], rate: 0.75 },
    { name: 'degraded counts as online', intervals: [interval('degraded', 0, 50), interval('offline', 50, null)], rate: 0.5 },
    {
      name: 'unknown and suspended are not assessable',
      intervals: [interval('online', 0, 20), interval('unknown', 20, 60), interval('suspended', 60, 80), interval('offline', 80, null)],
      rate: 0.5,
    },
    {
      name: 'only what lies in the range counts',
      intervals: [interval('offline', -1000, 0), interval('online', 0, 100), interval('offline', 100, 5000)],
      rate: 1,
    },
    { name: 'nothing assessable', intervals: [interval('unknown', 0, null)], rate: null },
    { name: 'nothing at all', intervals: [], rate: null },
  ])('$name', ({ intervals, rate }) => {
    expect(onlineRateOf(intervals, { fromAt: 0, toAt: 100 }, 100)).toBe(rate)
  })
  test('an open interval ends now, not at the end of the range', () => {
    expect(onlineRateOf([interval('online', 0, 10), interval('offline', 10, null)], { fromAt: 0, toAt: 1000 }, 20)).toBe(0.5)
  })
})
