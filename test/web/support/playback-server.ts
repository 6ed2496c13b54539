/** A stand-in for recordings: timeline, days and `/media/playback` of `contract/recordings.ts` over a clip that ffmpeg made, with gaps and failures on command. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Fault, type Gap, PlaybackClientMessage, type PlaybackServerMessage, type TimeRange } from '../../../server/contract/recordings.ts'
import type { TestClip } from './flv-server.ts'
import { createRecordingsApi, type RecordingsApi } from './recordings-api.ts'

export type Stored = {
  recorded: readonly TimeRange[]
  gaps: readonly Gap[]
  faults?: readonly Fault[]
}

export type PlaybackServer = {
  origin: string
  /** What is stored of a camera; decides what is played, too. */
  storedOf: (cameraId: string) => Stored
  /** Answers a new viewer with this instead of pictures. */
  refusalOf: (cameraId: string) => Extract<PlaybackServerMessage, { type: 'refused' }> | undefined
  viewers: Set<{ cameraId: string; socket: WebSocket; received: PlaybackClientMessage[]; opened: number }>
  /** Requests of `/api/` in order. */
  asked: string[]
  /** Marks, locks and exports. */
  api: RecordingsApi
  closeAll(code: number): void
  stop(): Promise<void>
}

const contentTypes: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' }
/** How far the stand-in sends ahead of what the page says it shows, ms of media at speed 1. */
const aheadMs = 6_000
const dayMs = 86_400_000

