/** The keys of the map page. */
import type { Ref } from 'vue'
import { useLayout } from '../../base/layout.ts'
import { useShortcuts } from '../../base/shortcuts.ts'
import { useAccountStore } from '../accounts/store.ts'
import type { useMapTools } from './map-tools.ts'

export function useMapKeys({
  canvas,
  left,
  tools,
  isEditing,
  ...page
}: {
  canvas: Readonly<Ref<{ zoomIn(): void; zoomOut(): void } | null>>
  left: Readonly<Ref<{ move(step: 1 | -1): boolean; open(): boolean } | null>>
  tools: ReturnType<typeof useMapTools>
  /** A camera is being placed: no other tool then. */
  isEditing(): boolean
  focusSearch(): void
  toggleSectors(): void
  togglePast(): void
  stepBack(): boolean
}): void {
  const layout = useLayout()
  const account = useAccountStore()

  /** Tools need room and a pointer. */
  function onDesk(run: () => void): boolean {
    if (layout.value === 'phone' || isEditing()) return false
    run()
    return true
  }

  useShortcuts([
    { keys: '/', label: 'shell.keys.search', run: page.focusSearch },
    { keys: 'arrowdown', label: 'shell.keys.list', run: () => left.value?.move(1) ?? false },
    { keys: 'arrowup', run: () => left.value?.move(-1) ?? false },
    { keys: 'enter', label: 'shell.keys.open', run: () => (document.activeElement === document.body ? (left.value?.open() ?? false) : false) },
    { keys: 'v', label: 'shell.keys.sectors', run: page.toggleSectors },
    { keys: 'b', label: 'map.keys.select', run: () => onDesk(tools.nextSelect) },
    { keys: 'n', label: 'map.keys.nearest', run: () => onDesk(() => tools.pick('point')) },
    { keys: 'r', label: 'map.keys.measure', run: () => onDesk(() => tools.pick('distance')) },
    { keys: 'l', label: 'map.keys.layers', run: () => onDesk(() => tools.togglePanel('layers')) },
    { keys: 't', label: 'map.keys.past', run: () => (account.can('status.history') ? onDesk(page.togglePast) : false) },
    { keys: '+', label: 'shell.keys.zoomIn', run: () => canvas.value?.zoomIn() },
    { keys: '=', run: () => canvas.value?.zoomIn() },
    { keys: '-', label: 'shell.keys.zoomOut', run: () => canvas.value?.zoomOut() },
    { keys: 'escape', label: 'shell.keys.back', run: page.stepBack },
  ])
}
