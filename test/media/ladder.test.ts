import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import type { Profile } from '../../server/contract/ids.ts'
import type { VideoCodec } from '../../server/contract/media.ts'
import { findFfmpeg } from '../../server/media/ffmpeg.ts'
import { chooseRung } from '../../server/media/ladder.ts'
import { fitSize } from '../../server/media/picture-transcode.ts'
import { createPictures, type FakePull, fakePcma, fakeSound, fakeVideoConfig } from '../support/fake-driver.ts'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import { createMediaSetup, everyMs } from './media-setup.ts'
import { camera, until } from './support.ts'

describe('which rung', () => {
  const cases: {
    name: string
    asked?: Profile
    hasSub?: boolean
    isSubMissing?: boolean
    decodes?: VideoCodec[]
    main?: VideoCodec
    sub?: VideoCodec
    expected: ReturnType<typeof chooseRung>
  }[] = [
    { name: 'nobody knows yet', expected: { profile: 'main', isTranscoded: false, instead: null } },
    { name: 'it fits', main: 'h264', expected: { profile: 'main', isTranscoded: false, instead: null } },
    { name: 'H.265 and a browser that can', main: 'h265', decodes: ['h264', 'h265'], expected: { profile: 'main', isTranscoded: false, instead: null } },
    { name: 'H.265 and a browser that cannot', main: 'h265', sub: 'h264', expected: { profile: 'sub', isTranscoded: false, instead: 'sub_stream' } },
    { name: 'the same, the sub stream not seen yet', main: 'h265', expected: { profile: 'sub', isTranscoded: false, instead: 'sub_stream' } },
    { name: 'both are H.265', main: 'h265', sub: 'h265', expected: { profile: 'main', isTranscoded: true, instead: 'transcode' } },
    { name: 'the camera has one stream', main: 'h265', hasSub: false, expected: { profile: 'main', isTranscoded: true, instead: 'transcode' } },
    { name: 'the sub stream is not there', main: 'h265', isSubMissing: true, expected: { profile: 'main', isTranscoded: true, instead: 'transcode' } },
    { name: 'sub asked, one stream', asked: 'sub', hasSub: false, main: 'h264', expected: { profile: 'main', isTranscoded: false, instead: null } },
    { name: 'sub asked, H.265', asked: 'sub', sub: 'h265', expected: { profile: 'sub', isTranscoded: true, instead: 'transcode' } },
  ]
  test.each(cases)('$name', ({ asked = 'main', hasSub = true, isSubMissing = false, decodes = ['h264'], main, sub, expected }) => {
    expect(chooseRung({ asked, hasSub, isSubMissing, decodes, codecOf: (profile) => (profile === 'main' ? main : sub) })).toEqual(expected)
  })

  test.each([
    [2560, 1440, 1280, 720],
    [640, 360, 640, 360],
    [1920, 1088, 1270, 720],
    [1080, 1920, 406, 720],
    [3, 3, 4, 4],
  ])('%i x %i is transcoded to %i x %i', (widthPx, heightPx, outWidth, outHeight) => {
    expect(fitSize(widthPx, heightPx)).toEqual({ widthPx: outWidth, heightPx: outHeight })
  })

  test('ffmpeg is looked for at the configured path, then on PATH', () => {
    expect(findFfmpeg('/nowhere/ffmpeg', '/usr/bin')).toBeUndefined()
    expect(findFfmpeg(process.execPath, '')).toBe(process.execPath)
    expect(findFfmpeg(undefined, '.:relative:')).toBeUndefined()
  })
})

/** Each pull gets pictures of the codec its profile has. */
function sendForEver(openPulls: () => FakePull[], codecs: Record<Profile, VideoCodec>, withSound = false) {
  const pictures = {
    main: createPictures({ config: fakeVideoConfig(codecs.main), gopFrames: 25 }),
    sub: createPictures({ config: fakeVideoConfig(codecs.sub, 640, 360), gopFrames: 25 }),
  }
  let soundMs = 5_000
  everyMs(40, () => {
    soundMs += 40
    for (const pull of openPulls()) {
      pull.send(pull.address.url.endsWith('/sub') ? pictures.sub.next() : pictures.main.next())
      if (withSound) pull.send(fakeSound(soundMs, fakePcma, 320))
    }
  })
}

