/** What the tools of playback decide: the selection, jumps, and which still the hand on the timeline gets. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import type { CameraId } from '../../../../server/contract/ids.ts'
import type { Mark } from '../../../../server/contract/marks.ts'
import type { TimeRange } from '../../../../server/contract/recordings.ts'
import { ApiError } from '../../../../web/base/api.ts'
import { StillNotDecodable } from '../../../../web/engines/player/index.ts'
import { findJump, findSearched } from '../../../../web/features/playback/jumps.ts'
import { around, useSelection, withIn, withOut } from '../../../../web/features/playback/selection.ts'
import { createThumbnails, type RecordedStill, type Thumbnail } from '../../../../web/features/playback/thumbnails.ts'
import type { KnownTimeline } from '../../../../web/features/playback/timeline-cover.ts'

const minute = 60_000
const base = 1_790_000_000_000
const [a, b] = ['a', 'b'] as CameraId[] as [CameraId, CameraId]

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('R-PLAY-4 the selection', () => {
  const selection = { fromAt: base, toAt: base + 10 * minute }
  test.each([
    { name: 'in: first a minute', got: () => withIn(null, base), want: { fromAt: base, toAt: base + minute } },
    { name: 'in: the end stays', got: () => withIn(selection, base + minute), want: { fromAt: base + minute, toAt: selection.toAt } },
    {
      name: 'in behind the end: a minute from there',
      got: () => withIn(selection, base + 11 * minute),
      want: { fromAt: base + 11 * minute, toAt: base + 12 * minute },
    },
    { name: 'out: first a minute', got: () => withOut(null, base), want: { fromAt: base - minute, toAt: base } },
    { name: 'out: the beginning stays', got: () => withOut(selection, base + minute), want: { fromAt: base, toAt: base + minute } },
    {
      name: 'out before the beginning: a minute up to there',
      got: () => withOut(selection, base - minute),
      want: { fromAt: base - 2 * minute, toAt: base - minute },
    },
  ])('$name', ({ got, want }) => expect(got()).toEqual(want))

  test('by the button: around the playhead, wide enough to be taken hold of, never in the future', () => {
    const day = { fromAt: base - 720 * minute, toAt: base + 720 * minute }
    const wide = around(base, day, base + 720 * minute)
    expect((wide.toAt - wide.fromAt) / (day.toAt - day.fromAt)).toBeCloseTo(0.08, 2)
    expect((wide.fromAt + wide.toAt) / 2).toBe(base)
    expect(around(base, day, base + minute).toAt).toBe(base + minute)
  })

  test('is written into the address after the hand rests; only what comes from outside changes it', async () => {
    const written = ref<TimeRange | null>(null)
    const writes: (TimeRange | null)[] = []
    const scope = effectScope()
    const chosen = scope.run(() =>
      useSelection(
        () => written.value,
        (next) => writes.push(next),
      ),
    )!
    for (const minutes of [1, 2, 3]) {
      chosen.value = { fromAt: base, toAt: base + minutes * minute }
      await nextTick()
      vi.advanceTimersByTime(100)
    }
    expect(writes).toEqual([])
    vi.advanceTimersByTime(300)
    expect(writes).toEqual([{ fromAt: base, toAt: base + 3 * minute }])
    // the echo of what was written, while the hand is already further on
    chosen.value = { fromAt: base, toAt: base + 4 * minute }
    written.value = { fromAt: base, toAt: base + 3 * minute }
    await nextTick()
    expect(chosen.value).toEqual({ fromAt: base, toAt: base + 4 * minute })
    written.value = { fromAt: base - minute, toAt: base }
    await nextTick()
    expect(chosen.value).toEqual({ fromAt: base - minute, toAt: base })
    scope.stop()
  })
})

describe('R-PLAY-4 jumps', () => {
  const known = (gaps: TimeRange[], faults: TimeRange[] = []): KnownTimeline => ({
    fromAt: base,
    toAt: base + 100 * minute,
    recorded: [],
    gaps: gaps.map((gap) => ({ ...gap, reason: 'network', cause: null })),
    faults: faults.map((fault) => ({ ...fault, status: 'offline', cause: null })),
  })
  const at = (minutes: number) => base + minutes * minute
  const timelines = [
    known([{ fromAt: at(10), toAt: at(20) }], [{ fromAt: at(9), toAt: at(20) }]),
    known([
      { fromAt: at(12), toAt: at(15) },
      { fromAt: at(90), toAt: at(100) },
    ]),
  ]
  const marks = [5, 30, 60].map((minutes) => ({ at: at(minutes) }) as Mark)
  test.each([
    { name: 'the end of a gap of any camera', target: 'gapEnd' as const, from: at(0), to: at(15) },
    { name: 'then the next one', target: 'gapEnd' as const, from: at(15), to: at(20) },
    { name: 'a gap that still lasts has no end', target: 'gapEnd' as const, from: at(50), to: undefined },
    { name: 'a little before a fault', target: 'fault' as const, from: at(0), to: at(9) - 2_000 },
    { name: 'there already, no further fault', target: 'fault' as const, from: at(9) - 2_000, to: undefined },
    { name: 'the next mark', target: 'nextMark' as const, from: at(5), to: at(30) },
    { name: 'the mark before', target: 'previousMark' as const, from: at(30), to: at(5) },
    { name: 'the mark before, a second after one', target: 'previousMark' as const, from: at(30) + 1_000, to: at(5) },
    { name: 'none before the first', target: 'previousMark' as const, from: at(5), to: undefined },
  ])('$name', ({ target, from, to }) => expect(findJump(target, from, timelines, marks)).toBe(to))
})

describe('R-PLAY-4 where a jump has looked', () => {
  const nowAt = base + 100 * minute
  const loaded = [
    { fromAt: base, toAt: base + 60 * minute },
    { fromAt: base + 10 * minute, toAt: base + 50 * minute },
  ]
  const at = base + 30 * minute
  test.each([
    {
      name: 'forward: as far as all cameras are loaded',
      target: 'nextMark' as const,
      ranges: loaded,
      from: at,
      want: { toAt: base + 50 * minute, isToNow: false },
    },
    { name: 'back: the same', target: 'previousMark' as const, ranges: loaded, from: at, want: { fromAt: base + 10 * minute, toAt: at, isToNow: false } },
    {
      name: 'to now: there is no further',
      target: 'fault' as const,
      ranges: [{ fromAt: base, toAt: nowAt - 20_000 }],
      from: at,
      want: { fromAt: at, isToNow: true },
    },
    { name: 'nothing loaded', target: 'gapEnd' as const, ranges: [], from: at, want: undefined },
    { name: 'loaded elsewhere', target: 'gapEnd' as const, ranges: loaded, from: base + 70 * minute, want: undefined },
  ])('$name', ({ target, ranges, from, want }) => {
    const searched = findSearched(target, from, ranges, nowAt)
    if (want) expect(searched).toMatchObject(want)
    else expect(searched).toBeUndefined()
  })
})

describe('R-PLAY-2 stills for the hand on the timeline', () => {
  type Ask = { cameraId: CameraId; at: number; answer: (still: RecordedStill | null) => void; fail: (problem: unknown) => void }
  let asks: Ask[]
  let shown: (Thumbnail | null)[]
  let nowAt: number
  const picture = (at: number) => ({ bitmap: { close: vi.fn() } as unknown as ImageBitmap, at })
  const make = () =>
    createThumbnails({
      fetchStill: ({ cameraId, at }) => new Promise((answer, fail) => asks.push({ cameraId, at, answer, fail })),
      onChange: (next) => shown.push(next),
      now: () => nowAt,
    })
  const settle = () => vi.advanceTimersByTimeAsync(0)
  /** The hand comes to a moment and rests. */
  const rest = (thumbnails: ReturnType<typeof make>, at: number) => {
    thumbnails.want({ cameraId: a, at })
    vi.advanceTimersByTime(100)
  }
  beforeEach(() => {
    asks = []
    shown = []
    nowAt = base + 600 * minute
  })

  test('none while the hand moves, one when it rests', async () => {
    const { want } = make()
    for (let step = 0; step < 10; step++) {
      want({ cameraId: a, at: base + step * minute })
      vi.advanceTimersByTime(50)
    }
    expect(asks).toEqual([])
    vi.advanceTimersByTime(40)
    expect(asks.map(({ at }) => at)).toEqual([base + 9 * minute])
    expect(shown.at(-1)).toMatchObject({ still: null, missing: null })
    asks[0]!.answer(picture(base + 9 * minute - 300))
    await settle()
    expect(shown.at(-1)!.still!.at).toBe(base + 9 * minute - 300)
  })

  test('one on its way at a time; then the newest wish, what was wished between is left out', async () => {
    const { want } = make()
    for (const step of [0, 1, 2]) {
      want({ cameraId: a, at: base + step * minute })
      vi.advanceTimersByTime(100)
    }
    expect(asks).toHaveLength(1)
    asks[0]!.answer(picture(base))
    await settle()
    expect(asks.map(({ at }) => at)).toEqual([base, base + 2 * minute])
    // the first picture is not shown at a place it does not belong to
    expect(shown.at(-1)).toEqual({ cameraId: a, at: base + 2 * minute, still: null, missing: null })
  })

  test('what was seen is kept; of another camera it is another', async () => {
    const { want } = make()
    want({ cameraId: a, at: base })
    vi.advanceTimersByTime(100)
    asks[0]!.answer(picture(base))
    await settle()
    want(null)
    want({ cameraId: a, at: base + 1 })
    vi.advanceTimersByTime(1000)
    expect(asks).toHaveLength(1)
    expect(shown.at(-1)!.still!.at).toBe(base)
    want({ cameraId: b, at: base })
    vi.advanceTimersByTime(100)
    expect(asks).toHaveLength(2)
  })

  test('nothing stored is an answer too; an answer after the hand left shows nothing', async () => {
    const { want } = make()
    want({ cameraId: a, at: base })
    vi.advanceTimersByTime(100)
    asks[0]!.answer(null)
    await settle()
    expect(shown.at(-1)).toMatchObject({ still: null, missing: { why: 'nothing' } })
    want({ cameraId: a, at: base + minute })
    vi.advanceTimersByTime(100)
    want(null)
    asks[1]!.answer(picture(base + minute))
    await settle()
    expect(shown.at(-1)).toBeNull()
  })

  test.each([
    { name: 'H.265 in a browser that cannot', problem: new StillNotDecodable('h265', 'no decoder'), why: 'h265', isAskedAgain: false },
    { name: 'damaged', problem: new StillNotDecodable('h264', 'PIPELINE_ERROR_DECODE'), why: 'undecodable', isAskedAgain: false },
    { name: 'not decoded in time', problem: new Error('the still was not decoded in time'), why: 'failed', isAskedAgain: true },
    { name: 'the line was cut', problem: new ApiError('server_unreachable', 0), why: 'failed', isAskedAgain: true },
    { name: 'too many at once', problem: new ApiError('rate_limited', 429, { retryAfterMs: 500 }), why: 'failed', isAskedAgain: true },
  ])('what cannot be shown is not called a gap, and only what will never be shown is not asked for again: $name', async ({ problem, why, isAskedAgain }) => {
    const thumbnails = make()
    rest(thumbnails, base)
    asks[0]!.fail(problem)
    await settle()
    expect(shown.at(-1)).toMatchObject({ still: null, missing: { why } })
    thumbnails.want(null)
    rest(thumbnails, base)
    expect(asks).toHaveLength(isAskedAgain ? 2 : 1)
    expect(shown.at(-1)).toMatchObject(isAskedAgain ? { still: null, missing: null } : { missing: { why } })
    thumbnails.close()
  })

  test('a server that was busy is asked once more while the hand rests, and no more when it has left', async () => {
    const busy = new ApiError('rate_limited', 429, { retryAfterMs: 3_000 })
    const thumbnails = make()
    rest(thumbnails, base)
    asks[0]!.fail(busy)
    await settle()
    vi.advanceTimersByTime(2_999)
    expect(asks).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(asks).toHaveLength(2)
    asks[1]!.fail(busy)
    await settle()
    thumbnails.want(null)
    vi.advanceTimersByTime(60_000)
    expect(asks).toHaveLength(2)
  })

  test('of the last half minute that nothing is stored is no lasting answer: it is being written', async () => {
    const thumbnails = make()
    nowAt = base + 29_000
    for (const expected of [1, 2]) {
      rest(thumbnails, base)
      expect(asks).toHaveLength(expected)
      asks.at(-1)!.answer(null)
      await settle()
      expect(shown.at(-1)).toMatchObject({ missing: { why: 'nothing' } })
    }
    nowAt = base + 31_000
    rest(thumbnails, base)
    asks.at(-1)!.answer(null)
    await settle()
    rest(thumbnails, base)
    expect(asks).toHaveLength(3)
  })

  test('few are kept, the others are let go', async () => {
    const { want, close } = make()
    const made: RecordedStill[] = []
    for (let step = 0; step < 60; step++) {
      want({ cameraId: a, at: base + step * minute })
      vi.advanceTimersByTime(100)
      made.push(picture(base))
      asks.at(-1)!.answer(made.at(-1)!)
      await settle()
    }
    const open = () => made.filter(({ bitmap }) => vi.mocked(bitmap.close).mock.calls.length === 0).length
    expect(open()).toBe(48)
    close()
    expect(open()).toBe(0)
  })
})
