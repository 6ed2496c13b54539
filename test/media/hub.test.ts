import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { answerWithKeyFrame, camera, cameraId, createTestHub, until } from './support.ts'
import { createPictures } from '../support/fake-driver.ts'

const manyCameras = (count: number) => Array.from({ length: count }, (_, i) => camera(`c${i}`))

describe('N1 admission', () => {
  test('at most 20 openings in any second, at most 40 at once', async () => {
    const { clock, fake, hub } = await createTestHub(manyCameras(100))
    const openedMs: number[] = []
    fake.onOpen = () => openedMs.push(clock.monotonicMs())
    for (let i = 0; i < 100; i++) hub.getStream(cameraId(`c${i}`), 'main').add({ kind: 'viewer', onState() {} })
    await clock.advanceAsync(10_000)
    expect(openedMs).toHaveLength(40)
    for (const fromMs of openedMs) expect(openedMs.filter((ms) => ms >= fromMs && ms < fromMs + 1_000).length).toBeLessThanOrEqual(20)
    // a place is free when a key frame came
    fake.pulls.slice(0, 5).forEach(answerWithKeyFrame)
    await clock.advanceAsync(10)
    expect(openedMs).toHaveLength(45)
  })

  test('watched cameras go before probed ones', async () => {
    const { clock, fake, hub } = await createTestHub(manyCameras(60))
    for (let i = 0; i < 50; i++) void hub.probe(cameraId(`c${i}`))
    hub.getStream(cameraId('c55'), 'main').add({ kind: 'viewer', onState() {} })
    // a camera that waits to be probed moves up when someone wants to see it
    hub.getStream(cameraId('c49'), 'sub').add({ kind: 'viewer', onState() {} })
    await clock.advanceAsync(1_100)
    expect(fake.pulls.slice(20, 22).map(({ address }) => address.url)).toEqual(['rtsp://camera.invalid/c55/main', 'rtsp://camera.invalid/c49/sub'])
  })

  test('a place in the queue is given back', async () => {
    const { clock, fake, hub } = await createTestHub(manyCameras(60))
    const leaves = Array.from({ length: 60 }, (_, i) => hub.getStream(cameraId(`c${i}`), 'main').add({ kind: 'probe', onState() {} }))
    leaves.forEach((leave) => leave())
    await clock.advanceAsync(5_000)
    expect(fake.openPulls()).toHaveLength(0)
    expect(hub.stats()).toMatchObject({ sources: 0, opening: 0, queued: 0 })
  })
})

