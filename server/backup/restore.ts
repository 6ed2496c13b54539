/** Restores a backup into an empty place, or beside what is there: all of it or nothing (R-RECOVER-4). */
import { basename, resolve } from 'node:path'
import { createPlatformAudit } from '../app.ts'
import type { Clock } from '../base/clock.ts'
import { type Database, openDatabase } from '../base/db.ts'
import { silentLog } from '../base/log.ts'
import { openSecrets } from '../base/secrets.ts'
import type { Config } from '../config.ts'
import { findHolder } from '../database/process-lock.ts'
import { localEntry } from '../features/audit/index.ts'
import { createDatabaseChild } from '../processes.ts'
import { dataFolderLock, RESTORING } from '../start-checks.ts'
import { checkBackup } from './check.ts'
import { type Manifest, refusal } from './format.ts'
import { type Loaded, loadBackup, refuseNewer } from './load.ts'
import { stampOf } from './stamp.ts'
import { countOthers, findKind, listTables } from './store.ts'
import { findFolderKind, inUse, listPresent, openTarget, type Target } from './target.ts'

export type RestoreOptions = {
  file: string
  config: Config
  clock: Clock
  say(line: string): void
  isDryRun: boolean
  isReplacing: boolean
  /** Account of the operating system, for the audit log. */
  by: string
  migrationsFolder?: string
}
export type Restored = {
  manifest: Manifest
  /** What was there before, or would be put aside. */
  present: string[]
  /** Undefined after a dry run. */
  done: (Loaded & { aside: string | undefined; schemaAside: string | undefined }) | undefined
}

export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { file, config, clock, say, isDryRun, isReplacing, migrationsFolder } = options
  if (findHolder(dataFolderLock(config.dataFolder))) throw inUse(config.dataFolder)
  const manifest = await checkBackup(file, { clock, sayProgress: say })
  await refuseNewer(manifest, migrationsFolder)
  const present = listPresent(config)
  refuseOtherKind(manifest, findFolderKind(config.dataFolder), config.dataFolder)
  const hasTables = config.databaseUrl !== undefined && (await withDatabase(config.databaseUrl, clock, (database) => lookInto(database, manifest)))
  const occupied = [...present, ...(hasTables ? ['DATABASE_URL'] : [])]
  if (occupied.length > 0 && !isReplacing && !isDryRun) throw notEmpty(config.dataFolder, occupied)
  if (isDryRun) return { manifest, present: occupied, done: undefined }

  const stamp = stampOf(clock.now())
  const target = openTarget(config, manifest.kind, clock, stamp)
  try {
    const schemaAside = hasTables ? `before_restore_${stamp.replaceAll('-', '_')}` : undefined
    const loaded = await loadInto(target, manifest, schemaAside, options)
    return { manifest, present: occupied, done: { ...loaded, schemaAside, aside: target.moveIn() } }
  } finally {
    target.close()
  }
}

async function loadInto(
  target: Target,
  manifest: Manifest,
  schemaAside: string | undefined,
  { file, config, clock, say, by, migrationsFolder }: RestoreOptions,
): Promise<Loaded> {
  const { freshFolder, runFolder } = target
  const fresh = { ...config, dataFolder: freshFolder }
  const child = config.databaseUrl === undefined ? createDatabaseChild({ config: fresh, clock, runFolder, output: 'inherit', say }) : undefined
  try {
    const url = config.databaseUrl ?? String((await child!.start())['url'])
    return await withDatabase(url, clock, async (database) => {
      let isMarked = false
      const beforeCommit = () => {
        target.mark()
        isMarked = true
      }
      const loaded = await loadBackup({
        database,
        file,
        manifest,
        filesFolder: freshFolder,
        schemaAside,
        clock,
        sayProgress: say,
        migrationsFolder,
        beforeCommit,
      }).catch((problem: unknown) => {
        if (isMarked) target.unmark()
        throw problem
      })
      const secrets = await openSecrets(freshFolder)
      const audit = createPlatformAudit({ database, secrets, clock, log: silentLog, dataFolder: freshFolder })
      await audit.record(
        localEntry(
          'platform.restore',
          { file: basename(file), backupMadeAt: manifest.madeAt, rows: loaded.rows, auditWasWhole: manifest.auditProblems.length === 0 },
          by,
        ),
      )
      await audit.close()
      return loaded
    })
  } finally {
    await child?.stop(10_000)
  }
}

async function withDatabase<T>(url: string, clock: Clock, run: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({ url, maxConnections: 1, log: silentLog, clock })
  try {
    return await run(database)
  } finally {
    await database.close()
  }
}

/** Whether there are tables; refuses a database that is in use, or of the other kind. */
async function lookInto(database: Database, manifest: Manifest): Promise<boolean> {
  const db = database.as<never>()
  const others = await countOthers(db)
  if (others > 0) {
    throw refusal({
      what: { zh: '另一个 MapWall 正在使用这个数据库', en: 'another MapWall is using this database' },
      evidence: { zh: `DATABASE_URL 上另有 ${others} 个连接`, en: `${others} other connections of a MapWall` },
      next: { zh: '先停止它，再恢复', en: 'stop it first, then restore' },
    })
  }
  refuseOtherKind(manifest, await findKind(db), 'DATABASE_URL')
  return (await listTables(db)).length > 0
}

function refuseOtherKind({ kind }: Manifest, found: string | undefined, where: string) {
  if (found === undefined || found === RESTORING || found === kind) return
  throw refusal({
    what: { zh: '演示与正式运行的数据不能相互覆盖', en: 'a demo never takes the place of real work, nor the other way round' },
    evidence: { zh: `备份是 ${kind}，${where} 是 ${found}`, en: `the backup is ${kind}, ${where} is ${found}` },
    next: { zh: '用 MAPWALL_DATA（和 DATABASE_URL）指定另一个地方', en: 'choose another MAPWALL_DATA (and DATABASE_URL)' },
  })
}

const notEmpty = (dataFolder: string, occupied: readonly string[]) =>
  refusal({
    what: { zh: '目标不是空的', en: 'the target is not empty' },
    evidence: { zh: `${resolve(dataFolder)}：${occupied.join('、')}`, en: occupied.join(', ') },
    next: {
      zh: '加 --replace：原有的内容移到一旁（不删除），录像留在原处；或用 MAPWALL_DATA 指定一个新目录',
      en: '--replace puts it aside (nothing is deleted, recordings stay), or choose a new MAPWALL_DATA',
    },
  })
