/** What the map's tools take and give, in WGS-84: what is drawn, what it selects, how a camera is placed. Types only. */
import type { CameraId, LonLat, StationId } from '../../../server/contract/ids.ts'

/** What somebody draws on the map. `route` is a line along a street; its corridor reaches `widthM` to each side. */
export type MapShape =
  | { readonly kind: 'rectangle'; readonly corners: readonly [LonLat, LonLat] }
  | { readonly kind: 'circle'; readonly center: LonLat; readonly radiusM: number }
  | { readonly kind: 'polygon'; readonly ring: readonly LonLat[] }
  | { readonly kind: 'route'; readonly line: readonly LonLat[]; readonly widthM: number }

export type SelectTool = MapShape['kind']
/** `distance` and `area` measure; `point` answers one click. */
export type MapTool = SelectTool | 'distance' | 'area' | 'point'

/** Drawn on the map with its hits as numbered rings, in this order. */
export type ShownSelection = { readonly shape: MapShape; readonly cameraIds: readonly CameraId[] }

export type Measure =
  | { readonly kind: 'distance'; readonly line: readonly LonLat[]; readonly metres: number }
  | { readonly kind: 'area'; readonly ring: readonly LonLat[]; readonly squareMetres: number; readonly perimeterM: number }

/** Where a camera stands and looks while it is being edited. */
export type EditedPlace = { readonly lonLat: LonLat; readonly headingDeg: number; readonly fovDeg: number; readonly reachM: number }

/** Online rate of each jurisdiction, 0 to 1; null: nothing assessable. */
export type StationRates = ReadonlyMap<StationId, number | null>

/** What a tool tells while it is used. */
export type ToolHandlers = {
  /** Drawing has ended; a shape of nothing (a click without a drag) is not told. */
  onShape(shape: MapShape): void
  /** With every point added and at the end; null: taken away. */
  onMeasure(measure: Measure | null): void
  /** `point` was clicked. */
  onPoint(lonLat: LonLat): void
  /** A handle of the edited camera moved. */
  onEdited(place: EditedPlace): void
  /** Where the pointer is; null: not over the map. At most once a frame. */
  onPointer(lonLat: LonLat | null): void
}

/** What the engine gives for tools, beside what it has. */
export type MapTools = {
  /** Starts a tool or ends it (`null`); the map then shows a cross hair and no hover. `widthM` is the corridor of a route, to each side. */
  setTool(tool: MapTool | null, options?: { readonly widthM?: number }): void
  setSelection(selection: ShownSelection | null): void
  clearMeasure(): void
  /** Handles on place, direction, both edges of the field of view and its reach; the old place stays visible until `null`. */
  editPlace(cameraId: CameraId | null, place?: EditedPlace): void
  /** Colours the jurisdictions by rate; null: no longer. */
  setRates(rates: StationRates | null): void
  /** The map as it stands, without panels, at the screen's resolution. */
  takePicture(): Promise<HTMLCanvasElement>
}
