import { renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import {
  createPlaybackSetup,
  FRAME_MS,
  fullHd,
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

const AHEAD_MS = 10_000
const seconds = (count: number) => count * 25
const numbersFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index)

/** Waits until the server has sent all it may. */
async function untilQuiet(page: Page, what: string) {
  let seen = -1
  let quietSinceMs = 0
  await until(() => {
    if (page.binaryFrames !== seen) {
      seen = page.binaryFrames
      quietSinceMs = performance.now()
    }
    return seen > 0 && performance.now() - quietSinceMs > 150
  }, what)
}

/** Two minutes in one file, a key frame every two seconds, and a server for it. */
async function createTwoMinutes(options: Parameters<typeof createPlaybackSetup>[1] = {}) {
  const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: numberedPictures(0, seconds(120), { gopFrames: 50 }) })
  return { segment, ...(await createPlaybackSetup([segment], options)) }
}

describe('R-PLAY-1 any time in what is recorded', () => {
  test('begins with the last key frame at or before the moment asked for, and says which moment that is', async () => {
    const { play } = await createTwoMinutes()
    const page = await play({ at: NOON + 31_410 })
    await until(() => page.pictures().length > 200, 'pictures')
    const opened = {
      type: 'opened',
      seekId: 0,
      at: NOON + 30_000,
      flvBaseMs: 0,
      codec: 'h264',
      sourceCodec: 'h264',
      widthPx: 1280,
      heightPx: 720,
      instead: null,
      sound: null,
      soundMissing: null,
      isKeyFramesOnly: false,
    }
    expect(page.messages.slice(0, 2)).toEqual([opened, { type: 'position', flvMs: 0, at: NOON + 30_000 }])
    expect(page.numbers()[0]).toBe(750)
    expect(page.pictures()[0]).toMatchObject({ isKey: true, timestampMs: 0 })
  })

  test.each([
    { ms: 0, first: 0 },
    { ms: 1_999, first: 0 },
    { ms: 2_000, first: 50 },
    { ms: 2_001, first: 50 },
    { ms: 60_000, first: 1_500 },
    { ms: 119_999, first: 2_950 },
  ])('$ms ms into the file: picture $first', async ({ ms, first }) => {
    const { play } = await createTwoMinutes()
    const page = await play({ at: NOON + ms })
    await until(() => page.pictures().length > 0, 'a picture')
    expect(page.numbers()[0]).toBe(first)
  })

  test('a long group of pictures: fragments without a key frame are gone back over', async () => {
    const pictures = numberedPictures(0, seconds(60), { gopFrames: seconds(20) })
    const { play } = await createPlaybackSetup([writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures })])
    const page = await play({ at: NOON + 39_500 })
    await until(() => page.pictures().length > 0, 'a picture')
    expect(page.of('opened')[0]!.at).toBe(NOON + 20_000)
    expect(page.numbers()[0]).toBe(seconds(20))
  })

  test('all pictures in order over the borders of files, 40 ms apart', async () => {
    const folder = temporaryFolder()
    const parts = [0, 1, 2].map((index) =>
      writeSegment({ folder, fromAt: NOON + index * 8_000, pictures: numberedPictures(index * seconds(8), seconds(8), { gopFrames: 50 }) }),
    )
    const { play } = await createPlaybackSetup(parts)
    const page = await play({ at: NOON })
    page.follow()
    await until(() => page.pictures().length === seconds(24), 'all pictures')
    expect(page.numbers()).toEqual(numbersFrom(0, seconds(24)))
    expect(page.pictures().map(({ timestampMs }) => timestampMs)).toEqual(numbersFrom(0, seconds(24)).map((index) => index * FRAME_MS))
    expect(page.of('gap')).toEqual([])
    expect(page.of('opened')).toHaveLength(1)
    for (const { flvMs, at } of page.of('position')) expect(at).toBe(NOON + flvMs)
  })

  test('R-STORE recorded after a clock was set back: how far times are ahead is told where it begins and where it ends, and anew after a seek', async () => {
    const folder = temporaryFolder()
    const parts = [0, 3_720_000, 3_720_000, 0].map((clockOffsetMs, index) =>
      writeSegment({ folder, fromAt: NOON + index * 8_000, pictures: numberedPictures(index * seconds(8), seconds(8)), clockOffsetMs }),
    )
    const { play } = await createPlaybackSetup(parts)
    const page = await play({ at: NOON })
    page.follow()
    await until(() => page.pictures().length === seconds(32), 'all pictures')
    expect(page.of('clockOffset')).toEqual([
      { type: 'clockOffset', flvMs: 8_000, clockOffsetMs: 3_720_000 },
      { type: 'clockOffset', flvMs: 24_000, clockOffsetMs: 0 },
    ])
    expect(page.of('gap')).toEqual([])
    page.send({ type: 'seek', seekId: 1, at: NOON + 17_000 })
    await until(() => page.of('clockOffset').length > 2, 'told anew')
    expect(page.of('clockOffset')[2]).toEqual({ type: 'clockOffset', flvMs: page.of('opened').at(-1)!.flvBaseMs, clockOffsetMs: 3_720_000 })
  })

  test('a gap is told, and FLV times run on across it', async () => {
    const folder = temporaryFolder()
    const before = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, seconds(4)) })
    const after = writeSegment({ folder, fromAt: NOON + 3_600_000, pictures: numberedPictures(1_000, seconds(4)) })
    const { play } = await createPlaybackSetup([before, after])
    const page = await play({ at: NOON + 1_000 })
    await until(() => page.pictures().length === seconds(7), 'both files')
    expect(page.of('gap')).toEqual([{ type: 'gap', flvMs: 3_000, fromAt: NOON + 4_000, toAt: NOON + 3_600_000 }])
    expect(page.of('position').at(-1)).toEqual({ type: 'position', flvMs: 3_000, at: NOON + 3_600_000 })
    expect(page.pictures()[75]).toMatchObject({ timestampMs: 3_000, isKey: true })
    expect(page.numbers()[75]).toBe(1_000)
  })

  test('a moment in a gap: the first picture after it', async () => {
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: numberedPictures(7, seconds(4)) })
    const { play } = await createPlaybackSetup([segment])
    const page = await play({ at: NOON - 86_400_000 })
    await until(() => page.pictures().length > 0, 'a picture')
    expect(page.of('opened')[0]!.at).toBe(NOON)
    expect(page.numbers()[0]).toBe(7)
  })

  test('nothing was ever stored, or nothing newer: it says so', async () => {
    const { play } = await createPlaybackSetup([])
    const page = await play()
    await until(() => page.messages.length > 0, 'the answer')
    expect(page.messages[0]).toEqual({ type: 'end', at: null })
    const other = await createTwoMinutes()
    const late = await other.play({ at: NOON + 3_600_000 })
    await until(() => late.messages.length > 0, 'the answer')
    expect(late.messages[0]).toEqual({ type: 'end', at: NOON + 120_000 })
  })

  test('the clock of the recorder leads the pictures: a new position every 40 ms', async () => {
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: numberedPictures(0, seconds(60)), leadMs: 3 })
    const { play } = await createPlaybackSetup([segment])
    const page = await play({ at: NOON })
    page.follow()
    await until(() => page.pictures().length === seconds(60), 'all pictures')
    expect(page.of('position').slice(0, 3)).toEqual([
      { type: 'position', flvMs: 0, at: NOON },
      { type: 'position', flvMs: 14_000, at: NOON + 14_042 },
      { type: 'position', flvMs: 28_000, at: NOON + 28_084 },
    ])
  })

  test('pictures that are shown in another order than they are decoded keep both times', async () => {
    const offsets = [80, 160, 40, 0]
    const pictures = numberedPictures(0, seconds(2)).map((picture, index) => ({ ...picture, compositionOffset: offsets[index % 4]! }))
    const { play } = await createPlaybackSetup([writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures })])
    const page = await play()
    await until(() => page.pictures().length === seconds(2), 'all pictures')
    expect(page.pictures().map(({ compositionMs }) => compositionMs)).toEqual(pictures.map(({ compositionOffset }) => compositionOffset))
  })

  test.each([
    { slipMs: 7, stepMs: 47 },
    { slipMs: -1, stepMs: 39 },
    { slipMs: 60_000, stepMs: 40 },
  ])('fragments that begin $slipMs ms beside the end of the last one lose no picture', async ({ slipMs, stepMs }) => {
    const pictures = numberedPictures(0, seconds(9), { gopFrames: seconds(3) })
    const { play } = await createPlaybackSetup([writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures, slipMs })])
    const page = await play({ at: NOON })
    page.follow()
    await until(() => page.pictures().length === seconds(9), 'all pictures')
    expect(page.numbers()).toEqual(numbersFrom(0, seconds(9)))
    const times = page.pictures().map(({ timestampMs }) => timestampMs)
    expect(times.slice(24, 27)).toEqual([960, 960 + stepMs, 1_000 + stepMs])
    expect(page.of('gap')).toEqual([])
  })

  test('a moment beyond all calendars is one that nothing was stored in', async () => {
    const { play, logged } = await createTwoMinutes()
    const page = await play({ at: Number.MAX_SAFE_INTEGER })
    await until(() => page.messages.length > 0, 'the answer')
    page.send({ type: 'seek', seekId: 1, at: Number.MAX_SAFE_INTEGER })
    await until(() => page.messages.length > 1, 'the answer')
    expect(page.messages).toEqual([0, 1].map(() => ({ type: 'end', at: NOON + 120_000 })))
    page.send({ type: 'seek', seekId: 2, at: NOON })
    await until(() => page.pictures().length > 0, 'pictures')
    expect(logged).toEqual([])
  })
})

