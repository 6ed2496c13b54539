/** H.265 recordings for a browser that cannot decode them, through a real ffmpeg (R-PLAY-1, R-PLAY-3). */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import {
  createPlaybackSetup,
  FRAME_MS,
  growSegment,
  hevc,
  lastFlvMs,
  NOON,
  numberedPictures,
  type Page,
  type RecordedPicture,
  writeSegment,
} from './recorded.ts'
import { temporaryFolder, until } from './support.ts'
import type { VideoConfig } from '../../server/protocols/codec/access-unit.ts'

const GOP_FRAMES = 50
let video: VideoConfig
let clip: RecordedPicture[]

beforeAll(() => {
  if (!ffmpegPath) return
  const units = makeClip('h265', { count: 250, gopFrames: GOP_FRAMES })
  video = units[0]!.config
  clip = units.map(({ isKey, data }) => ({ isKey, data }))
})

/** The clip again and again, `seconds` long. */
const pictures = (seconds: number): RecordedPicture[] => Array.from({ length: seconds * 25 }, (_, index) => clip[index % clip.length]!)

const setup = (seconds = 60, options: Parameters<typeof createPlaybackSetup>[1] = {}) =>
  createPlaybackSetup([writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: pictures(seconds), video })], { ffmpegPath, ...options })

/** Says what a page that plays would. */
const shown = (page: Page, speed: number) => page.send({ type: 'shown', flvMs: lastFlvMs(page), speed })