describe('probing', () => {
  test('opens the sub stream until its first key frame, says how fast, and leaves at once', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    const result = hub.probe(cameraId('a'))
    await clock.advanceAsync(1_500)
    fake.pulls[0]!.send(createPictures().next())
    expect(await result).toEqual({ ok: true, at: expect.any(Number) as number, firstKeyFrameMs: 1_500, codec: 'h264', widthPx: 1280, heightPx: 720 })
    expect(fake.pulls.map(({ address }) => address.url)).toEqual(['rtsp://camera.invalid/a/sub'])
    await clock.advanceAsync(1)
    expect(hub.stats().sources).toBe(0)
  })

  test('opens the main stream of a camera that has no other', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a', false)])
    fake.onOpen = answerWithKeyFrame
    const result = hub.probe(cameraId('a'))
    await clock.advanceAsync(1)
    expect((await result).ok).toBe(true)
    expect(fake.pulls[0]!.address.url).toBe('rtsp://camera.invalid/a/main')
  })

  test('a running stream is evidence at once', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    fake.onOpen = answerWithKeyFrame
    hub.getStream(cameraId('a'), 'main').add({ kind: 'viewer', onState() {} })
    await clock.advanceAsync(10)
    expect((await hub.probe(cameraId('a'))).ok).toBe(true)
    expect(fake.pulls).toHaveLength(1)
  })

  test('says why it failed, and does not try again by itself', async () => {
    const { clock, fake, hub, events } = await createTestHub([camera('a')])
    fake.onOpen = (pull) => pull.fail({ cause: 'no_such_stream', detail: 'RTSP 404' })
    const result = hub.probe(cameraId('a'))
    await clock.advanceAsync(10)
    expect(await result).toMatchObject({ ok: false, cause: 'no_such_stream', detail: 'RTSP 404' })
    await clock.advanceAsync(300_000)
    expect(fake.pulls).toHaveLength(1)
    expect(events).toEqual([])
  })

  test('a camera that never sends: 12 s, from when it was let through', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    const result = hub.probe(cameraId('a'))
    const same = hub.probe(cameraId('a'))
    expect(same).toBe(result)
    await clock.advanceAsync(12_100)
    expect(await result).toMatchObject({ ok: false, cause: 'silent' })
    expect(fake.openPulls()).toHaveLength(0)
  })

  test('a refused password is not tried again for 15 min', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    fake.onOpen = (pull) => pull.fail({ cause: 'refused_login', detail: 'RTSP 401' })
    for (let minute = 0; minute < 14; minute++) {
      const result = hub.probe(cameraId('a'))
      await clock.advanceAsync(60_000)
      expect(await result).toMatchObject({ ok: false, cause: 'refused_login' })
    }
    expect(fake.pulls).toHaveLength(1)
    await clock.advanceAsync(120_000)
    void hub.probe(cameraId('a'))
    await clock.advanceAsync(10)
    expect(fake.pulls).toHaveLength(2)
  })

  test('a refusal is forgotten when the camera lets another of its streams in', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    fake.onOpen = (pull) => pull.fail({ cause: 'refused_login', detail: 'RTSP 401' })
    const refused = hub.probe(cameraId('a'))
    await clock.advanceAsync(10)
    expect(await refused).toMatchObject({ ok: false, cause: 'refused_login' })
    fake.onOpen = answerWithKeyFrame
    const leave = hub.getStream(cameraId('a'), 'main').add({ kind: 'viewer', onState() {} })
    await clock.advanceAsync(10)
    leave()
    await clock.advanceAsync(60_000)
    const result = hub.probe(cameraId('a'))
    await clock.advanceAsync(10)
    expect(await result).toMatchObject({ ok: true })
  })

  test('a person who asks is not told of an old refusal, but does not make the camera refuse twice at once', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    fake.onOpen = (pull) => pull.fail({ cause: 'refused_login', detail: 'RTSP 401' })
    const ask = async () => {
      const result = hub.probe(cameraId('a'), { isForced: true })
      await clock.advanceAsync(10)
      return result
    }
    expect(await ask()).toMatchObject({ ok: false, cause: 'refused_login' })
    expect(await ask()).toMatchObject({ ok: false, cause: 'refused_login' })
    expect(fake.pulls).toHaveLength(1)
    await clock.advanceAsync(6_000)
    fake.onOpen = answerWithKeyFrame
    expect(await hub.probe(cameraId('a'))).toMatchObject({ ok: false, cause: 'refused_login' })
    expect(fake.pulls).toHaveLength(1)
    expect(await ask()).toMatchObject({ ok: true })
    expect(fake.pulls).toHaveLength(2)
  })

  test('a person who asks ends the pause of those who watch', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    fake.onOpen = (pull) => pull.fail({ cause: 'refused_login', detail: 'RTSP 401' })
    const stream = hub.getStream(cameraId('a'), 'sub')
    stream.add({ kind: 'viewer', onState() {} })
    await clock.advanceAsync(60_000)
    expect(fake.pulls).toHaveLength(1)
    fake.onOpen = answerWithKeyFrame
    const result = hub.probe(cameraId('a'), { isForced: true })
    await clock.advanceAsync(10)
    expect(await result).toMatchObject({ ok: true })
    expect(stream.state.name).toBe('live')
    expect(fake.pulls).toHaveLength(2)
  })

  test('while viewers wait for a retry, their failure is the answer', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    fake.onOpen = (pull) => pull.fail({ cause: 'unreachable', detail: 'ECONNREFUSED' })
    hub.getStream(cameraId('a'), 'sub').add({ kind: 'viewer', onState() {} })
    await clock.advanceAsync(20_000)
    const before = fake.pulls.length
    expect(await hub.probe(cameraId('a'))).toMatchObject({ ok: false, cause: 'unreachable' })
    expect(fake.pulls).toHaveLength(before)
  })

  test('a camera nobody told us of', async () => {
    const { hub } = await createTestHub([])
    expect(() => hub.probe(cameraId('x'))).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})

