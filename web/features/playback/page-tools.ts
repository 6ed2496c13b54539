/** Small things of the page: a word on what was just done, and the whole screen. */
import { onScopeDispose, ref, type Ref } from 'vue'

const noticeMs = 4_000

export function useNotice() {
  const notice = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(timer))
  return {
    notice,
    say(text: string) {
      notice.value = text
      clearTimeout(timer)
      timer = setTimeout(() => (notice.value = ''), noticeMs)
    },
  }
}

export function useFullscreen(root: Readonly<Ref<HTMLElement | null>>) {
  const isFullscreen = ref(false)
  const onChange = () => (isFullscreen.value = document.fullscreenElement !== null && document.fullscreenElement === root.value)
  document.addEventListener('fullscreenchange', onChange)
  onScopeDispose(() => document.removeEventListener('fullscreenchange', onChange))
  return {
    isFullscreen,
    async toggle() {
      if (document.fullscreenElement) await document.exitFullscreen()
      else await root.value?.requestFullscreen()
    },
  }
}
