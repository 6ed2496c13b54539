/** What the storage page works out: completeness, days held, forecast, painted hours, what a policy needs (R-STORE). */
import { describe, expect, test } from 'vitest'
import { CameraId, StationId } from '../../../../server/contract/ids.ts'
import type { RecordingPolicy } from '../../../../server/contract/recordings.ts'
import type { StorageReply, StoredCamera } from '../../../../server/contract/storage.ts'
import { groupRows, listCameraRows, rateOf, stepOf } from '../../../../web/features/storage/days.ts'
import { forecastOf, heldOf } from '../../../../web/features/storage/held.ts'
import { missingOf } from '../../../../web/features/storage/missing.ts'
import { needOf } from '../../../../web/features/storage/policy-need.ts'
import { parseStorageView, serializeStorageView } from '../../../../web/features/storage/query.ts'
import { unplannedOf } from '../../../../web/features/storage/unplanned.ts'
import { hourState, minutesOf, paint, paintBox, presetHours } from '../../../../web/features/storage/week-hours.ts'
import { cameraPoint } from '../cameras/points.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const GB = 1e9
const nowAt = 1_795_000_000_000
const id = (text: string) => CameraId.parse(text)

function storedCamera(cameraId: string, more: Partial<StoredCamera> = {}): StoredCamera {
  const usual = {
    mode: 'continuous' as const,
    keepDays: 15,
    sinceAt: nowAt - 80 * DAY,
    dueFromAt: nowAt - 15 * DAY,
    oldestAt: nowAt - 15 * DAY,
    newestAt: nowAt,
    bytes: 300 * GB,
    dayBytes: 20 * GB,
  }
  return { cameraId: id(cameraId), ...usual, ...more }
}
function storageReply(cameras: StoredCamera[], more: Partial<StorageReply> = {}): StorageReply {
  const sum = (of: (camera: StoredCamera) => number) => cameras.reduce((total, camera) => total + of(camera), 0)
  const [recordedBytes, dayBytes] = [sum(({ bytes }) => bytes), sum((camera) => camera.dayBytes)]
  return {
    at: nowAt,
    disks: [],
    quotaBytes: null,
    recordedBytes,
    lockedBytes: 0,
    roomBytes: 1_000 * GB,
    dayBytes,
    fullAt: null,
    holdsDays: 30,
    cameras,
    ...more,
  }
}

describe('R-STORE-1 days held against the policy', () => {
  test.each([
    { name: 'as many as asked', more: {}, expected: 'enough' },
    { name: 'fewer, though it has recorded for long', more: { oldestAt: nowAt - 12.4 * DAY }, expected: 'short' },
    {
      name: 'fewer, since it began three days ago',
      more: { sinceAt: nowAt - 3 * DAY, dueFromAt: nowAt - 3 * DAY, oldestAt: nowAt - 3 * DAY + 60_000 },
      expected: 'filling',
    },
    {
      name: 'began three days ago and kept only one of them',
      more: { sinceAt: nowAt - 3 * DAY, dueFromAt: nowAt - 3 * DAY, oldestAt: nowAt - DAY },
      expected: 'short',
    },
    { name: 'nothing stored although it is to be', more: { oldestAt: null }, expected: 'short' },
    { name: 'fewer, but before that there was no hour to record', more: { dueFromAt: nowAt - 13 * DAY, oldestAt: nowAt - 13 * DAY }, expected: 'enough' },
    { name: 'nothing yet, its first hour is still to come', more: { sinceAt: nowAt - DAY, dueFromAt: null, oldestAt: null }, expected: 'filling' },
    { name: 'not to be recorded', more: { mode: 'off' as const, sinceAt: null }, expected: 'off' },
  ])('$name: $expected', ({ more, expected }) => expect(heldOf(storedCamera('a', more), nowAt).state).toBe(expected))

  test.each([
    { name: 'media is away', more: { roomBytes: null, holdsDays: null }, expected: { kind: 'unknown' } },
    { name: 'nothing is written', more: { dayBytes: 0, holdsDays: null }, expected: { kind: 'idle' } },
    { name: 'room for all', more: {}, expected: { kind: 'enough', keepDays: [15, 30] } },
    {
      name: 'room ends in ten days',
      more: { fullAt: nowAt + 10 * DAY, holdsDays: 12.4 },
      expected: { kind: 'full', at: nowAt + 10 * DAY, isNow: false, holdsDays: 12.4 },
    },
    { name: 'room has ended', more: { fullAt: nowAt, holdsDays: 9 }, expected: { kind: 'full', at: nowAt, isNow: true, holdsDays: 9 } },
  ])('forecast: $name', ({ more, expected }) =>
    expect(forecastOf(storageReply([storedCamera('a'), storedCamera('b', { keepDays: 30 })], more))).toEqual(expected),
  )
})

