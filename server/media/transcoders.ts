/** How many may be transcoded at once, and for how long after the last viewer. */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { GopLimits } from './feed.ts'
import type { Stream } from './stream.ts'
import { needsSoundTranscode, Variant } from './variant.ts'

export type TranscodeLimits = { maxPictures: number; maxSounds: number; lingerMs: number }

/** One thread turns H.265 1440p25 into H.264 720p25 in 0.29 core; some of the machine is left for everything else. */
export function limitsForCores(cores: number): TranscodeLimits {
  return { maxPictures: Math.max(1, Math.floor(cores * 1.5)), maxSounds: Math.max(4, cores * 8), lingerMs: 30_000 }
}

export type VariantLease = { variant: Variant; leave(): void }
export type TranscodeRefusal = 'transcoder_missing' | 'transcode_limit'
export type Acquired = { ok: true; lease: VariantLease; soundMissing: TranscodeRefusal | null } | { ok: false; cause: TranscodeRefusal }

/** A transcode of one's own; `release` may be called twice. */
export type TranscodePlace = { ffmpegPath: string; release(): void }
export type Reserved = { ok: true; place: TranscodePlace } | { ok: false; cause: TranscodeRefusal }

type Entry = { variant: Variant; users: number; linger: Timer | undefined }

export type TranscodersDeps = { ffmpegPath: string | undefined; clock: Clock; log: Log; limits: TranscodeLimits; gop: GopLimits }

export function createTranscoders({ ffmpegPath, clock, log, limits, gop }: TranscodersDeps) {
  const entries = new Map<string, Entry>()
  const reserved = { picture: 0, sound: 0 }

  const countPictures = () => [...entries.values()].filter(({ variant }) => variant.isPictureTranscoded).length + reserved.picture
  const countSounds = () =>
    [...entries.values()].filter(({ variant }) => variant.isSoundTranscoded && needsSoundTranscode(variant.stream.intake.sourceAudio)).length + reserved.sound
  const hasRoom = {
    picture: () => countPictures() < limits.maxPictures || makeRoom(({ variant }) => variant.isPictureTranscoded),
    sound: () => countSounds() < limits.maxSounds || makeRoom(({ variant }) => variant.isSoundTranscoded),
  }

  /** Ends a variant that only lingers, to make room; the one unused for longest goes first. */
  function makeRoom(isTaking: (entry: Entry) => boolean): boolean {
    for (const [key, entry] of entries) {
      if (entry.users > 0 || !isTaking(entry)) continue
      end(key, entry)
      return true
    }
    return false
  }

  function end(key: string, { variant, linger }: Entry) {
    linger?.cancel()
    entries.delete(key)
    void variant.close()
  }

  /** Pictures over the limit are refused; sound over the limit is only left out. */
  function acquire(stream: Stream, wants: { pictures: boolean; sound: boolean }): Acquired {
    if (!ffmpegPath) return { ok: false, cause: 'transcoder_missing' }
    const key = `${stream.cameraId}/${stream.profile}/${wants.pictures ? 'h264' : 'as_is'}`
    let entry = entries.get(key)
    // one that failed for good is tried anew by whoever asks anew
    if (entry?.variant.failedDetail || entry?.variant.stream !== stream) {
      if (entry) end(key, entry)
      entry = undefined
    }
    const needsSound = wants.sound && needsSoundTranscode(stream.intake.sourceAudio) && !entry?.variant.isSoundTranscoded
    const hasSoundPlace = !needsSound || hasRoom.sound()
    if (!entry) {
      if (!wants.pictures && !hasSoundPlace) return { ok: false, cause: 'transcode_limit' }
      if (wants.pictures && !hasRoom.picture()) return { ok: false, cause: 'transcode_limit' }
      entry = { variant: new Variant(stream, wants.pictures, { ffmpegPath, clock, log, gop }), users: 0, linger: undefined }
      entries.set(key, entry)
    }
    if (needsSound && hasSoundPlace) entry.variant.enableSound()
    return { ok: true, lease: lease(key, entry), soundMissing: needsSound && !hasSoundPlace ? 'transcode_limit' : null }
  }

  /** For what only one page sees, a recording: nothing is shared, but it counts among the others. */
  function reserve(kind: keyof typeof reserved): Reserved {
    if (!ffmpegPath) return { ok: false, cause: 'transcoder_missing' }
    if (!hasRoom[kind]()) return { ok: false, cause: 'transcode_limit' }
    reserved[kind]++
    let isReleased = false
    return {
      ok: true,
      place: {
        ffmpegPath,
        release() {
          if (!isReleased) reserved[kind]--
          isReleased = true
        },
      },
    }
  }

  function lease(key: string, entry: Entry): VariantLease {
    entry.users++
    entry.linger?.cancel()
    entry.linger = undefined
    let hasLeft = false
    return {
      variant: entry.variant,
      leave() {
        if (hasLeft) return
        hasLeft = true
        if (--entry.users > 0 || entries.get(key) !== entry) return
        // to the end of the line, so that room is made by the one unused for longest
        entries.delete(key)
        entries.set(key, entry)
        entry.linger = clock.after(limits.lingerMs, () => end(key, entry))
      },
    }
  }

  async function close() {
    const variants = [...entries.values()]
    for (const [key, entry] of entries) end(key, entry)
    await Promise.all(variants.map(({ variant }) => variant.close()))
  }

  return { acquire, reserve, close, running: () => countPictures() + countSounds(), hasFfmpeg: ffmpegPath !== undefined }
}
export type Transcoders = ReturnType<typeof createTranscoders>
