/** The database: PostgreSQL through `pg` and Kysely. Each feature's `store.ts` says which tables it means (`database.as<AccountTables>()`). */
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import pg from 'pg'
import type { Clock } from './clock.ts'
import { AppError } from './errors.ts'
import type { Log } from './log.ts'

export type Database = {
  /** The same connections, typed by the tables the caller owns. */
  as<Tables>(): Kysely<Tables>
  /** True when the database answers within 2 s. */
  isReachable(): Promise<boolean>
  close(): Promise<void>
}

export type DatabaseOptions = {
  url: string
  /**
   * 10 for PostgreSQL. Exactly 1 for the embedded database: its socket server queues single protocol messages, so two connections would
   * overwrite each other's unnamed statements. With 1, a query outside the running transaction waits for it: never await one inside.
   */
  maxConnections: number
  log: Log
  clock: Clock
}

/** int8 and numeric as numbers: instants and counts stay far below 2^53. */
const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC) return Number
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

/** Connects lazily: a database that is away makes queries fail with `database_unavailable`, not the start. */
export function openDatabase({ url, maxConnections, log, clock }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: maxConnections === 1 ? 0 : 30_000,
    application_name: 'mapwall',
    types: typeParsers,
  })
  pool.on('error', (error) => log.warn({ problem: error.message }, 'database connection lost'))

  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: withClearErrors(pool) }) })
  let closing: Promise<void> | undefined

  return {
    as: <Tables>() => kysely as Kysely<unknown> as Kysely<Tables>,
    async isReachable() {
      const answer = pool.query('select 1').then(() => true, () => false)
      const limit = new AbortController()
      const tooLate = clock.sleep(2_000, limit.signal).then(() => false, () => false)
      const isReachable = await Promise.race([answer, tooLate])
      limit.abort()
      return isReachable
    },
    close: () => (closing ??= kysely.destroy()),
  }
}

/** Turns the many ways of being away into `database_unavailable`; what the database itself refused passes unchanged. */
function withClearErrors(pool: pg.Pool): PostgresPool {
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect().catch(throwClear)
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<never>
      return {
        query: (...args: unknown[]) => query(...args).catch(throwClear),
        release: (error?: boolean | Error) => client.release(error),
      } as never
    },
    end: () => pool.end(),
  } as PostgresPool
}

/** SQLSTATE classes of a database that cannot serve now: connection, resources (disk full, too many), operator intervention, system. */
const unavailableState = /^(08|53|57P|58)/

function throwClear(error: unknown): never {
  if (isUnavailable(error)) throw new AppError('database_unavailable', `database does not answer: ${(error as Error).message}`, { cause: error })
  throw error
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: string }
  if (error instanceof pg.DatabaseError) return unavailableState.test(code ?? '')
  return typeof code === 'string' || /connection terminated|connection error|timeout exceeded|Client was closed/i.test(error.message)
}

/** True for a row that breaks a unique rule; `constraint` is its name. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505'
}
