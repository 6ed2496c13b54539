import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { createMediaApp, defaultLimits } from '../../server/media/app.ts'
import { createPictures } from '../support/fake-driver.ts'
import { createMediaSetup, everyMs } from './media-setup.ts'
import { camera, cameraId, recordingsIn, until } from './support.ts'

describe('what control asks', () => {
  test('a probe, a still, warm and stats, over the socket', async () => {
    const { plane, fake, app } = await createMediaSetup([camera('a')])
    fake.onOpen = (pull) => pull.send(createPictures().next())
    expect(await plane.still(cameraId('a'))).toBeUndefined()
    expect(await plane.probe(cameraId('a'))).toMatchObject({ ok: true, codec: 'h264', widthPx: 1280, heightPx: 720 })
    expect(Buffer.from((await plane.still(cameraId('a')))!.mp4).includes('moov')).toBe(true)
    await plane.warm(cameraId('a'), 'main')
    await until(() => app.stats().streams === 1, 'the warm stream')
    expect(await plane.stats()).toMatchObject({ streams: 1, viewers: 0, sources: 1, transcodes: 0 })
    await expect(plane.probe(cameraId('x'))).rejects.toMatchObject({ code: 'not_found' })
  })

  test('streamUp, streamDown and viewerLeft are heard', async () => {
    const { events, watch, fake } = await createMediaSetup([camera('a')])
    fake.onOpen = (pull) => pull.send(createPictures().next())
    const viewer = await watch()
    await until(() => viewer.binaryFrames > 0, 'pictures')
    fake.openPulls()[0]!.fail({ cause: 'silent', detail: 'gone' })
    viewer.close()
    await until(() => events.some(({ type }) => type === 'viewerLeft'), 'viewerLeft')
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['link', 'streamUp', 'streamDown', 'viewerLeft']))
  })
})

describe('either side dies and comes back', () => {
  test('media goes away: pending requests fail, the link is lost, and up again with a new process', async () => {
    const { plane, app, events, fake, socketPath, folder } = await createMediaSetup([camera('a')])
    const probe = plane.probe(cameraId('a'))
    const failed = probe.catch((problem: unknown) => problem)
    await until(() => fake.pulls.length === 1, 'the probe')
    await app.close(100)
    expect(await failed).toMatchObject({ code: 'media_unavailable' })
    await until(() => !plane.isUp(), 'the lost link')
    await expect(plane.stats()).rejects.toMatchObject({ code: 'media_unavailable' })
    const again = createMediaApp(
      {
        socketPath,
        stillsFolder: folder,
        exportsFolder: join(folder, 'exports'),
        recordings: recordingsIn(folder),
        ffmpegPath: undefined,
        limits: defaultLimits(),
      },
      { clock: systemClock, log: silentLog, drivers: { rtsp: fake.driver } },
    )
    await again.open()
    await until(() => plane.isUp(), 'the new link')
    expect(events.filter((event) => event.type === 'link').map((event) => event.type === 'link' && event.state)).toEqual(['up', 'lost', 'up'])
    await again.close()
  })

  test('control goes away: its viewers end with it, the streams linger and stop', async () => {
    const { plane, watch, fake, app } = await createMediaSetup([camera('a')], { change: (limits) => (limits.hub.stream.lingerMs = 300) })
    const pictures = createPictures()
    everyMs(40, () => fake.openPulls().forEach((pull) => pull.send(pictures.next())))
    const viewer = await watch()
    await until(() => viewer.binaryFrames > 0, 'pictures')
    await plane.close()
    viewer.close() // its pipe was in control
    await until(() => app.stats().viewers === 0 && fake.openPulls().length === 0, 'the end of everything')
    expect(app.stats().viewers).toBe(0)
  })

  test('a viewer cannot be attached while media is away', async () => {
    const { watch, app, plane, problems } = await createMediaSetup([camera('a')])
    await app.close()
    await until(() => !plane.isUp(), 'the lost link')
    const viewer = await watch()
    await until(() => viewer.isEnded, 'the end')
    expect(problems).toMatchObject([{ code: 'media_unavailable' }])
  })
})

describe('F1 hostile connections to the media socket', () => {
  test.each([
    { name: 'not JSON', bytes: 'GET / HTTP/1.1\r\n\r\n' },
    { name: 'JSON of another kind', bytes: '{"kind":"admin"}\n' },
    { name: 'a viewer without a camera', bytes: '{"kind":"viewer"}\n' },
    {
      name: 'a camera id with a path',
      bytes: '{"kind":"viewer","viewerId":"v","cameraId":"../../etc","profile":"main","codecs":["h264"],"sound":false,"loginId":"l","webSocketKey":"k"}\n',
    },
    { name: 'a first line without an end', bytes: 'x'.repeat(100_000) },
    { name: 'control that asks for what is not there', bytes: '{"kind":"control"}\n{"id":1,"method":"exec","params":{}}\n' },
    { name: 'control that sends prototype keys', bytes: '{"kind":"control"}\n{"id":1,"method":"__proto__","params":{"__proto__":{"x":1}}}\n' },
  ])('$name: cut off, and the others go on', async ({ bytes }) => {
    const { plane, socketPath } = await createMediaSetup([camera('a')])
    const socket = connect(socketPath)
    let isClosed = false
    socket.on('error', () => {}).once('close', () => (isClosed = true))
    socket.write(bytes)
    await until(() => isClosed, 'the cut')
    expect((await plane.stats()).viewers).toBe(0)
  })
})
