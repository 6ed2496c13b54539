import { describe, expect, test } from 'vitest'
import type { SourceFailure } from '../../server/drivers/driver.ts'
import { pauseMs } from '../../server/media/backoff.ts'
import type { Consumer, Stream } from '../../server/media/stream.ts'
import { createPictures, fakeAac, fakePcma, fakeSound, fakeVideoConfig } from '../support/fake-driver.ts'
import { answerWithKeyFrame, camera, cameraId, createTestHub } from './support.ts'

const viewer = (onState: Consumer['onState'] = () => {}): Consumer => ({ kind: 'viewer', onState })
const unreachable: SourceFailure = { cause: 'unreachable', detail: 'ECONNREFUSED' }

async function createOne(options: Parameters<typeof createTestHub>[1] = {}) {
  const setup = await createTestHub([camera('a')], options)
  return { ...setup, stream: setup.hub.getStream(cameraId('a'), 'main') }
}

describe('R-LIVE-2 one pull per camera', () => {
  test('many consumers, one connection; it starts with the first', async () => {
    const { clock, fake, stream } = await createOne()
    expect(fake.pulls).toHaveLength(0)
    for (let i = 0; i < 50; i++) stream.add(viewer())
    await clock.advanceAsync(10)
    expect(fake.pulls).toHaveLength(1)
    expect(stream.state.name).toBe('opening')
    fake.pulls[0]!.send(createPictures().next())
    expect(stream.state.name).toBe('live')
    expect(fake.maxOpen()).toBe(1)
  })

  test('a camera that waits to be opened for its recording goes to the front for a viewer', async () => {
    const ids = Array.from({ length: 22 }, (_, i) => `c${i}`)
    const { clock, fake, hub } = await createTestHub(ids.map((id) => camera(id)))
    for (const id of ids) hub.getStream(cameraId(id), 'main').add({ kind: 'recorder', onState: () => {} })
    await clock.advanceAsync(10)
    expect(fake.pulls).toHaveLength(20) // as many as are opened in a second
    const last = hub.getStream(cameraId('c21'), 'main')
    last.add(viewer())
    expect(last.state.name).toBe('queued')
    fake.onOpen = answerWithKeyFrame
    await clock.advanceAsync(1_100)
    expect(fake.pulls).toHaveLength(22)
    expect(fake.pulls[20]!.address).toEqual(camera('c21').main)
  })

  test('lingers 15 s after the last consumer left, then stops', async () => {
    const { clock, fake, stream } = await createOne()
    fake.onOpen = answerWithKeyFrame
    const leaves = [stream.add(viewer()), stream.add(viewer())]
    await clock.advanceAsync(10)
    leaves[0]!()
    leaves[0]!()
    await clock.advanceAsync(5_000)
    expect(fake.openPulls()).toHaveLength(1)
    leaves[1]!()
    const pictures = createPictures()
    for (let second = 0; second < 14; second++) {
      await clock.advanceAsync(1_000)
      fake.pulls[0]!.send(pictures.next())
    }
    expect(fake.openPulls()).toHaveLength(1)
    await clock.advanceAsync(1_100)
    expect(fake.openPulls()).toHaveLength(0)
    expect(stream.state.name).toBe('idle')
    expect(stream.feed.gop.tags).toHaveLength(0)
    expect(clock.pendingTimers()).toBe(1) // the hub's own
  })

  test('a viewer within the linger time finds the stream hot', async () => {
    const { clock, fake, stream } = await createOne()
    fake.onOpen = answerWithKeyFrame
    stream.add(viewer())()
    await clock.advanceAsync(10)
    stream.add(viewer())
    await clock.advanceAsync(11_000)
    expect(fake.pulls).toHaveLength(1)
  })

  test('is read without hurry while it is live and nobody watches', async () => {
    const { clock, fake, stream } = await createOne()
    const leaveRecorder = stream.add({ kind: 'recorder', onState() {} })
    await clock.advanceAsync(10)
    const [pull] = fake.pulls
    expect(pull!.isUnhurried).toBe(false)
    pull!.send(createPictures().next())
    expect(pull!.isUnhurried).toBe(true)
    const leave = stream.add(viewer())
    expect(pull!.isUnhurried).toBe(false)
    leave()
    expect(pull!.isUnhurried).toBe(true)
    leaveRecorder()
    pull!.fail(unreachable)
    stream.add(viewer())
    await clock.advanceAsync(10)
    fake.pulls[1]!.send(createPictures().next())
    expect(fake.pulls[1]!.isUnhurried).toBe(false)
  })

  test('says goodbye before it comes again', async () => {
    const { clock, fake, stream } = await createOne()
    let letGo = () => {}
    fake.closeGate = new Promise((resolve) => (letGo = resolve))
    fake.onOpen = answerWithKeyFrame
    stream.add(viewer())
    await clock.advanceAsync(10)
    fake.pulls[0]!.fail(unreachable)
    await clock.advanceAsync(60_000)
    expect(fake.pulls).toHaveLength(1)
    letGo()
    await clock.advanceAsync(0)
    expect(fake.pulls).toHaveLength(2)
  })
})