describe('R-PLAY-1 the newest recording', () => {
  test('plays on as the file grows, over its renaming, into the next one', async () => {
    const folder = temporaryFolder()
    const segment = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, seconds(3)), isOpen: true })
    const segments = [segment]
    const { play } = await createPlaybackSetup(segments)
    const page = await play({ at: NOON + 1_500 })
    await until(() => page.of('end').length === 1, 'the end')
    expect(page.of('end')).toEqual([{ type: 'end', at: NOON + 3_000 }])
    page.follow()
    growSegment(segment, numberedPictures(75, 25), 4)
    await until(() => page.pictures().length === 75, 'what was added')
    await until(() => page.of('end').length === 2, 'the new end')
    growSegment(segment, numberedPictures(100, 25), 5)
    renameSync(segment.file, join(folder, `${NOON}-5000.mp4`))
    segments[0] = { ...segment, file: join(folder, `${NOON}-5000.mp4`), isOpen: false }
    segments.push(writeSegment({ folder, fromAt: NOON + 5_000, pictures: numberedPictures(125, 50), isOpen: true }))
    await until(() => page.pictures().length === 150, 'the next file')
    expect(page.numbers()).toEqual(numbersFrom(25, 150))
    expect(page.of('opened')).toHaveLength(1)
    expect(page.of('gap')).toEqual([])
  })

  test('a fragment that is still being written is waited for', async () => {
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: numberedPictures(0, seconds(3)), isOpen: true })
    const { play, logged } = await createPlaybackSetup([segment])
    truncateSync(segment.file, segment.offsets[2]! + 700)
    const page = await play()
    await until(() => page.of('end').length === 1, 'the end')
    expect(page.numbers()).toEqual(numbersFrom(0, 50))
    truncateSync(segment.file, segment.offsets[2]!)
    growSegment({ ...segment, toAt: NOON + 2_000 }, numberedPictures(50, 25), 3)
    await until(() => page.pictures().length === 75, 'the rest')
    expect(logged).toEqual([])
  })

  test('a first recording, while a page waits for it', async () => {
    const segments: ReturnType<typeof writeSegment>[] = []
    const { play } = await createPlaybackSetup(segments)
    const page = await play()
    await until(() => page.of('end').length === 1, 'the end')
    segments.push(writeSegment({ folder: temporaryFolder(), fromAt: NOON + 500, pictures: numberedPictures(0, 25), isOpen: true }))
    await until(() => page.pictures().length === 25, 'pictures')
    expect(page.of('opened')[0]).toMatchObject({ seekId: 0, at: NOON + 500 })
  })
})

