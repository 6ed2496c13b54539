/** For checking a base map: cross hairs through a known place, a grid of round metres around it, and how far off somebody found it to be. */
import type { LonLat } from '../../../server/contract/ids.ts'
import type { Frame } from './frame.ts'
import { destination } from './geometry.ts'
import { writeLength } from './measure.ts'
import { scaleBar } from './scale.ts'
import { metresBetween } from './selecting.ts'
import { drawDot, drawPlate, middleOf, type Px, strokeLine, trace } from './tool-paint.ts'

export type TestGrid = { readonly lonLat: LonLat; /** Where the picture shows what should be at `lonLat`. */ readonly seenAt: LonLat | null }

const CELL_PX = 110
const CELLS = 12

export function paintTestGrid(frame: Frame, { lonLat, seenAt }: TestGrid, toScreen: (lonLat: LonLat) => Px, metresPerPx: number): void {
  const { ctx, ink, ground, look, widthPx, heightPx } = frame
  const scale = look.sizeScale
  const [x, y] = toScreen(lonLat)
  frame.inPx()
  const { metres: cellM } = scaleBar(metresPerPx, CELL_PX * scale)
  ctx.globalAlpha = 0.5
  for (let i = -CELLS; i <= CELLS; i++) {
    if (i === 0) continue
    const [east] = toScreen(destination(lonLat, 90, i * cellM))
    const [, north] = toScreen(destination(lonLat, 0, i * cellM))
    trace(ctx, [
      [east, 0],
      [east, heightPx],
    ])
    strokeLine(frame, { widthPx: 0.75, style: ink.accent })
    trace(ctx, [
      [0, north],
      [widthPx, north],
    ])
    strokeLine(frame, { widthPx: 0.75, style: ink.accent })
  }
  ctx.globalAlpha = 1
  for (const line of [
    [
      [x, 0],
      [x, heightPx],
    ],
    [
      [0, y],
      [widthPx, y],
    ],
  ] as const) {
    trace(ctx, line)
    strokeLine(frame, { widthPx: 4, style: ground.halo })
    strokeLine(frame, { widthPx: 1.5, style: ink.accent })
  }
  ctx.beginPath()
  ctx.arc(x, y, 14 * scale, 0, 2 * Math.PI)
  strokeLine(frame, { widthPx: 1.5, style: ink.accent })
  const [cellX] = toScreen(destination(lonLat, 90, cellM))
  drawPlate(frame, writeLength(cellM), [(x + cellX) / 2, y + 16 * scale])
  if (!seenAt) return
  const to = toScreen(seenAt)
  trace(ctx, [[x, y], to])
  strokeLine(frame)
  drawDot(frame, to, 6)
  if (Math.hypot(to[0] - x, to[1] - y) > 60 * scale) drawPlate(frame, writeLength(metresBetween(lonLat, seenAt)), middleOf([x, y], to), true)
}
