/** S1: the media process as it runs, 32 cameras recorded over real RTSP and 16 pages that play back, seek, leave and come again: nothing missing, nothing kept. */
import { fork } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { silentLog } from '../../server/base/log.ts'
import type { CameraId } from '../../server/contract/ids.ts'
import { createSimulator } from '../../server/demo/simulator.ts'
import { createMediaPlane } from '../../server/media/plane-client.ts'
import type { MediaEvent, PlaybackRequest, RecordedSegment } from '../../server/media/plane.ts'
import { createPage, type Page } from './recorded.ts'
import { cameraId, temporaryFolder, until } from './support.ts'
import { webSocketKey } from './web-socket-client.ts'

const isLong = process.env['LONG'] === '1'
const CAMERAS = isLong ? 32 : 8
const PAGES = isLong ? 16 : 4
const WARM_UP_MS = isLong ? 4 * 60_000 : 4_000
const WATCHED_MS = isLong ? 30 * 60_000 : 10_000
const CHURN_EVERY_MS = isLong ? 2_000 : 1_000

test.skipIf(process.platform !== 'linux')(
  `S1 ${CAMERAS} recorded, ${PAGES} played back, with pages that come and go`,
  async () => {
    const folder = temporaryFolder()
    const socketPath = join(folder, 'media.sock')
    const simulator = await createSimulator({
      cameras: Array.from({ length: CAMERAS }, (_, i) => ({
        cameraId: `c${i}`,
        clip: 'alley-night' as const,
        mainCodec: 'h264' as const,
        sound: 'none' as const,
        username: '',
        password: '',
        hasParameterSetsInSdp: true,
        switchName: null,
      })),
    })
    onTestFinished(() => simulator.close())
    const media = fork(fileURLToPath(new URL('../../server/media/main.ts', import.meta.url)), [], {
      execArgv: ['--import', 'tsx'],
      env: {
        ...process.env,
        MEDIA_SOCKET: socketPath,
        STILLS_DIR: join(folder, 'stills'),
        RECORDING_DIRS: JSON.stringify([join(folder, 'recordings')]),
        LOG_LEVEL: 'error',
      },
    })
    onTestFinished(() => void media.kill('SIGKILL'))
    const plane = createMediaPlane({ socketPath, clock: systemClock, log: silentLog })
    onTestFinished(() => plane.close())
    const problems: MediaEvent[] = []
    const segments = new Map<string, RecordedSegment>()
    plane.onEvent((event) => {
      if (event.type === 'recordingProblem') problems.push(event)
      if (event.type === 'segment') segments.set(`${event.segment.cameraId}/${event.segment.fromAt}`, event.segment)
    })
    await until(() => plane.isUp(), 'the link', 20_000)
    const cameraIds = simulator.cameras.map((camera) => cameraId(camera.cameraId))
    await plane.setCameras(
      simulator.cameras.map(({ mainUrl }, i) => ({
        cameraId: cameraIds[i]!,
        main: { driver: 'rtsp', url: mainUrl, username: '', password: '', transport: 'tcp' },
        sub: undefined,
      })),
    )
    await plane.setRecordings(cameraIds.map((id) => ({ cameraId: id, profile: 'main' })))
    await until(() => segments.size === CAMERAS, 'every camera is recorded', 30_000)

    const requests: PlaybackRequest[] = []
    const front = createServer({ noDelay: true }, (socket) => void plane.attachPlayback(requests.shift()!, socket, new Uint8Array(0)))
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void front.close())
    const startOf = (id: CameraId) => Math.min(...[...segments.values()].filter((segment) => segment.cameraId === id).map(({ fromAt }) => fromAt))
    let opened = 0
    async function openPage(): Promise<Page> {
      const id = cameraIds[opened++ % CAMERAS]!
      const key = webSocketKey()
      requests.push({ viewerId: `p${opened}`, cameraId: id, at: startOf(id), codecs: ['h264'], sound: false, loginId: 'login', webSocketKey: key })
      const page = await createPage(connect({ port: (front.address() as AddressInfo).port, host: '127.0.0.1' }), key)
      page.onMessage = (message) => {
        if (message.type === 'opened') for (let run = 0; run < page.runs.length - 1; run++) page.runs[run] = [] // what was shown is forgotten
      }
      return page
    }
    const pages = await Promise.all(Array.from({ length: PAGES }, openPage))
    let seekId = 0
    let churned = 0
    const churn = setInterval(() => {
      const index = churned++ % PAGES
      const page = pages[index]!
      if (churned % 3 === 0) {
        page.socket.destroy()
        void openPage().then((next) => (pages[index] = next))
      } else page.send({ type: 'seek', seekId: ++seekId, at: Date.now() - Math.floor(Math.random() * 60_000) })
    }, CHURN_EVERY_MS)
    onTestFinished(() => clearInterval(churn))

    const rssMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${media.pid}/status`, 'utf8'))![1]) / 1024
    const files = () => readdirSync(`/proc/${media.pid}/fd`).length
    await systemClock.sleep(WARM_UP_MS)
    const filesBefore = files()
    const samples: { hours: number; mb: number }[] = []
    const fromMs = performance.now()
    while (performance.now() - fromMs < WATCHED_MS) {
      samples.push({ hours: (performance.now() - fromMs) / 3_600_000, mb: rssMb() })
      await systemClock.sleep(Math.min(10_000, WATCHED_MS / 10))
    }
    clearInterval(churn)
    const filesAfter = files()
    console.log({ rssMb: samples.at(-1)!.mb.toFixed(0), slopeMbPerHour: slopeOf(samples).toFixed(1), filesBefore, filesAfter, churned })

    expect(problems).toEqual([])
    const nowAt = Date.now()
    for (const id of cameraIds) {
      const own = [...segments.values()].filter((segment) => segment.cameraId === id).sort((a, b) => a.fromAt - b.fromAt)
      for (const [i, segment] of own.slice(1).entries()) {
        const seamMs = segment.fromAt - own[i]!.toAt // times are led to those of arrival by at most 3 ms a fragment
        expect(seamMs).toBeGreaterThanOrEqual(-1)
        expect(seamMs).toBeLessThanOrEqual(4)
      }
      expect(nowAt - own.at(-1)!.toAt).toBeLessThan(15_000) // a growing segment is told every 10 s
    }
    expect(Math.abs(filesAfter - filesBefore)).toBeLessThanOrEqual(10)
    if (isLong) expect(slopeOf(samples)).toBeLessThan(1)
  },
  WARM_UP_MS + WATCHED_MS + 120_000,
)

/** Least squares over the lowest of each stretch of six: what the collector has not yet taken away is no growth. */
function slopeOf(samples: readonly { hours: number; mb: number }[]): number {
  const lows = Array.from({ length: Math.floor(samples.length / 6) }, (_, i) =>
    samples.slice(i * 6, i * 6 + 6).reduce((low, each) => (each.mb < low.mb ? each : low)),
  )
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const [hours, mb] = [mean(lows.map((low) => low.hours)), mean(lows.map((low) => low.mb))]
  const [covariance, variance] = [mean(lows.map((low) => (low.hours - hours) * (low.mb - mb))), mean(lows.map((low) => (low.hours - hours) ** 2))]
  return variance === 0 ? 0 : covariance / variance
}
