/** The recovery drill (R-RECOVER-4, R-SEC-7): everything a lost machine would need, done elsewhere with what there is, and timed. Nothing of the platform is changed. */
import { copyFile, mkdir, stat, statfs, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { type CliContext, findRunning, kindOf, osAccount, withStopped } from '../cli/platform.ts'
import { recordingCommands } from '../cli/recordings.ts'
import { localEntry } from '../features/audit/index.ts'
import { createRecordingStore } from '../features/recordings/index.ts'
import { IDENTITY_FILE } from '../media/recording/disk.ts'
import { cameraFolder } from '../media/recording/segment-name.ts'
import type { Manifest } from './format.ts'
import { checkBackup } from './check.ts'
import { cutClip, findNewestRecording, type NewestRecording, playClip } from './drill-recording.ts'
import { prove } from './load.ts'
import { withPrivateFolder } from './private-folder.ts'
import { restoreBackup } from './restore.ts'
import { countRows } from './store.ts'
import type { WrittenBackup } from './write.ts'

export type DrillOptions = { from: string | undefined; keeps: boolean; makeBackup(file: string): Promise<WrittenBackup> }
type Copied = { folder: string; diskId: string; file: string }
type Step = { name: string; seconds: number; passed: boolean; detail: string }

/** The restore and the rebuilt index leave rows of their own; a migration newer than the backup is one too. */
const growing = ['audit_log', 'segments', 'schema_migrations']
/** Kept free in the place of the drill. */
const SPARE_BYTES = 500e6

/** Answers the exit code: 0 when every step passed. */
export async function runDrill(options: DrillOptions, context: CliContext): Promise<number> {
  const startedAt = context.clock.now()
  const { steps, place } = await withPrivateFolder('drill', async (folder) => ({ steps: await drill(folder, options, context), place: folder }), options)
  const passed = steps.every((each) => each.passed)
  const seconds = steps.reduce((sum, each) => sum + each.seconds, 0)
  sayProtocol(steps, { startedAt, seconds, passed, place: options.keeps ? place : undefined }, context.say)
  const failed = steps.flatMap((each) => (each.passed ? [] : [each.name])).join(', ')
  await note({ passed, seconds: Math.round(seconds), failed }, context).catch((problem: Error) =>
    context.say(`未能记入审计日志 / could not be written into the audit log: ${problem.message}`),
  )
  return passed ? 0 : 1
}

async function drill(place: string, { from, makeBackup }: DrillOptions, context: CliContext): Promise<Step[]> {
  const { config, clock, say } = context
  const there: CliContext = {
    ...context,
    config: { ...config, dataFolder: join(place, 'data'), databaseUrl: undefined, mediaFolders: [join(place, 'recordings')] },
  }
  const steps: Step[] = []

  /** Not done when something it needs is missing, because an earlier step failed. */
  async function step<T>(name: string, needs: readonly unknown[], work: () => Promise<{ value: T; detail: string }>): Promise<T | undefined> {
    const startedMs = clock.monotonicMs()
    say(`… ${name}`)
    let result: { value: T; detail: string } | undefined
    let problem = '前面的步骤未通过 / an earlier step failed'
    if (!needs.includes(undefined)) result = await work().catch((error: Error) => void (problem = error.message))
    steps.push({ name, seconds: (clock.monotonicMs() - startedMs) / 1000, passed: result !== undefined, detail: result?.detail ?? problem })
    return result?.value
  }

  const file = from ?? (await step('备份 backup', [], () => backUp(join(place, 'drill.tar.gz'), makeBackup)))
  const manifest = await step('检查备份 check the backup', [file], () => check(file!, place, context))
  const restored = await step('恢复到别处 restore elsewhere', [manifest], () => restore(file!, there))
  const recording = await step('找到最新的录像 find the newest recording', [], () => findRecording(config.mediaFolders))
  const copied = await step('取一份副本 copy it', [recording], () => copyRecording(recording!, there.config.mediaFolders[0]!))
  await step('只凭录像文件重建索引 index from the file alone', [restored, copied], () => rebuildIndex(there))
  await step('再次打开并核对 open it again and check', [restored], () => checkAgain(manifest!, copied, there))
  const clip = await step('剪出 10 秒 cut 10 s', [copied], () => cutClip(recording!, copied!, join(place, 'clip')))
  await step('播放 play it', [clip], () => playClip(clip!, config.ffmpeg))
  return steps
}

async function backUp(file: string, makeBackup: DrillOptions['makeBackup']) {
  const { rows, bytes, snapshotMs } = await makeBackup(file)
  return { value: file, detail: `${rows} 行 rows, ${bytes} 字节 bytes, 用户最多等待 users waited at most ${snapshotMs} ms` }
}

async function check(file: string, place: string, { clock, say }: CliContext): Promise<{ value: Manifest; detail: string }> {
  const manifest = await checkBackup(file, { clock, sayProgress: say })
  if (manifest.auditProblems.length > 0) throw new Error(`审计日志 audit log: ${manifest.auditProblems[0]}`)
  const unpackedBytes = Object.values(manifest.tables).reduce((sum, { bytes }) => sum + bytes, 0)
  await requireRoom(place, 3 * unpackedBytes) // rows, their indexes, the write-ahead log
  return { value: manifest, detail: `${basename(file)}: ${Object.keys(manifest.tables).length} 表 tables, SHA-256 一致 as they should be` }
}

async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes + SPARE_BYTES)
    throw new Error(`${folder}: ${bavail * bsize} 字节空闲，需要 bytes free, needed ${bytes + SPARE_BYTES}; TMPDIR 指定别处 names another place`)
}

