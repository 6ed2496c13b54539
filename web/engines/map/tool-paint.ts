/** How tools draw on the map: shapes in the primary colour, places as dots, figures on small plates (`design.md` section 4). */
import { fontFamily } from '../../base/theme.ts'
import type { Frame } from './frame.ts'
import { measureText } from './symbols.ts'

export type Px = readonly [number, number]

export const LINE_PX = 3
const FILL_ALPHA = 0.1
const PLATE_FONT_PX = 12

/** Sets a path through screen places; the canvas must be in pixels. */
export function trace(ctx: CanvasRenderingContext2D, places: readonly Px[], isClosed = false): void {
  ctx.beginPath()
  places.forEach(([x, y], i) => (i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)))
  if (isClosed) ctx.closePath()
}

/** The path that is set, as an area: 10 % of primary, even and odd. */
export function fillArea({ ctx, ink }: Frame): void {
  ctx.globalAlpha = FILL_ALPHA
  ctx.fillStyle = ink.primary
  ctx.fill('evenodd')
  ctx.globalAlpha = 1
}

/** The path that is set, as a line. `dashPx` for what is not there yet, or no longer. */
export function strokeLine({ ctx, look, ink }: Frame, { widthPx = LINE_PX, dashPx = null, style = ink.primary }: LineLook = {}): void {
  ctx.lineJoin = 'round'
  ctx.lineCap = 'round'
  ctx.strokeStyle = style
  ctx.lineWidth = widthPx * look.sizeScale
  if (dashPx) ctx.setLineDash(dashPx.map((px) => px * look.sizeScale))
  ctx.stroke()
  ctx.setLineDash([])
}
type LineLook = { widthPx?: number; dashPx?: readonly number[] | null; style?: string }

export function drawDot({ ctx, look, ink, ground }: Frame, [x, y]: Px, radiusPx = 4.5, fill = ink.raised): void {
  ctx.beginPath()
  ctx.arc(x, y, radiusPx * look.sizeScale, 0, 2 * Math.PI)
  ctx.strokeStyle = ground.halo
  ctx.lineWidth = 5 * look.sizeScale
  ctx.stroke()
  ctx.fillStyle = fill
  ctx.fill()
  ctx.strokeStyle = ink.primary
  ctx.lineWidth = 2.5 * look.sizeScale
  ctx.stroke()
}

/** A figure on a small plate, its middle at a place. */
export function drawPlate({ ctx, look, ink }: Frame, text: string, [x, y]: Px, isStrong = false): void {
  const scale = look.sizeScale
  const font = `${isStrong ? 600 : 400} ${PLATE_FONT_PX * scale}px ${fontFamily}`
  const [widthPx, heightPx] = [measureText(font, text) + 12 * scale, 20 * scale]
  ctx.beginPath()
  ctx.roundRect(x - widthPx / 2, y - heightPx / 2, widthPx, heightPx, 4 * scale)
  ctx.fillStyle = isStrong ? ink.primary : ink.raised
  ctx.fill()
  ctx.strokeStyle = isStrong ? ink.primary : ink.lineStrong
  ctx.lineWidth = scale
  ctx.stroke()
  ctx.font = font
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = isStrong ? ink.onPrimary : ink.text1
  ctx.fillText(text, x, y + 0.5 * scale)
}

export function middleOf([ax, ay]: Px, [bx, by]: Px): Px {
  return [(ax + bx) / 2, (ay + by) / 2]
}
