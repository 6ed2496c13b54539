/** How fast something gets done, from how far it was when. Pure. */
type Reading = { atMs: number; doneMs: number; totalMs: number }

/** Younger readings count: the first seconds of an export say little of the rest. */
const overMs = 20_000
const enoughMs = 3_000

export function createPace() {
  let readings: Reading[] = []

  return {
    note(atMs: number, { doneMs, totalMs }: { doneMs: number; totalMs: number }) {
      readings = [...readings.filter((each) => atMs - each.atMs <= overMs), { atMs, doneMs, totalMs }]
    },
    /** Null while too little is known, or nothing moves. */
    remainingMs(): number | null {
      const [first, last] = [readings[0], readings.at(-1)]
      if (!first || !last || last.atMs - first.atMs < enoughMs || last.doneMs <= first.doneMs) return null
      const speed = (last.doneMs - first.doneMs) / (last.atMs - first.atMs)
      return Math.max(0, last.totalMs - last.doneMs) / speed
    },
  }
}
export type Pace = ReturnType<typeof createPace>
