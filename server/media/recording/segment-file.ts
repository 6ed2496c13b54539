/** How far a segment's file is whole, and what it says of itself. Reads of bounded size only. */
import type { CameraId, Instant } from '../../contract/ids.ts'
import { ProtocolError } from '../../base/errors.ts'
import { endOf } from '../playback/moments.ts'
import { type PlacedFragment, RecordedFile, undefinedIfDamaged } from '../playback/recorded-file.ts'
import { SegmentNote } from './segment-note.ts'

/** After a power cut the newest blocks may be zeros although the file is as long as it should be. More than is written between two flushes of the disk. */
const CHECKED_FRAGMENTS = 20
/** First guess of where the last fragment begins, from the end. */
const TAIL_BYTES = 512 * 1024

export type SegmentExtent = {
  /** Everything before this is whole fragments. */
  bytes: number
  fileBytes: number
  /** Wall clock of the first picture and of the end of the last; equal when there is none. */
  fromAt: Instant
  toAt: Instant
}

export type Examined =
  | (SegmentExtent & { kind: 'segment'; cameraId: CameraId; note: SegmentNote; isTorn: boolean })
  /** A head of ours and nothing behind it. */
  | { kind: 'empty' }
  | { kind: 'foreign'; why: string }

export type Thoroughness =
  /** Its head, and whether its end is whole; damage in the middle is not seen. */
  | 'ends'
  /** Every fragment, from the first on. */
  | 'fragments'
  /** And every picture. */
  | 'pictures'

const neverAborted = new AbortController().signal

/** What a file is. Throws only what the file system throws. */
export async function examine(path: string, thoroughness: Thoroughness): Promise<Examined> {
  const file = await RecordedFile.open(path).catch(reasonIfDamaged)
  if (typeof file === 'string') return { kind: 'foreign', why: file }
  try {
    const note = SegmentNote.safeParse(file.head.note)
    if (!note.success) return { kind: 'foreign', why: 'its note is not ours' }
    const extent =
      (thoroughness === 'ends' ? await measureByEnds(file) : undefined) ??
      (await measureSegment(file, thoroughness === 'pictures' ? Number.POSITIVE_INFINITY : CHECKED_FRAGMENTS))
    if (extent.toAt === extent.fromAt) return { kind: 'empty' }
    return { kind: 'segment', ...extent, cameraId: note.data.cameraId, note: note.data, isTorn: extent.bytes < extent.fileBytes }
  } finally {
    await file.close()
  }
}

/** Walks the file to the last fragment that is whole. The pictures of the last `checkedFragments` are read and looked at. */
async function measureSegment(file: RecordedFile, checkedFragments: number): Promise<SegmentExtent> {
  const whole: PlacedFragment[] = []
  for (let offset = file.head.bytes; ;) {
    const fragment = await file.fragmentAt(offset).catch(undefinedIfDamaged)
    if (!fragment) break
    whole.push(fragment)
    offset += fragment.bytes
  }
  for (let index = Math.max(0, whole.length - checkedFragments); index < whole.length; index++) {
    if (!(await hasWholePictures(file, whole[index]!))) whole.length = index
  }
  return extentOf(file, whole[0], whole.at(-1))
}

/** The quick way, for a file whose last fragment ends where it does; `undefined` when it does not, or is not whole. */
async function measureByEnds(file: RecordedFile): Promise<SegmentExtent | undefined> {
  const first = await file.fragmentAt(file.head.bytes).catch(undefinedIfDamaged)
  if (!first) return undefined
  let last: PlacedFragment | undefined
  for (let tail = TAIL_BYTES; !last; tail *= 4) {
    const from = Math.max(file.head.bytes, file.knownBytes - tail)
    let found = await file.findFragment(from, file.knownBytes, neverAborted)
    while (found) {
      last = found
      const next: number = found.offset + found.bytes
      found = next < file.knownBytes ? await file.fragmentAt(next).catch(undefinedIfDamaged) : undefined
    }
    if (from === file.head.bytes) break
  }
  if (!last || last.offset + last.bytes !== file.knownBytes || !(await hasWholePictures(file, last))) return undefined
  return extentOf(file, first, last)
}

function extentOf(file: RecordedFile, first: PlacedFragment | undefined, last: PlacedFragment | undefined): SegmentExtent {
  const fromAt = first?.at ?? 0
  return { bytes: last ? last.offset + last.bytes : file.head.bytes, fileBytes: file.knownBytes, fromAt, toAt: last ? endOf(last) : fromAt }
}

async function hasWholePictures(file: RecordedFile, { offset, video }: PlacedFragment): Promise<boolean> {
  for (const sample of video) {
    const picture = await file.read(offset + sample.offset, sample.bytes)
    if (picture.length < sample.bytes || !isWritten(picture)) return false
  }
  return true
}

const THREE_ZEROS = Buffer.alloc(3)
/** Some cameras end a NAL unit with as many, as if a start code followed. */
const MAX_TRAILING_ZEROS = 3

/** NAL units that fill the picture exactly, and nowhere three zeros, which no NAL unit holds (ITU-T H.264 §7.4.1): stricter than playback, which shows what it can. */
function isWritten(bytes: Buffer): boolean {
  let at = 0
  while (at + 4 < bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length || end === at + 4 || (bytes[at + 4]! & 0x80) !== 0) return false
    let last = end
    while (last > end - MAX_TRAILING_ZEROS && bytes[last - 1] === 0) last--
    if (bytes.subarray(at + 4, last).includes(THREE_ZEROS)) return false
    at = end
  }
  return at === bytes.length && at > 0
}

function reasonIfDamaged(problem: unknown): string {
  if (problem instanceof ProtocolError) return problem.message
  throw problem
}
