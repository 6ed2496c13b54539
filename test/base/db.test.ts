/** The database as the product holds it: one connection to the embedded one, bounded waits, clear errors. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { type Database, openDatabase } from '../../server/base/db.ts'
import { silentLog } from '../../server/base/log.ts'
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../server/database/embedded.ts'

let folder: string
let embedded: EmbeddedDatabase
const open = (options: { maxConnections?: number; waitMs?: number; queryMs?: number; url?: string } = {}): Database =>
  openDatabase({ url: embedded.url, maxConnections: 10, clock: systemClock, log: silentLog, ...options })
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mapwall-db-'))
  embedded = await openEmbeddedDatabase({ folder: undefined, socketFolder: folder })
})
afterAll(async () => {
  await embedded.close()
  rmSync(folder, { recursive: true, force: true })
})

type Db = ReturnType<typeof asked>
const asked = (database: Database) => database.as<Record<string, never>>()

/** Asks `n` things of different shape at once, some in transactions; answers how many came back wrong or not at all. */
async function countWrong(db: Db, n: number): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: n }, async (_, i) => {
      const shapes = [
        { query: sql`select ${i}::int as a`, expected: { a: i } },
        { query: sql`select ${`t${i}`}::text as b, ${i}::int as c`, expected: { b: `t${i}`, c: i } },
        { query: sql`select ${i}::int + ${i}::int + ${i}::int as d`, expected: { d: 3 * i } },
      ]
      const { query, expected } = shapes[i % shapes.length]!
      const run = i % 4 === 0 ? db.transaction().execute((transaction) => query.execute(transaction)) : query.execute(db)
      return run.then(
        ({ rows }) => JSON.stringify(rows) === JSON.stringify([expected]),
        () => false,
      )
    }),
  )
  return answers.filter((isRight) => !isRight).length
}

const HEAVY = sql`select count(*) from generate_series(1, 3000000) as a`

describe('the embedded database', () => {
  test('answers every one of 600 mixed statements right, however many connections were asked for', async () => {
    const database = open({ maxConnections: 10 })
    expect(await countWrong(asked(database), 600)).toBe(0)
    await database.close()
  })
  test('through several connections it mixes them up: why there is one (when this fails, the rule may go)', async () => {
    const other = await openEmbeddedDatabase({ folder: undefined, socketFolder: mkdtempSync(join(folder, 'other-')) })
    const database = open({ url: other.url.split('?')[0]!, maxConnections: 5, waitMs: 3_000, queryMs: 3_000 })
    expect(await countWrong(asked(database), 400)).toBeGreaterThan(0)
    await Promise.race([database.close(), systemClock.sleep(1_000)]) // some of its connections wait for an answer that went to another
    await other.close()
  })
  test('a query beside the transaction it is awaited in fails in bounded time, and the next one is served', async () => {
    const database = open({ waitMs: 300 })
    const db = asked(database)
    const inside = db.transaction().execute(() => sql`select 1`.execute(db))
    await expect(inside).rejects.toMatchObject({ code: 'database_unavailable' })
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
    await database.close()
  })
  test('a statement that takes too long is given up; who waits behind it is told in bounded time, and served after it', async () => {
    const database = open({ waitMs: 100, queryMs: 200 })
    const db = asked(database)
    const [heavy, behind] = await Promise.allSettled([HEAVY.execute(db), sql`select 1`.execute(db)])
    expect([heavy, behind]).toMatchObject([
      { status: 'rejected', reason: { code: 'database_unavailable' } },
      { status: 'rejected', reason: { code: 'database_unavailable' } },
    ])
    await expect
      .poll(
        () =>
          sql`select 1`.execute(db).then(
            () => 'served',
            () => 'away',
          ),
        { timeout: 20_000 },
      )
      .toBe('served')
    await database.close()
  })
  test('a migration may take its time', async () => {
    const database = open({ queryMs: 1 })
    expect((await database.withoutTimeLimit(() => HEAVY.execute(database.as()))).rows).toHaveLength(1)
    await database.close()
  })
})

describe('a database that accepts and says nothing', () => {
  test('is unreachable, and every query fails in bounded time', async () => {
    const sockets = new Set<{ destroy(): void }>()
    const server = createServer((socket) => sockets.add(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const database = open({ url: `postgres://somebody@127.0.0.1:${port}/nothing`, waitMs: 200 })
    await expect(sql`select 1`.execute(database.as())).rejects.toMatchObject({ code: 'database_unavailable' })
    expect(await database.isReachable()).toBe(false)
    await database.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
})
