/** A real PostgreSQL of its own for a test file: a temporary cluster on a Unix socket, of the newest version Debian has installed. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { vi } from 'vitest'

const INSTALLED = '/usr/lib/postgresql'

export type RunningPostgres = {
  url: string
  /** SQL beside the product, as an administrator of the database (or an attacker) could run. */
  query(text: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/** Folder of its programs; undefined when it is not installed: said loudly, and the tests skip. */
export function findPostgres(): string | undefined {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).sort((a, b) => Number(b) - Number(a)) : []
  const programs = versions.map((version) => join(INSTALLED, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
  if (!programs) console.warn(`SKIPPED: no PostgreSQL under ${INSTALLED} (apt-get install postgresql)`)
  return programs
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`. */
function asItsUser(folder: string): { command: string[]; env: NodeJS.ProcessEnv } {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }
  if (process.getuid?.() !== 0) return { command: [], env }
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  chownSync(folder, idOf('-u'), idOf('-g'))
  return { command: ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', '--'], env }
}

export async function startPostgres(programs: string): Promise<RunningPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'mapwall-pg-'))
  const { command, env } = asItsUser(folder)
  const run = (program: string, ...given: string[]) => {
    const [file, ...rest] = [...command, join(programs, program), ...given]
    return { file: file!, rest }
  }
  const initdb = run('initdb', '-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync')
  execFileSync(initdb.file, initdb.rest, { env, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  // `setpriv` becomes PostgreSQL itself: the pid is the one to stop
  const server = run('postgres', '-D', join(folder, 'data'), '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'logging_collector=off')
  const child = spawn(server.file, server.rest, { env, cwd: folder, stdio: 'ignore' })
  const url = `postgres://postgres@${encodeURIComponent(folder)}/postgres`
  const query = async (text: string) => {
    const client = new pg.Client(url)
    await client.connect()
    try {
      return (await client.query(text)).rows as Record<string, unknown>[]
    } finally {
      await client.end()
    }
  }
  await vi.waitFor(() => query('select 1'), { timeout: 60_000, interval: 100 })
  return {
    url,
    query,
    async close() {
      if (child.exitCode === null) {
        const ended = once(child, 'exit')
        child.kill('SIGINT') // fast shutdown: clients are cut off
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
