/** What a live player is asked and what it tells. */
import type { CameraId, Instant, Profile } from '../../../server/contract/ids.ts'
import type { VideoCodec } from '../../../server/contract/media.ts'
import type { FailureCause } from '../../../server/contract/status.ts'
import type { PlayerClock } from './clock.ts'
import type { Opened } from './feed.ts'
import type { OpenSocket } from './feed-socket.ts'
import type { OpenDecoder } from './mpegts.ts'
import type { PlayerFault } from './watchdog.ts'

/** `opening`: no picture yet. `live`, `slow`, `stalled`: by the age of the frame shown. `refused`: asking again the same way would not help. */
export type LivePhase = 'opening' | 'live' | 'slow' | 'stalled' | 'refused' | 'closed'

export type LiveState = {
  phase: LivePhase
  /** What the camera or the server says is wrong; null while all is well. */
  cause: FailureCause | null
  detail: string | null
  /** What is wrong on our side of the wire. */
  fault: PlayerFault | null
  /** Tries since the last picture, ours or the server's; 0 while it plays. */
  attempt: number
  /** Until the next try; null while one is under way. */
  retryInMs: number | null
  /** Age of the frame on the screen; null while there is none. */
  ageMs: number | null
  /** What the server really sends, from its `opened`. */
  opened: Opened | null
  kbps: number | null
  fps: number | null
  /** Distance to the end of the buffer. */
  lagMs: number | null
  profile: Profile
  hasSound: boolean
  isSwitching: boolean
  /** The switch asked for last was refused: the old picture goes on. */
  switchRefused: FailureCause | null
}

export type LivePlayerOptions = {
  cameraId: CameraId
  profile: Profile
  sound?: boolean
  /** It is for later: its first picture is decoded and stands until `setResting(false)`. */
  isResting?: boolean
  openSocket: OpenSocket
  serverNow: () => Instant
  onState: (state: LiveState) => void
  /** A canvas over the video: holds the last picture while the decoder is exchanged. */
  holdCanvas?: HTMLCanvasElement | undefined
  clock?: PlayerClock
  random?: () => number
  openDecoder?: OpenDecoder
  /** What this browser decodes; asked of the browser if left out. */
  codecs?: readonly VideoCodec[]
}

export type LivePlayer = {
  state(): LiveState
  setProfile(profile: Profile): void
  setSound(isOn: boolean): void
  /** Stands with the picture it has and costs no decoding; or goes on at the live edge. */
  setResting(isOn: boolean): void
  /** Ends the pause: tries now, and asks the server to try the camera now. */
  retryNow(): void
  close(): Promise<void>
}
