import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkBackup } from '../../server/backup/check.ts'
import type { Manifest } from '../../server/backup/format.ts'
import { restoreBackup } from '../../server/backup/restore.ts'
import { gather, readTar, type TarEntry, writeTar } from '../../server/backup/tar-file.ts'
import { writeBackup } from '../../server/backup/write.ts'
import { systemClock } from '../../server/base/clock.ts'
import type { Database } from '../../server/base/db.ts'
import { listMigrations, migrateWithin } from '../../server/base/migrate.ts'
import { backupCommands } from '../../server/cli/backup.ts'
import { type CliContext, findRunning, withStopped } from '../../server/cli/platform.ts'
import { readConfig } from '../../server/config.ts'
import { localEntry } from '../../server/features/audit/index.ts'
import { openTestDatabase } from '../support/database.ts'
import { findPostgres, type RunningPostgres, startPostgres } from '../support/postgres.ts'
import { runDrillOn } from './drill-world.ts'
import { answerCommands, type FilledWorld, openFilledWorld, readAll } from './filled-world.ts'

/** Another machine's work beside ours may take most of the two cores. */
const SLOW_MS = 240_000
const common = { clock: systemClock, sayProgress: () => undefined }

let world: FilledWorld
let place: string
let file: string
let rowsAtBackup: Record<string, string[]>

function contextFor(dataFolder: string, environment: Record<string, string> = {}): CliContext & { said: string[] } {
  const said: string[] = []
  return { config: readConfig({ MAPWALL_DATA: dataFolder, ...environment }), clock: systemClock, say: (line) => said.push(line), said }
}
const freshFolder = () => mkdtempSync(join(place, 'data-'))
const restoreInto = (dataFolder: string, change: Partial<Parameters<typeof restoreBackup>[0]> = {}, environment: Record<string, string> = {}) =>
  restoreBackup({ ...contextFor(dataFolder, environment), file, isDryRun: false, isReplacing: false, by: 'tester', ...change })
const save = (database: Database, path: string, change: Partial<Parameters<typeof writeBackup>[0]> = {}) =>
  writeBackup({ ...common, database, dataFolder: world.dataFolder, file: path, kind: 'production', version: '1.2.3', ...change })
const namesIn = (folder: string) => readdirSync(folder).sort()

/** The same backup with something changed, and counts and hashes made anew: what somebody could do who knows the format. */
async function forge(name: string, change: (path: string, text: string) => string, changeManifest: (manifest: Manifest) => object = (manifest) => manifest) {
  const forged = join(place, name)
  const hashes = new Map<string, { rows: number; text: string }>()
  async function* entries(): AsyncGenerator<TarEntry> {
    for await (const entry of readTar(file)) {
      let text = change(entry.path, (await gather(entry.content)).toString('utf8'))
      const [, table] = /^tables\/(\w+)\//.exec(entry.path) ?? /^files\/(.+)$/.exec(entry.path) ?? []
      if (table) {
        const before = hashes.get(table)?.text ?? ''
        hashes.set(table, { rows: (before + text).split('\n').length - 1, text: before + text })
      }
      if (entry.path === 'manifest.json') {
        const manifest = JSON.parse(text) as Manifest
        for (const [each, { rows, text: whole }] of hashes) {
          const sum = { bytes: Buffer.byteLength(whole), sha256: createHash('sha256').update(whole).digest('hex') }
          if (each in manifest.tables) Object.assign(manifest.tables[each]!, { rows, ...sum })
          else Object.assign(manifest.files, { [each]: sum })
        }
        text = JSON.stringify(changeManifest(manifest))
      }
      const content = Buffer.from(text)
      yield { path: entry.path, bytes: content.length, content: [content] }
    }
  }
  await writeTar(forged, entries())
  return forged
}

