/** The demo base map as a plain drawing. Format `mapwall-basemap/1`: whole steps from `origin`, each point as the difference from the one before. */
import { z } from 'zod'
import { fetchFile } from '../../base/api.ts'
import type { MapColor } from '../../base/theme.ts'

const Line = z.array(z.number())
const Backdrop = z.object({
  format: z.literal('mapwall-basemap/1'),
  origin: z.tuple([z.number(), z.number()]),
  stepDeg: z.number(),
  outline: Line.optional(),
  roads: z.array(z.object({ roadClass: z.enum(['express', 'arterial', 'secondary', 'lane']), points: Line })),
  rivers: z.array(z.object({ widthM: z.number(), points: Line })),
  lakes: z.array(z.object({ points: Line })),
  greens: z.array(z.object({ points: Line })),
})
export type Backdrop = z.infer<typeof Backdrop>

const roadWidthPx = { lane: 1.1, secondary: 2, arterial: 3.4, express: 5 } as const
const metresPerDegree = 111_320

/** Undefined when this site has no demo base map. */
export async function fetchBackdrop(url = '/basemap/demo.json'): Promise<Backdrop | undefined> {
  const file = await fetchFile(url).catch(() => undefined) // decoration: the login works without it
  return Backdrop.safeParse(file).data
}

/** Draws the district into what the form at the right (`formPx`) leaves free. */
export function drawBackdrop(
  context: CanvasRenderingContext2D,
  map: Backdrop,
  { widthPx, heightPx, formPx, color }: { widthPx: number; heightPx: number; formPx: number; color: MapColor },
): void {
  const bounds = boundsOf(map.outline ?? map.greens.flatMap((green) => green.points.slice(0, 2)))
  const shrink = Math.cos((map.origin[1] * Math.PI) / 180)
  const freePx = Math.max(widthPx * 0.5, widthPx - formPx)
  const pxPerStep = Math.min((freePx * 0.92) / ((bounds.right - bounds.left) * shrink), (heightPx * 0.8) / (bounds.top - bounds.bottom))
  const centerX = freePx / 2
  const toX = (x: number) => centerX + (x - (bounds.left + bounds.right) / 2) * shrink * pxPerStep
  const toY = (y: number) => heightPx / 2 - (y - (bounds.top + bounds.bottom) / 2) * pxPerStep
  const path = (points: readonly number[], isClosed: boolean, into = new Path2D()) => {
    let x = 0
    let y = 0
    for (let i = 0; i + 1 < points.length; i += 2) {
      x += points[i] ?? 0
      y += points[i + 1] ?? 0
      if (i === 0) into.moveTo(toX(x), toY(y))
      else into.lineTo(toX(x), toY(y))
    }
    if (isClosed) into.closePath()
    return into
  }

  // lines are drawn for a desk: thinner on a small window, thicker on a wall
  const unitPx = widthPx / 1920
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.fillStyle = color.land
  context.fillRect(0, 0, widthPx, heightPx)
  context.fillStyle = color.green
  for (const green of map.greens) context.fill(path(green.points, true))
  const roads = (roadClass: keyof typeof roadWidthPx) => {
    const all = new Path2D()
    for (const road of map.roads) if (road.roadClass === roadClass) path(road.points, false, all)
    context.strokeStyle = color[roadClass]
    context.lineWidth = roadWidthPx[roadClass] * unitPx
    context.stroke(all)
  }
  roads('lane')
  for (const river of map.rivers) {
    context.strokeStyle = color.water
    context.lineWidth = (river.widthM / metresPerDegree / map.stepDeg) * pxPerStep
    context.stroke(path(river.points, false))
  }
  context.fillStyle = color.water
  for (const lake of map.lakes) context.fill(path(lake.points, true))
  roads('secondary')
  roads('arterial')
  roads('express')
  if (map.outline === undefined) return
  const outline = path(map.outline, true)
  const around = new Path2D()
  around.rect(0, 0, widthPx, heightPx)
  around.addPath(outline)
  context.globalAlpha = 0.72
  context.fillStyle = color.outside
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a canvas, not an array
  context.fill(around, 'evenodd')
  context.strokeStyle = color.outline
  context.globalAlpha = 0.13
  context.lineWidth = 7 * unitPx
  context.stroke(outline)
  context.globalAlpha = 1
  context.lineWidth = 1.5 * unitPx
  context.stroke(outline)
}

function boundsOf(points: readonly number[]) {
  const bounds = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity }
  let x = 0
  let y = 0
  for (let i = 0; i + 1 < points.length; i += 2) {
    x += points[i] ?? 0
    y += points[i + 1] ?? 0
    bounds.left = Math.min(bounds.left, x)
    bounds.right = Math.max(bounds.right, x)
    bounds.bottom = Math.min(bounds.bottom, y)
    bounds.top = Math.max(bounds.top, y)
  }
  return bounds
}