async function restore(file: string, { config, clock, say }: CliContext) {
  const { done } = await restoreBackup({ file, config, clock, say, isDryRun: false, isReplacing: false, by: osAccount() })
  return { value: done!, detail: `${done!.rows} 行 rows, 审计 audit ${done!.auditRows}, 点位密码 stored logins ${done!.credentials}` }
}

async function findRecording(folders: readonly string[]) {
  const recording = await findNewestRecording(folders)
  if (!recording) throw new Error('录像磁盘上还没有收好的录像 / no closed recording on the disks yet')
  return { value: recording, detail: recording.file }
}

/** On a disk of its own, so that every row of the index that names this disk comes from the file. */
async function copyRecording({ file, cameraId, day }: NewestRecording, folder: string): Promise<{ value: Copied; detail: string }> {
  const { size } = await stat(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await requireRoom(folder, size)
  const diskId = randomUUID()
  await writeFile(join(folder, IDENTITY_FILE), JSON.stringify({ diskId }), { mode: 0o600 })
  const copy = join(cameraFolder(folder, day, cameraId), basename(file))
  await mkdir(dirname(copy), { recursive: true, mode: 0o700 })
  await copyFile(file, copy)
  return { value: { folder, diskId, file: copy }, detail: `${size} 字节 bytes` }
}

/** Every picture of the file is looked at. */
async function rebuildIndex(there: CliContext) {
  const said: string[] = []
  const code = await recordingCommands['recordings rebuild']!.run(['--json', '--pictures'], { ...there, say: (line) => said.push(line) })
  if (code !== 0) throw new Error(`recordings rebuild: ${said.join(' ')}`)
  return { value: true, detail: '逐帧检查 every picture looked at' }
}

/** Apart from the restore and the rebuild themselves: the database is started anew, as the platform would. */
async function checkAgain({ tables }: Manifest, copied: Copied | undefined, there: CliContext) {
  const { dataFolder } = there.config
  return withStopped(there, kindOf(dataFolder), async ({ database }) => {
    for (const [table, { rows }] of Object.entries(tables)) {
      const found = await countRows(database.as<never>(), table)
      const isWell = growing.includes(table) ? found >= rows : found === rows
      if (!isWell) throw new Error(`${table}: ${found} 行，应为 / rows, should be ${rows}`)
    }
    const { auditRows, auditProblems, credentials } = await prove(database, dataFolder, there.clock)
    if (auditProblems.length > 0) throw new Error(`审计日志 audit log: ${auditProblems[0]}`)
    const indexed = copied ? await createRecordingStore(database).listOldest(copied.diskId, Number.MAX_SAFE_INTEGER, 2, undefined) : []
    if (copied && (indexed.length !== 1 || !copied.file.endsWith(indexed[0]!.path)))
      throw new Error(`索引应只有这一段 / the index should hold it: ${JSON.stringify(indexed)}`)
    return {
      value: true,
      detail: `审计链完整 audit chain whole: ${auditRows} 行 rows; 点位密码可用 stored logins open: ${credentials}; 索引找回 found again in the index: ${indexed.length}`,
    }
  })
}

function sayProtocol(
  steps: readonly Step[],
  { startedAt, seconds, passed, place }: { startedAt: number; seconds: number; passed: boolean; place: string | undefined },
  say: CliContext['say'],
) {
  say('')
  say(`恢复演练记录 / recovery drill: ${new Date(startedAt).toLocaleString('sv-SE')}`)
  for (const { name, seconds: took, passed: isPassed, detail } of steps)
    say(`${isPassed ? '通过 passed' : '未通过 FAILED'} ${took.toFixed(1).padStart(6)} s  ${name}：${detail}`)
  say(`${passed ? '全部通过 / all passed' : '未全部通过 / not all passed'}，共 total ${seconds.toFixed(1)} s`)
  if (place !== undefined) say(`留在 / kept in: ${place}`)
}

/** The drill itself is on record in the platform it was for. */
async function note(detail: Record<string, string | number | boolean>, context: CliContext): Promise<void> {
  const running = findRunning(context)
  if (running) await running.ask({ command: 'note', name: 'platform.drill', by: osAccount(), detail })
  else await withStopped(context, kindOf(context.config.dataFolder), ({ audit }) => audit.record(localEntry('platform.drill', detail, osAccount())))
}
