/** Reads back what `fragment.ts` writes, out of files that a crash, a disk or a stranger may have touched. */
import { ProtocolError } from '../../base/errors.ts'
import { aacConfig } from '../codec/aac.ts'
import type { AudioConfig, VideoConfig } from '../codec/access-unit.ts'
import { configOfRecord } from '../codec/decoder-record.ts'
import { isSameBytes } from '../bytes.ts'
import { AUDIO_TRACK_ID, KEY_SAMPLE_FLAGS, NOTE_UUID, NTP_EPOCH_S, NTP_ERA_S, VIDEO_TRACK_ID } from './fragment.ts'

const CLAUSE = 'ISO/IEC 14496-12 §4.2'
/** The head of a file, and what stands before a fragment's samples: read whole into memory. */
export const MAX_HEAD_BYTES = 64 * 1024
export const MAX_FRAGMENT_HEAD_BYTES = 256 * 1024
/** A fragment is two seconds, or a little more, of a picture stream of up to 100 Mbit/s. */
export const MAX_FRAGMENT_BYTES = 64 * 1024 * 1024
const MAX_SAMPLES = 4_096
const TRUN_ALL = 0xf01

export type FragmentedHead = {
  /** Where the first fragment begins. */
  bytes: number
  /** Any JSON: its writer's business. */
  note: unknown
  video: VideoConfig
  audio: AudioConfig | undefined
}

export type StoredSample = {
  isKey: boolean
  /** Decoding and presentation time from the beginning of the file, in the track's timescale: ms for pictures, samples for sound. */
  dts: number
  pts: number
  duration: number
  /** Where its bytes lie, from the beginning of the fragment. */
  offset: number
  bytes: number
}

export type FragmentHead = {
  sequence: number
  /** Wall clock of the first picture, epoch ms. */
  at: number
  video: StoredSample[]
  audio: StoredSample[]
  /** From the beginning of the fragment: where the samples begin, and where the next fragment does. */
  headBytes: number
  bytes: number
}

type Box = { type: string; start: number; bodyStart: number; end: number }

/** Reads the head. `undefined` when `bytes` ends before it does; throws `ProtocolError` for a file of another kind. */
export function parseFragmentedHead(bytes: Uint8Array): FragmentedHead | undefined {
  const view = viewOf(bytes)
  let note: unknown
  let offset = 0
  while (offset + 8 <= bytes.length) {
    const found = boxAt(view, offset)
    if (offset === 0 && found.type !== 'ftyp') throw new ProtocolError(CLAUSE, 'does not begin with ftyp', 0)
    if (found.end > MAX_HEAD_BYTES) throw new ProtocolError(CLAUSE, `a head of more than ${MAX_HEAD_BYTES} bytes`, offset)
    if (found.end > bytes.length) return undefined
    if (found.type === 'uuid' && isSameBytes(bytes.subarray(found.bodyStart, found.bodyStart + 16), NOTE_UUID))
      note = parseNote(bytes.subarray(found.bodyStart + 16, found.end))
    if (found.type === 'moov') return { bytes: found.end, note, ...parseMovie(bytes, view, found) }
    if (found.type === 'moof' || found.type === 'mdat') throw new ProtocolError(CLAUSE, 'no moov', offset)
    offset = found.end
  }
  return undefined
}

/**
 * Reads what stands before the samples of the fragment that begins at `start`. `undefined` when `bytes` ends before that does; throws
 * `ProtocolError` for anything that is not one of our fragments. Whether the samples are there and whole is not looked at.
 */
export function parseFragmentHead(bytes: Uint8Array, start = 0): FragmentHead | undefined {
  const view = viewOf(bytes)
  if (start + 8 > bytes.length) return undefined
  const time = boxAt(view, start)
  if (time.type !== 'prft' || time.end - time.start !== 32) throw new ProtocolError('ISO/IEC 14496-12 §8.16.5', 'no prft', start)
  if (time.end + 8 > bytes.length) return undefined
  const moof = boxAt(view, time.end)
  if (moof.type !== 'moof' || moof.end - start > MAX_FRAGMENT_HEAD_BYTES) throw new ProtocolError('ISO/IEC 14496-12 §8.8.4', 'no moof', time.end)
  if (moof.end + 8 > bytes.length) return undefined
  const mdat = boxAt(view, moof.end)
  if (mdat.type !== 'mdat' || mdat.end - start > MAX_FRAGMENT_BYTES) throw new ProtocolError('ISO/IEC 14496-12 §8.1.1', 'no mdat', moof.end)
  const ntpS = view.getUint32(time.bodyStart + 8)
  const eraS = ntpS < NTP_EPOCH_S ? NTP_ERA_S : 0
  const at = (ntpS + eraS - NTP_EPOCH_S) * 1000 + Math.round((view.getUint32(time.bodyStart + 12) / 2 ** 32) * 1000)
  const fragment: FragmentHead = { sequence: 0, at, video: [], audio: [], headBytes: mdat.bodyStart - start, bytes: mdat.end - start }
  for (const part of childrenOf(view, moof)) {
    if (part.type === 'mfhd') fragment.sequence = view.getUint32(inside(part, 4, 4))
    if (part.type === 'traf') parseTrack(view, part, moof.start - start, fragment)
  }
  if (fragment.video.length === 0) throw new ProtocolError('ISO/IEC 14496-12 §8.8.8', 'a fragment without pictures', moof.start)
  return fragment
}

