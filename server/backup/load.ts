/** Puts the rows of a backup into a database and proves that they are there, all in one transaction. */
import { createPlatformAudit } from '../app.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/db.ts'
import { silentLog } from '../base/log.ts'
import { listMigrations, migrateWithin } from '../base/migrate.ts'
import { openSecrets } from '../base/secrets.ts'
import type { SayProgress } from '../commands.ts'
import { createCameraStore } from '../features/cameras/index.ts'
import { putFile, refuseOtherAudit } from './check.ts'
import { badFile, describeProblems, type Manifest, refusal } from './format.ts'
import { readBackup } from './read.ts'
import { asDatabase, beginLoading, countRows, endLogins, listTables, type Loading, moveSchemaAside } from './store.ts'

export type LoadOptions = {
  database: Database
  file: string
  /** What a first reading of the file found. */
  manifest: Manifest
  /** Where its files are put. */
  filesFolder: string
  /** Name for what is in the database already; undefined when nothing is. */
  schemaAside: string | undefined
  clock: Clock
  sayProgress: SayProgress
  migrationsFolder?: string | undefined
  /** All is proven; committed next. */
  beforeCommit(): void
}
export type Loaded = { rows: number; auditRows: number; credentials: number; newMigrations: string[] }

export async function loadBackup(options: LoadOptions): Promise<Loaded> {
  const { database, file, manifest, filesFolder, schemaAside, clock, sayProgress, migrationsFolder: folder, beforeCommit } = options
  return database.withoutTimeLimit(() =>
    database
      .as<never>()
      .transaction()
      .execute(async (transaction) => {
        if (schemaAside !== undefined) await moveSchemaAside(transaction, schemaAside)
        await migrateWithin(transaction, { clock, only: manifest.migrations, ...(folder ? { folder } : {}) })
        const tables = await listTables(transaction)
        refuseOtherTables(file, manifest, tables)
        const loading = await beginLoading(transaction, tables)
        await readInto(loading, options)
        await loading.finish()
        for (const { name } of tables) {
          const rows = await countRows(transaction, name)
          if (rows !== manifest.tables[name]!.rows) throw badFile(file, `${name}: ${rows} rows were put in, its manifest says ${manifest.tables[name]!.rows}`)
        }
        const proven = await prove(asDatabase(transaction, database), filesFolder, clock)
        refuseOtherAudit(file, manifest, proven.auditProblems)
        await endLogins(transaction, clock.now())
        const newMigrations = await migrateWithin(transaction, { clock, ...(folder ? { folder } : {}) })
        sayProgress('已核对 / checked')
        beforeCommit()
        const rows = Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0)
        return { rows, auditRows: proven.auditRows, credentials: proven.credentials, newMigrations }
      }),
  )
}

const readInto = (loading: Loading, { file, filesFolder, clock, sayProgress }: LoadOptions) =>
  readBackup(file, { clock, sayProgress, doing: '恢复 restoring' }, { onFile: (name, content) => putFile(filesFolder, name, content), onRows: loading.insert })

/** That the audit log is whole and that every camera's stored login opens with the key of this folder. */
export async function prove(database: Database, filesFolder: string, clock: Clock) {
  const secrets = await openSecrets(filesFolder)
  const audit = createPlatformAudit({ database, secrets, clock, log: silentLog, dataFolder: filesFolder })
  try {
    const { rows, problems } = await audit.verify()
    const credentials = (await createCameraStore(database, secrets).listEntries()).length
    return { auditRows: rows, auditProblems: describeProblems(problems), credentials }
  } finally {
    await audit.close()
  }
}

/** Throws when a newer MapWall made it. */
export async function refuseNewer({ migrations, productVersion }: Manifest, folder?: string): Promise<void> {
  const known = await listMigrations(folder)
  const unknown = migrations.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw refusal({
    what: { zh: '这份备份由更新版本的 MapWall 写成', en: 'this backup was written by a newer MapWall' },
    evidence: { zh: `版本 ${productVersion}；本版没有 ${unknown.join('、')}`, en: `version ${productVersion}; this one has no ${unknown.join(', ')}` },
    next: { zh: '用写下它的版本或更新的版本恢复', en: 'restore with the version that wrote it, or a newer one' },
  })
}

function refuseOtherTables(file: string, manifest: Manifest, tables: readonly { name: string; columns: string[] }[]) {
  const inDatabase = new Map(tables.map(({ name, columns }) => [name, columns.join()]))
  for (const [name, { columns }] of Object.entries(manifest.tables))
    if (inDatabase.get(name) !== columns.join()) throw badFile(file, `its table ${name} is not one that its migrations make`)
  for (const name of inDatabase.keys()) if (!(name in manifest.tables)) throw badFile(file, `the table ${name} is missing in it`)
}
