/** What the listed part of the patrol log comes to. */
import type { CameraId } from '../../../server/contract/ids.ts'
import type { PatrolEntry } from '../../../server/contract/walls.ts'

export type PatrolSums = { shown: number; stillOnly: number; skipped: number; cameras: number }

export function sumPatrol(entries: readonly PatrolEntry[]): PatrolSums {
  const seen = new Set<CameraId>()
  const sums = { shown: 0, stillOnly: 0, skipped: 0 }
  for (const { outcome, cameraId } of entries) {
    sums[outcome]++
    if (outcome === 'shown') seen.add(cameraId)
  }
  return { ...sums, cameras: seen.size }
}
