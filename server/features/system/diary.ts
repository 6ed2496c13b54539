/** What befalls the platform itself, written into the audit log: its starts, stops, kills (K3), and steps of its clock (T1). */
import { readFile, rm, writeFile } from 'node:fs/promises'
import type { Log } from '../../base/log.ts'
import type { AuditDetail, AuditEntry } from '../../base/routes.ts'
import { localEntry } from '../audit/index.ts'

export type DiaryDeps = {
  recordAudit(entry: AuditEntry): Promise<void>
  log: Log
  /** Lies there while the platform runs; found at a start, it was killed. */
  runningFile: string
}

export function createDiary({ recordAudit, log, runningFile }: DiaryDeps) {
  const write = (name: string, detail: AuditDetail) => recordAudit(localEntry(name, detail))

  return {
    async started(at: number): Promise<void> {
      const before = await readFile(runningFile, 'utf8').catch((problem: NodeJS.ErrnoException) => {
        if (problem.code !== 'ENOENT') throw problem
      })
      await writeFile(runningFile, String(at), { mode: 0o600 })
      if (before === undefined) return write('platform.start', { wasKilled: false })
      log.warn({ startedAt: Number(before) }, 'the platform was not stopped properly before')
      return write('platform.start', { wasKilled: true, killedRunStartedAt: Number(before) || null })
    },
    async stopped(): Promise<void> {
      await write('platform.stop', {}).catch((problem) => log.error({ problem }, 'the stop could not be written into the audit log'))
      await rm(runningFile, { force: true })
    },
    clockStepped(byMs: number): void {
      write('platform.clock_jump', { byMs }).catch((problem) => log.error({ problem, byMs }, 'a step of the clock could not be written into the audit log'))
    },
  }
}
