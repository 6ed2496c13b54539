/** The work on exports: one clip after the other, oldest export first. What is to be done stands in the database; only how far a clip is does not. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { AuditEntry } from '../../base/routes.ts'
import type { ClipSize, ExportFailure } from '../../contract/exports.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { MediaEvent, MediaPlane } from '../../media/plane.ts'
import type { Folders } from './folders.ts'
import { gapsOf } from './gaps.ts'
import { KEEP_MS } from './limits.ts'
import { papersOf } from './papers.ts'
import type { ExportStore, StoredClip, StoredExport } from './store.ts'

/** The media process may go away so often while a clip is written. */
const MAX_INTERRUPTIONS = 3
/** Work that could not be begun or written down is looked at again. */
const LOOK_EVERY_MS = 5_000
/** The newest recording is still on its way to the disk: that it is not in a clip is no gap. */
const SETTLING_MS = 15_000

export type QueueDeps = {
  store: ExportStore
  plane: Pick<MediaPlane, 'exportClip' | 'cancelExport' | 'onEvent' | 'isUp'>
  folders: Folders
  clock: Clock
  log: Log
  version: string
  clipSize(cameraId: CameraId, range: TimeRange): Promise<ClipSize>
  recordAudit(entry: AuditEntry): Promise<void>
}

export type ClipProgress = { doneMs: number; totalMs: number; bytes: number }
type Current = { exportId: string; cameraId: CameraId; progress: ClipProgress | undefined }
type Outcome = Extract<MediaEvent, { type: 'exportDone' | 'exportFailed' }>

