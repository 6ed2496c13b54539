/**
 * The last picture of every camera (R-LIVE): in memory while it is fresh, on disk so that a camera that is down still has one after a restart.
 *
 * Memory is bounded by `maxMemoryBytes`, the oldest go first; the disk by one file a camera. Files are written one at a time, never on the media loop's
 * own tick, and a camera's at most every `minWriteMs`; sooner, by a tenth, when its stream just failed.
 */
import { mkdir, readdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { CameraId } from '../contract/ids.ts'
import type { Instant } from '../contract/ids.ts'
import { muxStill } from '../protocols/mp4/still.ts'
import type { Still } from './plane.ts'
import { type FeedFormat, type Tag, tagData } from './tag.ts'

export type StillLimits = { maxMemoryBytes: number; minWriteMs: number; maxStillBytes: number }
type KeyFrame = { tag: Tag; format: FeedFormat; at: Instant }

export function createStills({ folder, clock, log, limits }: { folder: string; clock: Clock; log: Log; limits: StillLimits }) {
  const keyFrames = new Map<CameraId, KeyFrame>()
  let memoryBytes = 0
  const writtenMonoMs = new Map<CameraId, number>()
  const toWrite = new Set<CameraId>()
  let writing: Promise<void> | undefined

  const pathOf = (cameraId: CameraId) => join(folder, `${cameraId}.mp4`)

  function forget(cameraId: CameraId) {
    const known = keyFrames.get(cameraId)
    if (!known) return
    keyFrames.delete(cameraId)
    memoryBytes -= known.tag.frame.length
  }

  /** Takes note of a key frame; `hasFailed` when no more will come for now. */
  function keep(cameraId: CameraId, { tag, format, at }: KeyFrame, hasFailed: boolean) {
    if (tag.dataBytes > limits.maxStillBytes) return
    forget(cameraId)
    keyFrames.set(cameraId, { tag, format, at })
    memoryBytes += tag.frame.length
    for (const oldest of keyFrames.keys()) {
      if (memoryBytes <= limits.maxMemoryBytes || oldest === cameraId) break
      forget(oldest)
    }
    const writtenMs = writtenMonoMs.get(cameraId)
    if (writtenMs !== undefined && clock.monotonicMs() - writtenMs < limits.minWriteMs / (hasFailed ? 10 : 1)) return
    writtenMonoMs.set(cameraId, clock.monotonicMs())
    toWrite.add(cameraId)
    writing ??= writeAll().finally(() => (writing = undefined))
  }

  async function writeAll() {
    for (const cameraId of toWrite) {
      toWrite.delete(cameraId)
      const known = keyFrames.get(cameraId)
      if (known) await write(cameraId, known)
    }
  }

  async function write(cameraId: CameraId, known: KeyFrame) {
    const path = pathOf(cameraId)
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFile(`${path}.part`, muxStill(known.format.video, tagData(known.tag)))
      await utimes(`${path}.part`, known.at / 1_000, known.at / 1_000)
      await rename(`${path}.part`, path)
    } catch (problem) {
      writtenMonoMs.delete(cameraId)
      log.warn({ cameraId, problem }, 'a still could not be written')
    }
  }

  /** `undefined` when none was ever seen. */
  async function find(cameraId: CameraId): Promise<Still | undefined> {
    const known = keyFrames.get(cameraId)
    if (known) return { at: known.at, mp4: muxStill(known.format.video, tagData(known.tag)) }
    try {
      const [mp4, { mtimeMs }] = await Promise.all([readFile(pathOf(cameraId)), stat(pathOf(cameraId))])
      return { at: Math.round(mtimeMs), mp4 }
    } catch (problem) {
      if ((problem as NodeJS.ErrnoException).code !== 'ENOENT') log.warn({ cameraId, problem }, 'a still could not be read')
      return undefined
    }
  }

  /** Deletes the pictures of cameras that are no more. */
  async function retain(cameraIds: ReadonlySet<CameraId>) {
    for (const cameraId of keyFrames.keys()) if (!cameraIds.has(cameraId)) forget(cameraId)
    for (const cameraId of writtenMonoMs.keys()) if (!cameraIds.has(cameraId)) writtenMonoMs.delete(cameraId)
    await writing // or it would write one of them again
    try {
      for (const name of await readdir(folder)) {
        const cameraId = CameraId.safeParse(name.replace(/\.mp4(\.part)?$/, ''))
        if (!cameraId.success || !cameraIds.has(cameraId.data)) await unlink(join(folder, name))
      }
    } catch (problem) {
      if ((problem as NodeJS.ErrnoException).code !== 'ENOENT') log.warn({ problem }, 'old stills could not be deleted')
    }
  }

  return { keep, find, retain, memoryBytes: () => memoryBytes, flush: async () => writing }
}
export type Stills = ReturnType<typeof createStills>
