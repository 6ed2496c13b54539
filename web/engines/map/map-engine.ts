/**
 * The map, without Vue: points in, drawing and events out (R-MAP-1 to 4, 6, 7). Created with an element, ended with `close()`.
 * Coordinates at its edge are WGS-84; everything inside is in the projection of the base map.
 */
import type Layer from 'ol/layer/Layer.js'
import { defaults as defaultInteractions } from 'ol/interaction/defaults.js'
import OlMap, { type FrameState } from 'ol/Map.js'
import { unByKey } from 'ol/Observable.js'
import View from 'ol/View.js'
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { Station } from '../../../server/contract/stations.ts'
import type { CameraId, LonLat, StationId } from '../../../server/contract/ids.ts'
import type { MapConfig } from '../../../server/contract/map.ts'
import { type BaseLayer, createPaintedLayer, crsOf, isPaintedBase, openBaseLayer } from './base-layer.ts'
import { project, projectionOf, unproject } from './crs.ts'
import { lineOf } from './district-paint.ts'
import { placeNames } from './names.ts'
import { createOverlayLayer, drawOverlay, type OverlayModel, PULSE_MS, type ToPx, toPxOf } from './overlay.ts'
import { createPointer } from './pointer.ts'
import { createPoints } from './points.ts'
import { metresPerPx, resolutionOf, restingResolutions, scaleBar, streetMetresPerPx, zoomOf } from './scale.ts'
import { type ClusterItem, itemOf, type MapItem, separatingResolution } from './scene.ts'
import { createScenes } from './scenes.ts'
import { shapeOf } from './shape.ts'
import { createStationLabels } from './station-labels.ts'
import { createSymbols, type Look } from './symbols.ts'
import { createViewMoves, fittingResolution, type Padding } from './view-moves.ts'

export type MapView = { lonLat: LonLat; zoom: number; visibleIds: CameraId[] }
export type MapHandlers = {
  onSelect(cameraId: CameraId | null): void
  onHover(cameraId: CameraId | null): void
  onStation(stationId: StationId): void
  onView(view: MapView): void
  /** After every move: the scale bar and whatever hangs on a point follow. */
  onMove(): void
  onBaseMap(state: 'ready' | 'missing'): void
}
export type MapLook = Omit<Look, 'pixelRatio'>
export type MapEngine = ReturnType<typeof createMapEngine>

const LABEL_MARGIN = 0.25
const LOCATE_ZOOM = 16.5
const SELECTED_SECTOR_MIN_PX = 44
/** More rings than this at once say nothing: a switch went down, the colours tell it. */
const MOST_PULSES = 24

