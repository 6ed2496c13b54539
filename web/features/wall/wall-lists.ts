/**
 * Layouts and rotations of this user as the server has them: read again when it says that they are others, when the line to it is back, and,
 * after a failure, until it has succeeded. A wall runs for weeks with nobody at it.
 */
import { onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import { type SaveLayout, type SaveRotation, wallApi, type WallLayout, type WallRotation } from '../../../server/contract/walls.ts'
import { ApiError, call } from '../../base/api.ts'
import { useCameraStore } from '../cameras/store.ts'

const firstPauseMs = 1_000
const longestPauseMs = 60_000

export type WallLists = ReturnType<typeof useWallLists>

export function useWallLists() {
  const cameras = useCameraStore()
  const layouts: ShallowRef<readonly WallLayout[] | null> = shallowRef(null)
  const rotations: ShallowRef<readonly WallRotation[] | null> = shallowRef(null)
  const problem: ShallowRef<ApiError | null> = shallowRef(null)

  let isLoading = false
  /** Told of a change while it was being read: what came back may be older than that. */
  let isWantedAgain = false
  let failures = 0
  let isOver = false
  /** Rises with every change made here. */
  let ownChanges = 0
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  watch(
    () => cameras.connection,
    (connection) => {
      if (connection === 'live') void load()
    },
  )
  watch(
    () => cameras.wallListChanges,
    () => void load(),
  )
  onScopeDispose(() => {
    isOver = true
    clearTimeout(retryTimer)
  })
  void load()

  return { layouts, rotations, problem, load, saveLayout, removeLayout, saveRotation, removeRotation }

  async function load() {
    if (isLoading) return void (isWantedAgain = true)
    isLoading = true
    clearTimeout(retryTimer)
    try {
      do {
        isWantedAgain = false
        await read()
      } while (isWantedAgain)
      failures = 0
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      problem.value = error
      if (!isOver) retryTimer = setTimeout(load, Math.min(longestPauseMs, firstPauseMs * 2 ** failures++))
    } finally {
      isLoading = false
    }
  }

  async function read() {
    const before = ownChanges
    const [fetchedLayouts, fetchedRotations] = await Promise.all([call(wallApi.layouts), call(wallApi.rotations)])
    if (before !== ownChanges) return void (isWantedAgain = true) // what was read may be older than what was changed here
    layouts.value = fetchedLayouts
    rotations.value = fetchedRotations
    problem.value = null
  }

  /** A new one without an id. Throws `ApiError`. */
  async function saveLayout(body: SaveLayout, layoutId: string | null): Promise<WallLayout> {
    const saved = layoutId === null ? await call(wallApi.addLayout, { body }) : await call(wallApi.changeLayout, { params: { layoutId }, body })
    ownChanges++
    layouts.value = byName([...(layouts.value ?? []).filter((each) => each.layoutId !== saved.layoutId), saved])
    return saved
  }

  async function removeLayout(layoutId: string): Promise<void> {
    await call(wallApi.removeLayout, { params: { layoutId } })
    ownChanges++
    layouts.value = (layouts.value ?? []).filter((each) => each.layoutId !== layoutId)
  }

  async function saveRotation(body: SaveRotation, rotationId: string | null): Promise<WallRotation> {
    const saved = rotationId === null ? await call(wallApi.addRotation, { body }) : await call(wallApi.changeRotation, { params: { rotationId }, body })
    ownChanges++
    rotations.value = byName([...(rotations.value ?? []).filter((each) => each.rotationId !== saved.rotationId), saved])
    return saved
  }

  async function removeRotation(rotationId: string): Promise<void> {
    await call(wallApi.removeRotation, { params: { rotationId } })
    ownChanges++
    rotations.value = (rotations.value ?? []).filter((each) => each.rotationId !== rotationId)
  }
}

function byName<T extends { name: string }>(named: readonly T[]): T[] {
  return named.toSorted((a, b) => a.name.localeCompare(b.name, 'zh-Hans-CN', { numeric: true }))
}
