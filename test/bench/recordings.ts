/**
 * Recordings as a page meets them: from a seek to the first picture over a socket, in ten-minute files of 2 Mbit/s of 16 cameras while all of them play,
 * and the timelines of nine cameras over 15 days out of a database that holds 468: when a page is opened (`first`) and while it is moved over.
 */
import { mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createClockGuard } from '../../server/base/clock-guard.ts'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { CameraId } from '../../server/contract/ids.ts'
import type { PlaybackServerMessage } from '../../server/contract/recordings.ts'
import { createRecordings, createRecordingStore, type IndexRow } from '../../server/features/recordings/index.ts'
import { defaultLimits } from '../../server/media/app.ts'
import type { MediaPlane } from '../../server/media/plane.ts'
import { FileMemory } from '../../server/media/playback/file-memory.ts'
import { PlaybackViewer } from '../../server/media/playback/playback-viewer.ts'
import { createArchive } from '../../server/media/recording/archive.ts'
import { cameraFolder, closedName, dayOf } from '../../server/media/recording/segment-name.ts'
import { createTranscoders } from '../../server/media/transcoders.ts'
import { h264Config } from '../../server/protocols/codec/h264.ts'
import { muxFragmentedHead, muxFragmentHead, VIDEO_TRACK_ID } from '../../server/protocols/mp4/fragment.ts'
import { createWebSocketClient, webSocketKey } from '../media/web-socket-client.ts'
import { openTestDatabase } from '../support/database.ts'
import { pause, percentile, round } from './processes.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const SEGMENT_MS = 10 * MINUTE_MS
const CAMERAS = 16
const SEEKS = 300
const FPS = 25
const FRAME_BYTES = 10_000
const NOON = 1_793_880_000_000

export async function benchRecordings(folder: string): Promise<Record<string, number>> {
  return { ...(await benchSeeks(join(folder, 'seeks'))), ...(await benchTimelines()) }
}

const sps = Buffer.from('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY', 'base64')
const pps = Buffer.from('aOvjyyLA', 'base64')

/** Ten minutes of pictures that nothing decodes; a key frame a second. */
async function writeFile(folder: string, cameraId: CameraId): Promise<void> {
  mkdirSync(cameraFolder(folder, dayOf(NOON), cameraId), { recursive: true })
  const handle = await open(join(cameraFolder(folder, dayOf(NOON), cameraId), closedName(NOON, SEGMENT_MS)), 'w')
  const picture = Buffer.alloc(FRAME_BYTES, 0x55)
  picture.writeUInt32BE(FRAME_BYTES - 4)
  const body = Buffer.concat(Array.from({ length: FPS }, () => picture))
  for (let frame = 0; frame < FPS; frame++) body[frame * FRAME_BYTES + 4] = frame === 0 ? 0x65 : 0x41
  const samples = Array.from({ length: FPS }, (_, frame) => ({ duration: 40, bytes: FRAME_BYTES, isKey: frame === 0, compositionOffset: 0 }))
  await handle.write(muxFragmentedHead({ video: h264Config([sps], [pps]), audio: undefined, note: {} }))
  for (let second = 0; second < SEGMENT_MS / 1_000; second++)
    await handle.writev([muxFragmentHead(second + 1, NOON + second * 1_000, [{ trackId: VIDEO_TRACK_ID, baseTime: second * 1_000, samples }]), body])
  await handle.close()
}

