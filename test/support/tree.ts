/** The process tree as `npm start` runs it: real children, a folder of the test's own, ports chosen by the system. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import WebSocket from 'ws'
import type { PushMessage } from '../../server/contract/push.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const started = new Set<ChildProcess>()

export type Launched = { child: ChildProcess; output(): string }
export type Tree = Launched & { url: string }

export function launch(dataFolder: string, flags: string[] = [], environment: Record<string, string> = {}): Launched {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts', ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PORT: '0',
      HOST: '127.0.0.1',
      MAPWALL_DATA: dataFolder,
      LOG_LEVEL: 'warn',
      DATABASE_URL: '',
      MAPWALL_PROBE_SECONDS: '10',
      DEMO_SCRIPT: '0',
      DEMO_PAST: '0',
      ...environment,
    },
  })
  started.add(child)
  child.once('exit', () => started.delete(child))
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return { child, output: () => output }
}

/** Resolves when the line that says so has appeared. */
export async function startTree(dataFolder: string, flags: string[] = [], environment: Record<string, string> = {}): Promise<Tree> {
  const launched = launch(dataFolder, flags, environment)
  const url = await vi.waitFor(
    () => {
      if (launched.child.exitCode !== null) throw new Error(`ended: ${launched.output()}`)
      const found = /(?:已就绪 \/ ready|the demo is ready): (http:\/\/\S+)/.exec(launched.output())?.[1]
      if (!found) throw new Error(`not ready yet: ${launched.output()}`)
      return found.replace('localhost', '127.0.0.1')
    },
    { timeout: 180_000, interval: 100 },
  )
  return { ...launched, url }
}

/** Runs to its end, as a person at the keyboard would. */
export async function runToEnd(dataFolder: string, flags: string[], environment: Record<string, string> = {}) {
  const { child, output } = launch(dataFolder, flags, environment)
  await once(child, 'exit')
  return { code: child.exitCode, output: output() }
}

export async function stopTree({ child }: Tree): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** For `afterAll`: whatever a failed test left. The children end with their supervisor. */
export function killTrees() {
  for (const child of started) child.kill('SIGKILL')
}

export const lockOf = (dataFolder: string) => JSON.parse(readFileSync(join(dataFolder, 'mapwall.lock'), 'utf8')) as { pid: number; note: string }
export const listChildren = (pid: number) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
export const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
/** The child with this entry file. */
export const childOf = ({ child }: Tree, entry: string) => listChildren(child.pid!).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(entry))!
export const isWell = async (url: string) => expect(await (await fetch(`${url}/api/health`)).json()).toEqual({ ok: true })

export async function postJson(url: string, path: string, body: unknown, cookie = '') {
  return fetch(url + path, { method: 'POST', headers: { origin: url, 'content-type': 'application/json', cookie }, body: JSON.stringify(body) })
}

/** Signs in; the cookie is all a browser keeps. */
export async function signInTo(url: string, account: string, password: string): Promise<string> {
  const answer = await postJson(url, '/api/login', { account, password })
  if (answer.status !== 200) throw new Error(`sign-in of ${account}: ${answer.status} ${await answer.text()}`)
  return answer.headers.getSetCookie()[0]!.split(';')[0]!
}

export async function getJson<T>(url: string, path: string, cookie: string): Promise<T> {
  const answer = await fetch(url + path, { headers: { cookie, origin: url } })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

/** A page's push socket that comes back by itself, as `web/base/push.ts` does: by epoch and seq. */
export function openPage(url: string, cookie: string) {
  const messages: PushMessage[] = []
  let isClosed = false
  let position: { epoch: string; seq: number } | undefined
  let socket: WebSocket
  let opens = 0
  const connect = () => {
    if (isClosed) return
    const query = position ? `?epoch=${position.epoch}&seq=${position.seq}` : ''
    socket = new WebSocket(`${url.replace('http', 'ws')}/push${query}`, { headers: { cookie, origin: url } })
    socket.on('open', () => opens++)
    socket.on('message', (text) => {
      const message = JSON.parse((text as Buffer).toString()) as PushMessage
      if ('seq' in message) position = { epoch: message.epoch, seq: message.seq }
      messages.push(message)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => setTimeout(connect, 300))
  }
  connect()
  return {
    messages,
    opens: () => opens,
    states: () => messages.flatMap((message) => (message.topic === 'cameraStatus' ? message.states : [])),
    /** Cuts the line without a word. */
    cut: () => socket.terminate(),
    close() {
      isClosed = true
      socket.close()
    },
  }
}
export type Page = ReturnType<typeof openPage>

/** A live picture as the player opens it; comes back by itself. */
export function openPicture(url: string, cookie: string, cameraId: string) {
  let bytes = 0
  let isClosed = false
  let opens = 0
  let socket: WebSocket
  const connect = () => {
    if (isClosed) return
    socket = new WebSocket(`${url.replace('http', 'ws')}/media/live/${cameraId}?profile=sub&codecs=h264`, { headers: { cookie, origin: url } })
    socket.on('open', () => opens++)
    socket.on('message', (chunk, isBinary) => {
      if (isBinary) bytes += (chunk as Buffer).length
    })
    socket.on('error', () => undefined)
    socket.on('close', () => setTimeout(connect, 300))
  }
  connect()
  return {
    bytes: () => bytes,
    opens: () => opens,
    close() {
      isClosed = true
      socket.close()
    },
  }
}
