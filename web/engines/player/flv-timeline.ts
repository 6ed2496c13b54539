/**
 * Reads the tags of one FLV stream as they arrive and lays them on a timeline that mpegts.js can play whatever the camera does
 * (Adobe FLV 10.1, Annex E; enhanced RTMP v1 for H.265).
 *
 * Timestamps are rewritten in place: the first key frame stands at 0 of the media time, every jump backwards or further than
 * `jumpMs` becomes one ordinary step. So a camera that restarts its clock or wraps its 32 bits plays on, and we always know
 * which FLV timestamp the frame on the screen had (`toFlvMs`).
 */

/** The bytes are not FLV as the contract promises (whole tags in each message): the stream has lost its framing. */
export class FlvFramingError extends Error {
  override name = 'FlvFramingError'
}

export type FlvBatch = {
  /** The tags without the file header; `undefined` when the message held the header alone, or nothing that can be played yet. */
  tags: ArrayBuffer | undefined
  hasVideo: boolean
  hasKeyFrame: boolean
  /** The key frame from which a decoder can begin lies in this batch, and no batch before was given to one. */
  isStart: boolean
  /** FLV timestamp of the last video tag, ms. */
  lastVideoFlvMs: number | undefined
}

const tagHeaderBytes = 11
const previousTagSizeBytes = 4
const fileHeaderBytes = 9 + previousTagSizeBytes
const audioTag = 8
const videoTag = 9
const scriptTag = 18
/** A tag type that demuxers pass over: how a tag is left out without copying the rest. */
const skippedTag = 0

export type FlvTimelineOptions = {
  /** A step further than this is a jump of the camera's clock. A recording's times run on by contract and may stand far apart: `Infinity`. */
  jumpMs?: number
  /** Sound further than this from the newest picture is left out: a camera's is off. A recording's may come later by contract: `Infinity`. */
  maxAudioDistanceMs?: number
  /** Told of each picture: its media time, ms, as it will be shown (composition time of AVC and HEVC counted in). */
  onFrame?: (mediaMs: number) => void
}

/** Media time 0 is written as this FLV timestamp, so that audio a little before the key frame is not negative. */
const baseMs = 1000
const cameraJumpMs = 1500
const usualStepMs = 40
const cameraAudioDistanceMs = 2000
const maxAnchors = 32

