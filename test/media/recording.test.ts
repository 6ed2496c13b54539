/** The recorder on a fake driver and a fake clock, onto real files; ffprobe and ffmpeg judge what is stored. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { silentLog } from '../../server/base/log.ts'
import type { VideoUnit } from '../../server/protocols/codec/access-unit.ts'
import { createHub } from '../../server/media/hub.ts'
import type { MediaEvent, RecordedSegment } from '../../server/media/plane.ts'
import { adoptAll } from '../../server/media/recording/adopt.ts'
import { Disk } from '../../server/media/recording/disk.ts'
import { createRecording } from '../../server/media/recording/recording.ts'
import { examine } from '../../server/media/recording/segment-file.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createFakeDriver, fakePcma, fakeSound } from '../support/fake-driver.ts'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from './clips.ts'
import { ALL_TIME, camera, cameraId, recordingsIn, temporaryFolder, testLimits, until } from './support.ts'

const isSkipped = !ffmpegPath || !hasFfprobe
const FRAME_MS = 40
const GOP_FRAMES = 50
const clip = isSkipped ? [] : makeClip('h264', { count: 100, gopFrames: GOP_FRAMES })
const otherClip = isSkipped ? [] : makeClip('h264', { count: 50, gopFrames: GOP_FRAMES, widthPx: 320, heightPx: 180 })
const A = cameraId('a')

async function createSetup({ startAt = Date.UTC(2026, 0, 5, 8, 3), folder = temporaryFolder(), otherFolders = [] as string[] } = {}) {
  const clock = createFakeClock(startAt)
  const fake = createFakeDriver()
  const events: MediaEvent[] = []
  const onEvent = (event: MediaEvent) => events.push(event)
  const hub = createHub({
    clock,
    log: silentLog,
    drivers: { rtsp: fake.driver },
    limits: testLimits,
    stillsFolder: join(folder, 'stills'),
    onEvent,
    random: () => 0,
  })
  const { folders, knownDisksFile } = recordingsIn(folder)
  const recording = createRecording({ hub, folders: [...folders, ...otherFolders], knownDisksFile, clock, log: silentLog, onEvent })
  await recording.open()
  await hub.setCameras([camera('a')])
  await recording.setPlan([{ cameraId: A, profile: 'main' }])
  await until(() => fake.openPulls().length === 1, 'the pull')
  onTestFinished(async () => {
    await recording.close()
    await hub.close()
  })
  let number = 0
  let nextMs = 0
  /** Frames of the clip over and over, each at its time. */
  async function play(frames: number, { pictures = clip, pull = fake.pulls.at(-1)!, withSound = false, frameMs = FRAME_MS } = {}) {
    for (let i = 0; i < frames; i++) {
      const picture = pictures[number % pictures.length]!
      const dts90k = nextMs * 90
      pull.send({ ...picture, dts90k, pts90k: dts90k } satisfies VideoUnit)
      if (withSound) for (const offset of [0, 20]) pull.send(fakeSound(nextMs + offset, fakePcma, 160))
      number++
      nextMs += frameMs
      clock.advance(frameMs)
      if (i % 25 === 0) await stat(folder) // the disk has its turn as well
    }
  }
  /** Writing goes on behind the frames. */
  async function untilStored(at: number) {
    let end = 0
    await until(() => {
      void recording.archive.findEnd(A).then((found) => (end = found ?? 0))
      return end >= at
    }, 'what was played is on the disk')
  }
  const closed = () => events.flatMap((event) => (event.type === 'segment' && event.segment.isClosed ? [event.segment] : []))
  const fileOf = ({ path }: RecordedSegment) => join(folder, 'recordings', path)
  return { clock, fake, events, hub, recording, folder, play, closed, fileOf, startAt, restartNumbers: () => (number = nextMs = 0), untilStored }
}

function decodeComplaints(file: string): string {
  return spawnSync(ffmpegPath!, ['-v', 'error', '-i', file, '-f', 'null', '-']).stderr.toString()
}

