/** One live picture for a component: a place in the budget, the engine, and its end with the component. */
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import type { CameraId, Profile } from '../../../server/contract/ids.ts'
import type { CameraStatus } from '../../../server/contract/status.ts'
import { openMediaSocket } from '../../base/media-socket.ts'
import { serverNow } from '../../base/server-clock.ts'
import { createLivePlayer, type LivePlayer, type LiveState, meterPicture, type PlaceLease, playerBudget } from '../../engines/player/index.ts'
import { useCameraStore } from '../cameras/store.ts'

/** After the server has come back a wall of tiles does not knock all at once. */
const returnSpreadMs = 1500

export type LivePictureOptions = {
  video: Readonly<Ref<HTMLVideoElement | null>>
  holdCanvas: Readonly<Ref<HTMLCanvasElement | null>>
  cameraId: () => CameraId
  profile: () => Profile
  /** Judged by the server: a camera that answers again is asked at once, whatever pause the player had got to. */
  status: () => CameraStatus
  /** It is for later (the next step of a rotation): its first picture is decoded and stands. */
  isWaiting?: () => boolean
}

export function useLivePicture({ video, holdCanvas, cameraId, profile, status, isWaiting = () => false }: LivePictureOptions) {
  const cameras = useCameraStore()
  const live = shallowRef<LiveState | null>(null)
  /** How many play on this machine when there was no place for this one; null: it has a place. */
  const fullAt = shallowRef<number | null>(null)
  let player: LivePlayer | undefined
  let lease: PlaceLease | undefined
  let returnTimer: ReturnType<typeof setTimeout> | undefined
  let endMetering: (() => void) | undefined

  const stopListening = playerBudget.onChange(() => fullAt.value !== null && open())
  // getters: a shallow ref in the list would call `open` whenever the camera object is replaced, with every change of its state
  watch([() => video.value, cameraId], open, { flush: 'post' })
  watch(profile, (wanted) => setProfile(wanted))
  watch(isWaiting, (isLater) => {
    player?.setResting(isLater)
    lease?.setWaiting(isLater)
  })
  watch(status, (now, before) => {
    const isBack = (now === 'online' || now === 'degraded') && before !== 'online' && before !== 'degraded'
    if (isBack && live.value !== null && live.value.phase !== 'live') player?.retryNow()
  })
  // the push line is back: so is the server, whatever pause the player had got to
  watch(
    () => cameras.connection,
    (connection, before) => {
      if (connection !== 'live' || before === 'live') return
      clearTimeout(returnTimer)
      returnTimer = setTimeout(() => live.value?.fault && player?.retryNow(), Math.random() * returnSpreadMs)
    },
  )
  onScopeDispose(() => {
    clearTimeout(returnTimer)
    stopListening()
    close()
  })

  return { live, fullAt, setProfile, setSound: (isOn: boolean) => player?.setSound(isOn), retryNow: () => player?.retryNow() }

  function open() {
    close()
    const element = video.value
    if (!element) return
    lease = playerBudget.take(profile(), isWaiting())
    fullAt.value = lease ? null : playerBudget.open().length
    if (!lease) return
    player = createLivePlayer(element, {
      cameraId: cameraId(),
      profile: profile(),
      isResting: isWaiting(),
      openSocket: openMediaSocket,
      serverNow,
      holdCanvas: holdCanvas.value ?? undefined,
      onState: (state) => (live.value = state),
    })
    endMetering = meterPicture(element, {
      profile: () => live.value?.opened?.profile ?? profile(),
      isCounted: () => !isWaiting() && (live.value?.phase === 'live' || live.value?.phase === 'slow'),
    })
  }

  function close() {
    const old = player
    player = undefined
    void old?.close()
    endMetering?.()
    endMetering = undefined
    live.value = null
    const place = lease
    lease = undefined
    place?.release() // last: others who wait are told, and may take it at once
  }

  function setProfile(wanted: Profile) {
    player?.setProfile(wanted)
    lease?.setProfile(wanted)
  }
}
