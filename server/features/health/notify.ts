/** Turns changes of state into news: at once, but at most one per camera and second however it flaps (N7). The push gathers them into messages. */
import type { Clock } from '../../base/clock.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { CameraState, CameraStatus, StatusChange } from '../../contract/status.ts'

const LOOK_EVERY_MS = 250
const PER_CAMERA_MS = 1_000

export type StatusNews = { states: CameraState[]; changes: StatusChange[] }

/** A change worth a line in the ticker. That we went blind, or see a camera well again after it, is no news of the camera. */
export const isNews = (from: CameraStatus, to: CameraStatus): boolean => to !== from && to !== 'unknown' && !(from === 'unknown' && to === 'online')

type Told = { state: CameraState; toldMs: number }

export function createNotifier({ clock, nameOf, tell }: { clock: Clock; nameOf(cameraId: CameraId): string; tell(news: StatusNews): void }) {
  /** What the pages have been told. The heartbeat's hash is taken of this, not of what the judge knows since. */
  const told = new Map<CameraId, Told>()
  /** States of cameras that change more than once a second. */
  const waiting = new Map<CameraId, CameraState>()
  const ticker = clock.every(LOOK_EVERY_MS, () => {
    const due = [...waiting].filter(([cameraId]) => isDue(cameraId))
    release(due.map(([, state]) => state))
  })

  const isDue = (cameraId: CameraId) => clock.monotonicMs() - (told.get(cameraId)?.toldMs ?? -Infinity) >= PER_CAMERA_MS

  function release(states: readonly CameraState[]) {
    const news: StatusNews = { states: [], changes: [] }
    for (const state of states) {
      const before = told.get(state.cameraId)?.state
      waiting.delete(state.cameraId)
      told.set(state.cameraId, { state, toldMs: clock.monotonicMs() })
      if (before && isSameNews(before, state)) continue
      news.states.push(state)
      if (before && isNews(before.status, state.status)) news.changes.push(changeBetween(before, state, nameOf(state.cameraId)))
    }
    if (news.states.length > 0) tell(news)
  }

  return {
    /** The state a page knows at once, without news: at our start, and of a new camera. */
    setBase: (state: CameraState) => void told.set(state.cameraId, { state, toldMs: -Infinity }),
    /** Tells now, or within a second if this camera's last news is younger than that. */
    put(state: CameraState) {
      if (isDue(state.cameraId)) release([state])
      else waiting.set(state.cameraId, state)
    },
    forget(cameraId: CameraId) {
      told.delete(cameraId)
      waiting.delete(cameraId)
    },
    toldState: (cameraId: CameraId) => told.get(cameraId)?.state,
    toldStates: () => [...told.values()].map(({ state }) => state),
    close: () => ticker.cancel(),
  }
}
export type Notifier = ReturnType<typeof createNotifier>

const isSameNews = (a: CameraState, b: CameraState) => a.status === b.status && a.cause === b.cause && a.sinceAt === b.sinceAt

const changeBetween = (before: CameraState, after: CameraState, name: string): StatusChange => ({
  cameraId: after.cameraId,
  name,
  from: before.status,
  to: after.status,
  cause: after.cause,
  at: after.sinceAt,
  lastedMs: Math.max(0, after.sinceAt - before.sinceAt),
})
