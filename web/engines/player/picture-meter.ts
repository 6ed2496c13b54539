/** Reads what playing video elements did in the last second: frames, frames lost, time in the decoder; and how long the page stood. */
import type { Profile } from '../../../server/contract/ids.ts'
import { browserClock, type PlayerClock } from './clock.ts'
import type { LoadSecond, PictureSecond } from './decode-load.ts'

const periodMs = 1_000
/** Frames of a picture that has just begun are a whole key frame interval at once. */
const settleMs = 3_000

type Watched = {
  video: HTMLVideoElement
  profile: () => Profile
  isCounted: () => boolean
  sinceMs: number
  frames: number
  dropped: number
  decodeMs: number | null
}
const watched = new Set<Watched>()

/** Counts a video element as long as `isCounted`; answers the end of it. */
export function meterPicture(video: HTMLVideoElement, options: { profile: () => Profile; isCounted: () => boolean }): () => void {
  const entry: Watched = { video, ...options, sinceMs: performance.now(), frames: 0, dropped: 0, decodeMs: null }
  watched.add(entry)
  return () => void watched.delete(entry)
}

/** Tells once a second. A hidden page shows no frames, so there is nothing to tell. Answers the end of it. */
export function readPictures(onSecond: (second: LoadSecond) => void, clock: PlayerClock = browserClock): () => void {
  let stallMs = 0
  let frameAtMs = clock.monotonicMs()
  let frameHandle = requestAnimationFrame(onFrame)
  const timer = clock.every(periodMs, read)
  return () => {
    timer.cancel()
    cancelAnimationFrame(frameHandle)
  }

  function onFrame() {
    const nowMs = clock.monotonicMs()
    stallMs = Math.max(stallMs, nowMs - frameAtMs)
    frameAtMs = nowMs
    frameHandle = requestAnimationFrame(onFrame)
  }

  function read() {
    const nowMs = clock.monotonicMs()
    const pictures = [...watched].flatMap((entry) => readOne(entry, nowMs) ?? [])
    if (document.visibilityState === 'visible') onSecond({ pictures, cores: navigator.hardwareConcurrency || 2, stallMs })
    stallMs = 0
  }
}

function readOne(entry: Watched, nowMs: number): PictureSecond | undefined {
  const { video } = entry
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
  const frames = totalVideoFrames - entry.frames
  const dropped = droppedVideoFrames - entry.dropped
  entry.frames = totalVideoFrames
  entry.dropped = droppedVideoFrames
  if (!entry.isCounted() || video.paused || frames < 0) entry.sinceMs = nowMs // another decoder, or it stands
  if (nowMs - entry.sinceMs < settleMs) return undefined
  sampleDecoding(entry)
  return { profile: entry.profile(), frames, dropped: Math.max(0, dropped), decodeMs: entry.decodeMs }
}

/** One frame of each second says how long it was in the decoder. */
function sampleDecoding(entry: Watched) {
  if (!('requestVideoFrameCallback' in entry.video)) return
  entry.video.requestVideoFrameCallback((_now, { processingDuration }) => {
    if (processingDuration === undefined || !watched.has(entry)) return
    const ms = processingDuration * 1000
    entry.decodeMs = entry.decodeMs === null ? ms : entry.decodeMs * 0.7 + ms * 0.3
  })
}
