/** Text and cells of a table saved by a spreadsheet: UTF-8, UTF-16 or GB 18030; comma, semicolon or tab; quotes as in RFC 4180. */

/** `row` counts as a spreadsheet shows it: the heading is row 1, empty rows count too. */
export type CsvRow = { row: number; cells: string[] }

/** Bytes as text, whichever program saved them. GB 18030 contains GBK and GB 2312. */
export function decodeTable(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // not UTF-8: what Excel in China saves as CSV
    return new TextDecoder('gb18030').decode(bytes)
  }
}

/** Whichever of comma, semicolon and tab the first line has most of. */
function delimiterOf(text: string): string {
  const firstLine = /^[^\r\n]*/.exec(text)![0]
  const countOf = (delimiter: string) => firstLine.split(delimiter).length
  return [',', ';', '\t'].reduce((best, delimiter) => (countOf(delimiter) > countOf(best) ? delimiter : best))
}

/** Rows with anything in them. A quoted cell may hold delimiters, line ends and doubled quotes; a quote inside an unquoted cell is just a character. */
export function parseCsv(text: string): CsvRow[] {
  const delimiter = delimiterOf(text)
  const rows: CsvRow[] = []
  let row = 1
  let cells: string[] = []
  let cell = ''
  let wasQuoted = false
  const endCell = () => {
    cells.push(cell.trim())
    cell = ''
    wasQuoted = false
  }
  const endRow = () => {
    endCell()
    if (cells.some((value) => value !== '')) rows.push({ row, cells })
    cells = []
    row++
  }
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === '"' && cell.trim() === '' && !wasQuoted) {
      const end = closingQuote(text, i + 1)
      cell = text.slice(i + 1, end).replaceAll('""', '"')
      wasQuoted = true
      i = end
    } else if (character === delimiter) endCell()
    else if (character === '\n') endRow()
    else if (character !== '\r' || text[i + 1] !== '\n') cell += character
  }
  if (cell !== '' || cells.length > 0) endRow()
  return rows
}

function closingQuote(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] !== '"') continue
    if (text[i + 1] !== '"') return i
    i++
  }
  return text.length
}
