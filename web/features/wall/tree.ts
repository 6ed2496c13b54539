/** The camera tree beside the wall: stations with their counts, their cameras, or what a search finds. Pure. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraId, StationId } from '../../../server/contract/ids.ts'
import type { Station } from '../../../server/contract/stations.ts'
import { type CameraMatch, compareNames, searchCameras } from '../cameras/search.ts'

export type StationRow = { kind: 'station'; key: string; stationId: StationId; name: string; well: number; all: number; offline: number; isOpen: boolean }
export type CameraRow = {
  kind: 'camera'
  key: string
  point: CameraPoint
  match: CameraMatch | null
  /** From 0; null: not on the wall. */ tile: number | null
}
export type TreeRow = StationRow | CameraRow

export type TreeInput = {
  points: readonly CameraPoint[]
  stations: ReadonlyMap<StationId, Station>
  text: string
  openIds: ReadonlySet<StationId>
  shown: readonly (CameraId | null)[]
}

export function listTree({ points, stations, text, openIds, shown }: TreeInput): TreeRow[] {
  const tiles = new Map(shown.flatMap((id, tile) => (id === null ? [] : [[id, tile] as const])))
  const toRow = (point: CameraPoint, match: CameraMatch | null): CameraRow => ({
    kind: 'camera',
    key: point.cameraId,
    point,
    match,
    tile: tiles.get(point.cameraId) ?? null,
  })
  if (text.trim() !== '') return searchCameras(points, text).map((match) => toRow(match.point, match))
  const byStation = new Map<StationId, CameraPoint[]>()
  for (const point of points) byStation.set(point.stationId, [...(byStation.get(point.stationId) ?? []), point])
  return [...byStation]
    .map(([stationId, members]) => ({ stationId, members, name: stations.get(stationId)?.shortName ?? stationId }))
    .toSorted((a, b) => compareStations(stations, a.stationId, b.stationId))
    .flatMap(({ stationId, members, name }): TreeRow[] => {
      const isOpen = openIds.has(stationId)
      const offline = members.filter(({ state }) => state.status === 'offline').length
      const well = members.filter(({ state }) => state.status === 'online' || state.status === 'degraded').length
      const row: StationRow = { kind: 'station', key: `station ${stationId}`, stationId, name, well, all: members.length, offline, isOpen }
      return isOpen ? [row, ...members.toSorted(compareNames).map((point) => toRow(point, null))] : [row]
    })
}

/** In the order the server names them. */
function compareStations(stations: ReadonlyMap<StationId, Station>, a: StationId, b: StationId): number {
  const order = [...stations.keys()]
  return order.indexOf(a) - order.indexOf(b)
}
