/**
 * Drawing by hand: mouse, touch or pen, and the keys that go with it. Rectangle and circle are pulled open, or set by two clicks; the others
 * click by click, ended by a second click on the last place, Enter, or for areas a click on the first. Backspace takes the last place back.
 */
import Interaction from 'ol/interaction/Interaction.js'
import type MapBrowserEvent from 'ol/MapBrowserEvent.js'
import type OlMap from 'ol/Map.js'
import type { LonLat } from '../../../server/contract/ids.ts'
import type { Frame } from './frame.ts'
import { isPulled, isSelectTool, leastPlaces, measureOfPlaces, shapeOfPlaces } from './sketch.ts'
import { paintSketch, type Sketch } from './sketch-paint.ts'
import type { Px } from './tool-paint.ts'
import type { MapTool, Measure, ToolHandlers } from './tools.ts'

/** Two clicks this near each other mean the same place. */
const SAME_PLACE_PX = 8
/** A finger is no pointer: as near as this to the first corner closes the area. */
const CLOSE_PX = 12
/** A pull shorter than this is a click; longer than what the map takes for one, also aslant. */
const SHORTEST_PULL_PX = 6
const DOUBLE_CLICK_MS = 400
const USUAL_CORRIDOR_M = 40

type Deps = {
  map: OlMap
  element: HTMLElement
  toLonLat(coordinate: readonly number[]): LonLat
  /** Where a place is in px of the element. */
  toScreen(lonLat: LonLat): Px
  redraw(): void
  handlers: Partial<Pick<ToolHandlers, 'onShape' | 'onMeasure' | 'onPoint'>>
}
type ToolEvent = MapBrowserEvent

