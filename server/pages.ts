/** The built pages: are they there and newer than what they are made of? Builds them when asked. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
export const pagesFolder = join(root, 'dist')
const viteProgram = join(root, 'node_modules/vite/bin/vite.js')
/** What `vite build` reads. */
const sources = ['web', 'public', 'server/contract', 'vite.config.ts', 'package-lock.json']

export const arePagesBuilt = (): boolean => existsSync(join(pagesFolder, 'index.html'))

export function arePagesFresh(): boolean {
  return arePagesBuilt() && newestOf(sources.map((source) => join(root, source))) <= statSync(join(pagesFolder, 'index.html')).mtimeMs
}

function newestOf(paths: readonly string[]): number {
  let newestMs = 0
  for (const path of paths) {
    if (!existsSync(path)) continue
    const { mtimeMs } = statSync(path)
    const isFolder = statSync(path).isDirectory()
    newestMs = Math.max(newestMs, isFolder ? newestOf(readdirSync(path).map((name) => join(path, name))) : mtimeMs)
  }
  return newestMs
}

/** Runs `vite build`; its output is shown only if it fails. */
export function buildPages(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [viteProgram, 'build'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)))
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`页面构建失败 / the pages could not be built:\n${output}`))))
  })
}

/** Vite's development server in front of the control process. Resolves with what ends it. */
export function startDevServer(controlUrl: string): () => void {
  const child = spawn(process.execPath, [viteProgram], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, MAPWALL_CONTROL_URL: controlUrl },
  })
  return () => void child.kill('SIGTERM')
}
