/**
 * What a user may not see is left out of what he reads, and stays when he saves it again: rights that shrink and grow again must not cost an owner his work.
 * Pure. `isHidden` says of an id that it was left out.
 */
import type { CameraId } from '../../contract/ids.ts'
import type { SaveLayout, SaveRotation, TilePlace } from '../../contract/walls.ts'

type Tiles = Pick<SaveLayout, 'shape' | 'cameraIds'>
type Groups = Extract<SaveRotation['steps'], { kind: 'groups' }>['groups']

/** Cameras of tiles, with those that were hidden back on the tiles that lie where they lay and are empty. */
export function keepOnTiles(before: Tiles, after: Tiles, isHidden: (cameraId: CameraId) => boolean): SaveLayout['cameraIds'] {
  const hidden = new Map<string, CameraId>()
  for (const [i, place] of before.shape.places.entries()) {
    const cameraId = before.cameraIds[i]
    if (cameraId && isHidden(cameraId)) hidden.set(keyOf(place), cameraId)
  }
  return after.cameraIds.map((cameraId, i) => cameraId ?? hidden.get(keyOf(after.shape.places[i]!)) ?? null)
}
const keyOf = ({ column, row, columns, rows }: TilePlace) => [column, row, columns, rows].join()

/** A list with what was hidden back behind what it stood behind, or at the end where that has gone. */
export function keepInList<Id>(before: readonly Id[], after: readonly Id[], isHidden: (id: Id) => boolean): Id[] {
  const kept = [...after]
  for (const [i, id] of before.entries()) {
    if (!isHidden(id)) continue
    const behind = i === 0 ? -1 : kept.lastIndexOf(before[i - 1]!)
    kept.splice(i > 0 && behind === -1 ? kept.length : behind + 1, 0, id)
  }
  return kept
}

/** Groups with what was hidden back in the group of the same name, or in one of its own where that has gone. */
export function keepInGroups(before: Groups, after: Groups, isHidden: (cameraId: CameraId) => boolean): Groups {
  const kept = [...after]
  for (const { name, cameraIds } of before) {
    const hidden = cameraIds.filter(isHidden)
    if (hidden.length === 0) continue
    const at = kept.findIndex((group) => group.name === name)
    if (at === -1) kept.push({ name, cameraIds: hidden })
    else kept[at] = { name, cameraIds: keepInList(cameraIds, kept[at]!.cameraIds, isHidden) }
  }
  return kept
}
