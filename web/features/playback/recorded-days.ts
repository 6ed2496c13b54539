/** Days of one month on which any of the chosen cameras has a recording. */
import { onScopeDispose, shallowRef, watch } from 'vue'
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import { recordingApi } from '../../../server/contract/recordings.ts'
import { call } from '../../base/api.ts'
import { monthStart } from '../../base/calendar.ts'

export function useRecordedDays(cameraIds: () => readonly CameraId[], month: () => Instant) {
  /** The longest recording of any camera on the day that begins then, ms. Null while it is read. */
  const byDay = shallowRef<ReadonlyMap<Instant, number> | null>(null)
  const problem = shallowRef<unknown>(null)
  let running: AbortController | undefined

  watch([cameraIds, month], load, { immediate: true })
  onScopeDispose(() => running?.abort())
  return { byDay, problem, load }

  async function load(): Promise<void> {
    running?.abort()
    const { signal } = (running = new AbortController())
    byDay.value = null
    problem.value = null
    const query = { fromAt: month(), toAt: monthStart(month(), 1) }
    try {
      const replies = await Promise.all(cameraIds().map((cameraId) => call(recordingApi.days, { params: { cameraId }, query, signal })))
      if (signal.aborted) return
      const found = new Map<Instant, number>()
      for (const { days } of replies) for (const { fromAt, recordedMs } of days) found.set(fromAt, Math.max(recordedMs, found.get(fromAt) ?? 0))
      byDay.value = found
    } catch (error) {
      if (!signal.aborted) problem.value = error
    }
  }
}
