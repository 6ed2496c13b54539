/** `mapwall recordings verify | repair | rebuild`: the disks are the truth; these hold files and index against them (R-RECOVER). */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { silentLog } from '../base/log.ts'
import { localEntry } from '../features/audit/index.ts'
import { changeIndex, createRecordingStore, type IndexRow } from '../features/recordings/index.ts'
import { type CliCommand, UsageError } from './command.ts'
import { adoptAll } from '../media/recording/adopt.ts'
import { readDiskId } from '../media/recording/disk.ts'
import type { Thoroughness } from '../media/recording/segment-file.ts'
import { exists, type Finding, mend, survey } from '../media/recording/survey.ts'
import { type CliContext, findRunning, kindOf, osAccount, type RunningPlatform, withStopped } from './platform.ts'

type Way = { name: 'verify' | 'repair' | 'rebuild'; isDryRun: boolean; thoroughness: Thoroughness; isForgetting: boolean; isJson: boolean }
type RowKey = Pick<IndexRow, 'cameraId' | 'fromAt'>
type Index = {
  isRunning: boolean
  list(after: RowKey | null): Promise<IndexRow[]>
  change(change: { put: IndexRow[]; remove: RowKey[] }): Promise<unknown>
  note(detail: Record<string, string | number | boolean>): Promise<unknown>
}
type Disk = { folder: string; diskId: string }

const BATCH_ROWS = 2_000
const PROGRESS_EVERY_MS = 1_000
const MOST_SHOWN = 200

export const recordingCommands: Record<string, CliCommand> = {
  'recordings verify': command(
    'verify',
    '[--quick | --pictures] [--json]',
    '逐个检查录像文件并与索引核对，不改动任何东西。--quick 只看首尾，--pictures 检查每一帧画面。\nLooks at every recording and holds the index against it; changes nothing.',
  ),
  'recordings repair': command(
    'repair',
    '[--quick | --pictures] [--dry-run] [--json]',
    '去掉不能播放的部分、改正文件名、收好崩溃留下的文件，再更新索引。不是本系统的文件保持原样。\nTakes out what cannot be played, puts names right, closes what a crash left, brings the index up to date.',
  ),
  'recordings rebuild': command(
    'rebuild',
    '[--forget-missing] [--dry-run] [--json]',
    '只凭录像磁盘重建索引（数据库丢失以后）；放错位置的文件放回原位，内容不动。读不到的磁盘，其索引保持原样；磁盘再也找不回来时用 --forget-missing 去掉。\nMakes the index again from the disks alone; files in the wrong place are put back, their content is not touched. Rows of disks that cannot be read stay, unless --forget-missing: for disks that are lost for good.',
  ),
}

function command(name: Way['name'], flags: string, about: string): CliCommand {
  return { usage: `recordings ${name} ${flags}`, about, run: (words, context) => run(readWay(name, words), context) }
}

function readWay(name: Way['name'], words: readonly string[]): Way {
  const flag = { type: 'boolean', default: false } as const
  try {
    const { values } = parseArgs({ args: [...words], options: { quick: flag, pictures: flag, 'forget-missing': flag, 'dry-run': flag, json: flag } })
    if (values.quick && values.pictures) throw new Error('--quick with --pictures')
    if (values['forget-missing'] && name !== 'rebuild') throw new Error('--forget-missing')
    const isQuick = values.quick || (name === 'rebuild' && !values.pictures)
    return {
      name,
      isDryRun: values['dry-run'] || name === 'verify',
      thoroughness: isQuick ? 'ends' : values.pictures ? 'pictures' : 'fragments',
      isForgetting: values['forget-missing'],
      isJson: values.json,
    }
  } catch (problem) {
    throw new UsageError(`不认识的参数 / unknown option: ${(problem as Error).message}\nmapwall ${recordingCommands[`recordings ${name}`]!.usage}`)
  }
}

