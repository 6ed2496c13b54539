/** What a player of recordings is asked and what it tells. */
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import type { VideoCodec } from '../../../server/contract/media.ts'
import type { PlaybackServerMessage, TimeRange } from '../../../server/contract/recordings.ts'
import type { PlayerClock } from './clock.ts'
import type { OpenSocket } from './feed-socket.ts'
import type { OpenDecoder } from './mpegts.ts'
import type { PlayerFault } from './watchdog.ts'

export type PlaybackOpened = Extract<PlaybackServerMessage, { type: 'opened' }>
/** Why sound that is wanted is not heard. `speed`: at this speed there is none. `broken`: it held the picture or could not be decoded. */
export type SoundProblem = NonNullable<PlaybackOpened['soundMissing']> | 'none_recorded' | 'broken' | 'speed'
export type PlaybackRefusal = Extract<PlaybackServerMessage, { type: 'refused' }>['cause'] | 'no_permission'

/**
 * `opening`: no picture of this moment yet. `playing`, `paused`: it shows the moment asked for. `buffering`: the data is on its way.
 * `gap`: nothing is stored here. `end`: nothing newer is. `lost`: trying again. `refused`: asking again the same way would not help.
 */
export type PlaybackPhase = 'opening' | 'playing' | 'paused' | 'buffering' | 'gap' | 'end' | 'lost' | 'refused' | 'closed'

/** A picture of this moment is expected any time. */
export function isLoading(phase: PlaybackPhase): boolean {
  return phase === 'opening' || phase === 'buffering' || phase === 'lost'
}

export type PlaybackState = {
  phase: PlaybackPhase
  gap: TimeRange | null
  /** The newest moment there is; null while it is not known, and with `end` when nothing was ever stored. */
  newestAt: Instant | null
  refusal: PlaybackRefusal | null
  detail: string | null
  fault: PlayerFault | null
  attempt: number
  /** Seconds until the next try; null while one is under way. */
  retryInS: number | null
  opened: PlaybackOpened | null
  soundProblem: SoundProblem | null
  /** How far the moment shown is ahead of the true one, by what the recording notes of the recorder's clock; 0: not at all. */
  clockOffsetMs: number
  hasPicture: boolean
}

/** The master clock's word: this moment and this fast. `isRunning`: it goes on now; `isPlaying`: it would, were nobody waited for. */
export type PlaybackPace = { at: Instant; speed: number; isPlaying: boolean; isRunning: boolean }

export type PlaybackPlayerOptions = {
  cameraId: CameraId
  openSocket: OpenSocket
  onState: (state: PlaybackState) => void
  /** A canvas over the video: holds the last picture while the decoder is exchanged. */
  holdCanvas?: HTMLCanvasElement | undefined
  clock?: PlayerClock
  random?: () => number
  openDecoder?: OpenDecoder
  /** What this browser decodes; asked of the browser if left out. */
  codecs?: readonly VideoCodec[]
}

export type PlaybackPlayer = {
  state(): PlaybackState
  /** How long it has not been able to show the moment asked for, ms. */
  waitedMs(): number
  /** Called some ten times a second by the master clock. */
  follow(pace: PlaybackPace): void
  /** Moment of the picture shown now. */
  shownAt(): Instant | null
  /** Moment of the picture beside the one shown; beyond the buffer it is reckoned. */
  frameBeside(step: 1 | -1): Instant | null
  /** Mute at first; turned on after a click on the page, or the browser refuses it. */
  setSound(isOn: boolean): void
  retryNow(): void
  close(): Promise<void>
}
