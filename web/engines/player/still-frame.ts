/** An MP4 of one key frame, decoded by the browser itself and drawn on a canvas; nothing stays behind. */

const decodeTimeoutMs = 8000

/** The one picture of `mp4`, scaled to at most `maxWidthPx`. Throws when the browser cannot decode it. */
export async function decodeStill(mp4: ArrayBuffer, maxWidthPx: number, signal?: AbortSignal): Promise<ImageBitmap> {
  const video = document.createElement('video')
  const url = URL.createObjectURL(new Blob([mp4], { type: 'video/mp4' }))
  video.muted = true
  video.preload = 'auto'
  video.playsInline = true
  try {
    await firstFrame(video, url, signal)
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

function firstFrame(video: HTMLVideoElement, url: string, signal: AbortSignal | undefined): Promise<void> {
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
    video.onerror = () => finish(new Error(`still not decodable: ${video.error?.message ?? ''}`))
    video.src = url
    video.load()
  })
}
