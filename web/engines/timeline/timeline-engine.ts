/**
 * The timeline on a canvas (R-PLAY-2): a whole day with the window on it, a ruler, one row per camera, the playhead. Wheel and pinch zoom,
 * a drag moves, a click seeks, a dragged playhead scrubs. It draws at most once per animation frame and keeps no timer.
 */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import type { Color } from '../../base/theme.ts'
import { drawTimeline, type TimelineGap, type TimelineRow } from './draw.ts'
import { heightPx, hitTest, rowPitchPx, rowsTopPx, type Target } from './geometry.ts'
import { findAt } from './spans.ts'
import { centreOn, keepNear, panBy, shiftBy, toAt, toPx, zoomAt } from './window.ts'

export type TimelineHover = { xPx: number; yPx: number; at: Instant; row: TimelineRow; gap: TimelineGap }

export type TimelineHandlers = {
  onWindow(window: TimeRange): void
  /** `isFinal` false while the playhead is dragged, at most every `scrubEveryMs`. */
  onSeek(at: Instant, isFinal: boolean): void
  /** A gap lies under the pointer; null: none. CSS pixels. */
  onHover(hover: TimelineHover | null): void
}

export type TimelineLook = { color: Color; scale: number; fontFamily: string; nowWord: string }

const scrubEveryMs = 160
const clickPx = 4
const wheelFactor = 1.0016

type Drag = { target: Target; startXPx: number; hasMoved: boolean }

