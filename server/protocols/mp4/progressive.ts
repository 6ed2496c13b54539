/**
 * MP4 that plays everywhere (ISO/IEC 14496-12): `ftyp`, `moov` with full sample tables, `mdat`. The tables are filled first, then the head is written in pieces,
 * then the caller writes the samples, chunk after chunk. 24 hours of pictures take some 25 MB of tables and nothing else.
 */
import type { AudioConfig, VideoConfig } from '../codec/access-unit.ts'
import { ascii, concat, u32, u64 } from '../bytes.ts'
import {
  audioSampleEntryBox,
  box,
  dataInformationBox,
  editListBox,
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
import { AUDIO_TRACK_ID, timescaleOf, VIDEO_TIMESCALE, VIDEO_TRACK_ID } from './fragment.ts'

const FIRST_CAPACITY = 1_024
const BLOCK_WORDS = 16_384
const MAX_U32 = 2 ** 32 - 1
/** At most, for the question whether offsets need 64 bits: 8 each in `stts` and `ctts`, 4 each in `stss` and `stsz`; `stsc` and `co64`; everything else. */
const MAX_TABLE_BYTES_A_SAMPLE = 24
const MAX_TABLE_BYTES_A_CHUNK = 40
const MAX_FIXED_BYTES = 64 * 1024

/** Sizes and times of one track's samples, in the order of the file. */
export class SampleTable {
  count = 0
  totalBytes = 0
  /** In the track's timescale. */
  totalDuration = 0
  private sizes = new Uint32Array(FIRST_CAPACITY)
  private durations = new Uint32Array(FIRST_CAPACITY)
  private offsets = new Int32Array(FIRST_CAPACITY)
  /** Counted from 1, as `stss` does. */
  private keys = new Uint32Array(FIRST_CAPACITY)
  private keyCount = 0
  private lowestOffset = 0
  private highestOffset = 0

  add(bytes: number, duration: number, isKey = true, compositionOffset = 0): void {
    const index = this.count++
    if (index === this.sizes.length) this.grow()
    this.sizes[index] = bytes
    this.durations[index] = duration
    this.offsets[index] = compositionOffset
    if (isKey) this.keys[this.keyCount++] = this.count
    this.totalBytes += bytes
    this.totalDuration += duration
    this.lowestOffset = Math.min(this.lowestOffset, compositionOffset)
    this.highestOffset = Math.max(this.highestOffset, compositionOffset)
  }

  /** How long the last sample lasts is known once the next one is there. */
  setLastDuration(duration: number): void {
    const index = this.count - 1
    this.totalDuration += duration - this.durations[index]!
    this.durations[index] = duration
  }

  lengthenLast(by: number): void {
    this.setLastDuration(this.durations[this.count - 1]! + by)
  }

  /** §8.6.1.2, §8.6.1.3, §8.6.2, §8.7.3 */
  pieces(): Piece[] {
    const { count, keyCount, sizes } = this
    const durations = this.durations.subarray(0, count)
    const offsets = this.offsets.subarray(0, count)
    const hasOffsets = this.lowestOffset < 0 || this.highestOffset > 0
    return [
      runsBox('stts', 0, durations),
      ...(hasOffsets ? [runsBox('ctts', this.lowestOffset < 0 ? 1 : 0, offsets)] : []),
      ...(keyCount < count ? [wordsBox('stss', 0, [keyCount], keyCount, this.keys.subarray(0, keyCount))] : []),
      wordsBox('stsz', 0, [0, count], count, sizes.subarray(0, count)),
    ]
  }

  private grow() {
    const capacity = this.sizes.length * 2
    const copy = <T extends Uint32Array | Int32Array>(to: T, from: T) => {
      to.set(from)
      return to
    }
    this.sizes = copy(new Uint32Array(capacity), this.sizes)
    this.durations = copy(new Uint32Array(capacity), this.durations)
    this.offsets = copy(new Int32Array(capacity), this.offsets)
    this.keys = copy(new Uint32Array(capacity), this.keys)
  }
}

/** Pictures, then sound of the same time, as they lie in `mdat`. Either may be none. */
export type Chunk = { pictures: number; pictureBytes: number; sounds: number; soundBytes: number }

export type Movie = {
  /** Times in ms. */
  video: { config: VideoConfig; table: SampleTable }
  /** `delayMs`: so much later than the first picture the sound begins. */
  audio: { config: AudioConfig; table: SampleTable; delayMs: number } | undefined
  /** All samples of both tables, in the order of the file. */
  chunks: readonly Chunk[]
}

/** Everything before the samples, in pieces of up to 64 KB. The samples follow in the order of `chunks`. */
export function* muxProgressiveHead(movie: Movie): Generator<Uint8Array> {
  const { video, audio, chunks } = movie
  const dataBytes = video.table.totalBytes + (audio?.table.totalBytes ?? 0)
  const samples = video.table.count + (audio?.table.count ?? 0)
  const is64 = dataBytes + samples * MAX_TABLE_BYTES_A_SAMPLE + chunks.length * MAX_TABLE_BYTES_A_CHUNK + MAX_FIXED_BYTES > MAX_U32
  const dataHead = is64 ? concat(u32(1), ascii('mdat'), u64(dataBytes + 16)) : concat(u32(dataBytes + 8), ascii('mdat')) // §4.2 largesize
  const fileType = fileTypeBox('isom', 'iso2', video.config.codec === 'h264' ? 'avc1' : 'hvc1', 'mp41')
  const place = { dataOffset: 0 }
  const moov = movieBox(movie, place, is64)
  place.dataOffset = fileType.length + moov.bytes + dataHead.length
  yield fileType
  yield* moov.write()
  yield dataHead
}

/** `place` is read only when the box is written: where the samples begin depends on how long it is. */
function movieBox({ video, audio, chunks }: Movie, place: { dataOffset: number }, is64: boolean): Piece {
  const videoMs = video.table.totalDuration
  const audioMs = audio ? Math.ceil((audio.table.totalDuration * VIDEO_TIMESCALE) / timescaleOf(audio.config)) : 0
  const delayMs = audio?.delayMs ?? 0
  const { widthPx, heightPx } = video.config
  const pictureOffsets = {
    *[Symbol.iterator]() {
      let at = place.dataOffset
      for (const { pictures, pictureBytes, soundBytes } of chunks) {
        if (pictures > 0) yield at
        at += pictureBytes + soundBytes
      }
    },
  }
  const soundOffsets = {
    *[Symbol.iterator]() {
      let at = place.dataOffset
      for (const { pictureBytes, sounds, soundBytes } of chunks) {
        if (sounds > 0) yield at + pictureBytes
        at += pictureBytes + soundBytes
      }
    },
  }
  const tracks = [
    container(
      'trak',
      fixed(trackHeaderBox({ trackId: VIDEO_TRACK_ID, duration: videoMs, widthPx, heightPx })),
      container(
        'mdia',
        fixed(mediaHeaderBox({ timescale: VIDEO_TIMESCALE, duration: videoMs })),
        fixed(handlerBox('vide', 'video')),
        container(
          'minf',
          fixed(videoMediaHeaderBox()),
          fixed(dataInformationBox()),
          sampleTableBox(
            videoSampleEntryBox(video.config),
            video.table,
            chunks.map(({ pictures }) => pictures),
            pictureOffsets,
            is64,
          ),
        ),
      ),
    ),
  ]
  if (audio)
    tracks.push(
      container(
        'trak',
        fixed(trackHeaderBox({ trackId: AUDIO_TRACK_ID, duration: delayMs + audioMs, widthPx: 0, heightPx: 0, volume: 0x0100 })),
        ...(delayMs > 0 ? [fixed(box('edts', editListBox({ emptyDuration: delayMs, duration: audioMs })))] : []),
        container(
          'mdia',
          fixed(mediaHeaderBox({ timescale: timescaleOf(audio.config), duration: audio.table.totalDuration })),
          fixed(handlerBox('soun', 'sound')),
          container(
            'minf',
            fixed(soundMediaHeaderBox()),
            fixed(dataInformationBox()),
            sampleTableBox(
              audioSampleEntryBox(audio.config),
              audio.table,
              chunks.map(({ sounds }) => sounds),
              soundOffsets,
              is64,
            ),
          ),
        ),
      ),
    )
  const duration = Math.max(videoMs, delayMs + audioMs)
  return container('moov', fixed(movieHeaderBox({ timescale: VIDEO_TIMESCALE, duration, nextTrackId: tracks.length + 1 })), ...tracks)
}

/** §8.5, with §8.7.4 and §8.7.5. `perChunk` may say 0: there is no such chunk. */
function sampleTableBox(entry: Uint8Array, table: SampleTable, perChunk: readonly number[], offsets: Iterable<number>, is64: boolean): Piece {
  const counts = perChunk.filter((count) => count > 0)
  const changes = counts.flatMap((count, index) => (count === counts[index - 1] ? [] : [index + 1, count, 1]))
  return container(
    'stbl',
    fixed(fullBox('stsd', 0, 0, u32(1), entry)),
    ...table.pieces(),
    wordsBox('stsc', 0, [changes.length / 3], changes.length, changes),
    is64
      ? wordsBox('co64', 0, [counts.length], counts.length * 2, {
          *[Symbol.iterator]() {
            for (const offset of offsets) yield* [Math.floor(offset / 2 ** 32), offset % 2 ** 32]
          },
        })
      : wordsBox('stco', 0, [counts.length], counts.length, offsets),
  )
}

/** Something of known length that is made only when it is written. */
type Piece = { bytes: number; write(): Iterable<Uint8Array> }

const fixed = (bytes: Uint8Array): Piece => ({ bytes: bytes.length, write: () => [bytes] })

function container(type: string, ...inner: readonly Piece[]): Piece {
  const bytes = inner.reduce((sum, piece) => sum + piece.bytes, 8)
  return {
    bytes,
    *write() {
      yield u32(bytes)
      yield ascii(type)
      for (const piece of inner) yield* piece.write()
    },
  }
}

/** A full box of 32-bit words: some at its head, then as many `values` as are said. */
function wordsBox(type: string, version: number, head: readonly number[], count: number, values: Iterable<number>): Piece {
  const bytes = 12 + (head.length + count) * 4
  return {
    bytes,
    *write() {
      yield u32(bytes)
      yield ascii(type)
      yield* wordsOf([version << 24, ...head])
      yield* wordsOf(values)
    },
  }
}

/** Pairs of how often and what: §8.6.1.2 `stts`, §8.6.1.3 `ctts`. */
function runsBox(type: string, version: number, values: Uint32Array | Int32Array): Piece {
  let runs = 0
  for (const _ of runsOf(values)) runs++
  return {
    bytes: 16 + runs * 8,
    *write() {
      yield* wordsBox(type, version, [runs], runs * 2, runPairsOf(values)).write()
    },
  }
}

function* runsOf(values: Uint32Array | Int32Array): Generator<{ count: number; value: number }> {
  for (let start = 0; start < values.length;) {
    let end = start + 1
    while (end < values.length && values[end] === values[start]) end++
    yield { count: end - start, value: values[start]! }
    start = end
  }
}

function* runPairsOf(values: Uint32Array | Int32Array): Generator<number> {
  for (const { count, value } of runsOf(values)) {
    yield count
    yield value
  }
}

function* wordsOf(values: Iterable<number>): Generator<Uint8Array> {
  let block = new DataView(new ArrayBuffer(BLOCK_WORDS * 4))
  let words = 0
  for (const value of values) {
    block.setUint32(words++ * 4, value >>> 0)
    if (words < BLOCK_WORDS) continue
    yield new Uint8Array(block.buffer)
    block = new DataView(new ArrayBuffer(BLOCK_WORDS * 4))
    words = 0
  }
  if (words > 0) yield new Uint8Array(block.buffer, 0, words * 4)
}
