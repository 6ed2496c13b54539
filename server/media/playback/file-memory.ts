/** What is remembered of the files used last, for all pages together: places that a seek found, and whether damage was told already. */
import type { Instant } from '../../contract/ids.ts'

export type KnownPlace = { at: Instant; offset: number }

const MAX_FILES = 256
const MAX_PLACES = 128
/** Nearer than this a seek goes from fragment to fragment: a place beside another saves nothing and is kept for as long. */
const MIN_APART_BYTES = 2 * 1024 * 1024

export class FileMemory {
  private readonly places = new Map<string, KnownPlace[]>()
  private readonly complained = new Set<string>()

  /** In the order of the file. */
  placesOf(path: string): readonly KnownPlace[] {
    return this.places.get(path) ?? []
  }

  add(path: string, { at, offset }: KnownPlace) {
    const places = this.places.get(path) ?? []
    this.places.delete(path)
    this.places.set(path, places)
    dropOldest(this.places)
    if (places.length >= MAX_PLACES) return
    const behind = places.findIndex((place) => place.offset >= offset)
    const index = behind < 0 ? places.length : behind
    const isNear = (place: KnownPlace | undefined) => place !== undefined && Math.abs(place.offset - offset) < MIN_APART_BYTES
    if (isNear(places[index]) || isNear(places[index - 1])) return
    places.splice(index, 0, { at, offset })
  }

  /** True once for each file. */
  isFirstComplaint(path: string): boolean {
    if (this.complained.has(path)) return false
    this.complained.add(path)
    dropOldest(this.complained)
    return true
  }
}

function dropOldest(byFile: Map<string, unknown> | Set<string>) {
  if (byFile.size > MAX_FILES) byFile.delete(byFile.keys().next().value!)
}
