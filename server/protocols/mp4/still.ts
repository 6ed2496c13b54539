/** One key frame as a file that `<video>` shows and ffmpeg reads. */
import type { VideoConfig } from '../codec/access-unit.ts'
import { concat, u32 } from '../bytes.ts'
import {
  box,
  dataInformationBox,
  fileTypeBox,
  fullBox,
  handlerBox,
  mediaHeaderBox,
  movieHeaderBox,
  trackHeaderBox,
  videoMediaHeaderBox,
  videoSampleEntryBox,
} from './boxes.ts'

const TIMESCALE = 1000
/** A sample must last for some time; players show the picture and stop. */
const DURATION = 1000

/**
 * MP4 of exactly one sample (ISO/IEC 14496-12), `moov` first. `keyFrame` holds NAL units after 4-byte lengths, as in `VideoUnit.data`; the
 * parameter sets come from `config`.
 */
export function muxStill(config: VideoConfig, keyFrame: Uint8Array): Uint8Array {
  const fileType = fileTypeBox('isom', 'iso2', 'mp41')
  // The offset of the sample is known only when `moov` is built, but its length does not depend on it.
  const movieBytes = movie(config, keyFrame.length, 0).length
  return concat(fileType, movie(config, keyFrame.length, fileType.length + movieBytes + 8), box('mdat', keyFrame))
}

function movie(config: VideoConfig, sampleBytes: number, sampleOffset: number): Uint8Array {
  const { widthPx, heightPx } = config
  return box(
    'moov',
    movieHeaderBox({ timescale: TIMESCALE, duration: DURATION, nextTrackId: 2 }),
    box(
      'trak',
      trackHeaderBox({ trackId: 1, duration: DURATION, widthPx, heightPx }),
      box(
        'mdia',
        mediaHeaderBox({ timescale: TIMESCALE, duration: DURATION }),
        handlerBox('vide', 'video'),
        box('minf', videoMediaHeaderBox(), dataInformationBox(), sampleTable(config, sampleBytes, sampleOffset)),
      ),
    ),
  )
}

/** §8.5 with one chunk of one sample. Without `stss` every sample is a key frame. */
function sampleTable(config: VideoConfig, sampleBytes: number, sampleOffset: number): Uint8Array {
  return box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), videoSampleEntryBox(config)),
    fullBox('stts', 0, 0, u32(1), u32(1), u32(DURATION)),
    fullBox('stsc', 0, 0, u32(1), u32(1), u32(1), u32(1)),
    fullBox('stsz', 0, 0, u32(0), u32(1), u32(sampleBytes)),
    fullBox('stco', 0, 0, u32(1), u32(sampleOffset)),
  )
}
