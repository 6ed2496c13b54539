/** One FLV tag, finished: a WebSocket frame made once and shared by the GOP cache, every viewer and every recorder. Nobody changes its bytes. */
import type { VideoConfig, AudioConfig } from '../protocols/codec/access-unit.ts'
import { flvAudioConfigTag, flvHeader, flvVideoConfigTag } from '../protocols/flv/muxer.ts'
import { FRAME_HEADROOM_BYTES, frameInPlace, Opcode, serializeFrame } from './websocket.ts'

/** Bytes of PreviousTagSize behind the tag's body (Adobe FLV 10.1, Annex E.3). */
const PREVIOUS_TAG_SIZE_BYTES = 4

export type Tag = {
  kind: 'video' | 'audio'
  isKey: boolean
  /** Decoding time on the stream's own timeline. */
  flvMs: number
  /** Presentation time on the same timeline. */
  ptsMs: number
  /** The whole WebSocket frame, header included. */
  frame: Buffer
  /** Length of the coded data, which lies just before PreviousTagSize. */
  dataBytes: number
}

/** `tagBytes` begins with `FRAME_HEADROOM_BYTES` unused bytes, as the muxer makes it. */
export function createTag(kind: Tag['kind'], isKey: boolean, flvMs: number, ptsMs: number, tagBytes: Buffer, dataBytes: number): Tag {
  return { kind, isKey, flvMs, ptsMs, frame: frameInPlace(tagBytes), dataBytes }
}

/** The coded data inside the tag: NAL units after 4-byte lengths, or one AAC frame. */
export function tagData(tag: Tag): Buffer {
  const end = tag.frame.length - PREVIOUS_TAG_SIZE_BYTES
  return tag.frame.subarray(end - tag.dataBytes, end)
}

/** What an FLV stream holds, as sent. `audio` is AAC or nothing: G.711 must be transcoded first. */
export type FeedFormat = { video: VideoConfig; audio: AudioConfig | undefined }

/** The FLV header and the configuration tags as one WebSocket frame, stamped with the time of the first tag that follows. */
export function openingFrame(format: FeedFormat, hasSound: boolean, flvMs: number): Buffer {
  const audio = hasSound ? format.audio : undefined
  const audioTag = audio && flvAudioConfigTag(audio, flvMs)
  const parts = [flvHeader({ hasVideo: true, hasAudio: audioTag !== undefined }), flvVideoConfigTag(format.video, flvMs), ...(audioTag ? [audioTag] : [])]
  return serializeFrame(Opcode.binary, Buffer.concat(parts))
}

export { FRAME_HEADROOM_BYTES }
