/** The parts of the live feature that decide: faces of a tile, stills, warming, neighbours, the strip. */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { CameraPoint } from '../../../../server/contract/cameras.ts'
import type { CameraId, StationId } from '../../../../server/contract/ids.ts'
import type { CameraState } from '../../../../server/contract/status.ts'
import { ApiError } from '../../../../web/base/api.ts'
import { installMessages } from '../../../../web/base/i18n.ts'
import type { LiveState } from '../../../../web/engines/player/index.ts'
import { nearestCameras } from '../../../../web/features/live/nearest.ts'
import { offlineMs, stripSegments } from '../../../../web/features/live/status-strip.ts'
import { createStillCache, type Still } from '../../../../web/features/live/still.ts'
import { tileFace } from '../../../../web/features/live/tile-face.ts'
import { createWarmer } from '../../../../web/features/live/warm.ts'
import { messages } from '../../../../web/messages.ts'

const now = 1_800_000_000_000
const id = (text: string) => text as CameraId
const online: CameraState = { cameraId: id('a'), status: 'online', cause: null, detail: null, sinceAt: now - 327_000, evidenceAt: now }
const offline: CameraState = { ...online, status: 'offline', cause: 'unreachable', detail: 'ETIMEDOUT' }
const opening: LiveState = {
  phase: 'opening',
  cause: null,
  detail: null,
  fault: null,
  attempt: 0,
  retryInMs: null,
  ageMs: null,
  opened: null,
  kbps: null,
  fps: null,
  lagMs: null,
  profile: 'main',
  hasSound: false,
  isSwitching: false,
  switchRefused: null,
}
const face = (live: Partial<LiveState>, more: { camera?: CameraState; stillAt?: number | null; fullAt?: number | null } = {}) =>
  tileFace({ live: { ...opening, ...live }, camera: online, stillAt: now - 12_000, fullAt: null, now, ...more })

beforeAll(() => installMessages(messages))

describe('R-LIVE-3 a tile says what is wrong and who must act', () => {
  test.each([
    { name: 'opening', got: () => face({}), want: { kind: 'opening', picture: 'still', title: '', age: '正在打开 · 图为 12 秒前' } },
    {
      name: 'live',
      got: () => face({ phase: 'live', ageMs: 420 }),
      want: { kind: 'live', picture: 'video', shape: 'online', age: '0.4 秒前', ageTone: 'plain' },
    },
    { name: 'slow', got: () => face({ phase: 'slow', ageMs: 4200 }), want: { kind: 'slow', shape: 'degraded', age: '4 秒前', ageTone: 'degraded', title: '' } },
    {
      name: 'stalled',
      got: () => face({ phase: 'stalled', ageMs: 14_000, fault: 'server_lost', attempt: 3, retryInMs: 1900 }),
      want: { kind: 'stalled', isGrey: true, title: '画面已停 14秒', lines: ['与服务器断开', '正在重连，第 3 次，2 秒后'], tone: 'degraded' },
    },
    {
      name: 'offline',
      got: () => face({ cause: 'unreachable', attempt: 2 }, { camera: offline, stillAt: null }),
      want: {
        kind: 'offline',
        isGrey: true,
        tone: 'offline',
        title: '离线 5分27秒',
        lines: ['连不上', '链路或供电，由运维到场', '没有更早的画面'],
      },
    },
    {
      name: 'password',
      got: () => face({ cause: 'refused_login' }, { camera: offline }),
      want: { kind: 'refused', picture: 'none', title: '密码被拒', lines: ['须由管理员更新设备密码'], age: '—' },
    },
    {
      name: 'no right',
      got: () => face({ phase: 'refused', cause: 'no_permission' }),
      want: { kind: 'noRight', picture: 'none', lines: ['向安全管理员申请'] },
    },
    {
      name: 'server full',
      got: () => face({ phase: 'refused', cause: 'transcode_limit', retryInMs: 30_000 }),
      want: { kind: 'limit', title: '转码位已满', lines: ['关掉一格，或改用子码流', '30 秒后再试'] },
    },
    { name: 'this PC full', got: () => face({}, { fullAt: 16 }), want: { kind: 'limit', title: '本机已满 16 路', lines: ['关掉一格，或降为子码流'] } },
    {
      name: 'codec',
      got: () =>
        face({
          opened: {
            type: 'opened',
            profile: 'sub',
            codec: 'h264',
            sourceCodec: 'h265',
            widthPx: 1,
            heightPx: 1,
            sound: false,
            flvBaseMs: 0,
            instead: 'sub_stream',
            soundMissing: null,
          },
        }),
      want: { kind: 'codec', title: '本机不能解码 H.265', lines: ['已改用子码流，正在打开'] },
    },
    { name: 'login ended', got: () => face({ phase: 'closed', fault: 'signed_out' }), want: { title: '登录已结束' } },
    {
      name: 'a picture is stronger evidence than an old judgement',
      got: () => face({ phase: 'live', ageMs: 300 }, { camera: offline }),
      want: { kind: 'live', picture: 'video' },
    },
  ])('$name', ({ got, want }) => {
    expect(got()).toMatchObject(want)
  })
})

