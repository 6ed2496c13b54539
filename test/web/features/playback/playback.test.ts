/** What the playback page works out by itself: address, timeline data, words, days. */
import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { effectScope, ref, shallowRef } from 'vue'
import type { CameraId } from '../../../../server/contract/ids.ts'
import { MAX_TIMELINE_MS, type TimeRange } from '../../../../server/contract/recordings.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { addDays, dayStart, monthStart } from '../../../../web/base/calendar.ts'
import { widen } from '../../../../web/engines/timeline/index.ts'
import type { PlaybackState } from '../../../../web/engines/player/index.ts'
import { reasonAt } from '../../../../web/features/playback/gap-words.ts'
import { parsePlaybackQuery, serializePlaybackQuery, shownIds } from '../../../../web/features/playback/query.ts'
import { useRecordedDays } from '../../../../web/features/playback/recorded-days.ts'
import { clockWords, tileWords } from '../../../../web/features/playback/tile-words.ts'
import { covers, type KnownTimeline, splice } from '../../../../web/features/playback/timeline-cover.ts'
import { toRow } from '../../../../web/features/playback/timeline-rows.ts'
import { useTimelines } from '../../../../web/features/playback/timelines.ts'
import { atDay, overviewOf } from '../../../../web/features/playback/windows.ts'
import { messages } from '../../../../web/messages.ts'

const now = new Date(2026, 10, 22, 19, 42, 8).getTime()
const hour = 3600_000
const [a, b] = ['a', 'b'] as CameraId[] as [CameraId, CameraId]

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})

describe('R-PLAY-2 the address holds the view', () => {
  test('what is written is read again', () => {
    const view = {
      cameraIds: ['a', 'b', 'c'] as CameraId[],
      focusId: b,
      at: now,
      layout: '9' as const,
      speed: 0.25 as const,
      selection: { fromAt: now - hour, toAt: now },
    }
    const query = serializePlaybackQuery(view)
    expect(query).toEqual({ cameras: 'a,b,c', focus: 'b', at: String(now), layout: '9', speed: '0.25', from: String(now - hour), to: String(now) })
    expect(parsePlaybackQuery(query as Record<string, string>)).toEqual(view)
  })

  test('what everybody gets is left out', () => {
    expect(serializePlaybackQuery({ cameraIds: [a], focusId: a, at: null, layout: '1', speed: 1, selection: null })).toEqual({ cameras: 'a' })
  })

  test.each([
    {
      name: 'nonsense',
      query: { cameras: 'a, b,<x>,a', at: 'soon', layout: '5', speed: '3', focus: 'z' },
      expected: { cameraIds: ['a'], focusId: 'a', at: null, layout: '1', speed: 1, selection: null },
    },
    { name: 'nothing', query: {}, expected: { cameraIds: [], focusId: null, at: null, layout: '1', speed: 1, selection: null } },
    {
      name: 'a moment before the epoch',
      query: { cameras: 'a,b', at: '-5' },
      expected: { cameraIds: ['a', 'b'], focusId: 'a', at: null, layout: '4', speed: 1, selection: null },
    },
    {
      name: 'ten cameras',
      query: { cameras: 'a,b,c,d,e,f,g,h,i,j' },
      expected: { cameraIds: 'abcdefghi'.split(''), focusId: 'a', at: null, layout: '9', speed: 1, selection: null },
    },
  ])('what does not fit is left out: $name', ({ query, expected }) => expect(parsePlaybackQuery(query as Record<string, string>)).toEqual(expected))

  test.each([
    { layout: '1' as const, shown: ['c'] },
    { layout: '4' as const, shown: ['a', 'b', 'c', 'd'] },
    { layout: '9' as const, shown: 'abcdef'.split('') },
  ])('layout $layout shows the chosen one and others in order', ({ layout, shown }) => {
    expect(shownIds({ cameraIds: 'abcdef'.split('') as CameraId[], focusId: 'c' as CameraId, layout })).toEqual(shown)
  })
})

