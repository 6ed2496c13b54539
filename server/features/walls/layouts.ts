/** Layouts of a wall (R-WALL-1): which camera is on which tile, by name, one's own or shared with roles. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { CameraId } from '../../contract/ids.ts'
import { MAX_LAYOUTS_PER_ACCOUNT, type SaveLayout, type WallLayout } from '../../contract/walls.ts'
import { keepOnTiles } from './hidden.ts'
import { ownedBy, ownedReply, type TellChanged, tellUsersOf, type WallUser } from './ownership.ts'
import type { StoredLayout, WallStore } from './store.ts'

export type LayoutDeps = {
  store: WallStore
  clock: Clock
  /** Is the camera there, and in the user's area? */
  mayTouch(user: Pick<WallUser, 'stationIds'>, cameraId: CameraId): boolean
  /** What these users may use has changed: walls that run for weeks read their lists anew. */
  tellChanged: TellChanged
}

export function createLayouts({ store, clock, mayTouch, tellChanged }: LayoutDeps) {
  function replyOf(layout: StoredLayout, user: WallUser): WallLayout {
    const { layoutId, name, shape } = layout
    const cameraIds = layout.cameraIds.map((cameraId) => (cameraId !== null && mayTouch(user, cameraId) ? cameraId : null))
    const hiddenCount = layout.cameraIds.filter((cameraId, i) => cameraId !== cameraIds[i]).length
    return { layoutId, name, shape, cameraIds, hiddenCount, ...ownedReply(layout, user) }
  }

  /** A camera elsewhere and one that is nowhere answer alike. */
  function refuseUnseen({ cameraIds }: SaveLayout, user: WallUser) {
    const at = cameraIds.findIndex((cameraId) => cameraId !== null && !mayTouch(user, cameraId))
    if (at === -1) return
    const problem = 'no such camera'
    throw new AppError('bad_request', `tile ${at + 1}: ${problem}`, { fields: [{ path: `body.cameraIds.${at}`, problem }] })
  }

  const changedBy = (body: SaveLayout, user: WallUser) => ({
    ...body,
    sharedWith: [...new Set(body.sharedWith)],
    ownerId: user.userId,
    owner: user.account,
    updatedAt: clock.now(),
  })

  return {
    async list(user: WallUser): Promise<WallLayout[]> {
      return (await store.listLayouts(user)).map((layout) => replyOf(layout, user))
    },
    async add(body: SaveLayout, user: WallUser): Promise<WallLayout> {
      refuseUnseen(body, user)
      const layout = { layoutId: randomUUID(), ...changedBy(body, user) }
      if (!(await store.addLayout(layout, MAX_LAYOUTS_PER_ACCOUNT)))
        throw new AppError('conflict', `more than ${MAX_LAYOUTS_PER_ACCOUNT} layouts of one account`)
      tellUsersOf(tellChanged, layout)
      return replyOf(layout, user)
    },
    async change(layoutId: string, body: SaveLayout, user: WallUser): Promise<WallLayout> {
      const before = ownedBy(await store.findLayout(layoutId), user, 'layout')
      refuseUnseen(body, user)
      const cameraIds = keepOnTiles(before, body, (cameraId) => !mayTouch(user, cameraId))
      const layout = { layoutId, ...changedBy({ ...body, cameraIds }, user) }
      await store.changeLayout(layout)
      tellUsersOf(tellChanged, before, layout)
      return replyOf(layout, user)
    },
    async remove(layoutId: string, user: WallUser): Promise<{ layoutId: string; name: string }> {
      const layout = ownedBy(await store.findLayout(layoutId), user, 'layout')
      await store.removeLayout(layoutId)
      tellUsersOf(tellChanged, layout)
      return layout
    },
  }
}
export type Layouts = ReturnType<typeof createLayouts>
