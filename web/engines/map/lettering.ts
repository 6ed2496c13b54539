/** All names on the map, kept up: the stations' with their numbers or rates, roads and waters. Placed anew when the map rests and something has changed. */
import type OlMap from 'ol/Map.js'
import type View from 'ol/View.js'
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { LonLat } from '../../../server/contract/ids.ts'
import type { Station } from '../../../server/contract/stations.ts'
import type { Line, VectorBasemap } from './district-paint.ts'
import { placeNames } from './names.ts'
import type { OverlayModel } from './overlay.ts'
import { createStationLabels } from './station-labels.ts'
import type { StationRates } from './tools.ts'

/** Around the screen, so that names are there when it moves. */
const MARGIN_RATE = 0.25

type Deps = {
  map: OlMap
  view: View
  model: OverlayModel
  toXy(lonLat: LonLat): readonly [number, number]
  outline: { lonLats: readonly LonLat[] | null; line: Line | null }
  /** Roads and waters that we name; undefined while the base map is not there. */
  names(): VectorBasemap | null | undefined
  /** Makes sure that the model shows what stands at a scale. */
  showScene(resolution: number): void
  metresPerPx(resolution: number): number
  redraw(): void
}

export function createLettering({ map, view, model, toXy, outline, names, showScene, metresPerPx, redraw }: Deps) {
  const stationLabels = createStationLabels(toXy, outline.lonLats)
  let isStale = true
  let rates: StationRates | null = null

  function rebuild(): void {
    model.stations = stationLabels.labels(model.symbols)
    model.borders = stationLabels.borders()
    redraw()
  }
  function setTotals(all: readonly CameraPoint[]): void {
    stationLabels.setCameras(all)
    rebuild()
  }
  function setStations(next: readonly Station[]): void {
    stationLabels.setStations(next)
    isStale = true
    rebuild()
  }
  function setRates(next: StationRates | null): void {
    rates = next
    stationLabels.setRates(next)
    isStale = true
    rebuild()
  }

  function refresh(): void {
    const size = map.getSize()
    const resolution = view.getResolution()
    const known = names()
    if (!isStale || known === undefined || !size || !resolution || view.getAnimating() || view.getInteracting()) return
    isStale = false
    showScene(resolution)
    const extent = view.calculateExtent([size[0]! * (1 + 2 * MARGIN_RATE), size[1]! * (1 + 2 * MARGIN_RATE)])
    const { labels, stationOffsets } = placeNames({
      names: known,
      outline: outline.line,
      items: model.items,
      stations: model.stations,
      box: [extent[0]!, extent[1]!, extent[2]!, extent[3]!],
      resolution,
      metresPerPx: metresPerPx(resolution),
      look: model.look,
    })
    model.labels = labels
    model.labelResolution = resolution
    stationLabels.setOffsets(stationOffsets)
    rebuild()
  }

  return {
    rebuild,
    setTotals,
    setStations,
    setRates,
    refresh,
    rates: () => rates,
    isStale: () => isStale,
    forget: () => void (isStale = true),
  }
}
