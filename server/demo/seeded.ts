/** Seeded random numbers, so that a demo or a failing test can be run again exactly. */

/** Numbers in [0, 1); the same seed gives the same row (mulberry32). */
export type Random = () => number

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

export const randomUint16 = (random: Random): number => Math.floor(random() * 0x1_0000)
export const randomUint32 = (random: Random): number => Math.floor(random() * 0x1_0000_0000)

/** A number that depends on the text alone: the same camera id gives the same camera on every machine (FNV-1a, mixed as in MurmurHash3). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
