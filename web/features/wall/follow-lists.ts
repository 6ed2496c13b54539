/** The wall goes with what it was opened from: a layout or a rotation that somebody else changes or takes away while it is shown. */
import { watch } from 'vue'
import type { WallLayout } from '../../../server/contract/walls.ts'
import { t } from '../../base/i18n.ts'
import type { WallLists } from './wall-lists.ts'
import { differsFrom, type Wall } from './wall.ts'

export function useFollowLists({ wall, lists, stopRotation, say }: { wall: Wall; lists: WallLists; stopRotation(): void; say(words: string): void }) {
  const { state } = wall

  watch([lists.layouts, lists.rotations], ([layouts, rotations], [layoutsBefore, rotationsBefore]) => {
    if (layouts) followLayout(layouts, layoutsBefore ?? [])
    const turning = state.value.rotation
    if (!rotations || !turning || rotations.some(({ rotationId }) => rotationId === turning.rotationId)) return
    const name = rotationsBefore?.find(({ rotationId }) => rotationId === turning.rotationId)?.name
    stopRotation()
    say(name === undefined ? t('wall.rotationGoneUnnamed') : t('wall.rotationGone', { name }))
  })

  /** A layout shown as it was saved is shown as it is saved now; one that was changed here stays, marked as not saved. */
  function followLayout(layouts: readonly WallLayout[], before: readonly WallLayout[]) {
    const { layoutId, rotation } = state.value
    if (layoutId === null) return
    const was = before.find((each) => each.layoutId === layoutId)
    const now = layouts.find((each) => each.layoutId === layoutId)
    if (!now) {
      wall.set({ ...state.value, layoutId: null })
      if (was) say(t('wall.shownLayoutGone', { name: was.name }))
    } else if (was && rotation === null && !differsFrom(state.value, was) && differsFrom(state.value, now)) {
      wall.open(now)
      say(t('wall.shownLayoutChanged', { name: now.name, owner: now.owner }))
    }
  }
}
