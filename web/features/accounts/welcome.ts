/** Is the server there? Asked again and again while it is not, calmly once it is. */
import { onScopeDispose, type Ref, ref } from 'vue'
import { useAccountStore } from './store.ts'

const againWhenAwayMs = 3_000
const againWhenUpMs = 30_000

/** `onUp` is called each time the server answers after it had not. */
export function useWelcome({ onUp }: { onUp(): unknown }): { service: Readonly<Ref<'asking' | 'up' | 'away'>> } {
  const account = useAccountStore()
  const service = ref<'asking' | 'up' | 'away'>('asking')
  let timer: ReturnType<typeof setTimeout> | undefined
  let isDone = false

  async function ask(): Promise<void> {
    const before = service.value
    try {
      await account.loadWelcome()
      if (isDone) return
      service.value = 'up'
      if (before !== 'up') void onUp()
    } catch {
      service.value = 'away'
    }
    if (!isDone) timer = setTimeout(() => void ask(), service.value === 'up' ? againWhenUpMs : againWhenAwayMs)
  }

  void ask()
  onScopeDispose(() => {
    isDone = true
    clearTimeout(timer)
  })
  return { service }
}
