/** The police stations on the map: name and numbers of each jurisdiction, and the borders between them. */
import type { CameraPoint, Station } from '../../../server/contract/cameras.ts'
import type { LonLat, StationId } from '../../../server/contract/ids.ts'
import { lineOf } from './district-paint.ts'
import { innerBorders } from './geometry.ts'
import { countStatuses } from './ring.ts'
import { type Shape, shapeOf } from './shape.ts'
import type { Sprite, Symbols } from './symbols.ts'

export type StationLabel = { stationId: StationId; x: number; y: number; sprite: Sprite; area: Shape | null; offsetPx: readonly [number, number] }

export function createStationLabels(toXy: (lonLat: LonLat) => readonly [number, number], outline: readonly LonLat[] | null) {
  let stations: readonly Station[] = []
  let areas = new Map<StationId, Shape | null>()
  let borders: Shape | null = null
  /** How far each name has stepped aside for symbols. */
  let offsets: ReadonlyMap<StationId, readonly [number, number]> = new Map()
  /** Every camera, filtered or not: a jurisdiction's own numbers do not change with a filter. */
  let cameras: readonly CameraPoint[] = []

  function setStations(next: readonly Station[]): void {
    stations = next
    const rings = next.flatMap((station) => (station.jurisdiction ? [station.jurisdiction] : []))
    areas = new Map(next.map(({ stationId, jurisdiction }) => [stationId, jurisdiction && shapeOf([lineOf(jurisdiction, toXy)], true)]))
    borders = shapeOf(
      innerBorders(rings, outline).map((border) => lineOf(border, toXy)),
      false,
    )
  }

  function labels(symbols: Symbols): StationLabel[] {
    const statuses = new Map<StationId, CameraPoint['state']['status'][]>(stations.map(({ stationId }) => [stationId, []]))
    for (const { stationId, state } of cameras) statuses.get(stationId)?.push(state.status)
    return stations.map(({ stationId, labelLonLat, shortName }) => {
      const present = statuses.get(stationId) ?? []
      const counts = countStatuses(present)
      const [x, y] = toXy(labelLonLat)
      return {
        stationId,
        x,
        y,
        area: areas.get(stationId) ?? null,
        offsetPx: offsets.get(stationId) ?? [0, 0],
        sprite: symbols.station(shortName, counts.online + counts.degraded, present.length, counts.offline),
      }
    })
  }

  return {
    setStations,
    setOffsets: (next: typeof offsets) => void (offsets = next),
    labels,
    borders: () => borders,
    setCameras: (next: readonly CameraPoint[]) => void (cameras = next),
  }
}
