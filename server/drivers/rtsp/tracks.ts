/** Which tracks of a camera we play, and what takes their packets apart. */
import { ProtocolError } from '../../base/errors.ts'
import { parseSpecificConfig } from '../../protocols/codec/aac.ts'
import type { AccessUnit } from '../../protocols/codec/access-unit.ts'
import { createAacDepacketizer } from '../../protocols/rtp/aac-depacketizer.ts'
import type { Depacketizer } from '../../protocols/rtp/depacketizer.ts'
import { createG711Depacketizer } from '../../protocols/rtp/g711-depacketizer.ts'
import { createH264Depacketizer } from '../../protocols/rtp/h264-depacketizer.ts'
import { createH265Depacketizer } from '../../protocols/rtp/h265-depacketizer.ts'
import { RtspFailure } from '../../protocols/rtsp/failure.ts'
import { type Sdp, type SdpTrack, parameterSetsOf } from '../../protocols/rtsp/sdp.ts'

export type Counters = { packetsLost: number; unitsDropped: number; protocolErrors: number }
export type PlayedTrack = { track: SdpTrack; depacketizer: Depacketizer }

/** The first picture track, and if wanted the first sound track we understand. Throws `RtspFailure` when there is no picture for us. */
export function playTracks(sdp: Sdp, { wantsSound, counters }: { wantsSound: boolean; counters: Counters }, onUnit: (unit: AccessUnit) => void): PlayedTrack[] {
  const video = sdp.tracks.find((track) => track.kind === 'video' && !track.isSendOnly)
  if (!video) throw new RtspFailure('no_such_stream', 'the SDP has no video')
  const played = [{ track: video, depacketizer: createVideo(video, counters, onUnit) }]
  const audio = wantsSound ? sdp.tracks.find((track) => track.kind === 'audio' && !track.isSendOnly) : undefined
  const depacketizer = audio && findAudio(audio, onUnit)
  if (audio && depacketizer) played.push({ track: audio, depacketizer })
  return played
}

function createVideo(track: SdpTrack, counters: Counters, onUnit: (unit: AccessUnit) => void): Depacketizer {
  const options = { clockRateHz: track.clockRateHz, parameterSets: parameterSetsOf(track), counters }
  switch (track.encoding) {
    case 'H264':
      return createH264Depacketizer(options, onUnit)
    case 'H265':
      return createH265Depacketizer(options, onUnit)
    default:
      throw new RtspFailure('codec_not_supported', `video is ${track.encoding.slice(0, 20) || 'unknown'}`)
  }
}

/** `undefined` for sound we do not speak: the picture plays without. */
function findAudio(track: SdpTrack, onUnit: (unit: AccessUnit) => void): Depacketizer | undefined {
  const { clockRateHz, channels } = track
  switch (track.encoding) {
    case 'PCMA':
      return createG711Depacketizer({ codec: 'pcma', clockRateHz, channels }, onUnit)
    case 'PCMU':
      return createG711Depacketizer({ codec: 'pcmu', clockRateHz, channels }, onUnit)
    case 'MPEG4-GENERIC':
      return findAac(track, onUnit)
    default:
      return undefined
  }
}

/** RFC 3640 §4.1. Without a readable config there is nothing to decode with. */
function findAac(track: SdpTrack, onUnit: (unit: AccessUnit) => void): Depacketizer | undefined {
  const specificConfig = new Uint8Array(Buffer.from(track.format.get('config') ?? '', 'hex'))
  const isLowBitRate = track.format.get('mode')?.toLowerCase() === 'aac-lbr'
  const length = (name: string, fallback: number) => {
    const value = Number(track.format.get(name) ?? Number.NaN)
    return Number.isInteger(value) && value >= 0 && value <= 32 ? value : fallback
  }
  try {
    parseSpecificConfig(specificConfig)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
  const index = isLowBitRate ? 2 : 3
  const format = {
    clockRateHz: track.clockRateHz,
    specificConfig,
    sizeLength: length('sizelength', isLowBitRate ? 6 : 13),
    indexLength: length('indexlength', index),
    indexDeltaLength: length('indexdeltalength', index),
  }
  return createAacDepacketizer(format, onUnit)
}
