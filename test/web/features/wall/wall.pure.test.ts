// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest'
import { CameraId } from '../../../../server/contract/ids.ts'
import { MAX_WALL_TILES, wallShapes, WallShape } from '../../../../server/contract/walls.ts'
import { patrolWords } from '../../../../server/features/walls/patrol-words.ts'
import { drawTile, emptyCells, isLargePlace, removeTile, resizeTile, splitTile, tileBeside, withGrid } from '../../../../web/features/wall/geometry.ts'
import { type PictureReport, shouldRenew, wallHealth } from '../../../../web/features/wall/health.ts'
import { sumPatrol } from '../../../../web/features/wall/patrol-sums.ts'
import { type Picture, reconcile, type WantedPicture } from '../../../../web/features/wall/pictures.ts'
import { draftOf, groupsOf, type RotationDraft, toSave, withAdded, withKind } from '../../../../web/features/wall/rotation-draft.ts'
import { listTree } from '../../../../web/features/wall/tree.ts'
import { createDigits } from '../../../../web/features/wall/wall-keys.ts'
import { parseWallQuery } from '../../../../web/features/wall/wall-query.ts'
import { messages } from '../../../../web/messages.ts'
import { cameraPoint } from '../cameras/points.ts'

const id = (text: string) => CameraId.parse(text)
const at = (column: number, row: number, columns = 1, rows = 1) => ({ column, row, columns, rows })

describe('R-WALL-1 pictures keep their player', () => {
  let lastKey = 0
  const run = (before: readonly Picture[], wanted: WantedPicture[]) => reconcile(before, wanted, () => ++lastKey)
  const shown = (...texts: (string | null)[]) => texts.flatMap((text, tile) => (text === null ? [] : [{ cameraId: id(text), tile, isNext: false }]))
  const keyOf = (pictures: readonly Picture[], text: string, isNext = false) => pictures.find((each) => each.cameraId === text && each.isNext === isNext)?.key

  test('a swap changes places and no key, and the order in the page stays', () => {
    const before = run([], shown('a', 'b', 'c'))
    const after = run(before, shown('b', 'a', 'c'))
    expect(after.map(({ key, cameraId, tile }) => [key, cameraId, tile])).toEqual([
      [before[0]!.key, 'a', 1],
      [before[1]!.key, 'b', 0],
      [before[2]!.key, 'c', 2],
    ])
    expect(after[2]).toBe(before[2])
  })

  test('what a rotation has prepared is what is shown at the switch', () => {
    const before = run([], [...shown('a', 'b'), { cameraId: id('x'), tile: 0, isNext: true }])
    const after = run(before, shown('x', 'b'))
    expect(keyOf(after, 'x')).toBe(keyOf(before, 'x', true))
    expect(after).toHaveLength(2)
  })

  test('a camera that is shown twice has two pictures, and each stays in its tile', () => {
    const before = run([], shown('a', 'a'))
    const after = run(before, shown('a', 'a', 'b'))
    expect(new Set(after.map(({ key }) => key)).size).toBe(3)
    expect(after.slice(0, 2)).toEqual(before)
  })
})

