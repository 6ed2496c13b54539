/** What an export of the selected range would hold of each camera: recorded time, size, gaps. Asked once the selection rests. */
import { onScopeDispose, shallowRef, watch } from 'vue'
import { type ClipSize, exportApi, MAX_EXPORT_MS } from '../../../server/contract/exports.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { call } from '../../base/api.ts'

const settleMs = 300

export function useClipSizes(cameraIds: () => readonly CameraId[], selection: () => TimeRange | null) {
  const byId = shallowRef<ReadonlyMap<CameraId, ClipSize>>(new Map())
  const problem = shallowRef<unknown>(null)
  let running: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  watch(
    [cameraIds, selection],
    () => {
      // what was said of another range is not shown for this one
      running?.abort()
      byId.value = new Map()
      clearTimeout(timer)
      timer = setTimeout(() => void load(), settleMs)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
  })
  return { byId, problem, load }

  async function load(): Promise<void> {
    running?.abort()
    const range = selection()
    if (!range || range.toAt - range.fromAt > MAX_EXPORT_MS) return
    const { signal } = (running = new AbortController())
    try {
      const sizes = await Promise.all(cameraIds().map((cameraId) => call(exportApi.clipSize, { params: { cameraId }, query: range, signal })))
      if (signal.aborted) return
      byId.value = new Map(sizes.map((size) => [size.cameraId, size]))
      problem.value = null
    } catch (error) {
      if (!signal.aborted) problem.value = error
    }
  }
}
