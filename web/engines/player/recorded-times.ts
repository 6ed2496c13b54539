/** The three times of a recording on the screen: the moment, the FLV time it was sent with, the media time it has in the buffer. */
import type { Instant } from '../../../server/contract/ids.ts'
import { createFlvTimeline } from './flv-timeline.ts'
import { createFrameList } from './frame-list.ts'
import { createMoments } from './moments.ts'

/** Where a step goes when the picture beside is not in the buffer. */
const usualFrameMs = 40

export function createRecordedTimes() {
  const moments = createMoments()
  const frames = createFrameList()
  const flv = createFlvTimeline({ jumpMs: Number.POSITIVE_INFINITY, maxAudioDistanceMs: Number.POSITIVE_INFINITY, onFrame: frames.add })

  return {
    flv,
    moments,
    /** A new FLV header follows. */
    startAnew() {
      moments.reset()
      frames.reset()
      flv.startAnew(true)
    },
    mediaS(flvMs: number): number | undefined {
      const mediaMs = flv.toMediaMs(flvMs)
      return mediaMs === undefined ? undefined : mediaMs / 1000
    },
    /** Moment of a media time. */
    momentOf,
    /** How far moments at a media time are ahead of the true ones. */
    clockOffsetOf(mediaMs: number | undefined): number {
      const flvMs = mediaMs === undefined ? undefined : flv.toFlvMs(mediaMs)
      return flvMs === undefined ? 0 : moments.clockOffsetAt(flvMs)
    },
    /** Moment of the picture beside the one shown at a media time; beyond the buffer it is reckoned. */
    momentBeside(mediaMs: number | undefined, step: 1 | -1): Instant | null {
      return mediaMs === undefined ? null : momentOf(frames.beside(mediaMs, step) ?? mediaMs + step * usualFrameMs)
    },
  }

  function momentOf(mediaMs: number | undefined): Instant | null {
    const flvMs = mediaMs === undefined ? undefined : flv.toFlvMs(mediaMs)
    return (flvMs === undefined ? undefined : moments.toAt(flvMs)) ?? null
  }
}
