/** R-DL: what a clip holds. Files of the recorder in, MP4 out; ffprobe and ffmpeg are the judges of every byte. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { createExports, type ExportsDeps } from '../../server/media/export/exports.ts'
import { FileMemory } from '../../server/media/playback/file-memory.ts'
import type { ClipOrder, MediaEvent, WrittenFile } from '../../server/media/plane.ts'
import type { StoredSegment } from '../../server/media/recording/archive.ts'
import type { AudioConfig } from '../../server/protocols/codec/access-unit.ts'
import { aacConfig, AdtsReader, serializeSpecificConfig } from '../../server/protocols/codec/aac.ts'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import { createFakeArchive, FRAME_MS, fullHd, growSegment, hd, NOON, numberedPictures, type RecordedPicture, writeSegment } from './recorded.ts'
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
  const order = (fromAt: number, toAt: number, watermark: string | null = null, isH264 = false): ClipOrder => ({
    exportId: EXPORT_ID,
    cameraId: cameraId('a'),
    fromAt,
    toAt,
    watermark,
    isH264,
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
/** What ffprobe says of the file; that made-up pictures are none is the decoder's complaint, not the demuxer's. */
const ofTheFile = (complaints: string) => complaints.split('\n').filter((line) => line !== '' && !/^\[(h264|NULL) @|^ +Last message/.test(line))
/** Demuxed by ffprobe; it must not complain. */
function packetsOf(path: string, stream = 'v:0'): Packet[] {
  const probed = spawnSync('ffprobe', ['-v', 'error', '-select_streams', stream, '-show_packets', '-of', 'json', path], { maxBuffer: 1 << 29 })
  expect(ofTheFile(probed.stderr.toString())).toEqual([])
  return (JSON.parse(probed.stdout.toString()) as { packets: Packet[] }).packets
}
/** Decodes everything, as a strict player would. */
function complaintsOf(path: string): string {
  return spawnSync('ffmpeg', ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-'], { maxBuffer: 1 << 26 }).stderr.toString()
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

/** One G.711 byte a sample: a tone that no coder takes for silence. */
const tone = (samples: number) => Buffer.from(Array.from({ length: samples }, (_, index) => (index % 16 < 8 ? 0x9a : 0x1a)))
const g711: AudioConfig = { codec: 'pcma', sampleRateHz: 8_000, channels: 1, specificConfig: undefined }
const aac16k = aacConfig(serializeSpecificConfig({ objectType: 2, sampleRateHz: 16_000, channels: 1 }))

/** AAC frames of a tone, as ffmpeg codes them. */
function aacFrames(seconds: number): Buffer[] {
  const made = spawnSync(ffmpegPath!, [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    `sine=frequency=440:sample_rate=16000:duration=${seconds}`,
    '-ac',
    '1',
    '-c:a',
    'aac',
    '-f',
    'adts',
    'pipe:1',
  ])
  return new AdtsReader().push(made.stdout)
}
/** Mean volume as ffmpeg hears it, in dB. */
function loudness(path: string, fromS: number, seconds: number): number {
  const heard = spawnSync('ffmpeg', ['-v', 'info', '-ss', String(fromS), '-t', String(seconds), '-i', path, '-vn', '-af', 'volumedetect', '-f', 'null', '-'])
  return Number(/mean_volume: (-?[\d.]+|-inf) dB/.exec(heard.stderr.toString())?.[1]?.replace('-inf', '-200'))
}

describe('R-DL bounds and holes', () => {
  const minute = (more: object = {}) => writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: numberedPictures(0, 1_500), ...more })

  test('begins with the key frame at or before, ends with the last picture before; both are said', async () => {
    const { write } = createSetup([minute()])
    const [file] = await write(NOON + 10_500, NOON + 20_100)
    // pictures of 10.00 s to 20.08 s
    expect(file).toMatchObject({ fromAt: NOON + 10_000, toAt: NOON + 20_120, frames: 253 })
  })

  test('over the border of two files without a seam; a hole of more than a second is left out and told, less is kept as time', async () => {
    const folder = temporaryFolder()
    const first = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, 250) })
    const second = writeSegment({ folder, fromAt: NOON + 10_000, pictures: numberedPictures(250, 250) })
    const late = writeSegment({ folder, fromAt: NOON + 20_600, pictures: numberedPictures(500, 250) })
    const later = writeSegment({ folder, fromAt: NOON + 60_000, pictures: numberedPictures(750, 250) })
    const { write, pathOf } = createSetup([first, second, late, later])
    const files = await write(NOON, NOON + 3_600_000)
    expect(files).toHaveLength(1)
    expect(files[0]).toMatchObject({ frames: 1_000, fromAt: NOON, toAt: NOON + 70_000 })
    expect(files[0]!.stretches).toEqual([
      { fileMs: 0, fromAt: NOON, toAt: NOON + 30_600 },
      { fileMs: 30_600, fromAt: NOON + 60_000, toAt: NOON + 70_000 },
    ])
    const times = packetsOf(pathOf(files[0]!)).map(({ pts }) => pts)
    expect([times[249], times[250], times[499], times[500], times[749], times[750]]).toEqual([9_960, 10_000, 19_960, 20_600, 30_560, 30_600])
  })

  test('says how far its times are ahead of the clock, by the note furthest from 0 of what it holds', async () => {
    const folder = temporaryFolder()
    const before = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, 250) })
    const ahead = writeSegment({ folder, fromAt: NOON + 10_000, pictures: numberedPictures(250, 250), clockOffsetMs: 3_720_000 })
    const less = writeSegment({ folder, fromAt: NOON + 20_000, pictures: numberedPictures(500, 250), clockOffsetMs: 3_000_000 })
    const segments = [before, ahead, less]
    expect((await createSetup(segments).write(NOON, NOON + 9_000)).map(({ clockOffsetMs }) => clockOffsetMs)).toEqual([0])
    expect((await createSetup(segments).write(NOON, NOON + 30_000)).map(({ clockOffsetMs }) => clockOffsetMs)).toEqual([3_720_000])
    expect((await createSetup(segments).write(NOON + 20_000, NOON + 30_000)).map(({ clockOffsetMs }) => clockOffsetMs)).toEqual([3_000_000])
  })

  test('another format begins another file, at the same moment', async () => {
    const folder = temporaryFolder()
    const small = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, 250) })
    const large = writeSegment({ folder, fromAt: NOON + 10_000, pictures: numberedPictures(250, 250), video: fullHd })
    const again = writeSegment({ folder, fromAt: NOON + 20_000, pictures: numberedPictures(500, 250) })
    const { write } = createSetup([small, large, again])
    const files = await write(NOON + 1_000, NOON + 29_000)
    expect(files.map(({ fromAt, toAt, widthPx, frames }) => [fromAt - NOON, toAt - NOON, widthPx, frames])).toEqual([
      [1_000, 10_000, hd.widthPx, 225],
      [10_000, 20_000, fullHd.widthPx, 250],
      [20_000, 29_000, hd.widthPx, 225],
    ])
    expect(new Set(files.map(({ fileName }) => fileName)).size).toBe(3)
  })

  test('damaged pictures cost their fragment up to the next key frame, many no more time than one, and are a gap', async () => {
    const segment = minute()
    const bytes = readFileSync(segment.file)
    for (const index of [10, 11, 30]) bytes.fill(0xee, segment.offsets[index]! + 700, segment.offsets[index]! + 800)
    writeFileSync(segment.file, bytes)
    const { write, pathOf } = createSetup([segment])
    const [file] = await write(NOON, NOON + 60_000)
    expect(file!.frames).toBe(1_500 - 75)
    expect(file!.stretches.map(({ fileMs, fromAt, toAt }) => [fileMs, fromAt - NOON, toAt - NOON])).toEqual([
      [0, 0, 10_000],
      [10_000, 12_000, 60_000], // the hole of one second is kept as time
    ])
    expect(
      packetsOf(pathOf(file!))
        .map(({ pts }) => pts)
        .at(-1),
    ).toBe(57_960)
  })

  test('a torn file gives what is whole of it', async () => {
    const segment = minute()
    writeFileSync(segment.file, readFileSync(segment.file).subarray(0, segment.offsets[20]! + 100))
    const { write } = createSetup([segment])
    expect((await write(NOON, NOON + 60_000))[0]).toMatchObject({ frames: 500, toAt: NOON + 20_000 })
  })

  test('a file of another camera is never written: the clip fails and leaves nothing', async () => {
    const folder = temporaryFolder()
    const own = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, 250) })
    const foreign = writeSegment({ folder, fromAt: NOON + 10_000, pictures: numberedPictures(250, 250), notedId: 'b' })
    const { start, outcome, clipFolder } = createSetup([own, foreign])
    start(NOON, NOON + 20_000)
    expect(await outcome()).toMatchObject({ type: 'exportFailed', failure: 'damaged_file' })
    expect(existsSync(clipFolder)).toBe(false)
  })

  test('nothing there, nothing readable, no disk: three different answers', async () => {
    const empty = createSetup([])
    empty.start(NOON, NOON + 1_000)
    expect(await empty.outcome()).toMatchObject({ failure: 'nothing_recorded' })
    const lost = createSetup([], { listDisks: () => [{ diskId: 'd', folder: '/x', state: 'missing', totalBytes: 0, freeBytes: 0, detail: 'ENOENT' }] })
    lost.start(NOON, NOON + 1_000)
    expect(await lost.outcome()).toMatchObject({ failure: 'disk_missing' })
    const segment = minute()
    writeFileSync(segment.file, Buffer.alloc(5_000, 1))
    const broken = createSetup([segment])
    broken.start(NOON, NOON + 1_000)
    expect(await broken.outcome()).toMatchObject({ failure: 'damaged_file' })
  })

  test('the reserve of the disk is not touched', async () => {
    const { start, outcome, clipFolder } = createSetup([minute()], { limits: { reserveBytes: 1e18, reserveRate: 0 } })
    start(NOON, NOON + 60_000)
    expect(await outcome()).toMatchObject({ failure: 'disk_full' })
    expect(existsSync(clipFolder)).toBe(false)
  })

  test('a link out of the folder of exports is not followed', async () => {
    const { start, outcome, folder } = createSetup([minute()])
    const elsewhere = temporaryFolder()
    mkdirSync(folder, { recursive: true })
    symlinkSync(elsewhere, join(folder, EXPORT_ID))
    start(NOON, NOON + 60_000)
    expect(await outcome()).toMatchObject({ failure: 'internal' })
    expect(readdirSync(elsewhere)).toEqual([])
  })

  test('cancelled, or given up for another: no event, no file', async () => {
    const { exports, start, events, clipFolder, outcome } = createSetup([minute()])
    start(NOON, NOON + 60_000)
    await exports.cancel(EXPORT_ID)
    expect([events, existsSync(clipFolder)]).toEqual([[], false])
    start(NOON, NOON + 60_000)
    start(NOON, NOON + 2_000)
    expect(await outcome()).toMatchObject({ type: 'exportDone', files: [{ frames: 50 }] })
    expect(events).toHaveLength(1)
  })

  test('a file that is closed, or grows, while it is read changes nothing', async () => {
    const segment = minute({ isOpen: true })
    const { write } = createSetup([segment])
    growSegment(segment, numberedPictures(1_500, 25), 61)
    expect((await write(NOON, NOON + 120_000))[0]).toMatchObject({ frames: 1_525 })
  })
})

