/** `mapwall backup | restore | drill` (R-RECOVER-4). */
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { checkBackup } from '../backup/check.ts'
import { runDrill } from '../backup/drill.ts'
import { restoreBackup, type Restored } from '../backup/restore.ts'
import { stampOf } from '../backup/stamp.ts'
import { writeBackup, type WrittenBackup } from '../backup/write.ts'
import type { SayProgress } from '../commands.ts'
import { localEntry } from '../features/audit/index.ts'
import { StartError } from '../start-error.ts'
import { type CliCommand, UsageError } from './command.ts'
import { productVersion } from '../version.ts'
import { type CliContext, findRunning, kindOf, osAccount, withStopped } from './platform.ts'

export { writeBackup }

const flag = { type: 'boolean', default: false } as const
const MOST_NAMED = 20

export const backupCommands: Record<string, CliCommand> = {
  backup: {
    usage: 'backup [--to 文件或目录 FILE|FOLDER] [--dry-run]',
    about:
      '把数据库和数据目录中的密钥、身份写进一个文件（不含录像），运行中也可进行。文件含密钥，须妥善保管。\n' +
      'Writes database, keys and identities into one file (no recordings), also while MapWall runs. It holds the keys: keep it safe.',
    async run(words, context) {
      const { values } = readWords('backup', words, { to: { type: 'string', default: '.' }, 'dry-run': flag }, 0)
      return backup(backupFile(values.to, context), values['dry-run'], context)
    },
  },
  restore: {
    usage: 'restore 备份文件 FILE [--dry-run] [--replace]',
    about:
      '在停止的平台上恢复一份备份，全部成功或什么也不改。--dry-run 只检查；--replace 把原有的内容移到一旁（不删除，录像留在原处）。\n' +
      'Restores a backup into a stopped platform, all or nothing. --replace puts what is there aside; nothing is deleted, recordings stay.',
    async run(words, context) {
      const { values, file } = readWords('restore', words, { 'dry-run': flag, replace: flag }, 1)
      return restore(file, { isDryRun: values['dry-run'], isReplacing: values.replace }, context)
    },
  },
  drill: {
    usage: 'drill [--from 备份文件 FILE] [--keep]',
    about:
      '恢复演练：备份、在别处恢复、核对、找回并播放一段录像，逐步计时，最后全部清除；不影响运行中的平台。\n' +
      'Recovery drill: backup, restore elsewhere, check, find and play a recording again, with times; removes everything afterwards. The running platform is not disturbed.',
    async run(words, context) {
      const { values } = readWords('drill', words, { from: { type: 'string' }, keep: flag }, 0)
      return runDrill({ from: values.from && resolve(values.from), keeps: values.keep, makeBackup: (file) => makeBackup(file, context, context.say) }, context)
    },
  },
}

function readWords<Options extends NonNullable<ParseArgsConfig['options']>>(name: string, words: readonly string[], options: Options, files: 0 | 1) {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: files > 0 })
    if (positionals.length !== files) throw new Error(`${positionals.length} files`)
    return { values, file: resolve(positionals[0] ?? '.') }
  } catch (problem) {
    throw new UsageError(`参数有误 / wrong words: ${(problem as Error).message}\nmapwall ${backupCommands[name]!.usage}`)
  }
}

function backupFile(to: string, { clock }: CliContext): string {
  const path = resolve(to)
  const isFolder = existsSync(path) ? statSync(path).isDirectory() : !/\.(tar\.gz|tgz)$/.test(path)
  return isFolder ? join(path, `mapwall-backup-${stampOf(clock.now())}.tar.gz`) : path
}

async function backup(file: string, isDryRun: boolean, context: CliContext): Promise<number> {
  const { config, clock, say } = context
  requirePlatform(config.dataFolder)
  if (existsSync(file)) throw new StartError(`文件已存在，没有备份：${file} / this file exists already, nothing was saved`)
  if (isDryRun) {
    say(`将写入 ${file}，来自${findRunning(context) ? '正在运行' : '已停止'}的 ${config.dataFolder} / would be written; nothing was done`)
    return 0
  }
  const written = await makeBackup(file, context, say)
  const manifest = await checkBackup(file, { clock, sayProgress: say })
  say(`已备份并核对 / saved and checked: ${file}`)
  say(`${written.rows} 行 rows · ${written.tables} 表 tables · ${written.bytes} 字节 bytes · 用户最多等待 users waited at most ${written.snapshotMs} ms`)
  say(`SHA-256 ${written.sha256}`)
  sayAudit(manifest.auditProblems, say)
  return manifest.auditProblems.length === 0 ? 0 : 1
}

