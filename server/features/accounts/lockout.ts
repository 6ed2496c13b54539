/** Failed logins, counted by account and by address. Durations run on the monotonic clock: a step of the wall clock unlocks nothing (T1). */
import type { Clock } from '../../base/clock.ts'

export type LockoutRow = { key: string; failures: number; locked_until_at: number | null; changed_at: number }
export type LockoutStore = {
  /** Forgets rows last changed before `beforeAt`, gives the others. */
  listLockouts(beforeAt: number): Promise<LockoutRow[]>
  saveLockout(row: LockoutRow): Promise<void>
  deleteLockout(key: string): Promise<void>
}

/** Failures that lock, for how long; failures are forgotten after the same time without a new one. */
export const LOCK_MS = 15 * 60_000
const FAILURES_OF_ACCOUNT = 5
/** A duty room may share one address. */
const FAILURES_OF_ADDRESS = 30
const MOST_KEYS = 20_000

type State = { failures: number; forgetAtMs: number; lockedUntilMs: number }

export async function openLockout({ store, clock }: { store: LockoutStore; clock: Clock }) {
  const states = new Map<string, State>()
  for (const row of await store.listLockouts(clock.now() - LOCK_MS)) {
    const leftMs = Math.min(LOCK_MS, Math.max(0, (row.locked_until_at ?? 0) - clock.now()))
    states.set(row.key, { failures: row.failures, forgetAtMs: clock.monotonicMs() + LOCK_MS, lockedUntilMs: clock.monotonicMs() + leftMs })
  }

  const keysOf = (account: string, address: string) => [
    { key: `account:${account.toLowerCase()}`, most: FAILURES_OF_ACCOUNT },
    { key: `address:${address}`, most: FAILURES_OF_ADDRESS },
  ]

  function stateOf(key: string): State {
    const nowMs = clock.monotonicMs()
    const known = states.get(key)
    if (known && (nowMs < known.forgetAtMs || nowMs < known.lockedUntilMs)) return known
    if (states.size >= MOST_KEYS) forgetOld(nowMs)
    const fresh = { failures: 0, forgetAtMs: nowMs + LOCK_MS, lockedUntilMs: 0 }
    states.set(key, fresh)
    return fresh
  }

  function save(key: string, { failures, lockedUntilMs }: State) {
    const leftMs = lockedUntilMs - clock.monotonicMs()
    return store.saveLockout({ key, failures, changed_at: clock.now(), locked_until_at: leftMs > 0 ? clock.now() + Math.ceil(leftMs) : null })
  }

  function forgetOld(nowMs: number) {
    for (const [key, { forgetAtMs, lockedUntilMs }] of states) {
      if (nowMs < forgetAtMs || nowMs < lockedUntilMs) continue
      states.delete(key)
      void store.deleteLockout(key)
    }
  }

  return {
    /**
     * Counts the attempt as failed before its password is looked at (so that many at once gain nothing): 0, or how long the account or
     * address stays locked. The same for accounts that do not exist.
     */
    async beginAttempt(account: string, address: string): Promise<number> {
      const nowMs = clock.monotonicMs()
      const held = keysOf(account, address).map(({ key, most }) => ({ key, most, state: stateOf(key) }))
      const lockedMs = Math.max(...held.map(({ state }) => state.lockedUntilMs - nowMs))
      if (lockedMs > 0) return Math.ceil(lockedMs)
      for (const { most, state } of held) {
        state.failures++
        state.forgetAtMs = nowMs + LOCK_MS
        if (state.failures >= most) {
          state.lockedUntilMs = nowMs + LOCK_MS
          state.failures = 0
        }
      }
      await Promise.all(held.map(({ key, state }) => save(key, state)))
      return 0
    },
    /** The password was right: the account starts anew. The address keeps its other failures. */
    async succeed(account: string, address: string) {
      const [ofAccount, ofAddress] = keysOf(account, address)
      states.delete(ofAccount!.key)
      const state = stateOf(ofAddress!.key)
      // The attempt that was counted beforehand may have been the last one allowed.
      if (state.lockedUntilMs > clock.monotonicMs()) Object.assign(state, { lockedUntilMs: 0, failures: FAILURES_OF_ADDRESS - 1 })
      else if (state.failures > 0) state.failures--
      await Promise.all([store.deleteLockout(ofAccount!.key), save(ofAddress!.key, state)])
    },
  }
}
export type Lockout = Awaited<ReturnType<typeof openLockout>>
