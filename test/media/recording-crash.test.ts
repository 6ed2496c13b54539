/** The media process as it runs, recording cameras over real RTSP: killed (K2), asked to stop (G1), and with a full disk (D1). */
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { createSimulator } from '../../server/demo/simulator.ts'
import { createMediaPlane } from '../../server/media/plane-client.ts'
import type { CameraAccess, MediaEvent, RecordedSegment } from '../../server/media/plane.ts'
import { ffmpegPath } from './clips.ts'
import { cameraId, temporaryFolder, until } from './support.ts'

const isLong = process.env['LONG'] === '1'
const CAMERAS = isLong ? 16 : 6
const KILLS = isLong ? 50 : 3
/** A fragment is a second; what came after its end, and what the disk's queue held, is lost with it. */
const MAX_LOST_MS = 2_000
const PORTION_MS = 4_000

const root = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url))

async function createSite({ recordings }: { recordings?: string } = {}) {
  const folder = temporaryFolder()
  const simulator = await createSimulator({
    cameras: Array.from({ length: CAMERAS }, (_, i) => ({
      cameraId: `c${i}`,
      clip: 'road-dusk' as const,
      mainCodec: 'h264' as const,
      sound: i % 2 === 0 ? ('aac' as const) : ('pcma' as const),
      username: 'admin',
      password: 'demo:cam',
      hasParameterSetsInSdp: true,
      switchName: null,
    })),
  })
  const accesses = simulator.cameras.map(({ cameraId: id, mainUrl, username, password }): CameraAccess => ({
    cameraId: cameraId(id),
    main: { driver: 'rtsp', url: mainUrl, username, password, transport: 'tcp' },
    sub: undefined,
  }))
  const plan = accesses.map((access) => ({ cameraId: access.cameraId, profile: 'main' as const }))
  const recordingFolder = recordings ?? join(folder, 'recordings')
  const socketPath = join(folder, 'media.sock')
  const events: MediaEvent[] = []
  const plane = createMediaPlane({ socketPath, clock: systemClock, log: silentLog })
  plane.onEvent((event) => events.push(event))
  let media: ChildProcess | undefined

  async function start() {
    media = fork(root('server/media/main.ts'), [], {
      execArgv: ['--import', 'tsx'],
      env: {
        ...process.env,
        MEDIA_SOCKET: socketPath,
        STILLS_DIR: join(folder, 'stills'),
        RECORDING_DIRS: JSON.stringify([recordingFolder]),
        LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await new Promise((resolve) => media!.once('message', resolve))
    await until(() => plane.isUp(), 'the link to media')
    await plane.setCameras(accesses)
    await plane.setRecordings(plan)
  }
  async function end(signal: NodeJS.Signals): Promise<number> {
    const fromMs = performance.now()
    const gone = new Promise((resolve) => media!.once('exit', resolve))
    media!.kill(signal)
    await gone
    await until(() => !plane.isUp(), 'the link is gone')
    return performance.now() - fromMs
  }
  onTestFinished(async () => {
    await plane.close()
    media?.kill('SIGKILL')
    await simulator.close()
  })
  const growing = () => new Set(events.flatMap((event) => (event.type === 'segment' && !event.segment.isClosed ? [event.segment.cameraId] : [])))
  const fileOf = ({ path }: RecordedSegment) => join(recordingFolder, path)
  return { plane, start, end, events, growing, fileOf, recordingFolder, simulator }
}

const complaints = (file: string) => spawnSync(ffmpegPath!, ['-v', 'error', '-i', file, '-map', '0:v', '-f', 'null', '-']).stderr.toString()
const filesBelow = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])) : []
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.skipIf(!ffmpegPath)('recording through crashes', () => {
  test(`K2 killed ${KILLS} times with ${CAMERAS} cameras: at most 2 s lost each, every file plays, none is left over`, { timeout: 1_800_000 }, async () => {
    const site = await createSite()
    let worstMs = 0
    for (let round = 0; round < KILLS; round++) {
      site.events.length = 0
      const beforeAt = Date.now()
      await site.start()
      await until(() => site.growing().size === CAMERAS, 'every camera is being recorded', 30_000)
      await pause(PORTION_MS * (0.5 + Math.random())) // killed at any moment of a fragment
      const killedAt = Date.now()
      await site.end('SIGKILL')
      // the next start adopts what this one left
      await site.start()
      const segments = await site.plane.listSegments(beforeAt)
      expect(new Set(segments.map(({ cameraId: id }) => id)).size).toBe(CAMERAS)
      for (const segment of segments) {
        worstMs = Math.max(worstMs, killedAt - segment.toAt)
        expect(complaints(site.fileOf(segment))).toBe('')
      }
      await until(() => site.growing().size === CAMERAS, 'recording goes on', 30_000)
      await site.end('SIGTERM')
      expect(filesBelow(site.recordingFolder).filter((name) => name.endsWith('.part'))).toEqual([])
    }
    console.info(`K2: at most ${worstMs} ms lost`)
    expect(worstMs).toBeLessThanOrEqual(MAX_LOST_MS)
  })

  test(`G1 asked to stop while ${CAMERAS} cameras are recorded: every file is closed, within 5 s`, { timeout: 120_000 }, async () => {
    const site = await createSite()
    await site.start()
    await until(() => site.growing().size === CAMERAS, 'every camera is being recorded', 30_000)
    await pause(PORTION_MS)
    expect(await site.end('SIGTERM')).toBeLessThan(5_000)
    const names = filesBelow(site.recordingFolder)
    expect(names.filter((name) => name.endsWith('.part'))).toEqual([])
    expect(names.filter((name) => name.endsWith('.mp4'))).toHaveLength(CAMERAS)
  })
})

const mount = '/tmp/mapwall-d1'
const canMount =
  process.getuid?.() === 0 && spawnSync('sh', ['-c', `mkdir -p ${mount} && mount -t tmpfs -o size=1m tmpfs ${mount} && umount ${mount}`]).status === 0
if (!canMount) console.warn('SKIPPED: D1 needs root and tmpfs')

describe.skipIf(!canMount || !ffmpegPath)('D1 a disk that is full', () => {
  test('recording stops with a reason, whole files stay whole, and goes on when there is room', { timeout: 180_000 }, async () => {
    mkdirSync(mount, { recursive: true })
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount])
    onTestFinished(() => {
      spawnSync('umount', ['-l', mount])
      rmSync(mount, { recursive: true, force: true })
    })
    const site = await createSite({ recordings: mount })
    await site.start()
    const problems = () => site.events.filter((event) => event.type === 'recordingProblem')
    await until(() => problems().length >= CAMERAS, 'the disk is full', 60_000)
    const [disk] = await site.plane.listDisks()
    expect(disk!.state).toBe('full')
    const segments = await site.plane.listSegments(0)
    expect(segments.length).toBeGreaterThan(0)
    for (const segment of segments) expect(complaints(site.fileOf(segment))).toBe('')
    // room again: the oldest go, as control would have it
    expect(await site.plane.removeSegments(segments)).toHaveLength(segments.length)
    const wasProblems = problems().length
    site.events.length = 0
    await until(() => site.growing().size > 0, 'recording goes on', 30_000)
    expect(wasProblems).toBeGreaterThan(0)
  })
})
