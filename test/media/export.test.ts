/** R-DL: what a clip holds. Files of the recorder in, MP4 out; ffprobe and ffmpeg are the judges of every byte. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { createExports, type ExportsDeps } from '../../server/media/export/exports.ts'
import { FileMemory } from '../../server/media/playback/file-memory.ts'
import type { ClipOrder, MediaEvent, WrittenFile } from '../../server/media/plane.ts'
import type { StoredSegment } from '../../server/media/recording/archive.ts'
import { h264Config } from '../../server/protocols/codec/h264.ts'
import { aacConfig } from '../../server/protocols/codec/aac.ts'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import { createFakeArchive, FRAME_MS, fullHd, hd, NOON, numberedPictures, type RecordedPicture, writeSegment } from './recorded.ts'
import { cameraId, temporaryFolder, until } from './support.ts'

const EXPORT_ID = '3f0e8f0a-6f5b-4c8e-9f64-0b6a9d3a1c11'

type Done = Extract<MediaEvent, { type: 'exportDone' }>
type Failed = Extract<MediaEvent, { type: 'exportFailed' }>

function createSetup(segments: StoredSegment[], change: Partial<ExportsDeps> = {}) {
  const folder = join(temporaryFolder(), 'exports')
  const events: MediaEvent[] = []
  const exports = createExports({
    folder,
    ffmpegPath,
    archive: createFakeArchive(segments),
    memory: new FileMemory(),
    clock: systemClock,
    log: silentLog,
    limits: { reserveBytes: 0, reserveRate: 0 },
    listDisks: () => [],
    onEvent: (event) => events.push(event),
    ...change,
  })
  onTestFinished(() => exports.close())
  const clipFolder = join(folder, EXPORT_ID, 'a')
  const order = (fromAt: number, toAt: number, watermark: string | null = null): ClipOrder => ({
    exportId: EXPORT_ID,
    cameraId: cameraId('a'),
    fromAt,
    toAt,
    watermark,
  })
  const start = (...range: Parameters<typeof order>) => exports.start(order(...range))
  async function outcome(): Promise<Done | Failed> {
    const found = () => events.find((event): event is Done | Failed => event.type === 'exportDone' || event.type === 'exportFailed')
    await until(() => found() !== undefined, 'the end of the clip')
    return found()!
  }
  async function write(...range: Parameters<typeof order>): Promise<WrittenFile[]> {
    start(...range)
    const event = await outcome()
    if (event.type === 'exportFailed') throw new Error(`${event.failure}: ${event.detail}`)
    for (const { fileName, bytes, sha256 } of event.files) {
      const content = readFileSync(join(clipFolder, fileName))
      expect([fileName, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([fileName, bytes, sha256])
    }
    return event.files
  }
  return { exports, events, folder, clipFolder, start, write, outcome, pathOf: ({ fileName }: WrittenFile) => join(clipFolder, fileName) }
}

type Packet = { stream_index: number; pts: number; dts: number; duration: number; size: string; flags: string }
/** Demuxed by ffprobe; it must not complain. */
function packetsOf(path: string, stream = 'v:0'): Packet[] {
  const probed = spawnSync('ffprobe', ['-v', 'error', '-select_streams', stream, '-show_packets', '-of', 'json', path], { maxBuffer: 1 << 29 })
  expect(probed.stderr.toString()).toBe('')
  return (JSON.parse(probed.stdout.toString()) as { packets: Packet[] }).packets
}
/** Decodes everything, as a strict player would. */
function complaintsOf(path: string): string {
  return spawnSync('ffmpeg', ['-v', 'warning', '-xerror', '-i', path, '-f', 'null', '-'], { maxBuffer: 1 << 26 }).stderr.toString()
}

const coded = (pictures: ReturnType<typeof makeClip>): RecordedPicture[] => pictures.map(({ isKey, data }) => ({ isKey, data }))

describe.skipIf(!ffmpegPath || !hasFfprobe)('R-DL what is in a clip', () => {
  test.each(['h264', 'h265'] as const)('%s: every picture once, at its time, decoded without a word of complaint', async (codec) => {
    const pictures = makeClip(codec, { count: 150, gopFrames: 25, widthPx: 320, heightPx: 180 })
    const folder = temporaryFolder()
    const segment = writeSegment({ folder, fromAt: NOON, pictures: coded(pictures), video: pictures[0]!.config })
    const { write, pathOf } = createSetup([segment])
    const [file] = await write(NOON, NOON + 6_000)
    expect(file).toMatchObject({ fromAt: NOON, toAt: NOON + 6_000, frames: 150, codec, widthPx: 320, heightPx: 180, sound: null })
    expect(file!.stretches).toEqual([{ fileMs: 0, fromAt: NOON, toAt: NOON + 6_000 }])
    expect(file!.fileName).toMatch(/^a_\d{8}-\d{6}\.mp4$/)
    const packets = packetsOf(pathOf(file!))
    expect(packets.map(({ pts, size, flags }) => [pts, Number(size), flags.startsWith('K')])).toEqual(
      pictures.map(({ data, isKey }, number) => [number * FRAME_MS, data.length, isKey]),
    )
    expect(probeFile(pathOf(file!))).toEqual({ streams: [{ codec: codec === 'h264' ? 'h264' : 'hevc', frames: 150, widthPx: 320 }], complaints: '' })
    expect(complaintsOf(pathOf(file!))).toBe('')
  })
})

describe('R-DL bounds', () => {
  const minute = (folder: string) => writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, 1_500) })
  test('begins with the key frame at or before, ends with the last picture before; both are said', async () => {
    const { write } = createSetup([minute(temporaryFolder())])
    const [file] = await write(NOON + 10_500, NOON + 20_100)
    // pictures of 10.00 s … 20.08 s
    expect(file).toMatchObject({ fromAt: NOON + 10_000, toAt: NOON + 20_120, frames: 253 })
  })
})
