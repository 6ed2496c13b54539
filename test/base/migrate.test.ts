import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, describe, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { openDatabase } from '../../server/base/db.ts'
import { silentLog } from '../../server/base/log.ts'
import { migrate } from '../../server/base/migrate.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

let opened: TestDatabase
let folder: string
beforeAll(async () => {
  opened = await openTestDatabase()
  folder = mkdtempSync(join(tmpdir(), 'mapwall-migrations-'))
})
afterAll(async () => {
  await opened.close()
  rmSync(folder, { recursive: true })
})
const common = { clock: systemClock, log: silentLog }

describe('migrations', () => {
  test('run once', async () => expect(await migrate(opened.database, common)).toEqual([]))
  test('a database newer than the code is refused by name', async () => {
    await expect(migrate(opened.database, { ...common, folder })).rejects.toThrow(/newer than this MapWall: it has the migration\(s\) 001-accounts, 002-audit/)
  })
  test('one that fails leaves nothing of itself', async () => {
    const names = (await opened.database.as<{ schema_migrations: { name: string } }>().selectFrom('schema_migrations').select('name').execute()).map(
      ({ name }) => name,
    )
    for (const name of names) writeFileSync(join(folder, `${name}.ts`), 'export async function up() {}')
    const base = new URL('../../server/base/migrate.ts', import.meta.url).href
    writeFileSync(
      join(folder, '900-broken.ts'),
      `import { runStatements } from '${base}'\nexport const up = (transaction) => runStatements(transaction, ['create table half (id text)', 'create nonsense'])`,
    )
    await expect(migrate(opened.database, { ...common, folder })).rejects.toThrow(/nonsense/)
    await expect(opened.sql('select * from half')).rejects.toThrow(/does not exist/)
    expect(await migrate(opened.database, common)).toEqual([])
  })
})

describe('a database that is away', () => {
  test('says so, and nothing of its address', async () => {
    const database = openDatabase({ url: 'postgres://somebody:S3CRET@127.0.0.1:1/nothing', maxConnections: 1, ...common })
    const problem = await database
      .as<{ users: { user_id: string } }>()
      .selectFrom('users')
      .selectAll()
      .execute()
      .catch((error: unknown) => error)
    expect(problem).toMatchObject({ code: 'database_unavailable' })
    expect(String(problem)).not.toContain('S3CRET')
    expect(await database.isReachable()).toBe(false)
    await database.close()
  })
})
