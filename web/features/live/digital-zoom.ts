/** Digital zoom by wheel, pinch and drag on a picture. */
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import { noZoom, panBy, zoomAt, type ZoomView } from '../../engines/player/index.ts'

const wheelFactor = 1.0018
const buttonFactor = 2

export function useDigitalZoom(frame: Readonly<Ref<HTMLElement | null>>) {
  const view = shallowRef<ZoomView>(noZoom)
  const pointers = new Map<number, { xPx: number; yPx: number }>()
  let undo: (() => void) | undefined

  watch(
    frame,
    (element) => {
      undo?.()
      undo = element ? listen(element) : undefined
    },
    { flush: 'post' },
  )
  onScopeDispose(() => undo?.())

  return {
    view,
    reset: () => (view.value = noZoom),
    /** The button: twice as large at the middle, or back. */
    toggle() {
      const element = frame.value
      if (!element) return
      const { clientWidth: widthPx, clientHeight: heightPx } = element
      view.value = view.value.scale > 1 ? noZoom : zoomAt(noZoom, { widthPx, heightPx }, buttonFactor, { xPx: widthPx / 2, yPx: heightPx / 2 })
    },
  }

  function listen(element: HTMLElement) {
    const events = new AbortController()
    const { signal } = events
    element.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault()
        zoom(element, wheelFactor ** -event.deltaY, at(element, event))
      },
      { signal, passive: false },
    )
    element.addEventListener(
      'pointerdown',
      (event) => {
        if (event.button !== 0 || (event.target as Element).closest('button')) return
        pointers.set(event.pointerId, at(element, event))
        if (view.value.scale > 1) element.setPointerCapture(event.pointerId)
      },
      { signal },
    )
    element.addEventListener('pointermove', (event) => onMove(element, event), { signal })
    for (const end of ['pointerup', 'pointercancel', 'pointerleave'] as const)
      element.addEventListener(end, (event) => pointers.delete(event.pointerId), { signal })
    return () => {
      events.abort()
      pointers.clear()
    }
  }

  function onMove(element: HTMLElement, event: PointerEvent) {
    const before = pointers.get(event.pointerId)
    if (!before) return
    const now = at(element, event)
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    pointers.set(event.pointerId, now)
    if (other) {
      const distance = (point: { xPx: number; yPx: number }) => Math.max(1, Math.hypot(point.xPx - other.xPx, point.yPx - other.yPx))
      zoom(element, distance(now) / distance(before), { xPx: (now.xPx + other.xPx) / 2, yPx: (now.yPx + other.yPx) / 2 })
    } else if (view.value.scale > 1) {
      view.value = panBy(view.value, { widthPx: element.clientWidth, heightPx: element.clientHeight }, now.xPx - before.xPx, now.yPx - before.yPx)
    }
  }

  function zoom(element: HTMLElement, factor: number, point: { xPx: number; yPx: number }) {
    view.value = zoomAt(view.value, { widthPx: element.clientWidth, heightPx: element.clientHeight }, factor, point)
  }
}

function at(element: HTMLElement, event: MouseEvent) {
  const { left, top } = element.getBoundingClientRect()
  return { xPx: event.clientX - left, yPx: event.clientY - top }
}