describe('the ladder of a viewer', () => {
  test('H.265 main: the sub stream instead, and the next viewer goes there straight', async () => {
    const { watch, fake } = await createMediaSetup([camera('a')], { change: (limits) => (limits.hub.stream.lingerMs = 0) })
    sendForEver(fake.openPulls, { main: 'h265', sub: 'h264' })
    const first = await watch()
    await until(() => first.binaryFrames > 5, 'pictures')
    expect(first.of('opened')).toMatchObject([{ profile: 'sub', codec: 'h264', instead: 'sub_stream', widthPx: 640 }])
    const second = await watch()
    await until(() => second.binaryFrames > 5, 'pictures')
    expect(fake.pulls.filter(({ address }) => address.url.endsWith('/main'))).toHaveLength(1)
    expect(fake.openPulls()).toHaveLength(1)
  })

  test('a browser that decodes H.265 gets it as it is', async () => {
    const { watch, fake } = await createMediaSetup([camera('a')])
    sendForEver(fake.openPulls, { main: 'h265', sub: 'h264' })
    const viewer = await watch({ codecs: ['h264', 'h265'] })
    await until(() => viewer.binaryFrames > 5, 'pictures')
    expect(viewer.of('opened')).toMatchObject([{ profile: 'main', codec: 'h265', sourceCodec: 'h265', instead: null }])
  })

  test('no ffmpeg: refused in words', async () => {
    const { watch, fake } = await createMediaSetup([camera('a', false)])
    sendForEver(fake.openPulls, { main: 'h265', sub: 'h265' })
    const viewer = await watch()
    await until(() => viewer.isEnded, 'the end')
    expect(viewer.of('refused')).toEqual([{ type: 'refused', cause: 'transcoder_missing', detail: null }])
    expect(viewer.binaryFrames).toBe(0)
  })

  test('no ffmpeg and G.711: pictures without sound, and why', async () => {
    const { watch, fake } = await createMediaSetup([camera('a')])
    sendForEver(fake.openPulls, { main: 'h264', sub: 'h264' }, true)
    const viewer = await watch({ sound: true })
    await until(() => viewer.binaryFrames > 10 && viewer.of('opened').at(-1)?.soundMissing !== null, 'pictures')
    expect(viewer.of('opened').at(-1)).toMatchObject({ sound: false, soundMissing: 'transcoder_missing' })
    expect(viewer.runs.at(-1)![0]![4]).toBe(1)
  })

  test('the sub stream is not there after all: on to the next rung', async () => {
    const { watch, fake } = await createMediaSetup([camera('a')])
    fake.onOpen = (pull) => {
      if (pull.address.url.endsWith('/sub')) pull.fail({ cause: 'no_such_stream', detail: 'RTSP 404' })
    }
    sendForEver(fake.openPulls, { main: 'h265', sub: 'h264' })
    const viewer = await watch()
    await until(() => viewer.isEnded, 'the end')
    expect(viewer.of('refused')[0]?.cause).toBe('transcoder_missing')
  })

  test('a transcoder that cannot work: three tries, then refused in words', async () => {
    const { watch, fake, app } = await createMediaSetup([camera('a', false)], { ffmpegPath: '/bin/false' })
    sendForEver(fake.openPulls, { main: 'h265', sub: 'h265' })
    const viewer = await watch()
    await until(() => viewer.isEnded, 'the end')
    expect(viewer.of('refused')[0]?.cause).toBe('codec_not_supported')
    expect(app.stats().viewers).toBe(0)
  })
})

