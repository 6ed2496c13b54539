/** What one wall shows: its shape, a camera or nothing in each tile, and where that came from. Pure; every change gives a new state. */
import { z } from 'zod'
import { CameraId } from '../../../server/contract/ids.ts'
import { MAX_WALL_TILES, type UsualTiles, WallShape, wallShapes } from '../../../server/contract/walls.ts'

export const WallState = z
  .object({
    shape: WallShape,
    /** As many as the shape has places. */
    cameraIds: z.array(CameraId.nullable()).max(MAX_WALL_TILES),
    /** The saved layout it was opened from. */
    layoutId: z.uuid().nullable(),
    /** `cursor`: where the round goes on (`rotation-plan.ts`). `held`: tiles it gives up for what a hand put there, until somebody gives them back. */
    rotation: z
      .object({
        rotationId: z.uuid(),
        isPaused: z.boolean(),
        cursor: z.number().int().nonnegative(),
        held: z.array(z.number().int().nonnegative()).max(MAX_WALL_TILES).optional(),
      })
      .nullable(),
  })
  .refine(({ shape, cameraIds }) => shape.places.length === cameraIds.length, 'as many cameras or nulls as tiles')
export type WallState = z.infer<typeof WallState>

export const usualTiles = Object.keys(wallShapes).map(Number) as readonly UsualTiles[]

export function emptyWall(tiles: UsualTiles = 16): WallState {
  return { shape: wallShapes[tiles], cameraIds: Array<null>(tiles).fill(null), layoutId: null, rotation: null }
}

/** Its number of tiles if it is one of the usual shapes. */
export function usualTilesOf(shape: WallShape): UsualTiles | null {
  return usualTiles.find((tiles) => isSameShape(wallShapes[tiles], shape)) ?? null
}

export function isSameShape(a: WallShape, b: WallShape): boolean {
  return JSON.stringify(toPlain(a)) === JSON.stringify(toPlain(b))
}

const toPlain = ({ columns, rows, places }: WallShape) => [columns, rows, places.map(({ column, row, columns: wide, rows: high }) => [column, row, wide, high])]

/** Another shape; cameras that have no tile any more leave, empty tiles before them are filled first. */
export function withShape(state: WallState, shape: WallShape): WallState {
  const tiles = shape.places.length
  const beyond = state.cameraIds.slice(tiles).filter((id) => id !== null)
  const cameraIds = Array.from({ length: tiles }, (_, tile) => state.cameraIds[tile] ?? beyond.shift() ?? null)
  return withHeldTiles({ ...state, shape, cameraIds }, heldTiles(state))
}

/** Tiles a rotation has given up, from 0. */
export function heldTiles({ rotation, cameraIds }: WallState): readonly number[] {
  return rotation?.held?.filter((tile) => cameraIds[tile] != null) ?? []
}

/** These and no others; a wall without a rotation holds none. */
export function withHeldTiles(state: WallState, tiles: readonly number[]): WallState {
  const { rotation, cameraIds } = state
  if (!rotation) return state
  const { held: _, ...rest } = rotation
  // an empty tile goes back to the rotation
  const held = [...new Set(tiles)].filter((tile) => cameraIds[tile] != null).toSorted((a, b) => a - b)
  return { ...state, rotation: held.length === 0 ? rest : { ...rest, held } }
}

/** A camera into a tile. One that is shown already moves there, and what was there takes its place. */
export function withCamera(state: WallState, tile: number, cameraId: CameraId): WallState {
  const from = state.cameraIds.indexOf(cameraId)
  if (from >= 0) return withSwap(state, from, tile)
  return withTile(state, tile, cameraId)
}

export function withTile(state: WallState, tile: number, cameraId: CameraId | null): WallState {
  return withHeldTiles({ ...state, cameraIds: state.cameraIds.map((id, i) => (i === tile ? cameraId : id)) }, heldTiles(state))
}

export function withSwap(state: WallState, a: number, b: number): WallState {
  const { cameraIds } = state
  const swapped = { ...state, cameraIds: cameraIds.map((id, i) => (i === a ? (cameraIds[b] ?? null) : i === b ? (cameraIds[a] ?? null) : id)) }
  // what is held is the camera, not the place
  return withHeldTiles(
    swapped,
    heldTiles(state).map((tile) => (tile === a ? b : tile === b ? a : tile)),
  )
}

/** The first empty tile at or after `from`, then from the beginning; undefined when the wall is full. */
export function nextFreeTile({ cameraIds }: WallState, from = 0): number | undefined {
  const order = cameraIds.map((_, i) => (i + from) % cameraIds.length)
  return order.find((tile) => cameraIds[tile] === null)
}

/** The smallest usual shape that holds so many; the largest when none does. */
export function fittingTiles(cameras: number): UsualTiles {
  return usualTiles.find((tiles) => tiles >= cameras) ?? 25
}

/** A wall of just these cameras, in this order; those beyond the largest shape are left out. */
export function wallOf(cameraIds: readonly CameraId[]): WallState {
  const unique = [...new Set(cameraIds)]
  const empty = emptyWall(fittingTiles(unique.length))
  return { ...empty, cameraIds: empty.cameraIds.map((_, tile) => unique[tile] ?? null) }
}

/** What became of cameras that were to be shown. */
export type Placed = {
  state: WallState
  placed: { cameraId: CameraId; tile: number }[]
  leftOut: CameraId[]
  /** Shown before, and not any more. */
  replaced: CameraId[]
}

/**
 * Puts cameras into the tiles that are free; those that are shown stay where they are. `firstTile`: taken for the first of them even if it is not free;
 * `spareTile`: asked for the first of them when none is free. A running rotation goes on beside what was put there, and leaves it alone.
 */
export function withCameras(
  before: WallState,
  cameraIds: readonly CameraId[],
  { firstTile = null, spareTile }: { firstTile?: number | null; spareTile?: () => number | undefined } = {},
): Placed {
  let state = before
  const placed: Placed['placed'] = []
  const leftOut: CameraId[] = []
  for (const [index, cameraId] of cameraIds.entries()) {
    const at = state.cameraIds.indexOf(cameraId)
    const wanted = index === 0 && firstTile !== null && firstTile < state.cameraIds.length ? firstTile : null
    const tile = wanted ?? (at >= 0 ? at : (nextFreeTile(state) ?? (index === 0 ? spareTile?.() : undefined)))
    if (tile === undefined) {
      leftOut.push(cameraId)
      continue
    }
    state = withCamera(state, tile, cameraId)
    state = withHeldTiles(state, [...heldTiles(state), tile])
    placed.push({ cameraId, tile })
  }
  const replaced = before.cameraIds.filter((id) => id !== null && !state.cameraIds.includes(id)) as CameraId[]
  return { state, placed, leftOut, replaced }
}

/** Of the tiles that may go, the one that was longest without a hand on it; of those nobody ever touched the last, for the first is the largest. */
export function idlestTile({ cameraIds }: WallState, touches: ReadonlyMap<number, number>, isKept: (tile: number) => boolean): number | undefined {
  const tiles = cameraIds.map((_, tile) => tile).toReversed()
  const free = tiles.filter((tile) => !isKept(tile))
  return (free.length > 0 ? free : tiles).toSorted((a, b) => (touches.get(a) ?? 0) - (touches.get(b) ?? 0))[0]
}
