/** A command's way to the platform: through the one that runs on this data folder, or alone, keeping the folder meanwhile so that nothing starts on it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { userInfo } from 'node:os'
import { createPlatformAudit } from '../app.ts'
import type { Clock } from '../base/clock.ts'
import { type Database, openDatabase } from '../base/db.ts'
import { silentLog } from '../base/log.ts'
import { migrate } from '../base/migrate.ts'
import { openSecrets, type Secrets } from '../base/secrets.ts'
import { type Command, type SayProgress, sendCommand } from '../commands.ts'
import type { Config } from '../config.ts'
import { findHolder } from '../database/process-lock.ts'
import type { Audit } from '../features/audit/index.ts'
import { claimDatabase, type PlatformKind } from '../features/system/index.ts'
import { createDatabaseChild } from '../processes.ts'
import { dataFolderLock, openDataFolder } from '../start-checks.ts'
import { StartError } from '../start-error.ts'

export type CliContext = { config: Config; clock: Clock; say(line: string): void }
export type RunningPlatform = { ask(command: Command, sayProgress?: SayProgress): Promise<unknown> }
export type StoppedPlatform = { database: Database; secrets: Secrets; audit: Audit; runFolder: string }

/** Control may be starting, or starting anew. */
const WAIT_FOR_CONTROL_MS = 30_000

export const osAccount = (): string => userInfo().username

/** Undefined when nothing runs on this data folder. */
export function findRunning({ config, clock }: Pick<CliContext, 'config' | 'clock'>): RunningPlatform | undefined {
  const holder = findHolder(dataFolderLock(config.dataFolder))
  if (!holder) return undefined
  const socketPath = holder.note === null ? undefined : join(holder.note, 'control.sock')
  return {
    async ask(command, sayProgress) {
      const startedMs = clock.monotonicMs()
      while (clock.monotonicMs() - startedMs < WAIT_FOR_CONTROL_MS) {
        const answer = socketPath === undefined ? undefined : await sendCommand(socketPath, command, sayProgress)
        if (answer) return answer.result
        await clock.sleep(500)
      }
      throw new StartError('正在运行的 MapWall 没有应答，什么也没有做 / the running MapWall does not answer; nothing was done')
    },
  }
}

/** The kind of the platform in this folder; a new folder is for real work. */
export function kindOf(dataFolder: string): PlatformKind {
  const file = join(dataFolder, 'kind')
  return existsSync(file) && readFileSync(file, 'utf8').trim() === 'demo' ? 'demo' : 'production'
}

/** Opens the stopped platform for `run`, and closes it whatever happens. */
export async function withStopped<T>({ config, clock, say }: CliContext, kind: PlatformKind, run: (platform: StoppedPlatform) => Promise<T>): Promise<T> {
  const folder = openDataFolder(config.dataFolder, kind, clock)
  const child = config.databaseUrl === undefined ? createDatabaseChild({ config, clock, runFolder: folder.runFolder, output: 'inherit', say }) : undefined
  try {
    const url = config.databaseUrl ?? String((await child!.start())['url'])
    const database = openDatabase({ url, maxConnections: child ? 1 : Math.min(2, config.databaseConnections), log: silentLog, clock })
    try {
      await migrate(database, { clock, log: silentLog })
      if ((await claimDatabase(database, kind, clock.now())) !== kind)
        throw new StartError(
          kind === 'production' ? '这个数据库属于演示 / this database belongs to a demo' : '这个数据库属于正式运行 / this database is in production use',
        )
      const secrets = await openSecrets(config.dataFolder)
      const audit = createPlatformAudit({ database, secrets, clock, log: silentLog, dataFolder: config.dataFolder })
      try {
        return await run({ database, secrets, audit, runFolder: folder.runFolder })
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
