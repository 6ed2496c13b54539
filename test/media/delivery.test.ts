import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { VideoUnit } from '../../server/protocols/codec/access-unit.ts'
import { createPictures, fakeAac, type FakePull, fakeSound, fakeVideoConfig } from '../support/fake-driver.ts'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import { createMediaSetup, everyMs, percentile } from './media-setup.ts'
import { camera, cameraId, until } from './support.ts'

/** A camera that sends for ever, at 25 pictures a second. */
async function createRunning(options: Parameters<typeof createMediaSetup>[1] = {}) {
  const setup = await createMediaSetup([camera('a'), camera('b')], options)
  const pictures = createPictures({ gopFrames: 25 })
  everyMs(40, () => {
    const unit = pictures.next()
    for (const pull of setup.fake.openPulls()) pull.send(unit)
  })
  return { ...setup, pictures }
}

describe('what a viewer is told', () => {
  test('opening, opened, pictures from a key frame on, the clock each second', async () => {
    const { watch } = await createRunning()
    const viewer = await watch()
    await until(() => viewer.of('clock').length >= 2, 'two clock messages')
    expect(viewer.messages[0]).toEqual({ type: 'opening', attempt: 1, cause: null, detail: null, retryInMs: 0 })
    const opened = viewer.messages[1]
    expect(opened).toMatchObject({
      type: 'opened',
      profile: 'main',
      codec: 'h264',
      sourceCodec: 'h264',
      widthPx: 1280,
      heightPx: 720,
      sound: false,
      instead: null,
      soundMissing: null,
    })
    const [first, second] = viewer.of('clock')
    expect(second!.flvMs - first!.flvMs).toBeGreaterThanOrEqual(900)
    expect(Math.abs(Date.now() - second!.at)).toBeLessThan(2_000)
    expect(second!.fps).toBeGreaterThan(15)
    expect(second!.kbps).toBeGreaterThan(1_000)
    const flv = viewer.flv()
    expect(flv.toString('latin1', 0, 3)).toBe('FLV')
    expect(flv[4]).toBe(1) // video only
    // config tag, then the key frame, stamped with flvBaseMs
    const configBytes = flv.readUIntBE(14, 3)
    const keyAt = 13 + 11 + configBytes + 4
    expect(flv[keyAt + 11]).toBe(0x17)
    expect(opened?.type === 'opened' && opened.flvBaseMs).toBe(flv.readUIntBE(keyAt + 4, 3) + flv[keyAt + 7]! * 0x1000000)
  })

  test('a hot stream shows its first key frame at once', async () => {
    const { watch } = await createRunning()
    const first = await watch()
    await until(() => first.binaryFrames > 30, 'a running stream')
    const delays: number[] = []
    for (let i = 0; i < 20; i++) {
      const startedMs = performance.now()
      const viewer = await watch()
      await until(() => viewer.firstBinaryAtMs !== undefined, 'the first bytes')
      delays.push(viewer.firstBinaryAtMs! - startedMs)
      viewer.close()
    }
    console.info(
      `hot first key frame: p50 ${percentile(delays, 0.5).toFixed(1)} ms, worst ${Math.max(...delays).toFixed(1)} ms, TCP and both processes' work included`,
    )
    expect(percentile(delays, 0.5)).toBeLessThan(100) // the pass mark of 10 ms is the benchmark's, on a quiet machine
  })

  test('why it waits, and when it tries again; a person may try now', async () => {
    const { watch, fake } = await createMediaSetup([camera('a')])
    fake.onOpen = (pull) => pull.fail({ cause: 'refused_login', detail: 'RTSP 401' })
    const viewer = await watch()
    await until(() => viewer.of('opening').length === 2, 'the pause')
    expect(viewer.of('opening')[1]).toMatchObject({ attempt: 2, cause: 'refused_login', detail: 'RTSP 401' })
    expect(viewer.of('opening')[1]!.retryInMs).toBeGreaterThan(14 * 60_000)
    fake.onOpen = (pull) => pull.send(createPictures().next())
    viewer.send({ type: 'retryNow' })
    await until(() => viewer.binaryFrames > 0, 'pictures after retryNow')
    expect(fake.pulls).toHaveLength(2)
  })

  test('a camera media does not know yet: try again later', async () => {
    const { watch, events } = await createMediaSetup([])
    const viewer = await watch({ cameraId: cameraId('unknown') })
    await until(() => viewer.isEnded, 'the end')
    expect(viewer.closeCode).toBe(1013)
    await until(() => events.some(({ type }) => type === 'viewerLeft'), 'the event')
  })

  test('one viewer too many is refused in words', async () => {
    const { watch } = await createRunning({ change: (limits) => (limits.maxViewers = 2) })
    await Promise.all([watch(), watch()])
    const third = await watch()
    await until(() => third.isEnded, 'the end')
    expect(third.of('refused')).toEqual([{ type: 'refused', cause: 'viewer_limit', detail: null }])
    expect(third.closeCode).toBe(1013)
  })

  test('a message that is none of ours ends the viewer, not the others', async () => {
    const { watch } = await createRunning()
    const [bad, good] = await Promise.all([watch(), watch()])
    await until(() => bad.binaryFrames > 0 && good.binaryFrames > 0, 'pictures')
    bad.send({ type: 'drop table' })
    await until(() => bad.isEnded, 'the end')
    expect(bad.closeCode).toBe(1002)
    const before = good.binaryFrames
    await until(() => good.binaryFrames > before + 5, 'more pictures')
  })

  test('garbage instead of frames ends the viewer', async () => {
    const { watch } = await createRunning()
    const viewer = await watch()
    await until(() => viewer.binaryFrames > 0, 'pictures')
    viewer.socket.write(Buffer.alloc(5_000, 0xff))
    await until(() => viewer.isEnded, 'the end')
    expect(viewer.closeCode).toBe(1002)
  })
})

