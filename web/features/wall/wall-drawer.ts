/** Is the drawer open? Kept on this screen; folded where there is little room and in windows of their own until somebody opens it. */
import { computed } from 'vue'
import { useLayout } from '../../base/layout.ts'
import { usePreference } from '../../base/preference.ts'

type Choice = 'open' | 'folded' | 'usual'
const isChoice = (value: unknown) => value === 'open' || value === 'folded' || value === 'usual'
const onPage = usePreference<Choice>('wall.drawer', () => 'usual', isChoice)
const inWindow = usePreference<Choice>('wall.drawer.window', () => 'usual', isChoice)

export function useDrawer(isWindow: boolean) {
  const layout = useLayout()
  const { value, set } = isWindow ? inWindow : onPage
  const isOpen = computed(() => (value.value === 'usual' ? !isWindow && layout.value === 'full' : value.value === 'open'))
  return { isOpen, toggle: () => set(isOpen.value ? 'folded' : 'open') }
}
