/** What the map's tools are made of, without a map: coordinates, the past, spreadsheets, places (R-MAP-5 to 8). */
import { beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { StationId } from '../../../../server/contract/ids.ts'
import { MAP_PAST_MS } from '../../../../server/contract/status.ts'
import { toFieldMoment, parseFieldMoment } from '../../../../web/base/calendar.ts'
import { formatArea, formatLength } from '../../../../web/base/format.ts'
import { installMessages, useI18n } from '../../../../web/base/i18n.ts'
import { metresBetween } from '../../../../web/engines/map/index.ts'
import { coordinateSystems, formatCoordinates, fromSystem, toSystem } from '../../../../web/features/map/coordinates.ts'
import { fileStamp } from '../../../../web/features/map/file-stamp.ts'
import { pointsAt, refusalOf } from '../../../../web/features/map/map-past.ts'
import { rateRange } from '../../../../web/features/map/online-rates.ts'
import { rounded } from '../../../../web/features/map/place-editing.ts'
import { downloadOf, playbackOf, wallOf } from '../../../../web/features/map/selection-targets.ts'
import { spreadsheetRows } from '../../../../web/features/map/spreadsheet.ts'
import { offlineArea, windowAround } from '../../../../web/features/map/time-window.ts'
import { messages } from '../../../../web/messages.ts'
import { cameraPoint } from '../cameras/points.ts'

const now = new Date(2026, 10, 25, 8, 14).getTime()
const day = 86_400_000
const counts = (offline: number) => ({ online: 0, degraded: 0, offline, unknown: 0, suspended: 0 })

beforeAll(() => {
  installMessages(messages)
  useI18n().setLocale('zh')
})

describe('R-MAP-7 coordinates in the system somebody works with', () => {
  const place = fc
    .tuple(fc.double({ min: 75, max: 134, noNaN: true }), fc.double({ min: 19, max: 52, noNaN: true }))
    .map(([lon, lat]): [number, number] => [lon, lat])

  test.each(coordinateSystems)('%s: there and back is the same place to 0.5 m', (system) => {
    fc.assert(
      fc.property(place, (lonLat) => {
        expect(metresBetween(fromSystem(toSystem(lonLat, system), system)!, lonLat)).toBeLessThan(0.5)
      }),
    )
  })

  test.each([
    // golden pairs: a corner of the demo district
    ['wgs84', '111.660000, 40.750000'],
    ['cgcs2000', '111.660000, 40.750000'],
    ['mercator', '12429934.3, 4975536.4'],
  ] as const)('%s reads %s', (system, text) => expect(formatCoordinates([111.66, 40.75], system)).toBe(text))

  test('the shifted systems are hundreds of metres away, in different directions', () => {
    const gcj = toSystem([111.66, 40.75], 'gcj02')
    const bd = toSystem([111.66, 40.75], 'bd09')
    expect(metresBetween(gcj, [111.66, 40.75])).toBeGreaterThan(300)
    expect(metresBetween(bd, gcj)).toBeGreaterThan(300)
  })

  test.each([
    ['wgs84', [181, 40]],
    ['wgs84', [111, 91]],
    ['mercator', [3e7, 0]],
    ['gcj02', [Number.NaN, 40]],
  ] as const)('what is no place in %s is none: %s', (system, pair) => expect(fromSystem(pair as [number, number], system)).toBeNull())
})

describe('R-MAP-1 the map at an earlier moment', () => {
  test('shows the states of then; a camera nobody knew is unknown, never green', () => {
    const points = [cameraPoint({ id: 'a' }), cameraPoint({ id: 'b', status: 'offline' }), cameraPoint({ id: 'new' })]
    const state = { status: 'offline', cause: 'silent', sinceAt: now - day } as const
    const then = pointsAt(points, now, {
      at: now,
      states: [
        { cameraId: points[0]!.cameraId, ...state },
        { cameraId: points[1]!.cameraId, status: 'online', cause: null, sinceAt: 5 },
      ],
    })
    expect(then.map(({ state: { status } }) => status)).toEqual(['offline', 'online', 'unknown'])
    expect(then[0]!.state).toMatchObject(state)
    expect(then[1]!.name).toBe(points[1]!.name)
  })

  test('before anything is read nothing of now is shown', () => {
    expect(pointsAt([cameraPoint({ id: 'a' })], now, null)[0]!.state.status).toBe('unknown')
  })

  test.each([
    ['now', now, null],
    ['the oldest kept', now - MAP_PAST_MS, null],
    ['a moment too old', now - MAP_PAST_MS - 1, 'tooOld'],
    ['a moment to come', now + 1, 'inFuture'],
  ] as const)('%s', (_what, at, refusal) => expect(refusalOf(at, now, true)).toBe(refusal))
  test('without the right to see history there is none', () => expect(refusalOf(now - day, now, false)).toBe('noRight'))

  test('the window of the slider holds the moment and nothing that is not kept', () => {
    fc.assert(
      fc.property(fc.integer({ min: now - MAP_PAST_MS, max: now }), fc.constantFrom('day', 'week', 'month' as const), (at, span) => {
        const { fromAt, toAt } = windowAround(at, span, now)
        expect(fromAt).toBeGreaterThanOrEqual(now - MAP_PAST_MS)
        expect(toAt).toBeLessThanOrEqual(now)
        expect(fromAt <= at && at <= toAt).toBe(true)
      }),
    )
  })

  test('what was offline is an area in steps, the most at the top', () => {
    const window = { fromAt: 0, toAt: 100 }
    expect(
      offlineArea(
        [0, 50].map((fromAt) => ({ fromAt, counts: counts(fromAt === 0 ? 2 : 8) })),
        window,
      ),
    ).toEqual({
      path: 'M0.00000,1L0.00000,0.7500L0.50000,0.7500L0.50000,0.0000L1.00000,0.0000L1,1Z',
      most: 8,
    })
    expect(offlineArea([{ fromAt: 0, counts: counts(0) }], window)).toEqual({ path: '', most: 0 })
    expect(offlineArea([], window)).toEqual({ path: '', most: 0 })
  })

  test('online rates: today begins at midnight, the others whole days back', () => {
    expect(rateRange('today', now)).toEqual({ fromAt: new Date(2026, 10, 25).getTime(), toAt: now })
    expect(rateRange('month', now)).toEqual({ fromAt: now - 30 * day, toAt: now })
  })
})

describe('R-MAP-5 where a selection goes', () => {
  const ids = Array.from({ length: 12 }, (_, i) => cameraPoint({ id: `c${i}` }).cameraId)

  test('all to the wall, nine to playback and to a clip', () => {
    expect(wallOf(ids)).toEqual({ path: '/wall', query: { cameras: ids.join(',') } })
    expect(playbackOf(ids, now)).toEqual({ name: 'playback', query: { cameras: ids.slice(0, 9).join(','), at: String(now) } })
    expect(downloadOf(ids, { fromAt: now - 600_000, toAt: now })).toEqual({
      name: 'playback',
      query: { cameras: ids.slice(0, 9).join(','), at: String(now - 600_000), from: String(now - 600_000), to: String(now) },
    })
  })

  const stations = new Map([
    [
      StationId.parse('s1'),
      { stationId: StationId.parse('s1'), name: '青岚派出所', shortName: '青岚所', jurisdiction: null, labelLonLat: [0, 0] as [number, number] },
    ],
  ])

  test('the spreadsheet has one row per camera in the order of the list; numbers are numbers, texts are texts', () => {
    const [head, row] = spreadsheetRows(
      [cameraPoint({ id: 'a', name: '澄桥路口-03', status: 'offline', cause: 'silent', sinceAt: now, headingDeg: 224.6 })],
      stations,
    )
    expect(head!.map((cell) => cell?.value)).toEqual([
      '序号',
      '编号',
      '国标编码',
      '名称',
      '派出所',
      '地址',
      '经度 WGS-84',
      '纬度 WGS-84',
      '朝向 °',
      '状态',
      '原因',
      '自',
    ])
    expect(row!.map((cell) => cell?.value)).toEqual([
      1,
      'C-a',
      'a',
      '澄桥路口-03',
      '青岚派出所',
      '澄桥路',
      111.66,
      40.75,
      225,
      '离线',
      '连得上，无视频流',
      '2026-11-25 08:14:00',
    ])
  })

  test.each(['=HYPERLINK("http://x")', '+1', '-1', '@SUM(A1)', '\tx'])('a name %j stays a text and never becomes a formula', (name) => {
    const cells = spreadsheetRows([cameraPoint({ id: 'a', name, address: name })], stations)[1]!
    expect(cells.filter((cell) => cell?.value === name)).toEqual([
      { value: name, type: String, format: '@' },
      { value: name, type: String, format: '@' },
    ])
  })

  test('a real file holds no formula', async () => {
    const { default: write } = await import('write-excel-file/node')
    const file = await write(spreadsheetRows([cameraPoint({ id: 'a', name: '=1+1' })], stations)).toBuffer()
    const { unzipSync, strFromU8 } = await import('fflate')
    const parts = Object.entries(unzipSync(new Uint8Array(file))).map(([name, bytes]) => ({ name, text: strFromU8(bytes) }))
    expect(parts.find(({ name }) => name.endsWith('sheet1.xml'))!.text).not.toContain('<f>')
    expect(parts.some(({ text }) => text.includes('=1+1'))).toBe(true)
  })
})

describe('R-MAP-8 a place as it is sent', () => {
  test('directions in tenths of a degree within the circle, metres whole, places to a centimetre', () => {
    expect(rounded({ lonLat: [111.123456789, 40.987654321], headingDeg: 359.99, fovDeg: 60.04, reachM: 40.6 })).toEqual({
      lonLat: [111.1234568, 40.9876543],
      headingDeg: 0,
      fovDeg: 60,
      reachM: 41,
    })
  })
})

describe('lengths, areas and times as they are read', () => {
  test.each([
    [0, '0.0 m'],
    [38.42, '38.4 m'],
    [1_438.2, '1.438 km'],
    [123_456, '123.5 km'],
  ])('%d m is %s', (metres, text) => expect(formatLength(metres)).toBe(text))
  test.each([
    [0, '0 m²'],
    [5_210.4, '5,210 m²'],
    [1_438_200, '1.438 km²'],
  ])('%d m² is %s', (metres, text) => expect(formatArea(metres)).toBe(text))
  test('a field of a form keeps a moment to the second', () => {
    expect(toFieldMoment(now)).toBe('2026-11-25T08:14:00')
    expect(parseFieldMoment('2026-11-25T08:14')).toBe(now)
    expect(parseFieldMoment(toFieldMoment(now + 7_000))).toBe(now + 7_000)
    expect(parseFieldMoment('')).toBeNull()
    expect(parseFieldMoment('2026-13-45T99:99')).toBeNull()
  })
  test('a file says when it was made', () => expect(fileStamp(now)).toBe('20261125-081400'))
})