export async function startPlaybackServer({
  folder,
  clip,
  still,
  storedOf,
  takeSocket = () => false,
}: {
  folder: string
  clip: TestClip
  /** An MP4 of one picture: what every recorded still is. */
  still?: Buffer
  storedOf: (cameraId: string) => Stored
  /** Plays in place of the stand-in; false: the stand-in does. */
  takeSocket?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean
}): Promise<PlaybackServer> {
  const http: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x')
    if (url.pathname.startsWith('/api/')) {
      server.asked.push(url.pathname)
      if (url.pathname.endsWith('/recorded-still')) return answerStill(server, response, url, still)
      const text = Buffer.concat(await request.toArray()).toString()
      const known = server.api.answer(request.method ?? 'GET', url, text === '' ? undefined : JSON.parse(text))
      const { status, body } = known ?? { status: 200, body: answer(server, url) }
      return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const file = join(folder, url.pathname)
    if (!existsSync(file)) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': contentTypes[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
  })
  const server: PlaybackServer = {
    origin: '',
    storedOf,
    refusalOf: () => undefined,
    viewers: new Set(),
    asked: [],
    api: createRecordingsApi({
      recordedIn: (cameraId, range) => cut(server.storedOf(cameraId).recorded, range),
      gapsIn: (cameraId, range) => cut(server.storedOf(cameraId).gaps, range),
    }),
    closeAll(code) {
      for (const { socket } of server.viewers) socket.close(code)
    },
    async stop() {
      for (const { socket } of server.viewers) socket.terminate()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  const standIn = new WebSocketServer({ noServer: true })
  standIn.on('connection', (socket, request) => take(server, clip, socket, new URL(request.url ?? '/', 'http://x')))
  http.on('upgrade', (request, socket, head) => {
    if (!takeSocket(request, socket, head)) standIn.handleUpgrade(request, socket, head, (taken) => standIn.emit('connection', taken, request))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  server.origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return server
}

function cut<R extends TimeRange>(ranges: readonly R[], { fromAt, toAt }: TimeRange): R[] {
  return ranges
    .filter((range) => range.toAt > fromAt && range.fromAt < toAt)
    .map((range) => ({ ...range, fromAt: Math.max(fromAt, range.fromAt), toAt: Math.min(toAt, range.toAt) }))
}

/** The picture of the whole second before; 204 where nothing is stored. */
function answerStill(server: PlaybackServer, response: ServerResponse, { pathname, searchParams }: URL, still: Buffer | undefined) {
  const at = Number(searchParams.get('at'))
  const isStored = server.storedOf(pathname.split('/')[3] ?? '').recorded.some(({ fromAt, toAt }) => fromAt <= at && at < toAt)
  if (!still || !isStored) return response.writeHead(204).end()
  response.writeHead(200, { 'content-type': 'video/mp4', 'x-still-at': String(Math.floor(at / 1000) * 1000) }).end(still)
}

function answer(server: PlaybackServer, { pathname, searchParams }: URL) {
  const cameraId = pathname.split('/')[3] ?? ''
  const [fromAt, toAt] = [Number(searchParams.get('fromAt')), Math.min(Date.now(), Number(searchParams.get('toAt')))]
  const { recorded, gaps, faults = [] } = server.storedOf(cameraId)
  const range = { fromAt, toAt }
  if (pathname.endsWith('/timeline')) return { cameraId, recorded: cut(recorded, range), gaps: cut(gaps, range), faults: cut(faults, range) }
  const days: (TimeRange & { recordedMs: number })[] = []
  for (const day = new Date(fromAt); day.getTime() < toAt; day.setDate(day.getDate() + 1)) {
    const from = day.getTime()
    const recordedMs = recorded.reduce((sum, range) => sum + Math.max(0, Math.min(range.toAt, from + dayMs) - Math.max(range.fromAt, from)), 0)
    if (recordedMs > 0) days.push({ fromAt: from, toAt: from + dayMs, recordedMs })
  }
  return { days }
}

function take(server: PlaybackServer, clip: TestClip, socket: WebSocket, { pathname, searchParams }: URL) {
  const cameraId = pathname.split('/').at(-1) ?? ''
  const viewer = { cameraId, socket, received: [] as PlaybackClientMessage[], opened: 0 }
  server.viewers.add(viewer)
  const send = (message: PlaybackServerMessage) => socket.send(JSON.stringify(message))
  const refusal = server.refusalOf(cameraId)
  let stream: ReturnType<typeof play> | undefined
  socket.on('close', () => {
    stream?.stop()
    server.viewers.delete(viewer)
  })
  if (refusal) return send(refusal)
  const open = (seekId: number, at: number, speed: number) => {
    stream?.stop()
    viewer.opened++
    stream = play(server, clip, { cameraId, seekId, at, speed, send, sendBytes: (bytes) => socket.send(bytes) })
  }
  let seekId = 0
  open(0, Number(searchParams.get('at')), 1)
  socket.on('message', (bytes: Buffer) => {
    const message = PlaybackClientMessage.parse(JSON.parse(bytes.toString()))
    viewer.received.push(message)
    if (message.type === 'seek') open((seekId = message.seekId), message.at, stream?.speed() ?? 1)
    else if (message.type === 'sound') return
    else if (message.speed > 4 !== (stream?.speed() ?? 1) > 4) open(seekId, stream?.toAt(message.flvMs) ?? 0, message.speed)
    else stream?.shown(message.flvMs, message.speed)
  })
}

/** The clip round and round: a moment always shows the same picture. Begins at the key frame before `at`, runs on across gaps. */
function play(
  server: PlaybackServer,
  clip: TestClip,
  wish: { cameraId: string; seekId: number; at: number; speed: number; send(message: PlaybackServerMessage): void; sendBytes(bytes: Buffer): void },
) {
  const flvBaseMs = 5_000
  const isKeyFramesOnly = wish.speed > 4
  const tags = clip.tags.filter(({ bytes, isKey }) => bytes[0] === 9 && (isKey || !isKeyFramesOnly))
  const { recorded } = server.storedOf(wish.cameraId)
  let stretch = recorded.find(({ toAt }) => toAt > wish.at)
  const newest = recorded.at(-1)
  let speed = wish.speed
  let flvMs = flvBaseMs
  let shownMs = flvBaseMs
  let hasEnded = false
  const map: { flvMs: number; at: number }[] = []
  let timer: ReturnType<typeof setInterval> | undefined
  const toAt = (wanted: number) => {
    const from = map.findLast((each) => each.flvMs <= wanted) ?? map[0]
    return from ? from.at + wanted - from.flvMs : wish.at
  }
  if (!stretch) {
    wish.send({ type: 'end', at: newest?.toAt ?? null })
  } else {
    const keyMs = 1000
    let at = Math.max(stretch.fromAt, Math.floor(wish.at / keyMs) * keyMs)
    wish.send({
      type: 'opened',
      seekId: wish.seekId,
      at,
      flvBaseMs,
      codec: 'h264',
      sourceCodec: 'h264',
      instead: null,
      soundMissing: null,
      widthPx: clip.widthPx,
      heightPx: clip.heightPx,
      sound: null,
      isKeyFramesOnly,
    })
    wish.sendBytes(Buffer.concat([clip.prelude, clip.config]))
    const position = () => {
      map.push({ flvMs, at })
      wish.send({ type: 'position', flvMs, at })
    }
    position()
    let index = 0
    const seekTag = () => {
      const inClip = at % clip.durationMs
      index = tags.findIndex(({ ms, isKey }) => isKey && ms >= inClip)
      if (index < 0) index = 0
    }
    seekTag()
    timer = setInterval(() => {
      while (stretch && flvMs < shownMs + aheadMs * Math.max(1, speed)) {
        if (at >= stretch.toAt) {
          const next = recorded.find(({ fromAt }) => fromAt >= at)
          if (!next) {
            if (!hasEnded) wish.send({ type: 'end', at: stretch.toAt })
            hasEnded = true
            return
          }
          wish.send({ type: 'gap', flvMs: Math.round(flvMs), fromAt: stretch.toAt, toAt: next.fromAt })
          stretch = next
          at = Math.ceil(next.fromAt / 1000) * 1000
          seekTag()
          position()
        }
        const tag = tags[index]
        const following = tags[(index + 1) % tags.length]
        if (!tag || !following) return
        wish.sendBytes(stamp(tag.bytes, Math.round(flvMs)))
        const stepMs = (following.ms - tag.ms + clip.durationMs) % clip.durationMs || clip.durationMs
        index = (index + 1) % tags.length
        flvMs += stepMs
        at += stepMs
      }
    }, 20)
  }
  return {
    toAt,
    speed: () => speed,
    shown(ms: number, next: number) {
      shownMs = ms
      speed = next
    },
    stop: () => clearInterval(timer),
  }
}

function stamp(tag: Buffer, flvMs: number): Buffer {
  const bytes = Buffer.from(tag)
  bytes.writeUIntBE(flvMs & 0xffffff, 4, 3)
  bytes[7] = flvMs >>> 24
  return bytes
}
