/** `npm start -- --import-cameras file.csv`: puts cameras into a production system, through the running one if there is one. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type CliContext, findRunning, osAccount, withStopped } from './cli/platform.ts'
import type { ImportCommand } from './commands.ts'
import { type Audit, localEntry } from './features/audit/index.ts'
import { type Cameras, createCameras, createCameraStore, type ImportReport, type ShiftWarning } from './features/cameras/index.ts'
import { StartError } from './start-error.ts'

type Options = CliContext & { file: string; isDryRun: boolean }

const MOST_PROBLEMS_SHOWN = 200

/** Answers the exit code: 0 when the table is good. */
export async function importCamerasFromFile({ file, isDryRun, config, clock, say }: Options): Promise<number> {
  const command: ImportCommand = {
    command: 'importCameras',
    fileName: basename(file),
    tableBase64: readTable(file).toString('base64'),
    isDryRun,
    by: osAccount(),
  }
  const running = findRunning({ config, clock })
  const report = running ? ((await running.ask(command)) as ImportReport) : await importAlone(command, { config, clock, say })
  sayReport(report, { isDryRun, isRunning: running !== undefined, say })
  return report.problems.length === 0 ? 0 : 1
}

function readTable(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (problem) {
    throw new StartError(`无法读取文件 ${file}（${(problem as NodeJS.ErrnoException).code}）/ cannot read this file`)
  }
}

/** Nothing runs on this folder: the folder is ours meanwhile, so that nothing starts on it either. */
const importAlone = (command: ImportCommand, context: CliContext): Promise<ImportReport> =>
  withStopped(context, 'production', ({ database, secrets, audit }) => {
    const { outline } = context.config.map
    const cameras = createCameras({ store: createCameraStore(database, secrets), clock: context.clock, outline, onChanged: () => undefined })
    return runImport(command, { cameras, audit })
  })

/** The import itself and its audit record. A dry run changes nothing and leaves none. */
export async function runImport(
  { fileName, tableBase64, isDryRun, by }: ImportCommand,
  { cameras, audit }: { cameras: Pick<Cameras, 'importTable'>; audit: Pick<Audit, 'record'> },
): Promise<ImportReport> {
  const report = await cameras.importTable(Buffer.from(tableBase64, 'base64'), { isDryRun, by, fileName })
  if (isDryRun) return report
  const { rows, added, changed, unchanged, problems, moved, stationsAdded } = report
  const isGood = problems.length === 0
  await audit.record({
    ...localEntry(
      'camera.import',
      { fileName, rows, added, changed, unchanged, moved: moved.length, stationsAdded: stationsAdded.length, badCells: problems.length },
      by,
    ),
    result: isGood ? 'ok' : 'failed',
    code: isGood ? null : 'bad_request',
  })
  return report
}

function sayReport(report: ImportReport, { isDryRun, isRunning, say }: { isDryRun: boolean; isRunning: boolean; say(line: string): void }) {
  const { rows, added, changed, unchanged, untouched, stationsAdded, stationsRenamed, moved, shifts, problems } = report
  if (problems.length > 0) {
    for (const { row, column, value, problem } of problems.slice(0, MOST_PROBLEMS_SHOWN))
      say(`第 ${row} 行，${column}${value === '' ? '' : ` = ${JSON.stringify(value)}`}：${problem}`)
    if (problems.length > MOST_PROBLEMS_SHOWN) say(`… 另有 ${problems.length - MOST_PROBLEMS_SHOWN} 处 / more`)
    say(`共 ${problems.length} 处不能使用，什么也没有导入 / ${problems.length} cells cannot be used, nothing was imported`)
    return
  }
  for (const shift of shifts) say(wordsOfShift(shift))
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

const readingNames: Record<ShiftWarning['fits'], string> = {
  'WGS-84': 'WGS-84',
  'GCJ-02': 'GCJ-02',
  'BD-09': 'BD-09',
  'GCJ-02 twice': '加偏两次的 GCJ-02（shifted twice）',
  'WGS-84 corrected twice': '多纠偏一次的 WGS-84（corrected once too often）',
}

function wordsOfShift({ given, fits, by, asGiven, asRead, of }: ShiftWarning): string {
  const evidence = {
    registered_places: `${of} 台已有点位的中位偏差 ${asGiven} 米 → ${asRead} 米 / median distance from where they stand`,
    jurisdictions: `${of} 台中在本所辖区外 ${asGiven} 台 → ${asRead} 台 / outside their jurisdictions`,
    outline: `${of} 台中在辖区外 ${asGiven} 台 → ${asRead} 台 / outside the district`,
  }[by]
  return `坐标系存疑：表中为 ${given}，按 ${readingNames[fits]} 更吻合：${evidence}。核对坐标系后再导入 / check the reference system`
}
