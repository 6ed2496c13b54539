/** A camera's states of the last 24 hours and of this month, read anew whenever its state changes and every few minutes. */
import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import { statusApi, type StatusHistory } from '../../../server/contract/status.ts'
import { call } from '../../base/api.ts'
import { serverNow } from '../../base/server-clock.ts'
import { useAccountStore } from '../accounts/store.ts'
import { monthStart, offlineMs, stripSegments } from './status-strip.ts'

const dayMs = 24 * 3600_000
const againMs = 300_000

export function useCameraHistory(camera: () => CameraPoint) {
  const account = useAccountStore()
  const canSee = computed(() => account.can('status.history'))
  const day = shallowRef<StatusHistory | null>(null)
  const month = shallowRef<StatusHistory | null>(null)
  const range = shallowRef({ fromAt: 0, monthAt: 0, toAt: 0 })
  const error = shallowRef<unknown>(null)
  let running: AbortController | undefined

  watch(
    () => camera().cameraId,
    () => (day.value = month.value = error.value = null),
  )
  watch(
    () => [camera().cameraId, camera().state.sinceAt, canSee.value],
    () => void load(),
    { immediate: true },
  )
  const timer = setInterval(() => void load(), againMs)
  onScopeDispose(() => {
    clearInterval(timer)
    running?.abort()
  })

  const segments = computed(() => (day.value ? stripSegments(day.value.intervals, range.value.fromAt, range.value.toAt) : []))
  const monthOfflineMs = computed(() => (month.value ? offlineMs(stripSegments(month.value.intervals, range.value.monthAt, range.value.toAt)) : 0))
  return { canSee, day, month, range, segments, monthOfflineMs, error, load }

  async function load(): Promise<void> {
    running?.abort()
    if (!canSee.value) return
    const mine = (running = new AbortController())
    const toAt = serverNow()
    const wanted = { fromAt: toAt - dayMs, monthAt: monthStart(toAt), toAt }
    const ask = (fromAt: number) => call(statusApi.history, { params: { cameraId: camera().cameraId }, query: { fromAt, toAt }, signal: mine.signal })
    try {
      const [ofDay, ofMonth] = await Promise.all([ask(wanted.fromAt), ask(wanted.monthAt)])
      if (mine.signal.aborted) return
      range.value = wanted
      day.value = ofDay
      month.value = ofMonth
      error.value = null
    } catch (reason) {
      if (!mine.signal.aborted) error.value = reason
    }
  }
}