export function createDrawTool({ map, element, toLonLat, toScreen, redraw, handlers }: Deps) {
  let tool: MapTool | null = null
  let widthM = USUAL_CORRIDOR_M
  let places: readonly LonLat[] = []
  let hand: LonLat | null = null
  /** Where a hand pressed and may be pulling. */
  let press: { px: Px } | null = null
  let ended: Sketch | null = null
  /** Where and when a click ended a drawing: one more there, of a double click, begins nothing new. */
  let closing: { px: Px; atMs: number } | null = null

  function clear(): void {
    places = []
    hand = null
    press = null
    redraw()
  }

  function setTool(next: MapTool | null, options: { readonly widthM?: number } = {}): void {
    widthM = options.widthM ?? USUAL_CORRIDOR_M
    if (next === tool) return redraw()
    const isMeasureLeft = (tool === 'distance' || tool === 'area') && places.length > 0
    tool = next
    clear()
    if (isMeasureLeft) handlers.onMeasure?.(null)
    element.style.cursor = next === null ? '' : 'crosshair'
    // Enter and Backspace go to the drawing, not to the button that began it
    if (next !== null) element.focus({ preventScroll: true })
  }

  function clearMeasure(): void {
    const hadMeasure = ended !== null || ((tool === 'distance' || tool === 'area') && places.length > 0)
    ended = null
    if (tool === 'distance' || tool === 'area') clear()
    else redraw()
    if (hadMeasure) handlers.onMeasure?.(null)
  }

  function tellMeasure(): Measure | null {
    const measure = tool === 'distance' || tool === 'area' ? measureOfPlaces(tool, places) : null
    if (tool === 'distance' || tool === 'area') handlers.onMeasure?.(measure)
    return measure
  }

  function add(place: LonLat): void {
    if (places.length === 0) ended = null
    places = [...places, place]
    hand = place
    tellMeasure()
    redraw()
  }

  function takeBack(): void {
    if (places.length === 0) return
    places = places.slice(0, -1)
    if (places.length === 0) hand = null
    tellMeasure()
    redraw()
  }

  /** What is drawn is told and gone, or stays as a measure; too few places: drawing goes on. */
  function end(): void {
    if (!tool || tool === 'point' || places.length < leastPlaces(tool)) return
    if (!isSelectTool(tool)) {
      tellMeasure()
      ended = { tool, places, hand: null, widthM }
      return clear()
    }
    const shape = shapeOfPlaces(tool, places, widthM)
    clear()
    if (shape) handlers.onShape?.(shape)
  }

  const pxFrom = ({ pixel }: ToolEvent, from: Px) => Math.hypot(pixel[0]! - from[0], pixel[1]! - from[1])

  /** The rest of a double click that has ended a drawing: it begins nothing and zooms nothing, also when the tool went with the drawing. */
  function isJustEnded(event: ToolEvent): boolean {
    return closing !== null && event.originalEvent.timeStamp - closing.atMs < DOUBLE_CLICK_MS && pxFrom(event, closing.px) < CLOSE_PX
  }

  function noteEnd(event: ToolEvent): void {
    closing = { px: [event.pixel[0]!, event.pixel[1]!], atMs: event.originalEvent.timeStamp }
  }

  function endAt(at: LonLat): void {
    places = [places[0]!, at]
    end()
  }

  /** true: the map may have the event too. */
  function pull(event: ToolEvent): boolean {
    const at = toLonLat(event.coordinate)
    switch (event.type) {
      case 'pointerdown': {
        // a second finger wants to zoom
        if (event.activePointers && event.activePointers.length > 1) {
          clear()
          return true
        }
        if ((event.originalEvent as PointerEvent).button !== 0) return true
        press = { px: [event.pixel[0]!, event.pixel[1]!] }
        if (places.length === 0) places = [at]
        hand = at
        redraw()
        return false
      }
      case 'pointerdrag':
        if (!press) return true
        hand = at
        redraw()
        return false
      case 'pointerup': {
        if (!press) return true
        const isPull = pxFrom(event, press.px) >= SHORTEST_PULL_PX
        press = null
        if (isPull) endAt(at)
        return false
      }
      case 'click': {
        // the press that set the first place is a click as well
        if (places.length > 0 && pxFrom(event, toScreen(places[0]!)) >= SHORTEST_PULL_PX) {
          noteEnd(event)
          endAt(at)
        }
        return false
      }
      case 'pointermove':
        if (places.length > 0) {
          hand = at
          redraw()
        }
        return true
      default:
        return event.type !== 'dblclick'
    }
  }

  function clickOn(event: ToolEvent): boolean {
    const at = toLonLat(event.coordinate)
    switch (event.type) {
      case 'click': {
        if (tool === 'point') {
          handlers.onPoint?.(at)
          return false
        }
        if (isJustEnded(event)) return false
        // the map's own double click pairs any two quick clicks, wherever they are
        const isSame = places.length > 0 && pxFrom(event, toScreen(places.at(-1)!)) < SAME_PLACE_PX
        const isFirst = leastPlaces(tool!) === 3 && places.length >= 3 && pxFrom(event, toScreen(places[0]!)) < CLOSE_PX
        if (!isSame && !isFirst) add(at)
        else {
          noteEnd(event)
          end()
        }
        return false
      }
      case 'dblclick':
        // would zoom
        return false
      case 'pointermove':
        if (places.length > 0) {
          hand = at
          redraw()
        }
        return true
      default:
        return true
    }
  }

  const interaction = new Interaction({
    handleEvent(event: ToolEvent) {
      if (tool === null) return !(event.type === 'dblclick' && isJustEnded(event))
      return isPulled(tool) ? pull(event) : clickOn(event)
    },
  })
  map.addInteraction(interaction)

  function onKey(event: KeyboardEvent): void {
    if (tool === null || event.defaultPrevented || places.length === 0) return
    const target = event.target instanceof HTMLElement ? event.target : null
    if (target?.closest('input, textarea, select, [contenteditable="true"]')) return
    if (event.key === 'Enter' && !isPulled(tool) && !target?.closest('button, a')) end()
    else if (event.key === 'Backspace') takeBack()
    else return
    event.preventDefault()
  }
  document.addEventListener('keydown', onKey)

  return {
    setTool,
    clearMeasure,
    isActive: () => tool !== null,
    paint(frame: Frame): void {
      if (ended) paintSketch(frame, ended, toScreen, true)
      if (tool) paintSketch(frame, { tool, places, hand, widthM }, toScreen)
    },
    close(): void {
      document.removeEventListener('keydown', onKey)
      map.removeInteraction(interaction)
    },
  }
}
