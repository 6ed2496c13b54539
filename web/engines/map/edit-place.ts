/** Placing a camera by hand: its new place and field of view with handles to pull, the old ones dashed beside it. */
import Interaction from 'ol/interaction/Interaction.js'
import type MapBrowserEvent from 'ol/MapBrowserEvent.js'
import type OlMap from 'ol/Map.js'
import type { CameraId, LonLat } from '../../../server/contract/ids.ts'
import type { Frame } from './frame.ts'
import { sectorRing } from './geometry.ts'
import { armM, type Handle, handleLonLat, handles, pullHandle } from './handles.ts'
import { writeLength } from './measure.ts'
import type { MapPoint } from './scene.ts'
import { metresBetween } from './selecting.ts'
import type { Symbols } from './symbols.ts'
import { drawDot, drawPlate, middleOf, type Px, strokeLine, trace } from './tool-paint.ts'
import type { EditedPlace, ToolHandlers } from './tools.ts'

/** As far as a finger misses. */
const GRAB_PX = 18
const OLD_DASH_PX = [4, 4]
const SHORTEST_MOVE_M = 0.3
const LINE_AROUND_PX = 2.5
const cursors: Record<Handle, string> = { place: 'move', heading: 'grab', left: 'grab', right: 'grab', reach: 'grab' }

type Deps = {
  map: OlMap
  element: HTMLElement
  toLonLat(coordinate: readonly number[]): LonLat
  toScreen(lonLat: LonLat): Px
  metresPerPx(): number
  find(cameraId: CameraId): MapPoint | undefined
  redraw(): void
  handlers: Partial<Pick<ToolHandlers, 'onEdited'>>
}