async function run(way: Way, context: CliContext): Promise<number> {
  const running = findRunning(context)
  if (running) return work(way, runningIndex(way, running), context)
  return withStopped(context, kindOf(context.config.dataFolder), ({ database, audit }) => {
    const store = createRecordingStore(database)
    return work(
      way,
      {
        isRunning: false,
        list: store.listIndex,
        change: (change) => changeIndex(store, change),
        note: (detail) => audit.record(localEntry(`recordings.${way.name}`, detail, osAccount())),
      },
      context,
    )
  })
}

const runningIndex = ({ name }: Way, { ask }: RunningPlatform): Index => ({
  isRunning: true,
  list: (after) => ask({ command: 'listIndex', after }) as Promise<IndexRow[]>,
  change: (change) => ask({ command: 'changeIndex', ...change }),
  note: (detail) => ask({ command: 'note', name: `recordings.${name}`, by: osAccount(), detail }),
})

async function work(way: Way, index: Index, { config, clock, say }: CliContext): Promise<number> {
  const disks: Disk[] = []
  const missing: string[] = []
  for (const folder of config.mediaFolders) {
    const diskId = await readDiskId(folder).catch(() => undefined)
    if (diskId === undefined) missing.push(folder)
    else disks.push({ folder, diskId })
  }
  if (way.isForgetting && disks.length === 0)
    throw new UsageError('一块录像磁盘都读不到，--forget-missing 会清空索引：先核对 MAPWALL_MEDIA_DIRS / no disk can be read: check MAPWALL_MEDIA_DIRS first')
  const words = (line: string) => way.isJson || say(line)
  for (const folder of missing)
    words(
      way.isForgetting
        ? `读不到录像磁盘，去掉它的索引：${folder} / this disk cannot be read; its rows go`
        : `读不到录像磁盘，它的索引保持原样：${folder} / this disk cannot be read; its rows stay`,
    )

  const findings: (Finding & { disk: string })[] = []
  const onDisk = new Map<string, IndexRow>()
  /** Files there is nothing to play in. */
  const unplayable = new Set<string>()
  const duplicates: string[] = []
  let files = 0
  let bytes = 0
  let saidMs = clock.monotonicMs()
  const startedMs = saidMs
  for (const { folder, diskId } of disks) {
    if (way.name === 'repair' && !way.isDryRun && !index.isRunning) await adoptAll({ folder, diskId, growing: new Set() }, silentLog)
    await survey({
      folder,
      diskId,
      thoroughness: way.thoroughness,
      async onFile(surveyed) {
        files++
        bytes += surveyed.bytes
        // what grows is as it should be while somebody makes it grow
        findings.push(...surveyed.findings.filter(({ kind }) => kind !== 'growing' || !index.isRunning).map((finding) => ({ ...finding, disk: folder })))
        const segment = way.isDryRun ? surveyed.segment : await mend(surveyed, folder, { isCut: way.name === 'repair' })
        if (segment) {
          const { isClosed: _, ...row } = segment
          const key = keyOf(row)
          if (onDisk.has(key)) duplicates.push(join(folder, row.path))
          else onDisk.set(key, row)
        } else for (const { path } of surveyed.findings) unplayable.add(join(folder, path))
        if (clock.monotonicMs() - saidMs < PROGRESS_EVERY_MS) return
        saidMs = clock.monotonicMs()
        words(`… ${files} 个文件 / files, ${(bytes / 1e9).toFixed(1)} GB`)
      },
    })
  }

  const folderOf = new Map(disks.map(({ diskId, folder }) => [diskId, folder]))
  const fileOf = ({ diskId, path }: IndexRow) => join(folderOf.get(diskId) ?? '', path)
  const surveyedAs = new Map([...onDisk].map(([key, row]) => [fileOf(row), key]))
  /** While the platform runs, files are closed behind the survey: one it has not seen may be a new one. */
  const isNew = async (row: IndexRow) => folderOf.has(row.diskId) && !unplayable.has(fileOf(row)) && !surveyedAs.has(fileOf(row)) && (await exists(fileOf(row)))
  const put = new Map(onDisk)
  const remove: RowKey[] = []
  let rows = 0
  for (let page = await index.list(null); page.length > 0; page = await index.list(page.at(-1)!)) {
    for (const row of page) {
      rows++
      const found = onDisk.get(keyOf(row))
      if (found && isSame(found, row)) put.delete(keyOf(row))
      else if (!found && (folderOf.has(row.diskId) || way.isForgetting) && !(await isNew(row))) remove.push({ cameraId: row.cameraId, fromAt: row.fromAt })
    }
  }
  // deleted behind the survey
  for (const [key, row] of put) if (!(await exists(fileOf(row)))) put.delete(key)
  const result = {
    files,
    bytes,
    segments: onDisk.size,
    indexed: rows,
    missingInIndex: put.size,
    withoutFile: remove.length,
    duplicates,
    findings,
    missingDisks: missing,
    seconds: Math.round((clock.monotonicMs() - startedMs) / 100) / 10,
  }
  if (!way.isDryRun) {
    const puts = [...put.values()]
    for (let at = 0; at < Math.max(puts.length, remove.length); at += BATCH_ROWS)
      await index.change({ put: puts.slice(at, at + BATCH_ROWS), remove: remove.slice(at, at + BATCH_ROWS) })
    await index.note({ files, put: puts.length, removed: remove.length, findings: findings.length })
  }
  if (way.isJson) say(JSON.stringify(result))
  else sayResult(result, way, say)
  const isWell = missing.length === 0 && duplicates.length === 0 && findings.length === 0
  if (way.isDryRun) return isWell && put.size === 0 && remove.length === 0 ? 0 : 1
  const isLeft = ({ kind }: Finding) => kind === 'foreign' || kind === 'unreadable' || (kind === 'damaged' && way.name === 'rebuild')
  return missing.length > 0 || duplicates.length > 0 || findings.some(isLeft) ? 1 : 0
}

