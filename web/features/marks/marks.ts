/** Marks and locks of the chosen cameras in the stretch that is looked at: fetched as it moves and after each change, others' every half minute. */
import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import { type AddLock, type Lock, type Mark, markApi } from '../../../server/contract/marks.ts'
import { MAX_TIMELINE_MS, type TimeRange } from '../../../server/contract/recordings.ts'
import { call } from '../../base/api.ts'
import { serverNow } from '../../base/server-clock.ts'
import { widen } from '../../engines/timeline/index.ts'

export type KnownMarks = { marks: readonly Mark[]; locks: readonly Lock[] }

const settleMs = 150
const againMs = 30_000

export function useMarks(cameraIds: () => readonly CameraId[], wanted: () => TimeRange) {
  const byId = shallowRef<ReadonlyMap<CameraId, KnownMarks>>(new Map())
  /** Oldest first, of all cameras together. */
  const marks = computed(() => [...byId.value.values()].flatMap((known) => known.marks).toSorted((a, b) => a.at - b.at))
  const locks = computed(() => [...byId.value.values()].flatMap((known) => known.locks).toSorted((a, b) => a.fromAt - b.fromAt))
  /** Why the last fetch failed; null once one has succeeded. */
  const problem = shallowRef<unknown>(null)
  /** Of which stretch `byId` speaks; undefined before it was read. */
  let known: TimeRange | undefined
  let asked: { cameraIds: readonly CameraId[]; range: TimeRange } | undefined
  let running: AbortController | undefined
  let settleTimer: ReturnType<typeof setTimeout> | undefined

  watch(
    [cameraIds, wanted],
    () => {
      clearTimeout(settleTimer)
      settleTimer = setTimeout(() => isKnown() || void load(), settleMs)
    },
    { immediate: true },
  )
  const timer = setInterval(() => void load(), againMs)
  onScopeDispose(() => {
    clearInterval(timer)
    clearTimeout(settleTimer)
    running?.abort()
  })

  return {
    byId,
    marks,
    locks,
    problem,
    range: (): TimeRange | undefined => known,
    /** Each throws `ApiError`; the rows show what is true then. */
    async addMark(cameraId: CameraId, at: Instant, note: string): Promise<void> {
      await call(markApi.addMark, { params: { cameraId }, body: { at, note } })
      await load()
    },
    async removeMark({ cameraId, markId }: Mark): Promise<void> {
      await call(markApi.removeMark, { params: { cameraId, markId } })
      await load()
    },
    async addLocks(ids: readonly CameraId[], lock: AddLock): Promise<void> {
      try {
        for (const cameraId of ids) await call(markApi.addLock, { params: { cameraId }, body: lock })
      } finally {
        await load()
      }
    },
    async removeLock({ cameraId, lockId }: Lock): Promise<void> {
      await call(markApi.removeLock, { params: { cameraId, lockId } })
      await load()
    },
  }

  function isKnown(): boolean {
    if (asked?.cameraIds !== cameraIds()) return false
    const { fromAt, toAt } = wanted()
    // nothing is marked in the future: what is asked for ends at the present
    return asked.range.fromAt <= fromAt && asked.range.toAt >= Math.min(toAt, serverNow() - againMs)
  }

  async function load(): Promise<void> {
    running?.abort()
    const { signal } = (running = new AbortController())
    const ids = cameraIds()
    const query = widen(wanted(), serverNow(), MAX_TIMELINE_MS)
    asked = { cameraIds: ids, range: query }
    try {
      const replies = await Promise.all(ids.map((cameraId) => call(markApi.list, { params: { cameraId }, query, signal })))
      if (signal.aborted) return
      byId.value = new Map(ids.map((cameraId, index) => [cameraId, replies[index] ?? { marks: [], locks: [] }]))
      known = query
      problem.value = null
    } catch (error) {
      if (!signal.aborted) problem.value = error
    }
  }
}
export type Marks = ReturnType<typeof useMarks>
