/** The patrol log as a spreadsheet. */
import type { PatrolEntry } from '../../../server/contract/walls.ts'
import type { CameraId } from '../../../server/contract/ids.ts'

export type PatrolColumn = { title: string; value: (entry: PatrolEntry) => string | number }

/** RFC 4180, with a byte order mark so that spreadsheets read UTF-8. */
export function patrolCsv(entries: readonly PatrolEntry[], columns: readonly PatrolColumn[]): string {
  const lines = [columns.map(({ title }) => title), ...entries.map((entry) => columns.map(({ value }) => value(entry)))]
  return `\u{FEFF}${lines.map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`
}

/** Many digits stay text in a spreadsheet behind a tab. A text that a spreadsheet would take for a formula gets an apostrophe (OWASP: CSV injection). */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) && !/^\t\d+$/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export type PatrolSums = { shown: number; stillOnly: number; skipped: number; cameras: number }

export function sumPatrol(entries: readonly PatrolEntry[]): PatrolSums {
  const seen = new Set<CameraId>()
  const sums = { shown: 0, stillOnly: 0, skipped: 0 }
  for (const { outcome, cameraId } of entries) {
    sums[outcome]++
    if (outcome === 'shown') seen.add(cameraId)
  }
  return { ...sums, cameras: seen.size }
}
