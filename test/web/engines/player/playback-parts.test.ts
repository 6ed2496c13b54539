import { describe, expect, test } from 'vitest'
import { createFrameList } from '../../../../web/engines/player/frame-list.ts'
import { createFlvTimeline } from '../../../../web/engines/player/flv-timeline.ts'
import { createMoments } from '../../../../web/engines/player/moments.ts'
import type { PlaybackPhase } from '../../../../web/engines/player/playback-state.ts'
import { fastestRate, slowestRate, steer } from '../../../../web/engines/player/steering.ts'
import { judgeSync, patienceMs, type SyncMember } from '../../../../web/engines/player/sync.ts'
import { fileHeader, flvTag, join, keyFrame, plainFrame, videoConfig } from './fakes.ts'

describe('R-PLAY-2 moments of a recording', () => {
  test('a stretch maps both ways, a told gap is a gap, and it goes on behind it', () => {
    const moments = createMoments()
    expect(moments.locate(1000)).toBeUndefined()
    moments.position(500, 10_000)
    moments.gap(2500, 12_000, 60_000)
    moments.position(2500, 60_000)
    expect(moments.locate(9_999)).toEqual({ kind: 'before', firstAt: 10_000 })
    expect(moments.locate(11_000)).toEqual({ kind: 'media', flvMs: 1500 })
    expect(moments.locate(12_000)).toEqual({ kind: 'gap', flvMs: 2500, fromAt: 12_000, toAt: 60_000 })
    expect(moments.locate(59_999)).toMatchObject({ kind: 'gap' })
    expect(moments.locate(60_000)).toEqual({ kind: 'media', flvMs: 2500 })
    expect([moments.toAt(1500), moments.toAt(2499), moments.toAt(2500), moments.toAt(3000)]).toEqual([11_000, 11_999, 60_000, 60_500])
  })

  test('how far the clock of the recorder was off, from when to when', () => {
    const moments = createMoments()
    moments.position(0, 10_000)
    expect(moments.clockOffsetAt(500)).toBe(0)
    moments.clockOffset(1_000, 60_000)
    moments.clockOffset(3_000, 0)
    expect([999, 1_000, 2_999, 3_000].map(moments.clockOffsetAt)).toEqual([0, 60_000, 60_000, 0])
    moments.reset()
    expect(moments.clockOffsetAt(2_000)).toBe(0)
  })

  test('a small step of the clocks is not a gap', () => {
    const moments = createMoments()
    moments.position(0, 10_000)
    moments.position(2000, 12_060)
    expect(moments.locate(12_030)).toEqual({ kind: 'media', flvMs: 2000 })
    moments.position(4000, 14_000) // back by 60 ms
    expect(moments.locate(14_010)).toEqual({ kind: 'media', flvMs: 4010 })
  })

  test('what is said again replaces what was said of later times', () => {
    const moments = createMoments()
    moments.position(0, 1000)
    moments.position(5000, 90_000)
    moments.position(3000, 4000)
    expect(moments.toAt(6000)).toBe(7000)
  })
})

describe('R-PLAY-2 frames', () => {
  test('steps from picture to picture, whatever order they came in', () => {
    const frames = createFrameList()
    for (const ms of [0, 160, 80, 40, 120]) frames.add(ms)
    expect(frames.beside(40, 1)).toBe(80)
    expect(frames.beside(80, -1)).toBe(40)
    expect(frames.beside(79.8, 1)).toBe(120) // seconds rounded on the way
    expect(frames.beside(0, -1)).toBeUndefined()
    expect(frames.beside(160, 1)).toBeUndefined()
  })

  test('keeps the newest of very many', () => {
    const frames = createFrameList(10)
    for (let ms = 0; ms < 1000; ms += 10) frames.add(ms)
    expect(frames.beside(980, 1)).toBe(990)
    expect(frames.beside(100, 1)).toBeUndefined()
  })

  test('key frames far apart stay where they are, each picture is told with its composition time', () => {
    const seen: number[] = []
    const flv = createFlvTimeline({ jumpMs: Number.POSITIVE_INFINITY, onFrame: (ms) => seen.push(ms) })
    const later = flvTag(9, 22_000, [0x27, 1, 0, 0, 80, 0x41])
    const earlier = flvTag(9, 22_040, [0x27, 1, 0xff, 0xff, 0xd8, 0x41]) // -40
    flv.take(join(fileHeader, videoConfig, keyFrame(10_000), keyFrame(20_000), later, earlier))
    expect(seen).toEqual([0, 10_000, 12_080, 12_000])
    expect(flv.toMediaMs(20_000)).toBe(10_000)
    expect(flv.toFlvMs(10_000)).toBe(20_000)
  })

  test('a live camera that jumps is still laid on one line', () => {
    const flv = createFlvTimeline()
    flv.take(join(fileHeader, videoConfig, keyFrame(10_000), plainFrame(10_040), keyFrame(90_000)))
    expect(flv.toMediaMs(90_000)).toBe(80)
  })
})

