/** In which order a hand was on the tiles of a wall: a full wall gives up the one that was longest without (R-WALL-1). Each window knows its own hands. */
import type { WallNumber } from './wall-memory.ts'

/** `touches`: tile → a number that rises with every touch. */
export type TileHands = { touches: ReadonlyMap<number, number>; touch(tile: number): void; forget(): void }

const hands = new Map<WallNumber, Map<number, number>>()
let last = 0

export function tileHands(wall: WallNumber): TileHands {
  const touches = hands.get(wall) ?? new Map<number, number>()
  hands.set(wall, touches)
  return { touches, touch: (tile) => void touches.set(tile, ++last), forget: () => touches.clear() }
}
