/** Looks at a whole backup without a database: its hashes, its counts and its audit log. */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../base/clock.ts'
import type { SayProgress } from '../commands.ts'
import { type AuditCheck, openAuditCheck } from './audit-check.ts'
import { badFile, type Manifest } from './format.ts'
import { withPrivateFolder } from './private-folder.ts'
import { readBackup, type SavedFile } from './read.ts'

/** Throws, in words for people, when it cannot be used. */
export const checkBackup = (file: string, { clock, sayProgress }: { clock: Clock; sayProgress: SayProgress }): Promise<Manifest> =>
  withPrivateFolder('check', async (folder) => {
    let audit: AuditCheck | undefined
    const manifest = await readBackup(
      file,
      { clock, sayProgress, doing: '检查 checking' },
      {
        onFile: (name, content) => putFile(folder, name, content),
        async onRows(table, lines) {
          audit ??= await openAuditCheck(folder) // files come before rows
          audit.add(table, lines)
        },
      },
    )
    refuseOtherAudit(file, manifest, audit?.finish() ?? [])
    return manifest
  })

export const putFile = (folder: string, name: SavedFile, content: AsyncIterable<Buffer>): Promise<void> =>
  pipeline(content, createWriteStream(join(folder, name), { mode: 0o600, flush: true }))

/** An audit log that was damaged when it was saved may be restored, and is damaged then; anything else was done to the backup. */
export function refuseOtherAudit(file: string, manifest: Manifest, problems: readonly string[]) {
  if (problems.join('\n') === manifest.auditProblems.join('\n')) return
  throw badFile(file, `the audit log in it was changed: ${problems[0] ?? 'what its manifest says of it is not so'}`)
}