function sayResult(
  result: {
    files: number
    bytes: number
    segments: number
    missingInIndex: number
    withoutFile: number
    duplicates: string[]
    findings: (Finding & { disk: string })[]
    seconds: number
  },
  { name, isDryRun }: Way,
  say: CliContext['say'],
) {
  for (const finding of result.findings.slice(0, MOST_SHOWN)) say(wordsOf(finding))
  if (result.findings.length > MOST_SHOWN) say(`… 另有 ${result.findings.length - MOST_SHOWN} 处，--json 列出全部 / more; --json lists all`)
  for (const file of result.duplicates.slice(0, MOST_SHOWN)) say(`重复 / twice: ${file}`)
  say(
    `${result.files} 个文件（${(result.bytes / 1e9).toFixed(1)} GB），可播放 ${result.segments} 段，${result.findings.length} 处问题；索引缺 ${result.missingInIndex} 行、多 ${result.withoutFile} 行；用时 ${result.seconds} 秒` +
      ` / files, playable segments, findings; rows missing or different, rows without a file; seconds`,
  )
  if (!isDryRun) say('已更新索引 / the index is up to date')
  else if (name !== 'verify') say('只是检查，什么也没有改 / dry run: nothing was changed')
}

function wordsOf(finding: Finding & { disk: string }): string {
  const file = join(finding.disk, finding.path)
  switch (finding.kind) {
    case 'foreign':
      return `不是录像，保持原样 / not a recording, left alone: ${file} (${finding.why})`
    case 'empty':
      return `没有画面 / holds no picture: ${file}`
    case 'damaged':
      return `${finding.lostBytes} 字节不能播放 / bytes cannot be played: ${file}`
    case 'misnamed':
      return `应为 ${finding.rightPath} / should be there: ${file}`
    case 'growing':
      return `未收尾（崩溃留下的） / left by a crash: ${file}`
    case 'unreadable':
      return `读不出 / cannot be read: ${file} (${finding.why})`
  }
}

const keyOf = ({ cameraId, fromAt }: RowKey) => `${cameraId}/${fromAt}`
const isSame = (a: IndexRow, b: IndexRow) => a.toAt === b.toAt && a.path === b.path && a.diskId === b.diskId && a.bytes === b.bytes
