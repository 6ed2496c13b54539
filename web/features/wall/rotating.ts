/** The rotation of a wall: found by what the wall remembers, run while the page is seen, noted in the patrol log. */
import { computed, onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'
import { wallApi, type WallRotation } from '../../../server/contract/walls.ts'
import { call } from '../../base/api.ts'
import { serverNow } from '../../base/server-clock.ts'
import { browserClock } from '../../engines/player/index.ts'
import { useAccountStore } from '../accounts/store.ts'
import { useCameraStore } from '../cameras/store.ts'
import { heldTiles, withHeldTiles } from '../to-wall/wall-state.ts'
import type { PictureReport } from './health.ts'
import { createPatrolLog, type TileSight, uuid } from './patrol-log.ts'
import { patrolStorage } from './patrol-shelf.ts'
import { planStep, type RotationStep } from './rotation-plan.ts'
import { createRotationRunner, type RotationRunner, type RotationView } from './rotation-runner.ts'
import type { Wall } from './wall.ts'
import type { WallLists } from './wall-lists.ts'

const sampleMs = 500
/** Nobody touched the wall for so long: the tile in focus, and what was put there by hand, are given back to the rotation. */
const focusLastsMs = 300_000

export type Rotating = ReturnType<typeof useRotating>

export function useRotating({
  wall,
  lists,
  reportOf,
}: {
  wall: Wall
  lists: WallLists
  reportOf: (tile: number, cameraId: CameraId) => PictureReport | undefined
}) {
  const account = useAccountStore()
  const cameras = useCameraStore()
  const view: ShallowRef<RotationView | null> = shallowRef(null)
  const rotation = computed<WallRotation | undefined>(() =>
    lists.rotations.value?.find(({ rotationId }) => rotationId === wall.state.value.rotation?.rotationId),
  )
  let runner: RotationRunner | undefined
  let runId = uuid()
  /** What this rotation has put where: what somebody else put there is no patrol of it. */
  let own = new Map<number, CameraId>()
  let touchedAtMs = performance.now()
  const patrol = createPatrolLog({
    storage: patrolStorage(account.me?.account ?? '', wall.number),
    send: async (reports) => (await call(wallApi.reportPatrol, { body: { reports: [...reports] } })).dropped,
    now: serverNow,
  })
  /** Noted here and not with the server: those that wait, and those that will never be. */
  const unreported = shallowRef({ waiting: patrol.waiting(), lost: patrol.lost() })

  // by what it does: a saved change begins a new run, a renamed owner does not
  watch(
    () => JSON.stringify([cameras.isLoaded, rotation.value?.rotationId, rotation.value?.steps, rotation.value?.dwellMs, rotation.value?.onOffline]),
    begin,
    {
      immediate: true,
    },
  )
  watch(() => wall.kept.value.map((tile) => `${tile} ${wall.state.value.cameraIds[tile]}`).join(), onTouched)
  watch(
    () => cameras.connection,
    (connection) => connection === 'live' && void flush(),
  )
  const sampler = setInterval(sample, sampleMs)
  document.addEventListener('visibilitychange', onVisibility)
  window.addEventListener('pointerdown', onTouched)
  window.addEventListener('keydown', onTouched)
  window.addEventListener('pagehide', leave)
  onScopeDispose(() => {
    clearInterval(sampler)
    document.removeEventListener('visibilitychange', onVisibility)
    window.removeEventListener('pointerdown', onTouched)
    window.removeEventListener('keydown', onTouched)
    window.removeEventListener('pagehide', leave)
    end()
    void flush()
  })

  return { view, rotation, unreported, start, stop, pause, resume, goOn: () => runner?.goOn(), flush }

  function onTouched() {
    touchedAtMs = performance.now()
  }

  function start(rotationId: string) {
    wall.enlarged.value = null
    // what it shows is of no layout any more, also when it has stopped
    wall.set({ ...wall.state.value, layoutId: null, rotation: { rotationId, isPaused: false, cursor: 0 } })
  }

  function stop() {
    wall.set({ ...wall.state.value, rotation: null })
  }

  function pause() {
    runner?.pause()
    remember({ isPaused: true })
  }

  function resume() {
    runner?.resume()
    remember({ isPaused: false })
  }

  function remember(change: { isPaused?: boolean; cursor?: number }) {
    const { state } = wall
    if (state.value.rotation) wall.set({ ...state.value, rotation: { ...state.value.rotation, ...change } })
  }

  function begin() {
    end()
    const running = wall.state.value.rotation
    const chosen = rotation.value
    if (!running || !chosen || document.hidden || !cameras.isLoaded) return
    runId = uuid()
    own = new Map()
    runner = createRotationRunner({
      clock: browserClock,
      dwellMs: chosen.dwellMs,
      cursor: running.cursor,
      isPaused: running.isPaused,
      plan: (cursor) =>
        planStep({
          rotation: chosen,
          cursor,
          tiles: wall.state.value.shape.places.map((_, tile) => tile).filter((tile) => !isHeld(tile)),
          shown: wall.state.value.cameraIds,
          isOffline: (id) => ['offline', 'suspended'].includes(cameras.byId.get(id)?.state.status ?? 'offline'),
          isKnown: (id) => cameras.byId.has(id),
          layouts: lists.layouts.value ?? [],
        }),
      shown: (tile) => wall.state.value.cameraIds[tile] ?? null,
      prepare: wall.prepare,
      isReady,
      isHeld,
      show(places, step) {
        const { state } = wall
        const shape = step.shape ?? state.value.shape
        const cameraIds = shape.places.map((_, tile) => (places.has(tile) ? (places.get(tile) ?? null) : (state.value.cameraIds[tile] ?? null)))
        note(places)
        // a whole layout that was asked for by hand takes every tile
        const held = step.shape === null ? heldTiles(state.value) : []
        wall.set(withHeldTiles({ ...state.value, shape, cameraIds }, held))
      },
      onStep(step, cursor) {
        note(step.places)
        noteSkipped(step.skipped)
        remember({ cursor })
      },
      onNothing: ({ skipped }) => noteSkipped(skipped),
      onChange: (next) => (view.value = next),
    })
  }

  function noteSkipped(cameraIds: readonly CameraId[]) {
    if (!rotation.value) return
    patrol.skip({ runId, rotationId: rotation.value.rotationId }, 0, cameraIds, (id) => cameras.byId.get(id)?.state.cause ?? null)
  }

  function end() {
    runner?.close()
    runner = undefined
    view.value = null
    patrol.closeAll()
  }

  function note(places: RotationStep['places']) {
    for (const [tile, cameraId] of places) {
      if (cameraId === null) own.delete(tile)
      else own.set(tile, cameraId)
    }
  }

  function isHeld(tile: number): boolean {
    return wall.kept.value.includes(tile)
  }

  function giveBack() {
    wall.focused.value = wall.enlarged.value = null
    wall.giveBack()
  }

  /** Behind an enlarged tile, or one in full screen: nobody sees it. */
  function isCovered(tile: number): boolean {
    return (wall.enlarged.value !== null && wall.enlarged.value !== tile) || document.fullscreenElement?.closest('.spot') != null
  }

  /** It has a picture, or it is known that there will be none and why. */
  function isReady(tile: number, cameraId: CameraId): boolean {
    const report = reportOf(tile, cameraId)
    return report !== undefined && (report.hasPicture || ['offline', 'refused', 'noRight', 'limit'].includes(report.kind))
  }

  function sample() {
    if (wall.kept.value.length > 0 && runner && performance.now() - touchedAtMs > focusLastsMs) giveBack()
    const chosen = rotation.value
    if (!runner || !chosen || document.hidden) return void patrol.tick().then(noteWaiting)
    const sights = new Map<number, TileSight>()
    for (const [tile, cameraId] of wall.state.value.cameraIds.entries()) {
      const report = cameraId !== null && own.get(tile) === cameraId && !isCovered(tile) ? reportOf(tile, cameraId) : undefined
      if (cameraId !== null && report)
        sights.set(tile, {
          cameraId,
          hasPicture: report.hasPicture,
          ageMs: report.ageMs,
          cause: report.cause ?? cameras.byId.get(cameraId)?.state.cause ?? null,
        })
    }
    patrol.sample({ runId, rotationId: chosen.rotationId }, sights, sampleMs * 2)
    void patrol.tick().then(noteWaiting)
  }

  function noteWaiting() {
    const [waiting, lost] = [patrol.waiting(), patrol.lost()]
    if (waiting !== unreported.value.waiting || lost !== unreported.value.lost) unreported.value = { waiting, lost }
  }

  async function flush() {
    await patrol.flush()
    noteWaiting()
  }

  /** Nobody sees a hidden page: the rotation stands, and nothing counts as shown. */
  function onVisibility() {
    if (!document.hidden) return begin()
    end()
    void flush()
  }

  function leave() {
    patrol.closeAll()
  }
}
