/**
 * Fewer bytes of each second where disks run full faster than the oldest can be deleted (R-STORE-3): the sub stream instead of the main one, first of
 * the cameras that are kept for fewer days than others, then of all. A small picture of everything is worth more than no picture.
 */
import type { Profile } from '../../contract/ids.ts'
import type { DiskStatus } from '../../media/plane.ts'
import { FULL_RATE, usedRate } from './retention.ts'

/** `some`: from 98 %, `all`: from 99 % of the disk with the most room, on which recordings go; back to `none` where deletion has caught up. */
export type Degrade = 'none' | 'some' | 'all'
export const DEGRADE_RATE = 0.98
const DEGRADE_ALL_RATE = 0.99

export function degradeBy(disks: readonly DiskStatus[], before: Degrade): Degrade {
  const [roomiest] = disks.filter(({ state }) => state === 'ok').toSorted((a, b) => b.freeBytes - a.freeBytes)
  if (!roomiest) return before // nothing can be written: no question of size
  const used = usedRate(roomiest)
  if (used >= DEGRADE_ALL_RATE) return 'all'
  if (used >= DEGRADE_RATE) return before === 'all' ? 'all' : 'some'
  return used >= FULL_RATE ? before : 'none'
}

/** Which stream of each policy is recorded now. */
export function degraded<P extends { profile: Profile; keepDays: number }>(policies: readonly P[], degrade: Degrade): P[] {
  const longestDays = Math.max(0, ...policies.map(({ keepDays }) => keepDays))
  const mustGive = ({ keepDays }: P) => degrade === 'all' || (degrade === 'some' && keepDays < longestDays)
  return policies.map((policy) => (mustGive(policy) ? { ...policy, profile: 'sub' } : policy))
}
