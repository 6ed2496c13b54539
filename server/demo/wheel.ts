/** One timer for everything that is sent: units wait in slots of a few milliseconds; an idle wheel does not turn. */
import type { Clock, Timer } from '../base/clock.ts'

const SLOT_MS = 5
const SLOT_COUNT = 1024

export type Wheel = {
  /** Runs `run` at `dueMs` (monotonic) or up to one slot later. Whoever waits tells by itself whether it still wants to run. */
  add(dueMs: number, run: (nowMs: number) => void): void
  close(): void
}

export function createWheel(clock: Clock): Wheel {
  const slots: { dueMs: number; run: (nowMs: number) => void }[][] = Array.from({ length: SLOT_COUNT }, () => [])
  let waiting = 0
  let nextSlot = 0
  let timer: Timer | undefined
  const slotOf = (ms: number) => Math.floor(ms / SLOT_MS)

  function turn() {
    const nowMs = clock.monotonicMs()
    const last = slotOf(nowMs)
    // A stall longer than one turn would visit slots twice.
    if (last - nextSlot >= SLOT_COUNT) nextSlot = last - SLOT_COUNT + 1
    for (; nextSlot <= last; nextSlot++) {
      const slot = slots[nextSlot % SLOT_COUNT]!
      if (slot.length === 0) continue
      slots[nextSlot % SLOT_COUNT] = []
      waiting -= slot.length
      for (const { dueMs, run } of slot) {
        if (dueMs > nowMs + SLOT_MS) add(dueMs, run) // a later round of the wheel
        else run(nowMs)
      }
    }
    if (waiting === 0) {
      timer?.cancel()
      timer = undefined
    }
  }

  function add(dueMs: number, run: (nowMs: number) => void) {
    if (!timer) {
      nextSlot = slotOf(clock.monotonicMs())
      timer = clock.every(SLOT_MS, turn)
    }
    waiting++
    // One slot later than the floor: never before its time, and never into a slot that has passed.
    slots[Math.max(slotOf(dueMs) + 1, nextSlot + 1) % SLOT_COUNT]!.push({ dueMs, run })
  }

  return {
    add,
    close() {
      timer?.cancel()
      timer = undefined
      for (const slot of slots) slot.length = 0
      waiting = 0
    },
  }
}
