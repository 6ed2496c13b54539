/** This wall on the line between windows: it says that it is here, shows what others send, and says goodbye. */
import { onScopeDispose, watch } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'
import { useAccountStore } from '../accounts/store.ts'
import { openWallLine } from '../to-wall/wall-channel.ts'
import type { Placed } from '../to-wall/wall-state.ts'
import { shownWall } from '../to-wall/walls.ts'
import { sayEveryMs } from './decode-share.ts'
import type { Claim } from './wall-claim.ts'
import type { Wall } from './wall.ts'

export type WallPresence = {
  name: () => string
  claim?: Claim | undefined
  /** What plays here, in sub streams. */
  decoding?: () => number
  onShow: (cameraIds: readonly CameraId[], how: 'add' | 'replace', tile: number | null) => Omit<Placed, 'state'>
}

export function useWallPresence(wall: Wall, { name, claim, decoding, onShow }: WallPresence) {
  const account = useAccountStore()
  const me = () => account.me?.account ?? ''
  const line = openWallLine(me, (message) => {
    if (message.type === 'who') return sayHere()
    if (message.type !== 'show' || message.wall !== wall.number) return
    const { placed, leftOut, replaced } = onShow(message.cameraIds, message.how, message.tile ?? null)
    const isHeld = placed.length > 0 && wall.state.value.rotation !== null
    line.post({ type: 'shown', account: me(), requestId: message.requestId, wall: wall.number, placed, leftOut, replaced, isHeld })
    sayHere()
  })
  const onHide = () => line.post({ type: 'gone', account: me(), wall: wall.number })
  window.addEventListener('pagehide', onHide)
  watch(name, sayHere)
  sayHere()
  // other walls of this computer leave it that share of the decoder
  const timer = setInterval(sayHere, sayEveryMs)
  onScopeDispose(() => {
    clearInterval(timer)
    window.removeEventListener('pagehide', onHide)
    onHide()
    line.close()
  })

  function sayHere() {
    const { shape, cameraIds } = wall.state.value
    line.post({
      type: 'here',
      account: me(),
      wall: wall.number,
      name: name().slice(0, 100),
      tiles: shape.places.length,
      shown: cameraIds.filter((id) => id !== null).length,
      picture: shownWall(wall.state.value),
      ...claim,
      decoding: decoding?.() ?? 0,
    })
  }
}