describe.skipIf(isSkipped)('R-STORE-1 recorder', () => {
  test('every picture is stored, the file says camera and start, and closes under its duration', async () => {
    const { recording, play, closed, fileOf, startAt } = await createSetup()
    await play(250)
    await recording.close()
    const [segment] = closed()
    expect(segment).toMatchObject({ cameraId: 'a', profile: 'main', fromAt: startAt, toAt: startAt + 250 * FRAME_MS, isClosed: true })
    expect(segment!.path).toBe(`2026-01-05/a/${startAt}-10000.mp4`)
    expect(statSync(fileOf(segment!)).size).toBe(segment!.bytes)
    const { streams, complaints } = probeFile(fileOf(segment!))
    expect({ frames: streams[0]!.frames, complaints, decoding: decodeComplaints(fileOf(segment!)) }).toEqual({ frames: 250, complaints: '', decoding: '' })
    expect(await examine(fileOf(segment!), 'pictures')).toEqual({
      kind: 'segment',
      cameraId: 'a',
      note: { version: 1, cameraId: 'a', profile: 'main', startAt, clockOffsetMs: 0 },
      fileBytes: segment!.bytes,
      whole: [{ from: 0, to: segment!.bytes }],
      fromAt: startAt,
      toAt: segment!.toAt,
    })
  })

  test('segments of ten minutes follow each other without gap or overlap', async () => {
    const FRAMES = (21 * 60_000) / 400
    const { recording, play, closed, fileOf } = await createSetup()
    await play(FRAMES, { frameMs: 400 }) // 21 minutes
    await recording.close()
    const segments = closed()
    expect(segments.length).toBeGreaterThanOrEqual(3)
    for (const [index, segment] of segments.entries()) {
      expect(segment.toAt - segment.fromAt).toBeLessThanOrEqual(600_000 + GOP_FRAMES * 400)
      if (index > 0) expect(Math.abs(segment.fromAt - segments[index - 1]!.toAt)).toBeLessThanOrEqual(3)
      if (index > 0) expect(segment.fromAt).toBeGreaterThanOrEqual(segments[index - 1]!.toAt)
    }
    expect(segments.reduce((sum, segment) => sum + probeFile(fileOf(segment)).streams[0]!.frames, 0)).toBe(FRAMES)
  })

  test('another resolution, and sound that begins, begin another segment; G.711 is stored as it is', async () => {
    const { recording, play, closed, fileOf } = await createSetup()
    await play(100)
    await play(100, { pictures: otherClip })
    await play(200, { pictures: otherClip, withSound: true })
    await recording.close()
    const probed = closed().map((segment) => probeFile(fileOf(segment)))
    expect(probed.map(({ complaints }) => complaints).join('')).toBe('')
    expect(probed.map(({ streams }) => streams[0]!.widthPx)).toEqual([640, 320, 320])
    expect(probed.at(-1)!.streams.map(({ codec }) => codec)).toEqual(['h264', 'pcm_alaw'])
    expect(probed.reduce((sum, { streams }) => sum + streams[0]!.frames, 0)).toBe(400)
  })

  test('a pull that fails closes its segment; the next pull begins another one behind it', async () => {
    const { recording, play, closed, fake, clock, restartNumbers } = await createSetup()
    await play(60)
    fake.pulls[0]!.fail({ cause: 'unreachable', detail: 'gone' })
    await clock.advanceAsync(3_000)
    await until(() => fake.openPulls().length === 1, 'the next pull')
    restartNumbers()
    await play(60)
    await recording.close()
    const [first, second] = closed()
    expect(first!.toAt - first!.fromAt).toBe(60 * FRAME_MS)
    expect(second!.fromAt).toBeGreaterThan(first!.toAt)
    expect(second!.toAt - second!.fromAt).toBe(60 * FRAME_MS)
  })

  test.each([
    { name: 'an hour back', stepMs: -3_600_000 },
    { name: 'an hour forward', stepMs: 3_600_000 },
    { name: 'a year forward', stepMs: 365 * 86_400_000 },
  ])('T1 the clock is set $name: no overlap, nothing lost', async ({ stepMs }) => {
    const { recording, play, closed, clock, fileOf } = await createSetup()
    await play(100)
    clock.stepWall(stepMs)
    await play(100)
    await recording.close()
    const segments = closed()
    expect(segments.length).toBe(stepMs > 0 ? 2 : 1)
    for (const [index, segment] of segments.entries()) if (index > 0) expect(segment.fromAt).toBeGreaterThanOrEqual(segments[index - 1]!.toAt)
    expect(segments.reduce((sum, segment) => sum + probeFile(fileOf(segment)).streams[0]!.frames, 0)).toBe(200)
  })

  test('the archive finds closed and growing segments by reading the disk', async () => {
    const { recording, play, startAt, fake, clock, closed, restartNumbers, untilStored } = await createSetup()
    await play(60)
    fake.pulls[0]!.fail({ cause: 'unreachable', detail: 'gone' })
    await clock.advanceAsync(3_000)
    await until(() => fake.openPulls().length === 1 && closed().length === 1, 'the next pull')
    restartNumbers()
    await play(100)
    await untilStored(closed()[0]!.toAt + 5_000)
    const range = { fromAt: startAt, toAt: startAt + 600_000 }
    const segments = await recording.archive.list(A, range)
    expect(segments.map(({ isOpen }) => isOpen)).toEqual([false, true])
    expect(segments.every(({ file }) => existsSync(file))).toBe(true)
    expect(await recording.archive.find(A, startAt + 1_000)).toMatchObject({ fromAt: startAt })
    expect(await recording.archive.find(A, segments[0]!.toAt)).toMatchObject({ fromAt: segments[1]!.fromAt, isOpen: true })
    expect(await recording.archive.find(A, startAt - 86_400_000)).toMatchObject({ fromAt: startAt })
    expect(await recording.archive.find(A, startAt + 86_400_000)).toBeUndefined()
    expect(await recording.archive.findEnd(A)).toBeGreaterThanOrEqual(segments[1]!.toAt)
  })

  test('a sub stream that is not to be had: the main one is recorded, until the cameras change', async () => {
    const { fake, recording, hub, play, closed, clock } = await createSetup()
    await recording.setPlan([{ cameraId: A, profile: 'sub' }])
    await until(() => fake.openPulls().some(({ address }) => address.url.endsWith('a/sub')), 'the sub stream is asked')
    fake.pulls.at(-1)!.fail({ cause: 'no_such_stream', detail: 'RTSP 404' })
    await until(() => recording.openSegments() === 0 && fake.openPulls().some(({ address }) => address.url.endsWith('a/main')), 'the main stream is pulled')
    const main = fake.openPulls().find(({ address }) => address.url.endsWith('a/main'))!
    for (let tries = 0; recording.openSegments() === 0 && tries < 100; tries++) await play(50, { pull: main }) // it is joined behind our back
    expect(recording.openSegments()).toBe(1)
    await hub.setCameras([camera('a')])
    await recording.camerasChanged()
    await clock.advanceAsync(100)
    await until(() => fake.pulls.at(-1)!.address.url.endsWith('a/sub'), 'the sub stream is asked again')
    expect(closed()).toHaveLength(1)
  })

  test('files are taken away by name, and nothing else is', async () => {
    const { recording, play, closed, fileOf, folder } = await createSetup()
    await play(60)
    await recording.setPlan([])
    const [segment] = closed()
    writeFileSync(join(folder, 'precious.mp4'), 'x')
    await expect(recording.remove([{ diskId: segment!.diskId, path: '../precious.mp4' }])).rejects.toMatchObject({ code: 'bad_request' })
    expect(await recording.remove([segment!])).toEqual([{ diskId: segment!.diskId, path: segment!.path }])
    expect(existsSync(fileOf(segment!))).toBe(false)
    expect(existsSync(join(folder, 'recordings', '2026-01-05'))).toBe(false)
    expect(existsSync(join(folder, 'precious.mp4'))).toBe(true)
  })
})

