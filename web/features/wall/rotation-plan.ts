/**
 * What the next step of a rotation shows. Pure.
 *
 * The round is one line of cameras (or layouts), `cursor` the place on it where the next step begins. A group longer than the tiles takes several steps,
 * so that a round leaves nobody out.
 */
import type { CameraId } from '../../../server/contract/ids.ts'
import type { WallLayout, WallRotation, WallShape } from '../../../server/contract/walls.ts'

export type RotationStep = {
  /** Tile → what it shows from now on; a tile that is not named keeps what it has. */
  places: ReadonlyMap<number, CameraId | null>
  /** Another shape for the whole wall. */
  shape: WallShape | null
  /** The group or layout; null for a plain list. */
  name: string | null
  /** This step of how many, from 1. */
  number: number
  of: number
  nextCursor: number
  /** Left out because they are offline. */
  skipped: readonly CameraId[]
}

/** There is nothing to show. */
export type NoStep = {
  nothing: true
  /** Everything is offline, removed or hidden; or it would stand in tiles somebody holds. */
  why: 'offline' | 'held'
  /** Left out because they are offline: all of the round. */
  skipped: readonly CameraId[]
  /** Steps a round would have. */
  of: number
}
export type StepPlan = RotationStep | NoStep

export function isStep(plan: StepPlan): plan is RotationStep {
  return !('nothing' in plan)
}

export type StepInput = {
  rotation: Pick<WallRotation, 'steps' | 'onOffline'>
  cursor: number
  /** Tiles the rotation may use, in order: all that nobody holds. What stands in the others has its place and gets no second one. */
  tiles: readonly number[]
  /** What the wall shows now. */
  shown: readonly (CameraId | null)[]
  isOffline: (cameraId: CameraId) => boolean
  /** Only cameras that are here and visible to this user take a place. */
  isKnown: (cameraId: CameraId) => boolean
  layouts: readonly WallLayout[]
}

export function planStep(input: StepInput): StepPlan {
  const { steps } = input.rotation
  if (steps.kind === 'layouts') return planLayout(input, steps.layoutIds)
  const groups = steps.kind === 'cameras' ? [{ name: null, cameraIds: steps.cameraIds }] : steps.groups
  return planCameras(input, groups, steps.kind === 'groups')
}

type Group = { name: string | null; cameraIds: readonly CameraId[] }

function planCameras({ rotation, cursor, tiles, shown, isOffline, isKnown }: StepInput, all: readonly Group[], clearsRest: boolean): StepPlan {
  const groups = all.map(({ name, cameraIds }) => ({ name, cameraIds: [...new Set(cameraIds)].filter(isKnown) })).filter((each) => each.cameraIds.length > 0)
  const total = groups.reduce((sum, { cameraIds }) => sum + cameraIds.length, 0)
  const standing = new Set(shown.filter((id, tile) => id !== null && !tiles.includes(tile)))
  const skipped: CameraId[] = []
  let isHeld = tiles.length === 0
  const nothing = (): NoStep => ({ nothing: true, why: isHeld ? 'held' : 'offline', skipped, of: Math.max(1, Math.ceil(total / Math.max(1, tiles.length))) })
  if (total === 0 || tiles.length === 0) return nothing()
  let at = cursor % total
  for (let walked = 0; walked < total;) {
    const { group, index, offset } = find(groups, at)
    const chosen: CameraId[] = []
    let next = offset
    for (; next < group.cameraIds.length && chosen.length < tiles.length && walked < total; next++, walked++) {
      const cameraId = group.cameraIds[next]!
      if (standing.has(cameraId)) isHeld = true
      else if (rotation.onOffline === 'skip' && isOffline(cameraId)) skipped.push(cameraId)
      else chosen.push(cameraId)
    }
    at = (at + next - offset) % total
    if (chosen.length === 0) continue // all of them offline or held: on to the next group
    const isPaged = !clearsRest
    return {
      places: placeCameras(chosen, tiles, shown, clearsRest),
      shape: null,
      name: group.name,
      number: isPaged ? Math.floor(offset / tiles.length) + 1 : index + 1,
      of: isPaged ? Math.ceil(total / tiles.length) : groups.length,
      nextCursor: at,
      skipped,
    }
  }
  return nothing()
}

function find(groups: readonly Group[], at: number): { group: Group; index: number; offset: number } {
  let offset = at
  for (const [index, group] of groups.entries()) {
    if (offset < group.cameraIds.length) return { group, index, offset }
    offset -= group.cameraIds.length
  }
  return { group: groups[0]!, index: 0, offset: 0 }
}

/** Who is shown already stays in its tile; the others take what is left, in order. */
function placeCameras(cameraIds: readonly CameraId[], tiles: readonly number[], shown: readonly (CameraId | null)[], clearsRest: boolean) {
  const places = new Map<number, CameraId | null>()
  const coming = new Set(cameraIds)
  for (const tile of tiles) {
    const id = shown[tile] ?? null
    if (id !== null && coming.has(id)) {
      places.set(tile, id)
      coming.delete(id)
    }
  }
  const waiting = cameraIds.filter((id) => coming.has(id))
  for (const tile of tiles) {
    if (places.has(tile)) continue
    const next = waiting.shift()
    if (next !== undefined) places.set(tile, next)
    else if (clearsRest) places.set(tile, null)
  }
  return places
}

function planLayout({ cursor, layouts, isKnown }: StepInput, layoutIds: readonly string[]): StepPlan {
  for (let walked = 0; walked < layoutIds.length; walked++) {
    const at = (cursor + walked) % layoutIds.length
    const layout = layouts.find(({ layoutId }) => layoutId === layoutIds[at])
    if (!layout) continue // removed meanwhile, or no longer shared
    return {
      places: new Map(layout.cameraIds.map((id, tile) => [tile, id !== null && isKnown(id) ? id : null])),
      shape: layout.shape,
      name: layout.name,
      number: at + 1,
      of: layoutIds.length,
      nextCursor: (at + 1) % layoutIds.length,
      skipped: [],
    }
  }
  return { nothing: true, why: 'offline', skipped: [], of: Math.max(1, layoutIds.length) }
}
