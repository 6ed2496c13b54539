/** Whether the sound of one recording is to be heard, and if not, why. Pure. */
import type { PlaybackOpened, PlaybackPace, SoundProblem } from './playback-state.ts'

/** Outside of these speeds browsers stretch sound badly, or not at all. */
const slowestHeard = 0.5
const fastestHeard = 2
/** A picture that waits so long for its sound goes on without it. */
const patienceMs = 5_000
const lateMs = 1_000

export function createPlaybackSound() {
  let isWanted = false
  /** It held the picture, or the decoder could not read it. */
  let isLost = false
  let speed = 1

  return {
    /** False if it was so already. */
    want(isOn: boolean): boolean {
      const isNew = isOn !== (isWanted && !isLost)
      isWanted = isOn
      isLost = false
      return isNew
    },
    lose() {
      isLost = true
    },
    /** Asked of the server. */
    isAsked: () => isWanted && !isLost,
    isAudible(pace: PlaybackPace): boolean {
      speed = pace.speed
      return isWanted && !isLost && pace.isPlaying && isHeardAt(speed)
    },
    /** `lagMs`: how far the newest sound is behind the newest picture; `waitedMs`: how long the picture has not come. */
    holdsPicture: (waitedMs: number, lagMs: number): boolean => waitedMs > patienceMs && lagMs > lateMs,
    problem(opened: PlaybackOpened | null): SoundProblem | null {
      if (!isWanted || !opened) return null
      if (opened.sound === null) return 'none_recorded'
      if (isLost) return 'broken'
      return isHeardAt(speed) ? opened.soundMissing : 'speed'
    },
  }
}

function isHeardAt(speed: number): boolean {
  return speed >= slowestHeard && speed <= fastestHeard
}