describe('R-LIVE sound is for those who ask', () => {
  test('two viewers of one pull: one hears, one does not', async () => {
    const { watch, fake } = await createMediaSetup([camera('a')])
    const pictures = createPictures({ gopFrames: 25 })
    let soundMs = 5_000
    everyMs(40, () => {
      for (const pull of fake.openPulls()) {
        pull.send(pictures.next())
        pull.send(fakeSound((soundMs += 40), fakeAac))
      }
    })
    const deaf = await watch({ sound: false })
    await until(() => deaf.binaryFrames > 10, 'pictures')
    const hearing = await watch({ sound: true })
    await until(() => hearing.binaryFrames > 40, 'pictures and sound')
    const tagTypes = (flv: Buffer) => {
      const types: number[] = []
      for (let at = 13; at + 11 < flv.length; at += 11 + flv.readUIntBE(at + 1, 3) + 4) types.push(flv[at]!)
      return types
    }
    expect(deaf.flv()[4]).toBe(1)
    expect(new Set(tagTypes(deaf.flv()))).toEqual(new Set([9]))
    expect(hearing.flv()[4]).toBe(5)
    expect(new Set(tagTypes(hearing.flv()))).toEqual(new Set([8, 9]))
    expect(hearing.of('opened')[0]).toMatchObject({ sound: true, soundMissing: null })
    expect(deaf.of('restart')).toHaveLength(0)
    expect(fake.pulls).toHaveLength(1)
  })
})

describe('changes in mid stream', () => {
  test('another resolution: restart, opened, a new FLV header', async () => {
    const { watch, pictures } = await createRunning()
    const viewer = await watch()
    await until(() => viewer.binaryFrames > 10, 'pictures')
    pictures.config = fakeVideoConfig('h264', 640, 360)
    await until(() => viewer.runs.length === 2 && viewer.runs[1]!.length > 5, 'the second run')
    expect(viewer.of('opened').map(({ widthPx }) => widthPx)).toEqual([1280, 640])
    expect(viewer.flv(1).toString('latin1', 0, 3)).toBe('FLV')
  })

  test('the camera goes and comes: opening with the cause, then restart', async () => {
    const { watch, fake, events } = await createRunning()
    const viewer = await watch()
    await until(() => viewer.binaryFrames > 5, 'pictures')
    fake.openPulls()[0]!.fail({ cause: 'silent', detail: 'the camera closed' })
    await until(() => viewer.of('opened').length === 2, 'pictures again')
    expect(viewer.of('opening').some(({ cause, attempt }) => cause === 'silent' && attempt === 2)).toBe(true)
    expect(viewer.of('restart')).toHaveLength(1)
    expect(viewer.of('opened')[1]!.flvBaseMs).toBeGreaterThan(viewer.of('opened')[0]!.flvBaseMs)
    await until(() => events.filter(({ type }) => type === 'streamUp').length === 2, 'both ups')
  })
})

