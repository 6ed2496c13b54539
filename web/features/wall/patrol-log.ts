/**
 * Notes what a rotation has really shown (the proof of a video patrol) and reports it: once a minute, kept on this screen while the server is away.
 * An entry has its id from the start, so what is sent twice is kept once.
 */
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import type { FailureCause } from '../../../server/contract/status.ts'
import type { PatrolReport } from '../../../server/contract/walls.ts'
import { ApiError } from '../../base/api.ts'
import { batchSize, createPatrolShelf, type PatrolStorage } from './patrol-shelf.ts'

export const freshUnderMs = 3_000
const reportEveryMs = 60_000
/** A full batch does not wait for the minute, nor does the first of a run: once heard of, a run is believed to its end, whatever becomes of its rotation. */
const hurryMs = 10_000
/** A tile that keeps its camera is noted all the same. */
const longestEntryMs = 600_000

export type TileSight = { cameraId: CameraId; hasPicture: boolean; ageMs: number | null; cause: FailureCause | null }
export type PatrolLogOptions = {
  storage: PatrolStorage
  /** Answers how many of them the server does not take for good. */
  send: (reports: readonly PatrolReport[]) => Promise<number>
  now: () => Instant
}

type Open = Omit<PatrolReport, 'toAt' | 'outcome'> & { seenAt: Instant }

export function createPatrolLog({ storage, send, now }: PatrolLogOptions) {
  const open = new Map<number, Open>()
  const shelf = createPatrolShelf(storage, now)
  const newId = createIds()
  let isSending = false
  let run = ''
  /** The server has not heard of the run that goes on. */
  let isNewRun = false
  let sentAt = now()

  return {
    sample,
    skip,
    closeAll,
    flush,
    /** Asked often; sends once a minute. */
    tick() {
      shelf.tick()
      return now() - sentAt >= (shelf.count() >= batchSize || (isNewRun && shelf.count() > 0) ? hurryMs : reportEveryMs) ? flush() : Promise.resolve()
    },
    waiting: shelf.count,
    lost: shelf.lost,
  }

  /** What each tile of the rotation shows now (tile from 0), `sinceMs` after the last time. A tile that shows another camera begins a new entry. */
  function sample(of: { runId: string; rotationId: string }, sights: ReadonlyMap<number, TileSight>, sinceMs: number) {
    const at = now()
    noteRun(of)
    for (const [tile, entry] of open) {
      const sight = sights.get(tile)
      if (!sight || sight.cameraId !== entry.cameraId || entry.runId !== of.runId || at - entry.fromAt >= longestEntryMs) close(tile, at)
    }
    for (const [tile, { cameraId, hasPicture, ageMs, cause }] of sights) {
      const entry = open.get(tile) ?? { entryId: newId(), ...of, cameraId, tile: tile + 1, fromAt: at, cause: null, freshMs: 0, seenAt: at }
      const isFresh = hasPicture && ageMs !== null && ageMs < freshUnderMs
      // never more than the time that went by: the server's clock may be corrected meanwhile
      const passedMs = Math.max(0, Math.min(sinceMs, at - entry.seenAt))
      open.set(tile, { ...entry, cause: isFresh ? entry.cause : (cause ?? entry.cause), freshMs: entry.freshMs + (isFresh ? passedMs : 0), seenAt: at })
    }
  }

  function noteRun({ runId }: { runId: string }) {
    if (runId === run) return
    run = runId
    isNewRun = true
  }

  function skip(of: { runId: string; rotationId: string }, tile: number, cameraIds: readonly CameraId[], causeOf: (cameraId: CameraId) => FailureCause | null) {
    const at = now()
    noteRun(of)
    shelf.add(
      cameraIds.map((cameraId) => ({
        entryId: newId(),
        ...of,
        cameraId,
        tile: tile + 1,
        fromAt: at,
        toAt: at,
        outcome: 'skipped' as const,
        cause: causeOf(cameraId),
        freshMs: 0,
      })),
    )
  }

  /** The rotation stopped, or nobody can see the page: it may be gone in a moment. */
  function closeAll() {
    const at = now()
    for (const tile of open.keys()) close(tile, at)
    shelf.write()
  }

  function close(tile: number, at: Instant) {
    const entry = open.get(tile)
    open.delete(tile)
    if (!entry) return
    const { seenAt: _, ...rest } = entry
    const toAt = Math.max(entry.fromAt, at)
    const freshMs = Math.round(Math.min(rest.freshMs, toAt - rest.fromAt))
    const isShown = freshMs > 0
    shelf.add([{ ...rest, toAt, freshMs, outcome: isShown ? 'shown' : 'stillOnly', cause: isShown ? null : rest.cause }])
  }

  /** Sends what there is. Never throws: what did not arrive is sent again. */
  async function flush(): Promise<void> {
    if (isSending) return
    isSending = true
    sentAt = now()
    try {
      for (let batch = shelf.seal(); batch !== undefined; batch = shelf.seal()) {
        const refused = await sendBatch(batch)
        if (refused === undefined) return
        shelf.done(batch, refused)
        if (batch.some(({ runId }) => runId === run)) isNewRun = false
      }
    } finally {
      isSending = false
    }
  }

  /** How many of them the server does not take for good; undefined: it is away, or busy. */
  async function sendBatch(batch: readonly PatrolReport[]): Promise<number | undefined> {
    try {
      return await send(batch)
    } catch (error) {
      if (!isRefused(error)) return undefined
      // one entry the server will never take (of a camera that has gone …) must not hold up the others
      if (batch.length > 1) {
        const half = Math.ceil(batch.length / 2)
        const first = await sendBatch(batch.slice(0, half))
        const second = first === undefined ? undefined : await sendBatch(batch.slice(half))
        return first === undefined || second === undefined ? undefined : first + second
      }
      console.warn('patrol entry refused', batch[0]?.entryId, batch[0]?.cameraId, error)
      return 1
    }
  }
}
export type PatrolLog = ReturnType<typeof createPatrolLog>

const isRefused = (error: unknown) => error instanceof ApiError && ['bad_request', 'not_found', 'conflict'].includes(error.code)

/** UUIDs that share their first 24 characters, so that many of them are short text (`patrol-batch.ts`). */
function createIds(): () => string {
  const prefix = uuid().slice(0, 24)
  let last = 0
  return () => prefix + (++last).toString(16).padStart(12, '0')
}

/** RFC 9562 §5.4; `crypto.randomUUID` exists only where the page came by HTTPS. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