describe('R-STORE completeness', () => {
  const days = [0, 1].map((i) => ({ fromAt: nowAt + (i - 2) * DAY, toAt: nowAt + (i - 1) * DAY }))
  const points = new Map(
    [
      ['a', 's1'],
      ['b', 's1'],
      ['c', 's2'],
      ['d', 's2'],
    ].map(([name, stationId]) => [id(name!), cameraPoint({ id: name!, stationId: stationId! })]),
  )
  const reply = {
    days,
    cameras: [
      { cameraId: id('a'), plannedMs: [DAY, DAY], recordedMs: [DAY, DAY] },
      { cameraId: id('b'), plannedMs: [DAY, DAY], recordedMs: [DAY / 2, DAY] },
      { cameraId: id('c'), plannedMs: [0, DAY], recordedMs: [HOUR, DAY * 0.99] },
    ],
  }
  const stored = new Map(
    [storedCamera('a'), storedCamera('b', { oldestAt: nowAt - DAY }), storedCamera('c'), storedCamera('d', { mode: 'off', bytes: 0 })].map((each) => [
      each.cameraId,
      each,
    ]),
  )
  const list = (wanted: Partial<Parameters<typeof listCameraRows>[3]> = {}) =>
    listCameraRows(reply, stored, points, { stationIds: [], text: '', lack: null, ...wanted }, nowAt)

  test('a share of what was planned; without a plan there is none', () => {
    expect([1, 0.995, 0.98, 0.95, 0.5].map(stepOf)).toEqual(['full', 'full', 'good', 'low', 'bad'])
    expect(stepOf(rateOf({ plannedMs: 0, recordedMs: HOUR }))).toBe('none')
  })
  test('rows for all, for each station, for each camera that has anything to say', () => {
    const rows = groupRows(list(), [station('s1'), station('s2')], new Set([StationId.parse('s2')]))
    expect(rows.map(({ key }) => key)).toEqual(['*', 'station s1', 'a', 'b', 'station s2'])
    expect(rows.map(({ cells }) => cells.map(rateOf))).toEqual([
      [0.75, 2.99 / 3],
      [0.75, 1],
      [1, 1],
      [0.5, 1],
      [null, 0.99],
    ])
    expect(rows[0]).toMatchObject({ cameras: 3, short: 1 })
  })
  test.each([
    { wanted: { stationIds: [StationId.parse('s2')] }, expected: ['c'] },
    { wanted: { text: 'dw-b' }, expected: ['b'] },
    { wanted: { lack: 'short' as const }, expected: ['b'] },
    { wanted: { lack: 'gaps' as const }, expected: ['b'] },
  ])('wanted $wanted', ({ wanted, expected }) => expect(list(wanted).map(({ key }) => key)).toEqual(expected))

  test('each missing stretch with its reason; what was not planned is not missing', () => {
    const gap = (from: number, to: number, reason: 'network' | 'disk' | 'not_scheduled') => ({ fromAt: from * HOUR, toAt: to * HOUR, reason, cause: null })
    const day = missingOf({
      recorded: [
        { fromAt: 0, toAt: 2 * HOUR },
        { fromAt: 7 * HOUR, toAt: 8 * HOUR },
      ],
      gaps: [gap(2, 3, 'network'), gap(3, 5, 'not_scheduled'), gap(5, 5.5, 'disk'), gap(5.5, 7, 'network')],
    })
    expect(day).toMatchObject({ missingMs: 3 * HOUR, plannedMs: 6 * HOUR })
    expect(day.reasons).toEqual([
      { reason: 'network', count: 2, ms: 2.5 * HOUR },
      { reason: 'disk', count: 1, ms: 0.5 * HOUR },
    ])
    expect(day.stretches.map(({ kind }) => kind)).toEqual(['recorded', 'missing', 'unplanned', 'missing', 'missing', 'recorded'])
  })
})