describe.skipIf(!ffmpegPath || !hasFfprobe)('R-PLAY-1 H.265 is transcoded for a browser that lacks it', () => {
  test('H.264 of the same pictures at the same times, said in `opened`, read by ffprobe without a complaint', async () => {
    const { play, transcoders } = await setup()
    const page = await play({ at: NOON + 31_410 })
    page.follow()
    await until(() => page.pictures().length > 200, 'pictures')
    expect(page.messages.slice(0, 2)).toEqual([
      {
        type: 'opened',
        seekId: 0,
        at: NOON + 31_160, // a quarter of a second before the moment asked for
        flvBaseMs: 1_160,
        codec: 'h264',
        sourceCodec: 'h265',
        widthPx: 640,
        heightPx: 360,
        instead: 'transcode',
        sound: null,
        soundMissing: null,
        isKeyFramesOnly: false,
      },
      { type: 'position', flvMs: 1_160, at: NOON + 31_160 },
    ])
    const sent = page.pictures().slice(0, 200)
    expect(sent.map(({ timestampMs, compositionMs }) => timestampMs + compositionMs)).toEqual(sent.map((_, index) => 1_160 + index * FRAME_MS))
    expect(sent.flatMap(({ isKey }, index) => (isKey ? [index] : []))).toEqual([0, 21, 71, 121, 171])
    expect(transcoders.running()).toBe(1)
    const path = join(temporaryFolder(), 'sent.flv')
    writeFileSync(path, page.flv())
    expect(probeFile(path)).toMatchObject({ streams: [{ codec: 'h264', widthPx: 640 }], complaints: '' })
  })

  test('that its times are ahead is told with the first picture that is sent, not with those that only lead to it', async () => {
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: pictures(60), video, clockOffsetMs: 60_000 })
    const { play } = await createPlaybackSetup([segment], { ffmpegPath })
    const page = await play({ at: NOON + 31_410 })
    await until(() => page.pictures().length > 0, 'a picture')
    expect(page.messages.slice(1, 3)).toEqual([
      { type: 'position', flvMs: 1_160, at: NOON + 31_160 },
      { type: 'clockOffset', flvMs: 1_160, clockOffsetMs: 60_000 },
    ])
  })

  test('a browser that can gets it as it is stored', async () => {
    const { play, transcoders } = await setup()
    const page = await play({ codecs: ['h264', 'h265'] })
    await until(() => page.pictures().length > 0, 'pictures')
    expect(page.of('opened')[0]).toMatchObject({ codec: 'h265', sourceCodec: 'h265', instead: null })
    expect(transcoders.running()).toBe(0)
  })

  test('a seek: the picture of that moment, soon; many seeks end at the last', async () => {
    const { play, transcoders } = await setup()
    const page = await play()
    await until(() => page.pictures().length > 0, 'the first picture')
    const waits: number[] = []
    for (let seekId = 1; seekId <= 8; seekId++) {
      const askedMs = performance.now()
      page.send({ type: 'seek', seekId, at: NOON + seekId * 6_000 + 700 })
      await until(() => page.of('opened').at(-1)!.seekId === seekId && page.pictures().length > 0, `seek ${seekId}`)
      waits.push(performance.now() - askedMs)
    }
    expect(page.of('opened').at(-1)!.at).toBe(NOON + 48_480)
    console.info(`seek to the first transcoded picture: ${waits.map(Math.round).join(', ')} ms`)
    // quiet it is some 250 ms; other tests share these cores
    expect(waits.sort((a, b) => a - b)[4]).toBeLessThan(3_000)
    for (let seekId = 9; seekId <= 20; seekId++) page.send({ type: 'seek', seekId, at: NOON + seekId * 2_000 })
    await until(() => page.of('opened').at(-1)!.seekId === 20 && page.pictures().length > 20, 'the last seek')
    expect(page.of('opened').at(-1)!.at).toBe(NOON + 40_000)
    expect(transcoders.running()).toBe(1)
  })

  test('above 4x only key frames, at their times; a gap and the next file go on in one stream', async () => {
    const folder = temporaryFolder()
    const parts = [0, 1].map((index) => writeSegment({ folder, fromAt: NOON + index * 40_000, pictures: pictures(20), video }))
    const { play } = await createPlaybackSetup(parts, { ffmpegPath })
    const page = await play()
    await until(() => page.pictures().length > 10, 'the first pictures')
    page.send({ type: 'shown', flvMs: 400, speed: 16 })
    await until(() => page.of('opened').length === 2 && page.pictures().length > 12, 'key frames of both files')
    expect(page.of('opened')[1]).toMatchObject({ isKeyFramesOnly: true, instead: 'transcode' })
    const base = page.of('opened')[1]!.flvBaseMs
    const sent = page.pictures()
    expect(sent.every(({ isKey }) => isKey)).toBe(true)
    expect(sent.slice(0, 12).map(({ timestampMs }) => timestampMs - base)).toEqual(Array.from({ length: 12 }, (_, index) => index * 2_000))
    expect(page.of('gap')).toEqual([{ type: 'gap', flvMs: base + 20_000, fromAt: NOON + 20_000, toAt: NOON + 40_000 }])
  })

  test('H.264 after H.265: the last transcoded picture comes before it, and the place is free again', async () => {
    const folder = temporaryFolder()
    const first = writeSegment({ folder, fromAt: NOON, pictures: pictures(4), video })
    const second = writeSegment({ folder, fromAt: NOON + 4_000, pictures: numberedPictures(0, 100) })
    const { play, transcoders } = await createPlaybackSetup([first, second], { ffmpegPath })
    const page = await play()
    await until(() => page.pictures().length === 100, 'every picture of the first file')
    expect(page.of('opened')).toHaveLength(1)
    page.follow()
    await until(() => page.of('opened').length === 2 && page.pictures().length === 100, 'the second file')
    expect(page.of('opened')[1]).toMatchObject({ at: NOON + 4_000, flvBaseMs: 4_000, codec: 'h264', instead: null })
    expect(transcoders.running()).toBe(0)
  })

  test('the newest file as it grows; at its end all pictures come, and the end is told after them', async () => {
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: pictures(2), video, isOpen: true })
    const { play } = await createPlaybackSetup([segment], { ffmpegPath, pollMs: 40 })
    const page = await play()
    page.follow()
    await until(() => page.pictures().length === 50, 'what ffmpeg held back')
    growSegment(segment, clip.slice(50, 100), 2)
    await until(() => page.pictures().length === 100, 'what was recorded since')
    expect(page.pictures().map(({ timestampMs }) => timestampMs)).toEqual(Array.from({ length: 100 }, (_, index) => index * FRAME_MS))
    await until(() => page.messages.at(-1)!.type === 'end', 'the end')
    expect(page.of('opened')).toHaveLength(1)
    expect(page.of('end').at(-1)).toEqual({ type: 'end', at: NOON + 4_000 })
  })
})

