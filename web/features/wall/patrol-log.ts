/**
 * Notes what a rotation has really shown (the proof of a video patrol) and reports it: once a minute, kept on this screen while the server is away.
 * An entry has its id from the start, so what is sent twice is kept once.
 */
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import type { FailureCause } from '../../../server/contract/status.ts'
import { PatrolReport } from '../../../server/contract/walls.ts'
import { ApiError } from '../../base/api.ts'

export const freshUnderMs = 3_000
const reportEveryMs = 60_000
/** A full batch does not wait for the minute. */
const hurryMs = 10_000
const maxBatch = 500
/** Some hours of a fast rotation while the server is away; then the oldest go, and `lost` counts them. */
export const maxKept = 5_000
/** A tile that keeps its camera is noted all the same. */
const longestEntryMs = 600_000

export type TileSight = { cameraId: CameraId; hasPicture: boolean; ageMs: number | null; cause: FailureCause | null }
export type PatrolStore = { read(): string | null; write(text: string): void }
export type PatrolLogOptions = {
  store: PatrolStore
  send: (reports: PatrolReport[]) => Promise<void>
  now: () => Instant
}

type Open = Omit<PatrolReport, 'toAt' | 'outcome'> & { seenAt: Instant }

export function createPatrolLog({ store, send, now }: PatrolLogOptions) {
  const open = new Map<number, Open>()
  let kept = readKept(store)
  let lost = 0
  let isSending = false
  let sentAt = now()

  return {
    sample,
    skip,
    closeAll,
    flush,
    /** Asked often; sends once a minute. */
    tick: () => (now() - sentAt >= (kept.length >= maxBatch ? hurryMs : reportEveryMs) ? flush() : Promise.resolve()),
    waiting: () => kept.length,
    lost: () => lost,
  }

  /** What each tile of the rotation shows now (tile from 0), `sinceMs` after the last time. A tile that shows another camera begins a new entry. */
  function sample(run: { runId: string; rotationId: string }, sights: ReadonlyMap<number, TileSight>, sinceMs: number) {
    const at = now()
    for (const [tile, entry] of open) {
      const sight = sights.get(tile)
      if (!sight || sight.cameraId !== entry.cameraId || entry.runId !== run.runId || at - entry.fromAt >= longestEntryMs) close(tile, at)
    }
    for (const [tile, { cameraId, hasPicture, ageMs, cause }] of sights) {
      const entry = open.get(tile) ?? { entryId: uuid(), ...run, cameraId, tile: tile + 1, fromAt: at, cause: null, freshMs: 0, seenAt: at }
      const isFresh = hasPicture && ageMs !== null && ageMs < freshUnderMs
      // never more than the time that went by: the server's clock may be corrected meanwhile
      const passedMs = Math.max(0, Math.min(sinceMs, at - entry.seenAt))
      open.set(tile, { ...entry, cause: isFresh ? entry.cause : (cause ?? entry.cause), freshMs: entry.freshMs + (isFresh ? passedMs : 0), seenAt: at })
    }
  }

  function skip(
    run: { runId: string; rotationId: string },
    tile: number,
    cameraIds: readonly CameraId[],
    causeOf: (cameraId: CameraId) => FailureCause | null,
  ) {
    const at = now()
    const entries = cameraIds.map((cameraId) => ({
      entryId: uuid(),
      ...run,
      cameraId,
      tile: tile + 1,
      fromAt: at,
      toAt: at,
      outcome: 'skipped' as const,
      cause: causeOf(cameraId),
      freshMs: 0,
    }))
    keep(entries)
  }

  /** The rotation stopped, or nobody can see the page. */
  function closeAll() {
    const at = now()
    for (const tile of open.keys()) close(tile, at)
  }

  function close(tile: number, at: Instant) {
    const entry = open.get(tile)
    open.delete(tile)
    if (!entry) return
    const { seenAt: _, ...rest } = entry
    const toAt = Math.max(entry.fromAt, at)
    const freshMs = Math.round(Math.min(rest.freshMs, toAt - rest.fromAt))
    const isShown = freshMs > 0
    keep([{ ...rest, toAt, freshMs, outcome: isShown ? 'shown' : 'stillOnly', cause: isShown ? null : rest.cause }])
  }

  function keep(entries: PatrolReport[]) {
    if (entries.length === 0) return
    kept = [...kept, ...entries]
    if (kept.length > maxKept) {
      lost += kept.length - maxKept
      kept = kept.slice(-maxKept)
    }
    store.write(JSON.stringify(kept))
  }

  /** Sends what there is. Never throws: what was not taken is sent again. */
  async function flush(): Promise<void> {
    if (isSending) return
    isSending = true
    sentAt = now()
    try {
      while (kept.length > 0) {
        const batch = kept.slice(0, maxBatch)
        if (!(await sendBatch(batch))) return
        drop(batch)
      }
    } finally {
      isSending = false
    }
  }

  async function sendBatch(batch: PatrolReport[]): Promise<boolean> {
    try {
      await send(batch)
      return true
    } catch (error) {
      if (!isRefused(error)) return false
      // one entry the server will never take (of a camera that has gone …) must not hold up the others
      if (batch.length > 1) {
        const half = Math.ceil(batch.length / 2)
        return (await sendBatch(batch.slice(0, half))) && (await sendBatch(batch.slice(half)))
      }
      console.warn('patrol entry refused', batch[0]?.entryId, batch[0]?.cameraId, error)
      return true
    }
  }

  function drop(batch: readonly PatrolReport[]) {
    const sent = new Set(batch.map(({ entryId }) => entryId))
    kept = kept.filter(({ entryId }) => !sent.has(entryId))
    store.write(JSON.stringify(kept))
  }
}
export type PatrolLog = ReturnType<typeof createPatrolLog>

const isRefused = (error: unknown) => error instanceof ApiError && ['bad_request', 'not_found', 'conflict'].includes(error.code)

function readKept(store: PatrolStore): PatrolReport[] {
  try {
    const parsed: unknown = JSON.parse(store.read() ?? '[]')
    return Array.isArray(parsed) ? parsed.flatMap((each) => PatrolReport.safeParse(each).data ?? []) : []
  } catch {
    return [] // not ours
  }
}

/** RFC 9562 §5.4; `crypto.randomUUID` exists only where the page came by HTTPS. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
