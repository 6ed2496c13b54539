/** The stored key frame at or before a moment, for the hand that moves over a timeline (R-PLAY). A few are read at once, some wait, more are refused. */
import { AppError, ProtocolError } from '../../base/errors.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import { muxStill } from '../../protocols/mp4/still.ts'
import type { Still } from '../plane.ts'
import type { StoredSegment } from '../recording/archive.ts'
import { keyIndexAt, momentOf } from '../recorded/moments.ts'
import { openStored, type ReaderDeps } from './reader.ts'
import { createSampleReader, isWholePicture } from '../recorded/samples.ts'
import { seek, step } from './seek.ts'

/** What lies further back than this is another scene: nothing is shown rather than that. */
const MAX_AGE_MS = 15_000
const RETRY_AFTER_MS = 500

export type StillLimits = { maxReading: number; maxWaiting: number }

export function createRecordedStills({ archive, memory, log, limits }: ReaderDeps & { limits: StillLimits }) {
  const waiting: (() => void)[] = []
  let reading = 0

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (reading < limits.maxReading) reading++
    else if (waiting.length >= limits.maxWaiting)
      throw new AppError('rate_limited', 'too many stored pictures are asked for at once', { retryAfterMs: RETRY_AFTER_MS })
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // whoever waits takes this place over
      const next = waiting.shift()
      if (next) next()
      else reading--
    }
  }

  async function read(segment: StoredSegment, at: Instant): Promise<Still | undefined> {
    const { signal } = new AbortController()
    const goalAt = Math.min(at, segment.toAt - 1)
    const file = await openStored(archive, segment)
    try {
      const offset = await seek(file, goalAt, segment.toAt, { memory, signal })
      const fragment = await step(file, offset, file.knownBytes, signal)
      const sample = fragment?.video[keyIndexAt(fragment, goalAt)]
      if (!fragment || !sample || at - momentOf(fragment, sample) > MAX_AGE_MS) return undefined
      const picture = await createSampleReader(file, fragment, false)(sample)
      return picture && isWholePicture(picture) ? { at: Math.round(momentOf(fragment, sample)), mp4: muxStill(file.head.video, picture) } : undefined
    } finally {
      await file.close()
    }
  }

  async function find(cameraId: CameraId, at: Instant): Promise<Still | undefined> {
    const near = await archive.list(cameraId, { fromAt: Math.max(0, at - MAX_AGE_MS), toAt: at + 1 })
    for (const segment of near.toReversed()) {
      try {
        const still = await read(segment, at)
        if (still) return still
      } catch (problem) {
        if (!(problem instanceof ProtocolError) && (problem as NodeJS.ErrnoException).code === undefined) throw problem
        if (memory.isFirstComplaint(segment.file)) log.warn({ cameraId, file: segment.file, problem }, 'a recorded file cannot be read')
      }
    }
    return undefined
  }

  return {
    /** `undefined` when nothing is stored there. Throws `rate_limited` when too many wait already. */
    find: (cameraId: CameraId, at: Instant): Promise<Still | undefined> => inTurn(() => find(cameraId, at)),
  }
}
export type RecordedStills = ReturnType<typeof createRecordedStills>
