/** Online rate of every jurisdiction for the colours of the map: fetched when they are shown, and again every five minutes. */
import { computed, type ComputedRef, type MaybeRefOrGetter, onScopeDispose, type ShallowRef, shallowRef, toValue, watch } from 'vue'
import type { Instant } from '../../../server/contract/ids.ts'
import { stationApi, type StationRate } from '../../../server/contract/stations.ts'
import { ApiError, call } from '../../base/api.ts'
import { addDays, dayStart } from '../../base/calendar.ts'
import { serverNow } from '../../base/server-clock.ts'
import type { StationRates } from '../../engines/map/tools.ts'

export type RatePeriod = 'off' | 'today' | 'week' | 'month'
const againMs = 5 * 60_000
const days = { today: 0, week: 7, month: 30 } as const

/** From the beginning of today, or so many whole days back. */
export function rateRange(period: Exclude<RatePeriod, 'off'>, now: Instant): { fromAt: Instant; toAt: Instant } {
  return { fromAt: period === 'today' ? dayStart(now) : addDays(now, -days[period]), toAt: now }
}

export function useOnlineRates(period: MaybeRefOrGetter<RatePeriod>): {
  rates: ComputedRef<StationRates | null>
  problem: ShallowRef<ApiError | null>
} {
  const known: ShallowRef<readonly StationRate[] | null> = shallowRef(null)
  const problem: ShallowRef<ApiError | null> = shallowRef(null)
  let aborting: AbortController | undefined
  let timer: ReturnType<typeof setInterval> | undefined

  async function load(chosen: Exclude<RatePeriod, 'off'>): Promise<void> {
    aborting?.abort()
    const own = (aborting = new AbortController())
    try {
      known.value = await call(stationApi.rates, { query: rateRange(chosen, serverNow()), signal: own.signal })
      problem.value = null
    } catch (error) {
      if (own.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      problem.value = error
    }
  }
  function stop(): void {
    clearInterval(timer)
    aborting?.abort()
  }

  watch(
    () => toValue(period),
    (chosen) => {
      stop()
      known.value = problem.value = null // never the colours of another period
      if (chosen === 'off') return
      void load(chosen)
      timer = setInterval(() => void load(chosen), againMs)
    },
    { immediate: true },
  )
  onScopeDispose(stop)

  return { rates: computed(() => known.value && new Map(known.value.map(({ stationId, onlineRate }) => [stationId, onlineRate]))), problem }
}
