/** The tools of the map put together: drawing, measuring, selection, placing a camera, rates, the pointer's place, and the picture. */
import { unByKey } from 'ol/Observable.js'
import type OlMap from 'ol/Map.js'
import type { CameraId, LonLat } from '../../../server/contract/ids.ts'
import { createDrawTool } from './draw-tool.ts'
import { createPlaceEdit } from './edit-place.ts'
import type { Frame } from './frame.ts'
import type { MapItem, MapPoint } from './scene.ts'
import { createSelection } from './selection.ts'
import type { Symbols } from './symbols.ts'
import { paintTestGrid, type TestGrid } from './test-grid.ts'
import type { Px } from './tool-paint.ts'
import type { EditedPlace, MapTool, ShownSelection, ToolHandlers } from './tools.ts'

type Deps = {
  map: OlMap
  element: HTMLElement
  toXy(lonLat: LonLat): readonly [number, number]
  toLonLat(coordinate: readonly number[]): LonLat
  /** Projected coordinates to px of the element, as drawn last. */
  toPx(x: number, y: number): Px
  metresPerPx(): number
  find(cameraId: CameraId): MapPoint | undefined
  redraw(): void
  /** Who stands alone has changed: the edited camera leaves its cluster. */
  regroup(): void
  /** Brings a camera that is placed so near that its handles can be told apart. */
  approach(place: EditedPlace): void
  handlers: Partial<ToolHandlers>
}

export function createMapTools({ map, element, toXy, toLonLat, toPx, metresPerPx, find, redraw, regroup, approach, handlers }: Deps) {
  const toScreen = (lonLat: LonLat) => toPx(...toXy(lonLat))
  const draw = createDrawTool({ map, element, toLonLat, toScreen, redraw, handlers })
  // added later, asked first: a handle wins over the ground
  const edit = createPlaceEdit({ map, element, toLonLat, toScreen, metresPerPx, find, redraw, handlers })
  const selection = createSelection(toXy, toScreen)
  let testGrid: TestGrid | null = null

  let frameRequest = 0
  let pointerLonLat: LonLat | null = null
  function tellPointer(lonLat: LonLat | null): void {
    pointerLonLat = lonLat
    if (handlers.onPointer) frameRequest ||= requestAnimationFrame(announcePointer)
  }
  function announcePointer(): void {
    frameRequest = 0
    handlers.onPointer?.(pointerLonLat)
  }
  const onLeave = () => tellPointer(null)
  const keys = [
    map.on('pointermove', ({ coordinate }) => tellPointer(toLonLat(coordinate))),
    map.on('pointerdrag', ({ coordinate }) => tellPointer(toLonLat(coordinate))),
  ]
  element.addEventListener('pointerleave', onLeave)

  return {
    /** Clicks and hovers belong to a tool, not to what stands on the map. */
    isBusy: () => draw.isActive() || edit.isActive(),
    editedId: () => edit.cameraId(),
    handlePx: edit.handlePx,
    setTool: (tool: MapTool | null, options?: { readonly widthM?: number }) => draw.setTool(tool, options),
    clearMeasure: draw.clearMeasure,
    setSelection(next: ShownSelection | null): void {
      selection.set(next)
      redraw()
    },
    setTestGrid(next: TestGrid | null): void {
      testGrid = next
      redraw()
    },
    editPlace(cameraId: CameraId | null, place?: EditedPlace): void {
      const isNew = cameraId !== null && cameraId !== edit.cameraId()
      if (cameraId === null && edit.cameraId() === null) return
      edit.set(cameraId, place)
      regroup()
      const shown = place ?? (cameraId === null ? undefined : find(cameraId)?.point)
      if (isNew && shown) approach(shown)
    },
    paintGround: (frame: Frame) => selection.paintGround(frame),
    paintTop(frame: Frame, items: readonly MapItem[], symbols: Symbols): void {
      selection.paintTop(frame, items, symbols)
      if (testGrid) paintTestGrid(frame, testGrid, toScreen, metresPerPx())
      edit.paint(frame, symbols)
      draw.paint(frame)
    },
    close(): void {
      cancelAnimationFrame(frameRequest)
      unByKey(keys)
      element.removeEventListener('pointerleave', onLeave)
      element.style.cursor = ''
      draw.close()
      edit.close()
    },
  }
}
