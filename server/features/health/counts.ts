/** How many cameras were in which state along a range. Pure. */
import { CameraStatus, type StatusCounts } from '../../contract/status.ts'
import type { Range } from './history.ts'

/** Stretches of one state, in no order; as numbers side by side, because there may be hundreds of thousands. */
export type Stretches = { status: CameraStatus; fromAts: Float64Array; toAts: Float64Array }

/**
 * Steps of equal length. The worst moment of the step for `offline`: an outage of a minute must not vanish in two hours. The mean for the rest.
 * Where nothing was known of a camera it is counted nowhere.
 */
export function countStates(stretches: readonly Stretches[], { fromAt, toAt }: Range, steps: number): StatusCounts[] {
  const stepMs = (toAt - fromAt) / steps
  const byStatus = new Map(
    CameraStatus.options.map((status) => {
      const own = stretches.filter((each) => each.status === status)
      return [status, status === 'offline' ? mostAtOnce(own, fromAt, stepMs, steps) : meanOf(own, fromAt, stepMs, steps)]
    }),
  )
  const countOf = (status: CameraStatus, step: number) => Math.round((byStatus.get(status)?.[step] ?? 0) * 100) / 100
  return Array.from({ length: steps }, (_, step) => ({
    fromAt: Math.round(fromAt + step * stepMs),
    counts: Object.fromEntries(CameraStatus.options.map((status) => [status, countOf(status, step)])) as StatusCounts['counts'],
  }))
}

/** Time spent in the state within each step, over the step's length. */
function meanOf(stretches: readonly Stretches[], fromAt: number, stepMs: number, steps: number): Float64Array {
  const partly = new Float64Array(steps)
  /** Stretches that fill whole steps: one more from here on, one less from there on. */
  const whole = new Float64Array(steps + 1)
  for (const { fromAts, toAts } of stretches) {
    for (let i = 0; i < fromAts.length; i++) {
      const from = Math.max(0, (fromAts[i]! - fromAt) / stepMs)
      const to = Math.min(steps, (toAts[i]! - fromAt) / stepMs)
      if (to <= from) continue
      const first = Math.floor(from)
      const last = Math.min(steps - 1, Math.floor(to))
      if (first === last) {
        partly[first]! += to - from
        continue
      }
      partly[first]! += first + 1 - from
      partly[last]! += to - last
      whole[first + 1]!++
      whole[last]!--
    }
  }
  let filling = 0
  return partly.map((part, step) => part + (filling += whole[step]!))
}

/** The most at one moment of each step. One that ends as another begins was not at once with it. */
function mostAtOnce(stretches: readonly Stretches[], fromAt: number, stepMs: number, steps: number): Float64Array {
  const [begins, ends] = [sorted(stretches, 'fromAts'), sorted(stretches, 'toAts')]
  let [begun, ended] = [0, 0]
  return new Float64Array(steps).map((_, step) => {
    const [startAt, endAt] = [fromAt + step * stepMs, fromAt + (step + 1) * stepMs]
    while (begun < begins.length && begins[begun]! <= startAt) begun++
    while (ended < ends.length && ends[ended]! <= startAt) ended++
    let most = begun - ended
    while (begun < begins.length && begins[begun]! < endAt) {
      while (ended < ends.length && ends[ended]! <= begins[begun]!) ended++
      begun++
      most = Math.max(most, begun - ended)
    }
    return most
  })
}

/** A stretch without length is at no moment. */
function sorted(stretches: readonly Stretches[], which: 'fromAts' | 'toAts'): Float64Array {
  const all = new Float64Array(stretches.reduce((sum, { fromAts }) => sum + fromAts.length, 0))
  let count = 0
  for (const each of stretches) for (let i = 0; i < each.fromAts.length; i++) if (each.toAts[i]! > each.fromAts[i]!) all[count++] = each[which][i]!
  return all.subarray(0, count).sort()
}
