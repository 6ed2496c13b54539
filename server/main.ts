/**
 * `npm start`: the supervisor. Starts database (embedded only), media, made-up cameras (demo only) and control, restarts what dies, stops everything.
 * `--demo` made-up cameras and accounts · `--build` builds the pages when they are older than their sources · `--dev` pages by vite · `--help` settings
 * · `--import-cameras file.csv [--dry-run]` puts cameras in.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from './base/clock.ts'
import { type Config, ConfigError, helpText, readConfig } from './config.ts'
import { importHelp } from './features/cameras/index.ts'
import { importCamerasFromFile } from './import-cameras.ts'
import { arePagesBuilt, arePagesFresh, buildPages, pagesFolder, startDevServer } from './pages.ts'
import { StartError } from './start-error.ts'
import { checkPort, openDataFolder } from './start-checks.ts'
import { createProcesses } from './processes.ts'
import { sayDemoReady, sayLine, sayReady } from './announce.ts'

type Flags = { isDemo: boolean; isDev: boolean; builds: boolean; helps: boolean; importFile: string | undefined; isDryRun: boolean }

function readFlags(): Flags {
  const options = { type: 'boolean', default: false } as const
  try {
    const { values } = parseArgs({
      options: { demo: options, dev: options, build: options, help: options, 'dry-run': options, 'import-cameras': { type: 'string' } },
    })
    const importFile = values['import-cameras']
    if (values['dry-run'] && importFile === undefined) throw new Error('--dry-run without --import-cameras')
    if (importFile !== undefined && values.demo) throw new Error('--import-cameras with --demo')
    return { isDemo: values.demo, isDev: values.dev, builds: values.build, helps: values.help, importFile, isDryRun: values['dry-run'] }
  } catch (problem) {
    throw new StartError(
      `不认识的参数 / unknown option: ${(problem as Error).message}\n可用 / allowed: --demo --build --dev --help --import-cameras 文件.csv [--dry-run]`,
    )
  }
}

async function preparePages({ isDev, builds }: Flags) {
  if (isDev) return
  if (builds && !arePagesFresh()) {
    sayLine('正在构建页面（约 10 秒）… / building the pages …')
    await buildPages()
  }
  if (!arePagesBuilt()) sayLine('注意：页面还没有构建，只提供接口。请运行 npm run build / the pages are not built, only the API is served: run npm run build')
}

async function run() {
  const flags = readFlags()
  const { isDemo, isDev } = flags
  if (flags.helps) return void process.stdout.write(`${helpText()}\n${importHelp()}\n`)
  const environment: Record<string, string | undefined> = isDemo ? { MAPWALL_DATA: './data/demo', LOG_LEVEL: 'info', ...process.env } : process.env
  const config = readConfig(environment)
  const clock = systemClock
  if (flags.importFile !== undefined) {
    process.exitCode = await importCamerasFromFile({ file: flags.importFile, isDryRun: flags.isDryRun, config, clock, say: sayLine })
    return
  }
  const folder = openDataFolder(config.dataFolder, isDemo ? 'demo' : 'production', clock)
  await checkPort(config).catch((problem) => {
    folder.release()
    throw problem
  })
  const logFile = isDemo ? openSync(join(config.dataFolder, 'demo.log'), 'a', 0o600) : undefined
  sayLine(isDemo ? `MapWall 演示：正在启动数据库、媒体服务和 468 台模拟摄像机 … / starting the demo …` : 'MapWall 正在启动 … / starting …')

  const processes = createProcesses({
    config,
    isDemo,
    clock,
    runFolder: folder.runFolder,
    output: logFile ?? 'inherit',
    pages: isDev ? undefined : pagesFolder,
    say: sayLine,
  })
  let stopDevServer: (() => void) | undefined
  let isStopping = false
  async function stop(code: number) {
    if (isStopping) return
    isStopping = true
    stopDevServer?.()
    await processes.stop()
    if (logFile !== undefined) closeSync(logFile)
    folder.release()
    process.exit(code)
  }
  process.on('SIGTERM', () => void stop(0))
  process.on('SIGINT', () => void stop(0))
  process.on('SIGHUP', () => void stop(0))

  try {
    // the first minute counts: the page build and the children share the two cores a small machine has
    const ready = await processes.start(preparePages(flags))
    const url = urlOf(config, ready.port)
    if (isDev) stopDevServer = startDevServer(url)
    if (ready.accounts)
      sayDemoReady({ url: isDev ? 'http://127.0.0.1:5173' : url, accounts: ready.accounts, dataFolder: config.dataFolder, cameraCount: ready.cameraCount })
    else sayReady({ url, setupCode: ready.setupCode, cameraCount: ready.cameraCount })
  } catch (problem) {
    if (isStopping) return
    sayProblem(problem as Error)
    await stop(1)
  }
}

const urlOf = ({ tls, host }: Config, port: number) =>
  `${tls ? 'https' : 'http'}://${['0.0.0.0', '::', '127.0.0.1'].includes(host) ? 'localhost' : host}:${port}`

/** What a person can act on is said plainly; anything else with its stack. */
function sayProblem(problem: Error) {
  process.stderr.write(
    `\n${problem instanceof StartError || problem instanceof ConfigError ? problem.message : `启动失败 / could not start: ${problem.stack}`}\n`,
  )
}

run().catch((problem: Error) => {
  sayProblem(problem)
  process.exit(1)
})
