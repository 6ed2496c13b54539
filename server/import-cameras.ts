/** `npm start -- --import-cameras file.csv`: puts cameras into a production system, through the running one if there is one. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { createPlatformAudit } from './app.ts'
import type { Clock } from './base/clock.ts'
import { openDatabase } from './base/db.ts'
import { silentLog } from './base/log.ts'
import { migrate } from './base/migrate.ts'
import { openSecrets } from './base/secrets.ts'
import { type ImportCommand, sendCommand } from './commands.ts'
import type { Config } from './config.ts'
import { findHolder } from './database/process-lock.ts'
import type { Audit } from './features/audit/index.ts'
import { type Cameras, createCameras, createCameraStore, type ImportReport } from './features/cameras/index.ts'
import { claimDatabase } from './features/system/index.ts'
import { createDatabaseChild } from './processes.ts'
import { dataFolderLock, openDataFolder } from './start-checks.ts'
import { StartError } from './start-error.ts'

type Options = { file: string; isDryRun: boolean; config: Config; clock: Clock; say(line: string): void }

const WAIT_FOR_CONTROL_MS = 30_000
const MOST_PROBLEMS_SHOWN = 200

/** Answers the exit code: 0 when the table is good. */
export async function importCamerasFromFile({ file, isDryRun, config, clock, say }: Options): Promise<number> {
  const command: ImportCommand = {
    command: 'importCameras',
    fileName: basename(file),
    tableBase64: readTable(file).toString('base64'),
    isDryRun,
    by: userInfo().username,
  }
  const holder = findHolder(dataFolderLock(config.dataFolder))
  const report = holder?.note ? await askRunning(join(holder.note, 'control.sock'), command, clock) : await importAlone(command, { config, clock, say })
  sayReport(report, { isDryRun, isRunning: holder !== undefined, say })
  return report.problems.length === 0 ? 0 : 1
}

function readTable(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (problem) {
    throw new StartError(`无法读取文件 ${file}（${(problem as NodeJS.ErrnoException).code}）/ cannot read this file`)
  }
}

/** Control may be starting, or starting anew. */
async function askRunning(socketPath: string, command: ImportCommand, clock: Clock): Promise<ImportReport> {
  const startedMs = clock.monotonicMs()
  while (clock.monotonicMs() - startedMs < WAIT_FOR_CONTROL_MS) {
    const report = (await sendCommand(socketPath, command)) as ImportReport | undefined
    if (report) return report
    await clock.sleep(500)
  }
  throw new StartError('正在运行的 MapWall 没有应答，什么也没有导入 / the running MapWall does not answer; nothing was imported')
}

/** Nothing runs on this folder: the folder is ours meanwhile, so that nothing starts on it either. */
async function importAlone(command: ImportCommand, { config, clock, say }: Pick<Options, 'config' | 'clock' | 'say'>): Promise<ImportReport> {
  const folder = openDataFolder(config.dataFolder, 'production', clock)
  const child = config.databaseUrl === undefined ? createDatabaseChild({ config, clock, runFolder: folder.runFolder, output: 'inherit', say }) : undefined
  try {
    const url = config.databaseUrl ?? String((await child!.start())['url'])
    const database = openDatabase({ url, maxConnections: child ? 1 : 2, log: silentLog, clock })
    try {
      await migrate(database, { clock, log: silentLog })
      if ((await claimDatabase(database, 'production', clock.now())) !== 'production')
        throw new StartError('这个数据库属于演示，不能导入 / this database belongs to a demo')
      const secrets = await openSecrets(config.dataFolder)
      const audit = createPlatformAudit({ database, secrets, clock, log: silentLog, dataFolder: config.dataFolder })
      try {
        const cameras = createCameras({ store: createCameraStore(database, secrets), clock, onChanged: () => undefined })
        return await runImport(command, { cameras, audit })
      } finally {
        await audit.close()
      }
    } finally {
      await database.close()
    }
  } finally {
    await child?.stop(10_000)
    folder.release()
  }
}

/** The import itself and its audit record. A dry run changes nothing and leaves none. */
export async function runImport(
  { fileName, tableBase64, isDryRun, by }: ImportCommand,
  { cameras, audit }: { cameras: Pick<Cameras, 'importTable'>; audit: Pick<Audit, 'record'> },
): Promise<ImportReport> {
  const report = await cameras.importTable(Buffer.from(tableBase64, 'base64'), { isDryRun })
  if (isDryRun) return report
  const { rows, added, changed, unchanged, problems, moved, stationsAdded } = report
  await audit.record({
    name: 'camera.import',
    result: problems.length === 0 ? 'ok' : 'failed',
    code: problems.length === 0 ? null : 'bad_request',
    userId: null,
    account: by,
    loginId: null,
    address: 'local',
    requestId: randomUUID(),
    cameraId: null,
    detail: { fileName, rows, added, changed, unchanged, moved: moved.length, stationsAdded: stationsAdded.length, badCells: problems.length },
  })
  return report
}

function sayReport(report: ImportReport, { isDryRun, isRunning, say }: { isDryRun: boolean; isRunning: boolean; say(line: string): void }) {
  const { rows, added, changed, unchanged, untouched, stationsAdded, stationsRenamed, moved, problems } = report
  if (problems.length > 0) {
    for (const { row, column, value, problem } of problems.slice(0, MOST_PROBLEMS_SHOWN))
      say(`第 ${row} 行，${column}${value === '' ? '' : ` = ${JSON.stringify(value)}`}：${problem}`)
    if (problems.length > MOST_PROBLEMS_SHOWN) say(`… 另有 ${problems.length - MOST_PROBLEMS_SHOWN} 处 / more`)
    say(`共 ${problems.length} 处不能使用，什么也没有导入 / ${problems.length} cells cannot be used, nothing was imported`)
    return
  }
  for (const { cameraId, metres } of moved) say(`移动：${cameraId} ${metres} 米 / moved ${metres} m`)
  for (const name of stationsAdded) say(`新派出所：${name} / new station`)
  for (const names of stationsRenamed) say(`派出所改名：${names} / renamed`)
  say(
    `${rows} 行：新增 ${added}，修改 ${changed}，不变 ${unchanged}；表中没有的 ${untouched} 台保持原样 / rows: ${added} new, ${changed} changed, ${unchanged} the same; ${untouched} not in the table stay`,
  )
  if (isDryRun) say('只是检查，什么也没有改 / dry run: nothing was changed')
  else
    say(
      isRunning
        ? '已导入，正在运行的系统已经在用 / imported; the running system uses it already'
        : '已导入，下次启动时生效 / imported; used from the next start on',
    )
}