async function benchSeeks(folder: string): Promise<Record<string, number>> {
  const cameraIds = Array.from({ length: CAMERAS }, (_, i) => CameraId.parse(`bench-${i}`))
  for (const cameraId of cameraIds) await writeFile(folder, cameraId)
  const limits = defaultLimits()
  const archive = createArchive({ disks: [{ folder, diskId: 'bench', canRead: true }], findOpen: () => undefined })
  const memory = new FileMemory()
  const transcoders = createTranscoders({ ffmpegPath: undefined, clock: systemClock, log: silentLog, limits: limits.transcode, gop: limits.hub.stream.gop })
  const waiting: { cameraId: CameraId; key: string }[] = []
  const server = createServer((socket) => {
    const { cameraId, key } = waiting.shift()!
    const request = { viewerId: cameraId, cameraId, codecs: ['h264' as const], sound: false, loginId: 'bench', at: NOON, webSocketKey: key }
    const deps = {
      archive,
      memory,
      transcoders,
      clock: systemClock,
      log: silentLog,
      limits: limits.playback,
      socketLimits: limits.delivery,
      onLeft: () => undefined,
    }
    void new PlaybackViewer(request, socket, new Uint8Array(0), deps).start()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  const pages = cameraIds.map((cameraId) => {
    const key = webSocketKey()
    const socket = connect(port, '127.0.0.1')
    waiting.push({ cameraId, key })
    const page = createWebSocketClient<PlaybackServerMessage>(socket, key, { keepsBytes: false, beginsRun: 'opened' })
    let shownMs = 0
    let seekId = 0
    let openedId = -1
    let onPicture: (() => void) | undefined
    page.onMessage = (message) => {
      if (message.type !== 'opened') return
      openedId = message.seekId
      shownMs = message.flvBaseMs
    }
    page.onBinary = () => {
      if (openedId === seekId) onPicture?.()
    }
    const playing = setInterval(() => page.send({ type: 'shown', flvMs: (shownMs += 200), speed: 1 }), 200)
    return {
      seek: (at: number) =>
        new Promise<number>((resolve) => {
          const fromMs = performance.now()
          onPicture = () => {
            onPicture = undefined
            resolve(performance.now() - fromMs)
          }
          page.send({ type: 'seek', seekId: ++seekId, at })
        }),
      close() {
        clearInterval(playing)
        socket.destroy()
      },
    }
  })
  await pause(2_000)
  const tookMs: number[] = []
  let random = 1
  for (let n = 0; n < SEEKS; n++) {
    random = (random * 48_271) % 0x7fff_ffff
    tookMs.push(await pages[n % CAMERAS]!.seek(NOON + Math.floor((random / 0x7fff_ffff) * SEGMENT_MS)))
    await pause(10)
  }
  for (const page of pages) page.close()
  server.close()
  return { 'playback.seek_ms_p50': round(percentile(tookMs, 0.5), 1), 'playback.seek_ms_p95': round(percentile(tookMs, 0.95), 1) }
}

/** 15 days of 468 cameras are a million rows: of those that are not asked for every camera has a tenth. */
async function benchTimelines(): Promise<Record<string, number>> {
  const { database, close } = await openTestDatabase()
  const store = createRecordingStore(database)
  const rowsOf = (cameraId: CameraId, everyMs: number): IndexRow[] =>
    Array.from({ length: (15 * DAY_MS) / everyMs }, (_, i) => ({
      cameraId,
      profile: 'main',
      diskId: 'bench',
      path: `${cameraId}/${i}`,
      fromAt: NOON - 15 * DAY_MS + i * everyMs,
      // every twentieth is cut off: there are gaps to explain
      toAt: NOON - 15 * DAY_MS + i * everyMs + (i % 20 === 0 ? SEGMENT_MS / 2 : SEGMENT_MS),
      bytes: 150_000_000,
    }))
  const asked = Array.from({ length: 9 }, (_, i) => CameraId.parse(`asked-${i}`))
  const others = Array.from({ length: 459 }, (_, i) => CameraId.parse(`other-${i}`))
  for (const cameraId of asked) await store.putSegments(rowsOf(cameraId, SEGMENT_MS))
  for (const cameraId of others) await store.putSegments(rowsOf(cameraId, 10 * SEGMENT_MS))
  const plane = { onEvent: () => undefined, isUp: () => false } as unknown as MediaPlane
  const recordings = createRecordings({
    store,
    plane,
    clock: { ...systemClock, now: () => NOON },
    clockGuard: createClockGuard({ clock: systemClock, log: silentLog }),
    log: silentLog,
    quotaBytes: undefined,
    isCamera: () => true,
    listStatuses: async () => [],
    isLocked: () => false,
    listLocked: () => [],
  })
  await recordings.setPolicy({ cameraIds: asked, mode: 'continuous', schedule: [], profile: 'main', keepDays: 15 }, NOON - 15 * DAY_MS)
  const tookMs: number[] = []
  const firstMs: number[] = []
  for (let n = 0; n < 205; n++) {
    // now and then an old file is found to be another: what was remembered of its camera is asked for anew
    if (n % 5 === 0) await recordings.changeIndex({ put: asked.map((cameraId) => rowsOf(cameraId, 15 * DAY_MS - SEGMENT_MS)[0]!), remove: [] })
    const fromMs = performance.now()
    const lines = await Promise.all(asked.map((cameraId) => recordings.timeline(cameraId, { fromAt: NOON - 15 * DAY_MS, toAt: NOON })))
    if (lines.some(({ recorded, gaps }) => recorded.length !== 109 || gaps.length !== 108)) throw new Error('a timeline is not what was stored')
    // the first rounds warm up
    if (n >= 5) (n % 5 === 0 ? firstMs : tookMs).push(performance.now() - fromMs)
  }
  await recordings.close()
  await close()
  const first = { 'timeline.first_query_ms_p50': round(percentile(firstMs, 0.5), 1), 'timeline.first_query_ms_p95': round(percentile(firstMs, 0.95), 1) }
  return { ...first, 'timeline.query_ms_p50': round(percentile(tookMs, 0.5), 1), 'timeline.query_ms_p95': round(percentile(tookMs, 0.95), 1) }
}