describe.skipIf(!ffmpegPath || !hasFfprobe)('R-DL sound', () => {
  test('AAC as it is, beside its pictures; holes in it stay where they are', async () => {
    const frames = aacFrames(10)
    const folder = temporaryFolder()
    // 16 frames of 64 ms are a little more than the second they lie in; none in the third and fourth second
    const sound = Array.from({ length: 10 }, (_, second) => (second === 2 || second === 3 ? [] : frames.slice(second * 15, second * 15 + 15)))
    const pictures = makeClip('h264', { count: 250, gopFrames: 25, widthPx: 160, heightPx: 90 })
    const segment = writeSegment({ folder, fromAt: NOON, pictures: coded(pictures), video: pictures[0]!.config, audio: aac16k, sound, soundAtPictures: true })
    const { write, pathOf } = createSetup([segment])
    const [file] = await write(NOON, NOON + 10_000)
    expect(file).toMatchObject({ sound: 'aac', frames: 250 })
    const packets = packetsOf(pathOf(file!), 'a:0')
    expect(packets.length).toBe(120)
    const times = packets.map(({ pts }) => (pts / 16_000) * 1000)
    expect(times[0]).toBe(0)
    expect(Math.abs(times[30]! - 4_000)).toBeLessThanOrEqual(100)
    expect(Math.abs(times[105]! - 9_000)).toBeLessThanOrEqual(200)
    expect(probeFile(pathOf(file!)).complaints).toBe('')
  })

  test('G.711 becomes AAC, silent where there was none, as long as the pictures', async () => {
    const pictures = makeClip('h264', { count: 250, gopFrames: 25, widthPx: 160, heightPx: 90 })
    const sound = Array.from({ length: 10 }, (_, second) => (second === 4 || second === 5 ? [] : Array.from({ length: 50 }, () => tone(160))))
    const segment = writeSegment({
      folder: temporaryFolder(),
      fromAt: NOON,
      pictures: coded(pictures),
      video: pictures[0]!.config,
      audio: g711,
      sound,
      soundAtPictures: true,
    })
    const { write, pathOf, clipFolder } = createSetup([segment])
    const [file] = await write(NOON, NOON + 10_000)
    expect(file).toMatchObject({ sound: 'aac', frames: 250 })
    const path = pathOf(file!)
    const packets = packetsOf(path, 'a:0')
    expect(Math.ceil((10 * 16_000) / 1_024) - packets.length).toBeLessThanOrEqual(1)
    expect(complaintsOf(path)).toBe('')
    expect(loudness(path, 1, 2)).toBeGreaterThan(-30)
    expect(loudness(path, 4.3, 1.4)).toBeLessThan(-60)
    expect(loudness(path, 7, 2)).toBeGreaterThan(-30)
    expect(readdirSync(clipFolder)).toEqual([file!.fileName])
  })

  test('without ffmpeg G.711 stays what it is, and is said; a watermark is refused', async () => {
    const pictures = makeClip('h264', { count: 100, gopFrames: 25, widthPx: 160, heightPx: 90 })
    const sound = Array.from({ length: 4 }, () => Array.from({ length: 50 }, () => tone(160)))
    const segment = writeSegment({
      folder: temporaryFolder(),
      fromAt: NOON,
      pictures: coded(pictures),
      video: pictures[0]!.config,
      audio: g711,
      sound,
      soundAtPictures: true,
    })
    const plain = createSetup([segment], { ffmpegPath: undefined })
    const [file] = await plain.write(NOON, NOON + 4_000)
    expect(file!.sound).toBe('pcma')
    expect(complaintsOf(plain.pathOf(file!))).toBe('')
    expect(loudness(plain.pathOf(file!), 0, 4)).toBeGreaterThan(-30)
    const refused = createSetup([segment], { ffmpegPath: undefined })
    refused.start(NOON, NOON + 4_000, 'x')
    expect(await refused.outcome()).toMatchObject({ failure: 'transcoder_missing' })
  })
})

