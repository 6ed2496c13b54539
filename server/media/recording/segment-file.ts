/** How far a segment's file is whole, and what it says of itself. Reads of bounded size only. */
import type { CameraId, Instant } from '../../contract/ids.ts'
import { ProtocolError } from '../../base/errors.ts'
import { endOf } from '../recorded/moments.ts'
import { createSampleReader } from '../recorded/samples.ts'
import { type PlacedFragment, RecordedFile, undefinedIfDamaged } from '../recorded/recorded-file.ts'
import { SegmentNote } from './segment-note.ts'

/** After a power cut the newest blocks may be zeros although the file is as long as it should be. More than is written between two flushes of the disk. */
const CHECKED_FRAGMENTS = 20
/** First guess of where the last fragment begins, from the end; and of where those that are looked at do. */
const ENDS_BYTES = 512 * 1024
const TAIL_BYTES = 8 * 1024 * 1024

export type ByteRange = { from: number; to: number }

export type Examined =
  | {
      kind: 'segment'
      cameraId: CameraId
      note: SegmentNote
      /** Wall clock of the first whole picture and of the end of the last. */
      fromAt: Instant
      toAt: Instant
      fileBytes: number
      /** Head and whole fragments. What lies between and behind cannot be played. */
      whole: ByteRange[]
    }
  /** A head of ours and nothing to play behind it. */
  | { kind: 'empty' }
  | { kind: 'foreign'; why: string }

export type Thoroughness =
  /** Its head and its last fragment; more when that is not whole. Damage in the middle is not seen. */
  | 'ends'
  /** Its head and as much of its end as a power cut may have spoilt. */
  | 'tail'
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
    const { bytes: headBytes } = file.head
    const first = (await walk(file, headBytes, 1))[0]
    if (!first) return { kind: 'empty' }
    const { from, fragments } = await readFragments(file, thoroughness)
    const last = fragments.at(-1)
    if (!last) return { kind: 'empty' }
    const { cameraId } = note.data
    const fromAt = from === headBytes ? fragments[0]!.at : first.at
    return { kind: 'segment', cameraId, note: note.data, fromAt, toAt: endOf(last), fileBytes: file.knownBytes, whole: rangesOf(from, fragments) }
  } finally {
    await file.close()
  }
}

/** Whole fragments, from `from` on; what lies before it was not looked at. */
type Read = { from: number; fragments: PlacedFragment[]; reachesEnd: boolean }

async function readFragments(file: RecordedFile, thoroughness: Thoroughness): Promise<Read> {
  if (thoroughness === 'ends') {
    const quick = await readTail(file, 1, ENDS_BYTES)
    if (quick.reachesEnd) return quick
  }
  if (thoroughness === 'ends' || thoroughness === 'tail') return readTail(file, CHECKED_FRAGMENTS, TAIL_BYTES)
  return readFrom(file, file.head.bytes, thoroughness === 'pictures' ? Number.POSITIVE_INFINITY : CHECKED_FRAGMENTS)
}

/** At least the last `bytes`, more when nothing in them is whole. */
async function readTail(file: RecordedFile, checked: number, bytes: number): Promise<Read> {
  for (let tail = bytes; ; tail *= 4) {
    const guess = Math.max(file.head.bytes, file.knownBytes - tail)
    const read = await readFrom(file, guess, checked)
    if (read.fragments.length > 0 || guess === file.head.bytes) return read
  }
}

/** Of the last `checked` fragments the pictures are looked at. */
async function readFrom(file: RecordedFile, guess: number, checked: number): Promise<Read> {
  const found = await walk(file, guess)
  const from = guess === file.head.bytes ? guess : (found[0]?.offset ?? file.knownBytes)
  const firstChecked = Math.max(0, found.length - checked)
  const fragments = found.slice(0, firstChecked)
  for (const fragment of found.slice(firstChecked)) if (await hasWholePictures(file, fragment)) fragments.push(fragment)
  return { from, fragments, reachesEnd: found.length > 0 && lengthOf(rangesOf(from, fragments)) === file.knownBytes }
}

/** Whole fragments from `offset` on, past what is damaged. */
async function walk(file: RecordedFile, offset: number, atMost = Number.POSITIVE_INFINITY): Promise<PlacedFragment[]> {
  const found: PlacedFragment[] = []
  for (let at = offset; found.length < atMost;) {
    const fragment = (await file.fragmentAt(at).catch(undefinedIfDamaged)) ?? (await file.findFragment(at + 1, file.knownBytes, neverAborted))
    if (!fragment) break
    found.push(fragment)
    at = fragment.offset + fragment.bytes
  }
  return found
}

/** Everything before `from`, and the fragments; ranges that touch are one. */
function rangesOf(from: number, fragments: readonly PlacedFragment[]): ByteRange[] {
  const ranges: ByteRange[] = [{ from: 0, to: from }]
  for (const { offset, bytes } of fragments) {
    const last = ranges.at(-1)!
    if (last.to === offset) last.to += bytes
    else ranges.push({ from: offset, to: offset + bytes })
  }
  return ranges
}

export const lengthOf = (ranges: readonly ByteRange[]): number => ranges.reduce((sum, { from, to }) => sum + to - from, 0)

async function hasWholePictures(file: RecordedFile, fragment: PlacedFragment): Promise<boolean> {
  const read = createSampleReader(file, fragment, true)
  for (const sample of fragment.video) {
    const picture = await read(sample)
    if (!picture || !isWritten(picture)) return false
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