describe.skipIf(!ffmpegPath || !hasFfprobe)('transcoding by a real ffmpeg', () => {
  /** Sends a clip over and over with rising times. */
  function loopClip(codec: VideoCodec, openPulls: () => FakePull[], withSound = false) {
    const clip = makeClip(codec, { count: 50, gopFrames: 25 })
    let number = 0
    everyMs(40, () => {
      const unit = clip[number % clip.length]!
      const dts90k = number++ * 3_600
      for (const pull of openPulls()) {
        pull.send({ ...unit, dts90k, pts90k: dts90k })
        if (withSound) pull.send({ ...fakeSound(0, fakePcma, 320), dts90k })
      }
    })
  }

  test('H.265 to H.264: one child for all, kept after the last viewer, its pictures decode', async () => {
    const { watch, fake, app, folder } = await createMediaSetup([camera('a', false)], {
      ffmpegPath,
      change: ({ transcode }) => Object.assign(transcode, { maxPictures: 1, lingerMs: 1_500 }),
    })
    loopClip('h265', fake.openPulls)
    const viewers = await Promise.all([watch(), watch()])
    await until(() => viewers.every(({ of }) => of('clock').length >= 2), 'pictures', 20_000)
    expect(viewers[0]!.of('opened')).toMatchObject([{ codec: 'h264', sourceCodec: 'h265', instead: 'transcode', profile: 'main', widthPx: 640, heightPx: 360 }])
    expect(app.stats().transcodes).toBe(1)
    const clock = viewers[0]!.of('clock').at(-1)!
    expect(Math.abs(systemClock.now() - clock.at)).toBeLessThan(5_000)
    const path = join(folder, 'transcoded.flv')
    const flv = viewers[0]!.flv()
    writeFileSync(path, flv)
    const { streams, complaints } = probeFile(path)
    expect(complaints).toBe('')
    expect(streams).toMatchObject([{ codec: 'h264', widthPx: 640 }])
    expect(streams[0]!.frames).toBe(viewers[0]!.runs[0]!.length - 1)
    viewers.forEach((viewer) => viewer.close())
    await until(() => app.stats().viewers === 0, 'nobody')
    expect(app.stats().transcodes).toBe(1)
    await until(() => app.stats().transcodes === 0, 'the end of the child')
  })

  test('over the cap: refused in words, and the first goes on', async () => {
    const { watch, fake } = await createMediaSetup([camera('a', false), camera('b', false)], {
      ffmpegPath,
      change: ({ transcode }) => Object.assign(transcode, { maxPictures: 1 }),
    })
    loopClip('h265', fake.openPulls)
    const first = await watch()
    await until(() => first.binaryFrames > 3, 'pictures', 20_000)
    const second = await watch({ cameraId: camera('b').cameraId })
    await until(() => second.isEnded, 'the refusal')
    expect(second.of('refused')[0]).toMatchObject({ cause: 'transcode_limit' })
    expect(second.closeCode).toBe(1013)
    const before = first.binaryFrames
    await until(() => first.binaryFrames > before + 5, 'more pictures')
  })

  test('G.711 to AAC for those who ask, in step with the pictures', async () => {
    const { watch, fake, app, folder } = await createMediaSetup([camera('a')], { ffmpegPath })
    loopClip('h264', fake.openPulls, true)
    const deaf = await watch({ sound: false })
    await until(() => deaf.binaryFrames > 10, 'pictures')
    expect(app.stats().transcodes).toBe(0)
    const hearing = await Promise.all([watch({ sound: true }), watch({ sound: true })])
    await until(() => hearing.every((viewer) => viewer.of('opened').at(-1)?.sound === true && viewer.runs.at(-1)!.length > 120), 'pictures and sound', 30_000)
    expect(app.stats().transcodes).toBe(1)
    const path = join(folder, 'sound.flv')
    const flv = hearing[0]!.flv()
    writeFileSync(path, flv)
    const { streams, complaints } = probeFile(path)
    expect(complaints).toBe('')
    expect(streams.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264'])
    const last = { audio: 0, video: 0 }
    for (let at = 13; at + 11 < flv.length; at += 11 + flv.readUIntBE(at + 1, 3) + 4) last[flv[at] === 8 ? 'audio' : 'video'] = flv.readUIntBE(at + 4, 3)
    expect(Math.abs(last.audio - last.video)).toBeLessThan(1_000)
  })
})
