/** Recorded files as the recorder writes them, with pictures that say their number, and a page that plays them over a real socket. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import type { Log } from '../../server/base/log.ts'
import type { Instant } from '../../server/contract/ids.ts'
import type { PlaybackServerMessage } from '../../server/contract/recordings.ts'
import { defaultLimits, type MediaLimits } from '../../server/media/app.ts'
import type { PlaybackRequest, ViewerLeft } from '../../server/media/plane.ts'
import { PlaybackViewer } from '../../server/media/playback/playback-viewer.ts'
import { FileMemory } from '../../server/media/playback/file-memory.ts'
import { createTranscoders } from '../../server/media/transcoders.ts'
import type { Archive, StoredSegment } from '../../server/media/recording/archive.ts'
import type { AudioConfig, VideoConfig } from '../../server/protocols/codec/access-unit.ts'
import { h264Config } from '../../server/protocols/codec/h264.ts'
import { h265Config } from '../../server/protocols/codec/h265.ts'
import { FlvDemuxer, type FlvItem } from '../../server/protocols/flv/demuxer.ts'
import { AUDIO_TRACK_ID, type FragmentTrack, muxFragmentedHead, muxFragmentHead, VIDEO_TRACK_ID } from '../../server/protocols/mp4/fragment.ts'
import { cameraId } from './support.ts'
import { createWebSocketClient, webSocketKey, type WebSocketClient } from './web-socket-client.ts'

export const FRAME_MS = 40
/** Noon of a day in 2026. */
export const NOON: Instant = 1_793_880_000_000

const base64 = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'))
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))
const pps = base64('aOvjyyLA')
/** Parameter sets from the field; nothing here decodes them. */
export const fullHd: VideoConfig = h264Config([base64('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY')], [pps])
export const hd: VideoConfig = h264Config([base64('Z2QAH6zZQFAFuhAAAAMAEAAAAwMg8YMZYA==')], [pps])
export const hevc: VideoConfig = h265Config(
  [hex('40010c01ffff01600000030090000003000003005d959409')],
  [hex('42010101600000030090000003000003005da00280802d16595952930bc05a020000030002000003003210')],
  [hex('4401c073c189')],
)

export type RecordedPicture = { isKey: boolean; data: Uint8Array; compositionOffset?: number }

/** One NAL unit that holds its number, and as many bytes as wanted. */
export function numberedPicture(number: number, isKey: boolean, bytes = 64): RecordedPicture {
  const data = Buffer.alloc(bytes, 0x55)
  data.writeUInt32BE(bytes - 4, 0)
  data[4] = isKey ? 0x65 : 0x41
  data.writeUInt32BE(number, 5)
  return { isKey, data }
}
export const numberOf = (data: Uint8Array): number => new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(5)

export const numberedPictures = (from: number, count: number, { gopFrames = 25, bytes = 64 } = {}) =>
  Array.from({ length: count }, (_, index) => numberedPicture(from + index, index % gopFrames === 0, bytes))

type FragmentOptions = {
  sequence: number
  at: Instant
  baseMs: number
  pictures: readonly RecordedPicture[]
  sound?: readonly Uint8Array[]
  soundBase?: number
  soundDuration?: (data: Uint8Array) => number
}

export function fragmentBytes({ sequence, at, baseMs, pictures, sound = [], soundBase = 0, soundDuration }: FragmentOptions): Buffer {
  const tracks: FragmentTrack[] = [
    {
      trackId: VIDEO_TRACK_ID,
      baseTime: baseMs,
      samples: pictures.map(({ isKey, data, compositionOffset = 0 }) => ({ duration: FRAME_MS, bytes: data.length, isKey, compositionOffset })),
    },
  ]
  if (sound.length > 0)
    tracks.push({
      trackId: AUDIO_TRACK_ID,
      baseTime: soundBase,
      samples: sound.map((data) => ({ duration: soundDuration?.(data) ?? 1024, bytes: data.length, isKey: true, compositionOffset: 0 })),
    })
  return Buffer.concat([muxFragmentHead(sequence, at, tracks), ...pictures.map(({ data }) => data), ...sound])
}

export type SegmentOptions = {
  folder: string
  fromAt: Instant
  pictures: readonly RecordedPicture[]
  video?: VideoConfig
  audio?: AudioConfig
  /** One for each fragment. */
  sound?: readonly (readonly Uint8Array[])[]
  /** The sound of each fragment begins with its first picture; else it runs on from the fragment before. */
  soundAtPictures?: boolean
  fragmentFrames?: number
  isOpen?: boolean
  /** The clock of the recorder leads the pictures by so much a fragment. */
  leadMs?: number
  /** The camera that the file says it is of. */
  notedId?: string
  /** Each fragment says that it begins so much later than the one before it ended. */
  slipMs?: number
  /** How far the file says its times are ahead. */
  clockOffsetMs?: number
}

