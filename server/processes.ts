/** Which processes there are, what each is told, in which order they start and stop. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from './base/clock.ts'
import type { Config } from './config.ts'
import type { DemoAccount } from './demo/seed.ts'
import { MEMORY_ENVIRONMENT } from './media/memory.ts'
import { StartError } from './start-error.ts'
import { Child, type ChildMessage, type ChildOptions } from './supervisor.ts'

/** What control says when it answers requests. */
const ControlReady = z.object({
  port: z.number(),
  accounts: z.custom<DemoAccount[]>(Array.isArray).optional(),
  setupCode: z.string().optional(),
  cameraCount: z.number(),
})
export type ControlReady = z.infer<typeof ControlReady>

type Options = {
  config: Config
  isDemo: boolean
  clock: Clock
  /** A private folder with a short path, for sockets. */
  runFolder: string
  output: ChildOptions['output']
  pages: string | undefined
  say(line: string): void
}

/** The parts of stopping together stay under 15 s (G1). */
const STOP_CONTROL_MS = 8_000
const STOP_OTHERS_MS = 4_000

const restarting = (say: Options['say']) => (line: string) => say(`${line}，正在重新启动 / restarting`)

/** The embedded database; its `ready` says the `url`. */
export const createDatabaseChild = ({ config, clock, runFolder, output, say }: Pick<Options, 'config' | 'clock' | 'runFolder' | 'output' | 'say'>) =>
  new Child({
    name: 'database',
    entry: './database/main.ts',
    clock,
    output,
    onDied: restarting(say),
    maxPauseMs: 5_000,
    environment: () => ({ MAPWALL_DATA: config.dataFolder, LOG_LEVEL: config.logLevel, DATABASE_SOCKET_FOLDER: runFolder }),
  })

export function createProcesses({ config, isDemo, clock, runFolder, output, pages, say }: Options) {
  const mediaSocket = join(runFolder, 'media.sock')
  let databaseUrl = config.databaseUrl
  /** A port the system chose stays the same when control is started anew. */
  let { port } = config
  let demoCameras: ChildMessage | undefined
  const common = { clock, output, onDied: restarting(say) }
  const base = { MAPWALL_DATA: config.dataFolder, LOG_LEVEL: config.logLevel }

  const database = config.databaseUrl === undefined ? createDatabaseChild({ config, clock, runFolder, output, say }) : undefined
  const media = new Child({
    ...common,
    name: 'media',
    entry: './media/main.ts',
    maxPauseMs: 2_000,
    environment: () => ({
      ...base,
      ...MEMORY_ENVIRONMENT,
      // a disk that hangs holds a thread for each call that waits for it; the other disks need theirs
      UV_THREADPOOL_SIZE: '16',
      MEDIA_SOCKET: mediaSocket,
      STILLS_DIR: join(config.dataFolder, 'stills'),
      EXPORTS_DIR: join(config.dataFolder, 'exports'),
      RECORDING_DIRS: JSON.stringify(config.mediaFolders),
      FFMPEG: config.ffmpeg,
      MEDIA_MAX_TRANSCODES: String(config.mostTranscodes),
    }),
  })
  const cameras = isDemo
    ? new Child({ ...common, name: 'cameras', entry: './demo/main.ts', maxPauseMs: 5_000, environment: () => base, onMessage: onDemoMessage })
    : undefined
  const control = new Child({
    ...common,
    name: 'control',
    entry: './app-main.ts',
    maxPauseMs: 5_000,
    onMessage: onControlMessage,
    environment: () => ({
      ...base,
      PORT: String(port),
      HOST: config.host,
      DATABASE_URL: databaseUrl!,
      DATABASE_CONNECTIONS: String(database ? 1 : config.databaseConnections),
      MEDIA_SOCKET: mediaSocket,
      MAPWALL_MODE: isDemo ? 'demo' : 'production',
      COMMAND_SOCKET: join(runFolder, 'control.sock'),
      ...(pages ? { MAPWALL_PAGES: pages } : {}),
    }),
  })

  function onDemoMessage(message: ChildMessage) {
    if (message.type !== 'ready') return
    demoCameras = { type: 'demoCameras', cameras: message['cameras'] }
    writeFileSync(join(config.dataFolder, 'demo-simulator.json'), JSON.stringify({ controlUrl: `http://127.0.0.1:${Number(message['controlPort'])}` }), {
      mode: 0o600,
    })
    control.send(demoCameras)
  }

  function onControlMessage(message: ChildMessage) {
    if (message.type === 'needDemoCameras' && demoCameras) control.send(demoCameras)
    // a restarted control makes a new code: the one on the screen above no longer works
    if (message.type === 'ready' && typeof message['setupCode'] === 'string') say(`新的一次性设置码 / new one-time setup code: ${message['setupCode']}`)
  }

  async function startOne(child: Child | undefined): Promise<ChildMessage | undefined> {
    return child?.start().catch((problem: Error) => {
      throw new StartError(`${child.name} 无法启动 / could not start: ${problem.message}`)
    })
  }

  return {
    /** Starts everything; control last, when the pages are built too. */
    async start(pagesReady: Promise<void>): Promise<ControlReady> {
      const [databaseReady, demoReady] = await Promise.all([startOne(database), startOne(cameras), startOne(media), pagesReady])
      databaseUrl ??= String(databaseReady?.['url'])
      if (demoReady) onDemoMessage(demoReady)
      const ready = ControlReady.parse(await startOne(control))
      port = ready.port
      return ready
    },
    /** Control first, so that nothing is asked of what is already gone; the database last. */
    async stop(): Promise<void> {
      await control.stop(STOP_CONTROL_MS)
      await Promise.all([media.stop(STOP_OTHERS_MS), cameras?.stop(STOP_OTHERS_MS)])
      await database?.stop(STOP_OTHERS_MS - 1_500)
    },
  }
}