describe('N6 bounded retry with full jitter', () => {
  test.each([
    { cause: 'unreachable' as const, failures: 0, isWatched: true, longest: 1_000 },
    { cause: 'unreachable' as const, failures: 3, isWatched: true, longest: 8_000 },
    { cause: 'silent' as const, failures: 20, isWatched: true, longest: 30_000 },
    { cause: 'silent' as const, failures: 1_000, isWatched: false, longest: 120_000 },
  ])('$cause, failure $failures, watched $isWatched: 0 to $longest ms', ({ longest, ...options }) => {
    expect(pauseMs({ ...options, random: () => 0 })).toBe(0)
    expect(pauseMs({ ...options, random: () => 0.5 })).toBe(longest / 2)
    expect(pauseMs({ ...options, random: () => 1 })).toBe(longest)
  })

  test('pauses grow while it fails, and a person may try now', async () => {
    const { clock, fake, stream } = await createOne()
    fake.onOpen = (pull) => pull.fail(unreachable)
    stream.add(viewer())
    await clock.advanceAsync(10)
    const pauses: number[] = []
    for (let i = 0; i < 7; i++) {
      expect(stream.state.name).toBe('waiting')
      if (stream.state.name !== 'waiting') return
      const pause = stream.state.untilMonoMs - clock.monotonicMs()
      pauses.push(pause)
      const before = fake.pulls.length
      await clock.advanceAsync(pause - 1)
      expect(fake.pulls).toHaveLength(before)
      await clock.advanceAsync(1)
      expect(fake.pulls).toHaveLength(before + 1)
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].map((ms) => expect.closeTo(ms, -2) as number))
    const before = fake.pulls.length
    stream.retryNow()
    await clock.advanceAsync(1)
    expect(fake.pulls).toHaveLength(before + 1)
  })

  test('starts anew after 60 s of good stream, not after 59 s', async () => {
    const { clock, fake, stream } = await createOne()
    stream.add(viewer())
    const runThenFail = async (ms: number) => {
      while (stream.state.name !== 'opening') await clock.advanceAsync(1_000)
      const pull = fake.pulls.at(-1)!
      const pictures = createPictures({ fps: 1, gopFrames: 1 })
      pull.send(pictures.next())
      for (let passed = 0; passed < ms; passed += 1_000) {
        await clock.advanceAsync(1_000)
        pull.send(pictures.next())
      }
      pull.fail(unreachable)
      return stream.attempt
    }
    expect(await runThenFail(59_000)).toBe(2)
    expect(await runThenFail(59_000)).toBe(3)
    expect(await runThenFail(60_000)).toBe(2)
  })

  test('waits 15 min after a refused password, whoever comes; a person may ask sooner', async () => {
    const { clock, fake, stream } = await createOne()
    fake.onOpen = (pull) => pull.fail({ cause: 'refused_login', detail: 'RTSP 401' })
    stream.add(viewer())
    await clock.advanceAsync(14 * 60_000)
    stream.add(viewer())
    await clock.advanceAsync(59_000)
    expect(fake.pulls).toHaveLength(1)
    await clock.advanceAsync(2_000)
    expect(fake.pulls).toHaveLength(2)
    stream.retryNow()
    await clock.advanceAsync(1)
    expect(fake.pulls).toHaveLength(3)
  })

  test('a changed address ends the pause and uses the new password', async () => {
    const { clock, fake, hub, stream } = await createOne()
    fake.onOpen = (pull) => (pull.address.password === 'right' ? answerWithKeyFrame(pull) : pull.fail({ cause: 'refused_login', detail: 'RTSP 401' }))
    stream.add(viewer())
    await clock.advanceAsync(1_000)
    const changed = camera('a')
    await hub.setCameras([{ ...changed, main: { ...changed.main, password: 'right' } }])
    await clock.advanceAsync(100)
    expect(stream.state.name).toBe('live')
  })

  test('nobody wants it: a failure ends it', async () => {
    const { clock, fake, stream } = await createOne()
    fake.onOpen = (pull) => pull.fail(unreachable)
    stream.add(viewer())()
    await clock.advanceAsync(600_000)
    expect(fake.pulls).toHaveLength(1)
    expect(stream.state.name).toBe('idle')
  })
})

