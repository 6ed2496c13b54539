/** Loads clips and packs them into RTP once; every camera that shows a clip shares the bytes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '../base/errors.ts'
import type { VideoCodec } from '../contract/media.ts'
import { readPictures, type CodedPicture } from './annexb.ts'
import type { ClipIndex, ClipName, ClipStreams, StreamFacts } from './clips/catalog.ts'
import { packAac, packPcma, packVideo, type RtpLoop } from './packetize.ts'

export type VideoLoop = RtpLoop & { codec: VideoCodec; fps: number; parameterSets: readonly Uint8Array[] }
export type SoundCodec = 'aac' | 'pcma'
export type SoundLoop = RtpLoop & { codec: SoundCodec; sampleRateHz: number; config: string }

/** An elementary stream (Annex B) from elsewhere: a path or its bytes. `padToKbps` fills it up with filler NAL units to that bit rate. */
export type StreamFile = { file: string | Uint8Array; codec: VideoCodec; fps: number; padToKbps?: number }

export type ClipLibrary = {
  clip(name: ClipName): { main: ClipStreams; sub: ClipStreams; h265?: ClipStreams }
  video(facts: StreamFacts): VideoLoop
  custom(stream: StreamFile): VideoLoop
  /** The black picture of this codec and size. */
  findBlack(like: StreamFacts): StreamFacts | undefined
  /** A stream of the same codec and another size. */
  findOtherSize(name: ClipName, than: StreamFacts): StreamFacts | undefined
  sound(codec: SoundCodec): SoundLoop
}

export const clipFolder = fileURLToPath(new URL('./clips', import.meta.url))

export function createClipLibrary(folder = clipFolder): ClipLibrary {
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as ClipIndex
  const loops = new Map<string, VideoLoop>()
  const customLoops = new Map<string | Uint8Array, Map<number, VideoLoop>>()
  const sounds = new Map<SoundCodec, SoundLoop>()

  function packStream(bytes: Uint8Array, codec: VideoCodec, fps: number, displayOrder?: readonly number[], padToKbps = 0): VideoLoop {
    const { pictures, parameterSets } = readPictures(codec, bytes)
    assert(pictures.length > 0 && pictures[0]!.isKey, 'a clip begins with a key frame')
    const padded = padToKbps > 0 ? padPictures(codec, pictures, fps, padToKbps) : pictures
    return { ...packVideo(codec, padded, fps, displayOrder), codec, fps, parameterSets }
  }

  function clip(name: ClipName) {
    const found = index.clips[name]
    assert(found, `clip ${name} is in clips/index.json`)
    return found
  }

  function allStreams(): StreamFacts[] {
    return Object.values(index.clips).flatMap(({ main, sub, h265 }) => [main.moving, sub.moving, ...(h265 ? [h265.moving] : [])])
  }

  return {
    clip,
    video(facts) {
      let loop = loops.get(facts.file)
      if (!loop) loops.set(facts.file, (loop = packStream(readFileSync(join(folder, facts.file)), facts.codec, facts.fps, facts.displayOrder)))
      return loop
    },
    custom({ file, codec, fps, padToKbps = 0 }) {
      let byRate = customLoops.get(file)
      if (!byRate) customLoops.set(file, (byRate = new Map()))
      let loop = byRate.get(padToKbps)
      if (!loop) byRate.set(padToKbps, (loop = packStream(typeof file === 'string' ? readFileSync(file) : file, codec, fps, undefined, padToKbps)))
      return loop
    },
    findBlack: (like) => index.black.find((black) => black.codec === like.codec && black.widthPx === like.widthPx),
    findOtherSize(name, than) {
      const { main, sub } = clip(name)
      return [sub.moving, main.moving, ...allStreams()].find((stream) => stream.codec === than.codec && stream.widthPx !== than.widthPx)
    },
    sound(codec) {
      let loop = sounds.get(codec)
      if (!loop) {
        const { file } = index.sound[codec]
        const bytes = readFileSync(join(folder, file))
        const { sampleRateHz, config } = codec === 'aac' ? index.sound.aac : { sampleRateHz: 8000, config: '' }
        sounds.set(codec, (loop = { ...(codec === 'aac' ? packAac(bytes, sampleRateHz) : packPcma(bytes)), codec, sampleRateHz, config }))
      }
      return loop
    },
  }
}

/** Adds filler data (H.264 §7.3.2.7, NAL type 12; H.265 §7.3.2.8, NAL type 38) evenly to all pictures but the key frames. */
function padPictures(codec: VideoCodec, pictures: readonly CodedPicture[], fps: number, kbps: number): CodedPicture[] {
  const wantedBytes = ((kbps * 1000) / 8) * (pictures.length / fps)
  const presentBytes = pictures.reduce((sum, picture) => picture.units.reduce((s, unit) => s + unit.length, sum), 0)
  const fillBytes = Math.floor((wantedBytes - presentBytes) / pictures.filter((picture) => !picture.isKey).length)
  if (!(fillBytes > 4)) return [...pictures]
  const filler = Buffer.alloc(fillBytes, 0xff)
  filler.set(codec === 'h264' ? [0x0c] : [0x4c, 0x01])
  filler[fillBytes - 1] = 0x80
  return pictures.map((picture) => (picture.isKey ? picture : { ...picture, units: [...picture.units, filler] }))
}
