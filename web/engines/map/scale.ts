/** How far the map is zoomed, in words that do not depend on the projection. `zoom` is that of web maps: 0 shows the world in 256 px. */
import { getPointResolution, type Projection } from 'ol/proj.js'

export const minZoom = 9
export const maxZoom = 20
/** The view rests at half steps, where the painted base map is sharp. */
export const zoomStep = 0.5
/** From 1:8,000 (at 96 dpi) on, streets are seen: no clusters, all fields of view, houses. */
export const streetMetresPerPx = (8000 * 0.0254) / 96

export function resolutionOfZero(projection: Projection): number {
  const extent = projection.getExtent()
  return (extent[2]! - extent[0]!) / 256
}

export function zoomOf(resolution: number, projection: Projection): number {
  return Math.log2(resolutionOfZero(projection) / resolution)
}

export function resolutionOf(zoom: number, projection: Projection): number {
  return resolutionOfZero(projection) / 2 ** zoom
}

/** Every resolution the view may rest at, biggest first. With `home` the steps are shifted (by less than one) so that it is one of them. */
export function restingResolutions(projection: Projection, home?: number): number[] {
  const shift = home === undefined ? 0 : (((zoomOf(home, projection) - minZoom) % zoomStep) + zoomStep) % zoomStep
  return Array.from({ length: (maxZoom - minZoom) / zoomStep + 1 }, (_, i) => resolutionOf(minZoom + shift + i * zoomStep, projection))
}

export function metresPerPx(resolution: number, center: readonly number[], projection: Projection): number {
  return getPointResolution(projection, resolution, [...center], 'm')
}

/** The longest 1, 2 or 5 times a power of ten that fits: for the scale bar. */
export function scaleBar(perPxM: number, maxPx: number): { metres: number; widthPx: number } {
  const longest = perPxM * maxPx
  const power = 10 ** Math.floor(Math.log10(longest))
  const metres = ([5, 2, 1].find((n) => n * power <= longest) ?? 1) * power
  return { metres, widthPx: metres / perPxM }
}