describe.skipIf(isSkipped)('R-RECOVER after a crash', () => {
  /** A growing file as a killed process leaves it. */
  async function leaveGrowing() {
    const setup = await createSetup()
    await setup.play(250)
    const folder = join(setup.folder, 'recordings', '2026-01-05', 'a')
    const name = `${setup.startAt}.part`
    await setup.untilStored(setup.startAt + 9_000)
    return { bytes: readFileSync(join(folder, name)), name }
  }

  async function adoptFile(bytes: Uint8Array, name: string) {
    const root = temporaryFolder()
    const disk = new Disk({ folder: root, expectedId: undefined, clock: createFakeClock(), log: silentLog })
    await disk.look()
    const folder = join(root, '2026-01-05', 'a')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), bytes)
    const adopted = await adoptAll(disk, silentLog)
    return { adopted, files: readdirSync(folder).map((file) => join(folder, file)) }
  }

  test('P1b torn anywhere, ending in zeros, or with a hole of zeros: what is left decodes without a word', async () => {
    const { bytes, name } = await leaveGrowing()
    const damaged = [0.2, 0.5, 0.77, 0.999].map((rate) => Buffer.from(bytes.subarray(0, Math.floor(bytes.length * rate))))
    damaged.push(Buffer.from(bytes).fill(0, bytes.length - 5_000), Buffer.from(bytes).fill(0, bytes.length - 60_000, bytes.length - 59_000))
    for (const each of damaged) {
      const { adopted, files } = await adoptFile(each, name)
      expect(adopted).toHaveLength(1)
      expect(files).toHaveLength(1)
      expect(files[0]).toMatch(/\/\d+-\d+\.mp4$/)
      expect(decodeComplaints(files[0]!)).toBe('')
    }
  })

  test('a file without one whole fragment goes; one that is none of ours stays', async () => {
    const { bytes, name } = await leaveGrowing()
    expect(await adoptFile(bytes.subarray(0, 900), name)).toMatchObject({ adopted: [], files: [] })
    const foreign = await adoptFile(Buffer.from('holiday'), 'holiday.mp4')
    expect(foreign).toMatchObject({ adopted: [], files: [expect.stringContaining('holiday.mp4')] })
  })

  test('recordings go on behind what a crash left', async () => {
    const first = await createSetup()
    await first.play(250)
    const copy = temporaryFolder()
    const from = join(first.folder, 'recordings')
    await first.untilStored(first.startAt + 9_000)
    mkdirSync(join(copy, 'recordings', '2026-01-05', 'a'), { recursive: true })
    copyFileSync(join(from, 'mapwall-disk.json'), join(copy, 'recordings', 'mapwall-disk.json'))
    copyFileSync(join(from, '2026-01-05', 'a', `${first.startAt}.part`), join(copy, 'recordings', '2026-01-05', 'a', `${first.startAt}.part`))
    // the same wall clock: the machine was down for no time at all
    const second = await createSetup({ folder: copy, startAt: first.startAt })
    await second.play(100)
    await second.recording.close()
    const segments = await second.recording.listSegments(ALL_TIME)
    expect(segments).toHaveLength(2)
    const [left, next] = segments.sort((a, b) => a.fromAt - b.fromAt)
    expect(left!.toAt).toBeGreaterThan(first.startAt + 8_000)
    expect(next!.fromAt).toBeGreaterThanOrEqual(left!.toAt)
  })
})

