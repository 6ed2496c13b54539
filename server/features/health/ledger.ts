/**
 * Writes status intervals behind the judge: in order, in batches, again if the database was away. Our heartbeat goes with them,
 * so whatever happens to us, the intervals in the database are true up to the heartbeat and nothing is booked after it.
 */
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { CameraState } from '../../contract/status.ts'
import type { HealthStore, IntervalRow } from './store.ts'

const WRITE_EVERY_MS = 500
const HEARTBEAT_MS = 5_000
/** Rows kept while the database is away; beyond it the oldest finished ones are lost, and said so. Two weeks of 468 cameras. */
const MAX_WAITING = 50_000

/** The open interval of every camera after a start: what was open ends when we last lived, what follows is unknown until seen. */
export function afterRestart(open: readonly IntervalRow[], lastAliveAt: Instant | undefined): { write: IntervalRow[]; open: Map<CameraId, IntervalRow> } {
  const write: IntervalRow[] = []
  const openNow = new Map<CameraId, IntervalRow>()
  for (const row of open) {
    const stays = row.status === 'unknown' || row.status === 'suspended'
    const endAt = Math.max(row.from_at, lastAliveAt ?? row.from_at)
    const unknown: IntervalRow = {
      camera_id: row.camera_id,
      from_at: stays ? row.from_at : endAt,
      to_at: null,
      status: stays ? row.status : 'unknown',
      cause: row.status === 'suspended' ? null : 'not_probed_yet',
      detail: null,
    }
    if (!stays && endAt > row.from_at) write.push({ ...row, to_at: endAt })
    write.push(unknown)
    openNow.set(row.camera_id, unknown)
  }
  return { write, open: openNow }
}

export function createLedger({ store, clock, log }: { store: HealthStore; clock: Clock; log: Log }) {
  const waiting = new Map<string, IntervalRow>()
  let writing: Promise<void> | undefined
  let lastHeartbeatMs = -Infinity
  /** Before the last run's heartbeat is read ours must not be written over it: our absence would be lost. */
  let isOpen = false
  let isClosed = false
  const ticker = clock.every(WRITE_EVERY_MS, () => {
    if (waiting.size > 0 || clock.monotonicMs() - lastHeartbeatMs >= HEARTBEAT_MS) void flush().catch(() => undefined) // logged by writeWaiting; the rows wait
  })

  const put = (row: IntervalRow) => void waiting.set(`${row.camera_id} ${row.from_at}`, row)

  async function writeWaiting() {
    const batch = [...waiting]
    const aliveAt = clock.now()
    try {
      await store.write(
        batch.map(([, row]) => row),
        aliveAt,
      )
      lastHeartbeatMs = clock.monotonicMs()
    } catch (problem) {
      if (!isClosed) log.warn({ problem, rows: batch.length }, 'status intervals wait for the database')
      dropBeyondLimit()
      throw problem
    }
    for (const [key, row] of batch) if (waiting.get(key) === row) waiting.delete(key)
  }

  function dropBeyondLimit() {
    const excess = waiting.size - MAX_WAITING
    if (excess <= 0) return
    const finished = [...waiting].filter(([, row]) => row.to_at !== null).slice(0, excess)
    for (const [key] of finished) waiting.delete(key)
    log.error({ rows: finished.length }, 'status intervals lost: the database has been away for too long')
  }

  /** Resolves when everything put before is in the database. */
  async function flush(): Promise<void> {
    if (!isOpen) return
    // one at a time: `writing` is unset by the call that set it
    for (let running = writing; running; running = writing) await running.catch(() => undefined)
    writing = writeWaiting()
    try {
      await writing
    } finally {
      writing = undefined
    }
  }

  return {
    /** Closes what an earlier run left open. Answers each known camera's open interval. */
    async open(): Promise<Map<CameraId, IntervalRow>> {
      const { write, open } = afterRestart(await store.listOpen(), await store.findLastAliveAt())
      await store.write(write, clock.now())
      isOpen = true
      return open
    },
    /** A camera's first interval ever. */
    begin: (state: CameraState) => put(rowOf(state, null)),
    /** One state gave way to another. */
    change(before: CameraState, after: CameraState) {
      if (after.sinceAt > before.sinceAt) put(rowOf(before, after.sinceAt))
      put(rowOf(after, null))
    },
    /** A camera is watched no longer. */
    end(state: CameraState, at: Instant) {
      put(rowOf(state, Math.max(at, state.sinceAt)))
    },
    flush,
    async close() {
      if (isClosed) return
      isClosed = true
      ticker.cancel()
      await flush().catch((problem) => log.warn({ problem }, 'last status intervals were not written'))
    },
  }
}
export type Ledger = ReturnType<typeof createLedger>

const rowOf = ({ cameraId, status, cause, detail, sinceAt }: CameraState, toAt: Instant | null): IntervalRow => ({
  camera_id: cameraId,
  from_at: sinceAt,
  to_at: toAt,
  status,
  cause,
  detail,
})
