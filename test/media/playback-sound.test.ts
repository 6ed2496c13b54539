/** Sound of recordings: AAC as it is, G.711 through ffmpeg, silence where a track breaks off (R-PLAY-1). */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fakeAac, fakePcma } from '../support/fake-driver.ts'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import { createPlaybackSetup, lastFlvMs, NOON, numberedPictures, type Page, type RecordedPicture, writeSegment } from './recorded.ts'
import { temporaryFolder, until } from './support.ts'
import type { AudioConfig } from '../../server/protocols/codec/access-unit.ts'
import { aacConfig, serializeSpecificConfig } from '../../server/protocols/codec/aac.ts'

const SECONDS = 4
/** One AAC frame is 64 ms at 16 kHz; so many lie in each second of pictures. */
const frames = [16, 15, 16, 15].map((length, fragment) => Array.from({ length }, (_, index) => Uint8Array.of(fragment, index, 1, 2)))
const aacLc: AudioConfig = aacConfig(serializeSpecificConfig({ objectType: 2, sampleRateHz: 16_000, channels: 1 }))
const tone = (loud: boolean) => Uint8Array.from({ length: 8_000 }, (_, index) => (loud ? (index % 16 < 8 ? 0x2a : 0xaa) : 0xd5))

type Sound = { audio: AudioConfig; sound: readonly (readonly Uint8Array[])[]; pictures?: RecordedPicture[] }
function segmentOf({ audio, sound, pictures = numberedPictures(0, SECONDS * 25) }: Sound) {
  return writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures, audio, sound, soundAtPictures: audio.codec !== 'aac' })
}
const pcma = (seconds = SECONDS) => Array.from({ length: seconds }, () => [tone(true)])

const soundsOf = (page: Page) => page.items().filter((item) => item.kind === 'audio')
const lastSoundMs = (page: Page) => soundsOf(page).at(-1)?.timestampMs ?? -1

describe('R-PLAY-1 AAC', () => {
  test('for those who ask, between the pictures of its time', async () => {
    const { play } = await createPlaybackSetup([segmentOf({ audio: fakeAac, sound: frames })])
    const deaf = await play()
    const hearing = await play({ sound: true })
    await until(() => deaf.pictures().length === 100 && soundsOf(hearing).length === 62, 'pictures and sound')
    expect(deaf.of('opened')[0]).toMatchObject({ sound: 'aac', soundMissing: null })
    expect(deaf.items().some(({ kind }) => kind === 'audio' || kind === 'audioConfig')).toBe(false)
    const sounds = soundsOf(hearing)
    expect(sounds.map(({ data }) => [...data])).toEqual(frames.flat().map((each) => [...each]))
    expect(sounds.map(({ timestampMs }) => timestampMs)).toEqual(sounds.map((_, index) => index * 64)) // 1024 samples of 16 kHz
    let shownMs = 0
    for (const item of hearing.items()) {
      if (item.kind === 'video') shownMs = item.timestampMs
      if (item.kind === 'audio') expect(Math.abs(item.timestampMs - shownMs)).toBeLessThan(2 * 64)
    }
  })

  test('turned on and off while it plays, from the moment shown; key frames have none', async () => {
    const { play } = await createPlaybackSetup([segmentOf({ audio: fakeAac, sound: frames })])
    const page = await play()
    await until(() => page.pictures().length === 100, 'pictures')
    page.send({ type: 'shown', flvMs: 1_200, speed: 1 })
    page.send({ type: 'sound', isOn: true })
    await until(() => page.of('opened').length === 2 && soundsOf(page).length > 30, 'sound')
    expect(page.of('opened')[1]).toMatchObject({ seekId: 0, at: NOON + 1_000, sound: 'aac', soundMissing: null })
    page.send({ type: 'sound', isOn: true }) // it is: nothing changes
    page.send({ type: 'shown', flvMs: lastFlvMs(page), speed: 16 })
    await until(() => page.of('opened').length === 3 && page.pictures().length > 0, 'key frames')
    expect(page.items()[0]).toEqual({ kind: 'header', hasVideo: true, hasAudio: false })
    page.send({ type: 'shown', flvMs: lastFlvMs(page), speed: 1 })
    page.send({ type: 'sound', isOn: false })
    await until(() => page.of('opened').length >= 4 && !page.of('opened').at(-1)!.isKeyFramesOnly && page.pictures().length > 0, 'all pictures')
    await until(() => page.items()[0]?.kind === 'header' && !(page.items()[0] as { hasAudio: boolean }).hasAudio, 'no sound')
  })

  test('a track that breaks off goes on with silence', async () => {
    const { play } = await createPlaybackSetup([segmentOf({ audio: aacLc, sound: [frames[0]!, frames[1]!, [], []] })])
    const page = await play({ sound: true })
    await until(() => page.pictures().length === 100 && lastSoundMs(page) > 3_000, 'silence')
    const times = soundsOf(page).map(({ timestampMs }) => timestampMs)
    expect(Math.max(...times.slice(1).map((time, index) => time - times[index]!))).toBeLessThanOrEqual(66)
    expect(soundsOf(page).at(-1)!.data).toHaveLength(6)
  })
})

