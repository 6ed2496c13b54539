/**
 * One wall number, one window (R-WALL-4): two tabs of the same wall would both turn its rotation, both report it, and write over each other's state.
 * Whoever opens a number asks first; who took it last has it, and the one before says so. (Locks of the browser would need HTTPS.)
 */
import { onScopeDispose, type Ref, ref, watch } from 'vue'
import { useAccountStore } from '../accounts/store.ts'
import { noteOpenWall } from '../to-wall/open-walls.ts'
import { openWallLine, type WallHere } from '../to-wall/wall-channel.ts'
import { wallMemory, type WallNumber } from '../to-wall/wall-memory.ts'

/** Windows of the same machine answer within milliseconds. */
export const askForMs = 200

/** `elsewhere`: another window had it when this one came; `moved`: another window has taken it from this one. */
export type ClaimState = 'asking' | 'mine' | 'elsewhere' | 'moved'
export type Claim = { holderId: string; takenAt: number }

export function useWallClaim(number: () => WallNumber): { state: Readonly<Ref<ClaimState>>; claim: Claim; take(): void } {
  const account = useAccountStore()
  const me = () => account.me?.account ?? ''
  const state = ref<ClaimState>('asking')
  const claim: Claim = { holderId: `${Date.now()}-${Math.random()}`, takenAt: 0 }
  let timer: ReturnType<typeof setTimeout> | undefined

  const line = openWallLine(me, (message) => {
    if (message.type === 'take' && message.wall === number() && state.value === 'mine') state.value = 'moved'
    // not while it is `moved`: then it is this page's own pictures that say goodbye
    if (message.type === 'gone' && message.wall === number() && state.value === 'elsewhere') return ask()
    if (message.type !== 'here' || message.wall !== number()) return
    if (state.value === 'asking') {
      clearTimeout(timer)
      state.value = 'elsewhere'
    } else if (state.value === 'mine' && isLater(message, claim)) state.value = 'moved' // both were opened in the same moment, or one slept when it was asked
  })
  watch(number, ask, { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    line.close()
  })

  return { state, claim, take }

  function ask() {
    state.value = 'asking'
    line.post({ type: 'who', account: me() })
    clearTimeout(timer)
    timer = setTimeout(become, askForMs)
  }

  /** The other window ends its pictures and its rotation first. */
  function take() {
    line.post({ type: 'take', account: me(), wall: number() })
    clearTimeout(timer)
    timer = setTimeout(become, askForMs)
  }

  function become() {
    claim.takenAt = Date.now()
    wallMemory(number()).reread() // another window may have changed it since
    noteOpenWall(number())
    state.value = 'mine'
  }
}

function isLater(other: Pick<WallHere, 'holderId' | 'takenAt'>, mine: Claim): boolean {
  const at = other.takenAt ?? 0
  return at > mine.takenAt || (at === mine.takenAt && (other.holderId ?? '') > mine.holderId)
}
