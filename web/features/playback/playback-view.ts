/** The playback page's view, read from and written to the URL. */
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { parsePlaybackQuery, type PlaybackQuery, serializePlaybackQuery, usualLayout } from './query.ts'

export function usePlaybackView(): { view: ComputedRef<PlaybackQuery>; change(changes: Partial<PlaybackQuery>): void } {
  const route = useRoute()
  const router = useRouter()
  const view = computed<PlaybackQuery>((before) => {
    const parsed = parsePlaybackQuery(route.query)
    // the same cameras and the same selection stay the same objects: nothing is fetched or drawn anew because the moment moved
    const isSame = before && before.selection?.fromAt === parsed.selection?.fromAt && before.selection?.toAt === parsed.selection?.toAt
    const cameraIds = before && before.cameraIds.join() === parsed.cameraIds.join() ? before.cameraIds : parsed.cameraIds
    return { ...parsed, cameraIds, selection: isSame ? before.selection : parsed.selection }
  })

  /** On its way into the address: a second change at the same moment is put onto it. */
  let coming: PlaybackQuery | null = null

  function change(changes: Partial<PlaybackQuery>): void {
    if (route.name !== 'playback') return
    const before = coming ?? view.value
    const next = { ...before, ...changes }
    // a layout nobody chose follows the number of cameras
    if (changes.cameraIds && before.layout === usualLayout(before.cameraIds.length)) next.layout = usualLayout(next.cameraIds.length)
    if (next.focusId === null || !next.cameraIds.includes(next.focusId)) next.focusId = next.cameraIds[0] ?? null
    coming = next
    void router.replace({ name: 'playback', query: serializePlaybackQuery(next) }).finally(() => {
      if (coming === next) coming = null
    })
  }
  return { view, change }
}
