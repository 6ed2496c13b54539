/** An MP4 of one key frame, decoded by the browser itself and drawn on a canvas; nothing stays behind. */
import type { VideoCodec } from '../../../server/contract/media.ts'

const decodeTimeoutMs = 8000
/** Names of a sample entry, ISO/IEC 14496-15 §5.4.2 and §8.4.1; `moov` comes first and is short. */
const sampleEntry = /avc[13]|hvc1|hev1/
const entryWithinBytes = 2048

/** This browser says that it cannot decode the picture; the next time it will not either. */
export class StillNotDecodable extends Error {
  override name = 'StillNotDecodable'
  readonly codec: VideoCodec

  constructor(codec: VideoCodec, why: string) {
    super(`a still of ${codec} is not decodable: ${why}`)
    this.codec = codec
  }
}

/** What a still is coded in. */
export function codecOfStill(mp4: ArrayBuffer): VideoCodec {
  const head = new TextDecoder('latin1').decode(new Uint8Array(mp4, 0, Math.min(entryWithinBytes, mp4.byteLength)))
  return sampleEntry.exec(head)?.[0].startsWith('h') ? 'h265' : 'h264'
}

/** The one picture of `mp4`, scaled to at most `maxWidthPx`. Throws `StillNotDecodable` when the browser cannot decode it, else when it takes too long. */
export async function decodeStill(mp4: ArrayBuffer, maxWidthPx: number, signal?: AbortSignal): Promise<ImageBitmap> {
  const video = document.createElement('video')
  const url = URL.createObjectURL(new Blob([mp4], { type: 'video/mp4' }))
  video.muted = true
  video.preload = 'auto'
  video.playsInline = true
  try {
    await firstFrame(video, url, codecOfStill(mp4), signal)
    const scale = Math.min(1, maxWidthPx / video.videoWidth)
    return await createImageBitmap(video, {
      resizeWidth: Math.round(video.videoWidth * scale),
      resizeHeight: Math.round(video.videoHeight * scale),
      resizeQuality: 'medium',
    })
  } finally {
    video.removeAttribute('src')
    video.load()
    URL.revokeObjectURL(url)
  }
}

function firstFrame(video: HTMLVideoElement, url: string, codec: VideoCodec, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new Error('the still was not decoded in time')), decodeTimeoutMs)
    const finish = (error?: unknown) => {
      clearTimeout(timer)
      video.onloadeddata = video.onerror = null
      signal?.removeEventListener('abort', onAbort)
      if (error === undefined) resolve()
      else reject(error instanceof Error ? error : new Error('the still was given up', { cause: error }))
    }
    const onAbort = () => finish(signal?.reason ?? new Error('aborted'))
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    video.onloadeddata = () => finish()
    video.onerror = () => finish(new StillNotDecodable(codec, video.error?.message ?? ''))
    video.src = url
    video.load()
  })
}
