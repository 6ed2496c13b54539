/** The map as one picture: base map with its filter, symbols above it, north up, at the screen's resolution. */
import type OlMap from 'ol/Map.js'

/** The base map comes from a server that does not let its pictures be read; `origin` says which. */
export class PictureBlockedError extends Error {
  readonly origin: string
  constructor(origin: string, options?: ErrorOptions) {
    super(`The base map of ${origin} may be shown but not copied: its server does not send Access-Control-Allow-Origin`, options)
    this.name = 'PictureBlockedError'
    this.origin = origin
  }
}

/** The map must be at rest. Throws `PictureBlockedError` when a canvas holds pictures of a foreign server without CORS. */
export function pictureOf(
  map: OlMap,
  { pixelRatio, background, baseOrigin }: { pixelRatio: number; background: string; baseOrigin: string },
): HTMLCanvasElement {
  map.renderSync()
  const viewport = map.getViewport()!
  const frame = viewport.getBoundingClientRect()
  const picture = document.createElement('canvas')
  picture.width = Math.round(frame.width * pixelRatio)
  picture.height = Math.round(frame.height * pixelRatio)
  const ctx = picture.getContext('2d')!
  ctx.fillStyle = background
  ctx.fillRect(0, 0, picture.width, picture.height)
  ctx.scale(picture.width / frame.width, picture.height / frame.height)
  for (const canvas of viewport.querySelectorAll<HTMLCanvasElement>('.ol-layers canvas')) {
    if (canvas.width === 0 || canvas.height === 0) continue
    const layers = ancestorsWithin(canvas, viewport)
    ctx.globalAlpha = layers.reduce((alpha, each) => alpha * Number(each.opacity || 1), 1)
    // in the dark theme a raster base is dimmed by the page's own style
    ctx.filter = layers.map((each) => each.filter).find((filter) => filter && filter !== 'none') ?? 'none'
    const box = canvas.getBoundingClientRect()
    const fill = layers.map((each) => each.backgroundColor).find((color) => color && color !== 'transparent' && color !== 'rgba(0, 0, 0, 0)')
    if (fill) {
      ctx.fillStyle = fill
      ctx.fillRect(0, 0, frame.width, frame.height)
    }
    ctx.drawImage(canvas, box.left - frame.left, box.top - frame.top, box.width, box.height)
  }
  try {
    ctx.getImageData(0, 0, 1, 1)
  } catch (cause) {
    throw new PictureBlockedError(baseOrigin, { cause })
  }
  return picture
}

/** Computed styles of a canvas and what it lies in, up to the map. */
function ancestorsWithin(canvas: HTMLElement, viewport: HTMLElement): CSSStyleDeclaration[] {
  const styles: CSSStyleDeclaration[] = []
  for (let element: HTMLElement | null = canvas; element && element !== viewport; element = element.parentElement) styles.push(getComputedStyle(element))
  return styles
}
