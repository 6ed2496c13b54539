/** The stretch of time the timeline shows, the bar above it, and what must be known for both. */
import { computed, shallowRef } from 'vue'
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { follow, toShare, zoomAt } from '../../engines/timeline/index.ts'
import { overviewOf, startWindow } from './windows.ts'

export function useTimeWindow(at: Instant, selection: TimeRange | null) {
  const window = shallowRef<TimeRange>(startWindow(at, selection))
  const overview = computed<TimeRange>((before) => {
    const next = overviewOf(window.value)
    return before && before.fromAt === next.fromAt && before.toAt === next.toAt ? before : next
  })
  const wanted = computed<TimeRange>(() => ({
    fromAt: Math.min(window.value.fromAt, overview.value.fromAt),
    toAt: Math.max(window.value.toAt, overview.value.toAt),
  }))
  return {
    window,
    overview,
    wanted,
    follow: (to: Instant) => (window.value = follow(window.value, to)),
    zoom: (factor: number, around: Instant) => (window.value = zoomAt(window.value, 1, factor, toShare(around, window.value))),
  }
}
