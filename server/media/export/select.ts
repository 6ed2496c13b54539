/** Which pictures and which sound of a camera belong into a clip: whole groups of pictures, fragment by fragment, past damage and holes. */
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { StoredSample } from '../../protocols/mp4/fragment-parser.ts'
import { endOf, keyIndexAt, momentOf } from '../recorded/moments.ts'
import { type ReaderDeps, readRecording } from '../playback/reader.ts'
import type { PlacedFragment, RecordedFile } from '../recorded/recorded-file.ts'
import { SegmentNote } from '../recording/segment-note.ts'
import { ExportProblem } from './problem.ts'

/** What a clip takes of one fragment; the samples of each kind lie in the file one behind the other. */
export type Taken = {
  file: RecordedFile
  fragment: PlacedFragment
  pictures: readonly StoredSample[]
  sounds: readonly StoredSample[]
  /** When the first of these pictures was taken. */
  at: Instant
  /** How far the times of this file are ahead of the machine's clock. */
  clockOffsetMs: number
}

export type SelectDeps = ReaderDeps & {
  /** Moments of fragments that are known to be damaged: they are passed over. */
  damaged: ReadonlySet<Instant>
}

/**
 * From the key frame at or before `fromAt` (the first one after it where there is none) to the last picture before `toAt`. After anything that is left out
 * it goes on with a key frame. Throws `ExportProblem` for a file that another camera recorded, and when nothing at all could be read.
 */
export async function* selectRecorded(cameraId: CameraId, { fromAt, toAt }: TimeRange, signal: AbortSignal, deps: SelectDeps): AsyncGenerator<Taken, void> {
  let goesOn = false
  let isFirst = true
  let soundFromAt: Instant = 0
  for await (const step of readRecording(cameraId, fromAt, signal, deps)) {
    if (step.kind === 'edge') {
      if (isFirst && step.unreadable) throw new ExportProblem(step.unreadable.cause, step.unreadable.detail)
      return
    }
    const { file, fragment } = step
    if (fragment.at >= toAt) return
    const { clockOffsetMs } = ownNote(file, cameraId)
    if (deps.damaged.has(fragment.at)) {
      goesOn = false
      continue
    }
    const from: number = goesOn && step.isContinuous ? 0 : firstKey(fragment, isFirst ? fromAt : fragment.at)
    const to = countBefore(fragment, toAt)
    goesOn = from >= 0 && from < to
    if (!goesOn) continue
    const at = momentOf(fragment, fragment.video[from]!)
    if (from > 0 || !step.isContinuous || isFirst) soundFromAt = at
    isFirst = false
    yield { file, fragment, pictures: fragment.video.slice(from, to), sounds: soundsBetween(file, fragment, soundFromAt, toAt), at, clockOffsetMs }
  }
}

/** What the file says of itself; throws for another camera's. */
function ownNote(file: RecordedFile, cameraId: CameraId): SegmentNote {
  const note = SegmentNote.safeParse(file.head.note).data
  if (note?.cameraId !== cameraId) throw new ExportProblem('damaged_file', `${file.path} is of camera ${note?.cameraId ?? 'unknown'}, not ${cameraId}`)
  return note
}

/** Index of the last key frame at or before `at`, else of the first one; -1 when there is none. */
function firstKey(fragment: PlacedFragment, at: Instant): number {
  const before = keyIndexAt(fragment, at)
  return before >= 0 ? before : fragment.video.findIndex(({ isKey }) => isKey)
}

function countBefore(fragment: PlacedFragment, toAt: Instant): number {
  if (endOf(fragment) <= toAt) return fragment.video.length
  const behind = fragment.video.findIndex((sample) => momentOf(fragment, sample) >= toAt)
  return behind < 0 ? fragment.video.length : behind
}

/** When a sound of this fragment begins. */
export const soundAt = (file: RecordedFile, { at, video }: PlacedFragment, sound: StoredSample): Instant =>
  at + (sound.dts * 1000) / file.head.audio!.sampleRateHz - video[0]!.dts

function soundsBetween(file: RecordedFile, fragment: PlacedFragment, fromAt: Instant, toAt: Instant): StoredSample[] {
  return fragment.audio.filter((sound) => {
    const at = soundAt(file, fragment, sound)
    return at >= fromAt && at < toAt
  })
}
