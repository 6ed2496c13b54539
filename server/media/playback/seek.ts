/** Finds the moment in a file that has no index: a fragment says its own time, so a few guesses get there without reading what lies between. */
import type { Instant } from '../../contract/ids.ts'
import { ProtocolError } from '../../base/errors.ts'
import type { StoredSample } from '../../protocols/mp4/fragment-parser.ts'
import { type PlacedFragment, type RecordedFile, undefinedIfDamaged } from './recorded-file.ts'

/** A place that was found once, kept for the next seek. */
export type Mark = { at: Instant; offset: number }

const MAX_FILES = 256
const MAX_MARKS = 1_024
/** Nearer than this one goes from fragment to fragment. */
const STEP_BYTES = 2 * 1024 * 1024
/** A guess aims this much before its goal: the fragment that holds the goal begins there. */
const LEAD_BYTES = 256 * 1024
/** Guesses by proportion; after so many the middle is taken, which always ends. */
const MAX_GUESSES = 6
/** How far back a key frame is looked for. */
const MAX_GOP_MS = 60_000

/** So much that is missing between two pictures is a hole, and told. */
export const HOLE_MS = 1_000

/** What is remembered of the files used last: marks in the order of the file, and whether its damage was told. */
export class Marks {
  private readonly byFile = new Map<string, Mark[]>()
  private readonly complained = new Set<string>()

  of(path: string): readonly Mark[] {
    return this.byFile.get(path) ?? []
  }

  add(path: string, { at, offset }: PlacedFragment) {
    const marks = this.byFile.get(path) ?? []
    this.byFile.delete(path)
    this.byFile.set(path, marks)
    if (this.byFile.size > MAX_FILES) this.byFile.delete(this.byFile.keys().next().value!)
    const behind = marks.findIndex((mark) => mark.offset >= offset)
    if (marks[behind]?.offset === offset || marks.length >= MAX_MARKS) return
    marks.splice(behind < 0 ? marks.length : behind, 0, { at, offset })
  }

  /** True once for each file. */
  isFirstComplaint(path: string): boolean {
    if (this.complained.has(path)) return false
    this.complained.add(path)
    if (this.complained.size > MAX_FILES) this.complained.delete(this.complained.keys().next().value!)
    return true
  }
}

export type SeekDeps = { marks: Marks; signal: AbortSignal }

/** When a picture of this fragment was taken. */
export const momentOf = ({ at, video }: PlacedFragment, sample: StoredSample): Instant => at + sample.dts - video[0]!.dts

/** Where the last picture of a fragment ends. */
export function endOf(fragment: PlacedFragment): Instant {
  const last = fragment.video.at(-1)!
  return momentOf(fragment, last) + last.duration
}

/**
 * Where to begin to read for `at`: the fragment with the last key frame at or before it; where none is near, the fragment that holds it; behind a hole
 * that it falls into. `toAt` is how far the file is said to reach.
 */
export async function seek(file: RecordedFile, at: Instant, toAt: Instant, deps: SeekDeps): Promise<number> {
  const holding = await lastBegunBy(file, at, toAt, deps)
  if (!holding) return file.head.bytes
  if (at - endOf(holding) > HOLE_MS) return holding.offset + holding.bytes
  for (let fragment = holding; fragment.at <= at && at - fragment.at < MAX_GOP_MS;) {
    if (keyIndexAt(fragment, at) >= 0) return fragment.offset
    const before = await lastBegunBy(file, fragment.at - 1, toAt, deps)
    if (!before || before.at >= fragment.at) break // it was the first
    fragment = before
  }
  return holding.offset
}

/** Index of the last key frame at or before `at`, -1 when there is none. */
export function keyIndexAt(fragment: PlacedFragment, at: Instant): number {
  return fragment.video.findLastIndex((sample) => sample.isKey && momentOf(fragment, sample) <= at)
}

/** The last fragment that begins at or before `at`; the file's first when all begin later. */
async function lastBegunBy(file: RecordedFile, at: Instant, toAt: Instant, { marks, signal }: SeekDeps): Promise<PlacedFragment | undefined> {
  const known = marks.of(file.path)
  const before = known.findLast((mark) => mark.at <= at)
  const after = known.find((mark) => mark.at > at)
  let low = await file.fragmentAt(before?.offset ?? file.head.bytes).catch(undefinedIfDamaged)
  low ??= await file.findFragment(file.head.bytes, file.knownBytes, signal)
  if (!low || low.at > at) return low
  let high = after ?? { at: Math.max(toAt, low.at + 1), offset: file.knownBytes }

  for (let guesses = 0; ; guesses++) {
    signal.throwIfAborted()
    const next: number = low.offset + low.bytes
    if (next >= high.offset) break
    const guess = guessOffset(low, high, at, guesses)
    const found: PlacedFragment | undefined = guess <= next ? await step(file, next, high.offset, signal) : await file.findFragment(guess, high.offset, signal)
    if (found) marks.add(file.path, found)
    if (!found) {
      if (guess <= next) break
      high = { at: high.at, offset: guess } // nothing begins behind the guess
    } else if (found.at <= at) {
      low = found
      if (endOf(found) > at) break
    } else high = found
  }
  return low
}

function guessOffset(low: PlacedFragment, high: { at: Instant; offset: number }, at: Instant, guesses: number): number {
  const bytes = high.offset - low.offset
  if (bytes <= STEP_BYTES) return low.offset
  const share = guesses < MAX_GUESSES ? (at - low.at) / (high.at - low.at) : 0.5
  return Math.floor(low.offset + bytes * Math.min(share, 1)) - LEAD_BYTES
}

/** The fragment that begins at `offset`, or the first one behind the damage there. */
export async function step(file: RecordedFile, offset: number, end: number, signal: AbortSignal): Promise<PlacedFragment | undefined> {
  try {
    return await file.fragmentAt(offset)
  } catch (problem) {
    if (!(problem instanceof ProtocolError)) throw problem
    return file.findFragment(offset + 1, end, signal)
  }
}
