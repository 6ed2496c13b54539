/** What is recorded of the chosen cameras in the stretch that is looked at: fetched as the window moves, its newest part every ten seconds. */
import { onScopeDispose, shallowRef, watch } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'
import { MAX_TIMELINE_MS, recordingApi, type TimeRange } from '../../../server/contract/recordings.ts'
import { call } from '../../base/api.ts'
import { serverNow } from '../../base/server-clock.ts'
import { widen } from '../../engines/timeline/index.ts'
import { covers, type KnownTimeline, overlapMs, splice } from './timeline-cover.ts'

const settleMs = 150
const againMs = 10_000

export function useTimelines(cameraIds: () => readonly CameraId[], wanted: () => TimeRange) {
  const byId = shallowRef<ReadonlyMap<CameraId, KnownTimeline>>(new Map())
  /** Why the last fetch failed; null once one has succeeded. */
  const problem = shallowRef<unknown>(null)
  const running = new Map<CameraId, AbortController>()
  let settleTimer: ReturnType<typeof setTimeout> | undefined

  watch(
    [cameraIds, wanted],
    () => {
      clearTimeout(settleTimer)
      settleTimer = setTimeout(fetchMissing, settleMs)
    },
    { immediate: true },
  )
  const timer = setInterval(() => (fetchMissing(), fetchNewest()), againMs)
  onScopeDispose(() => {
    clearInterval(timer)
    clearTimeout(settleTimer)
    for (const request of running.values()) request.abort()
  })
  return { byId, problem, retry: fetchMissing }

  function fetchMissing() {
    const range = wanted()
    for (const cameraId of cameraIds()) {
      if (covers(byId.value.get(cameraId), range, serverNow(), 2 * againMs)) continue
      void ask(cameraId, widen(range, serverNow(), MAX_TIMELINE_MS), (_, fresh) => fresh)
    }
    const chosen = cameraIds()
    if ([...byId.value.keys()].some((id) => !chosen.includes(id))) byId.value = new Map([...byId.value].filter(([id]) => chosen.includes(id)))
  }

  function fetchNewest() {
    const now = serverNow()
    for (const cameraId of cameraIds()) {
      const known = byId.value.get(cameraId)
      // looked at is the past, or it is being asked for already
      if (!known || running.has(cameraId) || wanted().toAt < known.toAt - overlapMs) continue
      const fromAt = Math.max(known.fromAt, known.toAt - overlapMs)
      if (now > fromAt) void ask(cameraId, { fromAt, toAt: now }, (before, fresh) => (before ? splice(before, fresh) : fresh))
    }
  }

  async function ask(cameraId: CameraId, range: TimeRange, take: (before: KnownTimeline | undefined, fresh: KnownTimeline) => KnownTimeline): Promise<void> {
    running.get(cameraId)?.abort()
    const mine = new AbortController()
    running.set(cameraId, mine)
    try {
      const { recorded, gaps, faults } = await call(recordingApi.timeline, { params: { cameraId }, query: range, signal: mine.signal })
      if (mine.signal.aborted || !cameraIds().includes(cameraId)) return
      byId.value = new Map(byId.value).set(cameraId, take(byId.value.get(cameraId), { ...range, recorded, gaps, faults }))
      problem.value = null
    } catch (error) {
      if (!mine.signal.aborted) problem.value = error
    } finally {
      if (running.get(cameraId) === mine) running.delete(cameraId)
    }
  }
}
