/** What the running control process does for commands given at the machine. */
import type { App } from '../app.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/db.ts'
import { assertNever } from '../base/errors.ts'
import type { Command, SayProgress } from '../commands.ts'
import { localEntry } from '../features/audit/index.ts'
import type { PlatformKind } from '../features/system/index.ts'
import { runImport } from '../import-cameras.ts'
import { StartError } from '../start-error.ts'
import { writeBackup } from './backup.ts'

export type AnswerDeps = { app: App; database: Database; dataFolder: string; kind: PlatformKind; clock: Clock; version: string }

export const createAnswer =
  ({ app, database, dataFolder, kind, clock, version }: AnswerDeps) =>
  async (command: Command, sayProgress: SayProgress): Promise<unknown> => {
    switch (command.command) {
      case 'importCameras':
        if (kind === 'demo') throw new StartError('演示系统不能导入点位 / cameras are not imported into a demo')
        return runImport(command, app)
      case 'listIndex':
        return app.recordings.listIndex(command.after)
      case 'changeIndex':
        return app.recordings.changeIndex(command)
      case 'note':
        return app.audit.record(localEntry(command.name, command.detail, command.by))
      case 'backup': {
        const written = await writeBackup({ database, dataFolder, file: command.file, kind, clock, version, sayProgress })
        await app.audit.record(localEntry('platform.backup', { file: command.file, rows: written.rows, bytes: written.bytes }, command.by))
        return written
      }
      default:
        return assertNever(command)
    }
  }
