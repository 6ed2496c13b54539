/** What the streaming core costs: ingest beside ffmpeg, fan-out, and the wait for the first key frame. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../server/base/clock.ts'
import { createLog } from '../../server/base/log.ts'
import { CameraId } from '../../server/contract/ids.ts'
import { rtspDriver } from '../../server/drivers/rtsp/index.ts'
import type { CameraAddress } from '../../server/demo/simulator.ts'
import { MEMORY_ENVIRONMENT } from '../../server/media/memory.ts'
import { createMediaPlane } from '../../server/media/plane-client.ts'
import type { CameraAccess, MediaPlane } from '../../server/media/plane.ts'
import { ffmpeg, makeClip } from '../support/clip.ts'
import { coresUsed, message, pause, percentile, pssMb, round } from './processes.ts'

const STREAM_KBPS = 2_000
const STREAMS = 100
const VIEWERS = 300
const WINDOW_MS = 15_000
/** Both sides are measured for so long, after the peers had time to open. */
const PULLS_WINDOW_MS = 40_000
const PEERS_READY_MS = 15_000
const SETTLE_MS = 4_000
const TTFF_TRIES = 40

type Children = ChildProcess[]

function start(children: Children, entry: string, argument: object | undefined, env: Record<string, string> = {}): ChildProcess {
  const child = fork(fileURLToPath(new URL(entry, import.meta.url)), argument ? [JSON.stringify(argument)] : [], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(child)
  return child
}

const stopAll = (children: Children) => children.forEach((child) => child.kill('SIGKILL'))

async function until(isTrue: () => boolean, what: string, withinMs = 60_000) {
  const fromMs = performance.now()
  while (!isTrue()) {
    if (performance.now() - fromMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await pause(50)
  }
}

async function openPlane(socketPath: string): Promise<MediaPlane> {
  const plane = createMediaPlane({ socketPath, clock: systemClock, log: createLog({ level: 'warn', process: 'bench' }) })
  await until(() => plane.isUp(), 'the media process takes its control connection')
  return plane
}

const accessOf = ({ cameraId, mainUrl }: CameraAddress): CameraAccess => ({
  cameraId: CameraId.parse(cameraId),
  sub: undefined,
  main: { driver: 'rtsp', url: mainUrl, username: '', password: '', transport: 'tcp' },
})

type Kind = 'ingest' | 'record'

/** What ffmpeg does with each camera: FLV into nothing, or files of ten minutes. */
const peerOutput = (kind: Kind, folder: string, number: number) =>
  kind === 'ingest'
    ? ['-f', 'flv', '-y', '/dev/null']
    : [
        '-f',
        'segment',
        '-segment_time',
        '600',
        '-segment_format',
        'mp4',
        '-segment_format_options',
        'movflags=+frag_keyframe+empty_moov',
        '-y',
        join(folder, `${number}-%d.mp4`),
      ]

/**
 * 100 cameras of 2 Mbit/s, pulled and turned into FLV, or recorded as well: ours in one process, and ffmpeg's `-c copy`, one process a camera, from the
 * same cameras at the same time: a machine that slows down slows both. In turns, the same code had been measured at 0.12 and at 0.19 core.
 */
async function benchPulls(kind: Kind, folder: string, cameras: CameraAddress[], children: Children) {
  const socketPath = join(folder, `${kind}.sock`)
  const peerFolder = join(folder, 'peers')
  mkdirSync(peerFolder, { recursive: true })
  const media = start(children, '../../server/media/main.ts', undefined, {
    ...MEMORY_ENVIRONMENT,
    MEDIA_SOCKET: socketPath,
    STILLS_DIR: join(folder, kind, 'stills'),
    RECORDING_DIRS: JSON.stringify([join(folder, kind, 'recordings')]),
    LOG_LEVEL: 'warn',
    MEDIA_LINGER_MS: '600000',
  })
  await message(media, ({ type }) => type === 'ready')
  const plane = await openPlane(socketPath)
  const up = new Set<string>()
  plane.onEvent((event) => event.type === 'streamUp' && up.add(event.cameraId))
  const cameraIds = cameras.map(({ cameraId }) => CameraId.parse(cameraId))

  await plane.setCameras(cameras.map(accessOf))
  if (kind === 'record') await plane.setRecordings(cameraIds.map((cameraId) => ({ cameraId, profile: 'main' })))
  else await Promise.all(cameraIds.map((cameraId) => plane.warm(cameraId, 'main')))
  await until(() => up.size === cameras.length, 'every stream shows its first key frame')
  const peers = cameras.map(({ mainUrl }, number) =>
    spawn(ffmpeg, ['-loglevel', 'error', '-rtsp_transport', 'tcp', '-i', mainUrl, '-c', 'copy', ...peerOutput(kind, peerFolder, number)], {
      stdio: 'ignore',
    }),
  )
  children.push(...peers)
  await pause(PEERS_READY_MS)
  const pids = peers.flatMap(({ pid, exitCode }) => (pid !== undefined && exitCode === null ? [pid] : []))
  if (pids.length !== cameras.length) throw new Error(`${cameras.length - pids.length} of the ffmpeg peers ended early`)
  await plane.stats()
  const [cores, peerCores] = await Promise.all([coresUsed([media.pid!], PULLS_WINDOW_MS), coresUsed(pids, PULLS_WINDOW_MS)])
  const { loopDelayP99Ms } = await plane.stats()
  const memoryMb = pssMb(media.pid!)
  const peerMemoryMb = pids.map(pssMb).reduce((a, b) => a + b, 0)
  await plane.close()
  for (const child of [media, ...peers]) child.kill('SIGKILL')
  await pause(SETTLE_MS)
  for (const used of [join(folder, kind), peerFolder]) rmSync(used, { recursive: true, force: true })
  return {
    [`${kind}.core_per_100_streams`]: round(cores),
    [`${kind}.ffmpeg_core_per_100_streams`]: round(peerCores),
    [`${kind}.over_ffmpeg`]: round(cores / peerCores),
    [`${kind}.memory_mb`]: memoryMb,
    [`${kind}.ffmpeg_memory_mb`]: peerMemoryMb,
    [`${kind}.loop_delay_p99_ms`]: round(loopDelayP99Ms, 1),
  }
}

/** One hot stream, 300 viewers: what the media process adds for them. */
async function benchFanOut(folder: string, camera: CameraAddress, children: Children) {
  const socketPath = join(folder, 'fanout.sock')
  const media = start(children, '../../server/media/main.ts', undefined, {
    ...MEMORY_ENVIRONMENT,
    MEDIA_SOCKET: socketPath,
    STILLS_DIR: join(folder, 'stills'),
    LOG_LEVEL: 'warn',
  })
  await message(media, ({ type }) => type === 'ready')
  const plane = await openPlane(socketPath)
  await plane.setCameras([accessOf(camera)])
  const viewers = start(children, './viewers.ts', { socketPath, count: VIEWERS, cameraId: camera.cameraId, profile: 'main' })
  await message(viewers, ({ type }) => type === 'ready')
  await pause(4_000)
  const askBytes = async () => {
    const answer = message<{ bytes: number }>(viewers, ({ type }) => type === 'bytes')
    viewers.send('bytes')
    return (await answer).bytes
  }
  const before = await askBytes()
  const cores = await coresUsed([media.pid!], WINDOW_MS)
  const kbpsEach = ((await askBytes()) - before) / VIEWERS / (WINDOW_MS / 8)
  viewers.kill('SIGKILL')
  await plane.close()
  media.kill('SIGKILL')
  return { 'fanout.core_per_300_viewers': round(cores), 'fanout.kbps_per_viewer': Math.round(kbpsEach) }
}

/** Milliseconds until a viewer has the first whole video key frame in its hands. */
function firstKeyFrame(socketPath: string, cameraId: string): Promise<{ atMs: number; tookMs: number }> {
  return new Promise((resolve, reject) => {
    const fromMs = performance.now()
    const socket = connect(socketPath)
    const chunks: Buffer[] = []
    socket.once('error', reject)
    socket.once('connect', () => {
      const request = {
        kind: 'viewer',
        viewerId: `ttff-${randomBytes(6).toString('hex')}`,
        cameraId,
        profile: 'main',
        codecs: ['h264'],
        sound: false,
        loginId: 'bench',
        webSocketKey: randomBytes(16).toString('base64'),
      }
      socket.write(`${JSON.stringify(request)}\n`)
    })
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (!hasWholeKeyFrame(Buffer.concat(chunks))) return
      const atMs = performance.now()
      socket.destroy()
      resolve({ atMs, tookMs: atMs - fromMs })
    })
  })
}

