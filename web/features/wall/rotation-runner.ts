/**
 * Drives a rotation (轮巡): waits, has the next pictures decoded, exchanges them without a black moment, and waits again (R-WALL-2). It knows neither Vue nor
 * players: it is told what is ready and says what to show. A picture that does not come keeps its predecessor for `lateMs`, then it is shown all the same, with its reason.
 */
import type { CameraId } from '../../../server/contract/ids.ts'
import type { PlayerClock } from '../../engines/player/index.ts'
import { isStep, type NoStep, type RotationStep, type StepPlan } from './rotation-plan.ts'

const tickMs = 100
/** So many are opened at once: most of the time they wait for their camera's key frame, but a machine that plays a wall has not much to spare. */
const maxOpening = 8
/** The first step had no time to prepare: what the wall shows may stay a little longer. */
const firstLateMs = 12_000
const restBeforeMs = 400

export type RotationPhase = 'showing' | 'preparing' | 'switching' | 'nothing'
export type RotationView = {
  phase: RotationPhase
  isPaused: boolean
  /** Until the next step. */
  remainingMs: number
  /** The step on the screen and the one that comes. */
  step: RotationStep | null
  next: RotationStep | null
  /** In the phase `nothing`: why. */
  nothingWhy: NoStep['why'] | null
  ready: number
  needed: number
  /** Tiles whose new picture did not come in time at the last switch, from 0. */
  lateTiles: readonly number[]
}

export type RotationOptions = {
  clock: PlayerClock
  dwellMs: number
  cursor: number
  isPaused: boolean
  plan: (cursor: number) => StepPlan
  /** What the wall shows in a tile now. */
  shown: (tile: number) => CameraId | null
  /** Pictures to open out of sight, in this order; replaces what was asked before. */
  prepare: (places: ReadonlyMap<number, CameraId>) => void
  isReady: (tile: number, cameraId: CameraId) => boolean
  /** Puts these on the screen. With a step of another shape all of its places come at once. */
  show: (places: ReadonlyMap<number, CameraId | null>, step: RotationStep) => void
  /** A step is complete on the screen. */
  onStep: (step: RotationStep, cursor: number) => void
  /** There was nothing to show: told once for as long as a round would last. */
  onNothing: (plan: NoStep) => void
  /** In focus, or with what a hand has put there: it is left alone. */
  isHeld: (tile: number) => boolean
  onChange: (view: RotationView) => void
}