describe('R-WALL-1 free layouts', () => {
  const four = wallShapes[4]

  test('a tile drawn over others merges them and keeps the number of the first', () => {
    const { shape, from } = drawTile(four, at(0, 0, 2, 1))
    expect(shape.places).toEqual([at(0, 0, 2, 1), at(0, 1), at(1, 1)])
    expect(from).toEqual([0, 2, 3])
  })

  test('a tile it cuts keeps the larger rest; drawn on empty cells it is a new one', () => {
    const large: WallShape = { columns: 4, rows: 4, places: [at(0, 0, 4, 3)] }
    expect(drawTile(large, at(3, 0, 1, 4))).toEqual({ shape: { ...large, places: [at(0, 0, 3, 3), at(3, 0, 1, 4)] }, from: [0, null] })
    expect(drawTile(large, at(0, 3)).from).toEqual([0, null])
    expect(emptyCells(large)).toHaveLength(4)
  })

  test('a pulled corner takes cells of its neighbours or gives its own back', () => {
    const grown = resizeTile(four, 0, at(0, 0, 2, 2))
    expect(grown).toEqual({ shape: { ...four, places: [at(0, 0, 2, 2)] }, from: [0] })
    const shrunk = resizeTile(grown.shape, 0, at(0, 0))
    expect(emptyCells(shrunk.shape)).toHaveLength(3)
  })

  test('a tile is split into cells, taken away, and the grid made smaller', () => {
    const one: WallShape = { columns: 2, rows: 2, places: [at(0, 0, 2, 2)] }
    expect(splitTile(one, 0)).toEqual({ shape: { ...one, places: [at(0, 0), at(1, 0), at(0, 1), at(1, 1)] }, from: [0, null, null, null] })
    expect(removeTile(four, 1).places).toHaveLength(3)
    expect(removeTile(one, 0)).toBe(one)
    expect(withGrid(four, 1, 2).places).toEqual([at(0, 0), at(0, 1)])
  })

  test('never more tiles than the server takes', () => {
    const large: WallShape = { columns: 10, rows: 10, places: [at(0, 0, 10, 10)] }
    expect(splitTile(large, 0).shape).toBe(large)
    let shape: WallShape = { columns: 24, rows: 24, places: [at(0, 0)] }
    for (let i = 1; i < 60; i++) shape = drawTile(shape, at(i % 24, Math.floor(i / 24))).shape
    expect(shape.places).toHaveLength(MAX_WALL_TILES)
  })

  test.each([wallShapes[6], wallShapes[9], wallShapes[25]])('whatever is drawn is a shape the server takes', (start) => {
    let shape: WallShape = start
    let seed = 7
    const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below
    for (let i = 0; i < 60; i++) {
      const [column, row] = [random(shape.columns), random(shape.rows)]
      const place = at(column, row, 1 + random(shape.columns - column), 1 + random(shape.rows - row))
      shape = i % 3 === 0 ? resizeTile(shape, random(shape.places.length), place).shape : i % 7 === 0 ? splitTile(shape, 0).shape : drawTile(shape, place).shape
      expect(WallShape.safeParse(shape).success).toBe(true)
    }
  })

  test('arrows go to the tile beside, also between tiles of different size', () => {
    expect(tileBeside(wallShapes[9], 4, 'up')).toBe(1)
    expect(tileBeside(wallShapes[9], 2, 'right')).toBe(2)
    expect(tileBeside(wallShapes[6], 0, 'right')).toBe(1)
    expect(tileBeside(wallShapes[6], 5, 'up')).toBe(2)
  })

  test('a tile over more than half of the wall is worth the main stream', () => {
    expect([0, 1].map((tile) => isLargePlace(wallShapes[6], tile))).toEqual([true, false])
    expect(isLargePlace(wallShapes[1], 0)).toBe(true)
    expect(isLargePlace(wallShapes[4], 0)).toBe(false)
  })
})

describe('R-WALL-3 one line of health', () => {
  const report = (rest: Partial<PictureReport>): PictureReport => ({ kind: 'live', ageMs: 400, hasPicture: true, cause: null, ...rest })

  test('counts those that play and names the oldest picture', () => {
    const reports = [report({}), report({ ageMs: 900 }), report({ kind: 'stalled', ageMs: 14_000 }), report({ kind: 'offline', ageMs: null })]
    expect(wallHealth(reports)).toEqual({ shown: 4, well: 2, oldestMs: 14_000 })
    expect(wallHealth([])).toEqual({ shown: 0, well: 0, oldestMs: null })
  })

  const stuck = { report: report({ kind: 'opening', ageMs: null }), status: 'online' as const, notLiveSinceMs: 0, renewedAtMs: null, renewals: 0 }
  test.each([
    ['a minute without a picture of a camera that is online', stuck, 61_000, true],
    ['half a minute', stuck, 30_000, false],
    ['the camera is offline', { ...stuck, status: 'offline' as const }, 600_000, false],
    ['the server says why', { ...stuck, report: report({ kind: 'opening', cause: 'silent' }) }, 600_000, false],
    ['this computer is full', { ...stuck, report: report({ kind: 'limit' }) }, 600_000, false],
    ['it plays', { ...stuck, notLiveSinceMs: null }, 600_000, false],
    ['it began anew a minute and a half ago', { ...stuck, renewedAtMs: 60_000, renewals: 1 }, 150_000, false],
    ['and again after two', { ...stuck, renewedAtMs: 60_000, renewals: 1 }, 181_000, true],
  ])('a picture begins anew by itself: %s', (_, input, nowMs, isRenewed) => expect(shouldRenew({ ...input, nowMs })).toBe(isRenewed))
})