export function createMapEngine(
  element: HTMLElement,
  {
    config,
    stations,
    look,
    padding,
    handlers,
  }: { config: MapConfig; stations: readonly Station[]; look: MapLook; /** What panels cover as it opens. */ padding: Padding; handlers: MapHandlers },
) {
  const projection = projectionOf(crsOf(config.baseMap))
  const toXy = (lonLat: LonLat) => project(lonLat, projection)
  const outline = config.outline ? lineOf(config.outline, toXy) : null
  // a hair coarser, or rounding would fit the outline one step further out
  const home =
    outline && isPaintedBase(config.baseMap) ? fittingResolution(outline.box, [element.clientWidth, element.clientHeight], padding) * 1.0001 : undefined
  const resolutions = restingResolutions(projection, home)
  const view = new View({
    projection,
    resolutions,
    constrainResolution: true,
    smoothResolutionConstraint: true,
    enableRotation: false,
    center: toXy(config.center),
    resolution: resolutionOf(config.zoom, projection),
  })
  view.padding = [...padding]
  const pixelRatio = Math.max(1, window.devicePixelRatio)

  const points = createPoints(toXy)
  const stationLabels = createStationLabels(toXy, config.outline)
  let selectedId: CameraId | null = null
  let hoveredId: CameraId | null = null
  let openPole: string | null = null
  let showSectors = true
  let base: BaseLayer | undefined
  let isClosed = false
  let currentLook = look
  let areLabelsStale = true
  let drawnFrames = 0
  let drawnAt: readonly number[] = []
  let toPx: ToPx = () => [-1e6, -1e6]

  const model: OverlayModel = {
    look: { ...look, pixelRatio },
    symbols: createSymbols({ ...look, pixelRatio }),
    items: [],
    outline: outline && shapeOf([outline], true),
    borders: null,
    hasMask: false,
    labels: [],
    labelResolution: 0,
    stations: [],
    hoveredStationId: null,
    selected: null,
    hovered: null,
    selectedSector: null,
    sectors: [],
    sectorOf: (at) => points.sectorOf(at),
    pulses: [],
  }
  const overlay = createOverlayLayer(drawFrame)
  /** The layer whose canvas the symbols are drawn into. */
  let stage: Layer = overlay
  const map = new OlMap({
    target: element,
    view,
    controls: [],
    layers: [overlay],
    pixelRatio,
    interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
  })
  const moves = createViewMoves(map, view)
  overlay.setZIndex(10)

  const redraw = () => stage.changed()
  const ground = (resolution: number) => metresPerPx(resolution, view.getCenter() ?? [0, 0], projection)
  const isClusteredAt = (resolution: number) => ground(resolution) > streetMetresPerPx

  const scenes = createScenes({
    points: () => points.list(),
    sizeScale: () => currentLook.sizeScale,
    isClusteredAt,
    keepSingle: (at) => at.point.cameraId === selectedId || at.pole === openPole,
  })

  // what stands where

  function restingNear(resolution: number): number {
    return resolutions.reduce((best, candidate) => (Math.abs(Math.log(candidate / resolution)) < Math.abs(Math.log(best / resolution)) ? candidate : best))
  }

  function drawFrame(ctx: CanvasRenderingContext2D, frameState: FrameState, toCanvas: readonly number[]): void {
    const resolution = restingNear(frameState.viewState.resolution)
    showScene(resolution)
    if (model.pulses.some((pulse) => performance.now() - pulse.startedAtMs > PULSE_MS))
      model.pulses = model.pulses.filter((pulse) => performance.now() - pulse.startedAtMs <= PULSE_MS)
    drawnFrames++
    drawnAt = frameState.viewState.center
    toPx = toPxOf(frameState)
    drawOverlay(ctx, model, frameState, toCanvas)
  }

  function showScene(resolution: number): void {
    if (!scenes.show(resolution)) return
    model.items = scenes.items()
    model.selected = points.find(selectedId) ?? null
    model.hovered = hoveredId === null ? null : (itemOf(model.items, hoveredId) ?? null)
    model.selectedSector =
      model.selected &&
      points.sectorOf(model.selected, Math.max(model.selected.point.reachM, SELECTED_SECTOR_MIN_PX * currentLook.sizeScale * ground(resolution)))
    model.sectors = showSectors && !isClusteredAt(resolution) ? points.list().filter((at) => at !== model.selected && at.point.state.status !== 'offline') : []
  }

  /** Places changed: who stands with whom is asked anew. */
  function invalidatePlaces(): void {
    scenes.forgetPlaces()
    areLabelsStale = true
    redraw()
  }
  function invalidateStates(): void {
    scenes.forgetStates()
    redraw()
  }

  function setPoints(next: readonly CameraPoint[]): void {
    const { havePlacesChanged, newlyOffline } = points.set(next)
    if (havePlacesChanged) invalidatePlaces()
    else invalidateStates()
    if (newlyOffline.length > 0 && newlyOffline.length <= MOST_PULSES && !currentLook.isStale && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
      model.pulses = [...model.pulses, ...newlyOffline.map((cameraId) => ({ cameraId, startedAtMs: performance.now() }))].slice(0, MOST_PULSES)
    }
    if (havePlacesChanged) announceView()
  }

  function rebuildStations(): void {
    model.stations = stationLabels.labels(model.symbols)
    model.borders = stationLabels.borders()
    redraw()
  }
  function setTotals(all: readonly CameraPoint[]): void {
    stationLabels.setCameras(all)
    rebuildStations()
  }
  function setStations(next: readonly Station[]): void {
    stationLabels.setStations(next)
    areLabelsStale = true
    rebuildStations()
  }

  function refreshNames(): void {
    const size = map.getSize()
    const resolution = view.getResolution()
    if (!areLabelsStale || !base || !size || !resolution || view.getAnimating() || view.getInteracting()) return
    areLabelsStale = false
    showScene(restingNear(resolution))
    const extent = view.calculateExtent([size[0]! * (1 + 2 * LABEL_MARGIN), size[1]! * (1 + 2 * LABEL_MARGIN)])
    const { labels, stationOffsets } = placeNames({
      names: base.names,
      outline,
      items: model.items,
      stations: model.stations,
      box: [extent[0]!, extent[1]!, extent[2]!, extent[3]!],
      resolution,
      metresPerPx: ground(resolution),
      look: model.look,
    })
    model.labels = labels
    model.labelResolution = resolution
    stationLabels.setOffsets(stationOffsets)
    rebuildStations()
  }

  // the base map

  async function loadBase(): Promise<void> {
    const baseLook = { ...currentLook, pixelRatio }
    let opened: BaseLayer
    let isMissing = config.baseMap.kind === 'none'
    try {
      opened = await openBaseLayer(config.baseMap, outline, resolutions, baseLook)
    } catch (error) {
      console.warn('Base map could not be read', error)
      opened = createPaintedLayer(null, outline, projection, resolutions, baseLook)
      isMissing = true
    }
    if (isClosed) return
    base = opened
    base.setLook({ ...currentLook, pixelRatio })
    model.hasMask = !base.isPainted
    if (base.isPainted) {
      stage = base.layer
      overlay.setVisible(false)
      base.layer.on('postrender', ({ context, frameState, inversePixelTransform }) => {
        if (context instanceof CanvasRenderingContext2D && frameState && inversePixelTransform) drawFrame(context, frameState, inversePixelTransform)
      })
    }
    map.getLayers().insertAt(0, base.layer)
    areLabelsStale = true
    refreshNames()
    handlers.onBaseMap(isMissing ? 'missing' : 'ready')
  }

  function setLook(next: MapLook): void {
    const isRepaint = next.theme !== currentLook.theme || next.sizeScale !== currentLook.sizeScale
    currentLook = next
    model.look = { ...next, pixelRatio }
    model.symbols = createSymbols(model.look)
    if (isRepaint) base?.setLook({ ...next, pixelRatio })
    rebuildStations()
    invalidatePlaces()
  }

  // selection and pointer

  function setSelected(cameraId: CameraId | null): void {
    if (cameraId === selectedId) return
    selectedId = cameraId
    invalidatePlaces()
    const at = points.find(cameraId)
    if (at && map.isRendered()) moves.uncover([at.x, at.y])
  }

  function setHovered(cameraId: CameraId | null): void {
    if (cameraId === hoveredId) return
    hoveredId = cameraId
    model.hovered = cameraId === null ? null : (itemOf(model.items, cameraId) ?? null)
    redraw()
  }

  function openCluster(cluster: ClusterItem): void {
    if (cluster.isOnePole) {
      openPole = cluster.members[0]!.pole
      return invalidatePlaces()
    }
    const current = view.getResolution() ?? 1
    const finer = resolutions.filter((resolution) => resolution < current * 0.99)
    const target = separatingResolution(cluster.members, finer, isClusteredAt, currentLook.sizeScale) ?? finer.at(-1) ?? current
    const xs = cluster.members.map((member) => member.x)
    const ys = cluster.members.map((member) => member.y)
    moves.moveTo([(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2], target)
  }

  function closePole(): void {
    if (openPole === null) return
    openPole = null
    invalidatePlaces()
  }

  const pointer = createPointer(map, element, {
    items: () => model.items,
    stations: () => model.stations,
    toPx: (x, y) => toPx(x, y),
    sizeScale: () => currentLook.sizeScale,
    onCluster: openCluster,
    onPoint: ({ at }) => handlers.onSelect(at.point.cameraId),
    onStation: (stationId) => handlers.onStation(stationId),
    onGround() {
      closePole()
      handlers.onSelect(null)
    },
    onHover(point, stationId) {
      if (stationId !== model.hoveredStationId) {
        model.hoveredStationId = stationId
        redraw()
      }
      handlers.onHover(point?.at.point.cameraId ?? null)
    },
  })
  const keys = [
    map.on('moveend', () => {
      areLabelsStale = true
      refreshNames()
      announceView()
    }),
    map.on('postrender', () => {
      if (areLabelsStale) refreshNames()
      handlers.onMove()
    }),
  ]
  // the view

  /** What is not under a panel. */
  function freeBox(): readonly [number, number, number, number] | undefined {
    const size = map.getSize()
    if (!size) return undefined
    const [top, right, bottom, left] = view.padding ?? [0, 0, 0, 0]
    return [left!, top!, size[0]! - right!, size[1]! - bottom!]
  }

  function announceView(): void {
    const box = freeBox()
    const center = view.getCenter()
    const resolution = view.getResolution()
    if (!box || !center || !resolution || !map.isRendered()) return
    const visibleIds = points
      .list()
      .filter((at) => {
        const [x, y] = toPx(at.x, at.y)
        return x >= box[0] && y >= box[1] && x <= box[2] && y <= box[3]
      })
      .map((at) => at.point.cameraId)
    handlers.onView({ lonLat: unproject(center, projection), zoom: zoomOf(resolution, projection), visibleIds })
  }

  function setPadding(padding: Padding): void {
    if (padding.every((px, i) => px === (view.padding?.[i] ?? 0))) return
    view.padding = [...padding]
    const at = points.find(selectedId)
    if (at && map.isRendered()) moves.uncover([at.x, at.y])
    announceView()
  }

  function fit(lonLats: readonly LonLat[], isInstant = false): void {
    if (lonLats.length === 0) return
    moves.fit(lineOf(lonLats, toXy).box, LOCATE_ZOOM, isInstant)
  }

  function locate(cameraId: CameraId): void {
    const at = points.find(cameraId)
    if (at) moves.moveTo([at.x, at.y], Math.min(view.getResolution() ?? Infinity, resolutionOf(LOCATE_ZOOM, projection)))
  }

  async function atRest(): Promise<void> {
    await new Promise((resolve) => {
      map.once('rendercomplete', resolve)
      map.render()
    })
    if (!base || areLabelsStale || view.getAnimating() || model.pulses.length > 0) await atRest()
  }

  function close(): void {
    isClosed = true
    unByKey(keys)
    pointer.close()
    map.setTarget(undefined)
    map.dispose()
  }

  setStations(stations)
  void loadBase()

  return {
    setPoints,
    setTotals,
    setStations,
    setSelected,
    setHovered,
    setLook,
    setPadding,
    fit,
    locate,
    close,
    setSectors(isShown: boolean) {
      showSectors = isShown
      invalidateStates()
    },
    flyTo: (lonLat: LonLat, zoom?: number) => moves.moveTo(toXy(lonLat), zoom === undefined ? undefined : resolutionOf(zoom, projection)),
    zoomIn: () => moves.zoomBy(2),
    zoomOut: () => moves.zoomBy(-2),
    updateSize: () => map.updateSize(),
    /** Where a camera is drawn, in px of the element; null while it is in a cluster or not on the map. */
    pixelOf(cameraId: CameraId): readonly [number, number] | null {
      const item = itemOf(model.items, cameraId)
      if (item?.kind !== 'point') return null
      const [x, y] = toPx(item.x, item.y)
      return [x + item.offsetPx[0] * currentLook.sizeScale, y + item.offsetPx[1] * currentLook.sizeScale]
    },
    scaleBar: (maxPx: number) => scaleBar(ground(view.getResolution() ?? 1), maxPx),
    drawnFrames: () => drawnFrames,
    drawnAt: (): readonly number[] => drawnAt,
    /** When nothing is left to draw: tiles are there, movements are over, names are placed. */
    atRest,
    toPx: ([x, y]: readonly [number, number]) => toPx(x, y),
    /** Where the names of the stations stand (those that have room), for tests. */
    listStations: () =>
      model.stations.flatMap(({ stationId, x, y, offsetPx }) => {
        const [px, py] = toPx(x, y)
        return offsetPx ? [{ stationId, px: [px + offsetPx[0], py + offsetPx[1]] as const }] : []
      }),
    /** What stands on the map now, for tests and for screen readers. */
    listItems: (): readonly MapItem[] => model.items,
  }
}
