/** What a camera says of its streams (RFC 4566; RFC 6184 §8.2, RFC 7798 §7.2, RFC 3640 §4.4). */
import type { VideoCodec } from '../contract/media.ts'
import { AAC_PAYLOAD_TYPE, PCMA_PAYLOAD_TYPE, VIDEO_PAYLOAD_TYPE } from './packetize.ts'

export type SdpMedia = {
  codec: VideoCodec
  fps: number
  /** Empty: the description says nothing of them, they come in band only. */
  parameterSets: readonly Uint8Array[]
  sound: { codec: 'aac'; sampleRateHz: number; config: string } | { codec: 'pcma' } | undefined
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

function videoFormat({ codec, parameterSets }: SdpMedia): string | undefined {
  if (codec === 'h264') {
    const sps = parameterSets[0]
    if (!sps) return 'packetization-mode=1'
    return `packetization-mode=1;profile-level-id=${Buffer.from(sps.subarray(1, 4)).toString('hex')};sprop-parameter-sets=${parameterSets.map(base64).join(',')}`
  }
  const [vps, sps, pps] = parameterSets
  return vps && sps && pps ? `sprop-vps=${base64(vps)};sprop-sps=${base64(sps)};sprop-pps=${base64(pps)}` : undefined
}

export function serializeSdp(media: SdpMedia): string {
  const format = videoFormat(media)
  const lines = [
    'v=0',
    'o=- 1748736000 1748736000 IN IP4 127.0.0.1',
    's=Media Presentation',
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    'a=range:npt=0-',
    `m=video 0 RTP/AVP ${VIDEO_PAYLOAD_TYPE}`,
    `a=rtpmap:${VIDEO_PAYLOAD_TYPE} ${media.codec.toUpperCase()}/90000`,
    ...(format ? [`a=fmtp:${VIDEO_PAYLOAD_TYPE} ${format}`] : []),
    `a=framerate:${media.fps}`,
    'a=control:trackID=1',
  ]
  if (media.sound?.codec === 'aac') {
    lines.push(
      `m=audio 0 RTP/AVP ${AAC_PAYLOAD_TYPE}`,
      `a=rtpmap:${AAC_PAYLOAD_TYPE} mpeg4-generic/${media.sound.sampleRateHz}/1`,
      `a=fmtp:${AAC_PAYLOAD_TYPE} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${media.sound.config}`,
      'a=control:trackID=2',
    )
  } else if (media.sound) lines.push(`m=audio 0 RTP/AVP ${PCMA_PAYLOAD_TYPE}`, `a=rtpmap:${PCMA_PAYLOAD_TYPE} PCMA/8000`, 'a=control:trackID=2')
  return `${lines.join('\r\n')}\r\n`
}
