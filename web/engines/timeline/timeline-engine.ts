/**
 * The timeline on a canvas (R-PLAY-2): a whole day with the window on it, a ruler, one row per camera, the selection, the playhead. It draws
 * at most once per animation frame and keeps no timer; what a hand does is in `gestures.ts`.
 */
import type { TimeRange } from '../../../server/contract/recordings.ts'
import type { Color } from '../../base/theme.ts'
import { drawTimeline } from './draw.ts'
import { heightPx } from './geometry.ts'
import { listenToHand, type TimelineHandlers } from './gestures.ts'
import type { TimelineView } from './scene.ts'
import { keepNear } from './window.ts'

export type TimelineLook = { color: Color; scale: number; fontFamily: string; nowWord: string }
export type TimelineChange = Partial<Pick<TimelineView, 'rows' | 'focus' | 'window' | 'overview' | 'selection' | 'playheadAt' | 'now'>>

export function createTimeline(canvas: HTMLCanvasElement, look: TimelineLook, handlers: TimelineHandlers) {
  let { color, scale, fontFamily, nowWord } = look
  const view: TimelineView = {
    rows: [],
    focus: 0,
    window: { fromAt: 0, toAt: 3600_000 },
    overview: { fromAt: 0, toAt: 86_400_000 },
    selection: null,
    playheadAt: null,
    scrubAt: null,
    pointerAt: null,
    now: 0,
    widthPx: 0,
  }
  let frame: number | undefined
  const events = new AbortController()
  const resize = new ResizeObserver(measure)
  resize.observe(canvas)
  listenToHand(canvas, view, { handlers, scale: () => scale, move, drawSoon, signal: events.signal })
  measure()

  return {
    set(change: TimelineChange) {
      const hadRows = view.rows.length
      Object.assign(view, change)
      if (view.rows.length !== hadRows) measure()
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

  function measure() {
    const tallPx = heightPx(view.rows.length) * scale
    canvas.style.height = `${tallPx}px`
    const ratio = globalThis.devicePixelRatio
    view.widthPx = canvas.clientWidth / scale
    canvas.width = Math.round(canvas.clientWidth * ratio)
    canvas.height = Math.round(tallPx * ratio)
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
    if (!context || view.widthPx <= 0) return
    const ratio = globalThis.devicePixelRatio * scale
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawTimeline(context, { ...view, heightPx: heightPx(view.rows.length), nowWord, color, fontFamily })
  }

  function move(next: TimeRange) {
    view.window = keepNear(next, view.now)
    handlers.onWindow(view.window)
    drawSoon()
  }
}
export type TimelineEngine = ReturnType<typeof createTimeline>