describe.skipIf(isSkipped)('R-STORE-3 one disk of several', () => {
  const state = ({ recording }: Awaited<ReturnType<typeof createSetup>>) => recording.disks().map((disk) => disk.state)

  test('that breaks takes neither the recordings of the others nor the next plan with it', async () => {
    const setup = await createSetup({ otherFolders: [join(temporaryFolder(), 'other')] })
    await setup.play(100)
    await setup.recording.setPlan([])
    const [first] = setup.closed()
    // both have as much room: the first segment may lie on either
    const broken = setup.recording.disks().find(({ diskId }) => diskId !== first!.diskId)!.folder
    rmSync(broken, { recursive: true })
    writeFileSync(broken, 'every read of it fails now')
    expect(await setup.recording.archive.find(A, setup.startAt)).toMatchObject({ fromAt: first!.fromAt })
    expect(await setup.recording.listSegments(ALL_TIME)).toHaveLength(1)
    await setup.recording.setPlan([{ cameraId: A, profile: 'main' }])
    await setup.clock.advanceAsync(5_000)
    await until(() => state(setup).includes('failed'), 'the broken disk is seen')
    await until(() => setup.fake.openPulls().length === 1, 'the pull')
    await setup.play(100)
    await setup.recording.close()
    expect(setup.closed()).toHaveLength(2)
  })

  test('that comes late, or back: what it lost in the middle of writing is closed and told, however old it is', async () => {
    const lost = await createSetup()
    await lost.play(250)
    await lost.untilStored(lost.startAt + 9_000)
    const [away, mountPoint] = [temporaryFolder(), join(temporaryFolder(), 'disk')]
    mkdirSync(join(away, '2026-01-05', 'a'), { recursive: true })
    copyFileSync(join(lost.folder, 'recordings', 'mapwall-disk.json'), join(away, 'mapwall-disk.json'))
    copyFileSync(join(lost.folder, 'recordings', '2026-01-05', 'a', `${lost.startAt}.part`), join(away, '2026-01-05', 'a', `${lost.startAt}.part`))
    const { diskId } = JSON.parse(readFileSync(join(away, 'mapwall-disk.json'), 'utf8')) as { diskId: string }

    const folder = temporaryFolder()
    writeFileSync(join(folder, 'recording-disks.json'), JSON.stringify({ [mountPoint]: diskId }))
    const later = await createSetup({ folder, startAt: lost.startAt + 5 * 86_400_000, otherFolders: [mountPoint] })
    expect(state(later)).toEqual(['ok', 'missing'])
    renameSync(away, mountPoint)
    await later.clock.advanceAsync(5_000)
    await until(() => later.closed().length === 1, 'the segment is told')
    expect(later.closed()[0]).toMatchObject({ diskId, fromAt: lost.startAt, isClosed: true })
    expect(await later.recording.archive.find(A, lost.startAt)).toMatchObject({ diskId, fromAt: lost.startAt })
    // an index that was not there hears of it as well
    await later.recording.setPlan([])
    await until(() => later.closed().length === 2, 'told again')
    expect(later.closed()[1]).toEqual(later.closed()[0])
    const known = JSON.parse(readFileSync(join(folder, 'recording-disks.json'), 'utf8')) as Record<string, string>
    expect(known[mountPoint]).toBe(diskId)
  })

  test('that is exchanged for another one of ours is no longer read or written as the first', async () => {
    const other = join(temporaryFolder(), 'disk')
    const setup = await createSetup({ otherFolders: [other] })
    writeFileSync(join(other, 'mapwall-disk.json'), JSON.stringify({ diskId: '00000000-0000-4000-8000-000000000000' }))
    await setup.clock.advanceAsync(5_000)
    await until(() => state(setup)[1] === 'missing', 'the other disk is seen')
    expect(setup.recording.disks()[1]).toMatchObject({ detail: 'identity' })
  })
})

