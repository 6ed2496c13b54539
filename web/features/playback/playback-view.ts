/** The playback page's view, read from and written to the URL. */
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { parsePlaybackQuery, type PlaybackQuery, serializePlaybackQuery, usualLayout } from './query.ts'

export function usePlaybackView(): { view: ComputedRef<PlaybackQuery>; change(changes: Partial<PlaybackQuery>): void } {
  const route = useRoute()
  const router = useRouter()
  const view = computed<PlaybackQuery>((before) => {
    const parsed = parsePlaybackQuery(route.query)
    // the same cameras stay the same list: nothing is fetched or drawn anew because the moment moved
    return before && before.cameraIds.join() === parsed.cameraIds.join() ? { ...parsed, cameraIds: before.cameraIds } : parsed
  })

  function change(changes: Partial<PlaybackQuery>): void {
    if (route.name !== 'playback') return
    const before = view.value
    const next = { ...before, ...changes }
    // a layout nobody chose follows the number of cameras
    if (changes.cameraIds && before.layout === usualLayout(before.cameraIds.length)) next.layout = usualLayout(next.cameraIds.length)
    if (next.focusId === null || !next.cameraIds.includes(next.focusId)) next.focusId = next.cameraIds[0] ?? null
    void router.replace({ name: 'playback', query: serializePlaybackQuery(next) })
  }
  return { view, change }
}
