/** Writes a backup of a platform that may go on working meanwhile (R-RECOVER-4). */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/db.ts'
import { assert } from '../base/errors.ts'
import type { SayProgress } from '../commands.ts'
import type { PlatformKind } from '../features/system/index.ts'
import { syncFolder } from '../media/recording/disk.ts'
import { StartError } from '../start-error.ts'
import { type AuditCheck, openAuditCheck } from './audit-check.ts'
import { type About, ABOUT_PATH, filePath, FORMAT, FORMAT_VERSION, type Manifest, MANIFEST_PATH, pagePath, SAVED_FILES, type SavedTable } from './format.ts'
import { createRowProgress } from './progress.ts'
import { listApplied, listTables, openSnapshot, readPage, ROWS_A_PAGE, type Table } from './store.ts'
import { type TarEntry, writeTar } from './tar-file.ts'

export type BackupOptions = {
  database: Database
  dataFolder: string
  file: string
  kind: PlatformKind
  clock: Clock
  version: string
  sayProgress: SayProgress
}
export type WrittenBackup = {
  file: string
  bytes: number
  sha256: string
  tables: number
  rows: number
  auditProblems: string[]
  /** How long the one transaction was open: what others waited for at most, where there is one connection. */
  snapshotMs: number
}

/**
 * Read page by page before the snapshot, so that with one connection nobody waits for the largest tables. `audit_log`: its rows are never changed and follow
 * without a hole, so that what was read before is what the snapshot has; the snapshot adds the newest. `segments`: an index that is made again from the disks.
 */
const READ_BEFORE = ['audit_log', 'segments']
const READ_BEFORE_ONLY = 'segments'
/** Longer pages are cut, so that a reader's memory has a bound. */
const PAGE_BYTES = 4 * 1024 * 1024

/** Writes `file`, which does not exist yet, under another name until it is whole. */
export async function writeBackup(options: BackupOptions): Promise<WrittenBackup> {
  const { file, dataFolder, database, kind, clock, version } = options
  if (existsSync(file)) throw new StartError(`文件已存在，没有备份：${file} / this file exists already, nothing was saved`)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const about: About = {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    productVersion: version,
    madeAt: clock.now(),
    kind,
    migrations: await listApplied(database.as<never>()),
  }
  const manifest: Manifest = { ...about, files: {}, tables: {}, auditProblems: [] }
  const audit = await openAuditCheck(dataFolder) // before any row is read
  const tables = createTableSaving(options, audit)

  async function* entries(): AsyncGenerator<TarEntry> {
    yield textEntry(ABOUT_PATH, about)
    yield* saveFiles(dataFolder, manifest)
    yield* tables.entries(manifest)
    manifest.auditProblems = audit.finish()
    yield textEntry(MANIFEST_PATH, manifest)
  }

  const growing = `${file}.part`
  await rm(growing, { force: true }) // of one that was killed
  try {
    const written = await writeTar(growing, entries())
    await rename(growing, file)
    await syncFolder(dirname(file))
    const saved = Object.values(manifest.tables)
    const rows = saved.reduce((sum, table) => sum + table.rows, 0)
    return { file, ...written, tables: saved.length, rows, auditProblems: manifest.auditProblems, snapshotMs: tables.snapshotMs() }
  } catch (problem) {
    await rm(growing, { force: true })
    throw problem
  }
}

function textEntry(path: string, value: object): TarEntry {
  const content = Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
  return { path, bytes: content.length, content: [content] }
}

async function* saveFiles(dataFolder: string, manifest: Manifest): AsyncGenerator<TarEntry> {
  for (const name of SAVED_FILES) {
    const path = join(dataFolder, name)
    if (!existsSync(path)) continue
    const handle = await open(path, 'r')
    try {
      const { size } = await handle.stat() // it may grow meanwhile
      const hash = createHash('sha256')
      const read = async function* () {
        for (let at = 0; at < size;) {
          const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(size - at, PAGE_BYTES)), 0, undefined, at)
          assert(bytesRead > 0, `${path} became shorter while it was saved`)
          at += bytesRead
          const chunk = buffer.subarray(0, bytesRead)
          hash.update(chunk)
          yield chunk
        }
      }
      yield { path: filePath(name), bytes: size, content: read() }
      manifest.files[name] = { bytes: size, sha256: hash.digest('hex') }
    } finally {
      await handle.close()
    }
  }
}

type TableSaving = { table: Table; saved: SavedTable; pages: number; after: readonly unknown[] | undefined; hash: ReturnType<typeof createHash> }

function createTableSaving({ database, clock, sayProgress }: BackupOptions, audit: AuditCheck) {
  const progress = createRowProgress(clock, sayProgress, '备份 saving')
  let snapshotMs = 0

  /** The rows behind those saved so far. */
  async function* savePages(db: Parameters<typeof readPage>[0], saving: TableSaving): AsyncGenerator<TarEntry> {
    const { table, saved, hash } = saving
    for (;;) {
      const lines = await readPage(db, table, saving.after)
      if (lines.length === 0) return
      const last = JSON.parse(lines.at(-1)!) as Record<string, unknown>
      saving.after = table.key.map((column) => last[column])
      audit.add(table.name, lines)
      saved.rows += lines.length
      progress.add(table.name, lines.length)
      for (const content of inPages(lines)) {
        hash.update(content)
        saved.bytes += content.length
        yield { path: pagePath(table.name, ++saving.pages), bytes: content.length, content: [content] }
      }
      if (lines.length < ROWS_A_PAGE) return
    }
  }

  async function* entries(manifest: Manifest): AsyncGenerator<TarEntry> {
    const before = database.as<never>()
    const all = (await listTables(before)).map((table): TableSaving => {
      assert(table.key.length > 0, `the table ${table.name} has a primary key, by which it is read`)
      return { table, saved: { rows: 0, bytes: 0, sha256: '', columns: table.columns }, pages: 0, after: undefined, hash: createHash('sha256') }
    })
    for (const saving of all) if (READ_BEFORE.includes(saving.table.name)) yield* savePages(before, saving)
    const snapshot = await openSnapshot(database)
    const startedMs = clock.monotonicMs()
    try {
      for (const saving of all) if (saving.table.name !== READ_BEFORE_ONLY) yield* savePages(snapshot, saving)
    } finally {
      await snapshot.rollback().execute()
      snapshotMs = clock.monotonicMs() - startedMs
    }
    for (const { table, saved, hash } of all) manifest.tables[table.name] = { ...saved, sha256: hash.digest('hex') }
  }

  return { entries, snapshotMs: () => Math.round(snapshotMs) }
}

function* inPages(lines: readonly string[]): Generator<Buffer> {
  let page: string[] = []
  let length = 0
  for (const line of lines) {
    if (length + line.length > PAGE_BYTES && page.length > 0) {
      yield Buffer.from(`${page.join('\n')}\n`)
      page = []
      length = 0
    }
    page.push(line)
    length += line.length
  }
  yield Buffer.from(`${page.join('\n')}\n`)
}