describe('N5, N6 cameras that misbehave', () => {
  test('accepts and never sends: failed as silent, at most one connection, bounded tries', async () => {
    const { clock, fake, stream } = await createOne()
    stream.add(viewer())
    await clock.advanceAsync(20_500)
    expect(stream.lastFailure?.cause).toBe('silent')
    await clock.advanceAsync(600_000)
    expect(fake.maxOpen()).toBe(1)
    // 20 s of trying and up to 30 s of pause each
    expect(fake.pulls.length).toBeLessThan(20)
  })

  test('goes silent while live: ended within 15 s of its last unit', async () => {
    const { clock, fake, stream, events } = await createOne()
    stream.add(viewer())
    await clock.advanceAsync(10)
    const pull = fake.pulls[0]!
    pull.send(createPictures().next())
    await clock.advanceAsync(15_000)
    expect(pull.isOpen).toBe(false)
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['streamUp', 'streamDown']))
  })

  test('only delta frames: never live', async () => {
    const { clock, fake, stream } = await createOne()
    const pictures = createPictures()
    stream.add(viewer())
    await clock.advanceAsync(10)
    const pull = fake.pulls[0]!
    for (let i = 0; i < 25; i++) {
      pull.send(pictures.next(false))
      await clock.advanceAsync(1_000)
    }
    expect(pull.isOpen).toBe(false)
    expect(stream.feed.gop.tags).toHaveLength(0)
  })

  test('fails while it opens, on the same tick', async () => {
    const { clock, fake, stream } = await createOne()
    const open = fake.driver.open
    fake.driver.open = (address, handler, options) => {
      const source = open(address, handler, options)
      handler.onFailed(unreachable)
      return source
    }
    stream.add(viewer())
    await clock.advanceAsync(10)
    expect(stream.state.name).toBe('waiting')
    expect(fake.openPulls()).toHaveLength(0)
  })

  test('closes after PLAY, again and again: attempts stay bounded and other cameras run', async () => {
    const { clock, fake, hub } = await createTestHub([camera('a'), camera('b')])
    const bad = hub.getStream(cameraId('a'), 'main')
    const good = hub.getStream(cameraId('b'), 'main')
    const pictures = createPictures()
    fake.onOpen = (pull) => {
      pull.send(pictures.next(true))
      if (pull.address.url.includes('/a/')) pull.fail({ cause: 'silent', detail: 'closed by the camera' })
    }
    bad.add(viewer())
    good.add(viewer())
    for (let second = 0; second < 300; second++) {
      await clock.advanceAsync(1_000)
      fake.openPulls().forEach((pull) => pull.send(pictures.next()))
    }
    const tries = fake.pulls.filter(({ address }) => address.url.includes('/a/')).length
    expect(tries).toBeGreaterThan(5)
    expect(tries).toBeLessThan(20)
    expect(good.state.name).toBe('live')
  })

  test.each([
    { name: 'backwards', time: (n: number) => 90_000 * 100 - n * 3_600 },
    { name: 'x1000', time: (n: number) => n * 3_600_000 },
    { name: 'one jump of a day', time: (n: number) => n * 3_600 + (n > 20 ? 90_000 * 86_400 : 0) },
    { name: 'standing', time: () => 0 },
  ])('clock that runs $name: times still rise with the arrival', async ({ time }) => {
    const { clock, fake, stream } = await createOne()
    const pictures = createPictures({ gopFrames: 1_000 })
    stream.add(viewer())
    await clock.advanceAsync(10)
    for (let n = 0; n < 100; n++) {
      const unit = pictures.next()
      unit.dts90k = unit.pts90k = time(n)
      fake.pulls[0]!.send(unit)
      await clock.advanceAsync(40)
    }
    const times = stream.feed.gop.tags.map(({ flvMs }) => flvMs)
    expect(times).toHaveLength(100)
    for (let n = 1; n < times.length; n++) expect(times[n]!).toBeGreaterThanOrEqual(times[n - 1]!)
    expect(times.at(-1)! - times[0]!).toBeLessThan(4_000 + 12_500)
  })

  test('a composition time that no tag can carry is left out', async () => {
    const { clock, fake, stream } = await createOne()
    stream.add(viewer())
    await clock.advanceAsync(10)
    const unit = createPictures().next()
    fake.pulls[0]!.send({ ...unit, pts90k: unit.dts90k + 90_000 * 86_400 })
    expect(stream.state.name).toBe('live')
    expect(stream.feed.gop.tags[0]!.ptsMs).toBe(stream.feed.gop.tags[0]!.flvMs)
  })
})

