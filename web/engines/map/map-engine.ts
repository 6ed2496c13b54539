/**
 * The map, without Vue: points in, drawing and events out (R-MAP-1 to 8). Created with an element, ended with `close()`.
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
import { mapColor } from '../../base/theme.ts'
import { type BaseLayer, crsOf, isPaintedBase } from './base-layer.ts'
import { type BaseMapProblem, createBaseMap } from './base-map.ts'
import { project, projectionOf, unproject } from './crs.ts'
import { lineOf } from './district-paint.ts'
import { type ToPx, toPxOf } from './frame.ts'
import { createGrip } from './grip.ts'
import { createLettering } from './lettering.ts'
import { createMapTools } from './map-tools.ts'
import { createOverlayLayer, drawOverlay, type OverlayModel, PULSE_MS } from './overlay.ts'
import { createOpenings } from './openings.ts'
import { pictureOf } from './picture.ts'
import { createPointer } from './pointer.ts'
import { createPoints } from './points.ts'
import { paintRates } from './rates.ts'
import { metresPerPx, resolutionOf, restingResolutions, scaleBar, streetMetresPerPx } from './scale.ts'
import { itemOf, type MapItem } from './scene.ts'
import { createScenes } from './scenes.ts'
import { shapeOf } from './shape.ts'
import { placedStations } from './station-labels.ts'
import { createSymbols, type Look } from './symbols.ts'
import type { MapTools, ToolHandlers } from './tools.ts'
import { createViewMoves, fittingResolution, type Padding } from './view-moves.ts'
import { type MapView, visibleView } from './visible.ts'

export type MapHandlers = {
  onSelect(cameraId: CameraId | null): void
  onHover(cameraId: CameraId | null): void
  onStation(stationId: StationId): void
  onView(view: MapView): void
  /** After every move: the scale bar and whatever hangs on a point follow. */
  onMove(): void
  /** A point is pulled off the map with the mouse; without it points cannot be dragged. */
  onDrag?(event: DragEvent, cameraId: CameraId): void
  /** Missing: nothing of it is to be seen; the problem says which address and why. It may come back. */
  onBaseMap(state: 'ready' | 'missing', problem?: BaseMapProblem): void
}
export type MapLook = Omit<Look, 'pixelRatio'>
export type MapEngine = ReturnType<typeof createMapEngine>

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
    tools: toolHandlers = {},
  }: {
    config: MapConfig
    stations: readonly Station[]
    look: MapLook
    /** What panels cover as it opens. */ padding: Padding
    handlers: MapHandlers
    tools?: Partial<ToolHandlers>
  },
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
  let selectedId: CameraId | null = null
  let hoveredId: CameraId | null = null
  let showSectors = true
  let base: BaseLayer | undefined
  let currentLook = look
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
    paintGround(frame) {
      paintRates(frame, model.stations, lettering.rates())
      tools.paintGround(frame)
    },
    paintTop: (frame) => tools.paintTop(frame, model.items, model.symbols),
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
    // a finger that taps is never quite still
    moveTolerance: 4,
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
    keepSingle: (at) => at.point.cameraId === selectedId || at.point.cameraId === tools.editedId() || openings.isOpen(at),
  })

  const tools = createMapTools({
    map,
    element,
    toXy,
    toLonLat: (coordinate) => unproject(coordinate, projection),
    toPx: (x, y) => toPx(x, y),
    metresPerPx: () => ground(view.getResolution() ?? 1),
    find: (cameraId) => points.find(cameraId),
    redraw,
    regroup: invalidatePlaces,
    approach: ({ lonLat, reachM }) => moves.approach(toXy(lonLat), (resolution) => reachM / ground(resolution)),
    handlers: toolHandlers,
  })

  const openings = createOpenings({ view, moves, resolutions, isClusteredAt, sizeScale: () => currentLook.sizeScale, regroup: invalidatePlaces })
  const lettering = createLettering({
    map,
    view,
    model,
    toXy,
    outline: { lonLats: config.outline, line: outline },
    names: () => base && base.names,
    showScene: (resolution) => showScene(restingNear(resolution)),
    metresPerPx: ground,
    redraw,
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
    lettering.forget()
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

  // the base map

  function showBase(opened: BaseLayer): void {
    base = opened
    model.hasMask = !base.isPainted
    if (base.isPainted) {
      stage = base.layer
      overlay.setVisible(false)
      base.layer.on('postrender', ({ context, frameState, inversePixelTransform }) => {
        if (context instanceof CanvasRenderingContext2D && frameState && inversePixelTransform) drawFrame(context, frameState, inversePixelTransform)
      })
    }
    map.getLayers().insertAt(0, base.layer)
    lettering.forget()
    lettering.refresh()
  }

  function setLook(next: MapLook): void {
    const isRepaint = next.theme !== currentLook.theme || next.sizeScale !== currentLook.sizeScale
    currentLook = next
    model.look = { ...next, pixelRatio }
    model.symbols = createSymbols(model.look)
    if (isRepaint) base?.setLook({ ...next, pixelRatio })
    lettering.rebuild()
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

  /** Where a camera is drawn, in px of the element; null while it is in a cluster or not on the map. */
  function pixelOf(cameraId: CameraId): readonly [number, number] | null {
    const item = itemOf(model.items, cameraId)
    if (item?.kind !== 'point') return null
    const [x, y] = toPx(item.x, item.y)
    return [x + item.offsetPx[0] * currentLook.sizeScale, y + item.offsetPx[1] * currentLook.sizeScale]
  }

  const grip = handlers.onDrag && createGrip(map, { pixelOf, sizeScale: () => currentLook.sizeScale, onDrag: handlers.onDrag })
  const pointer = createPointer(map, element, {
    items: () => model.items,
    stations: () => model.stations,
    toPx: (x, y) => toPx(x, y),
    sizeScale: () => currentLook.sizeScale,
    isBusy: tools.isBusy,
    onCluster: openings.open,
    onPoint: ({ at }) => handlers.onSelect(at.point.cameraId),
    onStation: (stationId) => handlers.onStation(stationId),
    onGround() {
      openings.close()
      handlers.onSelect(null)
    },
    onHover(point, stationId) {
      if (stationId !== model.hoveredStationId) {
        model.hoveredStationId = stationId
        redraw()
      }
      const cameraId = point?.at.point.cameraId ?? null
      grip?.show(cameraId)
      handlers.onHover(cameraId)
    },
    isDragged: () => grip?.isDragged() ?? false,
  })
  const keys = [
    map.on('moveend', () => {
      lettering.forget()
      lettering.refresh()
      announceView()
    }),
    map.on('postrender', () => {
      lettering.refresh()
      handlers.onMove()
    }),
  ]
  // the view

  function announceView(): void {
    const seen = visibleView(map, view, points.list(), toPx)
    if (seen) handlers.onView(seen)
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

  async function takePicture(): Promise<HTMLCanvasElement> {
    await atRest()
    const baseOrigin = 'url' in config.baseMap ? new URL(config.baseMap.url, location.href).origin : location.origin
    return pictureOf(map, { pixelRatio, background: mapColor[currentLook.theme].outside, baseOrigin })
  }
  const mapTools: MapTools = {
    setTool: tools.setTool,
    setSelection: tools.setSelection,
    clearMeasure: tools.clearMeasure,
    editPlace: tools.editPlace,
    setRates: lettering.setRates,
    takePicture,
  }

  async function atRest(): Promise<void> {
    await new Promise((resolve) => {
      map.once('rendercomplete', resolve)
      map.render()
    })
    if (!base || lettering.isStale() || view.getAnimating() || model.pulses.length > 0) await atRest()
  }

  function close(): void {
    baseMap.close()
    unByKey(keys)
    pointer.close()
    grip?.close()
    tools.close()
    map.setTarget(undefined)
    for (const layer of map.getLayers().getArray()) layer.dispose()
    map.dispose()
  }

  lettering.setStations(stations)
  const baseMap = createBaseMap({
    baseMap: config.baseMap,
    outline,
    projection,
    resolutions,
    center: config.center,
    look: () => ({ ...currentLook, pixelRatio }),
    onOpen: showBase,
    onState: handlers.onBaseMap,
  })

  return {
    setPoints,
    setTotals: lettering.setTotals,
    setStations: lettering.setStations,
    setSelected,
    setHovered,
    setLook,
    setPadding,
    ...mapTools,
    setTestGrid: tools.setTestGrid,
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
    pixelOf,
    scaleBar: (maxPx: number) => scaleBar(ground(view.getResolution() ?? 1), maxPx),
    /** Where a handle of the edited camera stands, for tests. */
    handlePx: tools.handlePx,
    drawnFrames: () => drawnFrames,
    drawnAt: (): readonly number[] => drawnAt,
    /** When nothing is left to draw: tiles are there, movements are over, names are placed. */
    atRest,
    toPx: ([x, y]: readonly [number, number]) => toPx(x, y),
    /** Where a WGS-84 place is, in px of the element. */
    pixelOfPlace: (lonLat: LonLat) => toPx(...toXy(lonLat)),
    /** Where the names of the stations stand (those that have room), for tests. */
    listStations: () => placedStations(model.stations, toPx),
    /** What stands on the map now, for tests and for screen readers. */
    listItems: (): readonly MapItem[] => model.items,
  }
}
