/** Which form of a camera a browser gets, the cheapest that it can decode. */
import type { Profile } from '../contract/ids.ts'
import type { VideoCodec } from '../contract/media.ts'

export type Rung = { profile: Profile; isTranscoded: boolean; instead: 'sub_stream' | 'transcode' | null }

/**
 * Passes through what the browser decodes; else the camera's sub stream if that fits; else a transcode of what was asked for.
 * A codec that nobody has seen yet is given the benefit of the doubt: opening it tells.
 */
export function chooseRung(options: {
  asked: Profile
  hasSub: boolean
  /** The sub stream was tried in place of the main one and the camera does not have it. */
  isSubMissing: boolean
  decodes: readonly VideoCodec[]
  codecOf(profile: Profile): VideoCodec | undefined
}): Rung {
  const { asked, hasSub, isSubMissing, decodes, codecOf } = options
  const mayFit = (profile: Profile) => {
    const codec = codecOf(profile)
    return codec === undefined || decodes.includes(codec)
  }
  const profile: Profile = asked === 'sub' && hasSub ? 'sub' : 'main'
  if (mayFit(profile)) return { profile, isTranscoded: false, instead: null }
  if (profile === 'main' && hasSub && !isSubMissing && mayFit('sub')) return { profile: 'sub', isTranscoded: false, instead: 'sub_stream' }
  return { profile, isTranscoded: true, instead: 'transcode' }
}