describe('GOP cache', () => {
  async function running() {
    const setup = await createOne()
    setup.stream.add(viewer())
    await setup.clock.advanceAsync(10)
    return { ...setup, pull: setup.fake.pulls[0]! }
  }

  test('holds everything since the last key frame, and nothing before it', async () => {
    const { pull, stream } = await running()
    const pictures = createPictures({ gopFrames: 10 })
    for (let i = 0; i < 25; i++) pull.send(pictures.next())
    expect(stream.feed.gop.tags.map(({ isKey }) => isKey)).toEqual([true, false, false, false, false])
    expect(stream.feed.gop.isWhole).toBe(true)
  })

  test('is bounded by bytes', async () => {
    const { pull, stream } = await running()
    const pictures = createPictures({ gopFrames: 1_000, keyBytes: 1_000_000, deltaBytes: 1_000_000 })
    for (let i = 0; i < 20; i++) pull.send(pictures.next())
    expect(stream.feed.gop.bytes).toBeLessThanOrEqual(8 * 1024 * 1024)
    expect(stream.feed.gop.isWhole).toBe(false)
    pull.send(pictures.next(true))
    expect(stream.feed.gop.isWhole).toBe(true)
  })

  test('is bounded by time', async () => {
    const { clock, pull, stream } = await running()
    const pictures = createPictures({ gopFrames: 10_000, fps: 1, keyBytes: 100, deltaBytes: 100 })
    for (let i = 0; i < 30; i++) {
      pull.send(pictures.next())
      await clock.advanceAsync(1_000)
    }
    expect(stream.feed.gop.tags.length).toBeLessThan(15)
    expect(stream.feed.gop.isWhole).toBe(false)
  })

  test('times go on over a new pull', async () => {
    const { clock, fake, pull, stream } = await running()
    const pictures = createPictures()
    for (let i = 0; i < 50; i++) pull.send(pictures.next())
    const last = stream.feed.gop.tags.at(-1)!.flvMs
    pull.fail(unreachable)
    await clock.advanceAsync(2_000)
    fake.pulls.at(-1)!.send(createPictures({ startMs: 0 }).next())
    expect(stream.feed.gop.tags[0]!.flvMs).toBeGreaterThan(last)
  })
})

