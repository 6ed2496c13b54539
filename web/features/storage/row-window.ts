/** Which rows of a long list of equal rows are drawn: those in sight and a few around. */
import { computed, type ComputedRef, nextTick, onMounted, onScopeDispose, ref, type Ref } from 'vue'

const around = 8
/** Before the box is laid out. */
const usualPx = 800

export type RowWindow = {
  from: ComputedRef<number>
  to: ComputedRef<number>
  onScroll(): void
  /** Brings a row into sight, below `coveredPx` of sticky head. */
  reveal(index: number, coveredPx?: number): void
}

export function useRowWindow(box: Readonly<Ref<HTMLElement | null>>, count: () => number, rowPx: () => number): RowWindow {
  const first = ref(0)
  const fit = ref(Math.ceil(usualPx / rowPx()))
  const observer = new ResizeObserver(measure)
  onMounted(() => box.value && observer.observe(box.value))
  onScopeDispose(() => observer.disconnect())

  function measure() {
    const element = box.value
    if (!element) return
    fit.value = Math.ceil((element.clientHeight || usualPx) / rowPx())
    // in steps, so that most scroll events draw nothing
    first.value = Math.floor(element.scrollTop / rowPx() / 4) * 4
  }

  function reveal(index: number, coveredPx = 0) {
    const element = box.value
    if (!element) return
    const top = index * rowPx()
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowPx() > element.scrollTop + element.clientHeight - coveredPx) element.scrollTop = top + rowPx() - element.clientHeight + coveredPx
    void nextTick(measure)
  }

  return {
    from: computed(() => Math.max(0, Math.min(first.value, count() - fit.value) - around)),
    to: computed(() => Math.min(count(), first.value + fit.value + around + 4)),
    onScroll: measure,
    reveal,
  }
}
