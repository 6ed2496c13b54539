/**
 * What a hand does on the timeline: the wheel and two fingers zoom, a drag moves the window, a click seeks, the playhead and the edges of the
 * selection are dragged; with Shift a drag selects. The view is read and its passing parts (`scrubAt`, `pointerAt`) are set here.
 */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { hitTest, rowPitchPx, rowsTopPx, type Target } from './geometry.ts'
import type { TimelineFault, TimelineGap, TimelineLock, TimelineMark, TimelineRow, TimelineView } from './scene.ts'
import { findAt } from './spans.ts'
import { centreOn, panBy, shiftBy, toAt, toPx, zoomAt } from './window.ts'

/** What lies under the pointer, or where a dragged playhead is. CSS pixels. */
export type TimelineHover = {
  xPx: number
  at: Instant
  /** Null beside the rows, and while the playhead is dragged. */
  row: TimelineRow | null
  gap: TimelineGap | undefined
  fault: TimelineFault | undefined
  mark: TimelineMark | undefined
  lock: TimelineLock | undefined
}

export type TimelineHandlers = {
  onWindow(window: TimeRange): void
  /** `isFinal` false while the playhead is dragged, at most every `scrubEveryMs`. */
  onSeek(at: Instant, isFinal: boolean): void
  onHover(hover: TimelineHover | null): void
  /** Without it nothing can be selected. */
  onSelect?: (selection: TimeRange) => void
}

const scrubEveryMs = 160
const clickPx = 4
const wheelFactor = 1.0016
const minSelectionMs = 1_000

/** `select`: Shift held; the other edge stays at `anchorAt`. */
type Drag = { target: Target | { kind: 'select'; anchorAt: Instant }; startXPx: number; hasMoved: boolean }

const cursors: Partial<Record<Target['kind'], string>> = { playhead: 'ew-resize', handle: 'ew-resize', ground: 'default' }