describe('formats', () => {
  async function listening() {
    const setup = await createOne()
    const formats: unknown[] = []
    setup.stream.feed.listen({
      onTag() {},
      onFormat: (format) => formats.push(format && { widthPx: format.video.widthPx, codec: format.video.codec, sound: format.audio?.codec }),
    })
    setup.stream.add(viewer())
    await setup.clock.advanceAsync(10)
    return { ...setup, formats, pull: setup.fake.pulls[0]! }
  }

  test('a new resolution takes effect with its key frame', async () => {
    const { pull, formats, stream } = await listening()
    const pictures = createPictures({ gopFrames: 5 })
    for (let i = 0; i < 7; i++) pull.send(pictures.next())
    pictures.config = fakeVideoConfig('h264', 640, 360)
    for (let i = 0; i < 4; i++) pull.send(pictures.next()) // the first three are delta frames of a picture nobody has
    expect(formats).toEqual(
      [
        { widthPx: 1280, codec: 'h264' },
        { widthPx: 640, codec: 'h264' },
      ].map((each) => ({ ...each, sound: undefined })),
    )
    expect(stream.feed.gop.tags).toHaveLength(1)
  })

  test('the same parameter sets in a new object change nothing', async () => {
    const { pull, formats } = await listening()
    const pictures = createPictures({ gopFrames: 5 })
    for (let i = 0; i < 5; i++) pull.send(pictures.next())
    pictures.config = fakeVideoConfig()
    for (let i = 0; i < 5; i++) pull.send(pictures.next())
    expect(formats).toHaveLength(1)
  })

  test('AAC becomes part of the format, G.711 does not; pictures stay', async () => {
    const { pull, formats, stream } = await listening()
    const pictures = createPictures()
    pull.send(pictures.next())
    pull.send(fakeSound(5_000, fakePcma))
    expect(stream.intake.sourceAudio?.codec).toBe('pcma')
    pull.send(fakeSound(5_040, fakeAac))
    pull.send(pictures.next())
    expect(formats.at(-1)).toEqual({ widthPx: 1280, codec: 'h264', sound: 'aac' })
    expect(stream.feed.gop.tags.map(({ kind }) => kind)).toEqual(['video', 'audio', 'video'])
  })
})

describe('degraded streams', () => {
  async function judged(feed: (stream: Stream, second: number) => void, pictures = createPictures({ gopFrames: 2, fps: 1 })) {
    const { clock, fake, stream, events } = await createOne()
    stream.add(viewer())
    await clock.advanceAsync(10)
    for (let second = 0; second < 31; second++) {
      fake.pulls[0]!.send(pictures.next())
      fake.pulls[0]!.stats.bytesReceived += 250_000
      feed(stream, second)
      await clock.advanceAsync(1_000)
    }
    return { fake, last: events.filter(({ type }) => type === 'streamAlive').at(-1) }
  }

  test('a good stream is not degraded', async () => {
    expect((await judged(() => {})).last).toMatchObject({ isDegraded: null })
  })

  test('lost packets show', async () => {
    const { clock, fake, stream, events } = await createOne()
    stream.add(viewer())
    await clock.advanceAsync(10)
    const pictures = createPictures({ fps: 1, gopFrames: 2 })
    for (let second = 0; second < 21; second++) {
      fake.pulls[0]!.send(pictures.next())
      fake.pulls[0]!.stats.bytesReceived += 250_000
      fake.pulls[0]!.stats.packetsLost += 10
      await clock.advanceAsync(1_000)
    }
    expect(events.filter(({ type }) => type === 'streamAlive').at(-1)).toMatchObject({ isDegraded: 'packet_loss' })
  })

  test('key frames that are equal byte for byte are a frozen picture', async () => {
    const pictures = createPictures({ gopFrames: 2, fps: 1 })
    const next = pictures.next.bind(pictures)
    pictures.next = () => {
      const unit = next()
      unit.data.fill(7, 4)
      return unit
    }
    expect((await judged(() => {}, pictures)).last).toMatchObject({ isDegraded: 'frozen' })
  })
})
