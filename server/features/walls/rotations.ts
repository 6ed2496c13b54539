/** Rotations (R-WALL-2): cameras, groups or layouts in turn. What is shown, and when, is up to the page. */
import { randomUUID } from 'node:crypto'
import { AppError } from '../../base/errors.ts'
import type { CameraId } from '../../contract/ids.ts'
import {
  MAX_ROTATION_GROUPS,
  MAX_ROTATION_LAYOUTS,
  MAX_ROTATION_STEPS,
  MAX_ROTATIONS_PER_ACCOUNT,
  MAX_WALL_TILES,
  type SaveRotation,
  type WallRotation,
} from '../../contract/walls.ts'
import { keepInGroups, keepInList } from './hidden.ts'
import type { LayoutDeps } from './layouts.ts'
import { mayUse, ownedBy, ownedReply, tellUsersOf, type WallUser } from './ownership.ts'
import type { StoredRotation, WallStore } from './store.ts'

type Steps = SaveRotation['steps']
type LayoutOwners = Awaited<ReturnType<WallStore['listOwners']>>

export function createRotations({ store, clock, mayTouch, tellChanged }: LayoutDeps) {
  const layoutIdsOf = (rotations: readonly { steps: Steps }[]) => [
    ...new Set(rotations.flatMap(({ steps }) => (steps.kind === 'layouts' ? steps.layoutIds : []))),
  ]
  const ownersOf = (...rotations: readonly { steps: Steps }[]) => store.listOwners(layoutIdsOf(rotations))
  const mayUseLayout = (layouts: LayoutOwners, layoutId: string, user: WallUser) => {
    const layout = layouts.get(layoutId)
    return layout !== undefined && mayUse(layout, user)
  }

  /** The steps this user may see. A layout that has gone is no step any more; one that is not for this user is hidden, as a camera is. */
  function seenBy(user: WallUser, steps: Steps, layouts: LayoutOwners): Pick<WallRotation, 'steps' | 'hiddenCount'> {
    const seen = (cameraIds: readonly CameraId[]) => cameraIds.filter((cameraId) => mayTouch(user, cameraId))
    switch (steps.kind) {
      case 'cameras': {
        const cameraIds = seen(steps.cameraIds)
        return { steps: { kind: 'cameras', cameraIds }, hiddenCount: steps.cameraIds.length - cameraIds.length }
      }
      case 'groups': {
        const groups = steps.groups.map(({ name, cameraIds }) => ({ name, cameraIds: seen(cameraIds) }))
        const hiddenCount = steps.groups.reduce((sum, { cameraIds }, i) => sum + cameraIds.length - groups[i]!.cameraIds.length, 0)
        // the name of a group may say where it is
        return { steps: { kind: 'groups', groups: groups.filter(({ cameraIds }) => cameraIds.length > 0) }, hiddenCount }
      }
      case 'layouts': {
        const there = steps.layoutIds.filter((layoutId) => layouts.has(layoutId))
        const layoutIds = there.filter((layoutId) => mayUseLayout(layouts, layoutId, user))
        return { steps: { kind: 'layouts', layoutIds }, hiddenCount: there.length - layoutIds.length }
      }
    }
  }

  function replyOf(rotation: StoredRotation, layouts: LayoutOwners, user: WallUser): WallRotation {
    const { rotationId, name, dwellMs, onOffline } = rotation
    return { rotationId, name, dwellMs, onOffline, ...seenBy(user, rotation.steps, layouts), ...ownedReply(rotation, user) }
  }

  function refuseUnseen(steps: Steps, layouts: LayoutOwners, user: WallUser) {
    const refuse = (path: string, problem: string) => {
      throw new AppError('bad_request', `${path}: ${problem}`, { fields: [{ path: `body.steps.${path}`, problem }] })
    }
    if (steps.kind === 'layouts') {
      const at = steps.layoutIds.findIndex((layoutId) => !mayUseLayout(layouts, layoutId, user))
      if (at !== -1) refuse(`layoutIds.${at}`, 'no such layout')
      return
    }
    const lists =
      steps.kind === 'cameras'
        ? [{ path: 'cameraIds', cameraIds: steps.cameraIds }]
        : steps.groups.map(({ cameraIds }, i) => ({ path: `groups.${i}.cameraIds`, cameraIds }))
    for (const { path, cameraIds } of lists) {
      const at = cameraIds.findIndex((cameraId) => !mayTouch(user, cameraId))
      if (at !== -1) refuse(`${path}.${at}`, 'no such camera')
    }
  }

  /** With what the owner could not see when he changed it. Steps of another kind are new ones. */
  function keepHidden(before: Steps, after: Steps, layouts: LayoutOwners, user: WallUser): Steps {
    const isHidden = (cameraId: CameraId) => !mayTouch(user, cameraId)
    if (before.kind === 'cameras' && after.kind === 'cameras') return { kind: 'cameras', cameraIds: keepInList(before.cameraIds, after.cameraIds, isHidden) }
    if (before.kind === 'groups' && after.kind === 'groups') return { kind: 'groups', groups: keepInGroups(before.groups, after.groups, isHidden) }
    if (before.kind === 'layouts' && after.kind === 'layouts') {
      const isHiddenLayout = (layoutId: string) => layouts.has(layoutId) && !mayUseLayout(layouts, layoutId, user)
      return { kind: 'layouts', layoutIds: keepInList(before.layoutIds, after.layoutIds, isHiddenLayout) }
    }
    return after
  }

  const changedBy = (body: SaveRotation, user: WallUser) => ({
    ...body,
    sharedWith: [...new Set(body.sharedWith)],
    ownerId: user.userId,
    owner: user.account,
    updatedAt: clock.now(),
  })

  return {
    async list(user: WallUser): Promise<WallRotation[]> {
      const rotations = await store.listRotations(user)
      const layouts = await ownersOf(...rotations)
      return rotations.map((rotation) => replyOf(rotation, layouts, user))
    },
    async add(body: SaveRotation, user: WallUser): Promise<WallRotation> {
      const layouts = await ownersOf(body)
      refuseUnseen(body.steps, layouts, user)
      const rotation = { rotationId: randomUUID(), ...changedBy(body, user) }
      if (!(await store.addRotation(rotation, MAX_ROTATIONS_PER_ACCOUNT)))
        throw new AppError('conflict', `more than ${MAX_ROTATIONS_PER_ACCOUNT} rotations of one account`)
      tellUsersOf(tellChanged, rotation)
      return replyOf(rotation, layouts, user)
    },
    async change(rotationId: string, body: SaveRotation, user: WallUser): Promise<WallRotation> {
      const before = ownedBy(await store.findRotation(rotationId), user, 'rotation')
      const layouts = await ownersOf(before, body)
      refuseUnseen(body.steps, layouts, user)
      const steps = keepHidden(before.steps, body.steps, layouts, user)
      refuseTooMany(steps)
      const rotation = { rotationId, ...changedBy({ ...body, steps }, user) }
      await store.changeRotation(rotation)
      tellUsersOf(tellChanged, before, rotation)
      return replyOf(rotation, layouts, user)
    },
    async remove(rotationId: string, user: WallUser): Promise<{ rotationId: string; name: string }> {
      const rotation = ownedBy(await store.findRotation(rotationId), user, 'rotation')
      await store.removeRotation(rotationId)
      tellUsersOf(tellChanged, rotation)
      return rotation
    },
  }
}
export type Rotations = ReturnType<typeof createRotations>

/** The contract has counted what the owner sees; this counts what is kept of before with it. */
function refuseTooMany(steps: Steps) {
  const counts: [number, number, string][] =
    steps.kind === 'cameras'
      ? [[steps.cameraIds.length, MAX_ROTATION_STEPS, 'cameras']]
      : steps.kind === 'layouts'
        ? [[steps.layoutIds.length, MAX_ROTATION_LAYOUTS, 'layouts']]
        : [
            [steps.groups.length, MAX_ROTATION_GROUPS, 'groups'],
            ...steps.groups.map(({ cameraIds }): [number, number, string] => [cameraIds.length, MAX_WALL_TILES, 'cameras of a group']),
          ]
  for (const [count, most, what] of counts) if (count > most) throw new AppError('conflict', `${count} ${what} with those you may not see, of ${most}`)
}