describe.skipIf(!ffmpegPath)('R-PLAY-3 places are few, and given back', () => {
  const onePlace = { change: (limits: { transcode: { maxPictures: number } }) => (limits.transcode.maxPictures = 1) }

  test('over the limit it is refused in words; after the other page left there is a place', async () => {
    const { play, transcoders } = await setup(60, onePlace)
    const first = await play()
    await until(() => first.pictures().length > 0, 'pictures')
    const second = await play()
    await until(() => second.messages.length > 0, 'the answer')
    expect(second.messages).toEqual([{ type: 'refused', cause: 'transcode_limit', detail: 'h265' }])
    first.close()
    await until(() => transcoders.running() === 0, 'the place')
    second.send({ type: 'seek', seekId: 1, at: NOON + 20_000 })
    await until(() => second.pictures().length > 0, 'pictures')
  })

  test('a page that stands still gives its place back, and plays on from where it stood', async () => {
    const { play, transcoders } = await setup(60, { change: (limits) => (limits.playback.restMs = 100) })
    const page = await play({ at: NOON + 10_000 })
    await until(() => page.pictures().length > 25, 'pictures')
    page.send({ type: 'shown', flvMs: 480, speed: 0 })
    await until(() => transcoders.running() === 0, 'the place')
    page.send({ type: 'shown', flvMs: 480, speed: 1 })
    await until(() => page.of('opened').length === 2 && page.pictures().length > 25, 'it goes on')
    expect(page.of('opened')[1]).toMatchObject({ seekId: 0, at: NOON + 10_240, instead: 'transcode' }) // 480 ms less a quarter of a second
    // a seek while it stands is answered, and rests again
    page.send({ type: 'shown', flvMs: lastFlvMs(page), speed: 0 })
    page.send({ type: 'seek', seekId: 1, at: NOON + 30_000 })
    await until(() => page.of('opened').at(-1)!.seekId === 1 && page.pictures().length > 25, 'the moment sought')
    shown(page, 0)
    await until(() => transcoders.running() === 0, 'the place again')
  })

  test('no child outlives its page', async () => {
    const started = join(mkdtempSync(join(temporaryFolder(), 'pids-')), 'pids')
    const wrapper = join(temporaryFolder(), 'ffmpeg')
    writeFileSync(wrapper, `#!/bin/sh\necho $$ >> ${started}\nexec ${ffmpegPath} "$@"\n`, { mode: 0o755 })
    const { play } = await setup(60, { ffmpegPath: wrapper })
    const page = await play()
    await until(() => page.pictures().length > 0, 'pictures')
    page.send({ type: 'seek', seekId: 1, at: NOON + 20_000 })
    await until(() => page.of('opened').length === 2 && page.pictures().length > 0, 'pictures after a seek')
    page.close()
    const pids = () => readFileSync(started, 'utf8').trim().split('\n').map(Number)
    expect(pids()).toHaveLength(2)
    await until(() => pids().every((pid) => !isAlive(pid)), 'the end of both')
  })
})

describe('R-PLAY-1 a transcode that fails', () => {
  test('is begun anew a few times, then refused with what ffmpeg said', async () => {
    const broken = join(temporaryFolder(), 'ffmpeg')
    writeFileSync(broken, '#!/bin/sh\necho "no such decoder" >&2\nexit 1\n', { mode: 0o755 })
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: numberedPictures(0, 100), video: hevc })
    const { play, transcoders } = await createPlaybackSetup([segment], { ffmpegPath: broken })
    const page = await play()
    await until(() => page.of('refused').length > 0, 'the refusal')
    expect(page.of('refused')).toEqual([{ type: 'refused', cause: 'codec_not_supported', detail: 'no such decoder' }])
    expect(page.of('opened')).toHaveLength(0)
    expect(transcoders.running()).toBe(0)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
