/** How long after the judge's word every page has it: 468 changes in bursts of one switch each, 50 pages in another process, through the whole server. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CameraId } from '../../server/contract/ids.ts'
import { draftOf, openTestWorld, signInCookie, stationOf } from '../support/open-app.ts'
import { message, pause, percentile, round } from './processes.ts'

const CAMERAS = 468
const CLIENTS = 50
const ROUNDS = 5
/** Cameras behind one switch: they go down in the same moment. */
const BURST = 24
/** So that some bursts fall into the gathering of the one before. */
const BETWEEN_BURSTS_MS = 35

export async function benchPush(_folder: string): Promise<Record<string, number>> {
  const world = await openTestWorld()
  const running = await world.start({ health: { probePeriodMs: 600_000, maxProbesInFlight: 1, maxProbesPerSecond: 0 } })
  const cameraIds = Array.from({ length: CAMERAS }, (_, i) => CameraId.parse(`bench-${i}`))
  await running.app.cameras.putStations([stationOf('north')])
  await running.app.cameras.putCameras(cameraIds.map((cameraId) => draftOf(cameraId, 'north')))
  const cookie = await signInCookie(running, { account: 'bench' })
  const clients = fork(fileURLToPath(new URL('./push-clients.ts', import.meta.url)), [JSON.stringify({ url: running.url, cookie, count: CLIENTS })], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    await message(clients, ({ type }) => type === 'ready')
    const tookMs: number[] = []
    for (let n = 0; n <= ROUNDS; n++) {
      const saidAt = new Map<string, bigint>()
      for (let start = 0; start < CAMERAS; start += BURST) {
        for (const cameraId of cameraIds.slice(start, start + BURST)) {
          const mark = `${n} ${cameraId}`
          const status = n % 2 ? ('online' as const) : ('offline' as const)
          const at = Date.now()
          saidAt.set(mark, process.hrtime.bigint())
          running.app.push.cameraStatus(
            [{ cameraId, status, cause: null, detail: mark, sinceAt: at, evidenceAt: at }],
            [{ cameraId, name: '澄桥路口-03', from: status === 'online' ? 'offline' : 'online', to: status, cause: null, at, lastedMs: 1 }],
          )
        }
        await pause(BETWEEN_BURSTS_MS)
      }
      await pause(500)
      const answer = message<{ arrivals: [string, string][] }>(clients, ({ type }) => type === 'arrivals')
      clients.send('arrivals')
      const { arrivals } = await answer
      if (arrivals.length !== CAMERAS * CLIENTS) throw new Error(`${arrivals.length} of ${CAMERAS * CLIENTS} changes arrived`)
      // the first round warms up
      if (n > 0) for (const [mark, at] of arrivals) tookMs.push(Number(BigInt(at) - saidAt.get(mark)!) / 1e6)
    }
    return { 'push.p50_ms': round(percentile(tookMs, 0.5), 1), 'push.p99_ms': round(percentile(tookMs, 0.99), 1) }
  } finally {
    clients.kill('SIGKILL')
    await running.close()
    await world.close()
  }
}
