/** The last wall of this screen, kept per account: what comes back by itself after a reload or a power cut (R-WALL-1). One for each wall number. */
import type { Ref } from 'vue'
import { usePreference } from '../../base/preference.ts'
import { emptyWall, WallState } from './wall-state.ts'

/** Wall 1 is the page itself, the others are windows of their own. */
export const wallNumbers = [1, 2, 3, 4] as const
export type WallNumber = (typeof wallNumbers)[number]

/** `reread`: another window of this browser may have changed it since. */
export type WallMemory = { state: Readonly<Ref<WallState>>; set(state: WallState): void; reread(): void }

const memories = new Map<WallNumber, WallMemory>()

/** Made once per wall number: a preference lives as long as the page. */
export function wallMemory(wall: WallNumber): WallMemory {
  const known = memories.get(wall)
  if (known) return known
  const { value, set, reread } = usePreference<WallState>(
    wall === 1 ? 'wall' : `wall.${wall}`,
    () => emptyWall(),
    (kept) => WallState.safeParse(kept).success,
    { isPersonal: true },
  )
  const memory = { state: value, set, reread }
  memories.set(wall, memory)
  return memory
}
