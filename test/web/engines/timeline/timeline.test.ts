import { describe, expect, test } from 'vitest'
import { heightPx, hitTest, rowPitchPx, rowsTopPx } from '../../../../web/engines/timeline/geometry.ts'
import type { TimelineRow, TimelineView } from '../../../../web/engines/timeline/scene.ts'
import { findAt, placeWords, toSpans, within } from '../../../../web/engines/timeline/spans.ts'
import { chooseTicks } from '../../../../web/engines/timeline/ticks.ts'
import { centreOn, follow, keepNear, maxWindowMs, minWindowMs, panBy, toAt, toPx, zoomAt } from '../../../../web/engines/timeline/window.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Midnight UTC of some day. */
const base = 1_790_000_000_000 - (1_790_000_000_000 % day)
const window = { fromAt: base, toAt: base + 2 * hour }
const utc = () => 0
const china = () => 8 * hour

describe('R-PLAY-2 the window', () => {
  test('time and pixels map both ways', () => {
    expect(toPx(base + hour, window, 1000)).toBe(500)
    expect(toAt(250, window, 1000)).toBe(base + 30 * minute)
  })

  test.each([
    { name: 'in', factor: 0.5, px: 250 },
    { name: 'out', factor: 3, px: 900 },
    { name: 'at the edge', factor: 0.1, px: 0 },
  ])('the instant under the pointer stays: $name', ({ factor, px }) => {
    const zoomed = zoomAt(window, 1000, factor, px)
    expect(zoomed.toAt - zoomed.fromAt).toBe(2 * hour * factor)
    expect(Math.abs(toAt(px, zoomed, 1000) - toAt(px, window, 1000))).toBeLessThanOrEqual(1)
  })

  test('from a minute to thirty days, no further', () => {
    const near = zoomAt(window, 1000, 1e-9, 500)
    expect(near.toAt - near.fromAt).toBe(minWindowMs)
    const far = zoomAt(window, 1000, 1e9, 500)
    expect(far.toAt - far.fromAt).toBe(maxWindowMs)
  })

  test('a drag moves the time under it', () => {
    expect(panBy(window, 1000, 500)).toEqual({ fromAt: base - hour, toAt: base + hour })
    expect(centreOn(window, base)).toEqual({ fromAt: base - hour, toAt: base + hour })
  })

  test('the future is shown to half a window at most', () => {
    expect(keepNear(window, base + hour)).toBe(window)
    expect(keepNear({ fromAt: base + hour, toAt: base + 3 * hour }, base + hour)).toEqual(window)
  })

  test('turns a page when the playhead comes to its end, goes to it when it is far away, else stays the same object', () => {
    expect(follow(window, base + hour)).toBe(window)
    expect(follow(window, base + 1.96 * hour)).toEqual({ fromAt: base + 1.76 * hour, toAt: base + 3.76 * hour })
    expect(follow(window, base + 10 * hour)).toEqual({ fromAt: base + 9 * hour, toAt: base + 11 * hour })
    expect(follow(window, base - hour)).toEqual({ fromAt: base - 2 * hour, toAt: base })
  })
})

describe('R-PLAY-2 the ruler', () => {
  test.each([
    { name: 'a minute', lengthMs: minute, labelMs: 5_000, hasSeconds: true },
    { name: 'ten minutes', lengthMs: 10 * minute, labelMs: minute, hasSeconds: false },
    { name: 'two hours', lengthMs: 2 * hour, labelMs: 10 * minute, hasSeconds: false },
    { name: 'a day', lengthMs: day, labelMs: 2 * hour, hasSeconds: false },
    { name: 'thirty days', lengthMs: 30 * day, labelMs: 2 * day, hasSeconds: false },
  ])('$name on 1320 px', ({ lengthMs, labelMs, hasSeconds }) => {
    const ruler = chooseTicks({ fromAt: base, toAt: base + lengthMs }, 1320, 84, utc)
    expect([ruler.labelMs, ruler.hasSeconds]).toEqual([labelMs, hasSeconds])
    const named = ruler.ticks.filter(({ kind }) => kind !== 'small')
    for (const [index, tick] of named.entries()) if (index > 0) expect(((tick.at - named[index - 1]!.at) / lengthMs) * 1320).toBeGreaterThanOrEqual(84)
    expect(ruler.ticks.length).toBeLessThan(400)
  })

  test('midnight is local', () => {
    const { ticks } = chooseTicks({ fromAt: base, toAt: base + day }, 1320, 84, china)
    expect(ticks.filter(({ kind }) => kind === 'day').map(({ at }) => at)).toEqual([base + 16 * hour])
  })

  test('a clock change keeps midnight a midnight', () => {
    // one hour less from noon on
    const offset = (at: number) => (at < base + 12 * hour ? 2 * hour : hour)
    const { ticks } = chooseTicks({ fromAt: base, toAt: base + day }, 1320, 84, offset)
    expect(ticks.filter(({ kind }) => kind === 'day').map(({ at }) => at)).toEqual([base + 23 * hour])
  })
})

