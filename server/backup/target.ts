/** The data folder that a backup is restored into: what lies there already, and how the restored platform takes its place. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../config.ts'
import { takeLock } from '../database/process-lock.ts'
import type { PlatformKind } from '../features/system/index.ts'
import { dataFolderLock, markFolder, RESTORING } from '../start-checks.ts'
import { refusal } from './format.ts'

const RESTORING_PREFIX = 'restoring-'
const ASIDE_PREFIX = 'before-restore-'
/** What may lie in a data folder without being somebody's platform. */
const isNothing = (name: string) =>
  name === 'lost+found' || name.startsWith('mapwall.lock') || name === 'db.lock' || name.startsWith(RESTORING_PREFIX) || name.startsWith(ASIDE_PREFIX)

type Folders = Pick<Config, 'dataFolder' | 'mediaFolders'>

/** What lies there and would be moved aside; recordings stay where they are. */
export function listPresent({ dataFolder, mediaFolders }: Folders): string[] {
  const holdsRecordings = (path: string) => mediaFolders.some((folder) => folder === path || folder.startsWith(path + sep))
  return readNames(dataFolder)
    .filter((name) => !isNothing(name) && !holdsRecordings(join(dataFolder, name)))
    .sort()
}

/** As the folder says; `restoring` when a restore was cut off there, undefined when it says nothing. */
export function findFolderKind(dataFolder: string): string | undefined {
  try {
    return readFileSync(join(dataFolder, 'kind'), 'utf8').trim()
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw problem
  }
}

export type Target = {
  /** Where the restored files are made ready. */
  freshFolder: string
  /** For the socket of the embedded database. */
  runFolder: string
  /** From here on nothing starts on the folder before `moveIn` is through. */
  mark(): void
  unmark(): void
  /** Puts what is there aside and what was made ready in its place; answers where the old lies now. */
  moveIn(): string | undefined
  /** Leaves nothing behind but what was moved in. */
  close(): void
}

/** Takes the folder, so that nothing starts on it meanwhile. */
export function openTarget({ dataFolder, mediaFolders }: Folders, kind: PlatformKind, clock: Clock, stamp: string): Target {
  const isNew = mkdirSync(dataFolder, { recursive: true, mode: 0o700 }) !== undefined
  const runFolder = mkdtempSync(join(tmpdir(), 'mapwall-run-'))
  const lock = takeLock(dataFolderLock(dataFolder), { now: clock.now(), note: runFolder })
  if (!lock.ok) {
    rmdirSync(runFolder)
    throw inUse(dataFolder)
  }
  for (const name of readNames(dataFolder)) if (name.startsWith(RESTORING_PREFIX)) rmSync(join(dataFolder, name), { recursive: true, force: true })
  const freshFolder = join(dataFolder, `${RESTORING_PREFIX}${stamp}`)
  mkdirSync(freshFolder, { mode: 0o700 })
  const kindFile = join(dataFolder, 'kind')
  const kindBefore = findFolderKind(dataFolder)

  return {
    freshFolder,
    runFolder,
    mark: () => markFolder(kindFile, RESTORING),
    unmark() {
      if (kindBefore === undefined) rmSync(kindFile, { force: true })
      else markFolder(kindFile, kindBefore as PlatformKind)
    },
    moveIn() {
      const present = listPresent({ dataFolder, mediaFolders }).filter((name) => name !== 'kind')
      const aside = join(dataFolder, `${ASIDE_PREFIX}${stamp}`)
      if (present.length > 0) mkdirSync(aside, { mode: 0o700 })
      for (const name of present) renameSync(join(dataFolder, name), join(aside, name))
      for (const name of readNames(freshFolder)) if (name !== 'kind' && name !== 'db.lock') renameSync(join(freshFolder, name), join(dataFolder, name))
      markFolder(kindFile, kind) // last: from here on it may be started
      return present.length > 0 ? aside : undefined
    },
    close() {
      rmSync(freshFolder, { recursive: true, force: true })
      rmSync(runFolder, { recursive: true, force: true })
      lock.lock.release()
      if (isNew && readNames(dataFolder).length === 0) rmdirSync(dataFolder)
    },
  }
}

export const inUse = (dataFolder: string) =>
  refusal({
    what: { zh: 'MapWall 正在这个数据目录上运行', en: 'MapWall is running on this data folder' },
    evidence: { zh: `${dataFolder} 中的 mapwall.lock`, en: `mapwall.lock in ${dataFolder}` },
    next: { zh: '先停止它（Ctrl-C 或服务管理器），再恢复', en: 'stop it first (Ctrl-C or the service manager), then restore' },
  })

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw problem
  }
}
