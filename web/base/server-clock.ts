/** The server's time, estimated: every duration on screen is taken against it, since the clocks of desks are wrong. */
import { onScopeDispose, type Ref, ref } from 'vue'
import type { Instant } from '../../server/contract/ids.ts'

/** Server minus monotonic time of the page. The largest seen is the one with the least delay on the way. */
let offsetMs: number | undefined
let offsetSetAtMs = 0
/** A step of the server's clock (or of ours after sleep) is believed after this long, in either direction. */
const forgetAfterMs = 60_000
const stepMs = 2_000

/** Takes a `serverAt` that has just arrived. */
export function noteServerTime(serverAt: Instant): void {
  const monotonicMs = performance.now()
  const candidate = serverAt - monotonicMs
  const isStep = offsetMs !== undefined && Math.abs(candidate - offsetMs) > stepMs
  if (offsetMs === undefined || candidate > offsetMs || isStep || monotonicMs - offsetSetAtMs > forgetAfterMs) {
    offsetMs = candidate
    offsetSetAtMs = monotonicMs
  }
}

/** Epoch ms of the server now; our own clock until it has spoken. */
export function serverNow(): Instant {
  return Math.round(offsetMs === undefined ? Date.now() : offsetMs + performance.now())
}

/** `serverNow()` that ticks: for clocks and ages on screen. One timer per component, ended with it. */
export function useServerNow(periodMs = 1000): Readonly<Ref<Instant>> {
  const now = ref(serverNow())
  const timer = setInterval(() => (now.value = serverNow()), periodMs)
  onScopeDispose(() => clearInterval(timer))
  return now
}
