/** The stretch chosen for a clip or a lock: set by its ends, dragged, and part of the address. */
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { lengthMs } from '../../engines/timeline/index.ts'

/** The other end, where only one was set. */
const usualMs = 60_000
const shortestMs = 1_000
/** Of the window: enough to take hold of. */
const firstShare = 0.08
const addressAfterMs = 300

/** It begins here; an end that lies before goes behind. */
export function withIn(selection: TimeRange | null, at: Instant): TimeRange {
  return { fromAt: at, toAt: selection && selection.toAt >= at + shortestMs ? selection.toAt : at + usualMs }
}

/** It ends here. */
export function withOut(selection: TimeRange | null, at: Instant): TimeRange {
  return { fromAt: selection && selection.fromAt <= at - shortestMs ? selection.fromAt : Math.max(0, at - usualMs), toAt: at }
}

/** Around a moment, wide enough to be seen in the window; not into the future. */
export function around(at: Instant, window: TimeRange, now: Instant): TimeRange {
  const halfMs = Math.max(usualMs / 2, Math.round((lengthMs(window) * firstShare) / 2))
  const toAt = Math.min(now, Math.round(at + halfMs))
  return { fromAt: Math.max(0, toAt - 2 * halfMs), toAt }
}

/** `written` is what stands in the address, `write` puts it there, a little after the hand rests. */
export function useSelection(written: () => TimeRange | null, write: (selection: TimeRange | null) => void): Ref<TimeRange | null> {
  const selection = shallowRef(written())
  let last = selection.value
  let timer: ReturnType<typeof setTimeout> | undefined

  watch(selection, (next) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      last = next
      write(next)
    }, addressAfterMs)
  })
  watch(written, (next) => {
    // what comes from outside counts, not the echo of what was written
    if (next?.fromAt === last?.fromAt && next?.toAt === last?.toAt) return
    last = next
    selection.value = next
  })
  onScopeDispose(() => clearTimeout(timer))
  return selection
}