function parseTrack(view: DataView, traf: Box, moofOffset: number, fragment: FragmentHead): void {
  let trackId = 0
  let baseTime = 0
  for (const part of childrenOf(view, traf)) {
    if (part.type === 'tfhd') trackId = view.getUint32(inside(part, 4, 4))
    if (part.type === 'tfdt') baseTime = view.getUint32(inside(part, 4, 8)) * 2 ** 32 + view.getUint32(part.bodyStart + 8)
    if (part.type === 'trun') {
      if (trackId === VIDEO_TRACK_ID) fragment.video = parseRun(view, part, baseTime, moofOffset, fragment)
      if (trackId === AUDIO_TRACK_ID) fragment.audio = parseRun(view, part, baseTime, moofOffset, fragment)
    }
  }
}

function parseRun(view: DataView, run: Box, baseTime: number, moofOffset: number, { headBytes, bytes }: FragmentHead): StoredSample[] {
  const clause = 'ISO/IEC 14496-12 §8.8.8'
  const count = view.getUint32(inside(run, 4, 8))
  if ((view.getUint32(run.bodyStart) & 0xffffff) !== TRUN_ALL) throw new ProtocolError(clause, 'flags that are not ours', run.start)
  if (count > MAX_SAMPLES || run.bodyStart + 12 + count * 16 !== run.end)
    throw new ProtocolError(clause, `${count} samples in ${run.end - run.start} bytes`, run.start)
  let offset = moofOffset + view.getInt32(run.bodyStart + 8)
  let dts = baseTime
  const samples: StoredSample[] = []
  for (let entry = run.bodyStart + 12; entry < run.end; entry += 16) {
    const sampleBytes = view.getUint32(entry + 4)
    if (offset < headBytes || offset + sampleBytes > bytes) throw new ProtocolError(clause, 'a sample outside of mdat', entry)
    const duration = view.getUint32(entry)
    samples.push({ isKey: view.getUint32(entry + 8) === KEY_SAMPLE_FLAGS, dts, pts: dts + view.getInt32(entry + 12), duration, offset, bytes: sampleBytes })
    offset += sampleBytes
    dts += duration
  }
  return samples
}

function parseMovie(bytes: Uint8Array, view: DataView, moov: Box): Pick<FragmentedHead, 'video' | 'audio'> {
  let video: VideoConfig | undefined
  let audio: AudioConfig | undefined
  for (const entry of descend(view, moov, ['trak', 'mdia', 'minf', 'stbl', 'stsd'])) {
    if (entry.type === 'avc1' || entry.type === 'hvc1') {
      const codec = entry.type === 'avc1' ? 'h264' : 'h265'
      const record = childrenOf(view, { ...entry, bodyStart: inside(entry, 78, 0) }).find(({ type }) => type === (codec === 'h264' ? 'avcC' : 'hvcC'))
      if (record) video = configOfRecord(codec, Uint8Array.from(bytes.subarray(record.bodyStart, record.end)))
    } else if (entry.type === 'alaw' || entry.type === 'ulaw') {
      const codec = entry.type === 'alaw' ? 'pcma' : 'pcmu'
      audio = { codec, channels: view.getUint16(inside(entry, 16, 12)), sampleRateHz: view.getUint16(entry.bodyStart + 24), specificConfig: undefined }
    } else if (entry.type === 'mp4a') {
      const esds = childrenOf(view, { ...entry, bodyStart: inside(entry, 28, 0) }).find(({ type }) => type === 'esds')
      if (esds) audio = aacConfig(specificConfigOf(bytes.subarray(esds.bodyStart, esds.end)))
    }
  }
  if (!video) throw new ProtocolError('ISO/IEC 14496-12 §8.5.2', 'no picture track that we know', moov.start)
  return { video, audio }
}

/** ISO/IEC 14496-1 §7.2.6: ES_Descriptor 3, DecoderConfigDescriptor 4, DecoderSpecificInfo 5, as `boxes.ts` writes them. */
function specificConfigOf(esds: Uint8Array): Uint8Array {
  const at = 4 + 2 + 3 + 2 + 13
  const length = esds[at + 1] ?? 0
  if (esds[at] !== 0x05 || at + 2 + length > esds.length) throw new ProtocolError('ISO/IEC 14496-1 §7.2.6', 'no DecoderSpecificInfo', at)
  return Uint8Array.from(esds.subarray(at + 2, at + 2 + length))
}

function parseNote(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch {
    throw new ProtocolError('uuid', 'a note that is not JSON')
  }
}

/** All boxes reached by a path of types; `stsd` holds its entries behind 8 bytes. */
function descend(view: DataView, from: Box, path: readonly string[]): Box[] {
  let level = [from]
  for (const type of path) {
    level = level.flatMap((parent) => childrenOf(view, parent).filter((child) => child.type === type))
  }
  return level.flatMap((last) => childrenOf(view, { ...last, bodyStart: inside(last, 8, 0) }))
}

function childrenOf(view: DataView, parent: Box): Box[] {
  const children: Box[] = []
  for (let offset = parent.bodyStart; offset + 8 <= parent.end && children.length < 64;) {
    const child = boxAt(view, offset)
    if (child.end > parent.end) throw new ProtocolError(CLAUSE, `${child.type} reaches beyond ${parent.type}`, offset)
    children.push(child)
    offset = child.end
  }
  return children
}

function boxAt(view: DataView, start: number): Box {
  const size = view.getUint32(start)
  if (size < 8) throw new ProtocolError(CLAUSE, `a box of ${size} bytes`, start)
  const code = (index: number) => String.fromCharCode(view.getUint8(start + 4 + index))
  return { type: code(0) + code(1) + code(2) + code(3), start, bodyStart: start + 8, end: start + size }
}

/** The place `offset` bytes into a box's body, where `bytes` must still follow. */
function inside(parent: Box, offset: number, bytes: number): number {
  if (parent.bodyStart + offset + bytes > parent.end) throw new ProtocolError(CLAUSE, `${parent.type} is too short`, parent.start)
  return parent.bodyStart + offset
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
