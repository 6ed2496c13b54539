/** What other walls of this computer decode, as they say it: the budget is the computer's, not the window's (R-WALL-3). */
import { onScopeDispose, type Ref, ref } from 'vue'
import { useAccountStore } from '../accounts/store.ts'
import { openWallLine } from '../to-wall/wall-channel.ts'
import type { WallNumber } from '../to-wall/wall-memory.ts'

/** How often a wall says it (`wall-presence.ts`). */
export const sayEveryMs = 5_000
/** A hidden window says it once a minute at most, and decodes nothing. */
const heardWithinMs = 12_000

/** In sub streams. */
export function useDecodingElsewhere(number: WallNumber): Readonly<Ref<number>> {
  const account = useAccountStore()
  const elsewhere = ref(0)
  const heard = new Map<WallNumber, { decoding: number; atMs: number }>()
  const line = openWallLine(
    () => account.me?.account ?? '',
    (message) => {
      if (message.type === 'gone') heard.delete(message.wall)
      else if (message.type === 'here' && message.wall !== number) heard.set(message.wall, { decoding: message.decoding ?? 0, atMs: performance.now() })
      else return
      sum()
    },
  )
  const timer = setInterval(sum, sayEveryMs)
  onScopeDispose(() => {
    clearInterval(timer)
    line.close()
  })
  return elsewhere

  function sum() {
    for (const [wall, { atMs }] of heard) if (performance.now() - atMs > heardWithinMs) heard.delete(wall)
    elsewhere.value = [...heard.values()].reduce((all, { decoding }) => all + decoding, 0)
  }
}