describe('R-PLAY-2 what is known of the timeline', () => {
  const known: KnownTimeline = {
    fromAt: 0,
    toAt: 100,
    recorded: [
      { fromAt: 0, toAt: 40 },
      { fromAt: 60, toAt: 90 },
    ],
    gaps: [
      { fromAt: 40, toAt: 60, reason: 'disk', cause: null },
      { fromAt: 90, toAt: 100, reason: 'camera', cause: 'unreachable' },
    ],
    faults: [{ fromAt: 90, toAt: 100, status: 'offline', cause: 'unreachable' }],
  }
  test('the newest part goes onto the rest without a seam, and corrects it', () => {
    const tail: KnownTimeline = {
      fromAt: 70,
      toAt: 130,
      recorded: [
        { fromAt: 70, toAt: 92 },
        { fromAt: 110, toAt: 130 },
      ],
      gaps: [{ fromAt: 92, toAt: 110, reason: 'camera', cause: 'unreachable' }],
      faults: [{ fromAt: 91, toAt: 110, status: 'offline', cause: 'unreachable' }],
    }
    expect(splice(known, tail)).toEqual({
      fromAt: 0,
      toAt: 130,
      recorded: [
        { fromAt: 0, toAt: 40 },
        { fromAt: 60, toAt: 92 },
        { fromAt: 110, toAt: 130 },
      ],
      gaps: [known.gaps[0], tail.gaps[0]],
      faults: tail.faults,
    })
  })

  test('what would be in the future need not be known', () => {
    expect(covers(known, { fromAt: 10, toAt: 500 }, 110, 20)).toBe(true)
    expect(covers(known, { fromAt: 10, toAt: 500 }, 130, 20)).toBe(false)
    expect(covers(known, { fromAt: -10, toAt: 50 }, 110, 20)).toBe(false)
    expect(covers(undefined, { fromAt: 10, toAt: 50 }, 110, 20)).toBe(false)
  })

  test.each([
    { name: 'two hours', wanted: { fromAt: now - 9 * hour, toAt: now - 7 * hour }, expected: { fromAt: now - 10 * hour, toAt: now - 6 * hour } },
    { name: 'up to now', wanted: { fromAt: now - 2 * hour, toAt: now + 2 * hour }, expected: { fromAt: now - 4 * hour, toAt: now } },
    { name: 'the whole future', wanted: { fromAt: now + hour, toAt: now + 2 * hour }, expected: { fromAt: now - 60_000, toAt: now } },
  ])('asks for a little more than is seen: $name', ({ wanted, expected }) => expect(widen(wanted, now, MAX_TIMELINE_MS)).toEqual(expected))

  test('never for more than the server gives', () => {
    const range = widen({ fromAt: now - 39 * 24 * hour, toAt: now }, now, MAX_TIMELINE_MS)
    expect(range.toAt - range.fromAt).toBeLessThanOrEqual(MAX_TIMELINE_MS)
  })

  test('a gap has its reason and cause in words; what nobody wanted is no fault', () => {
    const row = toRow(a, { ...known, gaps: [...known.gaps, { fromAt: 120, toAt: 130, reason: 'not_scheduled', cause: null }] }, undefined, now)
    expect(row.gaps.map(({ words, isPlanned }) => [words, isPlanned])).toEqual([
      ['磁盘故障或切换', false],
      ['相机故障：连不上', false],
      ['不在录像计划', true],
    ])
    expect(reasonAt(known, 95)).toBe('相机故障：连不上')
    expect(reasonAt(known, 10)).toBe('')
  })
})

