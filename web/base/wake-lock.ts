/** The screen stays on while a page is shown that is looked at from afar; asked for again whenever the page is seen, since a browser takes it back when it is hidden. */
import { onScopeDispose, ref } from 'vue'

export function useWakeLock() {
  const isHeld = ref(false)
  let lock: WakeLockSentinel | undefined
  let isOver = false
  const onVisible = () => void ask()
  document.addEventListener('visibilitychange', onVisible)
  onScopeDispose(() => {
    isOver = true
    document.removeEventListener('visibilitychange', onVisible)
    void lock?.release()
  })
  void ask()
  return { isHeld }

  async function ask() {
    if (document.hidden || isHeld.value || !('wakeLock' in navigator)) return
    try {
      const got = await navigator.wakeLock.request('screen')
      if (isOver) return void got.release()
      lock = got
      isHeld.value = true
      got.addEventListener('release', () => (isHeld.value = false))
    } catch (error) {
      console.info('the screen may go to sleep', error) // low battery, or not over HTTPS: asked again when seen
    }
  }
}