describe('R-PLAY-2 seek and speed', () => {
  test('a seek makes void what came before: another opened, FLV times above all earlier ones', async () => {
    const { play } = await createTwoMinutes()
    const page = await play({ at: NOON })
    await untilQuiet(page, 'the first stretch')
    const beforeMs = lastFlvMs(page)
    page.send({ type: 'seek', seekId: 3, at: NOON + 100_100 })
    await until(() => page.of('opened').length === 2 && page.pictures().length > 100, 'the second stretch')
    const opened = page.of('opened')[1]!
    expect(opened).toMatchObject({ seekId: 3, at: NOON + 100_000 })
    expect(opened.flvBaseMs).toBeGreaterThan(beforeMs)
    expect(page.items()[0]).toEqual({ kind: 'header', hasVideo: true, hasAudio: false })
    expect(page.numbers().slice(0, 100)).toEqual(numbersFrom(2_500, 100))
    expect(page.pictures()[0]!.timestampMs).toBe(opened.flvBaseMs)
  })

  test('back in time too; of many seeks at once the last one is answered', async () => {
    const { play } = await createTwoMinutes()
    const page = await play({ at: NOON + 100_000 })
    for (let seekId = 1; seekId <= 40; seekId++) page.send({ type: 'seek', seekId, at: NOON + 80_000 - seekId * 1_000 })
    await until(() => page.of('opened').at(-1)?.seekId === 40 && page.pictures().length > 0, 'the last seek')
    expect(page.numbers()[0]).toBe(seconds(40))
    expect(page.of('opened').length).toBeLessThan(40)
  })

  test('a page that never says what it shows gets ten seconds', async () => {
    const { play } = await createTwoMinutes()
    const page = await play({ at: NOON })
    await until(() => lastFlvMs(page) >= AHEAD_MS, 'ten seconds')
    await untilQuiet(page, 'the end of the ten seconds')
    expect(lastFlvMs(page)).toBe(AHEAD_MS)
  })

  test.each([
    { speed: 0, aheadMs: AHEAD_MS },
    { speed: 0.25, aheadMs: AHEAD_MS },
    { speed: 1, aheadMs: AHEAD_MS },
    { speed: 4, aheadMs: 4 * AHEAD_MS },
  ])('at speed $speed the server is $aheadMs ms ahead of what is shown', async ({ speed, aheadMs }) => {
    const { play } = await createTwoMinutes()
    const page = await play({ at: NOON })
    await untilQuiet(page, 'the first ten seconds')
    page.send({ type: 'shown', flvMs: 5_000, speed })
    await until(() => lastFlvMs(page) >= 5_000 + aheadMs, 'more')
    await untilQuiet(page, 'the end of what may be sent')
    expect(lastFlvMs(page)).toBe(5_000 + aheadMs)
  })

  test('above speed 4 only key frames, from what is shown on; then all pictures again', async () => {
    const { play } = await createTwoMinutes()
    const page = await play({ at: NOON })
    await untilQuiet(page, 'the first ten seconds')
    page.send({ type: 'shown', flvMs: 7_300, speed: 8 })
    await until(() => page.of('opened').length === 2 && page.pictures().length >= 41, 'key frames')
    await untilQuiet(page, 'the end of what may be sent')
    const fast = page.of('opened')[1]!
    expect(fast).toMatchObject({ seekId: 0, at: NOON + 6_000, isKeyFramesOnly: true })
    expect(page.pictures().every(({ isKey }) => isKey)).toBe(true)
    expect(page.numbers()).toEqual(numbersFrom(3, 41).map((index) => index * 50)) // 80 s ahead, every two seconds
    expect(page.pictures().map(({ timestampMs }) => timestampMs)).toEqual(numbersFrom(0, 41).map((index) => fast.flvBaseMs + index * 2_000))

    page.send({ type: 'shown', flvMs: fast.flvBaseMs + 20_000, speed: 16 })
    await until(() => page.numbers().at(-1) === 2_950, 'the rest of the file')
    expect(page.of('opened')).toHaveLength(2)
    page.send({ type: 'shown', flvMs: fast.flvBaseMs + 30_500, speed: 1 })
    await until(() => page.of('opened').length === 3 && page.pictures().length > 100, 'all pictures')
    expect(page.of('opened')[2]).toMatchObject({ at: NOON + 36_000, isKeyFramesOnly: false })
    expect(page.numbers().slice(0, 60)).toEqual(numbersFrom(900, 60))
  })

  test('a seek at speed 8 goes on with key frames only', async () => {
    const { play } = await createTwoMinutes()
    const page = await play({ at: NOON })
    await until(() => page.pictures().length > 0, 'a picture')
    page.send({ type: 'shown', flvMs: 0, speed: 8 })
    page.send({ type: 'seek', seekId: 1, at: NOON + 60_000 })
    await until(() => page.of('opened').at(-1)!.seekId === 1, 'the answer')
    expect(page.of('opened').at(-1)!.isKeyFramesOnly).toBe(true)
  })

  test('a page that does not read is not sent more than its queue', async () => {
    const pictures = numberedPictures(0, 300, { bytes: 150_000 })
    const { play, viewers } = await createPlaybackSetup([writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures })])
    const page = await play()
    page.socket.pause()
    const most = 512 * 1024
    await until(() => viewers[0]!.delivery.queuedBytes >= most, 'a full queue')
    let worst = 0
    for (let sentBytes = -1; sentBytes !== viewers[0]!.delivery.bytesSent; await new Promise((resolve) => setTimeout(resolve, 100))) {
      sentBytes = viewers[0]!.delivery.bytesSent
      worst = Math.max(worst, viewers[0]!.delivery.queuedBytes)
    }
    expect(worst).toBeLessThan(most + 151_000)
    expect(viewers[0]!.delivery.bytesSent).toBeLessThan(251 * 150_000)
    page.socket.resume()
    await until(() => page.pictures().length === 251, 'the ten seconds after all')
    expect(page.numbers()).toEqual(numbersFrom(0, 251))
  })
})

