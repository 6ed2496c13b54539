/** Counts a time down on the monotonic clock, once a second. */
import { onScopeDispose, type Ref, ref } from 'vue'

export function useCountdown(): { leftMs: Readonly<Ref<number>>; start(durationMs: number): void } {
  const leftMs = ref(0)
  let endsAtMs = 0
  let timer: ReturnType<typeof setInterval> | undefined

  function tick(): void {
    leftMs.value = Math.max(0, endsAtMs - performance.now())
    if (leftMs.value === 0) clearInterval(timer)
  }

  function start(durationMs: number): void {
    clearInterval(timer)
    endsAtMs = performance.now() + durationMs
    timer = setInterval(tick, 1000)
    tick()
  }

  onScopeDispose(() => clearInterval(timer))
  return { leftMs, start }
}