/** Writes a whole file. `offsets` are where its fragments begin. */
export function writeSegment(options: SegmentOptions): StoredSegment & { offsets: number[] } {
  const {
    folder,
    fromAt,
    pictures,
    video = hd,
    audio,
    sound = [],
    fragmentFrames = 25,
    isOpen = false,
    leadMs = 0,
    slipMs = 0,
    notedId = 'a',
    soundAtPictures = false,
    clockOffsetMs = 0,
  } = options
  const parts: Uint8Array[] = [muxFragmentedHead({ video, audio, note: { version: 1, cameraId: notedId, profile: 'main', startAt: fromAt, clockOffsetMs } })]
  const offsets: number[] = []
  let soundBase = 0
  for (let from = 0; from < pictures.length; from += fragmentFrames) {
    const index = offsets.length
    offsets.push(parts.reduce((sum, part) => sum + part.length, 0))
    const at = fromAt + from * FRAME_MS + index * leadMs
    const heard = sound[index] ?? []
    if (soundAtPictures && audio) soundBase = (from * FRAME_MS * audio.sampleRateHz) / 1000
    parts.push(
      fragmentBytes({
        sequence: index + 1,
        at,
        baseMs: from * FRAME_MS + index * slipMs,
        pictures: pictures.slice(from, from + fragmentFrames),
        sound: heard,
        soundBase,
        ...(audio && audio.codec !== 'aac' ? { soundDuration: (data: Uint8Array) => data.length / audio.channels } : {}),
      }),
    )
    soundBase += heard.length * 1024
  }
  const toAt = fromAt + pictures.length * FRAME_MS
  const file = join(folder, isOpen ? `${fromAt}.part` : `${fromAt}-${toAt - fromAt}.mp4`)
  writeFileSync(file, Buffer.concat(parts))
  return { cameraId: cameraId('a'), diskId: 'disk', file, fromAt, toAt, isOpen, offsets }
}

/** Adds a fragment to a file that is being recorded. */
export function growSegment(segment: StoredSegment, pictures: readonly RecordedPicture[], sequence: number): void {
  const baseMs = segment.toAt - segment.fromAt
  appendFileSync(segment.file, fragmentBytes({ sequence, at: segment.toAt, baseMs, pictures }))
  segment.toAt += pictures.length * FRAME_MS
}

/** An archive of what it is given; `segments` may be changed at any time. */
export function createFakeArchive(segments: StoredSegment[]): Archive {
  const sorted = () => [...segments].sort((a, b) => a.fromAt - b.fromAt)
  return {
    list: async (_, { fromAt, toAt }) => sorted().filter((segment) => segment.fromAt < toAt && segment.toAt > fromAt),
    find: async (_, at) => sorted().find((segment) => segment.toAt > at),
    findEnd: async () => sorted().at(-1)?.toAt,
  }
}

export type Page = WebSocketClient<PlaybackServerMessage> & {
  /** What came since the last `opened`. */
  items(): FlvItem[]
  pictures(): Extract<FlvItem, { kind: 'video' }>[]
  numbers(): number[]
  /** Says that everything that came has been shown, again and again. */
  follow(speed?: number): void
}

export type PlaybackSetup = Awaited<ReturnType<typeof createPlaybackSetup>>

/** A server of playback alone, and browsers on real TCP sockets. */
export async function createPlaybackSetup(
  segments: StoredSegment[],
  {
    pollMs = 20,
    archive = createFakeArchive(segments),
    ffmpegPath,
    change = () => {},
  }: { pollMs?: number; archive?: Archive; ffmpegPath?: string | undefined; change?: (limits: MediaLimits) => void } = {},
) {
  const limits = defaultLimits()
  change(limits)
  const memory = new FileMemory()
  const left: ViewerLeft[] = []
  const viewers: PlaybackViewer[] = []
  const logged: string[] = []
  const note = (...words: unknown[]) => void logged.push(String(words.at(-1)))
  const log: Log = { error: note, warn: note, info: note, debug: note, child: () => log }
  const requests: PlaybackRequest[] = []
  const transcoders = createTranscoders({ ffmpegPath, clock: systemClock, log, limits: limits.transcode, gop: limits.hub.stream.gop })
  const server = createServer((socket) => {
    const viewer = new PlaybackViewer(requests.shift()!, socket, new Uint8Array(0), {
      archive,
      memory,
      transcoders,
      clock: systemClock,
      log,
      limits: { ...limits.playback, pollMs },
      socketLimits: limits.delivery,
      onLeft: (_, event) => left.push(event),
    })
    viewers.push(viewer)
    void viewer.start()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const browsers = new Set<Socket>()
  onTestFinished(() => {
    for (const browser of browsers) browser.destroy()
    server.close()
  })

  /** Opens one page at a time. */
  async function play(request: Partial<PlaybackRequest> = {}): Promise<Page> {
    const key = webSocketKey()
    requests.push({ viewerId: 'v', cameraId: cameraId('a'), codecs: ['h264'], sound: false, loginId: 'login', at: NOON, ...request, webSocketKey: key })
    const socket = connect(port, '127.0.0.1')
    browsers.add(socket)
    return createPage(socket, key)
  }

  return { play, left, logged, viewers, transcoders }
}

export async function createPage(socket: Socket, key: string): Promise<Page> {
  const client = createWebSocketClient<PlaybackServerMessage>(socket, key, { beginsRun: 'opened' })
  const page = client as Page
  let read: { run: number; frames: number; demuxer: FlvDemuxer; items: FlvItem[] } | undefined
  page.items = () => {
    const run = client.runs.length - 1
    if (read?.run !== run) read = { run, frames: 0, demuxer: new FlvDemuxer(), items: [] }
    for (const bytes of client.runs[run]!.slice(read.frames)) read.items.push(...read.demuxer.push(bytes))
    read.frames = client.runs[run]!.length
    return read.items
  }
  page.pictures = () => page.items().filter((item) => item.kind === 'video')
  page.numbers = () => page.pictures().map(({ data }) => numberOf(data))
  page.follow = (speed = 1) => {
    const step = setInterval(() => {
      const last = page.pictures().at(-1)
      if (last && !socket.destroyed) client.send({ type: 'shown', flvMs: last.timestampMs + FRAME_MS, speed })
    }, 10)
    onTestFinished(() => clearInterval(step))
  }
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return page
}

/** The FLV time of the last picture that came, 0 before the first. */
export const lastFlvMs = (page: Page): number => page.pictures().at(-1)?.timestampMs ?? 0
