/**
 * A real database for a test file: PGlite from a migrated snapshot, or, with TEST_DATABASE_URL, a schema of its own in a real PostgreSQL.
 * The snapshot is made once for each set of migrations and kept under node_modules/.cache.
 */
import { fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { sql } from 'kysely'
import pg from 'pg'
import { systemClock } from '../../server/base/clock.ts'
import { type Database, openDatabase } from '../../server/base/db.ts'
import { silentLog } from '../../server/base/log.ts'
import { migrate } from '../../server/base/migrate.ts'

export type TestDatabase = {
  database: Database
  url: string
  maxConnections: number
  /** Runs SQL beside the product, as an administrator of the database (or an attacker) could. Several statements are allowed. */
  sql(text: string): Promise<void>
  close(): Promise<void>
}

const root = fileURLToPath(new URL('../../', import.meta.url))

export async function openTestDatabase(options: { isMigrated?: boolean } = {}): Promise<TestDatabase> {
  const isMigrated = options.isMigrated ?? true
  const realUrl = process.env['TEST_DATABASE_URL']
  return realUrl ? openOnPostgres(realUrl, isMigrated) : openOnPglite(isMigrated)
}

async function openOnPostgres(baseUrl: string, isMigrated: boolean): Promise<TestDatabase> {
  const schema = `test_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client(baseUrl)
  await admin.connect()
  await admin.query(`create schema ${schema}`)
  await admin.query(`set search_path to ${schema}`)
  const url = new URL(baseUrl)
  url.searchParams.set('options', `-c search_path=${schema}`)
  const database = openDatabase({ url: url.href, maxConnections: 5, clock: systemClock, log: silentLog })
  if (isMigrated) await migrate(database, { clock: systemClock, log: silentLog })
  return {
    database,
    url: url.href,
    maxConnections: 5,
    sql: async (text) => void (await admin.query(text)),
    async close() {
      await database.close()
      await admin.query(`drop schema ${schema} cascade`)
      await admin.end()
    },
  }
}

async function openOnPglite(isMigrated: boolean): Promise<TestDatabase> {
  const pglite = await startPglite(isMigrated ? await migratedSnapshot() : undefined)
  const served = await serve(pglite)
  return {
    ...served,
    sql: async (text) => void (await pglite.exec(text)),
    async close() {
      await served.close()
      await pglite.close()
    },
  }
}

/** The embedded database as it runs: in a process of its own, so that its work is not done on the test's loop. `socketFolder` has a short path. */
export async function openDatabaseProcess(dataFolder: string, socketFolder: string): Promise<TestDatabase> {
  const child = fork(join(root, 'server/database/main.ts'), [], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, MAPWALL_DATA: dataFolder, DATABASE_SOCKET_FOLDER: socketFolder, LOG_LEVEL: 'error' },
  })
  const { url } = await new Promise<{ url: string }>((resolve, reject) => {
    child.once('message', (said) => resolve(said as { url: string }))
    child.once('exit', (code) => reject(new Error(`the database ended with ${code}`)))
  })
  const database = openDatabase({ url, maxConnections: 1, clock: systemClock, log: silentLog })
  await migrate(database, { clock: systemClock, log: silentLog })
  return {
    database,
    url,
    maxConnections: 1,
    sql: async (text) => void (await sql.raw(text).execute(database.as())),
    async close() {
      await database.close()
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
    },
  }
}

function startPglite(snapshot: Uint8Array | undefined): Promise<PGlite> {
  return PGlite.create(snapshot ? { loadDataDir: new Blob([snapshot as Uint8Array<ArrayBuffer>]) } : {})
}

async function serve(pglite: PGlite) {
  const server = new PGLiteSocketServer({ db: pglite, host: '127.0.0.1', port: 0, maxConnections: 4 })
  const listening = new Promise<number>((resolve) => server.addEventListener('listening', (event) => resolve((event as CustomEvent<AddressInfo>).detail.port)))
  await server.start()
  const url = `postgres://postgres@127.0.0.1:${await listening}/postgres`
  const database = openDatabase({ url, maxConnections: 1, clock: systemClock, log: silentLog })
  return {
    database,
    url,
    maxConnections: 1,
    async close() {
      await database.close()
      await server.stop()
    },
  }
}

async function migratedSnapshot(): Promise<Uint8Array> {
  const folder = join(root, 'server/migrations')
  const hash = createHash('sha256').update(readFileSync(join(root, 'node_modules/@electric-sql/pglite/package.json')))
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)))
  const cache = join(root, 'node_modules/.cache/mapwall')
  const file = join(cache, `migrated-${hash.digest('hex').slice(0, 16)}.tar`)
  if (existsSync(file)) return readFileSync(file)

  const pglite = await startPglite(undefined)
  const served = await serve(pglite)
  await migrate(served.database, { clock: systemClock, log: silentLog })
  await served.close()
  const bytes = new Uint8Array(await (await pglite.dumpDataDir('none')).arrayBuffer())
  await pglite.close()
  mkdirSync(cache, { recursive: true })
  // Several test files may make it at once: each writes its own file, the last one stays.
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, bytes)
  renameSync(fresh, file)
  return bytes
}
