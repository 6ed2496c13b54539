/** Token buckets by key (an address, a login), on the monotonic clock. */
import type { Clock } from './clock.ts'

export type RateLimit = {
  /** Takes one token: 0, or how long until there is one. */
  take(key: string): number
}

/** `burst` at once, then `perSecond`. Holds at most `maxKeys` keys; full buckets are forgotten first. */
export function createRateLimit({
  clock,
  perSecond,
  burst,
  maxKeys = 50_000,
}: {
  clock: Clock
  perSecond: number
  burst: number
  maxKeys?: number
}): RateLimit {
  const buckets = new Map<string, { tokens: number; atMs: number }>()

  function forgetFull(nowMs: number) {
    for (const [key, { tokens, atMs }] of buckets) if (tokens + ((nowMs - atMs) / 1000) * perSecond >= burst) buckets.delete(key)
    // Under attack from more addresses than that: the oldest go.
    for (const key of buckets.keys()) {
      if (buckets.size < maxKeys) break
      buckets.delete(key)
    }
  }

  return {
    take(key) {
      const nowMs = clock.monotonicMs()
      let bucket = buckets.get(key)
      if (!bucket) {
        if (buckets.size >= maxKeys) forgetFull(nowMs)
        bucket = { tokens: burst, atMs: nowMs }
        buckets.set(key, bucket)
      }
      bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
      bucket.atMs = nowMs
      if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000)
      bucket.tokens -= 1
      return 0
    },
  }
}
