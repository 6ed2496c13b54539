/**
 * Fragmented MP4 (ISO/IEC 14496-12 §8.8, §8.16.5) for recordings: a head once, then fragments that can be appended one after the other for ever.
 * A file cut behind any fragment is whole: nothing is written at the end, nothing is patched at the beginning.
 */
import type { AudioConfig, VideoConfig } from '../codec/access-unit.ts'
import { ascii, concat, u32 } from '../bytes.ts'
import {
  audioSampleEntryBox,
  box,
  dataInformationBox,
  fileTypeBox,
  fullBox,
  handlerBox,
  mediaHeaderBox,
  movieHeaderBox,
  soundMediaHeaderBox,
  trackHeaderBox,
  videoMediaHeaderBox,
  videoSampleEntryBox,
} from './boxes.ts'

export const VIDEO_TRACK_ID = 1
export const AUDIO_TRACK_ID = 2
/** Pictures are counted in milliseconds, as in FLV; sound in its samples. */
export const VIDEO_TIMESCALE = 1000

/** `extended_type` of our own box in front of `moov`: who and when, as JSON. */
export const NOTE_UUID = Uint8Array.of(0x6d, 0x61, 0x70, 0x77, 0x61, 0x6c, 0x6c, 0x2d, 0x73, 0x65, 0x67, 0x6d, 0x65, 0x6e, 0x74, 0x31) // mapwall-segment1

/** Seconds from 1900 (RFC 5905 §6) to 1970. */
export const NTP_EPOCH_S = 2_208_988_800

/** ISO/IEC 14496-12 §8.8.3.1: depends on others and no sync sample; depends on none. */
export const INTER_SAMPLE_FLAGS = 0x01010000
export const KEY_SAMPLE_FLAGS = 0x02000000

const KNOWN_BASE = 0x020000 // default-base-is-moof
const TRUN_FLAGS = { dataOffset: 0x1, duration: 0x100, size: 0x200, flags: 0x400, compositionOffset: 0x800 }

export type FragmentSample = { duration: number; bytes: number; isKey: boolean; compositionOffset: number }
/** Times in the track's own timescale; `baseTime` counts from the beginning of the file. */
export type FragmentTrack = { trackId: number; baseTime: number; samples: readonly FragmentSample[] }

export const timescaleOf = (audio: AudioConfig): number => audio.sampleRateHz

/** The head of a file. `note` is any JSON. */
export function muxFragmentedHead({ video, audio, note }: { video: VideoConfig; audio: AudioConfig | undefined; note: object }): Uint8Array {
  const tracks = [videoTrack(video), ...(audio ? [audioTrack(audio)] : [])]
  const extensions = tracks.map((_, index) => fullBox('trex', 0, 0, u32(index + 1), u32(1), u32(0), u32(0), u32(0)))
  return concat(
    fileTypeBox('iso6', 'isom', 'mp41'),
    box('uuid', NOTE_UUID, new TextEncoder().encode(JSON.stringify(note))),
    box('moov', movieHeaderBox({ timescale: VIDEO_TIMESCALE, duration: 0, nextTrackId: tracks.length + 1 }), ...tracks, box('mvex', ...extensions)),
  )
}

/**
 * What stands before a fragment's bytes: `prft`, `moof` and the header of `mdat`. The samples follow, track after track, as the caller writes them.
 * `at` is the wall clock of the first picture, epoch ms.
 */
export function muxFragmentHead(sequence: number, at: number, tracks: readonly FragmentTrack[]): Uint8Array {
  const dataBytes = tracks.reduce((sum, { samples }) => sum + samples.reduce((bytes, sample) => bytes + sample.bytes, 0), 0)
  const moofBytes = movieFragment(sequence, tracks, 0).length // lengths do not depend on the offset
  return concat(producerTime(at, tracks[0]!), movieFragment(sequence, tracks, moofBytes + 8), u32(8 + dataBytes), ascii('mdat'))
}

/** §8.16.5, version 1: the NTP time at which this media time was taken. */
function producerTime(at: number, { trackId, baseTime }: FragmentTrack): Uint8Array {
  const seconds = Math.floor(at / 1000)
  const fraction = Math.floor(((at - seconds * 1000) / 1000) * 2 ** 32)
  return fullBox('prft', 1, 0, u32(trackId), u32(seconds + NTP_EPOCH_S), u32(fraction), u64(baseTime))
}

function movieFragment(sequence: number, tracks: readonly FragmentTrack[], firstDataOffset: number): Uint8Array {
  let dataOffset = firstDataOffset
  const parts = tracks.map((track) => {
    const part = trackFragment(track, dataOffset)
    dataOffset += track.samples.reduce((sum, { bytes }) => sum + bytes, 0)
    return part
  })
  return box('moof', fullBox('mfhd', 0, 0, u32(sequence)), ...parts)
}

/** §8.8.6 to §8.8.8; every sample says everything, so that a reader needs no defaults. */
function trackFragment({ trackId, baseTime, samples }: FragmentTrack, dataOffset: number): Uint8Array {
  const { dataOffset: offset, duration, size, flags, compositionOffset } = TRUN_FLAGS
  const table = new DataView(new ArrayBuffer(samples.length * 16))
  samples.forEach((sample, index) => {
    table.setUint32(index * 16, sample.duration)
    table.setUint32(index * 16 + 4, sample.bytes)
    table.setUint32(index * 16 + 8, sample.isKey ? KEY_SAMPLE_FLAGS : INTER_SAMPLE_FLAGS)
    table.setInt32(index * 16 + 12, sample.compositionOffset)
  })
  const run = fullBox('trun', 1, offset | duration | size | flags | compositionOffset, u32(samples.length), u32(dataOffset), new Uint8Array(table.buffer))
  return box('traf', fullBox('tfhd', 0, KNOWN_BASE, u32(trackId)), fullBox('tfdt', 1, 0, u64(baseTime)), run)
}

function videoTrack(video: VideoConfig): Uint8Array {
  const { widthPx, heightPx } = video
  return box(
    'trak',
    trackHeaderBox({ trackId: VIDEO_TRACK_ID, duration: 0, widthPx, heightPx }),
    box(
      'mdia',
      mediaHeaderBox({ timescale: VIDEO_TIMESCALE, duration: 0 }),
      handlerBox('vide', 'video'),
      box('minf', videoMediaHeaderBox(), dataInformationBox(), emptySampleTable(videoSampleEntryBox(video))),
    ),
  )
}

function audioTrack(audio: AudioConfig): Uint8Array {
  return box(
    'trak',
    trackHeaderBox({ trackId: AUDIO_TRACK_ID, duration: 0, widthPx: 0, heightPx: 0, volume: 0x0100 }),
    box(
      'mdia',
      mediaHeaderBox({ timescale: timescaleOf(audio), duration: 0 }),
      handlerBox('soun', 'sound'),
      box('minf', soundMediaHeaderBox(), dataInformationBox(), emptySampleTable(audioSampleEntryBox(audio))),
    ),
  )
}

const emptySampleTable = (entry: Uint8Array) =>
  box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), entry),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0), u32(0)),
    fullBox('stco', 0, 0, u32(0)),
  )

const u64 = (value: number) => concat(u32(Math.floor(value / 2 ** 32)), u32(value % 2 ** 32))
