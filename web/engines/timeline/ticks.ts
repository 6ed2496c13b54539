/** Which moments a ruler names, by how much room there is. Pure; local time comes in as an offset. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { lengthMs } from './window.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Step between named ticks and between the small ones within. */
const steps: readonly (readonly [labelMs: number, smallMs: number])[] = [
  [second, 200],
  [2 * second, 500],
  [5 * second, second],
  [10 * second, second],
  [15 * second, 5 * second],
  [30 * second, 5 * second],
  [minute, 10 * second],
  [2 * minute, 30 * second],
  [5 * minute, minute],
  [10 * minute, minute],
  [20 * minute, 5 * minute],
  [30 * minute, 5 * minute],
  [hour, 10 * minute],
  [2 * hour, 30 * minute],
  [3 * hour, 30 * minute],
  [6 * hour, hour],
  [12 * hour, 3 * hour],
  [day, 6 * hour],
  [2 * day, 12 * hour],
  [5 * day, day],
  [10 * day, day],
]

export type Tick = {
  at: Instant
  /** `small` has no words; `day` is a local midnight and named by its date. */
  kind: 'small' | 'time' | 'day'
}
export type Ruler = { labelMs: number; hasSeconds: boolean; ticks: readonly Tick[] }

/** `minLabelPx`: room one name needs. `offsetMs` tells local time minus UTC. */
export function chooseTicks(window: TimeRange, widthPx: number, minLabelPx: number, offsetMs: (at: Instant) => number): Ruler {
  const msPerPx = lengthMs(window) / Math.max(1, widthPx)
  const [labelMs, smallMs] = steps.find(([ms]) => ms / msPerPx >= minLabelPx) ?? [10 * day, day]
  const ticks: Tick[] = []
  const shiftMs = offsetMs(window.fromAt)
  for (let local = Math.ceil((window.fromAt + shiftMs) / smallMs) * smallMs; local - shiftMs <= window.toAt; local += smallMs) {
    const isNamed = local % labelMs === 0
    // a clock change within the window moves midnight: the offset of the tick itself counts
    const at = local - offsetMs(local - shiftMs)
    ticks.push({ at, kind: !isNamed ? 'small' : local % day === 0 ? 'day' : 'time' })
  }
  return { labelMs, hasSeconds: labelMs < minute, ticks }
}
