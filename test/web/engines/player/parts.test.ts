/** The pure parts of the player engine. */
import { describe, expect, test } from 'vitest'
import { createBackoff } from '../../../../web/engines/player/backoff.ts'
import { createPlayerBudget } from '../../../../web/engines/player/budget.ts'
import { createFlvTimeline, FlvFramingError } from '../../../../web/engines/player/flv-timeline.ts'
import { createFrameAge, freshnessOf } from '../../../../web/engines/player/frame-age.ts'
import { chase } from '../../../../web/engines/player/live-edge.ts'
import { snapshotFileName } from '../../../../web/engines/player/snapshot.ts'
import { type FeedTimes, judgeDecoder, judgeFeed, limits } from '../../../../web/engines/player/watchdog.ts'
import { watermarkText, watermarkUrl } from '../../../../web/engines/player/watermark.ts'
import { noZoom, panBy, zoomAt } from '../../../../web/engines/player/zoom.ts'
import { audioConfig, audioFrame, fileHeader, flvTag, join, keyFrame, plainFrame, readTags, videoConfig } from './fakes.ts'

describe('R-LIVE-3 pauses between tries', () => {
  test('grow to the cap, each drawn between 0 and its bound', () => {
    const bounds = createBackoff({ baseMs: 500, capMs: 30_000, random: () => 1 })
    expect(Array.from({ length: 9 }, bounds.next)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    expect(createBackoff({ random: () => 0 }).next()).toBe(0)
    bounds.reset()
    expect([bounds.attempts(), bounds.next()]).toEqual([0, 500])
  })

  test('the first ones hurry, for a server that is only started anew', () => {
    const bounds = createBackoff({ hurry: { tries: 5, capMs: 3_000 }, random: () => 1 })
    expect(Array.from({ length: 7 }, bounds.next)).toEqual([500, 1000, 2000, 3000, 3000, 16_000, 30_000])
  })
})

describe('R-LIVE the timeline of an FLV stream', () => {
  test('begins at the first key frame and leaves out what no decoder can use', () => {
    const timeline = createFlvTimeline()
    expect(timeline.take(join(fileHeader, videoConfig, plainFrame(70_000), audioFrame(70_010))).tags).toBeUndefined()
    const batch = timeline.take(join(plainFrame(70_040), keyFrame(70_080), plainFrame(70_120)))
    expect(batch).toMatchObject({ isStart: true, hasKeyFrame: true, lastVideoFlvMs: 70_120 })
    expect(readTags(batch.tags!)).toEqual([
      { type: 0, ms: 70_040 },
      { type: 9, ms: 1000 },
      { type: 9, ms: 1040 },
    ])
    expect(timeline.toFlvMs(40)).toBe(70_120)
  })

  test.each([
    { name: 'the camera restarts its clock', second: 5, third: 45 },
    { name: 'the camera jumps by an hour', second: 3_670_000, third: 3_670_040 },
    { name: 'the 32 bits wrap', second: 4_294_967_290, third: 34 },
  ])('plays on when $name', ({ second, third }) => {
    const timeline = createFlvTimeline()
    timeline.take(join(fileHeader, videoConfig, keyFrame(70_000), plainFrame(70_040)))
    const { tags } = timeline.take(join(plainFrame(second), plainFrame(third)))
    expect(readTags(tags!).map(({ ms }) => ms)).toEqual([1080, 1120])
    expect(timeline.toFlvMs(80)).toBe(second)
    expect((timeline.toFlvMs(100)! - second) >>> 0).toBe(20)
    expect(timeline.toFlvMs(40)).toBe(70_040)
  })

  test('sound keeps its place beside the picture, and is left out where it has none', () => {
    const timeline = createFlvTimeline()
    timeline.take(join(fileHeader, videoConfig, audioConfig, keyFrame(70_000)))
    expect(timeline.hasAudio()).toBe(true)
    const { tags } = timeline.take(join(audioFrame(70_005), audioFrame(70_028), audioFrame(70_028), audioFrame(99_000)))
    expect(readTags(tags!)).toEqual([
      { type: 8, ms: 1005 },
      { type: 8, ms: 1028 },
      { type: 0, ms: 70_028 },
      { type: 0, ms: 99_000 },
    ])
  })

  test('gives a new decoder what it needs to begin', () => {
    const timeline = createFlvTimeline()
    timeline.take(join(fileHeader, videoConfig, audioConfig, keyFrame(70_000)))
    const prelude = new Uint8Array(timeline.prelude(true))
    expect([prelude[4], prelude.length]).toEqual([0b101, 13 + videoConfig.length + audioConfig.length])
    expect(new Uint8Array(timeline.prelude(false))[4]).toBe(1)
    timeline.startAnew(false)
    expect(timeline.take(join(plainFrame(70_040))).tags).toBeUndefined()
    expect(readTags(timeline.take(join(keyFrame(70_080))).tags!)).toEqual([{ type: 9, ms: 1000 }])
  })

  test.each([
    { name: 'bytes that are no FLV', bytes: new Uint8Array(40).fill(0x5a) },
    { name: 'a tag longer than its message', bytes: keyFrame(0).subarray(0, 14) },
    { name: 'a wrong PreviousTagSize', bytes: keyFrame(0).with(keyFrame(0).length - 1, 99) },
    { name: 'an unknown tag type', bytes: flvTag(7, 0, [0, 0]) },
    { name: 'a cut tag header', bytes: keyFrame(0).subarray(0, 5) },
  ])('refuses $name', ({ bytes }) => {
    expect(() => createFlvTimeline().take(join(bytes))).toThrow(FlvFramingError)
  })
})

describe('R-LIVE the age of the frame on the screen', () => {
  test('comes from the server clock, whatever arrives in between', () => {
    const age = createFrameAge()
    expect(age.arrivedAt(5000)).toBeUndefined()
    age.onArrival(5000, 100_900)
    expect(age.arrivedAt(5000)).toBe(100_900)
    age.onClock({ flvMs: 5000, at: 100_000 })
    age.onArrival(5040, 100_990)
    expect(age.arrivedAt(5500)).toBe(100_500)
    expect(age.arrivedAt(4000)).toBe(99_000)
  })

  test('does not grow young when the server repeats the clock of a silent camera', () => {
    const age = createFrameAge()
    age.onClock({ flvMs: 5000, at: 100_000 })
    age.onClock({ flvMs: 5000, at: 104_000 })
    expect(age.arrivedAt(5000)).toBe(100_000)
  })

  test('survives the wrap of 32 bits', () => {
    const age = createFrameAge()
    age.onClock({ flvMs: 20, at: 100_000 })
    expect(age.arrivedAt(4_294_967_276)).toBe(99_960)
  })

  test.each([
    [0, 'live'],
    [2999, 'live'],
    [3000, 'slow'],
    [9999, 'slow'],
    [10_000, 'stalled'],
  ] as const)('%i ms is %s', (ageMs, freshness) => {
    expect(freshnessOf(ageMs)).toBe(freshness)
  })
})

describe('R-LIVE staying near the live edge', () => {
  const usual = { isFresh: false, isHidden: false, rate: 1 }
  test.each([
    { name: 'at its place', input: { lagS: 0.5 }, wish: { rate: 1, jumpToLagS: undefined } },
    { name: 'a little behind', input: { lagS: 1.4 }, wish: { rate: 1.1, jumpToLagS: undefined } },
    { name: 'behind', input: { lagS: 3 }, wish: { rate: 1.2, jumpToLagS: undefined } },
    { name: 'far behind', input: { lagS: 4.1 }, wish: { rate: 1, jumpToLagS: 0.5 } },
    { name: 'just begun with a key frame interval in the buffer', input: { lagS: 1.9, isFresh: true }, wish: { rate: 1, jumpToLagS: 0.5 } },
    { name: 'hidden', input: { lagS: 1.9, isHidden: true }, wish: { rate: 1, jumpToLagS: 0.5 } },
    { name: 'running dry', input: { lagS: 0.1 }, wish: { rate: 0.95, jumpToLagS: undefined } },
    { name: 'still catching up', input: { lagS: 0.8, rate: 1.1 }, wish: { rate: 1.1, jumpToLagS: undefined } },
    { name: 'caught up', input: { lagS: 0.6, rate: 1.1 }, wish: { rate: 1, jumpToLagS: undefined } },
  ])('$name', ({ input, wish }) => {
    expect(chase({ ...usual, ...input })).toEqual(wish)
  })
})

describe('R-WALL-3 the watchdog', () => {
  const feed: FeedTimes = { openedAtMs: 0, heardAtMs: 0, promisedPauseMs: 0, confirmedAtMs: 0, startedAtMs: 0, videoAtMs: 0 }
  test.each([
    { name: 'a socket that says nothing at all', at: limits.firstWordMs + 1, times: { heardAtMs: undefined }, fault: 'server_silent' },
    { name: 'a server that fell silent', at: limits.silenceMs + 1, times: {}, fault: 'server_silent' },
    { name: 'no key frame', at: limits.keyFrameMs + 1, times: { heardAtMs: limits.keyFrameMs, startedAtMs: undefined }, fault: 'no_key_frame' },
  ])('gives up on $name', ({ at, times, fault }) => {
    expect(judgeFeed(at, { ...feed, ...times })).toEqual({ act: 'reopen', fault })
    expect(judgeFeed(at - 10, { ...feed, ...times }).act).toBe('wait')
  })

  test('waits as long as the server said that it waits for the camera', () => {
    const waiting = { ...feed, confirmedAtMs: undefined, startedAtMs: undefined, promisedPauseMs: 30_000 }
    expect(judgeFeed(49_000, waiting).act).toBe('wait')
    expect(judgeFeed(50_001, waiting).act).toBe('reopen')
  })

  test('helps a picture that stands while data comes, then begins anew; never in a hidden page', () => {
    const decoder = { startedAtMs: 0, progressAtMs: 10_000 }
    const judge = (nowMs: number, isHidden = false, seenAtMs = 0) => judgeDecoder(nowMs, { ...feed, videoAtMs: nowMs }, decoder, isHidden, seenAtMs)
    expect(judge(11_000)).toEqual({ act: 'wait' })
    expect(judge(12_000)).toEqual({ act: 'nudge' })
    expect(judge(16_000)).toEqual({ act: 'reopen', fault: 'decoder_stuck' })
    expect(judge(16_000, true)).toEqual({ act: 'wait' })
    expect(judge(16_000, false, 15_500)).toEqual({ act: 'wait' })
    expect(judgeDecoder(60_000, { ...feed, videoAtMs: 10_100 }, decoder, false, 0)).toEqual({ act: 'wait' }) // the camera stands, not the decoder
  })
})

describe('R-LIVE-4 zoom, stills, watermark', () => {
  const frame = { widthPx: 400, heightPx: 200 }
  test('the point under the pointer stays, the picture fills its frame', () => {
    const twice = zoomAt(noZoom, frame, 2, { xPx: 100, yPx: 50 })
    expect(twice).toEqual({ scale: 2, xPx: -100, yPx: -50 })
    expect(panBy(twice, frame, 500, -500)).toEqual({ scale: 2, xPx: 0, yPx: -200 })
    expect(zoomAt(twice, frame, 0.1, { xPx: 0, yPx: 0 })).toEqual(noZoom)
    expect(zoomAt(noZoom, frame, 100, { xPx: 0, yPx: 0 }).scale).toBe(8)
  })

  test('a file name says which camera and when, and fits every file system', () => {
    expect(snapshotFileName('澄桥/路口:03', new Date(2026, 10, 22, 19, 42, 8))).toBe('澄桥_路口_03_20261122-194208.png')
  })

  test('the watermark names the viewer to the minute and cannot break out of its picture', () => {
    expect(watermarkText('D-017', new Date(2026, 10, 22, 19, 42))).toBe('D-017 1122-1942')
    expect(decodeURIComponent(watermarkUrl('<a"b>'))).toContain('&#60;a&#34;b&#62;')
  })
})

describe('R-WALL-1 the budget of pictures', () => {
  test('gives places up to the limit and tells who waits when one is free', () => {
    const budget = createPlayerBudget((open) => open.length < 2)
    let told = 0
    const first = budget.take('sub')
    budget.take('main')
    expect(budget.take('sub')).toBeUndefined()
    const stop = budget.onChange(() => told++)
    first?.release()
    first?.release()
    expect([told, budget.open().length]).toEqual([1, 1])
    budget.setLimit(() => false)
    expect([told, budget.take('sub')]).toEqual([2, undefined])
    stop()
    budget.setLimit(() => true)
    expect(told).toBe(2)
  })
})
