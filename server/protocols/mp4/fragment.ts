/**
 * Fragmented MP4 (ISO/IEC 14496-12 §8.8, §8.16.5) for recordings: a head once, then fragments that can be appended one after the other for ever.
 * A file cut behind any fragment is whole: nothing is written at the end, nothing is patched at the beginning.
 */
import type { AudioConfig, VideoConfig } from '../codec/access-unit.ts'
import { concat, u32 } from '../bytes.ts'
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
/** Its seconds begin anew in 2036; what would be before 1970 is of the next era, so that times go to 2106. */
export const NTP_ERA_S = 2 ** 32

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

/** Bytes of each box, header included. */
const PRFT_BYTES = 32
const MFHD_BYTES = 16
const TFHD_BYTES = 16
const TFDT_BYTES = 20
const TRUN_HEAD_BYTES = 20
const TRUN_SAMPLE_BYTES = 16
const TRAF_BYTES = 8 + TFHD_BYTES + TFDT_BYTES + TRUN_HEAD_BYTES
const BOX_BYTES = 8

/**
 * What stands before a fragment's bytes: `prft`, `moof` and the header of `mdat`. The samples follow, track after track, as the caller writes them.
 * `at` is the wall clock of the first picture, epoch ms. Written in one pass into one buffer: a hundred cameras make more than a hundred a second.
 */
export function muxFragmentHead(sequence: number, at: number, tracks: readonly FragmentTrack[]): Buffer {
  const moofBytes = tracks.reduce((sum, { samples }) => sum + TRAF_BYTES + samples.length * TRUN_SAMPLE_BYTES, BOX_BYTES + MFHD_BYTES)
  const head = new BoxWriter(PRFT_BYTES + moofBytes + BOX_BYTES)
  writeProducerTime(head, at, tracks[0]!)
  head.box(moofBytes, 'moof')
  head.fullBox(MFHD_BYTES, 'mfhd', 0, 0)
  head.u32(sequence)
  let dataOffset = moofBytes + BOX_BYTES
  for (const track of tracks) dataOffset += writeTrackFragment(head, track, dataOffset)
  head.box(dataOffset - moofBytes, 'mdat')
  return head.bytes
}

/** §8.16.5, version 1: the NTP time at which this media time was taken. */
function writeProducerTime(head: BoxWriter, at: number, { trackId, baseTime }: FragmentTrack): void {
  const seconds = Math.floor(at / 1000)
  head.fullBox(PRFT_BYTES, 'prft', 1, 0)
  head.u32(trackId)
  head.u32((seconds + NTP_EPOCH_S) % NTP_ERA_S)
  head.u32(Math.floor(((at - seconds * 1000) / 1000) * 2 ** 32))
  head.u64(baseTime)
}

/** §8.8.6 to §8.8.8; every sample says everything, so that a reader needs no defaults. Answers how many bytes of samples there are. */
function writeTrackFragment(head: BoxWriter, { trackId, baseTime, samples }: FragmentTrack, dataOffset: number): number {
  const { dataOffset: offset, duration, size, flags, compositionOffset } = TRUN_FLAGS
  head.box(TRAF_BYTES + samples.length * TRUN_SAMPLE_BYTES, 'traf')
  head.fullBox(TFHD_BYTES, 'tfhd', 0, KNOWN_BASE)
  head.u32(trackId)
  head.fullBox(TFDT_BYTES, 'tfdt', 1, 0)
  head.u64(baseTime)
  head.fullBox(TRUN_HEAD_BYTES + samples.length * TRUN_SAMPLE_BYTES, 'trun', 1, offset | duration | size | flags | compositionOffset)
  head.u32(samples.length)
  head.u32(dataOffset)
  let bytes = 0
  for (const sample of samples) {
    head.u32(sample.duration)
    head.u32(sample.bytes)
    head.u32(sample.isKey ? KEY_SAMPLE_FLAGS : INTER_SAMPLE_FLAGS)
    head.u32(sample.compositionOffset >>> 0) // signed in version 1
    bytes += sample.bytes
  }
  return bytes
}

/** Boxes one after the other into a buffer of known size. */
class BoxWriter {
  readonly bytes: Buffer
  private at = 0

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafe(length)
  }

  box(length: number, type: string): void {
    this.u32(length)
    this.at += this.bytes.write(type, this.at, 'latin1')
  }

  fullBox(length: number, type: string, version: number, flags: number): void {
    this.box(length, type)
    this.u32((version << 24) | flags)
  }

  u32(value: number): void {
    this.at = this.bytes.writeUInt32BE(value, this.at)
  }

  u64(value: number): void {
    this.u32(Math.floor(value / 2 ** 32))
    this.u32(value % 2 ** 32)
  }
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