describe.skipIf(!ffmpegPath || !hasFfprobe)('R-DL watermark', () => {
  /** A grey picture without anything on it. */
  const grey = (codec: 'h264' | 'h265') => makeClip(codec, { count: 100, gopFrames: 25, widthPx: 640, heightPx: 360, source: 'color=gray' })
  /** How far pixels are from each other: 0 where nothing is drawn. */
  function contrastOf(path: string, crop: string): number {
    const seen = spawnSync('ffmpeg', ['-v', 'error', '-i', path, '-vf', `crop=${crop},format=gray`, '-frames:v', '1', '-f', 'rawvideo', 'pipe:1']).stdout
    return Math.max(...seen) - Math.min(...seen)
  }

  test.each(['h264', 'h265'] as const)('drawn over every part of the picture, whatever the text says, at the same times (%s)', async (codec) => {
    const pictures = grey(codec)
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: coded(pictures), video: pictures[0]!.config })
    const { write, pathOf, clipFolder } = createSetup([segment])
    const [file] = await write(NOON, NOON + 4_000, "o'neil:%{pts}\\,[x];`id`  2026-11-23 08:00:00")
    expect(file).toMatchObject({ codec: 'h264', frames: 100, widthPx: 640, heightPx: 360 })
    const path = pathOf(file!)
    expect(packetsOf(path).map(({ pts }) => pts)).toEqual(pictures.map((_, number) => number * FRAME_MS))
    for (const x of [0, 320]) for (const y of [0, 180]) expect(contrastOf(path, `320:180:${x}:${y}`)).toBeGreaterThan(20)
    expect(complaintsOf(path)).toBe('')
    expect(readdirSync(clipFolder)).toEqual([file!.fileName])
  })

  test('cancelled: the coder is dead at once', async () => {
    const pictures = grey('h264')
    const segment = writeSegment({
      folder: temporaryFolder(),
      fromAt: NOON,
      pictures: Array.from({ length: 60 }, () => coded(pictures)).flat(),
      video: pictures[0]!.config,
    })
    const { exports, start, events, clipFolder } = createSetup([segment])
    start(NOON, NOON + 240_000, 'x')
    await until(() => existsSync(clipFolder) && readdirSync(clipFolder).some((name) => name.endsWith('.mp4.part')), 'the coder')
    await exports.cancel(EXPORT_ID)
    expect([events.filter(({ type }) => type !== 'exportProgress'), existsSync(clipFolder)]).toEqual([[], false])
  })
})

