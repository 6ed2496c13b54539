/** The sheet at the foot of a phone: low, half or nearly full; dragged or tapped by its handle. */
import { computed, type ComputedRef, onScopeDispose, type Ref, ref } from 'vue'
import { useTheme } from '../../base/theme.ts'

const lowPx = 132
const stops = [0, 0.55, 0.9]
/** A press that moves less than this is a tap. */
const tapPx = 6

export function useSheet(): {
  heightPx: ComputedRef<number>
  isOpen: ComputedRef<boolean>
  isDragged: Ref<boolean>
  open(): void
  handle: { pointerdown(event: PointerEvent): void; click(event: MouseEvent): void }
} {
  const { scale } = useTheme()
  const windowPx = ref(window.innerHeight)
  const stop = ref(1)
  const draggedPx = ref<number | null>(null)
  const onResize = () => (windowPx.value = window.innerHeight)
  window.addEventListener('resize', onResize)
  onScopeDispose(() => window.removeEventListener('resize', onResize))

  const heightAt = (index: number) => Math.max(lowPx * scale.value, (stops[index] ?? 0) * windowPx.value)
  const heightPx = computed(() => Math.round(draggedPx.value ?? heightAt(stop.value)))

  function onPointerDown(event: PointerEvent): void {
    const handle = event.currentTarget as HTMLElement
    const startPx = event.clientY
    const fromPx = heightPx.value
    handle.setPointerCapture(event.pointerId)
    const onMove = (moved: PointerEvent) => {
      if (draggedPx.value === null && Math.abs(moved.clientY - startPx) < tapPx) return
      draggedPx.value = Math.min(heightAt(stops.length - 1), Math.max(heightAt(0), fromPx + startPx - moved.clientY))
    }
    const onEnd = () => {
      handle.removeEventListener('pointermove', onMove)
      const endPx = draggedPx.value
      if (endPx === null) return
      draggedPx.value = null
      stop.value = stops
        .map((_, index) => index)
        .reduce((best, index) => (Math.abs(heightAt(index) - endPx) < Math.abs(heightAt(best) - endPx) ? index : best), 0)
      // the click that follows a drag is not a tap
      handle.addEventListener('click', (click) => click.stopImmediatePropagation(), { once: true, capture: true })
    }
    handle.addEventListener('pointermove', onMove)
    handle.addEventListener('lostpointercapture', onEnd, { once: true })
  }

  return {
    heightPx,
    isOpen: computed(() => stop.value > 0),
    isDragged: computed(() => draggedPx.value !== null),
    open: () => (stop.value = Math.max(1, stop.value)),
    handle: { pointerdown: onPointerDown, click: () => (stop.value = (stop.value + 1) % stops.length) },
  }
}
