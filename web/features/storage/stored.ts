/** What the server knows of storage, asked again while the page is open. */
import { onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'
import { recordingApi, type TimeRange, type Timeline } from '../../../server/contract/recordings.ts'
import { type StorageReply, type StoredDays, storageApi } from '../../../server/contract/storage.ts'
import { call } from '../../base/api.ts'
import { addDays, dayStart } from '../../base/calendar.ts'
import { serverNow } from '../../base/server-clock.ts'

/** The server adds up anew once a minute. */
const againMs = 60_000
const daysAgainMs = 5 * 60_000

export type Asked<T> = {
  /** null: not answered yet. What was known stays when a later request fails. */
  value: ShallowRef<T | null>
  problem: Readonly<ShallowRef<unknown>>
  load(): Promise<void>
}

/** Asks at once, every `everyMs`, and when `load` is called; a newer request ends the one before. */
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number): Asked<T> {
  const value = shallowRef<T | null>(null)
  const problem = shallowRef<unknown>(null)
  let running: AbortController | undefined
  const timer = setInterval(() => void load(), everyMs)
  onScopeDispose(() => {
    clearInterval(timer)
    running?.abort()
  })
  void load()
  return { value, problem, load }

  async function load(): Promise<void> {
    running?.abort()
    const { signal } = (running = new AbortController())
    try {
      const reply = await ask(signal)
      if (signal.aborted) return
      value.value = reply
      problem.value = null
    } catch (error) {
      if (!signal.aborted) problem.value = error
    }
  }
}

/** What is recorded and what is missing of one camera's day; asked again while it is today. */
export function useTimeline(cameraId: () => CameraId, day: () => TimeRange): Asked<Timeline> {
  const asked = useAsked((signal) => call(recordingApi.timeline, { params: { cameraId: cameraId() }, query: day(), signal }), againMs)
  watch([cameraId, () => day().fromAt], () => {
    asked.value.value = null
    void asked.load()
  })
  return asked
}

export const useStorage = (): Asked<StorageReply> => useAsked((signal) => call(storageApi.now, { signal }), againMs)

/** The last `count` local days, today the last of them. */
export function useStoredDays(count: () => number): Asked<StoredDays> {
  const asked = useAsked((signal) => {
    const today = dayStart(serverNow())
    return call(storageApi.days, { query: { fromAt: addDays(today, 1 - count()), toAt: addDays(today, 1) }, signal, timeoutMs: 60_000 })
  }, daysAgainMs)
  watch(count, asked.load)
  return asked
}
