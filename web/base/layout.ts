/** Which of the three layouts this window gets. Measured in design pixels, so a wall at scale 2 counts as a desk. */
import { type Ref, ref, watchEffect } from 'vue'
import { useTheme } from './theme.ts'

/** `phone` below 768, `compact` up to 1439 (1366×768 desks), `full` from 1440 (as drawn for 1920). */
export type Layout = 'phone' | 'compact' | 'full'

const widthPx = ref(window.innerWidth)
const layout = ref<Layout>('full')

export function layoutFor(windowWidthPx: number, scale: number): Layout {
  const width = windowWidthPx / scale
  return width < 768 ? 'phone' : width < 1440 ? 'compact' : 'full'
}

/** Follows the window and marks `:root` with `data-layout`. Called once by `main.ts`. */
export function applyLayout(root: HTMLElement = document.documentElement): void {
  const { scale } = useTheme()
  window.addEventListener('resize', () => (widthPx.value = window.innerWidth))
  watchEffect(() => {
    // a phone has no wall scale: its ratio is above 1.5 and the setting is for desks
    layout.value = layoutFor(widthPx.value, scale.value)
    root.dataset['layout'] = layout.value
  })
}

export function useLayout(): Readonly<Ref<Layout>> {
  return layout
}
