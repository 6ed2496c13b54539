// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest'
import { CameraId } from '../../../../server/contract/ids.ts'
import { MAX_WALL_TILES, wallShapes } from '../../../../server/contract/walls.ts'
import {
  emptyWall,
  fittingTiles,
  heldTiles,
  idlestTile,
  nextFreeTile,
  usualTilesOf,
  wallOf,
  WallState,
  withCamera,
  withCameras,
  withHeldTiles,
  withShape,
  withSwap,
  withTile,
} from '../../../../web/features/to-wall/wall-state.ts'

const id = (text: string) => CameraId.parse(text)
const ids = (...texts: string[]) => texts.map(id)
const wall = (tiles: 1 | 4 | 6 | 8 | 9 | 16 | 25, ...texts: (string | null)[]) => ({
  ...emptyWall(tiles),
  cameraIds: emptyWall(tiles).cameraIds.map((_, i) => (texts[i] ? id(texts[i]) : null)),
})

describe('R-WALL-1 what a wall shows', () => {
  test.each([
    [0, 1],
    [1, 1],
    [2, 4],
    [5, 6],
    [7, 8],
    [9, 9],
    [10, 16],
    [17, 25],
    [300, 25],
  ])('%i cameras fit %i tiles', (cameras, tiles) => expect(fittingTiles(cameras)).toBe(tiles))

  test('a wall of sent cameras has each once, and no more than 25', () => {
    expect(wallOf(ids('a', 'b', 'a')).cameraIds).toEqual(['a', 'b', null, null])
    expect(wallOf(Array.from({ length: 40 }, (_, i) => id(`c${i}`))).cameraIds).toHaveLength(25)
  })

  test('a camera shown already moves, and what was there takes its place', () => {
    expect(withCamera(wall(4, 'a', 'b'), 1, id('a')).cameraIds).toEqual(['b', 'a', null, null])
    expect(withCamera(wall(4, 'a', 'b'), 1, id('c')).cameraIds).toEqual(['a', 'c', null, null])
    expect(withSwap(wall(4, 'a', null), 0, 1).cameraIds).toEqual([null, 'a', null, null])
  })

  test('a smaller shape keeps cameras as long as there is room, a larger one all', () => {
    const full = wall(9, 'a', null, 'c', null, 'e', null, null, null, 'i')
    expect(withShape(full, wallShapes[4]).cameraIds).toEqual(['a', 'e', 'c', 'i'])
    expect(withShape(withShape(full, wallShapes[25]), wallShapes[9]).cameraIds).toEqual(full.cameraIds)
    expect(usualTilesOf(withShape(full, wallShapes[8]).shape)).toBe(8)
  })

  test('several go into free tiles, the first into the chosen one; who finds no room is named', () => {
    const { state, placed, leftOut, replaced } = withCameras(wall(4, 'a', 'b', 'c'), ids('x', 'y', 'z'), { firstTile: 0 })
    expect(state.cameraIds).toEqual(['x', 'b', 'c', 'y'])
    expect(placed).toEqual([
      { cameraId: 'x', tile: 0 },
      { cameraId: 'y', tile: 3 },
    ])
    expect(leftOut).toEqual(['z'])
    expect(replaced).toEqual(['a'])
    expect(withCameras(wall(4, 'a'), ids('a')).placed).toEqual([{ cameraId: 'a', tile: 0 }])
  })

  test('a full wall gives up one tile for the first, and says what has gone', () => {
    const full = wall(4, 'a', 'b', 'c', 'd')
    expect(withCameras(full, ids('x', 'y'), { spareTile: () => 2 })).toMatchObject({
      state: { cameraIds: ['a', 'b', 'x', 'd'] },
      placed: [{ cameraId: 'x', tile: 2 }],
      leftOut: ['y'],
      replaced: ['c'],
    })
    expect(withCameras(full, ids('x')).leftOut).toEqual(['x'])
    // one that is not there any more since another shape was chosen
    expect(withCameras(wall(4, 'a'), ids('x'), { firstTile: 12 }).placed).toEqual([{ cameraId: 'x', tile: 1 }])
  })

  test('it is the tile that was longest without a hand on it; of those never touched the last', () => {
    const full = wall(4, 'a', 'b', 'c', 'd')
    const touches = new Map([
      [3, 1],
      [1, 2],
      [2, 3],
    ])
    expect(idlestTile(full, new Map(), () => false)).toBe(3)
    expect(idlestTile(full, touches, () => false)).toBe(0)
    expect(idlestTile(full, touches, (tile) => tile === 0)).toBe(3)
    expect(idlestTile(full, touches, () => true)).toBe(0)
  })

  test('a rotation gives up what was put there by hand, wherever that goes', () => {
    const rotation = { rotationId: '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a11', isPaused: false, cursor: 7 }
    const turning = { ...wall(4, 'a', 'b', 'c', 'd'), rotation }
    const { state } = withCameras(turning, ids('x'), { firstTile: 2 })
    expect(heldTiles(state)).toEqual([2])
    expect(state.rotation).toEqual({ ...rotation, held: [2] })
    expect(heldTiles(withSwap(state, 2, 0))).toEqual([0])
    expect(heldTiles(withShape(state, wallShapes[1]))).toEqual([])
    expect(withTile(state, 2, null).rotation).toEqual(rotation) // an empty tile is the rotation's
    expect(heldTiles(withCameras(state, ids('x'), { firstTile: 3 }).state)).toEqual([3])
    expect(withHeldTiles(state, []).rotation).toEqual(rotation)
    expect(WallState.safeParse(state).success).toBe(true)
    expect(heldTiles(withCameras(wall(4), ids('x')).state)).toEqual([])
  })

  test('the next free tile is looked for from where one is, round the end', () => {
    expect(nextFreeTile(wall(4, null, 'b', 'c', 'd'), 2)).toBe(0)
    expect(nextFreeTile(wall(4, 'a', 'b', 'c', 'd'))).toBeUndefined()
  })

  test.each([
    ['a tile too few', { ...emptyWall(4), cameraIds: [null, null, null] }],
    ['no shape', { cameraIds: [] }],
    [
      'tiles that overlap',
      { ...emptyWall(1), shape: { columns: 1, rows: 1, places: [...wallShapes[1].places, ...wallShapes[1].places] }, cameraIds: [null, null] },
    ],
    ['too many', { ...emptyWall(1), cameraIds: Array(MAX_WALL_TILES + 1).fill(null) }],
  ])('what an older version or a hand left on this screen is not taken: %s', (_, kept) => expect(WallState.safeParse(kept).success).toBe(false))
})
