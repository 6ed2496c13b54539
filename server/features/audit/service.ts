/** Writes the audit log and checks that it is whole (R-SEC-3). */
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { AuditEntry } from '../../base/routes.ts'
import type { Anchors } from './anchors.ts'
import { type ChainReport, createChainCheck, linkRows, type Sign } from './chain.ts'
import type { AuditStore } from './store.ts'

export type AuditDeps = { store: AuditStore; anchors: Anchors; sign: Sign; clock: Clock; log: Log }

type Waiting = { at: number; entry: AuditEntry; resolve: () => void; reject: (problem: unknown) => void }

const ROWS_A_COMMIT = 200
/** Beyond this many waiting, requests that need a record are refused: better than answering without one. */
const MOST_WAITING = 5_000
const ANCHOR_PERIOD_MS = 10_000
const CHECK_BATCH = 1_000

export function createAudit({ store, anchors, sign, clock, log }: AuditDeps) {
  const waiting: Waiting[] = []
  let writing: Promise<void> = Promise.resolve()
  let isWriting = false
  let head: { seq: number; hash: string } | undefined
  let anchoredSeq = 0
  let anchoring: Promise<void> = Promise.resolve()
  const anchorTimer = clock.every(ANCHOR_PERIOD_MS, () => void anchor())

  /** Resolves when the record is committed. Records that come meanwhile go together in the next commit. */
  function record(entry: AuditEntry): Promise<void> {
    if (waiting.length >= MOST_WAITING) return Promise.reject(new AppError('database_unavailable', `${waiting.length} audit records wait for the database`))
    return new Promise((resolve, reject) => {
      waiting.push({ at: clock.now(), entry, resolve, reject })
      if (!isWriting) writing = writeAll()
    })
  }

  async function writeAll() {
    isWriting = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, ROWS_A_COMMIT)
      try {
        head = await store.append((from) => linkRows(from, batch, sign))
        for (const { resolve } of batch) resolve()
      } catch (problem) {
        log.error({ problem, records: batch.length }, 'audit records could not be written')
        for (const { reject } of batch) reject(problem)
      }
    }
    // In the same turn as the last look at the queue: a record that comes later starts a new writer.
    isWriting = false
  }

  function anchor(): Promise<void> {
    anchoring = anchoring
      .then(async () => {
        if (!head || head.seq === anchoredSeq) return
        const { seq, hash } = head
        await anchors.add({ seq, hash, at: clock.now() })
        anchoredSeq = seq
      })
      .catch((problem: unknown) => log.error({ problem }, 'the audit log could not be anchored'))
    return anchoring
  }

  /** Reads the whole log and says where it was tampered with. It may be written to meanwhile. */
  async function verify(): Promise<ChainReport> {
    const check = createChainCheck(sign, await anchors.list())
    let seq = 0
    for (;;) {
      const rows = await store.listRows(seq, CHECK_BATCH)
      for (const row of rows) check.add(row)
      seq = rows.at(-1)?.seq ?? seq
      if (rows.length === CHECK_BATCH) continue
      // Rows and head are committed together: a head read after the last row can only be ahead of it, by rows still to be read.
      const last = await store.findHead()
      if (rows.length === 0 || !last || last.seq <= seq) return check.finish(last)
    }
  }

  return {
    record,
    verify,
    /** Writes what waits and the last anchor. */
    async close() {
      anchorTimer.cancel()
      await writing
      await anchor()
    },
  }
}
export type Audit = ReturnType<typeof createAudit>
