/** A stand-in for the delivery of live pictures: speaks `contract/media.ts` with FLV that ffmpeg made of a test picture, and fails on command. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { type WebSocket, WebSocketServer } from 'ws'
import type { LiveServerMessage } from '../../../server/contract/media.ts'

export const hasFfmpeg = existsSync('/usr/bin/ffmpeg')
if (!hasFfmpeg) console.warn('\nSKIPPED LOUDLY: no /usr/bin/ffmpeg; tests that play made-up pictures are left out. Install: apt-get install ffmpeg\n')

export type TestClip = {
  prelude: Buffer
  config: Buffer
  tags: { bytes: Buffer; ms: number; isKey: boolean }[]
  durationMs: number
  widthPx: number
  heightPx: number
  hasSound: boolean
}

/** An MP4 of one picture, as stills are. */
export function makeStillMp4(): Buffer {
  const input = ['-f', 'lavfi', '-i', 'testsrc=size=640x360:rate=25:duration=0.04', '-frames:v', '1', '-c:v', 'libx264', '-pix_fmt', 'yuv420p']
  const made = spawnSync('/usr/bin/ffmpeg', ['-v', 'error', ...input, '-f', 'mp4', '-movflags', 'frag_keyframe+empty_moov', 'pipe:1'])
  if (made.status !== 0) throw new Error(`ffmpeg: ${made.stderr.toString()}`)
  return made.stdout
}

/** A moving test picture as FLV, 25 frames a second, a key frame every second. */
export function makeClip(options: { sizePx?: [number, number]; seconds?: number; gopFrames?: number; sound?: boolean } = {}): TestClip {
  const { sizePx: [widthPx, heightPx] = [640, 360], seconds = 8, gopFrames = 25, sound = false } = options
  const inputs = ['-f', 'lavfi', '-i', `testsrc=size=${widthPx}x${heightPx}:rate=25:duration=${seconds}`]
  if (sound) inputs.push('-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=44100:duration=${seconds}`)
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-pix_fmt',
    'yuv420p',
    '-g',
    String(gopFrames),
    '-keyint_min',
    String(gopFrames),
    '-sc_threshold',
    '0',
    '-threads',
    '1',
  ]
  const made = spawnSync(
    '/usr/bin/ffmpeg',
    ['-v', 'error', ...inputs, ...video, ...(sound ? ['-c:a', 'aac', '-ac', '1'] : []), '-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1'],
    { maxBuffer: 256 * 1024 * 1024 },
  )
  if (made.status !== 0) throw new Error(`ffmpeg: ${made.stderr.toString()}`)
  const flv = made.stdout
  const clip: TestClip = { prelude: flv.subarray(0, 13), config: Buffer.alloc(0), tags: [], durationMs: seconds * 1000, widthPx, heightPx, hasSound: sound }
  for (let at = 13; at + 15 <= flv.length;) {
    const type = flv[at]
    const next = at + 11 + flv.readUIntBE(at + 1, 3) + 4
    const bytes = flv.subarray(at, next)
    const isConfig = type !== 18 && bytes[12] === 0 && (type === 9 || (bytes[11] ?? 0) >> 4 === 10)
    if (isConfig) clip.config = Buffer.concat([clip.config, bytes])
    else if (type !== 18 && !(type === 9 && bytes[12] === 2))
      clip.tags.push({ bytes, ms: bytes.readUIntBE(4, 3) | ((bytes[7] ?? 0) << 24), isKey: type === 9 && (bytes[11] ?? 0) >> 4 === 1 })
    at = next
  }
  return clip
}

type Viewer = { cameraId: string; socket: WebSocket; query: URLSearchParams; stop(): void; send(message: LiveServerMessage): void }

