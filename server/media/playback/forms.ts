/** In which form one page gets what is stored: passed on if its browser can decode it, else transcoded. Holds the page's places among all transcodes. */
import type { FailureCause } from '../../contract/status.ts'
import type { PlaybackRequest } from '../plane.ts'
import type { FeedFormat } from '../tag.ts'
import type { TranscodePlace, TranscodeRefusal, Transcoders } from '../transcoders.ts'
import { needsSoundTranscode } from '../variant.ts'

/** Undefined: as it is stored. */
export type Form = {
  pictures: TranscodePlace | undefined
  sound: 'none' | 'as_is' | TranscodePlace
  soundMissing: TranscodeRefusal | 'codec_not_supported' | null
}
export type Chosen = { ok: true; form: Form } | { ok: false; cause: Extract<FailureCause, TranscodeRefusal | 'codec_not_supported'>; detail: string }

/** Transcodes of pictures that may die before they are given up. */
const MAX_FAILURES = 3

export function createForms({ codecs, sound }: Pick<PlaybackRequest, 'codecs' | 'sound'>, transcoders: Pick<Transcoders, 'reserve'>) {
  let wantsSound = sound
  let picturePlace: TranscodePlace | undefined
  let soundPlace: TranscodePlace | undefined
  let pictureFailures = 0
  let failedDetail = ''
  let isSoundBroken = false

  function choosePictures({ video }: FeedFormat): { ok: true } | Extract<Chosen, { ok: false }> {
    if (codecs.includes(video.codec)) {
      releasePictures()
      return { ok: true }
    }
    if (pictureFailures >= MAX_FAILURES) return { ok: false, cause: 'codec_not_supported', detail: failedDetail }
    if (!picturePlace) {
      const reserved = transcoders.reserve('picture')
      if (!reserved.ok) return { ok: false, cause: reserved.cause, detail: video.codec }
      picturePlace = reserved.place
    }
    return { ok: true }
  }

  function chooseSound({ audio }: FeedFormat, isKeyFramesOnly: boolean): Pick<Form, 'sound' | 'soundMissing'> {
    const isWanted = wantsSound && audio !== undefined && !isKeyFramesOnly
    if (!isWanted || isSoundBroken || !needsSoundTranscode(audio)) releaseSound()
    if (!isWanted) return { sound: 'none', soundMissing: null }
    if (isSoundBroken) return { sound: 'none', soundMissing: 'codec_not_supported' }
    if (!needsSoundTranscode(audio)) return { sound: 'as_is', soundMissing: null }
    if (!soundPlace) {
      const reserved = transcoders.reserve('sound')
      if (!reserved.ok) return { sound: 'none', soundMissing: reserved.cause }
      soundPlace = reserved.place
    }
    return { sound: soundPlace, soundMissing: null }
  }

  function releasePictures() {
    picturePlace?.release()
    picturePlace = undefined
  }

  function releaseSound() {
    soundPlace?.release()
    soundPlace = undefined
  }

  return {
    /** Keeps the places it has, so that a seek cannot lose them to somebody else. */
    choose(source: FeedFormat, isKeyFramesOnly: boolean): Chosen {
      const chosen = choosePictures(source)
      if (!chosen.ok) {
        release()
        return chosen
      }
      return { ok: true, form: { pictures: picturePlace, ...chooseSound(source, isKeyFramesOnly) } }
    },
    /** False if it was so already. */
    wantSound(isOn: boolean): boolean {
      const isNew = isOn !== wantsSound
      wantsSound = isOn
      isSoundBroken = false
      return isNew
    },
    /** Also tells whether any sound is wanted of a format that goes on. */
    wantsSound: () => wantsSound,
    onPicturesFailed(detail: string) {
      pictureFailures++
      failedDetail = detail.slice(0, 200)
    },
    onSoundFailed() {
      isSoundBroken = true
    },
    /** Another moment is asked for: what could not be decoded here may be fine there. */
    forgive() {
      pictureFailures = 0
      isSoundBroken = false
    },
    release,
  }

  function release() {
    releasePictures()
    releaseSound()
  }
}
export type Forms = ReturnType<typeof createForms>
