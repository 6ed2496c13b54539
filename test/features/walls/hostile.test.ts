/** reliability.md A2 for layouts, rotations and reports: what the contract refuses, and that what it lets in comes back as it was. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CameraId } from '../../../server/contract/ids.ts'
import type { Role } from '../../../server/contract/permissions.ts'
import { PatrolReport, SaveLayout, SaveRotation } from '../../../server/contract/walls.ts'
import { camera, layoutOf, openWallWorld, owner, rotationOf, supervisor, type WallWorld } from './wall-world.ts'

let world: WallWorld
beforeAll(async () => {
  world = await openWallWorld()
})
afterAll(() => world.close())
beforeEach(() => world.reset())
const open = () => world.open()

describe('A2 what the contract lets in', () => {
  const accepts = (schema: { safeParse(input: unknown): { success: boolean } }, input: unknown) => schema.safeParse(input).success
  test.each([
    ['two lines', 'a\nb'],
    ['an escape', '\u001b[2J'],
    ['half a character', 'a\ud800b'],
    ['a turned direction', 'a\u202eb'],
    ['a line separator', 'a\u2028b'],
    ['blanks only', '   '],
    ['61 characters', 'x'.repeat(61)],
  ])('a name of %s is refused, of layouts, rotations and groups', (_, name) => {
    expect(accepts(SaveLayout, layoutOf({ name }))).toBe(false)
    expect(accepts(SaveRotation, rotationOf({ name }))).toBe(false)
    expect(accepts(SaveRotation, rotationOf({ steps: { kind: 'groups', groups: [{ name, cameraIds: [camera('n1')] }] } }))).toBe(false)
  })
  test.each([
    '青岚所 16 路',
    `'; drop table wall_layouts; --`,
    '<img src=x onerror=alert(1)>',
    '=cmd|"/c calc"!A1',
    '__proto__',
    'constructor',
    '夜班 👮‍♀️',
    '𠮷野',
  ])('the name %s comes back as it is', async (name) => {
    const { layouts, rotations } = open()
    const layout = SaveLayout.parse(layoutOf({ name, sharedWith: ['supervisor'] }))
    const rotation = SaveRotation.parse(rotationOf({ name, steps: { kind: 'groups', groups: [{ name, cameraIds: [camera('n1')] }] } }))
    await layouts.add(layout, owner)
    await rotations.add(rotation, owner)
    expect(await layouts.list(supervisor)).toMatchObject([layout])
    expect(await rotations.list(owner)).toMatchObject([rotation])
  })

  const tile = (column: number, row: number, columns = 1, rows = 1) => ({ column, row, columns, rows })
  const shape = (...places: unknown[]) => ({ ...layoutOf(), shape: { columns: 2, rows: 2, places }, cameraIds: places.map(() => null) })
  test.each([
    ['tiles that overlap', shape(tile(0, 0, 2, 2), tile(1, 1))],
    ['one tile twice', shape(tile(0, 0), tile(0, 0))],
    ['a tile beyond the grid', shape(tile(1, 0, 2, 1))],
    ['a tile before the grid', shape(tile(-1, 0))],
    ['a tile of nothing', shape(tile(0, 0, 0, 1))],
    ['half a cell', shape(tile(0.5, 0))],
    ['no tile', shape()],
    ['a tile that is none', shape(null)],
    ['numbers without end', shape(tile(0, 0, Number.POSITIVE_INFINITY))],
    ['a grid of a million columns', { ...layoutOf(), shape: { columns: 1e6, rows: 1, places: [tile(0, 0)] }, cameraIds: [null] }],
    ['a million tiles', { ...layoutOf(), shape: { columns: 24, rows: 24, places: Array.from({ length: 1e6 }, () => tile(0, 0)) }, cameraIds: [null] }],
    ['more cameras than tiles', layoutOf({ cameraIds: Array.from({ length: 5 }, () => null) })],
    ['a camera that is a path', layoutOf({ cameraIds: ['../etc/passwd' as CameraId, null, null, null] })],
    ['a role there is not', layoutOf({ sharedWith: ['__proto__' as Role] })],
  ])('a layout of %s is refused, and quickly', (_, layout) => {
    const startedMs = performance.now()
    expect(accepts(SaveLayout, layout)).toBe(false)
    expect(performance.now() - startedMs).toBeLessThan(5_000)
  })

  test.each([
    ['a dwell below 3 s', rotationOf({ dwellMs: 2_999 })],
    ['no camera', rotationOf({ steps: { kind: 'cameras', cameraIds: [] } })],
    ['501 cameras', rotationOf({ steps: { kind: 'cameras', cameraIds: Array.from({ length: 501 }, () => camera('n1')) } })],
    ['501 groups', rotationOf({ steps: { kind: 'groups', groups: Array.from({ length: 501 }, () => ({ name: 'x', cameraIds: [camera('n1')] })) } })],
    ['a group of nothing', rotationOf({ steps: { kind: 'groups', groups: [{ name: 'x', cameraIds: [] }] } })],
    ['a layout that is no id', rotationOf({ steps: { kind: 'layouts', layoutIds: ['__proto__'] } })],
    ['steps of a kind there is not', { ...rotationOf(), steps: { kind: 'constructor', cameraIds: ['n1'] } }],
  ])('a rotation of %s is refused', (_, rotation) => expect(accepts(SaveRotation, rotation)).toBe(false))

  test('every camera of the district may be a group of its own', () => {
    const groups = Array.from({ length: 468 }, (_, i) => ({ name: `${i}`, cameraIds: [camera('n1')] }))
    expect(accepts(SaveRotation, rotationOf({ steps: { kind: 'groups', groups } }))).toBe(true)
  })

  test.each([
    ['that ends before it begins', { fromAt: 5, toAt: 4 }],
    ['of more than two hours', { fromAt: 0, toAt: 7_200_001 }],
    ['of tile 0', { tile: 0 }],
    ['of tile 37', { tile: 37 }],
    ['with an id that is none', { entryId: 'x' }],
    ['for a reason there is not', { cause: '__proto__' }],
  ])('a report %s is refused', (_, change) => {
    const report = {
      entryId: randomUUID(),
      runId: randomUUID(),
      rotationId: randomUUID(),
      cameraId: 'n1',
      tile: 1,
      fromAt: 0,
      toAt: 1,
      outcome: 'shown',
      cause: null,
      freshMs: 0,
    }
    expect(accepts(PatrolReport, report)).toBe(true)
    expect(accepts(PatrolReport, { ...report, ...change })).toBe(false)
  })
})