describe('R-STORE disks', () => {
  test('a disk whose writes hang, or pile up, is slow until they are done', async () => {
    const clock = createFakeClock()
    const disk = new Disk({ folder: temporaryFolder(), expectedId: undefined, clock, log: silentLog })
    await disk.look()
    let finish = () => undefined as void
    disk.write(
      1,
      () => new Promise((resolve) => (finish = resolve)),
      () => undefined,
    )
    await clock.advanceAsync(4_000)
    expect(disk.isSlow).toBe(false)
    await clock.advanceAsync(2_000)
    expect({ isSlow: disk.isSlow, canWrite: disk.canWrite }).toEqual({ isSlow: true, canWrite: true })
    disk.write(
      40 * 1024 * 1024,
      () => Promise.resolve(),
      () => undefined,
    )
    expect(disk.isSlow).toBe(true)
    finish()
    await disk.drain()
    expect(disk.isSlow).toBe(false)
  })

  test('one that does not answer at the start is waited for for 10 s, then the others begin without it', async () => {
    class Hanging extends Disk {
      override look() {
        return new Promise<void>(() => undefined)
      }
    }
    const clock = createFakeClock()
    const disk = new Hanging({ folder: temporaryFolder(), expectedId: undefined, clock, log: silentLog })
    const opened = disk.open()
    clock.advance(10_000)
    await opened
    expect({ canRead: disk.canRead, canWrite: disk.canWrite }).toEqual({ canRead: false, canWrite: false })
    await disk.close()
  })

  test('an empty mount point is not taken for the disk that was there', async () => {
    const clock = createFakeClock()
    const folder = temporaryFolder()
    const disk = new Disk({ folder, expectedId: undefined, clock, log: silentLog })
    await disk.look()
    expect(disk.state).toBe('ok')
    const { diskId } = disk
    rmSync(join(folder, 'mapwall-disk.json'))
    await disk.look()
    expect(disk.state).toBe('missing')
    const later = new Disk({ folder, expectedId: diskId, clock, log: silentLog })
    await later.look()
    expect({ state: later.state, canWrite: later.canWrite, files: readdirSync(folder) }).toEqual({ state: 'missing', canWrite: false, files: [] })
  })

  test('a folder that holds other things is not taken over', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'thesis.doc'), 'x')
    const disk = new Disk({ folder, expectedId: undefined, clock: createFakeClock(), log: silentLog })
    await disk.look()
    expect({ state: disk.state, files: readdirSync(folder) }).toEqual({ state: 'missing', files: ['thesis.doc'] })
  })
})
