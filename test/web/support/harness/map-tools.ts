/** The engine alone, for the tests of its tools: `window.toolHarness.mount(…)`, then drive `engine()` and the mouse, and read `said`. */
import type { CameraId, LonLat, StationId } from '../../../../server/contract/ids.ts'
import type { BaseMap } from '../../../../server/contract/map.ts'
import type { CameraStatus } from '../../../../server/contract/status.ts'
import { demoOutline, listDemoStations } from '../../../../server/demo/district.ts'
import { color, type ThemeName } from '../../../../web/base/theme.ts'
import {
  type BaseMapProblem,
  createMapEngine,
  type EditedPlace,
  listInShape,
  type MapEngine,
  type MapShape,
  type Measure,
} from '../../../../web/engines/map/index.ts'
import { makePoints, stateOf } from './map-points.ts'

export type ToolOptions = {
  count?: number
  places?: LonLat[]
  statuses?: CameraStatus[]
  baseMap?: BaseMap
  outline?: LonLat[] | null
  hasStations?: boolean
  center?: LonLat
  zoom?: number
  theme?: ThemeName
  /** As a page may do: the tool ends with what it gave. */
  isOneShot?: boolean
}

const demoBase: BaseMap = { kind: 'vector', url: '/basemap/demo.json', name: '演示区矢量图', date: '2026-10-01' }

function createToolHarness() {
  let engine: MapEngine | undefined
  const said = {
    selected: [] as (CameraId | null)[],
    hovered: [] as (CameraId | null)[],
    stations: [] as StationId[],
    shapes: [] as MapShape[],
    measures: [] as (Measure | null)[],
    clicks: [] as LonLat[],
    edited: [] as EditedPlace[],
    pointers: [] as (LonLat | null)[],
    dragged: [] as CameraId[],
    base: [] as { state: string; problem: BaseMapProblem | undefined }[],
  }
  let points = makePoints(0)

  async function mount(options: ToolOptions = {}): Promise<void> {
    engine?.close()
    for (const list of Object.values(said)) list.length = 0
    const theme = options.theme ?? 'dark'
    document.documentElement.dataset['themeName'] = theme
    points = makePoints(options.places?.length ?? options.count ?? 468).map((point, i) => ({
      ...point,
      ...(options.places && { lonLat: options.places[i]!, state: stateOf(point.cameraId, options.statuses?.[i] ?? 'online') }),
    }))
    engine = createMapEngine(document.getElementById('map')!, {
      config: {
        baseMap: options.baseMap ?? demoBase,
        otherBaseMaps: [],
        outline: options.outline === undefined ? demoOutline : options.outline,
        center: options.center ?? demoOutline[0]!,
        zoom: options.zoom ?? 13,
      },
      stations: options.hasStations === false ? [] : listDemoStations(),
      look: { theme, sizeScale: 1, isStale: false },
      padding: [0, 0, 0, 0],
      handlers: {
        onSelect: (cameraId) => void said.selected.push(cameraId),
        onHover: (cameraId) => void said.hovered.push(cameraId),
        onStation: (stationId) => void said.stations.push(stationId),
        onDrag(event, cameraId) {
          event.dataTransfer?.setData('text/plain', cameraId)
          said.dragged.push(cameraId)
        },
        onView: () => {},
        onMove: () => {},
        onBaseMap: (state, problem) => void said.base.push({ state, problem }),
      },
      tools: {
        onShape(shape) {
          said.shapes.push(shape)
          if (options.isOneShot) engine?.setTool(null)
        },
        onMeasure: (measure) => void said.measures.push(measure),
        onPoint: (lonLat) => void said.clicks.push(lonLat),
        onEdited: (place) => void said.edited.push(place),
        onPointer: (lonLat) => void said.pointers.push(lonLat),
      },
    })
    engine.setTotals(points)
    engine.setPoints(points)
    if (options.center === undefined && options.outline !== null) engine.fit(demoOutline, true)
    await engine.atRest()
  }

  return {
    mount,
    said,
    color,
    engine: () => engine!,
    points: () => points,
    /** Selects as the page does. */
    select(shape: MapShape): CameraId[] {
      const cameraIds = listInShape(points, shape).map(({ cameraId }) => cameraId)
      engine!.setSelection({ shape, cameraIds })
      return cameraIds
    },
    async picture(): Promise<string> {
      return (await engine!.takePicture()).toDataURL('image/png')
    },
    pixelOfPlace: (lonLat: LonLat) => engine!.pixelOfPlace(lonLat),
  }
}

export type ToolHarness = ReturnType<typeof createToolHarness>
declare global {
  interface Window {
    toolHarness: ToolHarness
  }
}
window.toolHarness = createToolHarness()