export function createRotationRunner(options: RotationOptions) {
  const { clock, dwellMs } = options
  const lateMs = Math.min(6_000, Math.max(2_000, dwellMs))
  let { cursor, isPaused } = options
  let phase: RotationPhase = 'showing'
  let step: RotationStep | null = null
  let next: RotationStep | null = null
  /** Of the next step, what still has to come onto the screen. */
  let pending = new Map<number, CameraId | null>()
  let needed = 0
  let lateTiles: number[] = []
  // the first step comes as soon as its pictures are there
  let dueMs = clock.monotonicMs()
  let remainingMs = 0
  let switchedAtMs = 0
  let nothingWhy: NoStep['why'] | null = null
  /** Steps until a round without anything to show is over. */
  let emptySteps = 0
  /** The step that comes was asked for: it does not wait for a held tile. */
  let isByHand = false
  let isClosed = false
  /** Of this tick and cursor: a round of hundreds of cameras is not walked four times. */
  let planned: { cursor: number; plan: StepPlan } | undefined
  const timer = clock.every(tickMs, tick)
  tick()

  return { view, tick, pause, resume, goOn, close }

  function tick() {
    if (isClosed) return
    const nowMs = clock.monotonicMs()
    planned = undefined
    if (phase === 'nothing') {
      // a tile was given back: at once
      const isDue = nowMs >= dueMs || (nothingWhy === 'held' && isStep(planNow()))
      if (isPaused || !isDue) return report()
      phase = 'showing'
      dueMs = nowMs
    }
    if (phase === 'showing' && !isPaused && nowMs >= dueMs - leadMs() && !isWholeHeld()) beginPreparing()
    // somebody has taken a tile since
    else if (!isByHand && phase !== 'showing' && isWholeHeld()) letGo()
    if (phase === 'preparing') {
      openMore()
      if (nowMs >= dueMs) {
        phase = 'switching'
        switchedAtMs = nowMs
        lateTiles = []
      }
    }
    if (phase === 'switching') exchange(nowMs)
    report()
  }

  function planNow(): StepPlan {
    if (planned?.cursor !== cursor) planned = { cursor, plan: options.plan(cursor) }
    return planned.plan
  }

  /** A step of another shape would take the tile somebody looks at: it waits. */
  function isWholeHeld(): boolean {
    const coming = phase === 'showing' ? planNow() : next
    if (!coming || !isStep(coming) || coming.shape === null) return false
    return [...coming.places.keys(), ...(step?.places.keys() ?? [])].some(options.isHeld)
  }

  /** How long before the switch the next pictures are opened. */
  function leadMs(): number {
    const coming = planNow()
    const changes = isStep(coming) ? changesOf(coming).size : 0
    return Math.min(Math.max(500, dwellMs - restBeforeMs), 2_500 + 200 * changes)
  }

  function changesOf(planned: RotationStep): Map<number, CameraId | null> {
    return new Map([...planned.places].filter(([tile, id]) => planned.shape !== null || options.shown(tile) !== id))
  }

  function beginPreparing() {
    const coming = planNow()
    if (!isStep(coming)) {
      // asked again after a dwell
      phase = 'nothing'
      next = null
      nothingWhy = coming.why
      if (coming.skipped.length > 0 && emptySteps-- <= 0) {
        emptySteps = coming.of - 1
        options.onNothing(coming)
      }
      dueMs = clock.monotonicMs() + dwellMs
      return
    }
    next = coming
    pending = changesOf(coming)
    needed = countCameras(pending)
    phase = 'preparing'
    openMore()
  }

  /** A few at a time, the next when one of them has its picture. */
  function openMore() {
    const open = new Map<number, CameraId>()
    let opening = 0
    for (const [tile, id] of pending) {
      if (id === null) continue
      if (!options.isReady(tile, id) && ++opening > maxOpening) break
      open.set(tile, id)
    }
    options.prepare(open)
  }

  function exchange(nowMs: number) {
    const planned = next!
    const isLate = nowMs - switchedAtMs > (step === null ? Math.max(firstLateMs, lateMs) : lateMs)
    if (planned.shape !== null) {
      const open = [...pending].filter(([tile, id]) => id !== null && !options.isReady(tile, id)).map(([tile]) => tile)
      if (open.length > 0 && !isLate) return openMore()
      lateTiles = open
      const all = pending
      pending = new Map()
      options.show(all, planned)
      return complete(nowMs)
    }
    const now = new Map<number, CameraId | null>()
    for (const [tile, id] of pending) {
      const isReady = id === null || options.isReady(tile, id)
      if (options.isHeld(tile)) pending.delete(tile)
      else if (isReady || isLate) {
        now.set(tile, id)
        pending.delete(tile)
        if (!isReady) lateTiles = [...lateTiles, tile]
      }
    }
    if (now.size > 0) options.show(now, planned)
    if (pending.size > 0) openMore()
    else complete(nowMs)
  }

  function complete(nowMs: number) {
    options.prepare(new Map())
    step = next
    next = null
    needed = 0
    cursor = step!.nextCursor
    phase = 'showing'
    isByHand = false
    emptySteps = 0
    // a step that waited for its pictures is shown as long as any other
    dueMs = nowMs + dwellMs
    remainingMs = dwellMs
    options.onStep(step!, cursor)
  }

  function pause() {
    if (isPaused) return
    isPaused = true
    remainingMs = Math.max(0, dueMs - clock.monotonicMs())
    // they would only grow old
    if (phase === 'preparing') letGo()
    report()
  }

  function letGo() {
    options.prepare(new Map())
    pending = new Map()
    next = null
    isByHand = false
    phase = 'showing'
  }

  function resume() {
    if (!isPaused) return
    isPaused = false
    dueMs = clock.monotonicMs() + remainingMs
    tick()
  }

  /** The next step now, also while it is paused. */
  function goOn() {
    if (phase === 'switching') return
    isByHand = true
    planned = undefined
    dueMs = clock.monotonicMs()
    if (phase !== 'preparing') beginPreparing()
    tick()
    remainingMs = dwellMs
  }

  function close() {
    isClosed = true
    timer.cancel()
    options.prepare(new Map())
  }

  function view(): RotationView {
    const coming = next ?? planNow()
    const ready = [...pending].filter(([tile, id]) => id !== null && options.isReady(tile, id)).length
    const done = phase === 'switching' ? needed - countCameras(pending) : 0
    return {
      phase,
      isPaused,
      remainingMs: isPaused ? remainingMs : Math.max(0, dueMs - clock.monotonicMs()),
      step,
      next: isStep(coming) ? coming : null,
      nothingWhy: phase === 'nothing' ? nothingWhy : null,
      ready: ready + done,
      needed,
      lateTiles,
    }
  }

  function report() {
    options.onChange(view())
  }
}
export type RotationRunner = ReturnType<typeof createRotationRunner>

function countCameras(places: ReadonlyMap<number, CameraId | null>): number {
  return [...places.values()].filter((id) => id !== null).length
}
