/** Lines and areas that are drawn again and again: kept as paths in projected coordinates, put on the screen by the canvas's own transform. */
import type { Line } from './district-paint.ts'

/** In projected coordinates relative to `origin`, so that a float keeps centimetres. */
export type Shape = { path: Path2D; origin: readonly [number, number] }

export function shapeOf(lines: readonly Line[], isClosed: boolean): Shape | null {
  if (lines.length === 0) return null
  const origin = [lines[0]!.xs[0]!, lines[0]!.xs[1]!] as const
  const path = new Path2D()
  for (const { xs } of lines) {
    for (let i = 0; i < xs.length; i += 2) path[i === 0 ? 'moveTo' : 'lineTo'](xs[i]! - origin[0], xs[i + 1]! - origin[1])
    if (isClosed) path.closePath()
  }
  return { path, origin }
}
