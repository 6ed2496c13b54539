/** Where the parts of the timeline lie, in design pixels from the top, and what lies under a pointer. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { toPx } from './window.ts'

export const overviewTopPx = 4
export const overviewPx = 12
export const overviewLabelPx = 30
export const rulerTopPx = 40
export const rulerLabelPx = 50
export const rulerBottomPx = 65
export const rowsTopPx = 71
export const rowPx = 22

/** From one row to the next; many rows stand closer. */
export function rowPitchPx(rows: number): number {
  return rows > 6 ? 24 : rows > 4 ? 26 : 32
}

export function heightPx(rows: number): number {
  return rowsTopPx + Math.max(1, rows) * rowPitchPx(rows)
}

/** How near to the playhead still takes hold of it. */
const graspPx = { mouse: 5, touch: 18 } as const

export type Target =
  | { kind: 'overview' }
  /** The playhead's flag and line. */
  | { kind: 'playhead' }
  | { kind: 'ruler' }
  | { kind: 'row'; index: number }
  | { kind: 'ground' }

export function hitTest(
  xPx: number,
  yPx: number,
  { window, widthPx, rows, playheadAt, isTouch }: { window: TimeRange; widthPx: number; rows: number; playheadAt: Instant | null; isTouch: boolean },
): Target {
  if (yPx < rulerTopPx - 6) return { kind: 'overview' }
  if (playheadAt !== null) {
    const distancePx = Math.abs(xPx - toPx(playheadAt, window, widthPx))
    const reachPx = yPx < rulerBottomPx ? 32 : isTouch ? graspPx.touch : graspPx.mouse
    if (distancePx <= reachPx) return { kind: 'playhead' }
  }
  if (yPx < rulerBottomPx) return { kind: 'ruler' }
  const pitchPx = rowPitchPx(rows)
  const index = Math.floor((yPx - rowsTopPx) / pitchPx)
  const isOnRow = yPx >= rowsTopPx && index < rows && (yPx - rowsTopPx) % pitchPx <= rowPx
  return isOnRow ? { kind: 'row', index } : { kind: 'ground' }
}
