/** Audit records of what one login asks for many times a second: the first says it for a while. */
import type { Clock } from './clock.ts'
import type { AuditEntry } from './routes.ts'

type Told = { untilMs: number; written: Promise<void> }

/**
 * Gives a function that writes `entry` unless the same login had the same of the same camera recorded within `everyMs`. It resolves when the record that
 * speaks for this request is written, whoever began to write it, and rejects when that cannot be written. Holds at most `maxKeys`; one forgotten early
 * is recorded once more.
 */
export function createAuditRepeats({
  clock,
  recordAudit,
  maxKeys = 20_000,
}: {
  clock: Clock
  recordAudit(entry: AuditEntry): Promise<void>
  maxKeys?: number
}) {
  const told = new Map<string, Told>()

  /** They expire in the order they came, or nearly so. */
  function makeRoom(nowMs: number) {
    for (const [key, { untilMs }] of told) {
      if (told.size < maxKeys && untilMs > nowMs) return
      told.delete(key)
    }
  }

  return function recordRepeated(entry: AuditEntry, everyMs: number): Promise<void> {
    const key = JSON.stringify([entry.name, entry.loginId, entry.cameraId])
    const nowMs = clock.monotonicMs()
    const known = told.get(key)
    if (known && known.untilMs > nowMs) return known.written
    told.delete(key)
    makeRoom(nowMs)
    const mine: Told = { untilMs: nowMs + everyMs, written: recordAudit(entry) }
    told.set(key, mine)
    mine.written.catch(() => {
      if (told.get(key) === mine) told.delete(key) // told to whoever asked
    })
    return mine.written
  }
}
