/** V1: the media process as it runs, 64 streams of 512 kbit/s over real RTSP to one client. The largest wall a computer may ask for. */
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import { CameraId } from '../../server/contract/ids.ts'
import type { CameraAddress } from '../../server/demo/simulator.ts'
import { createMediaPlane } from '../../server/media/plane-client.ts'
import { coresUsed, message, percentile } from '../bench/processes.ts'
import { hasFfmpeg, makeClip } from '../support/clip.ts'
import { forkMedia, temporaryFolder, until } from './support.ts'

const isLong = process.env['LONG'] === '1'
const STREAMS = 64
const KBPS = 512
const FPS = 25
/** Until the heap has met its highest need. */
const WARM_UP_MS = isLong ? 180_000 : 4_000
const WATCHED_MS = isLong ? 300_000 : 8_000
const ON_TIME_MS = 300

if (!hasFfmpeg) console.warn('\nSKIPPED LOUDLY: no ffmpeg to make the clip of V1. Install: apt-get install ffmpeg\n')

describe.skipIf(!hasFfmpeg || process.platform !== 'linux')('V1 a wall of 64', () => {
  test(`${STREAMS} streams of ${KBPS} kbit/s to one client for ${WATCHED_MS / 1000} s`, { timeout: WARM_UP_MS + WATCHED_MS + 120_000 }, async () => {
    const folder = temporaryFolder()
    const socketPath = join(folder, 'media.sock')
    const start = (entry: string, argument: object) => {
      const child = fork(fileURLToPath(new URL(entry, import.meta.url)), [JSON.stringify(argument)], { execArgv: ['--import', 'tsx'] })
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    }
    const host = start('../bench/cameras.ts', { count: STREAMS, file: makeClip(folder, KBPS), kbps: KBPS })
    const { cameras } = await message<{ cameras: CameraAddress[] }>(host, ({ type }) => type === 'ready')
    const media = forkMedia(folder, socketPath)
    await message(media, ({ type }) => type === 'ready')
    const plane = createMediaPlane({ socketPath, clock: systemClock, log: silentLog })
    onTestFinished(() => plane.close())
    await until(() => plane.isUp(), 'the link', 20_000)
    const up = new Set<string>()
    plane.onEvent((event) => event.type === 'streamUp' && up.add(event.cameraId))
    const cameraIds = cameras.map(({ cameraId }) => CameraId.parse(cameraId))
    await plane.setCameras(
      cameras.map(({ mainUrl }, i) => ({
        cameraId: cameraIds[i]!,
        main: { driver: 'rtsp', url: mainUrl, username: '', password: '', transport: 'tcp' },
        sub: undefined,
      })),
    )
    const client = start('./wall-client.ts', { socketPath, cameraIds })
    await message(client, ({ type }) => type === 'ready')
    await until(() => up.size === STREAMS, 'every stream is up', 30_000)
    await systemClock.sleep(WARM_UP_MS)

    const rssMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${media.pid}/status`, 'utf8'))![1]) / 1024
    const rssBefore = rssMb()
    client.send('begin')
    const cores = await coresUsed([media.pid!], WATCHED_MS)
    const answer = message<{ arrivals: { flvMs: number; atMs: number }[][]; ended: number }>(client, ({ type }) => type === 'arrivals')
    client.send('end')
    const { arrivals, ended } = await answer
    const rssAfter = rssMb()

    // of each stream the quickest frame says what its line and its clock take
    const lateness = arrivals.flatMap((frames) => {
      const leads = frames.map(({ flvMs, atMs }) => atMs - flvMs)
      const least = leads.reduce((low, lead) => Math.min(low, lead), Infinity)
      return leads.map((lead) => lead - least)
    })
    const due = (STREAMS * FPS * WATCHED_MS) / 1000
    const onTimeRate = lateness.filter((ms) => ms <= ON_TIME_MS).length / due
    console.info(
      `V1: ${lateness.length} of ${due} frames, on time ${(onTimeRate * 100).toFixed(2)} %, late p99 ${percentile(lateness, 0.99).toFixed(0)} ms, ${cores.toFixed(2)} core, RSS ${rssBefore.toFixed(0)} → ${rssAfter.toFixed(0)} MB`,
    )
    expect(ended).toBe(0)
    // the window's two ends cut a frame or two of each stream
    expect(onTimeRate).toBeGreaterThanOrEqual(0.99 - (2 * STREAMS) / due)
    expect(cores).toBeLessThan(1)
    expect(rssAfter - rssBefore).toBeLessThan(isLong ? 10 : 60)
  })
})
