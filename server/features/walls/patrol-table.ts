/** The patrol log as a table for a spreadsheet, written piece by piece: a month of one wall is millions of lines. */
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { PatrolEntry } from '../../contract/walls.ts'
import type { PatrolWords } from './patrol-words.ts'

/** RFC 4180 in UTF-8, with a byte order mark so that spreadsheets know it. One chunk for the head and one for each piece. */
export async function* patrolTable(
  pieces: AsyncIterable<readonly PatrolEntry[]>,
  words: PatrolWords,
  nameOf: (cameraId: CameraId) => string,
): AsyncGenerator<Uint8Array> {
  yield bytesOf(`\u{FEFF}${lineOf(words.columns)}`)
  for await (const piece of pieces) yield bytesOf(piece.map((entry) => lineOf(cellsOf(entry, words, nameOf))).join(''))
}

function cellsOf(
  { fromAt, toAt, cameraId, rotationName, tile, outcome, cause, freshMs, account }: PatrolEntry,
  words: PatrolWords,
  nameOf: (cameraId: CameraId) => string,
) {
  const result = words.outcome[outcome] + (cause === null ? '' : ` · ${words.cause[cause]}`)
  // many digits stay text in a spreadsheet behind a tab
  return [momentOf(fromAt), momentOf(toAt), nameOf(cameraId), `\t${cameraId}`, rotationName, tile, result, Math.round(freshMs / 100) / 10, account]
}

const localTime = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })
/** `2026-11-26 19:42:08`, local time. */
const momentOf = (at: Instant) => localTime.format(at)

const bytesOf = (text: string) => Buffer.from(text, 'utf8')
const lineOf = (cells: readonly (string | number)[]) => `${cells.map(cellOf).join(',')}\r\n`

/** A text that a spreadsheet would take for a formula gets an apostrophe (OWASP: CSV injection). */
function cellOf(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) && !/^\t\d+$/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
