/**
 * A clip as large as a download gets, out of a running media process while 16 pages play: how fast beside ffmpeg's `-c copy` of the same files and beside
 * the disk's plain copy, each flushed, and what the event loop feels of it.
 */
import { execFileSync, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../server/base/clock.ts'
import { createLog } from '../../server/base/log.ts'
import { CameraId } from '../../server/contract/ids.ts'
import type { PlaybackServerMessage } from '../../server/contract/recordings.ts'
import { createMediaPlane } from '../../server/media/plane-client.ts'
import type { MediaEvent, MediaPlane } from '../../server/media/plane.ts'
import { cameraFolder, closedName, dayOf } from '../../server/media/recording/segment-name.ts'
import { h264Config } from '../../server/protocols/codec/h264.ts'
import { muxFragmentedHead, muxFragmentHead, VIDEO_TRACK_ID } from '../../server/protocols/mp4/fragment.ts'
import { createWebSocketClient, webSocketKey } from '../media/web-socket-client.ts'
import { ffmpeg } from '../support/clip.ts'
import { message, pause, round } from './processes.ts'

const NOON = 1_793_880_000_000
const SEGMENT_MS = 600_000
/** 8 Mbit/s. */
const FRAME_BYTES = 40_000
const FPS = 25
const SEGMENTS = 2
const PAGES = 16
const PLAYING_MS = 5_000
const cameraId = CameraId.parse('bench')

const sps = Buffer.from('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY', 'base64')
const pps = Buffer.from('aOvjyyLA', 'base64')

/** Ten minutes of pictures that nothing decodes; a key frame a second. */
async function writeSegment(recordings: string, fromAt: number): Promise<string> {
  const folder = cameraFolder(recordings, dayOf(fromAt), cameraId)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, closedName(fromAt, SEGMENT_MS))
  const handle = await open(path, 'w')
  const body = Buffer.alloc(FPS * FRAME_BYTES, 0x55)
  for (let frame = 0; frame < FPS; frame++) {
    body.writeUInt32BE(FRAME_BYTES - 4, frame * FRAME_BYTES)
    body[frame * FRAME_BYTES + 4] = frame === 0 ? 0x65 : 0x41
  }
  const samples = Array.from({ length: FPS }, (_, frame) => ({ duration: 40, bytes: FRAME_BYTES, isKey: frame === 0, compositionOffset: 0 }))
  const note = { version: 1, cameraId, profile: 'main', startAt: fromAt, clockOffsetMs: 0 }
  await handle.write(muxFragmentedHead({ video: h264Config([sps], [pps]), audio: undefined, note }))
  for (let second = 0; second < SEGMENT_MS / 1_000; second++)
    await handle.writev([muxFragmentHead(second + 1, fromAt + second * 1_000, [{ trackId: VIDEO_TRACK_ID, baseTime: second * 1_000, samples }]), body])
  await handle.sync()
  await handle.close()
  return path
}

function openPage(socketPath: string, at: number) {
  const socket = connect(socketPath)
  const key = webSocketKey()
  const request = { kind: 'playback', viewerId: randomUUID(), cameraId, at, codecs: ['h264'], sound: false, loginId: 'bench', webSocketKey: key }
  socket.write(`${JSON.stringify(request)}\n`)
  const page = createWebSocketClient<PlaybackServerMessage>(socket, key, { keepsBytes: false, beginsRun: 'opened' })
  let shownMs = 0
  const playing = setInterval(() => page.send({ type: 'shown', flvMs: (shownMs += 200), speed: 1 }), 200)
  return () => {
    clearInterval(playing)
    socket.destroy()
  }
}

async function exportAll(plane: MediaPlane): Promise<{ bytes: number; tookMs: number }> {
  const ended = new Promise<MediaEvent>((resolve) => plane.onEvent((event) => (event.type === 'exportDone' || event.type === 'exportFailed') && resolve(event)))
  const fromMs = performance.now()
  await plane.exportClip({ exportId: randomUUID(), cameraId, fromAt: NOON, toAt: NOON + SEGMENTS * SEGMENT_MS, watermark: null, isH264: false })
  const event = await ended
  if (event.type !== 'exportDone') throw new Error(JSON.stringify(event))
  return { bytes: event.files.reduce((sum, file) => sum + file.bytes, 0), tookMs: performance.now() - fromMs }
}

function timed(work: () => void): number {
  const fromMs = performance.now()
  work()
  return performance.now() - fromMs
}
/** A peer is done when its bytes are on the disk, as ours are. */
const flush = (file: string) => execFileSync('sync', [file])

export async function benchExports(folder: string): Promise<Record<string, number>> {
  const here = join(folder, 'exports')
  const recordings = join(here, 'recordings')
  const socketPath = join(here, 'media.sock')
  mkdirSync(here, { recursive: true })
  const media = fork(fileURLToPath(new URL('../../server/media/main.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, MEDIA_SOCKET: socketPath, STILLS_DIR: join(here, 'stills'), RECORDING_DIRS: JSON.stringify([recordings]), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    await message(media, ({ type }) => type === 'ready')
    const files: string[] = []
    for (let index = 0; index < SEGMENTS; index++) files.push(await writeSegment(recordings, NOON + index * SEGMENT_MS))
    const plane = createMediaPlane({ socketPath, clock: systemClock, log: createLog({ level: 'warn', process: 'bench' }) })
    while (!plane.isUp()) await pause(20)

    const pages = Array.from({ length: PAGES }, (_, index) => openPage(socketPath, NOON + index * 30_000))
    await pause(PLAYING_MS)
    await plane.stats()
    await pause(PLAYING_MS)
    const quiet = await plane.stats()
    const { bytes, tookMs } = await exportAll(plane)
    const busy = await plane.stats()
    for (const close of pages) close()

    const list = join(here, 'list.txt')
    writeFileSync(list, files.map((file) => `file '${file}'\n`).join(''))
    const remuxed = join(here, 'ffmpeg.mp4')
    const remuxMs = timed(() => {
      execFileSync(ffmpeg, ['-loglevel', 'quiet', '-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', '-movflags', '+faststart', '-y', remuxed])
      flush(remuxed)
    })
    const copied = join(here, 'copy.bin')
    const copyMs = timed(() => {
      execFileSync('sh', ['-c', 'cat "$@" > "$0"', copied, ...files])
      flush(copied)
    })
    await plane.close()
    const rate = (ms: number) => round(bytes / 1e6 / (ms / 1_000), 1)
    return {
      'export.mb_per_s': rate(tookMs),
      'export.ffmpeg_mb_per_s': rate(remuxMs),
      'export.copy_mb_per_s': rate(copyMs),
      'export.loop_delay_ms_p99': busy.loopDelayP99Ms,
      'export.loop_delay_ms_p99_without': quiet.loopDelayP99Ms,
      'export.loop_delay_ms_max': busy.loopDelayMaxMs,
    }
  } finally {
    media.kill('SIGKILL')
  }
}