describe('what is recorded changes', () => {
  test('another resolution: opened anew, but only when the page has shown what came before', async () => {
    const folder = temporaryFolder()
    const small = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, seconds(4)) })
    const large = writeSegment({ folder, fromAt: NOON + 4_000, pictures: numberedPictures(100, seconds(4)), video: fullHd })
    const { play } = await createPlaybackSetup([small, large])
    const page = await play({ at: NOON })
    await until(() => page.pictures().length >= 100, 'the first file')
    await untilQuiet(page, 'the end of the first file')
    expect(page.numbers()).toEqual(numbersFrom(0, 100))
    page.send({ type: 'shown', flvMs: 2_000, speed: 0 }) // a page that pauses
    await untilQuiet(page, 'still the first file')
    expect(page.of('opened')).toHaveLength(1)
    page.send({ type: 'shown', flvMs: 3_800, speed: 1 }) // the last 200 ms are taken as shown
    await until(() => page.of('opened').length === 2 && page.pictures().length === 100, 'the second file')
    expect(page.of('opened')[1]).toMatchObject({ seekId: 0, at: NOON + 4_000, flvBaseMs: 4_000, widthPx: 1920, heightPx: 1080 })
    expect(page.numbers()).toEqual(numbersFrom(100, 100))
  })

  test('H.265 for a browser that lacks it, on a server without ffmpeg, is refused in words; a seek to H.264 plays', async () => {
    const folder = temporaryFolder()
    const h264 = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, seconds(4)) })
    const h265 = writeSegment({ folder, fromAt: NOON + 4_000, pictures: numberedPictures(100, seconds(4)), video: hevc })
    const { play } = await createPlaybackSetup([h264, h265])
    const page = await play({ at: NOON + 5_000 })
    await until(() => page.of('refused').length > 0, 'the refusal')
    expect(page.messages).toEqual([{ type: 'refused', cause: 'transcoder_missing', detail: 'h265' }])
    expect(page.binaryFrames).toBe(0)
    page.send({ type: 'seek', seekId: 1, at: NOON })
    await until(() => page.pictures().length === 100, 'the first file')
    const able = await play({ at: NOON + 5_000, codecs: ['h264', 'h265'] })
    await until(() => able.pictures().length > 0, 'pictures')
    expect(able.of('opened')[0]).toMatchObject({ codec: 'h265', at: NOON + 5_000 })
    expect(able.pictures()[0]!.codec).toBe('h265')
  })
})