describe.skipIf(!ffmpegPath || !hasFfprobe)('R-DL H.264 that plays everywhere', () => {
  const recorded = (codec: 'h264' | 'h265') => {
    const pictures = makeClip(codec, { count: 100, gopFrames: 25 })
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: coded(pictures), video: pictures[0]!.config })
    return { pictures, segment }
  }

  test('H.265 is coded anew, every picture at its time; without the wish it stays H.265', async () => {
    const { pictures, segment } = recorded('h265')
    const { write, pathOf, clipFolder } = createSetup([segment])
    const [file] = await write(NOON, NOON + 4_000, null, true)
    expect(file).toMatchObject({ codec: 'h264', frames: 100, widthPx: 640, heightPx: 360, fromAt: NOON, toAt: NOON + 4_000 })
    const path = pathOf(file!)
    expect(packetsOf(path).map(({ pts }) => pts)).toEqual(pictures.map((_, number) => number * FRAME_MS))
    expect(probeFile(path)).toEqual({ streams: [{ codec: 'h264', frames: 100, widthPx: 640 }], complaints: '' })
    expect(readdirSync(clipFolder)).toEqual([file!.fileName])
    const plain = createSetup([segment])
    expect(await plain.write(NOON, NOON + 4_000)).toMatchObject([{ codec: 'h265', frames: 100 }])
  })

  test('what is H.264 already stays byte for byte, even without ffmpeg; H.265 is refused there', async () => {
    const asIs = recorded('h264')
    const plain = createSetup([asIs.segment])
    const wished = createSetup([asIs.segment], { ffmpegPath: undefined })
    const [[a], [b]] = [await plain.write(NOON, NOON + 4_000), await wished.write(NOON, NOON + 4_000, null, true)]
    expect(b!.sha256).toBe(a!.sha256)
    const refused = createSetup([recorded('h265').segment], { ffmpegPath: undefined })
    refused.start(NOON, NOON + 4_000, null, true)
    expect(await refused.outcome()).toMatchObject({ failure: 'transcoder_missing' })
  })
})