describe('warm', () => {
  test('starts a pull that ends by its linger time', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    fake.onOpen = answerWithKeyFrame
    hub.warm(cameraId('a'), 'sub')
    await clock.advanceAsync(10_000)
    hub.warm(cameraId('a'), 'sub')
    expect(fake.openPulls()).toHaveLength(1)
    for (let i = 0; i < 14; i++) {
      fake.openPulls().forEach(answerWithKeyFrame)
      await clock.advanceAsync(1_000)
    }
    expect(fake.openPulls()).toHaveLength(1)
    await clock.advanceAsync(2_000)
    expect(fake.openPulls()).toHaveLength(0)
    expect(fake.pulls).toHaveLength(1)
  })

  test('a probe in between does not end it', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    hub.warm(cameraId('a'), 'sub')
    const probe = hub.probe(cameraId('a'))
    await clock.advanceAsync(10)
    answerWithKeyFrame(fake.pulls[0]!)
    expect((await probe).ok).toBe(true)
    await clock.advanceAsync(5_000)
    expect(fake.openPulls()).toHaveLength(1)
  })
})

describe('cameras that come and go', () => {
  test('a removed camera ends its pulls; the others go on', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a'), camera('b')])
    fake.onOpen = answerWithKeyFrame
    for (const name of ['a', 'b']) hub.getStream(cameraId(name), 'main').add({ kind: 'viewer', onState() {} })
    await clock.advanceAsync(100)
    await hub.setCameras([camera('b')])
    expect(fake.openPulls().map(({ address }) => address.url)).toEqual(['rtsp://camera.invalid/b/main'])
  })
})

describe('R-LIVE the last picture', () => {
  test('is there at once, with its time; the newest key frame wins', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a')])
    expect(await hub.still(cameraId('a'))).toBeUndefined()
    hub.getStream(cameraId('a'), 'main').add({ kind: 'viewer', onState() {} })
    await clock.advanceAsync(10)
    const pictures = createPictures({ gopFrames: 25 })
    let keyAt = 0
    for (let i = 0; i < 30; i++) {
      if (i === 25) keyAt = clock.now()
      fake.pulls[0]!.send(pictures.next())
      await clock.advanceAsync(40)
    }
    const still = await hub.still(cameraId('a'))
    expect(still?.at).toBe(keyAt)
    expect(Buffer.from(still!.mp4).includes('ftyp')).toBe(true)
  })

  test('outlives the process, also of a camera that is down', async () => {
    const first = await createTestHub([camera('a')])
    first.fake.onOpen = answerWithKeyFrame
    const seenAt = first.clock.now()
    await first.clock.advanceAsync(0)
    const probe = first.hub.probe(cameraId('a'))
    await first.clock.advanceAsync(1)
    await probe
    await until(() => existsSync(join(first.stillsFolder, 'a.mp4')), 'the still on disk')
    await first.hub.close()
    const second = await createTestHub([camera('a')], { stillsFolder: first.stillsFolder })
    const still = await second.hub.still(cameraId('a'))
    expect(Math.abs(still!.at - seenAt)).toBeLessThanOrEqual(2)
    expect(still!.mp4.length).toBe(statSync(join(first.stillsFolder, 'a.mp4')).size)
  })

  test('probing every minute writes every five; pictures of removed cameras are deleted', async () => {
    const { clock, fake, hub, stillsFolder } = await createTestHub([camera('a'), camera('b')])
    fake.onOpen = answerWithKeyFrame
    const path = join(stillsFolder, 'a.mp4')
    const writtenAt = new Set<number>()
    for (let minute = 0; minute < 11; minute++) {
      const probes = [hub.probe(cameraId('a')), hub.probe(cameraId('b'))]
      await clock.advanceAsync(60_000)
      await Promise.all(probes)
      await until(() => existsSync(path), 'the still on disk')
      if (minute % 5 === 0) await until(() => !writtenAt.has(statSync(path).mtimeMs), 'a newer still')
      writtenAt.add(statSync(path).mtimeMs)
    }
    expect(writtenAt.size).toBe(3)
    await until(() => existsSync(join(stillsFolder, 'b.mp4')), 'the still of b')
    await hub.setCameras([camera('a')])
    expect(readdirSync(stillsFolder)).toEqual(['a.mp4'])
  })

  test('memory is bounded: the oldest go', async () => {
    const { clock, fake, hub } = await createTestHub(manyCameras(40))
    fake.onOpen = (pull) => pull.send(createPictures({ keyBytes: 900_000 }).next())
    for (let i = 0; i < 40; i++) {
      const probe = hub.probe(cameraId(`c${i}`))
      await clock.advanceAsync(1_000)
      await probe
    }
    expect(hub.stats().stillBytes).toBeLessThanOrEqual(8 * 1024 * 1024)
  })
})