describe('the ends of viewers', () => {
  test('a login that ended', async () => {
    const { watch, plane, events } = await createRunning()
    const [theirs, other] = await Promise.all([watch({ loginId: 'gone' }), watch({ loginId: 'stays' })])
    await until(() => theirs.binaryFrames > 0 && other.binaryFrames > 0, 'pictures')
    expect(await plane.endViewers({ loginId: 'gone' })).toBe(1)
    await until(() => theirs.isEnded, 'the end')
    expect(theirs.closeCode).toBe(4010)
    expect(other.isEnded).toBe(false)
    await until(() => events.some((event) => event.type === 'viewerLeft' && event.reason === 'ended' && event.bytes > 0), 'the event')
  })

  test('a login that lost one camera', async () => {
    const { watch, plane } = await createRunning()
    const [a, b] = await Promise.all([watch({ cameraId: cameraId('a') }), watch({ cameraId: cameraId('b') })])
    await until(() => a.binaryFrames > 0 && b.binaryFrames > 0, 'pictures')
    expect(await plane.endViewers({ loginId: 'login', cameraIds: [cameraId('b')] })).toBe(1)
    await until(() => b.isEnded, 'the end')
    expect(b.closeCode).toBe(4003)
    expect(a.isEnded).toBe(false)
  })

  test('the process ends: 1012, cameras left properly, within 5 s', async () => {
    const { watch, app, fake, plane } = await createRunning()
    const viewers = await Promise.all(Array.from({ length: 20 }, () => watch()))
    await until(() => viewers.every(({ binaryFrames }) => binaryFrames > 0), 'pictures')
    const startedMs = performance.now()
    await app.close()
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    await until(() => viewers.every(({ isEnded }) => isEnded), 'all ended')
    expect(new Set(viewers.map(({ closeCode }) => closeCode))).toEqual(new Set([1012]))
    expect(fake.openPulls()).toHaveLength(0)
    await until(() => !plane.isUp(), 'the lost link')
  })

  test('a peer that answers no ping is dropped', async () => {
    const { watch, app } = await createRunning({ change: ({ delivery }) => Object.assign(delivery, { pingMs: 200, deadMs: 1_500 }) })
    const viewer = await watch()
    await until(() => viewer.binaryFrames > 0, 'pictures')
    viewer.socket.write = () => true // reads, but says nothing any more
    await until(() => viewer.isEnded, 'the drop')
    await until(() => app.stats().viewers === 0, 'nobody left')
    expect(viewer.closeCode).toBeUndefined()
  })
})

/** Not all at once: a viewer may not be further behind than its queue. */
async function sendPaced(pull: FakePull, units: VideoUnit[]) {
  for (const unit of units) {
    pull.send(unit)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

describe.skipIf(!ffmpegPath || !hasFfprobe)('what is sent, judged by ffprobe', () => {
  test('an FLV file with as many pictures as the source sent', async () => {
    const { watch, fake, folder } = await createMediaSetup([camera('a')])
    const clip = makeClip('h264', { count: 150, gopFrames: 50 })
    const viewer = await watch()
    await until(() => fake.pulls.length === 1, 'the pull')
    await sendPaced(fake.pulls[0]!, clip)
    // a config, 150 pictures
    await until(() => viewer.binaryFrames === 151, 'all pictures')
    const path = join(folder, 'sent.flv')
    writeFileSync(path, viewer.flv())
    expect(probeFile(path)).toEqual({ streams: [{ codec: 'h264', frames: 150, widthPx: 640 }], complaints: '' })
  })

  test('a late viewer gets everything since the last key frame', async () => {
    const { watch, fake, folder } = await createMediaSetup([camera('a')])
    const clip = makeClip('h264', { count: 130, gopFrames: 50 })
    const early = await watch()
    await until(() => fake.pulls.length === 1, 'the pull')
    await sendPaced(fake.pulls[0]!, clip.slice(0, 120))
    await until(() => early.binaryFrames === 121, 'the early one')
    const late = await watch()
    await until(() => late.binaryFrames === 21, 'the GOP cache')
    await sendPaced(fake.pulls[0]!, clip.slice(120))
    await until(() => late.binaryFrames === 31, 'what came after')
    const path = join(folder, 'late.flv')
    writeFileSync(path, late.flv())
    expect(probeFile(path)).toEqual({ streams: [{ codec: 'h264', frames: 30, widthPx: 640 }], complaints: '' })
  })

  test('a still is an MP4 of one picture', async () => {
    const { watch, fake, folder, plane } = await createMediaSetup([camera('a')])
    await watch()
    await until(() => fake.pulls.length === 1, 'the pull')
    fake.pulls[0]!.send(makeClip('h264', { count: 1, gopFrames: 50 })[0]!)
    const still = await plane.still(cameraId('a'))
    const path = join(folder, 'still.mp4')
    writeFileSync(path, still!.mp4)
    expect(probeFile(path)).toEqual({ streams: [{ codec: 'h264', frames: 1, widthPx: 640 }], complaints: '' })
  })
})
