// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest'
import { CameraId } from '../../../../server/contract/ids.ts'
import { MAX_WALL_TILES, wallShapes } from '../../../../server/contract/walls.ts'
import {
  emptyWall,
  fittingTiles,
  nextFreeTile,
  usualTilesOf,
  wallOf,
  WallState,
  withCamera,
  withCameras,
  withShape,
  withSwap,
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
    const { state, placed, leftOut } = withCameras(wall(4, 'a', 'b', 'c'), ids('x', 'y', 'z'), 0)
    expect(state.cameraIds).toEqual(['x', 'b', 'c', 'y'])
    expect(placed).toEqual([
      { cameraId: 'x', tile: 0 },
      { cameraId: 'y', tile: 3 },
    ])
    expect(leftOut).toEqual(['z'])
    expect(withCameras(wall(4, 'a'), ids('a')).placed).toEqual([{ cameraId: 'a', tile: 0 }])
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
