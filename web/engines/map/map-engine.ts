/**
 * The map, without Vue: points in, drawing and events out (R-MAP-1 to 4, 6, 7). Created with an element, ended with `close()`.
 * Coordinates at its edge are WGS-84; everything inside is in the projection of the base map.
 */
import type Layer from 'ol/layer/Layer.js'
import { defaults as defaultInteractions } from 'ol/interaction/defaults.js'
import OlMap, { type FrameState } from 'ol/Map.js'
import { unByKey } from 'ol/Observable.js'
import View from 'ol/View.js'
import type { CameraPoint, Station } from '../../../server/contract/cameras.ts'
import type { CameraId, LonLat, StationId } from '../../../server/contract/ids.ts'
import type { MapConfig } from '../../../server/contract/map.ts'
import { type BaseLayer, createPaintedLayer, crsOf, openBaseLayer } from './base-layer.ts'
import { project, projectionOf, unproject } from './crs.ts'
import { lineOf } from './district-paint.ts'
import { innerBorders, isInRing, sectorRing } from './geometry.ts'
import { type Obstacle, placeLabels } from './labels.ts'
import { createOverlayLayer, drawOverlay, type OverlayModel, PULSE_MS, type Shape, shapeOf } from './overlay.ts'
import { countStatuses } from './ring.ts'
import { metresPerPx, resolutionOf, restingResolutions, scaleBar, streetMetresPerPx, zoomOf } from './scale.ts'
import { buildScene, type ClusterItem, groupPoints, hitItem, itemOf, type MapItem, type MapPoint, type Membership, poleOf, separatingResolution } from './scene.ts'
import { createSymbols, type Look } from './symbols.ts'
import { createViewMoves, type Padding } from './view-moves.ts'

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
const KEPT_SCALES = 12
/** More rings than this at once say nothing: a switch went down, the colours tell it. */
const MOST_PULSES = 24

