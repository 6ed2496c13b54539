/** Layouts and rotations of this user as the server has them; read again when the line to it is back. */
import { type ShallowRef, shallowRef, watch } from 'vue'
import { type SaveLayout, type SaveRotation, wallApi, type WallLayout, type WallRotation } from '../../../server/contract/walls.ts'
import { ApiError, call } from '../../base/api.ts'
import { useCameraStore } from '../cameras/store.ts'

export type WallLists = ReturnType<typeof useWallLists>

export function useWallLists() {
  const cameras = useCameraStore()
  const layouts: ShallowRef<readonly WallLayout[] | null> = shallowRef(null)
  const rotations: ShallowRef<readonly WallRotation[] | null> = shallowRef(null)
  const problem: ShallowRef<ApiError | null> = shallowRef(null)

  watch(
    () => cameras.connection,
    (connection) => {
      if (connection === 'live') void load()
    },
  )
  void load()

  return { layouts, rotations, problem, load, saveLayout, removeLayout, saveRotation, removeRotation }

  async function load() {
    try {
      const [fetchedLayouts, fetchedRotations] = await Promise.all([call(wallApi.layouts), call(wallApi.rotations)])
      layouts.value = fetchedLayouts
      rotations.value = fetchedRotations
      problem.value = null
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      problem.value = error
    }
  }

  /** A new one without an id. Throws `ApiError`. */
  async function saveLayout(body: SaveLayout, layoutId: string | null): Promise<WallLayout> {
    const saved = layoutId === null ? await call(wallApi.addLayout, { body }) : await call(wallApi.changeLayout, { params: { layoutId }, body })
    layouts.value = byName([...(layouts.value ?? []).filter((each) => each.layoutId !== saved.layoutId), saved])
    return saved
  }

  async function removeLayout(layoutId: string): Promise<void> {
    await call(wallApi.removeLayout, { params: { layoutId } })
    layouts.value = (layouts.value ?? []).filter((each) => each.layoutId !== layoutId)
  }

  async function saveRotation(body: SaveRotation, rotationId: string | null): Promise<WallRotation> {
    const saved = rotationId === null ? await call(wallApi.addRotation, { body }) : await call(wallApi.changeRotation, { params: { rotationId }, body })
    rotations.value = byName([...(rotations.value ?? []).filter((each) => each.rotationId !== saved.rotationId), saved])
    return saved
  }

  async function removeRotation(rotationId: string): Promise<void> {
    await call(wallApi.removeRotation, { params: { rotationId } })
    rotations.value = (rotations.value ?? []).filter((each) => each.rotationId !== rotationId)
  }
}

function byName<T extends { name: string }>(named: readonly T[]): T[] {
  return named.toSorted((a, b) => a.name.localeCompare(b.name, 'zh-Hans-CN', { numeric: true }))
}
