/** Moving the view: short, at most 600 ms, not at all where motion is not wanted, and never further than needed. */
import type View from 'ol/View.js'
import type OlMap from 'ol/Map.js'
import type { Box } from './district-paint.ts'
import { resolutionOf } from './scale.ts'

/** Top, right, bottom, left: what panels cover. */
export type Padding = readonly [number, number, number, number]

const SHORTEST_MS = 240
const LONGEST_MS = 600
/** A selected point stands at least this far from what covers the map. */
const CLEAR_PX = 56
/** Around what is shown whole: this much, and this share of what is free, whichever is more. */
const FIT_MARGIN_PX = 20
const FIT_MARGIN_RATE = 0.06
/** What a camera sees is at least so long on the screen while it is placed. */
const SHORTEST_EDITED_PX = 90

/** The finest resolution at which a box is wholly in what is free of an element, with air around it. */
export function fittingResolution([minX, minY, maxX, maxY]: Box, [widthPx, heightPx]: readonly [number, number], [top, right, bottom, left]: Padding): number {
  const [freeX, freeY] = [widthPx - left - right, heightPx - top - bottom]
  const marginPx = fitMarginPx(freeX, freeY)
  return Math.max((maxX - minX) / Math.max(1, freeX - 2 * marginPx), (maxY - minY) / Math.max(1, freeY - 2 * marginPx))
}

function fitMarginPx(freeX: number, freeY: number): number {
  return Math.max(FIT_MARGIN_PX, FIT_MARGIN_RATE * Math.min(freeX, freeY))
}

export type ViewMoves = ReturnType<typeof createViewMoves>

export function createViewMoves(map: OlMap, view: View) {
  function durationFor(center: readonly number[], resolution: number): number {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return 0
    const from = view.getCenter() ?? center
    const screens = Math.hypot(from[0]! - center[0]!, from[1]! - center[1]!) / ((view.getResolution() ?? resolution) * 800)
    const halvings = Math.abs(Math.log2((view.getResolution() ?? resolution) / resolution))
    return Math.min(LONGEST_MS, SHORTEST_MS + 120 * Math.max(screens, halvings))
  }

  function moveTo(center: readonly number[], resolution = view.getResolution() ?? 1): void {
    view.cancelAnimations()
    const duration = durationFor(center, resolution)
    const target = view.getConstrainedResolution(resolution) ?? resolution
    if (duration === 0) {
      view.setResolution(target)
      view.setCenter([...center])
    } else view.animate({ center: [...center], resolution: target, duration, easing: (t) => 1 - (1 - t) ** 3 })
  }

  /** Shows a box within what is free, not closer than `closestZoom`. */
  function fit(box: Box, closestZoom: number, isInstant = false): void {
    view.cancelAnimations()
    const isStill = isInstant || matchMedia('(prefers-reduced-motion: reduce)').matches
    const [widthPx, heightPx] = map.getSize() ?? [0, 0]
    const [top, right, bottom, left] = view.padding ?? [0, 0, 0, 0]
    const marginPx = fitMarginPx(widthPx! - left! - right!, heightPx! - top! - bottom!)
    // the view keeps its own padding; the margin comes on top
    view.fit([...box], {
      padding: [marginPx, marginPx, marginPx, marginPx],
      minResolution: resolutionOf(closestZoom, view.getProjection()),
      duration: isStill ? 0 : 400,
    })
  }

  function zoomBy(steps: number): void {
    view.cancelAnimations()
    const resolution = (view.getResolution() ?? 1) / 2 ** (steps * 0.5)
    moveTo(view.getCenter() ?? [0, 0], resolution)
  }

  /** Pans just so far that a place is no longer under a panel; leaves the map alone when it is free already. */
  function uncover(coordinate: readonly number[]): void {
    const pixel = map.getPixelFromCoordinate([...coordinate])
    const size = map.getSize()
    const center = view.getCenter()
    const resolution = view.getResolution()
    if (!pixel || !size || !center || !resolution) return
    const [top, right, bottom, left] = view.padding ?? [0, 0, 0, 0]
    const dx = shiftInto(pixel[0]!, left! + CLEAR_PX, size[0]! - right! - CLEAR_PX)
    const dy = shiftInto(pixel[1]!, top! + CLEAR_PX, size[1]! - bottom! - CLEAR_PX)
    if (dx === 0 && dy === 0) return
    const isFar = Math.abs(dx) > size[0]! || Math.abs(dy) > size[1]!
    moveTo(isFar ? coordinate : [center[0]! - dx * resolution, center[1]! + dy * resolution])
  }

  /** Comes near a place until something there is as long as a hand needs, for one that is placed; brings it out from under a panel. */
  function approach(coordinate: readonly number[], lengthPxAt: (resolution: number) => number): void {
    const current = view.getResolution() ?? 1
    let target = current
    const isTooSmall = (resolution: number) => lengthPxAt(resolution) < SHORTEST_EDITED_PX
    while (isTooSmall(target) && target > finestResolution(view)) target = Math.max(finestResolution(view), target / Math.SQRT2)
    if (target < current * 0.99) moveTo(coordinate, target)
    else uncover(coordinate)
  }

  return { moveTo, fit, zoomBy, uncover, approach }
}

function finestResolution(view: View): number {
  return view.getResolutions()?.at(-1) ?? view.getMinResolution()
}

/** How far a pixel must move to lie in a range; to its middle when the range is empty. */
function shiftInto(px: number, from: number, to: number): number {
  if (from > to) return (from + to) / 2 - px
  return px < from ? from - px : px > to ? to - px : 0
}