describe('R-LIVE last pictures', () => {
  const still = (): Still => ({ bitmap: { close: vi.fn() } as unknown as ImageBitmap, at: now })

  test('one request for many who ask, again after 15 s, old bitmaps given back', async () => {
    let nowMs = 0
    const made: Still[] = []
    const cache = createStillCache({ nowMs: () => nowMs, fetchStill: async () => (made.push(still()), made.at(-1)!) })
    await Promise.all([cache.get(id('a')), cache.get(id('a'))])
    expect(made).toHaveLength(1)
    nowMs = 15_001
    await cache.get(id('a'))
    expect(made).toHaveLength(2)
    await vi.waitFor(() => expect(made[0]?.bitmap.close).toHaveBeenCalledOnce())
  })

  test('keeps 24 and forgets the one longest unused', async () => {
    const fetchStill = vi.fn(async () => still())
    const cache = createStillCache({ fetchStill })
    for (let each = 0; each < 24; each++) await cache.get(id(`c${each}`))
    await cache.get(id('c0'))
    await cache.get(id('new'))
    expect(cache.size()).toBe(24)
    fetchStill.mockClear()
    await cache.get(id('c0'))
    expect(fetchStill).not.toHaveBeenCalled()
    await cache.get(id('c1'))
    expect(fetchStill).toHaveBeenCalledOnce()
  })

  test('no picture was ever seen: missing, not failed', async () => {
    const cache = createStillCache({ fetchStill: async () => undefined })
    expect(await cache.get(id('a'))).toEqual({ ok: false, problem: 'missing' })
  })

  test.each([
    ['not_found', 404, 'missing'],
    ['forbidden', 403, 'forbidden'],
    ['internal', 500, 'failed'],
  ] as const)('%s is %s: %s', async (code, status, problem) => {
    const cache = createStillCache({ fetchStill: async () => Promise.reject(new ApiError(code, status)) })
    expect(await cache.get(id('a'))).toEqual({ ok: false, problem })
  })

  test('a picture that failed is read once more, and a failure is never kept', async () => {
    const answers = [new Error('cut'), undefined, new Error('cut'), new Error('cut'), still()]
    const fetchStill = vi.fn(async () => {
      const answer = answers.shift()
      if (answer instanceof Error) throw answer
      return answer
    })
    const cache = createStillCache({ fetchStill, nowMs: () => 0 })
    expect(await cache.get(id('a'))).toEqual({ ok: false, problem: 'missing' })
    expect(await cache.get(id('a')), 'an answer is kept').toEqual({ ok: false, problem: 'missing' })
    expect(fetchStill).toHaveBeenCalledTimes(2)
    expect(await cache.get(id('b'))).toEqual({ ok: false, problem: 'failed' })
    expect(await cache.get(id('b'))).toMatchObject({ ok: true })
    expect(fetchStill).toHaveBeenCalledTimes(5)
  })

  test('decodes two at once', async () => {
    let running = 0
    let most = 0
    const cache = createStillCache({
      async fetchStill() {
        most = Math.max(most, ++running)
        await Promise.resolve()
        running--
        return still()
      },
    })
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((each) => cache.get(id(each))))
    expect(most).toBe(2)
  })
})

describe('R-LIVE the pull starts on hover', () => {
  test('after 150 ms of rest, at most once per camera in 10 s, not when the pointer has left', () => {
    vi.useFakeTimers()
    let nowMs = 0
    const sent: string[] = []
    const warm = createWarmer(
      (cameraId) => sent.push(cameraId),
      () => nowMs,
    )
    warm(id('a'))
    vi.advanceTimersByTime(100)
    warm(id('b'))
    vi.advanceTimersByTime(150)
    warm(id('b'))
    vi.advanceTimersByTime(150)
    warm(id('c'))
    warm(null)
    vi.advanceTimersByTime(500)
    expect(sent).toEqual(['b'])
    nowMs = 10_001
    warm(id('b'))
    vi.advanceTimersByTime(150)
    expect(sent).toEqual(['b', 'b'])
    vi.useRealTimers()
  })
})

describe('R-MAP the dock', () => {
  test('nearest cameras: those that look here first', () => {
    const point = (cameraId: string, eastM: number, headingDeg: number, reachM = 80): CameraPoint => ({
      cameraId: id(cameraId),
      name: cameraId,
      initials: '',
      label: '',
      address: '',
      lonLat: [111.66 + eastM / (111_320 * Math.cos((40.75 * Math.PI) / 180)), 40.75],
      headingDeg,
      fovDeg: 80,
      reachM,
      stationId: 's' as StationId,
      scene: 'other',
      link: 'wired',
      hasSound: false,
      hasPtz: false,
      state: online,
    })
    const here = point('here', 0, 0)
    const found = nearestCameras(here, [here, point('away', 20, 90), point('looks', 60, 275), point('short', 60, 270, 50), point('far', 2000, 270)], 3)
    expect(found.map(({ camera, seesHere, distanceM }) => [camera.cameraId, seesHere, Math.round(distanceM)])).toEqual([
      ['looks', true, 60],
      ['away', false, 20],
      ['short', false, 60],
    ])
  })

  test('the strip: cut to its range, what nobody saw is unknown', () => {
    const segments = stripSegments(
      [
        { status: 'offline', cause: 'silent', fromAt: 400, toAt: 600 },
        { status: 'online', cause: null, fromAt: 600, toAt: null },
        { status: 'online', cause: null, fromAt: -500, toAt: 200 },
      ],
      0,
      1000,
    )
    expect(segments.map(({ status, fromAt, toAt }) => [status, fromAt, toAt])).toEqual([
      ['online', 0, 200],
      ['unknown', 200, 400],
      ['offline', 400, 600],
      ['online', 600, 1000],
    ])
    expect(segments.reduce((sum, { widthRate }) => sum + widthRate, 0)).toBeCloseTo(1)
    expect(offlineMs(segments)).toBe(200)
    expect(stripSegments([], 0, 1000)).toMatchObject([{ status: 'unknown', widthRate: 1 }])
  })
})