describe('R-WALL-1 the tree', () => {
  const points = [
    cameraPoint({ id: 'a2', name: '澄桥路-10', stationId: 's1' }),
    cameraPoint({ id: 'a1', name: '澄桥路-2', stationId: 's1' }),
    cameraPoint({ id: 'b1', name: '望川路-1', stationId: 's2', status: 'offline' }),
  ]
  const stations = new Map(['s2', 's1'].map((stationId) => [stationId, { stationId, shortName: `${stationId}所` }] as const)) as never
  const list = (text: string, open: string[] = []) => listTree({ points, stations, text, openIds: new Set(open) as never, shown: [null, id('a2')] })

  test('stations in the order of the server with their counts, cameras in the order people expect', () => {
    expect(
      list('', ['s1']).map((row) => (row.kind === 'station' ? `${row.name} ${row.well}/${row.all} ◆${row.offline}` : `${row.point.name} ${row.tile}`)),
    ).toEqual(['s2所 0/1 ◆1', 's1所 2/2 ◆0', '澄桥路-2 null', '澄桥路-10 1'])
  })

  test('a search looks into all of them', () => {
    expect(list('路-1').map((row) => row.kind === 'camera' && row.point.name)).toEqual(['澄桥路-10', '望川路-1'])
    expect(list('没有')).toEqual([])
  })
})

describe('R-WALL-1 keys and address', () => {
  test('two digits within a moment are one number; without such a tile the second stands alone', () => {
    let nowMs = 0
    const press = createDigits(
      () => 16,
      () => nowMs,
    )
    expect(press(1)).toBe(0)
    expect(press(2)).toBe(11)
    expect(press(3)).toBe(2)
    expect(press(5)).toBe(4)
    nowMs += 1_000
    expect(press(1)).toBe(0)
    nowMs += 1_000
    expect(press(6)).toBe(5)
    expect(press(0)).toBeUndefined()
    expect(createDigits(() => 4)(7)).toBeUndefined()
  })

  test.each([
    ['', { wall: 1, isWindow: false, cameraIds: [] }],
    ['cameras=a,b,a,%20', { wall: 1, isWindow: false, cameraIds: ['a', 'b'] }],
    ['window=2', { wall: 2, isWindow: true, cameraIds: [] }],
    ['window=99', { wall: 1, isWindow: true, cameraIds: [] }],
  ])('/wall?%s', (text, wanted) => expect(parseWallQuery(Object.fromEntries(new URLSearchParams(text)))).toEqual(wanted))
})

