import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { PlaybackRequest } from '../../server/media/plane.ts'
import { cameraFolder, dayOf } from '../../server/media/recording/segment-name.ts'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import { createMediaSetup, everyMs, percentile } from './media-setup.ts'
import { createPage, FRAME_MS, hd, NOON, numberedPicture, numberedPictures, type Page, writeSegment } from './recorded.ts'
import { camera, cameraId, recordingsIn, until } from './support.ts'
import { webSocketKey } from './web-socket-client.ts'

/** A media process with a minute of recordings of camera `a`, and pages that come through the plane. */
async function createPlaying(options: Parameters<typeof createMediaSetup>[1] = {}) {
  const setup = await createMediaSetup([camera('a')], options)
  const folder = cameraFolder(recordingsIn(setup.folder).folders[0]!, dayOf(NOON), cameraId('a'))
  mkdirSync(folder, { recursive: true })
  writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, 60 * 25) })
  const requests: PlaybackRequest[] = []
  const front = createServer({ noDelay: true }, (socket) => void setup.plane.attachPlayback(requests.shift()!, socket, new Uint8Array(0)))
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void front.close())

  async function play(request: Partial<PlaybackRequest> = {}): Promise<Page> {
    const key = webSocketKey()
    requests.push({ viewerId: `p${key}`, cameraId: cameraId('a'), at: NOON, codecs: ['h264'], sound: false, loginId: 'login', ...request, webSocketKey: key })
    const socket = connect({ port: (front.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
    onTestFinished(() => void socket.destroy())
    return createPage(socket, key)
  }
  return { ...setup, play }
}

/** Recorded files this process has open; undefined where the system does not say. */
function openRecordings(): number | undefined {
  if (!existsSync('/proc/self/fd')) return undefined
  const targets = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`)
    } catch {
      return '' // closed meanwhile
    }
  })
  return targets.filter((target) => /\.(mp4|part)( \(deleted\))?$/.test(target)).length
}
const hasNoOpenRecording = () => (openRecordings() ?? 0) === 0

describe('R-PLAY through the media process', () => {
  test('plays from the folders the recorder writes to', async () => {
    const { play, app } = await createPlaying()
    const page = await play({ at: NOON + 30_000 })
    await until(() => page.pictures().length === 251, 'ten seconds')
    expect(page.numbers()[0]).toBe(750)
    expect(app.stats()).toMatchObject({ viewers: 1, streams: 0 })
    expect(app.stats().bytesOut).toBeGreaterThan(10_000)
  })

  test('pages of a login that ended, and of a login that lost the camera, end with their word', async () => {
    const { play, plane, events } = await createPlaying()
    const [gone, robbed, stays] = [await play({ loginId: 'gone', viewerId: 'g' }), await play({ loginId: 'robbed' }), await play({ loginId: 'stays' })]
    await until(() => [gone, robbed, stays].every((page) => page.pictures().length > 0), 'pictures')
    expect(await plane.endViewers({ loginId: 'gone' })).toBe(1)
    expect(await plane.endViewers({ loginId: 'robbed', cameraIds: [cameraId('a')] })).toBe(1)
    await until(() => gone.isEnded && robbed.isEnded, 'both ends')
    expect([gone.closeCode, robbed.closeCode, stays.isEnded]).toEqual([4010, 4003, false])
    await until(() => events.some((event) => event.type === 'viewerLeft' && event.viewerId === 'g'), 'the event')
    expect(events.find((event) => event.type === 'viewerLeft' && event.viewerId === 'g')).toMatchObject({ reason: 'ended', cameraId: 'a' })
  })

  test('one too many is told that we are busy; a place that is given back is taken', async () => {
    const { play } = await createPlaying({ change: (limits) => (limits.playback.maxViewers = 2) })
    const [first, second] = [await play(), await play()]
    await until(() => first.pictures().length > 0 && second.pictures().length > 0, 'pictures')
    const third = await play()
    await until(() => third.isEnded, 'the end')
    expect(third.messages).toEqual([{ type: 'refused', cause: 'busy', detail: null }])
    expect(third.closeCode).toBe(1013)
    first.close()
    let fourth = await play()
    await until(() => fourth.pictures().length > 0 || fourth.isEnded, 'an answer')
    if (fourth.isEnded) fourth = await play() // it came before the other had gone
    await until(() => fourth.pictures().length > 0, 'pictures')
  })

  test('the process ends: 1012, and no file stays open', async () => {
    const { play, app } = await createPlaying()
    const page = await play()
    await until(() => page.pictures().length > 0, 'pictures')
    await app.close()
    await until(() => page.isEnded, 'the end')
    expect(page.closeCode).toBe(1012)
    await until(hasNoOpenRecording, 'closed files')
  })

  test('a hundred seeks: answered quickly, one file open, none afterwards', async () => {
    const { play } = await createPlaying()
    const page = await play()
    await until(() => page.pictures().length > 0, 'pictures')
    const delays: number[] = []
    for (let seekId = 1; seekId <= 100; seekId++) {
      const startedMs = performance.now()
      page.send({ type: 'seek', seekId, at: NOON + ((seekId * 7_919) % 60_000) })
      await until(() => page.of('opened').at(-1)?.seekId === seekId && page.pictures().length > 0, 'the answer')
      delays.push(performance.now() - startedMs)
    }
    console.info(`seek to first picture over the socket: p50 ${percentile(delays, 0.5).toFixed(1)} ms, p95 ${percentile(delays, 0.95).toFixed(1)} ms`)
    expect(percentile(delays, 0.95)).toBeLessThan(300)
    if (openRecordings() !== undefined) await until(() => openRecordings() === 1, 'one open file')
    page.close()
    await until(hasNoOpenRecording, 'closed files')
  })

  test('what is being recorded right now is played, and goes on as it is written', async () => {
    const { play, plane, fake } = await createPlaying()
    await plane.setRecordings([{ cameraId: cameraId('a'), profile: 'main' }])
    let number = 0
    everyMs(FRAME_MS, () => {
      const { isKey, data } = numberedPicture(number, number % 25 === 0)
      for (const pull of fake.openPulls()) pull.send({ kind: 'video', config: hd, isKey, dts90k: number * 3_600, pts90k: number * 3_600, data })
      number++
    })
    const startAt = Date.now()
    const page = await play({ at: startAt })
    page.follow()
    await until(() => page.of('end').length >= 3 && page.pictures().length > 60, 'three stretches')
    const numbers = page.numbers()
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
    const [opened] = page.of('opened')
    expect(page.of('opened')).toHaveLength(1)
    expect(Math.abs(opened!.at - startAt)).toBeLessThan(3_000)
    const { at } = page.of('end').at(-1)!
    expect(Date.now() - at!).toBeLessThan(3_000)
    expect(page.of('gap')).toEqual([])
  })

  test.skipIf(!ffmpegPath || !hasFfprobe)('real pictures, recorded by the recorder and played: ffprobe counts them all and complains of nothing', async () => {
    const { play, plane, fake, folder, app } = await createPlaying()
    const clip = makeClip('h264', { count: 75, gopFrames: 25 })
    await plane.setRecordings([{ cameraId: cameraId('a'), profile: 'main' }])
    await until(() => fake.openPulls().length === 1, 'the pull')
    const startAt = Date.now()
    const stop = everyMs(FRAME_MS, () => {
      const unit = clip.shift()
      if (unit) fake.openPulls()[0]!.send(unit)
      else stop()
    })
    await until(() => clip.length === 0, 'the whole clip')
    await plane.setRecordings([])
    await until(() => app.recording.openSegments() === 0, 'the closed file')
    const page = await play({ at: startAt })
    await until(() => page.pictures().length === 75, 'all pictures')
    const path = join(folder, 'played.flv')
    writeFileSync(path, page.flv())
    expect(probeFile(path)).toEqual({ streams: [{ codec: 'h264', frames: 75, widthPx: 640 }], complaints: '' })
  })

  test('garbage that comes with the handshake ends that page only, and it is reported', async () => {
    const { plane, events, play } = await createPlaying()
    const good = await play()
    const front = createServer((socket) => {
      const request = {
        viewerId: 'bad',
        cameraId: cameraId('a'),
        at: NOON,
        codecs: ['h264' as const],
        sound: false,
        loginId: 'login',
        webSocketKey: webSocketKey(),
      }
      void plane.attachPlayback(request, socket, Buffer.alloc(64, 0xff))
    })
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    const socket = connect((front.address() as AddressInfo).port, '127.0.0.1').resume()
    onTestFinished(() => (socket.destroy(), void front.close()))
    await until(() => events.some((event) => event.type === 'viewerLeft' && event.viewerId === 'bad'), 'the event')
    await until(() => good.pictures().length === 251, 'the other page')
  })
})