export function createFlvTimeline({ jumpMs = cameraJumpMs, maxAudioDistanceMs = cameraAudioDistanceMs, onFrame }: FlvTimelineOptions = {}) {
  let videoConfig: Uint8Array | undefined
  let audioConfig: Uint8Array | undefined
  let isStarted = false
  let lastVideoFlvMs: number | undefined
  let lastVideoMs = baseMs
  let lastStepMs = usualStepMs
  let lastAudioMs = 0
  /** Where the mapping changed: from `ms` on (rewritten), the frame's own timestamp is `flvMs` and so on. */
  let anchors: { ms: number; flvMs: number }[] = []

  return {
    take,
    prelude,
    startAnew,
    toFlvMs,
    toMediaMs,
    hasAudio: () => audioConfig !== undefined,
    soundLagMs: () => lastVideoMs - Math.max(baseMs, lastAudioMs),
  }

  /** Takes one message. Throws `FlvFramingError`. */
  function take(message: ArrayBuffer): FlvBatch {
    const view = new DataView(message)
    const batch: FlvBatch = { tags: undefined, hasVideo: false, hasKeyFrame: false, isStart: false, lastVideoFlvMs: undefined }
    let offset = hasFileHeader(view) ? fileHeaderBytes : 0
    const firstTag = offset
    while (offset < view.byteLength) offset = takeTag(view, offset, batch)
    batch.lastVideoFlvMs = batch.hasVideo ? lastVideoFlvMs : undefined
    if (isStarted && offset > firstTag) batch.tags = firstTag === 0 ? message : message.slice(firstTag)
    return batch
  }

  /** One tag; answers where the next begins. */
  function takeTag(view: DataView, at: number, batch: FlvBatch): number {
    if (at + tagHeaderBytes > view.byteLength) throw new FlvFramingError(`tag header cut at byte ${at} of ${view.byteLength}`)
    const type = view.getUint8(at)
    const sizeBytes = view.getUint32(at) & 0xffffff
    const body = at + tagHeaderBytes
    const end = body + sizeBytes
    if (end + previousTagSizeBytes > view.byteLength) throw new FlvFramingError(`tag of ${sizeBytes} bytes at byte ${at} is longer than its message`)
    if (view.getUint32(end) !== tagHeaderBytes + sizeBytes)
      throw new FlvFramingError(`PreviousTagSize ${view.getUint32(end)} after a tag of ${sizeBytes} bytes`)
    const next = end + previousTagSizeBytes
    if (type === videoTag && sizeBytes >= 2) takeVideo(view, at, next, batch)
    else if (type === audioTag && sizeBytes >= 2) takeAudio(view, at, next)
    else if (type !== videoTag && type !== audioTag && type !== scriptTag) throw new FlvFramingError(`tag type ${type} at byte ${at}`)
    return next
  }

  function takeVideo(view: DataView, at: number, next: number, batch: FlvBatch) {
    const first = view.getUint8(at + tagHeaderBytes)
    const isEnhanced = (first & 0x80) !== 0
    const frameType = (first >> 4) & 7 // 1: key frame
    const packetType = isEnhanced ? first & 0x0f : view.getUint8(at + tagHeaderBytes + 1) // 0: sequence start
    if (packetType === 0) {
      videoConfig = copyTag(view, at, next)
      return
    }
    if (packetType !== 1 && packetType !== 3) return leaveOut(view, at) // 1, 3: coded frames; else end of sequence, metadata
    const isKey = frameType === 1
    if (!isStarted && isKey && videoConfig) {
      isStarted = true
      batch.isStart = true
    }
    if (!isStarted) return leaveOut(view, at)
    placeVideo(view, at)
    // enhanced type 3 has no composition time; the others carry it as SI24 behind the packet type (and the FourCC)
    if (onFrame) onFrame(lastVideoMs - baseMs + (packetType === 3 ? 0 : readSigned24(view, at + tagHeaderBytes + (isEnhanced ? 5 : 2), next)))
    batch.hasVideo = true
    batch.hasKeyFrame ||= isKey
  }

  function placeVideo(view: DataView, at: number) {
    const flvMs = readTimestamp(view, at)
    const stepMs = lastVideoFlvMs === undefined ? undefined : (flvMs - lastVideoFlvMs) | 0 // 32-bit wrap
    if (stepMs === undefined) {
      anchors = [{ ms: lastVideoMs, flvMs }]
    } else if (stepMs < 0 || stepMs > jumpMs) {
      lastVideoMs += lastStepMs
      anchors.push({ ms: lastVideoMs, flvMs })
      if (anchors.length > maxAnchors) anchors.shift()
    } else {
      lastVideoMs += stepMs
      if (stepMs > 0) lastStepMs = stepMs
    }
    lastVideoFlvMs = flvMs
    writeTimestamp(view, at, lastVideoMs)
  }

  function takeAudio(view: DataView, at: number, next: number) {
    const isAac = view.getUint8(at + tagHeaderBytes) >> 4 === 10
    if (isAac && view.getUint8(at + tagHeaderBytes + 1) === 0) {
      audioConfig = copyTag(view, at, next)
      return
    }
    const anchor = anchors.at(-1)
    if (!isStarted || !anchor) return leaveOut(view, at)
    const ms = anchor.ms + ((readTimestamp(view, at) - anchor.flvMs) | 0)
    if (ms <= lastAudioMs || ms < baseMs || Math.abs(ms - lastVideoMs) > maxAudioDistanceMs) return leaveOut(view, at)
    lastAudioMs = ms
    writeTimestamp(view, at, ms)
  }

  /** What a decoder must get before the first batch: file header and the configuration of each track that will be played. */
  function prelude(withAudio: boolean): ArrayBuffer {
    const audio = withAudio ? audioConfig : undefined
    const parts = [fileHeader(audio !== undefined), ...(videoConfig ? [videoConfig] : []), ...(audio ? [audio] : [])]
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
    let offset = 0
    for (const part of parts) {
      bytes.set(part, offset)
      offset += part.length
    }
    return bytes.buffer
  }

  /** The next key frame begins a new timeline for a new decoder. `forget` also drops the configurations: a new file header follows. */
  function startAnew(forget: boolean) {
    isStarted = false
    lastVideoFlvMs = undefined
    lastVideoMs = baseMs
    lastAudioMs = 0
    anchors = []
    if (forget) videoConfig = audioConfig = undefined
  }

  /** FLV timestamp of what is shown at a media time; undefined before the start. */
  function toFlvMs(mediaMs: number): number | undefined {
    const ms = mediaMs + baseMs
    const anchor = anchors.findLast((candidate) => candidate.ms <= ms) ?? anchors[0]
    return anchor && anchor.flvMs + (ms - anchor.ms)
  }

  /** Media time of an FLV timestamp; undefined before the start. */
  function toMediaMs(flvMs: number): number | undefined {
    const anchor = anchors.findLast((candidate) => candidate.flvMs <= flvMs) ?? anchors[0]
    return anchor && anchor.ms + (flvMs - anchor.flvMs) - baseMs
  }
}
export type FlvTimeline = ReturnType<typeof createFlvTimeline>

function hasFileHeader(view: DataView): boolean {
  return view.byteLength >= fileHeaderBytes && view.getUint8(0) === 0x46 && view.getUint8(1) === 0x4c && view.getUint8(2) === 0x56
}

function fileHeader(hasAudio: boolean): Uint8Array {
  return Uint8Array.of(
    0x46,
    0x4c,
    0x56,
    1, // 'FLV', version 1
    hasAudio ? 0b101 : 0b001, // TypeFlagsAudio, TypeFlagsVideo
    0,
    0,
    0,
    9, // DataOffset
    0,
    0,
    0,
    0, // PreviousTagSize0
  )
}

function leaveOut(view: DataView, at: number) {
  view.setUint8(at, skippedTag)
}

function copyTag(view: DataView, at: number, next: number): Uint8Array {
  return new Uint8Array(view.buffer.slice(at, next))
}

/** Timestamp (low 24 bits) and TimestampExtended (high 8 bits) as one unsigned number. */
function readTimestamp(view: DataView, at: number): number {
  return ((view.getUint32(at + 3) & 0xffffff) | (view.getUint8(at + 7) << 24)) >>> 0
}

function readSigned24(view: DataView, at: number, end: number): number {
  return at + 3 <= end ? (view.getInt16(at) << 8) | view.getUint8(at + 2) : 0
}

function writeTimestamp(view: DataView, at: number, ms: number) {
  view.setUint16(at + 4, (ms >>> 8) & 0xffff)
  view.setUint8(at + 6, ms & 0xff)
  view.setUint8(at + 7, (ms >>> 24) & 0xff)
}
