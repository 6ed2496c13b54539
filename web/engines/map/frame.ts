/** One frame's canvas as everything above the base map is drawn on it: where places lie on the screen, and the look of things. */
import type { FrameState } from 'ol/Map.js'
import { color, type Color, mapColor, type MapColor } from '../../base/theme.ts'
import type { Shape } from './shape.ts'
import type { Look, Sprite } from './symbols.ts'

export type ToPx = (x: number, y: number) => readonly [number, number]

export type Frame = {
  readonly ctx: CanvasRenderingContext2D
  readonly look: Look
  readonly ink: Color
  readonly ground: MapColor
  readonly widthPx: number
  readonly heightPx: number
  readonly pixelRatio: number
  /** Projected units per CSS pixel; `unit` is how long one design pixel is in them. */
  readonly resolution: number
  readonly unit: number
  readonly toPx: ToPx
  /** Puts the canvas into CSS pixels of the map. */
  inPx(): void
  /** Puts the canvas into a shape's coordinates; widths are then given by `unit`. */
  inShape(shape: Shape): void
  /** A picture with its middle at a place in CSS pixels, if it is on the screen. The canvas must be in pixels. */
  put(sprite: Sprite, x: number, y: number): void
}
/** Draws one subject; leaves `globalAlpha` at 1 and no dashes. */
export type Painter = (frame: Frame) => void

export function toPxOf(frameState: FrameState): ToPx {
  const [a, , , d, e, f] = frameState.coordinateToPixelTransform as [number, number, number, number, number, number]
  return (x, y) => [a * x + e, d * y + f]
}

/** `toCanvas` leads from CSS pixels of the map to pixels of the canvas (scale and shift only). */
export function frameOf(ctx: CanvasRenderingContext2D, frameState: FrameState, toCanvas: readonly number[], look: Look): Frame {
  const [widthPx, heightPx] = frameState.size as [number, number]
  const [scaleX, , , scaleY, shiftX, shiftY] = toCanvas as [number, number, number, number, number, number]
  const { resolution } = frameState.viewState
  const { pixelRatio } = frameState
  const toPx = toPxOf(frameState)
  return {
    ctx,
    look,
    ink: color[look.theme],
    ground: mapColor[look.theme],
    widthPx,
    heightPx,
    pixelRatio,
    resolution,
    unit: resolution * look.sizeScale,
    toPx,
    inPx: () => ctx.setTransform(scaleX, 0, 0, scaleY, shiftX, shiftY),
    inShape({ origin }) {
      const [x, y] = toPx(origin[0], origin[1])
      ctx.setTransform(scaleX / resolution, 0, 0, -scaleY / resolution, x * scaleX + shiftX, y * scaleY + shiftY)
    },
    put(sprite, x, y) {
      if (x < -sprite.anchorX || y < -sprite.anchorY || x > widthPx + sprite.anchorX || y > heightPx + sprite.anchorY) return
      // whole device pixels: a picture between two of them is blurred and slow
      ctx.drawImage(
        sprite.image,
        Math.round((x - sprite.anchorX) * pixelRatio) / pixelRatio,
        Math.round((y - sprite.anchorY) * pixelRatio) / pixelRatio,
        sprite.widthPx,
        sprite.heightPx,
      )
    },
  }
}
