/** The police stations on the map: name and numbers of each jurisdiction, and the borders between them. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { Station } from '../../../server/contract/stations.ts'
import type { LonLat, StationId } from '../../../server/contract/ids.ts'
import { type Line, lineOf } from './district-paint.ts'
import type { ToPx } from './frame.ts'
import { innerBorders } from './geometry.ts'
import { rateWords } from './rates.ts'
import { countStatuses } from './ring.ts'
import { type Shape, shapeOf } from './shape.ts'
import type { Sprite, Symbols } from './symbols.ts'
import type { StationRates } from './tools.ts'

export type StationLabel = {
  stationId: StationId
  x: number
  y: number
  sprite: Sprite
  area: Shape | null
  /** The jurisdiction's largest outer ring as x, y, x, y …; null when it is not known. */
  ring: Float64Array | null
  /** From `x`, `y`, aside from symbols; null: there is no room for the name at this scale. */
  offsetPx: readonly [number, number] | null
}

export function createStationLabels(toXy: (lonLat: LonLat) => readonly [number, number], outline: readonly LonLat[] | null) {
  let stations: readonly Station[] = []
  let areas = new Map<StationId, { shape: Shape | null; ring: Float64Array }>()
  let borders: Shape | null = null
  let offsets: ReadonlyMap<StationId, StationLabel['offsetPx']> = new Map()
  /** Every camera, filtered or not: a jurisdiction's own numbers do not change with a filter. */
  let cameras: readonly CameraPoint[] = []
  let rates: StationRates | null = null

  function setStations(next: readonly Station[]): void {
    stations = next
    const rings = next.flatMap((station) => station.jurisdiction?.flat() ?? [])
    areas = new Map(
      next.flatMap(({ stationId, jurisdiction }) => {
        const [largest, ...others] = (jurisdiction?.flat() ?? []).map((ring) => lineOf(ring, toXy)).sort((a, b) => areaOf(b) - areaOf(a))
        return largest ? [[stationId, { shape: shapeOf([largest, ...others], true), ring: largest.xs }]] : []
      }),
    )
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
        area: areas.get(stationId)?.shape ?? null,
        ring: areas.get(stationId)?.ring ?? null,
        // a rate must be read: it stands in its middle when there is no free place
        offsetPx: offsets.get(stationId) ?? (rates && [0, 0]),
        sprite: symbols.station(shortName, counts.online + counts.degraded, present.length, counts.offline, rateWords(rates, stationId)),
      }
    })
  }

  return {
    setStations,
    setOffsets: (next: typeof offsets) => void (offsets = next),
    labels,
    borders: () => borders,
    setRates: (next: StationRates | null) => void (rates = next),
    setCameras: (next: readonly CameraPoint[]) => void (cameras = next),
  }
}

/** Where names stand on the screen: those that have room. */
export function placedStations(stations: readonly StationLabel[], toPx: ToPx): { stationId: StationId; px: readonly [number, number] }[] {
  return stations.flatMap(({ stationId, x, y, offsetPx }) => {
    const [px, py] = toPx(x, y)
    return offsetPx ? [{ stationId, px: [px + offsetPx[0], py + offsetPx[1]] }] : []
  })
}

/** Of the box around it: enough to tell the main land from an island. */
function areaOf({ box: [west, south, east, north] }: Line): number {
  return (east - west) * (north - south)
}