describe.skipIf(!ffmpegPath || !hasFfprobe)('what is sent, judged by ffprobe', () => {
  test('two files and a gap are one FLV file without a complaint', async () => {
    const folder = temporaryFolder()
    const clip = makeClip('h264', { count: 250, gopFrames: 50 })
    const video = clip[0]!.config
    const asRecorded = (from: number, to: number): RecordedPicture[] => clip.slice(from, to).map(({ isKey, data }) => ({ isKey, data }))
    const parts = [
      writeSegment({ folder, fromAt: NOON, pictures: asRecorded(0, 100), video }),
      writeSegment({ folder, fromAt: NOON + 60_000, pictures: asRecorded(100, 250), video }),
    ]
    const { play } = await createPlaybackSetup(parts)
    const page = await play()
    page.follow()
    await until(() => page.pictures().length === 250, 'all pictures')
    const path = join(folder, 'sent.flv')
    writeFileSync(path, page.flv())
    expect(probeFile(path)).toEqual({ streams: [{ codec: 'h264', frames: 250, widthPx: 640 }], complaints: '' })
  })
})

test('a message that is none of ours ends the page', async () => {
  const { play, left } = await createTwoMinutes()
  const page = await play()
  await until(() => page.pictures().length > 0, 'a picture')
  page.send({ type: 'shown', flvMs: 'now' })
  await until(() => page.isEnded, 'the end')
  expect(page.closeCode).toBe(1002)
  expect(left).toEqual([expect.objectContaining({ viewerId: 'v', reason: 'closed', bytes: expect.any(Number) })])
})