describe('R-STORE policies', () => {
  test('hours are painted and wiped; what touches is joined', () => {
    const monday = paintBox([], { day: 0, hour: 8 }, { day: 0, hour: 9 }, true)
    expect(monday).toEqual([{ fromMinute: 480, toMinute: 600 }])
    expect(paint(monday, { fromMinute: 600, toMinute: 660 }, true)).toEqual([{ fromMinute: 480, toMinute: 660 }])
    expect(paint(monday, { fromMinute: 500, toMinute: 520 }, false)).toEqual([
      { fromMinute: 480, toMinute: 500 },
      { fromMinute: 520, toMinute: 600 },
    ])
    expect(paintBox(monday, { day: 0, hour: 23 }, { day: 0, hour: 0 }, false)).toEqual([])
    // midnight is no border
    expect(paintBox(paintBox([], { day: 0, hour: 23 }, { day: 0, hour: 23 }, true), { day: 1, hour: 0 }, { day: 1, hour: 0 }, true)).toHaveLength(1)
  })
  test('an hour that is recorded in part says so and keeps its minutes until it is painted', () => {
    const half = [{ fromMinute: 510, toMinute: 600 }]
    expect([8, 9, 10].map((hour) => hourState(half, { day: 0, hour }))).toEqual(['part', 'on', 'off'])
    expect(paintBox(half, { day: 0, hour: 12 }, { day: 0, hour: 12 }, true)[0]).toEqual(half[0])
  })
  test.each([
    { preset: 'always' as const, hours: 168, ranges: 1 },
    { preset: 'work' as const, hours: 50, ranges: 5 },
    { preset: 'night' as const, hours: 70, ranges: 8 },
  ])('$preset: $hours h a week', ({ preset, hours, ranges }) => {
    expect(minutesOf(presetHours(preset)) / 60).toBe(hours)
    expect(presetHours(preset)).toHaveLength(ranges)
  })

  const policy = (cameraId: string, more: Partial<RecordingPolicy> = {}): [CameraId, RecordingPolicy] => [
    id(cameraId),
    { cameraId: id(cameraId), mode: 'continuous', schedule: [], profile: 'main', keepDays: 15, ...more },
  ]
  const continuous = { mode: 'continuous' as const, schedule: [], profile: 'main' as const, keepDays: 15 }

  test('a new camera takes what its like take; what must be kept is held against the room', () => {
    const storage = storageReply([storedCamera('a', { dayBytes: 20 * GB }), storedCamera('b', { dayBytes: 30 * GB })], { lockedBytes: 50 * GB })
    const need = needOf(continuous, new Set([id('c')]), new Map([policy('a'), policy('b')]), storage)
    expect(need).toEqual({ dayBytes: 75 * GB, moreDayBytes: 25 * GB, keptBytes: 75 * GB * 15 + 50 * GB, roomBytes: 1_600 * GB, holdsDays: 1_600 / 75 })
  })
  test('fewer hours take less, more days take more room', () => {
    const storage = storageReply([storedCamera('a', { dayBytes: 24 * GB })])
    const half = { ...continuous, mode: 'scheduled' as const, schedule: [{ fromMinute: 0, toMinute: 5_040 }], keepDays: 30 }
    expect(needOf(half, new Set([id('a')]), new Map([policy('a')]), storage)).toMatchObject({ dayBytes: 12 * GB, moreDayBytes: -12 * GB, keptBytes: 360 * GB })
    expect(needOf({ ...half, mode: 'off' }, new Set([id('a')]), new Map([policy('a')]), storage)).toMatchObject({ dayBytes: 0, keptBytes: 0, holdsDays: null })
  })
  test('nothing like it was ever recorded, or media is away: that is said, not guessed', () => {
    const storage = storageReply([storedCamera('a')], { roomBytes: null })
    expect(needOf({ ...continuous, profile: 'sub' }, new Set([id('b')]), new Map([policy('a')]), storage)).toMatchObject({
      dayBytes: null,
      moreDayBytes: null,
      roomBytes: null,
    })
  })
})

describe('the address is the view', () => {
  test('there and back', () => {
    const view = { part: 'days', days: '31', stationIds: [StationId.parse('s1')], text: '澄桥', lack: 'short', cameraId: id('a'), dayAt: nowAt } as const
    expect(parseStorageView(serializeStorageView(view) as never)).toEqual(view)
  })
  test('a mistyped address still opens', () => {
    expect(parseStorageView({ part: 'x', days: '9', lack: 'y', camera: 'a', day: 'z' })).toEqual({
      part: 'overview',
      days: '15',
      stationIds: [],
      text: '',
      lack: null,
      cameraId: null,
      dayAt: null,
    })
  })
})

function station(text: string) {
  return { stationId: StationId.parse(text), name: text, shortName: text, jurisdiction: null, labelLonLat: [111.66, 40.75] as [number, number] }
}

describe('R-STORE-1 wired cameras without a plan', () => {
  test('never set and set to off count, those set to off by themselves too; wireless ones and those out of service do not', () => {
    const points = [
      cameraPoint({ id: 'never' }),
      cameraPoint({ id: 'off' }),
      cameraPoint({ id: 'hours' }),
      cameraPoint({ id: 'always' }),
      cameraPoint({ id: 'wireless', link: 'wireless' }),
      cameraPoint({ id: 'away', status: 'suspended' }),
      cameraPoint({ id: 'down', status: 'offline' }),
    ]
    const modes = new Map([
      [id('off'), 'off' as const],
      [id('hours'), 'scheduled' as const],
      [id('always'), 'continuous' as const],
    ])
    expect(unplannedOf(points, (cameraId) => modes.get(cameraId))).toEqual({ cameraIds: ['never', 'off', 'down'], off: 1 })
  })
})
