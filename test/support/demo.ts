/** A whole demo of its own: every process, a fresh data folder, any free port, no scripted faults. For end-to-end tests and screenshots. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DemoAccount } from '../../server/demo/seed.ts'
import type { Fault } from '../../server/demo/simulator.ts'
import { arePagesBuilt, arePagesFresh, buildPages } from '../../server/pages.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const entries = { control: 'server/app-main.ts', media: 'server/media/main.ts', database: 'server/database/main.ts', cameras: 'server/demo/main.ts' }
const READY_WITHIN_MS = 300_000
/** The supervisor promises 15 s (G1); a busy machine gets more. */
const STOP_WITHIN_MS = 40_000

export type ProcessName = keyof typeof entries
export type Demo = {
  origin: string
  accounts: readonly DemoAccount[]
  setFault(cameraIds: readonly string[], fault: Fault): Promise<void>
  /** Takes the power from every camera behind a switch, or gives it back; answers which they are. */
  setSwitchDown(switchName: string, isDown: boolean): Promise<string[]>
  /** What the simulator has sent: of one camera, or of all together. */
  stats(cameraId?: string): Promise<Record<string, number>>
  /** The process as it is now; undefined while it is being restarted. */
  pidOf(name: ProcessName): number | undefined
  signal(name: ProcessName, signal: NodeJS.Signals): void
  /** What it has said so far, for the message of a failed test. */
  output(): string
  stop(): Promise<void>
}

export async function startDemo(options: { env?: Record<string, string> } = {}): Promise<Demo> {
  if (!arePagesBuilt()) await buildPages()
  else if (!arePagesFresh()) console.warn('the built pages are older than their sources: npm run build')
  const folder = mkdtempSync(join(tmpdir(), 'mapwall-demo-'))
  const dataFolder = join(folder, 'data')
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts', '--demo'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', MAPWALL_DATA: dataFolder, DEMO_SCRIPT: '0', ...options.env },
  })
  const stopWithUs = () => void child.kill('SIGTERM')
  process.once('exit', stopWithUs)
  let said = ''
  const output = () => `${said}\n--- log ---\n${logOf(dataFolder)}`

  async function stop() {
    process.off('exit', stopWithUs)
    child.removeAllListeners('exit')
    const pids = listChildren(child.pid!).map(({ pid }) => pid)
    await endProcess(child)
    const left = pids.filter(isAlive)
    for (const pid of left) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`the stopped demo left ${left.length} processes behind`)
  }

  const origin = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the demo was not ready within ${READY_WITHIN_MS / 1000} s`)), READY_WITHIN_MS)
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (!text.includes('the demo is ready') && said.includes('the demo is ready')) console.warn(`the demo says: ${text.trim()}`)
        const url = /the demo is ready: (http\S+?)\s/.exec(said)?.[1]
        if (!url) return
        clearTimeout(timer)
        resolve(new URL(url).origin)
      })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the demo ended with ${code}`))
    })
  }).catch(async (problem: Error) => {
    const text = output()
    await stop().catch(() => undefined)
    throw new Error(`${problem.message}:\n${text}`)
  })
  const sayEnd = (code: number | null, signal: string | null) => console.error(`the demo ended by itself with ${signal ?? code}:\n${output()}`)
  child.once('exit', sayEnd)
  const readJson = (name: string): unknown => JSON.parse(readFileSync(join(dataFolder, name), 'utf8'))
  // the simulator writes it anew when it is restarted
  const simulator = () => (readJson('demo-simulator.json') as { controlUrl: string }).controlUrl
  const pidOf = (name: ProcessName) => listChildren(child.pid!).find(({ command }) => command.includes(`/${entries[name]}`))?.pid

  async function ask(path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(
      `${simulator()}${path}`,
      body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    )
    if (!response.ok) throw new Error(`simulator ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  return {
    origin,
    accounts: readJson('demo-accounts.json') as DemoAccount[],
    setFault: async (cameraIds, fault) => void (await ask('/faults', { cameraIds, fault })),
    setSwitchDown: async (switchName, isDown) => ((await ask('/switches', { switchName, isDown })) as { cameraIds: string[] }).cameraIds,
    stats: async (cameraId) => (await ask(cameraId === undefined ? '/stats' : `/stats?cameraId=${cameraId}`)) as Record<string, number>,
    pidOf,
    signal(name, signal) {
      const pid = pidOf(name)
      if (pid === undefined) throw new Error(`no ${name} process to send ${signal} to`)
      process.kill(pid, signal)
    },
    output,
    stop,
  }
}

async function endProcess(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

/** Children of a process, from /proc: its fourth field of `stat` is the parent. */
function listChildren(parentPid: number): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readProc(`/proc/${name}/stat`)
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return parent === parentPid ? [{ pid: Number(name), command: readProc(`/proc/${name}/cmdline`).replaceAll('\0', ' ') }] : []
    })
}

/** Empty when the process has gone meanwhile. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** A process that has ended but was not waited for is not alive. */
const isAlive = (pid: number) => /\) [^ZX]/.test(readProc(`/proc/${pid}/stat`))

function logOf(dataFolder: string): string {
  try {
    return readFileSync(join(dataFolder, 'demo.log'), 'utf8').slice(-6_000)
  } catch {
    return ''
  }
}