export function listenToHand(
  canvas: HTMLCanvasElement,
  view: TimelineView,
  {
    handlers,
    scale,
    move,
    drawSoon,
    signal,
  }: { handlers: TimelineHandlers; scale: () => number; move(next: TimeRange): void; drawSoon(): void; signal: AbortSignal },
) {
  const pointers = new Map<number, number>()
  let drag: Drag | undefined
  let scrubbedAtMs = 0

  canvas.addEventListener('wheel', onWheel, { signal, passive: false })
  canvas.addEventListener('pointerdown', onDown, { signal })
  canvas.addEventListener('pointermove', onMove, { signal })
  canvas.addEventListener('pointerup', onUp, { signal })
  canvas.addEventListener('pointercancel', onUp, { signal })
  canvas.addEventListener('pointerleave', onLeave, { signal })

  function place(event: MouseEvent): { xPx: number; yPx: number } {
    const { left, top } = canvas.getBoundingClientRect()
    return { xPx: (event.clientX - left) / scale(), yPx: (event.clientY - top) / scale() }
  }

  function targetAt(event: PointerEvent): Target {
    const { xPx, yPx } = place(event)
    const seen = handlers.onSelect ? view : { ...view, selection: null }
    return hitTest(xPx, yPx, seen, event.pointerType === 'touch')
  }

  function instantAt(xPx: number): Instant {
    return Math.max(0, Math.min(view.now, toAt(Math.min(view.widthPx, Math.max(0, xPx)), view.window, view.widthPx)))
  }

  function onWheel(event: WheelEvent) {
    event.preventDefault()
    const { xPx } = place(event)
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)
    if (isSideways) move(panBy(view.window, view.widthPx, -(event.deltaX || event.deltaY) / scale()))
    else move(zoomAt(view.window, view.widthPx, wheelFactor ** event.deltaY, xPx))
  }

  function onDown(event: PointerEvent) {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    const { xPx } = place(event)
    pointers.set(event.pointerId, xPx)
    handlers.onHover(null)
    if (pointers.size > 1) return void (drag = undefined)
    const target = targetAt(event)
    const isSelecting = event.shiftKey && handlers.onSelect && target.kind !== 'overview' && target.kind !== 'handle'
    drag = { target: isSelecting ? { kind: 'select', anchorAt: instantAt(xPx) } : target, startXPx: xPx, hasMoved: false }
    if (target.kind === 'overview') centreWindow(xPx)
  }

  function onMove(event: PointerEvent) {
    const { xPx } = place(event)
    const beforePx = pointers.get(event.pointerId)
    if (beforePx === undefined) return hoverAt(event)
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    pointers.set(event.pointerId, xPx)
    if (other !== undefined) return pinch(beforePx, xPx, other)
    if (!drag) return
    drag.hasMoved ||= Math.abs(xPx - drag.startXPx) > clickPx
    if (!drag.hasMoved) return
    const { target } = drag
    if (target.kind === 'overview') centreWindow(xPx)
    else if (target.kind === 'playhead') scrub(xPx)
    else if (target.kind === 'select') selectBetween(target.anchorAt, instantAt(xPx))
    else if (target.kind === 'handle' && view.selection)
      selectBetween(view.selection[target.edge === 'fromAt' ? 'toAt' : 'fromAt'], instantAt(xPx), target.edge)
    else move(panBy(view.window, view.widthPx, xPx - beforePx))
  }

  function onUp(event: PointerEvent) {
    if (!pointers.delete(event.pointerId)) return
    const done = drag
    drag = undefined
    const at = view.scrubAt
    view.scrubAt = null
    if (at !== null) handlers.onHover(null)
    if (done && event.type !== 'pointercancel') {
      if (at !== null) handlers.onSeek(at, true)
      else if (!done.hasMoved && done.target.kind === 'mark') handlers.onSeek(done.target.mark.at, true)
      else if (!done.hasMoved && done.target.kind !== 'overview') handlers.onSeek(instantAt(place(event).xPx), true)
    }
    drawSoon()
  }

  function onLeave() {
    view.pointerAt = null
    handlers.onHover(null)
    drawSoon()
  }

  function scrub(xPx: number) {
    const at = instantAt(xPx)
    view.scrubAt = at
    const { window, widthPx } = view
    // held at the edge, the window goes on
    if (xPx < 0 || xPx > widthPx) move(shiftBy(window, toAt(xPx < 0 ? -8 : widthPx + 8, window, widthPx) - (xPx < 0 ? window.fromAt : window.toAt)))
    const nowMs = performance.now()
    if (nowMs - scrubbedAtMs >= scrubEveryMs) {
      scrubbedAtMs = nowMs
      handlers.onSeek(at, false)
    }
    handlers.onHover({ xPx: Math.min(widthPx, Math.max(0, xPx)) * scale(), at, row: null, gap: undefined, fault: undefined, mark: undefined, lock: undefined })
    drawSoon()
  }

  /** One edge stays, the other is where the hand is; `edge` may not go past the one that stays. */
  function selectBetween(stays: Instant, at: Instant, edge?: 'fromAt' | 'toAt') {
    const isEnd = edge === undefined ? at > stays : edge === 'toAt'
    const moved = isEnd ? Math.max(at, stays + minSelectionMs) : Math.min(at, stays - minSelectionMs)
    handlers.onSelect?.(isEnd ? { fromAt: stays, toAt: moved } : { fromAt: Math.max(0, moved), toAt: stays })
  }

  function pinch(beforePx: number, xPx: number, otherPx: number) {
    const reach = (px: number) => Math.max(8, Math.abs(px - otherPx))
    const middlePx = (xPx + otherPx) / 2
    const zoomed = zoomAt(view.window, view.widthPx, reach(beforePx) / reach(xPx), middlePx)
    move(panBy(zoomed, view.widthPx, (xPx - beforePx) / 2))
  }

  function centreWindow(xPx: number) {
    move(centreOn(view.window, toAt(xPx, view.overview, view.widthPx)))
  }

  function hoverAt(event: PointerEvent) {
    const { xPx, yPx } = place(event)
    const target = targetAt(event)
    canvas.style.cursor = cursors[target.kind] ?? 'pointer'
    const isApart = target.kind === 'overview' || event.pointerType === 'touch'
    view.pointerAt = isApart || target.kind === 'playhead' ? null : toAt(xPx, view.window, view.widthPx)
    drawSoon()
    if (isApart) return handlers.onHover(null)
    const at = toAt(xPx, view.window, view.widthPx)
    const row = view.rows[Math.floor((yPx - rowsTopPx) / rowPitchPx(view.rows.length))] ?? null
    handlers.onHover({
      xPx: xPx * scale(),
      at,
      row,
      gap: row ? (findAt(row.gaps, at) ?? nearRange(row.gaps, xPx)) : undefined,
      fault: row ? (findAt(row.faults, at) ?? nearRange(row.faults, xPx)) : undefined,
      mark: target.kind === 'mark' ? target.mark : undefined,
      lock: row?.locks.find((lock) => lock.fromAt <= at && at < lock.toAt),
    })
  }

  /** A gap of a few seconds is two pixels wide: it is found beside them too. */
  function nearRange<R extends TimeRange>(ranges: readonly R[], xPx: number): R | undefined {
    return findAt(ranges, toAt(xPx - 2, view.window, view.widthPx)) ?? ranges.find(({ fromAt }) => Math.abs(toPx(fromAt, view.window, view.widthPx) - xPx) <= 3)
  }
}