describe.skipIf(!hasFfprobe)('R-DL eight hours', () => {
  test('720,000 pictures in one file; progress once a second at most; memory stays', async () => {
    const folder = temporaryFolder()
    const hour = numberedPictures(0, 90_000, { bytes: 16 })
    const segments = Array.from({ length: 8 }, (_, index) => writeSegment({ folder, fromAt: NOON + index * 3_600_000, pictures: hour, fragmentFrames: 125 }))
    const { write, events, pathOf } = createSetup(segments)
    const before = process.memoryUsage()
    const startedMs = performance.now()
    const [file] = await write(NOON, NOON + 8 * 3_600_000)
    const tookMs = performance.now() - startedMs
    expect(file).toMatchObject({ frames: 720_000, fromAt: NOON, toAt: NOON + 8 * 3_600_000 })
    const after = process.memoryUsage()
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100e6)
    const progress = events.flatMap((event) => (event.type === 'exportProgress' ? [event] : []))
    expect(progress.length).toBeLessThanOrEqual(tookMs / 1_000 + 1)
    for (const { doneMs, totalMs } of progress) expect([doneMs <= totalMs, totalMs]).toEqual([true, 8 * 3_600_000])
    const probed = spawnSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=nb_frames,duration', '-of', 'json', pathOf(file!)])
    expect(ofTheFile(probed.stderr.toString())).toEqual([])
    expect(JSON.parse(probed.stdout.toString())).toMatchObject({ streams: [{ nb_frames: '720000', duration: '28800.000000' }] })
  })
})