/** What the server does with viewers: changed by a test at any moment. */
export type FlvServer = {
  origin: string
  viewers: Set<Viewer>
  opened: { count: number; queries: URLSearchParams[] }
  /** Chooses the clip for a request. */
  clipFor: (query: URLSearchParams) => TestClip
  /** Flips bytes in the payload of what is sent while true. */
  isCorrupting: boolean
  /** Sends bytes that are no FLV at all, once, to everybody. */
  sendGarbage(): void
  /** Sockets stay open, nothing is said. */
  isSilent: boolean
  /** Answers every new viewer with this instead of pictures. */
  answer: LiveServerMessage | undefined
  /** The same for one camera. */
  answerFor: (cameraId: string) => LiveServerMessage | undefined
  /** The camera sends no picture any more; the server still speaks. */
  hasStopped: (cameraId: string, sinceOpenMs: number) => boolean
  /** First FLV timestamp. */
  startFlvMs: number
  closeAll(code: number): void
  /** Says `restart` and goes on with another clip. */
  switchClip(clip: TestClip): void
  /** All sockets die, the port is closed. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
}

/** Serves the files of `folder` and `/media/live/:id`. */
export async function startFlvServer({
  folder,
  clip,
  api,
}: {
  folder: string
  clip: TestClip
  api?: (request: IncomingMessage) => { status: number; headers: Record<string, string>; body: Buffer | string } | undefined
}): Promise<FlvServer> {
  const viewers = new Set<Viewer>()
  let http: Server | undefined
  let port = 0
  const server: FlvServer = {
    origin: '',
    viewers,
    opened: { count: 0, queries: [] },
    clipFor: () => clip,
    isCorrupting: false,
    isSilent: false,
    answer: undefined,
    answerFor: () => undefined,
    hasStopped: () => false,
    startFlvMs: 4_294_960_000,
    sendGarbage() {
      for (const viewer of viewers) viewer.socket.send(Buffer.alloc(500, 0x5a))
    },
    closeAll(code) {
      for (const viewer of viewers) viewer.socket.close(code)
    },
    switchClip(next) {
      for (const viewer of viewers) {
        viewer.stop()
        viewer.send({ type: 'restart' })
        viewer.stop = play(server, viewer, next)
      }
    },
    async stop() {
      const closing = http
      for (const viewer of viewers) viewer.socket.terminate()
      closing?.closeAllConnections()
      await new Promise((resolve) => (closing ? closing.close(resolve) : resolve(undefined)))
    },
    async start() {
      http = createServer((request, response) => {
        const made = api?.(request)
        if (made) return response.writeHead(made.status, made.headers).end(made.body)
        const path = new URL(request.url ?? '/', 'http://x').pathname
        const file = join(folder, path === '/' ? 'index.html' : path)
        if (!existsSync(file)) return response.writeHead(404).end()
        response.writeHead(200, { 'content-type': contentTypes[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
      })
      const sockets = new WebSocketServer({ server: http })
      sockets.on('connection', (socket, request) => take(server, socket, new URL(request.url ?? '/', 'http://x')))
      await new Promise<void>((resolve) => http?.listen(port, '127.0.0.1', resolve))
      port = (http.address() as AddressInfo).port
      server.origin = `http://127.0.0.1:${port}`
    },
  }
  await server.start()
  return server
}

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
  '.mp4': 'video/mp4',
}

function take(server: FlvServer, socket: WebSocket, { pathname, searchParams: query }: URL) {
  const viewer: Viewer = { cameraId: pathname.split('/').at(-1) ?? '', socket, query, stop: () => {}, send: (message) => socket.send(JSON.stringify(message)) }
  server.viewers.add(viewer)
  server.opened.count++
  server.opened.queries.push(query)
  socket.on('close', () => {
    viewer.stop()
    server.viewers.delete(viewer)
  })
  const answer = server.answer ?? server.answerFor(viewer.cameraId)
  if (answer) return viewer.send(answer)
  viewer.send({ type: 'opening', attempt: 1, cause: null, detail: null, retryInMs: 0 })
  viewer.stop = play(server, viewer, server.clipFor(query))
}

/** Sends a clip round and round in real time, beginning with a key frame interval of the past as the real server does. */
function play(server: FlvServer, viewer: Viewer, clip: TestClip): () => void {
  const withSound = clip.hasSound && viewer.query.get('sound') === '1'
  const pastMs = 960
  const startedAtMs = Date.now() - pastMs
  let at = 0
  let round = 0
  let lastFlvMs = server.startFlvMs
  let lastAt = Date.now()
  viewer.send({
    type: 'opened',
    profile: viewer.query.get('profile') === 'sub' ? 'sub' : 'main',
    codec: 'h264',
    sourceCodec: 'h264',
    widthPx: clip.widthPx,
    heightPx: clip.heightPx,
    sound: withSound,
    flvBaseMs: server.startFlvMs,
    instead: null,
    soundMissing: null,
  })
  viewer.socket.send(Buffer.concat([clip.prelude, clip.config]))
  const sender = setInterval(() => {
    const nowMs = Date.now() - startedAtMs
    for (;;) {
      const tag = clip.tags[at]
      const ms = (tag?.ms ?? 0) + round * clip.durationMs
      if (!tag || ms > nowMs) return
      if (!server.isSilent && !server.hasStopped(viewer.cameraId, nowMs - pastMs) && (tag.bytes[0] === 9 || withSound)) {
        lastFlvMs = (server.startFlvMs + ms) >>> 0
        lastAt = Date.now()
        viewer.socket.send(stamp(tag.bytes, lastFlvMs, server.isCorrupting))
      }
      at++
      if (at === clip.tags.length) {
        at = 0
        round++
      }
    }
  }, 20)
  const clock = setInterval(() => {
    if (!server.isSilent) viewer.send({ type: 'clock', flvMs: lastFlvMs, at: lastAt, kbps: 500, fps: 25 })
  }, 1000)
  return () => {
    clearInterval(sender)
    clearInterval(clock)
  }
}

function stamp(tag: Buffer, flvMs: number, isCorrupt: boolean): Buffer {
  const bytes = Buffer.from(tag)
  bytes.writeUIntBE(flvMs & 0xffffff, 4, 3)
  bytes[7] = flvMs >>> 24
  // the slice says that it is a kind of picture that does not exist, and then nonsense
  if (isCorrupt && bytes[0] === 9) for (let at = 16; at < bytes.length - 4; at++) bytes[at] = (at * 37) & 0xff
  return bytes
}

/** One key frame of the test picture as MP4: what `GET …/still` answers. */
export function makeStill(): Buffer {
  const made = spawnSync('/usr/bin/ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=640x360:rate=25',
    '-frames:v',
    '1',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-threads',
    '1',
    '-f',
    'mp4',
    '-movflags',
    'frag_keyframe+empty_moov',
    'pipe:1',
  ])
  if (made.status !== 0) throw new Error(`ffmpeg: ${made.stderr.toString()}`)
  return made.stdout
}
