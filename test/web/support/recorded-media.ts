/** Real playback of recorded files behind the stand-in's pages: the server's own viewer on the browser's socket. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { systemClock } from '../../../server/base/clock.ts'
import { silentLog } from '../../../server/base/log.ts'
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import { PlaybackQuery } from '../../../server/contract/recordings.ts'
import { defaultLimits } from '../../../server/media/app.ts'
import { FileMemory } from '../../../server/media/playback/file-memory.ts'
import { PlaybackViewer } from '../../../server/media/playback/playback-viewer.ts'
import type { Archive, StoredSegment } from '../../../server/media/recording/archive.ts'
import { createTranscoders } from '../../../server/media/transcoders.ts'
import { aacConfig, AdtsReader, serializeSpecificConfig } from '../../../server/protocols/codec/aac.ts'
import type { AudioConfig } from '../../../server/protocols/codec/access-unit.ts'
import type { VideoCodec } from '../../../server/contract/media.ts'
import { ffmpegPath, makeClip } from '../../media/clips.ts'
import { createFakeArchive, writeSegment } from '../../media/recorded.ts'

export type RecordedCamera = { codec: VideoCodec; sound?: 'aac' | 'pcma' | 'breaks_off' }

const CLIP_FRAMES = 250
const SOUND_HZ = 16_000

/** `seconds` of each camera from `fromAt` on: a moving picture and a tone. */
export function recordMedia(folder: string, cameras: Record<string, RecordedCamera>, { fromAt, seconds }: { fromAt: Instant; seconds: number }) {
  const clips = { h264: makeClips('h264'), h265: makeClips('h265') }
  const archives = new Map<string, Archive>()
  for (const [cameraId, { codec, sound }] of Object.entries(cameras)) {
    const { video, pictures } = clips[codec]
    const own = join(folder, cameraId)
    mkdirSync(own)
    const segment: StoredSegment = writeSegment({
      folder: own,
      fromAt,
      pictures: Array.from({ length: seconds * 25 }, (_, index) => pictures[index % CLIP_FRAMES]!),
      video,
      notedId: cameraId,
      ...(sound && soundOf(sound, seconds)),
    })
    archives.set(cameraId, createFakeArchive([segment]))
  }
  const archive: Archive = {
    list: async (cameraId, range) => (await archives.get(cameraId)?.list(cameraId, range)) ?? [],
    find: async (cameraId, at) => archives.get(cameraId)?.find(cameraId, at),
    findEnd: async (cameraId) => archives.get(cameraId)?.findEnd(cameraId),
  }
  const limits = defaultLimits()
  const transcoders = createTranscoders({ ffmpegPath, clock: systemClock, log: silentLog, limits: limits.transcode, gop: limits.hub.stream.gop })
  const memory = new FileMemory()

  function takeSocket(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const url = new URL(request.url ?? '/', 'http://x')
    const cameraId = url.pathname.split('/').at(-1) as CameraId
    if (!url.pathname.startsWith('/media/playback/') || !archives.has(cameraId)) return false
    const { at, codecs, sound } = PlaybackQuery.parse(Object.fromEntries(url.searchParams))
    const wish = { viewerId: 'v', loginId: 'l', cameraId, at, codecs, sound, webSocketKey: request.headers['sec-websocket-key']! }
    const viewer = new PlaybackViewer(wish, socket, head, {
      archive,
      memory,
      transcoders,
      clock: systemClock,
      log: silentLog,
      limits: limits.playback,
      socketLimits: limits.delivery,
      onLeft: () => {},
    })
    void viewer.start()
    return true
  }
  return { takeSocket, transcoders }
}

function makeClips(codec: VideoCodec) {
  const units = makeClip(codec, { count: CLIP_FRAMES, gopFrames: 50, widthPx: 1920, heightPx: 1080 })
  return { video: units[0]!.config, pictures: units.map(({ isKey, data }) => ({ isKey, data })) }
}

/** One list a second of pictures. */
function soundOf(kind: NonNullable<RecordedCamera['sound']>, seconds: number): { audio: AudioConfig; sound: Uint8Array[][]; soundAtPictures?: boolean } {
  const tone = ['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}:sample_rate=${SOUND_HZ}`, '-ac', '1']
  const code = (args: string[]) => spawnSync(ffmpegPath!, [...tone, ...args, 'pipe:1'], { maxBuffer: 1 << 26 }).stdout
  if (kind === 'pcma') {
    const samples = code(['-ar', '8000', '-f', 'alaw'])
    const sound = Array.from({ length: seconds }, (_, index) => [samples.subarray(index * 8_000, (index + 1) * 8_000)])
    return { audio: { codec: 'pcma', sampleRateHz: 8_000, channels: 1, specificConfig: undefined }, sound, soundAtPictures: true }
  }
  const frames = new AdtsReader().push(code(['-c:a', 'aac', '-f', 'adts']))
  const upTo = (second: number) => Math.floor((second * SOUND_HZ) / 1024)
  const heardSeconds = kind === 'breaks_off' ? 4 : seconds
  const sound = Array.from({ length: seconds }, (_, index) => (index < heardSeconds ? frames.slice(upTo(index), upTo(index + 1)) : []))
  // AAC Main, of which the server knows no silence: the page alone must see to it
  const objectType = kind === 'breaks_off' ? 1 : 2
  return { audio: aacConfig(serializeSpecificConfig({ objectType, sampleRateHz: SOUND_HZ, channels: 1 })), sound }
}