/** Reads the server's WebSocket frames and, inside the binary ones, FLV tags, until an AVC key frame is complete. */
function hasWholeKeyFrame(bytes: Buffer): boolean {
  const head = bytes.indexOf('\r\n\r\n')
  if (head < 0) return false
  let at = head + 4
  while (at + 2 <= bytes.length) {
    const isBinary = (bytes[at]! & 0x0f) === 2
    let length = bytes[at + 1]! & 0x7f
    let body = at + 2
    if (length === 126) [length, body] = [bytes.readUInt16BE(at + 2), at + 4]
    else if (length === 127) [length, body] = [Number(bytes.readBigUInt64BE(at + 2)), at + 10]
    if (body + length > bytes.length) return false
    // TagType 9, then after the 11-byte tag header: frame type 1 (key), codec 7 (AVC), AVCPacketType 1 (NAL units)
    if (isBinary && bytes[body] === 9 && bytes[body + 11] === 0x17 && bytes[body + 12] === 1) return true
    at = body + length
  }
  return false
}

async function benchFirstFrame(folder: string, cameras: CameraAddress[], children: Children) {
  const socketPath = join(folder, 'ttff.sock')
  const media = start(children, '../../server/media/main.ts', undefined, {
    ...MEMORY_ENVIRONMENT,
    MEDIA_SOCKET: socketPath,
    STILLS_DIR: join(folder, 'stills'),
    LOG_LEVEL: 'warn',
    MEDIA_LINGER_MS: '0',
  })
  await message(media, ({ type }) => type === 'ready')
  const plane = await openPlane(socketPath)
  await plane.setCameras(cameras.map(accessOf))

  const coldOver: number[] = []
  for (const camera of cameras.slice(0, TTFF_TRIES)) {
    // a bare pull of the same camera beside ours says when its first key frame could be had at all
    const reference = new Promise<number>((resolve, reject) => {
      const source = rtspDriver.open(
        accessOf(camera).main,
        {
          onUnit: (unit) => {
            if (unit.kind !== 'video' || !unit.isKey) return
            resolve(performance.now())
            void source.close()
          },
          onFailed: ({ detail }) => reject(new Error(detail)),
        },
        { clock: systemClock, wantsSound: false },
      )
    })
    const [viewer, referenceMs] = await Promise.all([firstKeyFrame(socketPath, camera.cameraId), reference])
    coldOver.push(Math.max(0, viewer.atMs - referenceMs))
  }

  const hot: number[] = []
  const [first] = cameras
  const keeper = connect(socketPath)
  keeper.write(
    `${JSON.stringify({ kind: 'viewer', viewerId: 'keeper', cameraId: first!.cameraId, profile: 'main', codecs: ['h264'], sound: false, loginId: 'bench', webSocketKey: randomBytes(16).toString('base64') })}\n`,
  )
  keeper.resume()
  await firstKeyFrame(socketPath, first!.cameraId)
  for (let i = 0; i < TTFF_TRIES; i++) {
    hot.push((await firstKeyFrame(socketPath, first!.cameraId)).tookMs)
    await pause(60)
  }
  keeper.destroy()
  await plane.close()
  media.kill('SIGKILL')
  return {
    'ttff.hot_ms_p50': round(percentile(hot, 0.5), 1),
    'ttff.hot_ms_p95': round(percentile(hot, 0.95), 1),
    'ttff.cold_over_first_keyframe_ms_p95': round(percentile(coldOver, 0.95), 1),
  }
}

export async function benchMedia(folder: string): Promise<Record<string, number>> {
  const children: Children = []
  try {
    const host = start(children, './cameras.ts', { count: STREAMS, file: makeClip(folder, STREAM_KBPS), kbps: STREAM_KBPS })
    const { cameras } = await message<{ cameras: CameraAddress[] }>(host, ({ type }) => type === 'ready')
    return {
      ...(await benchPulls('ingest', folder, cameras, children)),
      ...(await benchPulls('record', folder, cameras, children)),
      ...(await benchFanOut(folder, cameras[0]!, children)),
      ...(await benchFirstFrame(folder, cameras, children)),
    }
  } finally {
    stopAll(children)
  }
}
