/**
 * The process of the made-up cameras. Settings by environment: `DEMO_SEED`, `DEMO_FIRST_PORT` (0: any free ports), `DEMO_CONTROL_PORT`
 * (0: any), `DEMO_SCRIPT` (`0`: nothing breaks by itself). Says `{ type: 'ready', controlPort, cameras }` to its parent.
 */
import { systemClock } from '../base/clock.ts'
import { createLog } from '../base/log.ts'
import { openControlPort } from './control.ts'
import { createFaultScript } from './fault-script.ts'
import { createSimulator } from './simulator.ts'
import { listDemoStreams } from './stream-plan.ts'

const numberOf = (name: string, fallback: number) => Number(process.env[name] || fallback)

async function main() {
  const log = createLog({ level: 'info', process: 'demo' })
  const startedAtMs = systemClock.monotonicMs()
  const seed = numberOf('DEMO_SEED', Math.floor(systemClock.now() / 1000) % 1_000_000)
  const cameras = listDemoStreams()
  const simulator = await createSimulator({ cameras, seed, firstPort: numberOf('DEMO_FIRST_PORT', 0) })
  const script = createFaultScript({ simulator, cameras, clock: systemClock, seed, onChange: (change) => log.info(change, 'fault script') })
  const control = await openControlPort({ simulator, script, port: numberOf('DEMO_CONTROL_PORT', 0) })
  if (process.env['DEMO_SCRIPT'] !== '0') script.start()
  log.info(
    { cameras: cameras.length, seed, controlPort: control.port, tookMs: Math.round(systemClock.monotonicMs() - startedAtMs) },
    'made-up cameras are listening',
  )

  const soundOf = new Map(cameras.map(({ cameraId, sound }) => [cameraId, sound !== 'none']))
  process.send?.({
    type: 'ready',
    controlPort: control.port,
    cameras: simulator.cameras.map(({ cameraId, mainUrl, subUrl, username, password }) => ({
      cameraId,
      mainUrl,
      subUrl,
      username,
      password,
      hasSound: soundOf.get(cameraId) === true,
    })),
  })

  let isStopping = false
  async function stop() {
    if (isStopping) return
    isStopping = true
    script.stop()
    await Promise.all([control.close(), simulator.close()])
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Without its parent nobody wants these cameras.
  process.on('disconnect', stop)
}

await main()
