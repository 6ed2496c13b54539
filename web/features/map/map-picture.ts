/** The map as a PNG to print or to send: the view, and below it what it shows, of when, at which scale, for whom (R-MAP). */
import type { CameraStatus } from '../../../server/contract/status.ts'
import { drawWatermark } from '../../engines/player/index.ts'

export type MapPictureWords = {
  /** Unit name. */
  title: string
  /** Time of the picture, and of the states where they are earlier. */
  lines: readonly string[]
  /** Every state with its word and count. */
  legend: readonly { status: CameraStatus; words: string; color: string }[]
  /** Scale bar, as wide as on the screen. */
  bar: { widthPx: number; words: string }
  /** Base map with date and coordinate system. */
  source: string
  watermark: string
}
export type MapPictureLook = { fontFamily: string; ink: string; faintInk: string; ground: string; isDark: boolean; scale: number }

const footPx = 76
const padPx = 16

/** Draws the footer under a picture of the map and answers a PNG. `pixelRatio`: pixels of `map` to one of the screen. */
export async function composeMapPicture(map: HTMLCanvasElement, words: MapPictureWords, look: MapPictureLook, pixelRatio: number): Promise<Blob> {
  const unit = pixelRatio * look.scale
  const canvas = document.createElement('canvas')
  canvas.width = map.width
  canvas.height = map.height + Math.round(footPx * unit)
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no 2d canvas')
  context.drawImage(map, 0, 0)
  drawWatermark(context, map.width, map.height, words.watermark, look.fontFamily, look.isDark ? undefined : 'rgba(0, 0, 0, 0.07)')
  context.fillStyle = look.ground
  context.fillRect(0, map.height, canvas.width, canvas.height - map.height)
  context.setTransform(unit, 0, 0, unit, 0, map.height)
  drawFoot(context, words, look, canvas.width / unit)
  try {
    return await new Promise<Blob>((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('PNG not made'))), 'image/png'))
  } finally {
    canvas.width = canvas.height = map.width = map.height = 0 // gives the memory back at once
  }
}

function drawFoot(context: CanvasRenderingContext2D, { title, lines, legend, bar, source }: MapPictureWords, look: MapPictureLook, widthPx: number): void {
  const write = (text: string, x: number, y: number, { size = 13, weight = 400, color = look.ink, align = 'left' as CanvasTextAlign } = {}) => {
    context.font = `${weight} ${size}px ${look.fontFamily}`
    context.fillStyle = color
    context.textAlign = align
    context.textBaseline = 'middle'
    context.fillText(text, x, y)
    return context.measureText(text).width
  }
  write(title, padPx, 24, { size: 16, weight: 600 })
  write(lines.join(' · '), widthPx - padPx, 24, { align: 'right' })
  let x = padPx
  for (const { status, words, color } of legend) {
    drawShape(context, status, x + 7, 54, color, look.ground)
    x += 20 + write(words, x + 20, 54) + 18
  }
  const sourceWidthPx = write(source, widthPx - padPx, 54, { size: 12, color: look.faintInk, align: 'right' })
  const barPx = bar.widthPx / look.scale
  const right = widthPx - padPx - sourceWidthPx - 20
  context.strokeStyle = look.ink
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(right - barPx, 50)
  context.lineTo(right - barPx, 55)
  context.lineTo(right, 55)
  context.lineTo(right, 50)
  context.stroke()
  write(bar.words, right - barPx - 8, 52, { size: 12, align: 'right' })
}

/** The five shapes of `StateShape.vue`, 14 by 14. */
function drawShape(context: CanvasRenderingContext2D, status: CameraStatus, x: number, y: number, color: string, ground: string): void {
  context.save()
  context.translate(x - 7, y - 7)
  context.fillStyle = context.strokeStyle = color
  context.lineWidth = 1.6
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a path, not an array
  const fill = (path: string) => context.fill(new Path2D(path))
  const stroke = (path: string) => context.stroke(new Path2D(path))
  if (status === 'online') fill('M2.4 7a4.6 4.6 0 1 0 9.2 0a4.6 4.6 0 1 0 -9.2 0')
  else if (status === 'degraded') {
    fill('M7 1.4 13 12H1Z')
    context.strokeStyle = ground
    stroke('M7 5.2v3.2M7 10.2v.2')
  } else if (status === 'offline') {
    fill('M7 .6 13.4 7 7 13.4.6 7Z')
    context.strokeStyle = ground
    stroke('M5 5l4 4M9 5 5 9')
  } else if (status === 'unknown') {
    context.setLineDash([2.4, 1.8])
    stroke('M1.6 7a5.4 5.4 0 1 0 10.8 0a5.4 5.4 0 1 0 -10.8 0')
  } else {
    stroke('M4 1.6h6a2.4 2.4 0 0 1 2.4 2.4v6a2.4 2.4 0 0 1 -2.4 2.4h-6a2.4 2.4 0 0 1 -2.4 -2.4v-6a2.4 2.4 0 0 1 2.4 -2.4')
    stroke('M5 4.8v4.4M8.6 4.8v4.4')
  }
  context.restore()
}