describe('R-WALL-2 making a rotation', () => {
  const cameras = (count: number, prefix = 'c') => Array.from({ length: count }, (_, i) => id(`${prefix}${i}`))

  test('stations become groups of as many as the wall has tiles', () => {
    const groups = groupsOf(
      [
        { name: '青岚所', cameraIds: cameras(20) },
        { name: '望川所', cameraIds: cameras(3, 'w') },
        { name: '空', cameraIds: [] },
      ],
      16,
    )
    expect(groups.map(({ name, cameraIds }) => [name, cameraIds.length])).toEqual([
      ['青岚所 1', 16],
      ['青岚所 2', 4],
      ['望川所', 3],
    ])
  })

  test('a group holds what a wall can show, each camera once; what does not fit begins the next ones', () => {
    const begun: RotationDraft = { ...draftOf(null), kind: 'groups' }
    const { draft, group } = withAdded(begun, 0, [...cameras(2 * MAX_WALL_TILES + 5), id('c0')], '青岚所')
    expect(draft.groups.map(({ name, cameraIds }) => [name, cameraIds.length])).toEqual([
      ['青岚所', MAX_WALL_TILES],
      ['青岚所 2', MAX_WALL_TILES],
      ['青岚所 3', 5],
    ])
    expect(draft.groups.flatMap(({ cameraIds }) => cameraIds)).toEqual(cameras(2 * MAX_WALL_TILES + 5))
    // the next click goes on where the last camera went
    expect(group).toBe(2)
    expect(withAdded(draft, group, cameras(1, 'x'), '').draft.groups[2]!.cameraIds).toHaveLength(6)
    const again = withAdded(draft, 0, cameras(2, 'y'), '')
    expect([again.group, again.draft.groups[1]]).toEqual([1, { name: '青岚所 4', cameraIds: cameras(2, 'y') }])
  })

  test('nothing is cut in silence: more than a rotation holds is named with its number', () => {
    const named: RotationDraft = { ...draftOf(null), name: '夜间巡查' }
    const list = withAdded(named, 0, cameras(520), '').draft
    expect(toSave(list)).toEqual({ ok: false, problem: { kind: 'tooManyCameras', count: 520, most: 500 } })
    const groups = (count: number) => cameras(count).map((cameraId, i) => ({ name: `${i}`, cameraIds: [cameraId] }))
    expect(toSave({ ...named, kind: 'groups', groups: groups(468) })).toMatchObject({ ok: true })
    expect(toSave({ ...named, kind: 'groups', groups: groups(501) })).toEqual({ ok: false, problem: { kind: 'tooManyGroups', count: 501, most: 500 } })
    expect(toSave({ ...named, kind: 'groups', groups: [{ name: '一组', cameraIds: cameras(40) }] })).toEqual({
      ok: false,
      problem: { kind: 'tooLargeGroup', name: '一组', count: 40, most: MAX_WALL_TILES },
    })
    expect(toSave({ ...named, kind: 'layouts', layoutIds: cameras(51) })).toMatchObject({ problem: { kind: 'tooManyLayouts', count: 51, most: 50 } })
  })

  test('groups that become a list are one after the other', () => {
    const draft = {
      ...draftOf(null),
      groups: groupsOf(
        [
          { name: 'a', cameraIds: cameras(3) },
          { name: 'b', cameraIds: cameras(4) },
        ],
        9,
      ),
    }
    expect(withKind(draft, 'cameras', 'x').groups).toEqual([{ name: 'a', cameraIds: cameras(4) }])
  })

  test.each([
    ['name', { name: ' ' }],
    ['dwell', { dwellS: 1 }],
    ['dwell', { dwellS: Number.NaN }],
    ['cameras', {}],
    ['groups', { kind: 'groups' as const, groups: [{ name: '', cameraIds: cameras(1) }] }],
    ['layouts', { kind: 'layouts' as const }],
  ])('says what is missing: %s', (problem, change) =>
    expect(toSave({ ...draftOf(null), name: '夜间', ...change })).toEqual({ ok: false, problem: { kind: problem } }),
  )
})

describe('R-WALL-2 the patrol log as a spreadsheet', () => {
  const entry = (rest: object) => ({
    entryId: '',
    runId: '',
    rotationId: '',
    rotationName: '夜间',
    account: 'duty',
    cameraId: id('a'),
    tile: 1,
    fromAt: 0,
    toAt: 0,
    outcome: 'shown' as const,
    cause: null,
    freshMs: 0,
    ...rest,
  })

  test('the table the server makes speaks as the page does', () => {
    for (const locale of ['zh', 'en'] as const) {
      const { wall, causes } = messages[locale]
      const { to, camera, rotation, tile, result, account } = wall.patrol
      const any = expect.any(String) as string
      expect(patrolWords[locale]).toEqual({
        file: any,
        columns: [any, to, camera, any, rotation, tile, result, any, account],
        outcome: wall.patrol.outcome,
        cause: Object.fromEntries(Object.entries(causes).map(([cause, { title }]) => [cause, title])),
      })
    }
  })

  test('sums', () => {
    const entries = [entry({}), entry({}), entry({ cameraId: id('b'), outcome: 'stillOnly' }), entry({ cameraId: id('c'), outcome: 'skipped' })]
    expect(sumPatrol(entries)).toEqual({ shown: 2, stillOnly: 1, skipped: 1, cameras: 1 })
  })
})
