/** Finds the moment in a file that has no index: a fragment says its own time, so a few guesses get there without reading what lies between. */
import type { Instant } from '../../contract/ids.ts'
import { ProtocolError } from '../../base/errors.ts'
import type { FileMemory } from './file-memory.ts'
import { endOf, HOLE_MS, keyIndexAt } from '../recorded/moments.ts'
import { type PlacedFragment, type RecordedFile, undefinedIfDamaged } from '../recorded/recorded-file.ts'

/** Nearer than this one goes from fragment to fragment. */
const STEP_BYTES = 2 * 1024 * 1024
/** A guess aims this much before its goal: the fragment that holds the goal begins there. */
const LEAD_BYTES = 256 * 1024
/** Guesses by proportion; after so many the middle is taken, which always ends. */
const MAX_GUESSES = 6
/** How far back a key frame is looked for. */
const MAX_GOP_MS = 60_000

export type SeekDeps = { memory: FileMemory; signal: AbortSignal }

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

/** The last fragment that begins at or before `at`; the file's first when all begin later. */
async function lastBegunBy(file: RecordedFile, at: Instant, toAt: Instant, { memory, signal }: SeekDeps): Promise<PlacedFragment | undefined> {
  const known = memory.placesOf(file.path)
  const before = known.findLast((place) => place.at <= at)
  const after = known.find((place) => place.at > at)
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
    if (found) memory.add(file.path, found)
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
