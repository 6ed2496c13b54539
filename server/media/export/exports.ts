/** Clips of this process: one at a time, each into a folder of its own below the exports' folder, and what becomes of them. */
import { mkdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { assert } from '../../base/errors.ts'
import type { ClipOrder, DiskStatus, MediaEvent } from '../plane.ts'
import type { ReaderDeps } from '../playback/reader.ts'
import { FfmpegFailed } from '../ffmpeg.ts'
import { writeClip } from './clip.ts'
import { ExportProblem } from './problem.ts'
import { createProgress } from './progress.ts'
import { createRoom, type RoomLimits } from './room.ts'

export type ExportsLimits = RoomLimits

export type ExportsDeps = ReaderDeps & {
  /** Nothing is written anywhere else. */
  folder: string
  ffmpegPath: string | undefined
  clock: Clock
  limits: ExportsLimits
  listDisks(): readonly DiskStatus[]
  onEvent(event: MediaEvent): void
}

type Running = { exportId: string; stopping: AbortController; ended: Promise<void> }

export function createExports({ folder, ffmpegPath, clock, limits, listDisks, onEvent, ...stored }: ExportsDeps) {
  const { log } = stored
  let running: Running | undefined

  async function run(order: ClipOrder, signal: AbortSignal): Promise<void> {
    const { exportId, cameraId } = order
    let clipFolder: string | undefined
    try {
      clipFolder = await emptyFolder(exportId, cameraId)
      const progress = createProgress(clock, (report) => onEvent({ type: 'exportProgress', exportId, cameraId, ...report }))
      const room = createRoom(folder, limits)
      const files = await writeClip(order, { ...stored, folder: clipFolder, ffmpegPath, room, progress, signal })
      signal.throwIfAborted()
      onEvent({ type: 'exportDone', exportId, cameraId, files })
    } catch (problem) {
      if (clipFolder)
        await rm(clipFolder, { recursive: true, force: true }).catch((reason) => log.error({ exportId, reason }, 'half a clip could not be taken away'))
      if (signal.aborted) return
      const { failure, detail } = failureOf(problem)
      log.warn({ exportId, cameraId, failure, problem }, 'a clip could not be written')
      onEvent({ type: 'exportFailed', exportId, cameraId, failure, detail })
    }
  }

  function failureOf(problem: unknown): Pick<Extract<MediaEvent, { type: 'exportFailed' }>, 'failure' | 'detail'> {
    const detail = (problem as Error).message
    if (problem instanceof FfmpegFailed) return { failure: 'transcode_failed', detail }
    if ((problem as NodeJS.ErrnoException).code === 'ENOSPC') return { failure: 'disk_full', detail }
    if (!(problem instanceof ExportProblem)) return { failure: 'internal', detail }
    const lostDisk = problem.failure === 'nothing_recorded' ? listDisks().find(({ state }) => state === 'missing' || state === 'failed') : undefined
    return lostDisk ? { failure: 'disk_missing', detail: `${lostDisk.folder}: ${lostDisk.detail ?? lostDisk.state}` } : { failure: problem.failure, detail }
  }

  /** Both names are ids, which hold no dots and no slashes; what a stranger linked elsewhere is not followed. */
  async function emptyFolder(exportId: string, cameraId: string): Promise<string> {
    const exportFolder = join(folder, exportId)
    await mkdir(exportFolder, { recursive: true, mode: 0o700 })
    const real = await realpath(exportFolder)
    assert(real === join(await realpath(folder), exportId), 'an export is written below the folder of the exports only')
    const clipFolder = join(real, cameraId)
    await rm(clipFolder, { recursive: true, force: true })
    await mkdir(clipFolder, { mode: 0o700 })
    return clipFolder
  }

  async function stop(): Promise<void> {
    running?.stopping.abort()
    await running?.ended
  }

  return {
    /** Whatever is being written is given up for it. */
    start(order: ClipOrder): void {
      const stopping = new AbortController()
      const ended = stop().then(() => (stopping.signal.aborted ? undefined : run(order, stopping.signal)))
      running = { exportId: order.exportId, stopping, ended }
    },
    async cancel(exportId: string): Promise<void> {
      if (running?.exportId === exportId) await stop()
    },
    close: stop,
  }
}
export type Exports = ReturnType<typeof createExports>