/** But for what a restore adds or ends. */
function expectSame(rows: Record<string, string[]>, { restores = 1 } = {}) {
  const { audit_log: log, audit_head: _head, login_sessions: logins, ...others } = rows
  const { audit_log: logBefore, audit_head: _headBefore, login_sessions: loginsBefore, ...othersBefore } = rowsAtBackup
  expect(others).toEqual(othersBefore)
  expect(log!.length).toBe(logBefore!.length + restores)
  expect(logBefore!.filter((line) => !log!.includes(line))).toEqual([])
  expect(log!.filter((line) => line.includes('"platform.restore"'))).toHaveLength(restores)
  expect(logins!.map((line) => ({ ...(JSON.parse(line) as object), ended_at: null, end_reason: null }))).toEqual(
    loginsBefore!.map((line) => JSON.parse(line) as object),
  )
  expect(logins!.every((line) => line.includes('"revoked"'))).toBe(true)
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'mapwall-backup-test-'))
  file = join(place, 'whole.tar.gz')
  world = await openFilledWorld()
  // the platform runs on and writes now and then: only a backup during which it did not has a known content
  do {
    rmSync(file, { force: true })
    rowsAtBackup = await readAll(world.database.database)
    await save(world.database.database, file)
  } while (!isDeepStrictEqual(await readAll(world.database.database), rowsAtBackup))
})
afterAll(async () => {
  await world.close()
  rmSync(place, { recursive: true, force: true })
})