describe('R-PLAY-2 what is asked of the server', () => {
  type Asked = { cameraId: string; fromAt: number; toAt: number }
  let asked: Asked[]
  let answer: (wish: Asked) => Response
  beforeEach(() => {
    vi.useFakeTimers({ now, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
    asked = []
    answer = ({ cameraId, fromAt, toAt }) => Response.json({ cameraId, recorded: [{ fromAt, toAt }], gaps: [], faults: [] })
    vi.stubGlobal('fetch', async (text: string) => {
      const url = new URL(text, 'http://x')
      const wish = { cameraId: url.pathname.split('/')[3]!, fromAt: Number(url.searchParams.get('fromAt')), toAt: Number(url.searchParams.get('toAt')) }
      asked.push(wish)
      return answer(wish)
    })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const settle = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms)
    await flushPromises()
  }

  test('once per window, a small move asks for nothing, the newest part comes every ten seconds', async () => {
    const scope = effectScope()
    const window = shallowRef<TimeRange>({ fromAt: now - 2 * hour, toAt: now + 2 * hour })
    const ids = ref<CameraId[]>([a])
    const timelines = scope.run(() =>
      useTimelines(
        () => ids.value,
        () => window.value,
      ),
    )!
    await settle(200)
    expect(asked).toHaveLength(1)
    expect(timelines.byId.value.get(a)?.recorded).toEqual([{ fromAt: now - 4 * hour, toAt: expect.any(Number) }])
    window.value = { fromAt: now - 2.5 * hour, toAt: now + 1.5 * hour }
    await settle(200)
    expect(asked).toHaveLength(1)
    await settle(10_000)
    expect(asked).toHaveLength(2)
    expect(asked[1]!.toAt - asked[1]!.fromAt).toBeLessThan(6 * 60_000)
    expect(timelines.byId.value.get(a)?.recorded).toHaveLength(1)
    expect(timelines.byId.value.get(a)!.toAt).toBeGreaterThan(now + 9_000)
    window.value = { fromAt: now - 20 * hour, toAt: now - 16 * hour }
    await settle(200)
    expect(asked).toHaveLength(3)
    await settle(30_000)
    expect(asked).toHaveLength(3) // the past does not change every ten seconds
    ids.value = [b]
    await settle(200)
    expect([...timelines.byId.value.keys()]).toEqual([b])
    scope.stop()
    await settle(60_000)
    expect(asked).toHaveLength(4)
  })

  test('a failed one is said and asked again', async () => {
    const scope = effectScope()
    const well = answer
    answer = () => Response.json({ code: 'forbidden', detail: '', requestId: 'r' }, { status: 403 })
    const timelines = scope.run(() =>
      useTimelines(
        () => [a],
        () => ({ fromAt: now - hour, toAt: now }),
      ),
    )!
    await settle(200)
    expect(timelines.problem.value).toMatchObject({ code: 'forbidden' })
    answer = well
    await settle(10_000)
    expect(timelines.problem.value).toBeNull()
    expect(timelines.byId.value.has(a)).toBe(true)
    scope.stop()
  })

  test('days of a month: the longest of any chosen camera', async () => {
    const month = monthStart(now)
    const [first, second] = [month, addDays(month, 1)]
    answer = ({ cameraId }) =>
      Response.json({
        days:
          cameraId === 'a'
            ? [{ fromAt: first, toAt: second, recordedMs: 5 }]
            : [
                { fromAt: first, toAt: second, recordedMs: 9 },
                { fromAt: second, toAt: addDays(second, 1), recordedMs: 1 },
              ],
      })
    const scope = effectScope()
    const days = scope.run(() =>
      useRecordedDays(
        () => [a, b],
        () => month,
      ),
    )!
    await settle(10)
    expect(asked.every(({ fromAt, toAt }) => fromAt === month && toAt === monthStart(now, 1))).toBe(true)
    expect([...days.byDay.value!]).toEqual([
      [first, 9],
      [second, 1],
    ])
    scope.stop()
  })
})

describe('R-PLAY-2 days', () => {
  test('the bar shows the local day, and more days when the window is longer', () => {
    expect(overviewOf({ fromAt: now - hour, toAt: now + hour })).toEqual({ fromAt: dayStart(now), toAt: addDays(dayStart(now), 1) })
    const long = overviewOf({ fromAt: now - 30 * 24 * hour, toAt: now })
    expect(long.fromAt).toBeLessThan(now - 30 * 24 * hour)
    expect(long.toAt - long.fromAt).toBeLessThanOrEqual(MAX_TIMELINE_MS)
  })
  test('another day keeps the time of day', () => {
    expect(atDay(now, addDays(dayStart(now), -3))).toBe(addDays(now, -3))
  })
})

describe('R-PLAY-1 a picture says what it is', () => {
  const state = (more: Partial<PlaybackState>): PlaybackState => ({
    phase: 'playing',
    gap: null,
    newestAt: null,
    refusal: null,
    detail: null,
    fault: null,
    attempt: 0,
    retryInS: null,
    opened: null,
    soundProblem: null,
    clockOffsetMs: 0,
    hasPicture: true,
    ...more,
  })
  test.each([
    { offsetMs: 0, words: '' },
    { offsetMs: 3_720_000, words: '此段录像的时间比实际快 1时2分' },
    { offsetMs: -90_000, words: '此段录像的时间比实际慢 1分30秒' },
  ])('times that are off by $offsetMs ms are said', ({ offsetMs, words }) => expect(clockWords(state({ clockOffsetMs: offsetMs }))).toBe(words))
  const sayOf = (more: Partial<PlaybackState>, reason = '') => {
    const words = tileWords(state(more), { at: now + 10_000, reason, now, waitedLong: true })
    return [words.title, ...words.lines].join(' / ')
  }
  test.each([
    { name: 'plays', more: {}, text: '' },
    { name: 'opens', more: { phase: 'opening', hasPicture: false }, text: '正在打开' },
    {
      name: 'gap',
      more: { phase: 'gap', gap: { fromAt: now - 60_000, toAt: now } },
      reason: '磁盘故障或切换',
      text: '该时段无录像：磁盘故障或切换 / 19:42:08 起有录像',
    },
    { name: 'newest, just now', more: { phase: 'end', newestAt: now + 9_000 }, text: '' },
    { name: 'newest', more: { phase: 'end', newestAt: now }, text: '已到最新录像 19:42:08 / 有新录像时自动接着播' },
    { name: 'nothing', more: { phase: 'end' }, reason: '不在录像计划', text: '没有录像 / 原因：不在录像计划 / 换一天；录像计划由系统管理员设定' },
    { name: 'lost', more: { phase: 'lost', fault: 'server_lost', attempt: 3, retryInS: 2 }, text: '与服务器断开 / 正在重连，第 3 次，2 秒后' },
    { name: 'codec', more: { phase: 'refused', refusal: 'codec_not_supported' }, text: '本机不能解码这段录像 / H.265 须由支持它的浏览器播放' },
    {
      name: 'every transcode place taken',
      more: { phase: 'refused', refusal: 'transcode_limit', retryInS: 40 },
      text: '转码位已满 / H.265 须转码才能在本机播放；关掉一路 H.265 画面 / 40 秒后再试',
    },
    {
      name: 'no transcoder',
      more: { phase: 'refused', refusal: 'transcoder_missing' },
      text: '本机不能解码这段录像 / H.265 须转码，服务器未装转码程序；改用支持 H.265 的浏览器，或报系统管理员',
    },
    { name: 'disk', more: { phase: 'refused', refusal: 'disk_missing', retryInS: 40 }, text: '存放录像的磁盘不在 / 由系统管理员查看磁盘 / 40 秒后再试' },
    { name: 'no right', more: { phase: 'refused', refusal: 'no_permission' }, text: '没有该点位的回放权限 / 向安全管理员申请' },
    { name: 'signed out', more: { phase: 'closed', fault: 'signed_out' }, text: '登录已结束 / 重新登录后自动恢复' },
  ] as { name: string; more: Partial<PlaybackState>; reason?: string; text: string }[])('$name', ({ more, reason, text }) =>
    expect(sayOf(more, reason)).toBe(text),
  )
})
