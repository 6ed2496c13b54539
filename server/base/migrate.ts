/** Brings the database's tables up to what this code expects: `server/migrations/NNN-name.ts`, in order, each once, all or nothing. */
import { readdir } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Clock } from './clock.ts'
import type { Database } from './db.ts'
import type { Log } from './log.ts'

/** What a migration file exports as `up`. It may use nothing of the features: they change, a migration that ran does not. */
export type Migrate = (transaction: Transaction<never>) => Promise<void>
type Migration = { name: string; up: Migrate }

type MigrationTables = { schema_migrations: { name: string; applied_at: number } }

const migrationsFolder = fileURLToPath(new URL('../migrations/', import.meta.url))
/** Any number, the same in every process: only one may migrate at a time. */
const lockKey = 468_001

type MigrateOptions = { clock: Clock; folder?: string; /** Only these, of those that are due. */ only?: readonly string[] }

/** Runs what has not run yet. Throws when the database was made by newer code: going on would damage it. */
export async function migrate(database: Database, { log, ...options }: MigrateOptions & { log: Log }): Promise<string[]> {
  const run = () =>
    database
      .as<never>()
      .transaction()
      .execute((transaction) => migrateWithin(transaction, options))
  const applied = await database.withoutTimeLimit(run)
  if (applied.length > 0) log.info({ applied }, 'database brought up to date')
  return applied
}

/** The same in a transaction of the caller. */
export async function migrateWithin(given: Transaction<never>, { clock, folder = migrationsFolder, only }: MigrateOptions): Promise<string[]> {
  const transaction = given as unknown as Transaction<MigrationTables>
  const migrations = await readMigrations(folder)
  await sql`select pg_advisory_xact_lock(${sql.lit(lockKey)})`.execute(transaction)
  await sql`create table if not exists schema_migrations (name text primary key, applied_at bigint not null)`.execute(transaction)
  const names = (await transaction.selectFrom('schema_migrations').select('name').orderBy('name').execute()).map(({ name }) => name)
  refuseNewer(names, migrations)
  const due = migrations.filter(({ name }) => !names.includes(name) && (only?.includes(name) ?? true))
  for (const { name, up } of due) {
    await up(given)
    await transaction.insertInto('schema_migrations').values({ name, applied_at: clock.now() }).execute()
  }
  return due.map(({ name }) => name)
}

/** Names of all there are, in order. */
export const listMigrations = async (folder = migrationsFolder): Promise<string[]> => (await readMigrations(folder)).map(({ name }) => name)

function refuseNewer(applied: string[], migrations: Migration[]) {
  const unknown = applied.filter((name) => !migrations.some((migration) => migration.name === name))
  if (unknown.length === 0) return
  throw new Error(
    `The database is newer than this MapWall: it has the migration(s) ${unknown.join(', ')}, which this version does not know. Start the newer version, or restore a backup made by this one.`,
  )
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{3}-[a-z0-9-]+\.ts$/.test(file)).sort()
  return Promise.all(
    files.map(async (file) => {
      const { up } = (await import(pathToFileURL(`${folder}/${file}`).href)) as { up?: unknown }
      if (typeof up !== 'function') throw new Error(`Migration ${file} does not export a function named up`)
      return { name: file.replace(/\.ts$/, ''), up: up as Migrate }
    }),
  )
}

/** For a migration file: runs each statement of a list, in order. */
export async function runStatements(transaction: Kysely<never>, statements: string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(transaction)
}