export function createTimeline(canvas: HTMLCanvasElement, look: TimelineLook, handlers: TimelineHandlers) {
  let { color, scale, fontFamily, nowWord } = look
  let rows: readonly TimelineRow[] = []
  let focus = 0
  let window_: TimeRange = { fromAt: 0, toAt: 3600_000 }
  let overview: TimeRange = { fromAt: 0, toAt: 86_400_000 }
  let playheadAt: Instant | null = null
  let scrubAt: Instant | null = null
  let pointerAt: Instant | null = null
  let now: Instant = 0
  let widthPx = 0
  let frame: number | undefined
  let drag: Drag | undefined
  let scrubbedAtMs = 0
  const pointers = new Map<number, number>()

  const events = new AbortController()
  const { signal } = events
  const resize = new ResizeObserver(measure)
  resize.observe(canvas)
  canvas.addEventListener('wheel', onWheel, { signal, passive: false })
  canvas.addEventListener('pointerdown', onDown, { signal })
  canvas.addEventListener('pointermove', onMove, { signal })
  canvas.addEventListener('pointerup', onUp, { signal })
  canvas.addEventListener('pointercancel', onUp, { signal })
  canvas.addEventListener('pointerleave', onLeave, { signal })
  measure()

  return {
    set(change: { rows?: readonly TimelineRow[]; focus?: number; window?: TimeRange; overview?: TimeRange; playheadAt?: Instant | null; now?: Instant }) {
      const hadRows = rows.length
      rows = change.rows ?? rows
      focus = change.focus ?? focus
      window_ = change.window ?? window_
      overview = change.overview ?? overview
      if (change.playheadAt !== undefined) playheadAt = change.playheadAt
      now = change.now ?? now
      if (rows.length !== hadRows) measure()
      drawSoon()
    },
    setLook(next: TimelineLook) {
      ;({ color, scale, fontFamily, nowWord } = next)
      measure()
    },
    close() {
      events.abort()
      resize.disconnect()
      if (frame !== undefined) cancelAnimationFrame(frame)
    },
  }

  // ── drawing ──

  function measure() {
    canvas.style.height = `${heightPx(rows.length) * scale}px`
    const ratio = globalThis.devicePixelRatio
    widthPx = canvas.clientWidth / scale
    canvas.width = Math.round(canvas.clientWidth * ratio)
    canvas.height = Math.round(heightPx(rows.length) * scale * ratio)
    drawSoon()
  }

  function drawSoon() {
    frame ??= requestAnimationFrame(() => {
      frame = undefined
      draw()
    })
  }

  function draw() {
    const context = canvas.getContext('2d')
    if (!context || widthPx <= 0) return
    const ratio = globalThis.devicePixelRatio * scale
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawTimeline(context, {
      widthPx,
      heightPx: heightPx(rows.length),
      window: window_,
      overview,
      rows,
      focus,
      playheadAt: scrubAt ?? playheadAt,
      pointerAt,
      now,
      nowWord,
      color,
      fontFamily,
    })
  }

  // ── the pointer ──

  function place(event: MouseEvent): { xPx: number; yPx: number } {
    const { left, top } = canvas.getBoundingClientRect()
    return { xPx: (event.clientX - left) / scale, yPx: (event.clientY - top) / scale }
  }

  function targetAt(event: PointerEvent): Target {
    const { xPx, yPx } = place(event)
    return hitTest(xPx, yPx, { window: window_, widthPx, rows: rows.length, playheadAt, isTouch: event.pointerType === 'touch' })
  }

  function move(next: TimeRange) {
    window_ = keepNear(next, now)
    handlers.onWindow(window_)
    drawSoon()
  }

  function onWheel(event: WheelEvent) {
    event.preventDefault()
    const { xPx } = place(event)
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)
    if (isSideways) move(panBy(window_, widthPx, -(event.deltaX || event.deltaY) / scale))
    else move(zoomAt(window_, widthPx, wheelFactor ** event.deltaY, xPx))
  }

  function onDown(event: PointerEvent) {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    const { xPx } = place(event)
    pointers.set(event.pointerId, xPx)
    hover(null)
    if (pointers.size > 1) return void (drag = undefined)
    drag = { target: targetAt(event), startXPx: xPx, hasMoved: false }
    if (drag.target.kind === 'overview') centreWindow(xPx)
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
    if (drag.target.kind === 'overview') centreWindow(xPx)
    else if (drag.target.kind === 'playhead') scrub(xPx)
    else move(panBy(window_, widthPx, xPx - beforePx))
  }

  function onUp(event: PointerEvent) {
    if (!pointers.delete(event.pointerId)) return
    const done = drag
    drag = undefined
    const at = scrubAt
    scrubAt = null
    if (!done || event.type === 'pointercancel') return drawSoon()
    if (at !== null) handlers.onSeek(at, true)
    else if (!done.hasMoved && done.target.kind !== 'overview') handlers.onSeek(instantAt(place(event).xPx), true)
    drawSoon()
  }

  function onLeave() {
    pointerAt = null
    hover(null)
    drawSoon()
  }

  function instantAt(xPx: number): Instant {
    return Math.max(0, Math.min(now, toAt(Math.min(widthPx, Math.max(0, xPx)), window_, widthPx)))
  }

  function scrub(xPx: number) {
    scrubAt = instantAt(xPx)
    // held at the edge, the window goes on
    if (xPx < 0 || xPx > widthPx) move(shiftBy(window_, toAt(xPx < 0 ? -8 : widthPx + 8, window_, widthPx) - (xPx < 0 ? window_.fromAt : window_.toAt)))
    const nowMs = performance.now()
    if (nowMs - scrubbedAtMs >= scrubEveryMs) {
      scrubbedAtMs = nowMs
      handlers.onSeek(scrubAt, false)
    }
    drawSoon()
  }

  function pinch(beforePx: number, xPx: number, otherPx: number) {
    const reach = (px: number) => Math.max(8, Math.abs(px - otherPx))
    const middlePx = (xPx + otherPx) / 2
    const zoomed = zoomAt(window_, widthPx, reach(beforePx) / reach(xPx), middlePx)
    move(panBy(zoomed, widthPx, (xPx - beforePx) / 2))
  }

  function centreWindow(xPx: number) {
    move(centreOn(window_, toAt(xPx, overview, widthPx)))
  }

  function hoverAt(event: PointerEvent) {
    const { xPx, yPx } = place(event)
    const target = targetAt(event)
    canvas.style.cursor = target.kind === 'playhead' ? 'ew-resize' : 'pointer'
    pointerAt = target.kind === 'overview' || target.kind === 'playhead' || event.pointerType === 'touch' ? null : toAt(xPx, window_, widthPx)
    const row = target.kind === 'row' ? rows[target.index] : undefined
    const at = toAt(xPx, window_, widthPx)
    const gap = row && (findAt(row.gaps, at) ?? nearGap(row, xPx))
    hover(row && gap && target.kind === 'row' ? { xPx: xPx * scale, yPx: (rowsTopPx + target.index * rowPitchPx(rows.length)) * scale, at, row, gap } : null)
    if (yPx >= 0) drawSoon()
  }

  /** A gap of a few seconds is two pixels wide: it is found beside them too. */
  function nearGap(row: TimelineRow, xPx: number): TimelineGap | undefined {
    return findAt(row.gaps, toAt(xPx - 2, window_, widthPx)) ?? row.gaps.find((gap) => Math.abs(toPx(gap.fromAt, window_, widthPx) - xPx) <= 3)
  }

  function hover(next: TimelineHover | null) {
    handlers.onHover(next)
  }
}
export type TimelineEngine = ReturnType<typeof createTimeline>
