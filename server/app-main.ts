/**
 * Entry of the control process. Settings by environment (`config.ts`); beside them the supervisor says MEDIA_SOCKET, COMMAND_SOCKET (`commands.ts`),
 * MAPWALL_MODE (demo, production) and MAPWALL_PAGES (folder of the built pages). Says `{ type: 'ready', port, … }` or `{ type: 'failed', message }` to its parent.
 */
import { z } from 'zod'
import { createApp } from './app.ts'
import { createAnswer } from './cli/answer.ts'
import { openCommandSocket } from './commands.ts'
import { systemClock } from './base/clock.ts'
import { openDatabase } from './base/db.ts'
import { createLog } from './base/log.ts'
import { migrate } from './base/migrate.ts'
import { openSecrets } from './base/secrets.ts'
import { type Config, readConfig } from './config.ts'
import { UserId } from './contract/ids.ts'
import { demoBaseMapDate, demoBaseMapName, demoOutline, demoUnitName } from './demo/district.ts'
import { listDemoCameras } from './demo/cameras.ts'
import { planStory, seedPast } from './demo/past.ts'
import { listRecordedCameras, seedAccounts, seedCameras, type SimulatedAddress } from './demo/seed.ts'
import { seedWalls } from './demo/walls.ts'
import { createAccountStore } from './features/accounts/index.ts'
import { planHistory } from './demo/status-history.ts'
import { claimDatabase } from './features/system/index.ts'
import { createHealthStore, defaultHealthSettings } from './features/health/index.ts'
import { createMediaPlane } from './media/plane-client.ts'
import { productVersion } from './version.ts'

const Environment = z.object({
  MEDIA_SOCKET: z.string().min(1),
  MAPWALL_MODE: z.enum(['demo', 'production']),
  MAPWALL_PAGES: z.string().optional(),
  COMMAND_SOCKET: z.string().min(1),
  /** 0: a demo begins without recordings. */
  DEMO_PAST: z.enum(['0', '1']).default('1'),
})
const STOP_WITHIN_MS = 10_000

async function run() {
  const environment = Environment.parse(process.env)
  const isDemo = environment.MAPWALL_MODE === 'demo'
  const config = readConfig(process.env)
  const clock = systemClock
  const log = createLog({ level: config.logLevel, process: 'control' })
  const database = openDatabase({ url: config.databaseUrl!, maxConnections: config.databaseConnections, log, clock })
  await migrate(database, { clock, log })
  const kind = await claimDatabase(database, environment.MAPWALL_MODE, clock.now())
  if (kind !== environment.MAPWALL_MODE) {
    throw new Error(
      kind === 'demo'
        ? '这个数据库属于演示，不能用于正式运行 / this database belongs to a demo'
        : '这个数据库属于正式运行，不能用于演示 / this database is in production use; a demo never touches it',
    )
  }
  const secrets = await openSecrets(config.dataFolder)
  const plane = createMediaPlane({ socketPath: environment.MEDIA_SOCKET, clock, log })
  const version = productVersion()
  const app = await createApp({
    database,
    plane,
    clock,
    log,
    secrets,
    settings: {
      ...config,
      ...(isDemo ? demoSettings(config) : {}),
      isDemo,
      version,
      staticFolder: environment.MAPWALL_PAGES,
      checkReplies: false,
      health: { ...defaultHealthSettings, probePeriodMs: config.probePeriodMs },
    },
  })

  let stopping: Promise<void> | undefined
  const stop = () =>
    (stopping ??= (async () => {
      clock.after(STOP_WITHIN_MS, () => process.exit(1))
      await app.close()
      await plane.close()
      await database.close()
      process.exit(0)
    })())
  process.on('SIGTERM', stop)
  // Ctrl-C reaches every process of the group; the supervisor stops us in its own order
  process.on('SIGINT', () => undefined)
  process.on('disconnect', stop)

  const accounts = isDemo ? await prepareDemo() : undefined
  if (isDemo && environment.DEMO_PAST !== '0') await seedHistory()
  const { port } = await app.open()
  // at the very first start only; later policies and walls are whatever people made of them
  if (isDemo && app.recordings.listPolicies().length === 0) {
    await prepareWalls()
    await prepareRecordings()
  }
  const { dataFolder } = config
  await openCommandSocket(environment.COMMAND_SOCKET, createAnswer({ app, database, dataFolder, kind, clock, version }))
  const setupCode = isDemo ? undefined : await app.accounts.openSetup()
  process.send?.({ type: 'ready', port, accounts, setupCode, cameraCount: app.cameras.count() })

  /** The first time before anything is probed; again whenever the simulator was started anew. */
  async function prepareDemo() {
    const first = new Promise<void>((resolve, reject) => {
      process.on('message', (message: { type: string; cameras: SimulatedAddress[] }) => {
        if (message.type !== 'demoCameras') return
        seedCameras(app.cameras, message.cameras).then(resolve, (problem) => {
          log.error({ problem }, 'the demo cameras could not be put in')
          reject(problem)
        })
      })
    })
    process.send?.({ type: 'needDemoCameras' })
    await first
    return seedAccounts({ accounts: app.accounts, secrets, dataFolder: config.dataFolder })
  }

  async function prepareWalls() {
    const duty = await createAccountStore(database).findUserByAccount('duty')
    if (duty) await seedWalls(app.walls, UserId.parse(duty.user_id))
  }

  /** Before anything is judged, and only if nothing ever was. */
  async function seedHistory() {
    const healthStore = createHealthStore(database)
    if ((await healthStore.findLastAliveAt()) !== undefined) return
    const nowAt = clock.now()
    const cameraIds = listRecordedCameras()
    const { recordedFromAt, outages } = planStory(cameraIds, nowAt)
    await healthStore.write(planHistory({ cameras: listDemoCameras(), nowAt, recorded: { cameraIds, quietFromAt: recordedFromAt, outages } }), nowAt)
  }

  async function prepareRecordings() {
    const cameraIds = listRecordedCameras()
    const { recordings, marks } = app
    if (environment.DEMO_PAST === '0') return recordings.setPolicy({ cameraIds, mode: 'continuous', schedule: [], profile: 'main', keepDays: 15 })
    const past = await seedPast({ recordings, marks, clock, cameraIds, folder: config.mediaFolders[0]! })
    past.writeFiles().catch((problem) => log.error({ problem }, "the demo's past could not be written"))
  }
}

/** Some hours of twenty cameras; a demo does not fill the disk of whoever tries it. */
const DEMO_RECORDING_BYTES = 8e9

/** The made-up district in place of the settings, unless they were given. */
function demoSettings(config: Config) {
  const baseMap = { kind: 'vector' as const, url: '/basemap/demo.json', name: demoBaseMapName, date: demoBaseMapDate }
  return {
    unitName: demoUnitName,
    recordingQuotaBytes: config.recordingQuotaBytes ?? DEMO_RECORDING_BYTES,
    map: config.map.baseMap.kind === 'none' ? { ...config.map, baseMap, outline: demoOutline } : config.map,
  }
}

run().catch((problem: NodeJS.ErrnoException) => {
  process.send?.({ type: 'failed', message: problem.message, code: problem.code })
  process.stderr.write(`${problem.stack}\n`)
  process.exit(1)
})
