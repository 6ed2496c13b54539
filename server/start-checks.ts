/** What must be true before anything is started: the folder is free and of the right kind, the port is free. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from './base/clock.ts'
import type { Config } from './config.ts'
import { describeHolder, takeLock } from './database/process-lock.ts'
import type { PlatformKind } from './features/system/index.ts'
import { StartError } from './start-error.ts'

export type DataFolder = {
  /** A private folder with a short path for this run's sockets: the path of a socket may have 107 bytes at most. */
  runFolder: string
  release(): void
}

const RUN_FOLDER_PREFIX = join(tmpdir(), 'mapwall-run-')

export const dataFolderLock = (dataFolder: string) => join(dataFolder, 'mapwall.lock')

/** Takes the data folder for this run: one MapWall per folder, and of one kind. Clears away the sockets a killed run left. */
export function openDataFolder(dataFolder: string, kind: PlatformKind, clock: Clock): DataFolder {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const runFolder = mkdtempSync(RUN_FOLDER_PREFIX)
  const removeRunFolder = () => rmSync(runFolder, { recursive: true, force: true })
  const result = takeLock(dataFolderLock(dataFolder), { now: clock.now(), note: runFolder })
  if (!result.ok) {
    removeRunFolder()
    throw new StartError(
      `数据目录 ${dataFolder} 正在被另一个 MapWall 使用：${describeHolder(result.holder)}。\n先停止它，或用 MAPWALL_DATA 指定另一个目录。\nThis data folder is in use by another MapWall. Stop it, or choose another MAPWALL_DATA.`,
    )
  }
  const release = () => {
    removeRunFolder()
    result.lock.release()
  }
  if (result.staleNote?.startsWith(RUN_FOLDER_PREFIX)) rmSync(result.staleNote, { recursive: true, force: true })
  try {
    claimFolder(dataFolder, kind)
  } catch (problem) {
    release()
    throw problem
  }
  return { runFolder, release }
}

const kindWords: Record<PlatformKind, { zh: string; en: string }> = {
  demo: { zh: '演示', en: 'a demo' },
  production: { zh: '正式运行', en: 'production' },
}

/** In place of its kind, while a restored platform is moved in (`backup/restore.ts`). */
export const RESTORING = 'restoring'

/** Marks a new folder; a demo never touches a production folder, nor the other way round. */
function claimFolder(dataFolder: string, kind: PlatformKind) {
  const file = join(dataFolder, 'kind')
  if (!existsSync(file)) return markFolder(file, kind)
  const found = readFileSync(file, 'utf8').trim()
  if (found === kind) return
  if (found === RESTORING) throw new StartError(restoringProblem(dataFolder, file))
  throw new StartError(found === 'demo' || found === 'production' ? otherKindProblem(dataFolder, file, found, kind) : unknownKindProblem(file, found))
}

/** Whole or not at all: a half-written mark would keep the platform from starting. */
export function markFolder(file: string, kind: PlatformKind | typeof RESTORING) {
  writeFileSync(`${file}.new`, `${kind}\n`, { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
}

function otherKindProblem(dataFolder: string, file: string, found: PlatformKind, kind: PlatformKind): string {
  const [is, wanted] = [kindWords[found], kindWords[kind]]
  const flag = kind === 'demo' ? { zh: '去掉 --demo，', en: 'leave out --demo, ' } : { zh: '加上 --demo，', en: 'add --demo, ' }
  return [
    `没有启动：数据目录 ${dataFolder} 里是${is.zh}的数据，不能用于${wanted.zh}；什么也没有改动。`,
    `依据：${file} 写着 ${found}。`,
    `办法：${flag.zh}或用 MAPWALL_DATA 指定另一个目录。`,
    `Not started: this data folder is ${is.en} and is never used for ${wanted.en}; nothing was changed.`,
    `Evidence: ${file} says ${found}. Next: ${flag.en}or choose another MAPWALL_DATA.`,
  ].join('\n')
}

function restoringProblem(dataFolder: string, file: string): string {
  return [
    `没有启动：数据目录 ${dataFolder} 的恢复在最后一步中断了。`,
    `依据：${file} 写着 ${RESTORING}。`,
    `办法：用同一份备份再运行一次 mapwall restore 备份文件 --replace；原有的内容会移到一旁，不会删除。`,
    `Not started: the restore of this data folder was cut off in its last step.`,
    `Evidence: ${file} says ${RESTORING}. Next: run mapwall restore FILE --replace again with the same backup; what is there is moved aside, not deleted.`,
  ].join('\n')
}

function unknownKindProblem(file: string, found: string): string {
  const shown = JSON.stringify(found.slice(0, 40))
  return [
    `没有启动：不知道这个数据目录属于演示还是正式运行；什么也没有改动。`,
    `依据：${file} 写着 ${shown}，应为 demo 或 production（文件可能已损坏）。`,
    `办法：确认以后把正确的一个词写进这个文件，或用 MAPWALL_DATA 指定另一个目录。`,
    `Not started: it is not known whether this data folder is a demo or production; nothing was changed.`,
    `Evidence: ${file} says ${shown}, not demo or production (it may be damaged). Next: write the right word into it once you are sure, or choose another MAPWALL_DATA.`,
  ].join('\n')
}

/** Says so before a minute of starting is spent. */
export function checkPort({ port, host }: Pick<Config, 'port' | 'host'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (problem: NodeJS.ErrnoException) => reject(new StartError(portProblem(problem.code ?? '', port, host))))
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

function portProblem(code: string, port: number, host: string): string {
  if (code === 'EADDRINUSE')
    return `端口 ${port} 已被占用。换一个端口再启动，例如：PORT=${port + 1} npm start\nPort ${port} is taken. Choose another, for example PORT=${port + 1}`
  if (code === 'EACCES')
    return `没有权限使用端口 ${port}。请用 1024 以上的端口，例如：PORT=8080\nNo permission for port ${port}. Use one above 1024, for example PORT=8080`
  return `无法在 ${host}:${port} 上监听（${code}）。请检查 HOST 和 PORT。\nCannot listen on ${host}:${port} (${code}). Check HOST and PORT.`
}