export function createMapEngine(element: HTMLElement, { config, stations, look, handlers }: { config: MapConfig; stations: readonly Station[]; look: MapLook; handlers: MapHandlers }) {
  const projection = projectionOf(crsOf(config.baseMap))
  const toXy = (lonLat: LonLat) => project(lonLat, projection)
  const resolutions = restingResolutions(projection)
  const view = new View({ projection, resolutions, constrainResolution: true, smoothResolutionConstraint: true, enableRotation: false, center: toXy(config.center), resolution: resolutionOf(config.zoom, projection) })
  const pixelRatio = Math.max(1, window.devicePixelRatio)
  const outline = config.outline ? lineOf(config.outline, toXy) : null

  let points: MapPoint[] = []
  let byId = new Map<CameraId, MapPoint>()
  let totals: readonly CameraPoint[] = []
  let currentStations = stations
  let selectedId: CameraId | null = null
  let hoveredId: CameraId | null = null
  let openPole: string | null = null
  let showSectors = true
  let base: BaseLayer | undefined
  let isClosed = false
  let currentLook = look
  let memberships = new Map<number, Membership>()
  let builtFor = -1
  let areLabelsStale = true
  let drawnFrames = 0
  let drawnAt: readonly number[] = []

  const model: OverlayModel = {
    look: { ...look, pixelRatio }, symbols: createSymbols({ ...look, pixelRatio }), items: [], outline: outline && shapeOf([outline], true), borders: null, hasMask: false,
    labels: [], labelResolution: 0, stations: [], hoveredStationId: null, selected: null, hovered: null, selectedSector: null, sectors: [], pulses: [],
  }
  const overlay = createOverlayLayer(drawFrame)
  /** The layer whose canvas the symbols are drawn into. */
  let stage: Layer = overlay
  const map = new OlMap({ target: element, view, controls: [], layers: [overlay], pixelRatio, interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }) })
  const moves = createViewMoves(map, view)
  overlay.setZIndex(10)

  const redraw = () => stage.changed()
  const ground = (resolution: number) => metresPerPx(resolution, view.getCenter() ?? [0, 0], projection)
  const isClusteredAt = (resolution: number) => ground(resolution) > streetMetresPerPx

  // what stands where

  function restingNear(resolution: number): number {
    return resolutions.reduce((best, candidate) => (Math.abs(Math.log(candidate / resolution)) < Math.abs(Math.log(best / resolution)) ? candidate : best))
  }

  function drawFrame(ctx: CanvasRenderingContext2D, frameState: FrameState, toCanvas: readonly number[]): void {
    const resolution = restingNear(frameState.viewState.resolution)
    if (builtFor !== resolution) rebuildScene(resolution)
    if (model.pulses.some((pulse) => performance.now() - pulse.startedAtMs > PULSE_MS)) model.pulses = model.pulses.filter((pulse) => performance.now() - pulse.startedAtMs <= PULSE_MS)
    drawnFrames++
    drawnAt = frameState.viewState.center
    drawOverlay(ctx, model, frameState, toCanvas)
  }

  function rebuildScene(resolution: number): void {
    builtFor = resolution
    let membership = memberships.get(resolution)
    if (!membership) {
      if (memberships.size >= KEPT_SCALES) memberships.clear()
      membership = groupPoints(points, { resolution, sizeScale: currentLook.sizeScale, isClustered: isClusteredAt(resolution), keepSingle: (at) => at.point.cameraId === selectedId || at.pole === openPole })
      memberships.set(resolution, membership)
    }
    model.items = buildScene(membership)
    model.selected = selectedId === null ? null : (byId.get(selectedId) ?? null)
    model.hovered = hoveredId === null ? null : (itemOf(model.items, hoveredId) ?? null)
    model.selectedSector = model.selected && sectorShape(model.selected, Math.max(model.selected.point.reachM, SELECTED_SECTOR_MIN_PX * currentLook.sizeScale * ground(resolution)))
    model.sectors = showSectors && !isClusteredAt(resolution) ? points.filter((at) => at.point.cameraId !== selectedId && at.point.state.status !== 'offline').map((at) => ({ at, shape: ownSector(at) })) : []
  }

  const sectorShapes = new Map<CameraId, Shape>()
  function ownSector(at: MapPoint): Shape {
    let shape = sectorShapes.get(at.point.cameraId)
    if (!shape) sectorShapes.set(at.point.cameraId, (shape = sectorShape(at, at.point.reachM)))
    return shape
  }
  function sectorShape({ point }: MapPoint, reachM: number): Shape {
    return shapeOf([lineOf(sectorRing({ ...point, reachM }), toXy)], true)!
  }

  /** Places changed: who stands with whom is asked anew. */
  function invalidatePlaces(): void {
    memberships = new Map()
    areLabelsStale = true
    invalidateStates()
  }
  function invalidateStates(): void {
    builtFor = -1
    redraw()
  }

  function setPoints(next: readonly CameraPoint[]): void {
    const before = byId
    let havePlacesChanged = next.length !== points.length
    const newlyOffline: CameraId[] = []
    points = next.map((point, i) => {
      const known = before.get(point.cameraId)
      if (!known) {
        havePlacesChanged = true
        const [x, y] = toXy(point.lonLat)
        return { point, x, y, pole: poleOf(point.lonLat) }
      }
      if (points[i]?.point.cameraId !== point.cameraId) havePlacesChanged = true
      if (known.point === point) return known
      if (known.point.state.status !== 'offline' && point.state.status === 'offline') newlyOffline.push(point.cameraId)
      if (known.point.lonLat[0] === point.lonLat[0] && known.point.lonLat[1] === point.lonLat[1]) return { ...known, point }
      havePlacesChanged = true
      const [x, y] = toXy(point.lonLat)
      return { point, x, y, pole: poleOf(point.lonLat) }
    })
    byId = new Map(points.map((at) => [at.point.cameraId, at]))
    if (havePlacesChanged) {
      sectorShapes.clear()
      invalidatePlaces()
    } else {
      // same places, new states: members are looked up again by id, nobody moves
      memberships = new Map([...memberships].filter(([resolution]) => resolution === builtFor).map(([resolution, { groups, singles, middles }]) => {
        const fresh = (at: MapPoint) => byId.get(at.point.cameraId)!
        return [resolution, { middles, groups: groups.map((members) => members.map(fresh)), singles: singles.map(fresh) }]
      }))
      invalidateStates()
    }
    if (newlyOffline.length > 0 && newlyOffline.length <= MOST_PULSES && !currentLook.isStale && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
      model.pulses = [...model.pulses, ...newlyOffline.map((cameraId) => ({ cameraId, startedAtMs: performance.now() }))].slice(0, MOST_PULSES)
    }
    if (havePlacesChanged) announceView()
  }

  /** Every camera of the stations, filtered or not: a jurisdiction's own numbers do not change with a filter. */
  function setTotals(all: readonly CameraPoint[]): void {
    totals = all
    rebuildStations()
  }
  function setStations(next: readonly Station[]): void {
    currentStations = next
    rebuildStations()
  }

  function rebuildStations(): void {
    const statuses = new Map<StationId, CameraPoint['state']['status'][]>()
    for (const { stationId, state } of totals) {
      const list = statuses.get(stationId)
      if (list) list.push(state.status)
      else statuses.set(stationId, [state.status])
    }
    const rings = currentStations.flatMap((station) => (station.jurisdiction ? [station.jurisdiction] : []))
    model.stations = currentStations.map((station) => {
      const counts = countStatuses(statuses.get(station.stationId) ?? [])
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
      const [x, y] = toXy(station.labelLonLat)
      const known = model.stations.find((candidate) => candidate.stationId === station.stationId)
      const area = station.jurisdiction ? (known?.area ?? shapeOf([lineOf(station.jurisdiction, toXy)], true)) : null
      return { stationId: station.stationId, x, y, area, sprite: model.symbols.station(station.shortName, counts.online + counts.degraded, total, counts.offline) }
    })
    model.borders ??= shapeOf(innerBorders(rings, config.outline).map((border) => lineOf(border, toXy)), false)
    redraw()
  }

  function placeNames(): void {
    const size = map.getSize()
    const resolution = view.getResolution()
    if (!areLabelsStale || !base || !size || !resolution || view.getAnimating() || view.getInteracting()) return
    areLabelsStale = false
    if (builtFor !== restingNear(resolution)) rebuildScene(restingNear(resolution))
    model.labels = []
    model.labelResolution = resolution
    if (base.names) {
      const extent = view.calculateExtent([size[0]! * (1 + 2 * LABEL_MARGIN), size[1]! * (1 + 2 * LABEL_MARGIN)])
      const box = [extent[0]!, extent[1]!, extent[2]!, extent[3]!] as const
      const at = (x: number, y: number) => ({ x: (x - box[0]) / resolution, y: (box[3] - y) / resolution })
      const scale = currentLook.sizeScale
      const obstacles: Obstacle[] = model.items.map((item) => {
        const { x, y } = at(item.x, item.y)
        return item.kind === 'cluster' ? { x, y, radiusPx: (item.radiusPx + 5) * scale } : { x: x + item.offsetPx[0] * scale, y: y + item.offsetPx[1] * scale, radiusPx: 8 * scale }
      })
      for (const station of model.stations) {
        const { x, y } = at(station.x, station.y)
        for (const dx of [-24, 0, 24]) obstacles.push({ x: x + dx * scale, y, radiusPx: 22 * scale })
      }
      model.labels = placeLabels({ map: base.names, box, resolution, metresPerPx: ground(resolution), obstacles, isInside: (x, y) => outline === null || isInRing(x, y, outline.xs), theme: currentLook.theme, sizeScale: scale, pixelRatio })
    }
    redraw()
  }

  // the base map

  async function loadBase(): Promise<void> {
    const baseLook = { ...currentLook, pixelRatio }
    let opened: BaseLayer
    let isMissing = config.baseMap.kind === 'none'
    try {
      opened = await openBaseLayer(config.baseMap, outline, baseLook)
    } catch (error) {
      console.warn('Base map could not be read', error)
      opened = createPaintedLayer(null, outline, projection, baseLook)
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
    placeNames()
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
    const at = cameraId === null ? undefined : byId.get(cameraId)
    if (at && map.isRendered()) moves.uncover([at.x, at.y])
  }

  function setHovered(cameraId: CameraId | null): void {
    if (cameraId === hoveredId) return
    hoveredId = cameraId
    model.hovered = cameraId === null ? null : (itemOf(model.items, cameraId) ?? null)
    redraw()
  }

  function toPx(x: number, y: number): readonly [number, number] {
    const pixel = map.getPixelFromCoordinate([x, y])
    return pixel ? [pixel[0]!, pixel[1]!] : [-1e6, -1e6]
  }

  function itemUnder(pixel: readonly number[]): MapItem | undefined {
    return hitItem(model.items, [pixel[0]!, pixel[1]!], toPx, currentLook.sizeScale)
  }

  function stationUnder(pixel: readonly number[]): StationId | null {
    const hit = model.stations.find(({ x, y, sprite }) => {
      const [px, py] = toPx(x, y)
      return Math.abs(pixel[0]! - px) < sprite.anchorX && Math.abs(pixel[1]! - py) < sprite.anchorY
    })
    return (hit?.stationId as StationId | undefined) ?? null
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

  const keys = [
    map.on('click', ({ pixel }) => {
      const item = itemUnder(pixel)
      if (item?.kind === 'cluster') return openCluster(item)
      if (item?.kind === 'point') return handlers.onSelect(item.at.point.cameraId)
      const stationId = stationUnder(pixel)
      if (stationId !== null) return handlers.onStation(stationId)
      closePole()
      handlers.onSelect(null)
    }),
    map.on('pointermove', ({ pixel, dragging }) => {
      if (dragging) return
      const item = itemUnder(pixel)
      const stationId = item ? null : stationUnder(pixel)
      if (stationId !== model.hoveredStationId) {
        model.hoveredStationId = stationId
        redraw()
      }
      element.style.cursor = item || stationId !== null ? 'pointer' : ''
      handlers.onHover(item?.kind === 'point' ? item.at.point.cameraId : null)
    }),
    map.on('moveend', () => {
      areLabelsStale = true
      placeNames()
      announceView()
    }),
    map.on('postrender', () => {
      if (areLabelsStale) placeNames()
      handlers.onMove()
    }),
  ]
  const onLeave = () => handlers.onHover(null)
  element.addEventListener('pointerleave', onLeave)

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
    const visibleIds = points.filter((at) => {
      const [x, y] = toPx(at.x, at.y)
      return x >= box[0] && y >= box[1] && x <= box[2] && y <= box[3]
    }).map((at) => at.point.cameraId)
    handlers.onView({ lonLat: unproject(center, projection), zoom: zoomOf(resolution, projection), visibleIds })
  }

  function setPadding(padding: Padding): void {
    if (padding.every((px, i) => px === (view.padding?.[i] ?? 0))) return
    view.padding = [...padding]
    const at = selectedId === null ? undefined : byId.get(selectedId)
    if (at && map.isRendered()) moves.uncover([at.x, at.y])
    announceView()
  }

  function fit(lonLats: readonly LonLat[], isInstant = false): void {
    if (lonLats.length === 0) return
    moves.fit(lineOf(lonLats, toXy).box, LOCATE_ZOOM, isInstant)
  }

  function locate(cameraId: CameraId): void {
    const at = byId.get(cameraId)
    if (at) moves.moveTo([at.x, at.y], Math.min(view.getResolution() ?? Infinity, resolutionOf(LOCATE_ZOOM, projection)))
  }

  function close(): void {
    isClosed = true
    unByKey(keys)
    element.removeEventListener('pointerleave', onLeave)
    map.setTarget(undefined)
    map.dispose()
  }

  rebuildStations()
  void loadBase()

  return {
    setPoints, setTotals, setStations, setSelected, setHovered, setLook, setPadding, fit, locate, close,
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
    async atRest(): Promise<void> {
      do {
        await new Promise((resolve) => {
          map.once('rendercomplete', resolve)
          map.render()
        })
      } while (!base || areLabelsStale || view.getAnimating() || model.pulses.length > 0)
    },
    toPx: ([x, y]: readonly [number, number]) => toPx(x, y),
    /** What stands on the map now, for tests and for screen readers. */
    listItems: (): readonly MapItem[] => model.items,
  }
}
