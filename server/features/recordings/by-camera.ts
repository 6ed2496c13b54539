import type { CameraId } from '../../contract/ids.ts'

/** Rows by their camera, in the order they came. */
export function byCamera<T extends { cameraId: CameraId }>(rows: readonly T[]): Map<CameraId, T[]> {
  const groups = new Map<CameraId, T[]>()
  for (const row of rows) {
    const group = groups.get(row.cameraId)
    if (group) group.push(row)
    else groups.set(row.cameraId, [row])
  }
  return groups
}