describe('R-PLAY-2 ranges on few pixels', () => {
  const minutes = Array.from({ length: 5000 }, (_, index) => ({ fromAt: base + index * minute, toAt: base + index * minute + 59_000 }))

  test('thousands of ranges become what the screen can show', () => {
    const spans = toSpans(minutes, { fromAt: base, toAt: base + 5000 * minute }, 1000, { minPx: 1 })
    expect(spans).toHaveLength(1)
    expect(spans[0]!.fromPx).toBe(0)
    expect(spans[0]!.toPx).toBeGreaterThan(998)
  })

  test('zoomed in they are apart, and only those of the window are looked at', () => {
    const near = { fromAt: base + 100 * minute, toAt: base + 102 * minute }
    expect(within(minutes, near)).toHaveLength(2)
    expect(toSpans(minutes, near, 1200)).toEqual([
      { fromPx: 0, toPx: 590 },
      { fromPx: 600, toPx: 1190 },
    ])
  })

  test('a gap of a second is still seen in thirty days', () => {
    const [span] = toSpans([{ fromAt: base + day, toAt: base + day + 1000 }], { fromAt: base, toAt: base + 30 * day }, 1000, { minPx: 2 })
    expect(span!.toPx - span!.fromPx).toBe(2)
  })

  test('finds the range of a moment; half open', () => {
    expect(findAt(minutes, base + minute)).toBe(minutes[1])
    expect(findAt(minutes, base + 59_000)).toBeUndefined()
    expect(findAt(minutes, base - 1)).toBeUndefined()
  })

  test.each([
    { name: 'inside a wide gap', span: { fromPx: 100, toPx: 300 }, next: 400, place: { px: 108, isInside: true } },
    { name: 'behind a narrow one', span: { fromPx: 100, toPx: 110 }, next: 400, place: { px: 118, isInside: false } },
    { name: 'nowhere between two', span: { fromPx: 100, toPx: 110 }, next: 150, place: undefined },
  ])('words stand $name', ({ span, next, place }) => expect(placeWords(span, next, 80, 8)).toEqual(place))
})

describe('R-PLAY-2 what lies under the pointer', () => {
  const row = (key: string, marks: TimelineRow['marks'] = []): TimelineRow => ({ key, recorded: [], gaps: [], faults: [], marks, locks: [] })
  const mark = { key: 'm', at: base + 90 * minute, words: '白色面包车驶入' }
  const view: TimelineView = {
    window,
    overview: window,
    widthPx: 1000,
    rows: [row('a'), row('b', [mark]), row('c')],
    focus: 0,
    playheadAt: base + hour,
    selection: { fromAt: base + 30 * minute, toAt: base + hour },
    scrubAt: null,
    pointerAt: null,
    now: base + 2 * hour,
  }
  const pitchPx = rowPitchPx(3)
  test.each([
    { name: 'the day', xPx: 500, yPx: 8, expected: { kind: 'overview' } },
    { name: 'the flag of the playhead', xPx: 480, yPx: 45, expected: { kind: 'playhead' } },
    { name: 'the ruler', xPx: 300, yPx: 55, expected: { kind: 'ruler' } },
    { name: 'an edge of the selection, before the playhead that stands on it', xPx: 503, yPx: rowsTopPx + 10, expected: { kind: 'handle', edge: 'toAt' } },
    { name: 'its other edge', xPx: 252, yPx: heightPx(3) - 3, expected: { kind: 'handle', edge: 'fromAt' } },
    { name: 'a mark', xPx: 747, yPx: rowsTopPx + pitchPx + 5, expected: { kind: 'mark', index: 1, mark } },
    { name: 'the same moment in a row without it', xPx: 747, yPx: rowsTopPx + 5, expected: { kind: 'row', index: 0 } },
    { name: 'beside it', xPx: 510, yPx: rowsTopPx + 10, expected: { kind: 'row', index: 0 } },
    { name: 'the third row', xPx: 100, yPx: rowsTopPx + 2 * pitchPx + 5, expected: { kind: 'row', index: 2 } },
    { name: 'between rows', xPx: 100, yPx: rowsTopPx + pitchPx - 2, expected: { kind: 'ground' } },
    { name: 'below', xPx: 100, yPx: heightPx(3) + 10, expected: { kind: 'ground' } },
  ])('$name', ({ xPx, yPx, expected }) => expect(hitTest(xPx, yPx, view)).toEqual(expected))
  test('without a selection the line of the playhead is taken hold of', () => {
    expect(hitTest(503, rowsTopPx + 10, { ...view, selection: null }).kind).toBe('playhead')
  })
  test('a finger takes hold of the playhead from further away', () => {
    expect(hitTest(515, rowsTopPx + 10, { ...view, selection: null }).kind).toBe('row')
    expect(hitTest(515, rowsTopPx + 10, { ...view, selection: null }, true).kind).toBe('playhead')
  })
})