export function createPlaceEdit({ map, element, toLonLat, toScreen, metresPerPx, find, redraw, handlers }: Deps) {
  let cameraId: CameraId | null = null
  let place: EditedPlace | null = null
  let grab: { handle: Handle; start: EditedPlace; from: LonLat } | null = null

  function set(nextId: CameraId | null, next?: EditedPlace): void {
    const known = nextId === null ? undefined : find(nextId)?.point
    cameraId = nextId
    place = nextId === null ? null : (next ?? (known ? placeOf(known) : null))
    if (!place || (grab && next === undefined)) grab = null
    if (!place) element.style.cursor = ''
    redraw()
  }

  /** The last drawn lie on top and are grabbed first. */
  function handleAt(pixel: readonly number[]): Handle | undefined {
    const edited = place
    if (!edited) return undefined
    const near = handles
      .map((handle) => {
        const [x, y] = toScreen(handleLonLat(handle, edited, metresPerPx()))
        return { handle, px: Math.hypot(x - pixel[0]!, y - pixel[1]!) }
      })
      .filter(({ px }) => px <= GRAB_PX)
    return near.sort((a, b) => a.px - b.px)[0]?.handle
  }

  function handleEvent(event: MapBrowserEvent): boolean {
    if (!place) return true
    switch (event.type) {
      case 'pointerdown': {
        const handle = event.activePointers?.length === 1 ? handleAt(event.pixel) : undefined
        grab = handle ? { handle, start: place, from: toLonLat(event.coordinate) } : null
        return grab === null
      }
      case 'pointerdrag': {
        if (!grab) return true
        element.style.cursor = grab.handle === 'place' ? 'move' : 'grabbing'
        place = pullHandle(grab.handle, grab.start, grab.from, toLonLat(event.coordinate))
        redraw()
        handlers.onEdited?.(place)
        return false
      }
      case 'pointerup': {
        const wasGrabbed = grab !== null
        grab = null
        return !wasGrabbed
      }
      case 'pointermove': {
        const handle = handleAt(event.pixel)
        element.style.cursor = handle ? cursors[handle] : ''
        return true
      }
      default:
        return true
    }
  }
  const interaction = new Interaction({ handleEvent: (event) => handleEvent(event as Parameters<typeof handleEvent>[0]) })
  map.addInteraction(interaction)

  function paint(frame: Frame, symbols: Symbols): void {
    const edited = place
    if (!edited) return
    const { ctx, look, ink } = frame
    const scale = look.sizeScale
    const old = cameraId === null ? undefined : find(cameraId)?.point
    frame.inPx()
    if (old) {
      trace(ctx, sectorRing(old).map(toScreen), true)
      strokeLine(frame, { widthPx: 1.5, dashPx: OLD_DASH_PX, style: ink.text2 })
      const [x, y] = toScreen(old.lonLat)
      ctx.beginPath()
      ctx.arc(x, y, 13 * scale, 0, 2 * Math.PI)
      strokeLine(frame, { widthPx: 1.5, dashPx: OLD_DASH_PX, style: ink.text2 })
    }
    trace(ctx, sectorRing(edited).map(toScreen), true)
    ctx.globalAlpha = 0.2
    ctx.fillStyle = ink.accent
    ctx.fill()
    ctx.globalAlpha = 1
    strokeLine(frame, { widthPx: 1.5, style: ink.accent })
    const here = toScreen(edited.lonLat)
    const movedM = old ? metresBetween(old.lonLat, edited.lonLat) : 0
    if (old && movedM >= SHORTEST_MOVE_M) {
      const from = toScreen(old.lonLat)
      trace(ctx, [from, here])
      strokeLine(frame, { widthPx: 2, dashPx: [6, 5] })
      if (Math.hypot(from[0] - here[0], from[1] - here[1]) > 70 * scale) drawPlate(frame, writeLength(movedM), middleOf(from, here), true)
    }
    paintHandles(frame, edited, here)
    ctx.beginPath()
    ctx.arc(here[0], here[1], 15 * scale, 0, 2 * Math.PI)
    strokeLine(frame, { widthPx: LINE_AROUND_PX })
    if (old) frame.put(symbols.point(old.state.status, 1.35), ...here)
    else drawDot(frame, here, 5, ink.primary)
  }

  function paintHandles(frame: Frame, edited: EditedPlace, here: Px): void {
    const { ctx, look } = frame
    const at = (handle: Handle) => toScreen(handleLonLat(handle, edited, metresPerPx()))
    // arms, where the sector itself is too small to lead there
    trace(ctx, [here, at('heading')])
    strokeLine(frame, { widthPx: 1.5 })
    if (edited.reachM < armM('reach', edited, metresPerPx()))
      for (const handle of ['left', 'right'] as const) {
        trace(ctx, [here, at(handle)])
        strokeLine(frame, { widthPx: 1, dashPx: [2, 3] })
      }
    for (const handle of ['left', 'right', 'reach'] as const) drawDot(frame, at(handle), 5.5)
    drawDot(frame, at('heading'), 7, frame.ink.primary)
    const told = grabbedFigure(edited)
    if (told) {
      const [x, y] = at(grab!.handle)
      drawPlate(frame, told, [x, y - 20 * look.sizeScale], true)
    }
  }

  function grabbedFigure({ headingDeg, fovDeg, reachM }: EditedPlace): string | null {
    switch (grab?.handle) {
      case 'heading':
        return `${headingDeg}°`
      case 'left':
      case 'right':
        return `${fovDeg}°`
      case 'reach':
        return writeLength(reachM)
      default:
        return null
    }
  }

  return {
    set,
    paint,
    isActive: () => place !== null,
    cameraId: () => cameraId,
    handlePx: (handle: Handle): Px | null => (place ? toScreen(handleLonLat(handle, place, metresPerPx())) : null),
    close: () => void map.removeInteraction(interaction),
  }
}

function placeOf({ lonLat, headingDeg, fovDeg, reachM }: EditedPlace): EditedPlace {
  return { lonLat, headingDeg, fovDeg, reachM }
}