describe.skipIf(!ffmpegPath || !hasFfprobe)('R-PLAY-1 G.711 becomes AAC', () => {
  test('beside the pictures of its time, read by ffprobe and heard by ffmpeg', async () => {
    const clip = makeClip('h264', { count: SECONDS * 25, gopFrames: 25 })
    const pictures = clip.map(({ isKey, data }) => ({ isKey, data }))
    const folder = temporaryFolder()
    const segment = writeSegment({ folder, fromAt: NOON, pictures, video: clip[0]!.config, audio: fakePcma, sound: pcma(), soundAtPictures: true })
    const { play, transcoders } = await createPlaybackSetup([segment], { ffmpegPath })
    const page = await play({ sound: true })
    await until(() => page.pictures().length === 100 && lastSoundMs(page) > 3_800, 'sound')
    expect(page.of('opened')[0]).toMatchObject({ sound: 'pcma', soundMissing: null, instead: null })
    expect(transcoders.running()).toBe(1)
    const times = soundsOf(page).map(({ timestampMs }) => timestampMs)
    expect(times[0]).toBeLessThan(70)
    expect(times.slice(1).every((time, index) => time - (times[index] ?? 0) === 64)).toBe(true)
    const path = join(folder, 'sent.flv')
    writeFileSync(path, page.flv())
    expect(probeFile(path)).toMatchObject({ streams: [{ codec: 'h264', frames: 100 }, { codec: 'aac' }], complaints: '' })
    const heard = spawnSync(ffmpegPath!, ['-hide_banner', '-i', path, '-map', '0:a', '-af', 'volumedetect', '-f', 'null', '-'])
    expect(Number(/mean_volume: (-?[\d.]+) dB/.exec(heard.stderr.toString())![1])).toBeGreaterThan(-30)
  })

  test('after a seek it comes again, from the first picture on', async () => {
    const segment = segmentOf({ audio: fakePcma, sound: pcma(30), pictures: numberedPictures(0, 30 * 25) })
    const { play, transcoders } = await createPlaybackSetup([segment], { ffmpegPath })
    const page = await play({ sound: true })
    await until(() => lastSoundMs(page) > 2_000, 'sound')
    for (const [seekId, second] of [
      [1, 15],
      [2, 22],
    ] as const) {
      page.send({ type: 'seek', seekId, at: NOON + second * 1_000 })
      await until(() => page.of('opened').at(-1)!.seekId === seekId && soundsOf(page).length > 60, `sound of seek ${seekId}`)
      const base = page.of('opened').at(-1)!.flvBaseMs
      const times = soundsOf(page).map(({ timestampMs }) => timestampMs - base)
      expect(times[0]).toBeGreaterThanOrEqual(0)
      expect(times[0]).toBeLessThan(70)
      expect(times.slice(1).every((time, index) => time - times[index]! <= 65)).toBe(true)
    }
    expect(transcoders.running()).toBe(1)
  })

  test('with pictures that are transcoded too; sound never comes before them, a hole is silence', async () => {
    const clip = makeClip('h265', { count: 100, gopFrames: 50 })
    const pictures = clip.map(({ isKey, data }) => ({ isKey, data }))
    const sound = [[tone(true)], [], [], [tone(true)]]
    const folder = temporaryFolder()
    const segment = writeSegment({ folder, fromAt: NOON, pictures, video: clip[0]!.config, audio: fakePcma, sound, soundAtPictures: true })
    const { play, transcoders } = await createPlaybackSetup([segment], { ffmpegPath })
    const page = await play({ sound: true })
    await until(() => page.pictures().length === 100 && lastSoundMs(page) > 3_800, 'sound')
    expect(transcoders.running()).toBe(2)
    let shownMs = -1
    for (const item of page.items()) {
      if (item.kind === 'video') shownMs = item.timestampMs
      if (item.kind === 'audio') expect(item.timestampMs).toBeLessThanOrEqual(shownMs)
    }
    const times = soundsOf(page).map(({ timestampMs }) => timestampMs)
    expect(times.slice(1).every((time, index) => time - times[index]! <= 65)).toBe(true)
    page.close()
    await until(() => transcoders.running() === 0, 'both places')
  })

  test('every place taken: pictures without sound, and why', async () => {
    const segment = segmentOf({ audio: fakePcma, sound: pcma() })
    const { play } = await createPlaybackSetup([segment], { ffmpegPath, change: (limits) => (limits.transcode.maxSounds = 1) })
    const first = await play({ sound: true })
    await until(() => lastSoundMs(first) > 0, 'sound')
    const second = await play({ sound: true })
    await until(() => second.pictures().length === 100, 'pictures')
    expect(second.of('opened')[0]).toMatchObject({ sound: 'pcma', soundMissing: 'transcode_limit' })
    expect(second.items()[0]).toEqual({ kind: 'header', hasVideo: true, hasAudio: false })
  })

  test('a transcode that dies: the pictures go on without it', async () => {
    const broken = join(temporaryFolder(), 'ffmpeg')
    writeFileSync(broken, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const { play, transcoders } = await createPlaybackSetup([segmentOf({ audio: fakePcma, sound: pcma() })], { ffmpegPath: broken })
    const page = await play({ sound: true })
    page.follow()
    await until(() => page.of('opened').at(-1)?.soundMissing === 'codec_not_supported' && page.pictures().length > 20, 'pictures without sound')
    expect(transcoders.running()).toBe(0)
  })
})

test('R-PLAY-1 G.711 on a server without ffmpeg is left out, and why', async () => {
  const { play } = await createPlaybackSetup([segmentOf({ audio: fakePcma, sound: frames })])
  const page = await play({ sound: true })
  await until(() => page.pictures().length === 100, 'pictures')
  expect(page.of('opened')[0]).toMatchObject({ sound: 'pcma', soundMissing: 'transcoder_missing' })
  expect(page.items()[0]).toEqual({ kind: 'header', hasVideo: true, hasAudio: false })
})