export function createQueue({ store, plane, folders, clock, log, version, clipSize, recordAudit }: QueueDeps) {
  let current: Current | undefined
  let isClosed = false
  /** Everything that changes what is being done, one after the other. */
  let tail: Promise<void> = Promise.resolve()

  /** Never rejects: what could not be done or written down is found again in the database. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    tail = tail.then(work).catch((problem) => log.warn({ problem }, 'an export waits; it is gone on with in a moment'))
    return tail
  }
  const advance = () => void inTurn(begin)
  const timer = clock.every(LOOK_EVERY_MS, advance)
  plane.onEvent((event) => {
    if (isClosed) return
    if (event.type === 'exportProgress' && isCurrent(event)) current!.progress = { doneMs: event.doneMs, totalMs: event.totalMs, bytes: event.bytes }
    else if (event.type === 'exportDone' || event.type === 'exportFailed') void inTurn(() => end(event)).finally(advance)
    else if (event.type === 'link' && event.state === 'lost') void inTurn(interrupt)
    else if (event.type === 'link') advance()
  })

  const isCurrent = ({ exportId, cameraId }: { exportId: string; cameraId: CameraId }) => current?.exportId === exportId && current.cameraId === cameraId
  const textOf = ({ account, requestedAt }: StoredExport) => `${account}  ${new Date(requestedAt).toLocaleString('sv-SE')}`

  async function begin(): Promise<void> {
    if (isClosed || current || !plane.isUp()) return
    for (const next of await store.listIn(['queued', 'running'])) {
      const clip = next.clips.find(({ state }) => state === 'running' || state === 'queued')
      if (!clip) {
        await finish(next)
        continue
      }
      const { exportId, fromAt, toAt, isH264 } = next
      if (!(await store.change(exportId, ['queued', 'running'], { state: 'running' }))) continue // cancelled just now
      await store.changeClip(exportId, clip.cameraId, { state: 'running' })
      current = { exportId, cameraId: clip.cameraId, progress: undefined }
      try {
        await plane.exportClip({ exportId, cameraId: clip.cameraId, fromAt, toAt, isH264, watermark: next.isWatermarked ? textOf(next) : null })
      } catch (problem) {
        current = undefined
        throw problem
      }
      return
    }
  }

  /** A clip is done, for good or ill. */
  async function end(event: Outcome): Promise<void> {
    if (!isCurrent(event)) return
    const { exportId, cameraId } = event
    current = undefined
    if (event.type === 'exportFailed') {
      log.warn({ exportId, cameraId, failure: event.failure, detail: event.detail }, 'a clip failed')
      return failClip(exportId, cameraId, event.failure)
    }
    const exported = await store.find(exportId)
    if (exported?.state !== 'running') return
    const { fromAt, toAt } = exported
    const { gaps } = await clipSize(cameraId, { fromAt, toAt })
    const settled = { fromAt, toAt: Math.max(fromAt, Math.min(toAt, clock.now() - SETTLING_MS)) }
    const bytes = event.files.reduce((sum, file) => sum + file.bytes, 0)
    const stretches = event.files.flatMap((file) => file.stretches)
    await store.changeClip(exportId, cameraId, { state: 'ready', files: event.files, bytes, gaps: gapsOf(settled, stretches, gaps) })
  }

  const failClip = (exportId: string, cameraId: CameraId, failure: ExportFailure) =>
    store.changeClip(exportId, cameraId, { state: 'failed', failure, bytes: 0 })

  /** The media process went away: the clip is begun anew when it is back, a few times. */
  async function interrupt(): Promise<void> {
    if (!current) return
    const { exportId, cameraId } = current
    current = undefined
    const clip = (await store.find(exportId))?.clips.find((each) => each.cameraId === cameraId)
    if (!clip) return
    const interruptions = clip.interruptions + 1
    await store.changeClip(exportId, cameraId, { interruptions })
    if (interruptions >= MAX_INTERRUPTIONS) await failClip(exportId, cameraId, 'media_unavailable')
  }

  /** All clips are done. With one of them there is something to take away; what failed stands in the manifest. */
  async function finish(exported: StoredExport): Promise<void> {
    const { exportId, clips } = exported
    if (!clips.some(({ state }) => state === 'ready')) return fail(exported)
    const readyAt = clock.now()
    try {
      const papers = await folders.writePapers(exportId, papersOf(exported, { readyAt, version }))
      const isDone = await store.change(exportId, ['running', 'queued'], { state: 'ready', readyAt, expiresAt: readyAt + KEEP_MS, papers })
      if (isDone) await record('export.ready', 'ok', exported, { files: clips.flatMap(describeFiles) })
    } catch (problem) {
      if ((problem as NodeJS.ErrnoException).code !== 'ENOSPC') throw problem
      for (const { cameraId } of clips) await failClip(exportId, cameraId, 'disk_full')
    }
  }

  async function fail(exported: StoredExport): Promise<void> {
    const { exportId, clips } = exported
    await folders.remove(exportId)
    if (!(await store.change(exportId, ['running', 'queued'], { state: 'failed' }))) return
    await record('export.failed', 'failed', exported, { failures: clips.map(({ cameraId, failure }) => `${cameraId}: ${failure ?? 'unknown'}`) })
  }

  const describeFiles = ({ files }: StoredClip) => files.map(({ fileName, bytes, sha256 }) => `${fileName} ${bytes} ${sha256}`)

  async function record(name: string, result: 'ok' | 'failed', { exportId, userId, account, fromAt, toAt, clips }: StoredExport, detail: AuditEntry['detail']) {
    await recordAudit({
      name,
      result,
      code: null,
      userId,
      account,
      loginId: null,
      address: 'local',
      requestId: randomUUID(),
      cameraId: null,
      detail: { exportId, cameras: clips.map(({ cameraId }) => cameraId), fromAt, toAt, ...detail },
    })
  }

  return {
    /** Something was added, or freed. */
    advance,
    progressOf: (exportId: string, cameraId: CameraId): ClipProgress | undefined => (isCurrent({ exportId, cameraId }) ? current?.progress : undefined),
    /** Gives up what is being written for this export; what becomes of the export is the caller's. */
    stop: (exportId: string): Promise<void> =>
      inTurn(async () => {
        if (current?.exportId !== exportId) return
        current = undefined
        // a media process that is away writes nothing
        await plane.cancelExport(exportId).catch((problem) => log.warn({ problem, exportId }, 'media was not told that an export is cancelled'))
      }).finally(advance),
    async close(): Promise<void> {
      isClosed = true
      timer.cancel()
      await tail
    },
  }
}
export type Queue = ReturnType<typeof createQueue>