describe('R-RECOVER-4 backup', () => {
  test('holds every row as it is, and the files that cannot be made again; for its owner alone', async () => {
    const manifest = await checkBackup(file, common)
    expect(manifest).toMatchObject({ kind: 'production', productVersion: '1.2.3', auditProblems: [] })
    expect(Object.fromEntries(Object.entries(manifest.tables).map(([name, { rows }]) => [name, rows]))).toEqual(
      Object.fromEntries(Object.entries(rowsAtBackup).map(([name, rows]) => [name, rows.length])),
    )
    expect(manifest.tables['audit_log']!.rows).toBeGreaterThan(2_400)
    expect(Object.keys(manifest.files)).toEqual(expect.arrayContaining(['kind', 'secret.key', 'recording-disks.json']))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.part`)).toBe(false)
  })
  test('is one moment of the audit log while it is written to', async () => {
    const busy = join(place, 'busy.tar.gz')
    const { app } = world.running
    const cameraIds = app.cameras.listAccess().map(({ cameraId }) => cameraId)
    const over = new AbortController()
    async function goOn(work: () => Promise<unknown>) {
      while (!over.signal.aborted) await work()
    }
    const busyness = [
      goOn(() => app.recordings.setPolicy({ cameraIds, mode: 'continuous', schedule: [], profile: 'main', keepDays: 15 })),
      goOn(() => app.audit.record(localEntry('test.note', {}, 'tester'))),
    ]
    const written = await save(world.database.database, busy)
    over.abort()
    await Promise.all(busyness)
    expect(written.auditProblems).toEqual([])
    expect((await checkBackup(busy, common)).tables['audit_log']!.rows).toBeGreaterThan(rowsAtBackup['audit_log']!.length)
  })
  test('a file that is there is left alone; a backup that fails leaves nothing', async () => {
    await expect(save(world.database.database, file)).rejects.toThrow('文件已存在')
    const failing = join(place, 'failing.tar.gz')
    const folder = freshFolder()
    writeFileSync(join(folder, 'secret.key'), 'no key')
    await expect(save(world.database.database, failing, { dataFolder: folder })).rejects.toThrow('damaged')
    expect(namesIn(place).filter((name) => name.startsWith('failing'))).toEqual([])
  })
  test('says so when the audit log is damaged, and can be restored with it', async () => {
    const damaged = join(place, 'damaged.tar.gz')
    await world.database.sql("alter table audit_log disable trigger user; update audit_log set account = 'another' where seq = 7")
    const written = await save(world.database.database, damaged)
    await world.database.sql("update audit_log set account = '值班' where seq = 7; alter table audit_log enable trigger user")
    expect(written.auditProblems).toEqual([expect.stringMatching(/^7 changed/)])
    expect((await restoreInto(freshFolder(), { file: damaged }, { DATABASE_URL: await emptyUrl() })).manifest.auditProblems).toHaveLength(1)
  })
})

/** A database without tables, in this process. */
async function emptyUrl(): Promise<string> {
  const emptied = await openEmptied()
  await emptied.database.close() // its connection; who restores has the only one
  return emptied.url
}

/** To empty a ready-made one is quicker than to make one. */
async function openEmptied() {
  const opened = await openTestDatabase()
  onTestFinished(opened.close)
  await opened.sql('drop schema public cascade; create schema public')
  return opened
}

describe('R-RECOVER-4 restore', { timeout: SLOW_MS }, () => {
  test('into a new folder: every row as it was, everybody signed out, every file, and the platform opens', async () => {
    const dataFolder = join(place, 'new', 'folder')
    const recordings = join(dataFolder, 'recordings')
    mkdirSync(join(recordings, '2026-01-01'), { recursive: true })
    const { done } = await restoreInto(dataFolder)
    expect(done).toMatchObject({ aside: undefined, newMigrations: [], credentials: 2 })
    expect(namesIn(dataFolder)).toEqual(['audit-anchors.log', 'db', 'kind', 'recording-disks.json', 'recordings', 'secret.key'])
    expect(readFileSync(join(dataFolder, 'secret.key'))).toEqual(readFileSync(join(world.dataFolder, 'secret.key')))
    expect(namesIn(recordings)).toEqual(['2026-01-01'])
    await withStopped(contextFor(dataFolder), 'production', async ({ database, audit }) => {
      expectSame(await readAll(database))
      expect(await audit.verify()).toMatchObject({ isWhole: true })
    })
  })
  test('a backup of an older version is brought up to date; numbers that count up go on', async () => {
    const migrationsFolder = freshFolder()
    const real = new URL('../../server/migrations/', import.meta.url).href
    for (const name of await listMigrations()) writeFileSync(join(migrationsFolder, `${name}.ts`), `export { up } from '${real}${name}.ts'`)
    const base = new URL('../../server/base/migrate.ts', import.meta.url).href
    const things = 'create table things (id serial primary key, parent integer references things, label text)'
    writeFileSync(
      join(migrationsFolder, '900-things.ts'),
      `import { runStatements } from '${base}'\nexport const up = (transaction) => runStatements(transaction, ['${things}'])`,
    )

    const older = await openEmptied()
    const names = [...(await listMigrations()).filter((name) => name !== '041-marks'), '900-things']
    const withThings = { clock: systemClock, folder: migrationsFolder }
    await older.database
      .as<never>()
      .transaction()
      .execute((transaction) => migrateWithin(transaction, { ...withThings, only: names }))
    await older.sql("insert into things (label) values ('a'), ('b'); insert into things (parent) values (2)")
    const olderFile = join(place, 'older.tar.gz')
    await save(older.database, olderFile)

    const url = await emptyUrl()
    await expect(restoreInto(freshFolder(), { file: olderFile }, { DATABASE_URL: url })).rejects.toThrow('900-things')
    const { done } = await restoreInto(freshFolder(), { file: olderFile, migrationsFolder }, { DATABASE_URL: url })
    expect(done!.newMigrations).toEqual(['041-marks'])
    await useUrl(url, async (database) => {
      const { rows } = await sql`insert into things (parent) values (3) returning id`.execute(database.as<never>())
      expect(rows).toEqual([{ id: 4 }])
      await expect(sql`insert into things (parent) values (99)`.execute(database.as<never>())).rejects.toThrow('foreign key')
      await expect(sql`truncate audit_log`.execute(database.as<never>())).rejects.toThrow('append-only')
    })
  })
  test('a demo and real work never take the place of each other', async () => {
    const dataFolder = freshFolder()
    writeFileSync(join(dataFolder, 'kind'), 'demo\n')
    await expect(restoreInto(dataFolder, { isReplacing: true })).rejects.toThrow(/演示.*\n.*production/)
    const demo = join(place, 'demo.tar.gz')
    await save(world.database.database, demo, { kind: 'demo' })
    writeFileSync(join(dataFolder, 'kind'), 'production\n')
    await expect(restoreInto(dataFolder, { file: demo, isReplacing: true })).rejects.toThrow('演示')
    expect(namesIn(dataFolder)).toEqual(['kind'])
  })
  test('one that fails in its middle leaves everything as it was; what is there is refused, or put aside with --replace; recordings stay', async () => {
    const lost = await forge('lost-station.tar.gz', (path, text) =>
      path.startsWith('tables/cameras/') ? text.replace('"station_id":"south"', '"station_id":"nowhere"') : text,
    )
    const environment = { DATABASE_URL: await emptyUrl() }
    const dataFolder = freshFolder()
    await expect(restoreInto(dataFolder, { file: lost }, environment)).rejects.toThrow(/foreign key/)
    await useUrl(environment.DATABASE_URL, async (database) => expect(await readAll(database)).toEqual({}))
    expect(namesIn(dataFolder)).toEqual([])

    // as it is after one that was cut off in its last step: nothing starts there
    writeFileSync(join(dataFolder, 'kind'), 'restoring\n')
    await expect(withStopped(contextFor(dataFolder), 'production', async () => undefined)).rejects.toThrow('mapwall restore')
    writeFileSync(join(dataFolder, 'secret.key'), 'another')
    mkdirSync(join(dataFolder, 'recordings', '2026-01-01'), { recursive: true })
    await expect(restoreInto(dataFolder, {}, environment)).rejects.toThrow('--replace')
    expect((await restoreInto(dataFolder, { isDryRun: true }, environment)).present).toEqual(['kind', 'secret.key'])
    expect(namesIn(dataFolder)).toEqual(['kind', 'recordings', 'secret.key'])

    const { done } = await restoreInto(dataFolder, { isReplacing: true }, environment)
    expect(readFileSync(join(done!.aside!, 'secret.key'), 'utf8')).toBe('another')
    expect(readFileSync(join(dataFolder, 'secret.key'))).toEqual(readFileSync(join(world.dataFolder, 'secret.key')))
    expect(readFileSync(join(dataFolder, 'kind'), 'utf8')).toBe('production\n')
    expect(existsSync(join(dataFolder, 'recordings', '2026-01-01'))).toBe(true)
  })
})

async function useUrl(url: string, use: (database: Database) => Promise<void>) {
  const { openDatabase } = await import('../../server/base/db.ts')
  const { silentLog } = await import('../../server/base/log.ts')
  const database = openDatabase({ url, maxConnections: 1, log: silentLog, clock: systemClock })
  try {
    await use(database)
  } finally {
    await database.close()
  }
}

describe('R-RECOVER-4 a file that is not as it was written', () => {
  const sane = /备份/
  test('cut anywhere', async () => {
    const bytes = readFileSync(file)
    const cut = join(place, 'cut.tar.gz')
    for (let step = 0; step < 20; step++) {
      writeFileSync(cut, bytes.subarray(0, Math.floor((bytes.length * step) / 20)))
      await expect(checkBackup(cut, common), `${step}`).rejects.toThrow(sane)
    }
    for (const missing of [1, 8, 9]) {
      writeFileSync(cut, bytes.subarray(0, bytes.length - missing))
      await expect(checkBackup(cut, common), `-${missing}`).rejects.toThrow(sane)
    }
  })
  test('a byte flipped anywhere', async () => {
    const bytes = readFileSync(file)
    const flipped = join(place, 'flipped.tar.gz')
    // bytes 4 to 9 of a gzip say when and on what it was written (RFC 1952 §2.3): they change nothing
    for (let at = 10; at < bytes.length; at += Math.ceil(bytes.length / 30)) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 0x10
      writeFileSync(flipped, changed)
      await expect(checkBackup(flipped, common), `byte ${at}`).rejects.toThrow(sane)
    }
  })
  test.each([
    { name: 'a newer format', change: (text: string) => text.replace('"formatVersion": 1', '"formatVersion": 2'), in: 'about.json', message: '更新版本' },
    { name: 'another program', change: (text: string) => text.replace('mapwall-backup', 'other-backup'), in: 'about.json', message: '完好' },
    {
      name: 'a row of the audit log',
      change: (text: string) => text.replace('"10.0.0.1"', '"10.0.0.2"'),
      in: 'tables/audit_log/000001.jsonl',
      message: 'audit log',
    },
    {
      name: 'a row of the audit log taken out',
      change: (text: string) => text.slice(text.indexOf('\n') + 1),
      in: 'tables/audit_log/000002.jsonl',
      message: 'audit log',
    },
    { name: 'another key', change: () => `${'ab'.repeat(32)}\n`, in: 'files/secret.key', message: 'audit log' },
  ])('$name is refused, also with hashes made anew', async ({ name, change, in: where, message }) => {
    const forged = await forge(`${name}.tar.gz`, (path, text) => (path === where ? change(text) : text))
    const dataFolder = join(place, `not-made-${name}`)
    await expect(restoreInto(dataFolder, { file: forged })).rejects.toThrow(message)
    expect(existsSync(dataFolder)).toBe(false)
  })
  test('a manifest that says otherwise, a file behind the end, a file that is no backup', async () => {
    const fewer = await forge(
      'fewer.tar.gz',
      (_, text) => text,
      (manifest) => ({ ...manifest, tables: { ...manifest.tables, users: { ...manifest.tables['users'], rows: 2 } } }),
    )
    await expect(checkBackup(fewer, common)).rejects.toThrow('users has 1 rows')
    const longer = join(place, 'longer.tar.gz')
    writeFileSync(longer, Buffer.concat([readFileSync(file), readFileSync(file)]))
    await expect(checkBackup(longer, common)).rejects.toThrow('behind its end')
    writeFileSync(longer, 'hello')
    await expect(checkBackup(longer, common)).rejects.toThrow('完好')
    await expect(checkBackup(join(place, 'none'), common)).rejects.toThrow('没有这个文件')
  })
})

describe('R-RECOVER-4 the commands', () => {
  test('backup through the running platform, with an audit record; no restore over it', async () => {
    const runFolder = mkdtempSync(join(tmpdir(), 'mapwall-run-'))
    const answering = await answerCommands(world, runFolder)
    onTestFinished(() => {
      answering.close()
      rmSync(runFolder, { recursive: true, force: true })
    })
    const context = contextFor(world.dataFolder)
    expect(findRunning(context)).toBeDefined()
    const folder = freshFolder()
    expect(await backupCommands['backup']!.run(['--to', folder, '--dry-run'], context)).toBe(0)
    expect(namesIn(folder)).toEqual([])
    expect(await backupCommands['backup']!.run(['--to', folder], context)).toBe(0)
    const [name] = namesIn(folder)
    expect(name).toMatch(/^mapwall-backup-\d{8}-\d{6}\.tar\.gz$/)
    expect(context.said.join('\n')).toContain('SHA-256 ')
    const rows = await readAll(world.database.database)
    expect(rows['audit_log']!.filter((line) => line.includes('"platform.backup"') && line.includes(name!))).toHaveLength(1)
    await expect(restoreInto(world.dataFolder, { isReplacing: true })).rejects.toThrow('正在这个数据目录上运行')
  })
  test('a folder without a platform is not saved, wrong words are said', async () => {
    const context = contextFor(freshFolder())
    await expect(backupCommands['backup']!.run([], context)).rejects.toThrow('没有平台')
    await expect(backupCommands['restore']!.run([], context)).rejects.toThrow('mapwall restore')
    await expect(backupCommands['restore']!.run([file, '--force'], context)).rejects.toThrow('--force')
    expect(namesIn(context.config.dataFolder)).toEqual([])
  })
})

describe('R-RECOVER-4 the drill', { timeout: SLOW_MS }, () => {
  test('passes on a platform with a recording, leaves nothing, is on record', async () => {
    const { code, said, left, passed } = await runDrillOn(world, place)
    expect(said.join('\n')).toContain('全部通过')
    expect(code).toBe(0)
    expect(left).toEqual([])
    expect(passed).toBe(true)
  })
})

const programs = findPostgres()

describe.skipIf(!programs)('R-RECOVER-4 with PostgreSQL', () => {
  let postgres: RunningPostgres
  beforeAll(async () => {
    postgres = await startPostgres(programs!)
  })
  afterAll(() => postgres.close())

  test('restored into it, saved from it, and restored over it: what was there is another schema then', async () => {
    const dataFolder = freshFolder()
    const environment = { DATABASE_URL: postgres.url }
    await restoreInto(dataFolder, {}, environment)
    await useUrl(postgres.url, async (database) => expectSame(await readAll(database)))
    await expect(restoreInto(freshFolder(), {}, environment)).rejects.toThrow('DATABASE_URL')
    const context = contextFor(dataFolder, environment)
    const second = join(place, 'second.tar.gz')
    expect(await backupCommands['backup']!.run(['--to', second], context)).toBe(0)

    const { done } = await restoreInto(dataFolder, { file: second, isReplacing: true }, environment)
    expect(Number((await postgres.query(`select count(*) as rows from ${done!.schemaAside}.cameras`))[0]!['rows'])).toBe(2)
    expect(done!.aside).toBeDefined()
    await useUrl(postgres.url, async (database) => expectSame(await readAll(database), { restores: 2 }))
  })
  test('not while another MapWall uses it', async () => {
    await useUrl(postgres.url, async (database) => {
      await database.isReachable()
      await expect(restoreInto(freshFolder(), { isReplacing: true }, { DATABASE_URL: postgres.url })).rejects.toThrow('另一个 MapWall')
    })
  })
})
