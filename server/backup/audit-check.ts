/** Holds the audit log against its chain while its rows go by, into a backup or out of one. */
import { join } from 'node:path'
import { openSecrets } from '../base/secrets.ts'
import { type AuditRow, createAnchorFile, createChainCheck } from '../features/audit/index.ts'
import { ANCHOR_FILE, describeProblems } from './format.ts'
import { TarProblem } from './tar-file.ts'

/** Anchors are read here, so before any row: an anchor names a row that was committed, and rows read later hold it. */
export async function openAuditCheck(filesFolder: string) {
  const secrets = await openSecrets(filesFolder)
  const anchors = createAnchorFile({ file: join(filesFolder, ANCHOR_FILE), sign: secrets.mac, onBadLine: () => undefined })
  const chain = createChainCheck(secrets.mac, await anchors.list())
  let head: { seq: number; hash: string } | undefined
  return {
    add(table: string, lines: readonly string[]) {
      if (table === 'audit_log') for (const line of lines) chain.add(parseRow(line) as AuditRow)
      if (table === 'audit_head') head = parseRow(lines[0] ?? '') as typeof head
    },
    finish: (): string[] => describeProblems(chain.finish(head).problems),
  }
}

function parseRow(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (problem) {
    throw new TarProblem('a row of the audit log is not JSON', { cause: problem })
  }
}
export type AuditCheck = Awaited<ReturnType<typeof openAuditCheck>>