describe('R-PLAY-2 steering', () => {
  test.each([
    { name: 'in step', driftS: 0.01, speed: 1, expected: { rate: 1, jump: false, isLate: false } },
    { name: 'a little behind', driftS: -0.1, speed: 1, expected: { rate: 1.1, jump: false, isLate: false } },
    { name: 'a little ahead', driftS: 0.1, speed: 1, expected: { rate: 0.9, jump: false, isLate: false } },
    { name: 'never more than a fifth', driftS: -0.39, speed: 1, expected: { rate: 1.2, jump: false, isLate: false } },
    { name: 'too far ahead', driftS: 0.45, speed: 1, expected: { rate: 1, jump: true, isLate: true } },
    { name: 'a slow decoder is waited for', driftS: -0.7, speed: 1, expected: { rate: 1.2, jump: false, isLate: true } },
    { name: 'too far behind', driftS: -1.1, speed: 1, expected: { rate: 1, jump: true, isLate: true } },
    { name: 'the same at speed 4 is little', driftS: 0.45, speed: 4, expected: { rate: 4 * (1 - 0.45 / 4), jump: false, isLate: false } },
    { name: 'the browser plays no faster', driftS: -3, speed: 16, expected: { rate: fastestRate, jump: false, isLate: false } },
    { name: 'nor slower', driftS: 0.39, speed: 0.0625, expected: { rate: slowestRate, jump: false, isLate: false } },
  ])('$name', ({ driftS, speed, expected }) => {
    const { rate, jump, isLate } = steer(driftS, speed)
    expect([jump, isLate]).toEqual([expected.jump, expected.isLate])
    expect(rate).toBeCloseTo(expected.rate, 6)
  })
})

describe('R-PLAY-2 the master clock', () => {
  const member = (phase: PlaybackPhase, more: Partial<SyncMember> = {}): SyncMember => ({ phase, gapToAt: null, waitedMs: 0, ...more })
  test.each([
    { name: 'all play', members: [member('playing'), member('paused')], verdict: { act: 'run' } },
    { name: 'one still loads', members: [member('playing'), member('buffering')], verdict: { act: 'hold', why: 'loading' } },
    { name: 'one loads for too long', members: [member('playing'), member('lost', { waitedMs: patienceMs })], verdict: { act: 'run' } },
    { name: 'one in a gap does not stop the others', members: [member('gap', { gapToAt: 9 }), member('playing')], verdict: { act: 'run' } },
    {
      name: 'all in gaps: to the first that ends',
      members: [member('gap', { gapToAt: 9 }), member('gap', { gapToAt: 7 }), member('refused'), member('end')],
      verdict: { act: 'jump', toAt: 7 },
    },
    { name: 'the newest is reached', members: [member('end'), member('refused')], verdict: { act: 'hold', why: 'newest' } },
    { name: 'nobody can play', members: [member('refused')], verdict: { act: 'hold', why: 'nothing' } },
    { name: 'nobody there', members: [], verdict: { act: 'hold', why: 'nothing' } },
    { name: 'the only one loads for long', members: [member('lost', { waitedMs: 60_000 })], verdict: { act: 'hold', why: 'loading' } },
  ])('$name', ({ members, verdict }) => expect(judgeSync(members)).toEqual(verdict))
})
