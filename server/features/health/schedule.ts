/** When each camera is probed: all of them once a round, spread evenly, sooner where there is doubt, bounded in number and rate. */
import type { Clock } from '../../base/clock.ts'
import type { CameraId } from '../../contract/ids.ts'

/** How often due cameras are looked for. */
const TICK_MS = 250
/** Each pause is up to this much longer or shorter than asked, so that cameras never fall into step. */
const JITTER = 0.05

export type ScheduleOptions = {
  clock: Clock
  random: () => number
  periodMs: number
  maxInFlight: number
  maxStartsPerSecond: number
  /** Probes one camera; never rejects. */
  probe(cameraId: CameraId): Promise<void>
}

type Turn = {
  /** The camera's place in the round. Turns brought forward do not move it, so that neighbours who were asked together do not stay together. */
  roundMs: number
  /** A turn out of the round. */
  soonMs: number
  /** No hint brings it forward past this: a camera that refused our password locks us out if we insist. */
  notBeforeMs: number
  isRunning: boolean
}

const dueMsOf = ({ roundMs, soonMs, notBeforeMs }: Turn): number => Math.max(notBeforeMs, Math.min(roundMs, soonMs))

export function createSchedule({ clock, random, periodMs, maxInFlight, maxStartsPerSecond, probe }: ScheduleOptions) {
  const turns = new Map<CameraId, Turn>()
  let inFlight = 0
  let isPaused = true
  let startTokens = 0
  let lastTickMs = clock.monotonicMs()
  const ticker = clock.every(TICK_MS, tick)

  const jittered = (delayMs: number) => delayMs * (1 - JITTER + 2 * JITTER * random())

  function tick() {
    const nowMs = clock.monotonicMs()
    startTokens = Math.min(maxStartsPerSecond, startTokens + (maxStartsPerSecond * (nowMs - lastTickMs)) / 1000)
    lastTickMs = nowMs
    if (isPaused) return
    const due = [...turns].filter(([, turn]) => !turn.isRunning && dueMsOf(turn) <= nowMs).sort(([, a], [, b]) => dueMsOf(a) - dueMsOf(b))
    for (const [cameraId, turn] of due) {
      if (inFlight >= maxInFlight || startTokens < 1) return
      startTokens--
      void run(cameraId, turn)
    }
  }

  async function run(cameraId: CameraId, turn: Turn) {
    inFlight++
    turn.isRunning = true
    turn.soonMs = Infinity
    if (turn.roundMs <= clock.monotonicMs()) turn.roundMs = clock.monotonicMs() + jittered(periodMs)
    await probe(cameraId)
    turn.isRunning = false
    inFlight--
  }

  return {
    /** Which cameras there are. New ones get their first turn soon, one after another. */
    setCameras(cameraIds: Iterable<CameraId>) {
      const wanted = new Set(cameraIds)
      for (const cameraId of turns.keys()) if (!wanted.has(cameraId)) turns.delete(cameraId)
      for (const cameraId of wanted)
        if (!turns.has(cameraId)) turns.set(cameraId, { roundMs: clock.monotonicMs() + random() * TICK_MS, soonMs: Infinity, notBeforeMs: 0, isRunning: false })
    },
    /** Brings a camera's turn forward to `delayMs` from now, if it is later than that and no `pauseFor` forbids it. */
    hurry(cameraId: CameraId, delayMs: number) {
      const turn = turns.get(cameraId)
      if (turn) turn.soonMs = Math.min(turn.soonMs, clock.monotonicMs() + jittered(delayMs))
    },
    /** Other evidence came: the camera needs no probe for a whole round. */
    postpone(cameraId: CameraId) {
      const turn = turns.get(cameraId)
      if (turn) turn.roundMs = clock.monotonicMs() + jittered(periodMs)
    },
    /** Not before this long from now, whatever hints come. */
    pauseFor(cameraId: CameraId, delayMs: number) {
      const turn = turns.get(cameraId)
      if (turn) turn.notBeforeMs = clock.monotonicMs() + delayMs
    },
    /** The reason for `pauseFor` has gone: back into the round. */
    endPause(cameraId: CameraId) {
      const turn = turns.get(cameraId)
      if (turn) turn.notBeforeMs = 0
    },
    /** Nothing is known any more: every camera is due, as fast as the limits allow. */
    restart() {
      const nowMs = clock.monotonicMs()
      for (const turn of turns.values()) {
        turn.roundMs = nowMs + random() * TICK_MS
        turn.soonMs = Infinity
        turn.notBeforeMs = 0
      }
    },
    setPaused(paused: boolean) {
      isPaused = paused
    },
    inFlight: () => inFlight,
    close() {
      ticker.cancel()
      turns.clear()
    },
  }
}
export type Schedule = ReturnType<typeof createSchedule>
