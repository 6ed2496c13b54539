/** Which cameras are asked for: by state, station, scene and link (R-MAP-4). Nothing chosen in a group means all of it. */
import type { CameraPoint, Link, Scene } from '../../../server/contract/cameras.ts'
import type { StationId } from '../../../server/contract/ids.ts'
import type { CameraStatus } from '../../../server/contract/status.ts'

export type CameraFilter = {
  readonly statuses: readonly CameraStatus[]
  readonly stationIds: readonly StationId[]
  readonly scenes: readonly Scene[]
  readonly links: readonly Link[]
}

export const noFilter: CameraFilter = { statuses: [], stationIds: [], scenes: [], links: [] }

export function isFiltering(filter: CameraFilter): boolean {
  return filter.statuses.length + filter.stationIds.length + filter.scenes.length + filter.links.length > 0
}

export function filterCameras(points: readonly CameraPoint[], filter: CameraFilter): readonly CameraPoint[] {
  if (!isFiltering(filter)) return points
  const fits = <T>(chosen: readonly T[], value: T) => chosen.length === 0 || chosen.includes(value)
  return points.filter(
    (point) =>
      fits(filter.statuses, point.state.status) &&
      fits(filter.stationIds, point.stationId) &&
      fits(filter.scenes, point.scene) &&
      fits(filter.links, point.link),
  )
}
