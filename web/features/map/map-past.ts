/** The map at an earlier moment: the states of then, fetched, and the cameras with them. */
import { computed, type ComputedRef, type MaybeRefOrGetter, onScopeDispose, type ShallowRef, shallowRef, toValue, watch } from 'vue'
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { Instant } from '../../../server/contract/ids.ts'
import { MAP_PAST_MS, type PastStates, statusApi } from '../../../server/contract/status.ts'
import { ApiError, call } from '../../base/api.ts'
import { serverNow } from '../../base/server-clock.ts'

/** A slider that is dragged asks this often at most. */
const askEveryMs = 200
const keptMoments = 60
/** Downtime is told of later than it began: only what is older than this stays as it is. */
const settledAfterMs = 3_600_000

/** Why a moment cannot be shown. */
export type PastRefusal = 'tooOld' | 'inFuture' | 'noRight'

export function refusalOf(at: Instant, now: Instant, canSee: boolean): PastRefusal | null {
  if (!canSee) return 'noRight'
  if (at > now) return 'inFuture'
  return at < now - MAP_PAST_MS ? 'tooOld' : null
}

/** Where a look back begins: the last whole minute that is over. */
export function minuteBefore(now: Instant): Instant {
  return Math.floor(now / 60_000 - 1) * 60_000
}

/** The cameras as they were; one nobody knew of then is unknown. `states` null: not read yet, so nothing is known. */
export function pointsAt(points: readonly CameraPoint[], at: Instant, past: PastStates | null): readonly CameraPoint[] {
  const byId = new Map(past?.states.map((state) => [state.cameraId, state]))
  return points.map((point) => {
    const then = byId.get(point.cameraId)
    const state = then
      ? { ...then, detail: null, evidenceAt: null }
      : { cameraId: point.cameraId, status: 'unknown' as const, cause: null, sinceAt: at, detail: null, evidenceAt: null }
    return { ...point, state }
  })
}

export function useMapPast({ at, canSee }: { at: MaybeRefOrGetter<Instant | null>; canSee: MaybeRefOrGetter<boolean> }): {
  /** The moment asked for, if it may be shown. */
  askedAt: ComputedRef<Instant | null>
  /** What is known of a moment; it lags behind `askedAt` while it is fetched. */
  states: ShallowRef<PastStates | null>
  isReading: ComputedRef<boolean>
  refusal: ComputedRef<PastRefusal | null>
  problem: ShallowRef<ApiError | null>
  retry(): void
} {
  const states: ShallowRef<PastStates | null> = shallowRef(null)
  const problem: ShallowRef<ApiError | null> = shallowRef(null)
  const kept = new Map<Instant, PastStates>()
  let aborting: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let sentAtMs = -Infinity

  const refusal = computed(() => {
    const asked = toValue(at)
    return asked === null ? null : refusalOf(asked, serverNow(), toValue(canSee))
  })
  const askedAt = computed(() => (refusal.value === null ? toValue(at) : null))

  async function read(asked: Instant): Promise<void> {
    sentAtMs = performance.now()
    const own = (aborting = new AbortController())
    try {
      const answer = await call(statusApi.past, { query: { at: asked }, signal: own.signal })
      if (asked < serverNow() - settledAfterMs) {
        const oldest = kept.keys().next().value
        if (kept.size >= keptMoments && oldest !== undefined) kept.delete(oldest)
        kept.set(asked, answer)
      }
      states.value = answer
      problem.value = null
    } catch (error) {
      if (own.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      problem.value = error
    }
  }

  function follow(asked: Instant | null): void {
    clearTimeout(timer)
    aborting?.abort()
    problem.value = null
    if (asked === null) {
      states.value = null
      return
    }
    const known = kept.get(asked)
    if (known) states.value = known
    else timer = setTimeout(() => void read(asked), Math.max(0, sentAtMs + askEveryMs - performance.now()))
  }
  watch(askedAt, follow, { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    aborting?.abort()
  })

  return {
    askedAt,
    states,
    isReading: computed(() => askedAt.value !== null && states.value?.at !== askedAt.value && problem.value === null),
    refusal,
    problem,
    retry: () => follow(askedAt.value),
  }
}
