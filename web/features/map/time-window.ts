/** The stretch of time the map's time bar shows, and what was offline in it. */
import { computed, type ComputedRef, type MaybeRefOrGetter, onScopeDispose, type ShallowRef, shallowRef, toValue, watch } from 'vue'
import type { Instant } from '../../../server/contract/ids.ts'
import { MAP_PAST_MS, statusApi, type StatusCounts } from '../../../server/contract/status.ts'
import { ApiError, call } from '../../base/api.ts'

const day = 86_400_000
const minute = 60_000
/** How much of the past the bar shows, and how far one press of an arrow key goes in it. */
export const spans = { day: { ms: day, stepMs: minute }, week: { ms: 7 * day, stepMs: 10 * minute }, month: { ms: MAP_PAST_MS, stepMs: 30 * minute } } as const
export type Span = keyof typeof spans

/** A window of `span` that holds `at`, not beyond now and not older than the past that is kept. */
export function windowAround(at: Instant, span: Span, now: Instant): { fromAt: Instant; toAt: Instant } {
  const { ms } = spans[span]
  const toAt = Math.max(now - MAP_PAST_MS + ms, Math.min(now, at + ms / 2))
  return { fromAt: toAt - ms, toAt }
}

/** The offline counts as the outline of an area in a box of 1 by 1, from bottom left; `most` reaches the top. */
export function offlineArea(counts: readonly StatusCounts[], { fromAt, toAt }: { fromAt: Instant; toAt: Instant }): { path: string; most: number } {
  const most = counts.reduce((max, { counts: { offline } }) => Math.max(max, offline), 0)
  if (most === 0) return { path: '', most }
  const x = (at: Instant) => ((at - fromAt) / (toAt - fromAt)).toFixed(5)
  const steps = counts.map(({ fromAt: startAt, counts: { offline } }, i) => {
    const endAt = counts[i + 1]?.fromAt ?? toAt
    const y = (1 - offline / most).toFixed(4)
    return `L${x(startAt)},${y}L${x(endAt)},${y}`
  })
  return { path: `M${x(counts[0]!.fromAt)},1${steps.join('')}L1,1Z`, most }
}

export function useOfflineCounts(window: MaybeRefOrGetter<{ fromAt: Instant; toAt: Instant }>): {
  area: ComputedRef<{ path: string; most: number }>
  problem: ShallowRef<ApiError | null>
} {
  const known: ShallowRef<{ window: { fromAt: Instant; toAt: Instant }; counts: readonly StatusCounts[] } | null> = shallowRef(null)
  const problem: ShallowRef<ApiError | null> = shallowRef(null)
  let aborting: AbortController | undefined

  watch(
    () => {
      const { fromAt, toAt } = toValue(window)
      return [fromAt, toAt] as const
    },
    async ([fromAt, toAt]) => {
      aborting?.abort()
      const own = (aborting = new AbortController())
      try {
        const counts = await call(statusApi.counts, { query: { fromAt, toAt, steps: 360 }, signal: own.signal })
        known.value = { window: { fromAt, toAt }, counts }
        problem.value = null
      } catch (error) {
        if (own.signal.aborted) return
        if (!(error instanceof ApiError)) throw error
        problem.value = error
      }
    },
    { immediate: true },
  )
  onScopeDispose(() => aborting?.abort())

  return {
    area: computed(() => {
      const { fromAt, toAt } = toValue(window)
      // the area of another window would lie at the wrong time
      const isSame = known.value?.window.fromAt === fromAt && known.value.window.toAt === toAt
      return isSame && known.value ? offlineArea(known.value.counts, known.value.window) : { path: '', most: 0 }
    }),
    problem,
  }
}
