/**
 * What a backup file is: a gzipped tar of `about.json`, `files/<name>`, `tables/<table>/<number>.jsonl` (a row a line, as `row_to_json` gives it) and, last,
 * `manifest.json` with the counts and hashes of everything before it. `tar -xzf` opens it.
 */
import { z } from 'zod'
import { Instant } from '../contract/ids.ts'
import { StartError } from '../start-error.ts'

export const FORMAT = 'mapwall-backup'
/** Raised when an older MapWall could no longer read it right. */
export const FORMAT_VERSION = 1

export const ABOUT_PATH = 'about.json'
export const MANIFEST_PATH = 'manifest.json'
export const filePath = (name: string): string => `files/${name}`
export const pagePath = (table: string, number: number): string => `tables/${table}/${String(number).padStart(6, '0')}.jsonl`

export const ANCHOR_FILE = 'audit-anchors.log'
/** Of the data folder, what cannot be made again. Not in it: the embedded database (its rows are), recordings, stills, exports, sockets, locks. */
export const SAVED_FILES = ['kind', 'secret.key', ANCHOR_FILE, 'recording-disks.json', 'demo-accounts.json'] as const

export const AnyAbout = z.object({ format: z.literal(FORMAT), formatVersion: z.number().int() })
export const About = AnyAbout.extend({
  productVersion: z.string(),
  madeAt: Instant,
  kind: z.enum(['demo', 'production']),
  /** Applied when it was made, in order. */
  migrations: z.array(z.string()),
})
export type About = z.infer<typeof About>

const Hashed = z.object({ bytes: z.number().int(), sha256: z.string() })
const SavedTable = Hashed.extend({ rows: z.number().int(), columns: z.array(z.string()) })
export type SavedTable = z.infer<typeof SavedTable>
export const Manifest = About.extend({
  files: z.partialRecord(z.enum(SAVED_FILES), Hashed),
  tables: z.record(z.string(), SavedTable),
  /** What was wrong with the audit log when it was saved: nothing, in a platform nobody tampered with. */
  auditProblems: z.array(z.string()),
})
export type Manifest = z.infer<typeof Manifest>

/** Says what was refused, the evidence and the next step, in both languages. */
export function refusal({ what, evidence, next }: Record<'what' | 'evidence' | 'next', { zh: string; en: string }>): StartError {
  return new StartError(
    [
      `没有恢复，什么也没有改动：${what.zh}。`,
      `依据：${evidence.zh}`,
      `办法：${next.zh}`,
      `Not restored, nothing was changed: ${what.en}.`,
      `Evidence: ${evidence.en}`,
      `Next: ${next.en}`,
    ].join('\n'),
  )
}

/** The file cannot be used as a backup. */
export const badFile = (file: string, evidence: string): StartError =>
  refusal({
    what: { zh: '这不是一个完好的 MapWall 备份', en: 'this is not a whole MapWall backup' },
    evidence: { zh: `${file}：${evidence}`, en: evidence },
    next: {
      zh: '换另一份备份；传输来的文件，与原文件比对 SHA-256 后重新传输',
      en: 'use another backup; for a copied file, compare the SHA-256 with the original and copy again',
    },
  })

/** A line each for people and for comparing: `17 changed: …`. */
export const describeProblems = (problems: readonly { seq: number; kind: string; detail: string }[]): string[] =>
  problems.slice(0, 100).map(({ seq, kind, detail }) => `${seq} ${kind}: ${detail}`)
