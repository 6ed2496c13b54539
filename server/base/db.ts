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
  /** Statements that start while `work` runs may take as long as they need: migrations. */
  withoutTimeLimit<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export type DatabaseOptions = {
  url: string
  /**
   * For PostgreSQL. The embedded database (its URL says so, see `embeddedUrl`) always gets exactly 1: its socket server queues single protocol
   * messages, so two connections would overwrite each other's unnamed statements. With 1, a query outside the running transaction waits for
   * it: never await one inside. It would fail after `waitMs`, not hang.
   */
  maxConnections: number
  /** How long a query waits for a free connection. */
  waitMs?: number
  /** How long a statement may take; then its connection is given up. */
  queryMs?: number
  log: Log
  clock: Clock
}

/** int8 and numeric as numbers: instants and counts stay far below 2^53. */
const asNumbers: readonly number[] = [pg.types.builtins.INT8, pg.types.builtins.NUMERIC]
const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (asNumbers.includes(oid)) return Number
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

const EMBEDDED_MARK = 'mapwall_embedded=1'

/** URL of the embedded database, whose socket is in this folder. */
export const embeddedUrl = (socketFolder: string): string => `postgres://postgres@${encodeURIComponent(socketFolder)}/postgres?${EMBEDDED_MARK}`

/** Connects lazily: a database that is away makes queries fail with `database_unavailable`, not the start. */
export function openDatabase({ url, maxConnections, log, clock, waitMs = 10_000, queryMs = 30_000 }: DatabaseOptions): Database {
  const isEmbedded = url.endsWith(EMBEDDED_MARK)
  const pool = new pg.Pool({
    connectionString: url,
    max: isEmbedded ? 1 : maxConnections,
    connectionTimeoutMillis: waitMs,
    idleTimeoutMillis: isEmbedded || maxConnections === 1 ? 0 : 30_000,
    // of a database that vanished without a word
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // a process of ours that stopped inside a transaction must not hold its locks for ever
    idle_in_transaction_session_timeout: 60_000,
    application_name: 'mapwall',
    types: typeParsers,
  })
  pool.on('error', (error) => log.warn({ problem: error.message }, 'database connection lost'))

  const limit = { queryMs, unlimited: 0 }
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: guarded(pool, clock, limit) }) })
  let closing: Promise<void> | undefined

  return {
    as: <Tables>() => kysely as Kysely<unknown> as Kysely<Tables>,
    async isReachable() {
      const answer = pool.query('select 1').then(
        () => true,
        () => false,
      )
      return (await within(clock, 2_000, answer)) ? false : answer
    },
    async withoutTimeLimit(work) {
      limit.unlimited++
      try {
        return await work()
      } finally {
        limit.unlimited--
      }
    },
    close: () => (closing ??= kysely.destroy()),
  }
}

/** False as soon as `work` settles, true after `ms` if it has not. */
function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve(true))
    const end = () => {
      timer.cancel()
      resolve(false)
    }
    work.then(end, end)
  })
}

/** Bounds every statement, and turns the many ways of being away into `database_unavailable`; what the database itself refused passes unchanged. */
function guarded(pool: pg.Pool, clock: Clock, limit: { queryMs: number; unlimited: number }): PostgresPool {
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect().catch(throwClear)
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<never>
      let isGivenUp = false
      return {
        async query(...args: unknown[]) {
          const answer = query(...args)
          if (limit.unlimited === 0 && (await within(clock, limit.queryMs, answer))) {
            isGivenUp = true
            answer.catch(() => undefined) // nobody waits for it any more; it ends with its connection
            throw new AppError('database_unavailable', `the database took more than ${limit.queryMs} ms for one statement`)
          }
          return answer.catch(throwClear)
        },
        release: (error?: boolean | Error) => client.release(isGivenUp || error),
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
