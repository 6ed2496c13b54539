/** A video element, a decoder and a socket that do what a test says. */
import type { MediaSocketHandlers } from '../../../../web/base/media-socket.ts'
import type { DecoderFailure, OpenDecoder } from '../../../../web/engines/player/mpegts.ts'

export type FakeSocket = MediaSocketHandlers & { path: string; sent: string[]; isClosed: boolean }

export function createFakeSockets() {
  const all: FakeSocket[] = []
  return {
    all,
    last: () => all.at(-1)!,
    open(path: string, handlers: MediaSocketHandlers) {
      const socket: FakeSocket = { path, sent: [], isClosed: false, ...handlers }
      all.push(socket)
      return { send: (text: string) => void socket.sent.push(text), close: () => void (socket.isClosed = true) }
    },
  }
}

export function createFakeVideo() {
  let frame: ((now: number, data: { mediaTime: number }) => void) | undefined
  let range: [number, number] | undefined
  const video = {
    currentTime: 0,
    playbackRate: 1,
    muted: true,
    paused: true,
    seeking: false,
    readyState: 4,
    videoWidth: 640,
    videoHeight: 360,
    plays: 0,
    get buffered() {
      return { length: range ? 1 : 0, start: () => range![0], end: () => range![1] }
    },
    play() {
      video.paused = false
      video.plays++
      return Promise.resolve()
    },
    pause() {
      video.paused = true
    },
    requestVideoFrameCallback(run: typeof frame) {
      frame = run
      return 1
    },
    cancelVideoFrameCallback() {
      frame = undefined
    },
  }
  return {
    video,
    element: video as unknown as HTMLVideoElement,
    buffer: (fromS: number, toS: number) => (range = [fromS, toS]),
    show(mediaTime: number) {
      video.currentTime = mediaTime
      frame?.(0, { mediaTime })
    },
  }
}

export function createFakeDecoders() {
  const all: { pushed: ArrayBuffer[]; isClosed: boolean; hasAudio: boolean; fail(failure?: Partial<DecoderFailure>): void }[] = []
  const open: OpenDecoder = async (_video, { hasAudio, onFailure }) => {
    const decoder = {
      pushed: [] as ArrayBuffer[],
      isClosed: false,
      hasAudio,
      fail: (failure: Partial<DecoderFailure> = {}) => onFailure({ isUnsupported: false, detail: 'test', ...failure }),
    }
    all.push(decoder)
    return {
      hasAudio,
      push: (bytes) => void decoder.pushed.push(bytes),
      close: async () => void (decoder.isClosed = true),
    }
  }
  return { all, open, last: () => all.at(-1)! }
}

/** One FLV tag and its PreviousTagSize. */
export function flvTag(type: number, timestampMs: number, body: number[]): Uint8Array {
  const size = body.length
  const total = 11 + size
  return Uint8Array.of(
    type,
    size >> 16,
    (size >> 8) & 255,
    size & 255,
    (timestampMs >>> 16) & 255,
    (timestampMs >>> 8) & 255,
    timestampMs & 255,
    timestampMs >>> 24,
    0,
    0,
    0,
    ...body,
    0,
    0,
    total >> 8,
    total & 255,
  )
}
export const fileHeader = Uint8Array.of(0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0)
export const videoConfig = flvTag(9, 0, [0x17, 0, 0, 0, 0, 1])
export const audioConfig = flvTag(8, 0, [0xaf, 0, 0x12, 0x10])
export const keyFrame = (ms: number) => flvTag(9, ms, [0x17, 1, 0, 0, 0, 0x65])
export const plainFrame = (ms: number) => flvTag(9, ms, [0x27, 1, 0, 0, 0, 0x41])
export const audioFrame = (ms: number) => flvTag(8, ms, [0xaf, 1, 0x21])

export function join(...parts: Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes.buffer
}

/** Type and timestamp of each tag. */
export function readTags(bytes: ArrayBuffer): { type: number; ms: number }[] {
  const view = new DataView(bytes)
  const tags: { type: number; ms: number }[] = []
  for (let at = 0; at < view.byteLength; at += 11 + (view.getUint32(at) & 0xffffff) + 4) {
    tags.push({ type: view.getUint8(at), ms: ((view.getUint32(at + 3) & 0xffffff) | (view.getUint8(at + 7) << 24)) >>> 0 })
  }
  return tags
}
