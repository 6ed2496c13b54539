/** The master clock of the page and the players that follow it, ended with the component. */
import { onScopeDispose, shallowRef } from 'vue'
import type { Instant } from '../../../server/contract/ids.ts'
import { serverNow } from '../../base/server-clock.ts'
import { createPlaybackGroup, type PlaybackGroupState } from '../../engines/player/index.ts'

export function usePlaybackClock(start: { at: Instant; speed: number }) {
  const state = shallowRef<PlaybackGroupState>({ ...start, isPlaying: true, heldFor: null, realSpeed: null, skipped: null })
  const group = createPlaybackGroup({
    ...start,
    isPlaying: true,
    serverNow,
    onState(next) {
      const before = state.value
      const isSame = (Object.keys(next) as (keyof PlaybackGroupState)[]).every((key) => next[key] === before[key])
      if (!isSame) state.value = next
    },
  })
  onScopeDispose(() => group.close())
  return { group, state }
}
export type PlaybackClock = ReturnType<typeof usePlaybackClock>
