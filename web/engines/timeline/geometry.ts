/** Where the parts of the timeline lie, in design pixels from the top, and what lies under a pointer. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimelineMark, TimelineView } from './scene.ts'
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

/** How near to the playhead, a handle or a flag still takes hold of it. */
const graspPx = { mouse: 5, touch: 18 } as const
const flagReachPx = 32
export const handleTallPx = 20

export type Target =
  | { kind: 'overview' }
  /** The playhead's flag and line. */
  | { kind: 'playhead' }
  | { kind: 'ruler' }
  /** An edge of the selection. */
  | { kind: 'handle'; edge: 'fromAt' | 'toAt' }
  | { kind: 'mark'; index: number; mark: TimelineMark }
  | { kind: 'row'; index: number }
  | { kind: 'ground' }

export function hitTest(xPx: number, yPx: number, view: TimelineView, isTouch = false): Target {
  const { window, widthPx, rows, playheadAt, selection } = view
  const reachPx = isTouch ? graspPx.touch : graspPx.mouse
  const isNear = (at: Instant, px: number) => Math.abs(xPx - toPx(at, window, widthPx)) <= px
  if (yPx < rulerTopPx - 6) return { kind: 'overview' }
  if (yPx < rulerBottomPx) return playheadAt !== null && isNear(playheadAt, flagReachPx) ? { kind: 'playhead' } : { kind: 'ruler' }
  // the end is the one that is dragged more often: it wins where both are near
  for (const edge of ['toAt', 'fromAt'] as const) if (selection && isNear(selection[edge], reachPx)) return { kind: 'handle', edge }
  const index = rowAt(yPx, rows.length)
  const mark = rows[index]?.marks.find(({ at }) => isNear(at, reachPx))
  if (mark) return { kind: 'mark', index, mark }
  if (playheadAt !== null && isNear(playheadAt, reachPx)) return { kind: 'playhead' }
  return index < 0 ? { kind: 'ground' } : { kind: 'row', index }
}

/** Index of the row at a height; -1 between rows and below them. */
function rowAt(yPx: number, rows: number): number {
  const pitchPx = rowPitchPx(rows)
  const index = Math.floor((yPx - rowsTopPx) / pitchPx)
  return index >= 0 && index < rows && (yPx - rowsTopPx) % pitchPx <= rowPx ? index : -1
}
