/** How long a stream waits before it tries again (AWS "full jitter"): nobody hammers a camera, and many do not come back at once. */
import type { FailureCause } from '../contract/status.ts'

const BASE_MS = 1_000
const WATCHED_CAP_MS = 30_000
const IDLE_CAP_MS = 120_000
/** A camera that refuses the password may lock the account; only a person asks again sooner. */
export const REFUSED_LOGIN_PAUSE_MS = 15 * 60_000
/** A stream that was good for this long starts counting its failures anew. */
export const GOOD_STREAM_MS = 60_000

/** `failures` counts from 0: how many came before this one without a good stream in between. `random` gives 0 to 1. */
export function pauseMs(options: { cause: FailureCause; failures: number; isWatched: boolean; random: () => number }): number {
  if (options.cause === 'refused_login') return REFUSED_LOGIN_PAUSE_MS
  const capMs = options.isWatched ? WATCHED_CAP_MS : IDLE_CAP_MS
  return Math.round(options.random() * Math.min(capMs, BASE_MS * 2 ** Math.min(options.failures, 30)))
}