/** Through the running platform, or of the stopped one; its audit record comes after the backup, so it is not in it. */
async function makeBackup(file: string, context: CliContext, sayProgress: SayProgress): Promise<WrittenBackup> {
  const { config, clock } = context
  requirePlatform(config.dataFolder)
  const by = osAccount()
  const running = findRunning(context)
  if (running) return (await running.ask({ command: 'backup', file, by }, sayProgress)) as WrittenBackup
  const kind = kindOf(config.dataFolder)
  return withStopped(context, kind, async ({ database, audit }) => {
    const written = await writeBackup({ database, dataFolder: config.dataFolder, file, kind, clock, version: productVersion(), sayProgress })
    await audit.record(localEntry('platform.backup', { file, rows: written.rows, bytes: written.bytes }, by))
    return written
  })
}

/** A wrong MAPWALL_DATA would save an empty platform. */
function requirePlatform(dataFolder: string) {
  if (existsSync(join(dataFolder, 'kind'))) return
  throw new StartError(
    `这个目录里没有平台，没有备份：${dataFolder}。用 MAPWALL_DATA 指定启动时的数据目录。\nThere is no platform in this folder, nothing was saved. MAPWALL_DATA is the folder of the start.`,
  )
}

async function restore(file: string, flags: { isDryRun: boolean; isReplacing: boolean }, { config, clock, say }: CliContext): Promise<number> {
  const restored = await restoreBackup({ file, config, clock, say, by: osAccount(), ...flags })
  sayRestored(restored, config.dataFolder, say)
  sayAudit(restored.manifest.auditProblems, say)
  const isBlocked = restored.done === undefined && restored.present.length > 0 && !flags.isReplacing
  return restored.manifest.auditProblems.length > 0 || isBlocked ? 1 : 0
}

function sayRestored({ manifest, present, done }: Restored, dataFolder: string, say: CliContext['say']) {
  const { productVersion: version, madeAt, kind, tables } = manifest
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0)
  say(`备份 backup: ${new Date(madeAt).toLocaleString('sv-SE')} · MapWall ${version} · ${kind} · ${rows} 行 rows`)
  if (!done) {
    say(`将恢复到 / would go to: ${dataFolder}`)
    if (present.length > 0)
      say(`目标不是空的，须加 --replace，它们会移到一旁 / not empty: with --replace these are put aside: ${present.slice(0, MOST_NAMED).join(', ')}`)
    say('只是检查，什么也没有改 / dry run: nothing was changed')
    return
  }
  say(`已恢复并核对 / restored and checked: ${dataFolder} · 审计 audit ${done.auditRows} 行 rows · 点位密码可用 stored logins open: ${done.credentials}`)
  if (done.newMigrations.length > 0) say(`表结构已更新 / brought up to date: ${done.newMigrations.join(', ')}`)
  if (done.aside !== undefined) say(`原有内容在 / what was there: ${done.aside}`)
  if (done.schemaAside !== undefined) say(`原有的表在 / its tables: schema ${done.schemaAside}`)
  say('所有人须重新登录；备份以后改过的密码、权限、点位要重新改 / everybody signs in anew; what was changed after the backup is as before')
  say('备份以后的录像仍在磁盘上，现在运行 mapwall recordings rebuild 找回 / newer recordings are still on the disks: now run mapwall recordings rebuild')
}

function sayAudit(problems: readonly string[], say: CliContext['say']) {
  if (problems.length === 0) return
  say(`注意：保存时审计日志已不完整，请报告安全管理员 / the audit log was damaged when it was saved; tell the security administrator:`)
  for (const problem of problems.slice(0, MOST_NAMED)) say(`  ${problem}`)
}
