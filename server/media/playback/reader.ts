/** What is stored of a camera from a moment on, fragment by fragment, over the borders of files, past damage and holes, and on as the newest file grows. */
import { ProtocolError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { Archive, StoredSegment } from '../recording/archive.ts'
import type { FileMemory } from './file-memory.ts'
import { endOf } from '../recorded/moments.ts'
import { type PlacedFragment, RecordedFile } from '../recorded/recorded-file.ts'
import { seek, step } from './seek.ts'

export type ReaderDeps = { archive: Archive; memory: FileMemory; log: Log }

/** Why a file that should be there could not be read. */
export type Unreadable = { cause: 'damaged_file' | 'disk_missing'; detail: string }

export type ReadStep =
  /** `isContinuous`: it follows the one before, in the same file, without anything between. */
  | { kind: 'fragment'; file: RecordedFile; fragment: PlacedFragment; isContinuous: boolean }
  /** Nothing newer than `at` can be read now: ask again later. `unreadable`: what was left out since the last fragment. */
  | { kind: 'edge'; at: Instant | undefined; unreadable: Unreadable | undefined }

type Reading = { segment: StoredSegment; file: RecordedFile; nextOffset: number; isContinuous: boolean; hasSuccessor: boolean }

/** A file that is closed is renamed: its beginning tells which it is. */
const isSame = (a: StoredSegment, b: StoredSegment | undefined) => b !== undefined && a.diskId === b.diskId && a.fromAt === b.fromAt

/** Opens the file of a segment. One that is being closed changes its name between being found and being opened. */
export async function openStored(archive: Archive, segment: StoredSegment): Promise<RecordedFile> {
  try {
    return await RecordedFile.open(segment.file)
  } catch (problem) {
    const renamed = await archive.find(segment.cameraId, segment.fromAt)
    if (!isSame(segment, renamed) || renamed!.file === segment.file) throw problem
    return RecordedFile.open(renamed!.file)
  }
}

/**
 * Reads from the last key frame at or before `at`. Never ends by itself; rejects with the signal's reason. Who stops asking must `return()` it: a file
 * is open between two steps.
 */
export async function* readRecording(
  cameraId: CameraId,
  at: Instant,
  signal: AbortSignal,
  { archive, memory, log }: ReaderDeps,
): AsyncGenerator<ReadStep, never> {
  /** The newest segment that was tried, readable or not. */
  let tried: StoredSegment | undefined
  /** Its file; kept open until there is a newer segment, since it may grow. */
  let reading: Reading | undefined
  /** Behind everything that was read or found unreadable. */
  let cursorAt = at
  let lastAt: Instant | undefined
  let unreadable: Unreadable | undefined

  async function findNext(): Promise<StoredSegment | undefined> {
    const found = await archive.find(cameraId, cursorAt)
    if (found && found.toAt <= found.fromAt) return undefined // about to be written
    if (!found || !tried || !isSame(tried, found)) return found
    const next = await archive.find(cameraId, found.toAt)
    return isSame(tried, next) ? undefined : next
  }

  async function openSegment(segment: StoredSegment): Promise<Reading | undefined> {
    let file: RecordedFile | undefined
    try {
      file = await openStored(archive, segment)
      const nextOffset = await seek(file, cursorAt, segment.toAt, { memory, signal })
      return { segment, file, nextOffset, isContinuous: false, hasSuccessor: false }
    } catch (problem) {
      await file?.close()
      leaveOut(segment, problem)
      return undefined
    }
  }

  function leaveOut(segment: StoredSegment, problem: unknown) {
    signal.throwIfAborted()
    const code = (problem as NodeJS.ErrnoException).code
    if (!(problem instanceof ProtocolError) && code === undefined) throw problem
    unreadable = { cause: code === undefined ? 'damaged_file' : 'disk_missing', detail: code ?? (problem as ProtocolError).message }
    cursorAt = Math.max(cursorAt, segment.toAt)
    if (memory.isFirstComplaint(segment.file)) log.warn({ cameraId, file: segment.file, problem }, 'a recorded file cannot be read')
  }

  /** The next fragment of the file at hand; `undefined` when there is none (yet). */
  async function readNext(from: Reading): Promise<PlacedFragment | undefined> {
    const fragment = await step(from.file, from.nextOffset, Number.MAX_SAFE_INTEGER, signal)
    if (!fragment) return undefined
    if (fragment.offset !== from.nextOffset) {
      from.isContinuous = false
      if (memory.isFirstComplaint(from.segment.file)) log.warn({ cameraId, file: from.segment.file, offset: from.nextOffset }, 'a recorded file is damaged')
    }
    from.nextOffset = fragment.offset + fragment.bytes
    return fragment
  }

  async function stopReading() {
    await reading?.file.close()
    reading = undefined
  }

  try {
    for (;;) {
      signal.throwIfAborted()
      if (reading) {
        const fragment = await readNext(reading).catch(async (problem: unknown) => {
          const { segment } = reading!
          await stopReading()
          leaveOut(segment, problem)
        })
        if (fragment) {
          lastAt = cursorAt = endOf(fragment)
          unreadable = undefined
          yield { kind: 'fragment', file: reading.file, fragment, isContinuous: reading.isContinuous }
          reading.isContinuous = true
          continue
        }
      }
      const next = await findNext()
      if (!next) yield { kind: 'edge', at: lastAt ?? (await archive.findEnd(cameraId)), unreadable }
      // its last fragment may have been written while we looked for its successor
      else if (reading && !reading.hasSuccessor) reading.hasSuccessor = true
      else {
        await stopReading()
        tried = next
        reading = await openSegment(next)
      }
    }
  } finally {
    await stopReading()
  }
}
