/** RTSP 1.0 requests and responses as text, RFC 2326 §4 to §7. Strings are latin1: one character is one byte. */
import { ProtocolError } from '../../base/errors.ts'
import { concat } from '../bytes.ts'

/** Names in lower case; a header that comes twice has two values. */
export type RtspHeaders = ReadonlyMap<string, readonly string[]>

export type RtspRequest = { kind: 'request'; method: string; url: string; headers: RtspHeaders; body: Uint8Array }
export type RtspResponse = { kind: 'response'; status: number; reason: string; headers: RtspHeaders; body: Uint8Array }
export type RtspMessage = RtspRequest | RtspResponse

export const MAX_HEAD_BYTES = 64 * 1024
export const MAX_BODY_BYTES = 1024 * 1024
const NO_BODY = new Uint8Array(0)

/**
 * The head of a message: everything before the body, with or without the empty line. Tolerates LF-only lines, spaces before the colon, folded and
 * unreadable lines. Throws `ProtocolError` when the first line is neither a request's nor a status line.
 */
export function parseRtspHead(bytes: Uint8Array): RtspMessage {
  if (bytes.length > MAX_HEAD_BYTES) throw new ProtocolError('RFC 2326 §4', `head of ${bytes.length} bytes`)
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split(/\r?\n/)
  const firstLine = lines[0]!.trim()
  const headers = parseHeaders(lines)
  const status = /^RTSP\/\d+\.\d+\s+(\d{3})(?:\s+(.*))?$/i.exec(firstLine)
  if (status) return { kind: 'response', status: Number(status[1]), reason: status[2] ?? '', headers, body: NO_BODY }
  const request = /^([A-Z_]{3,20})\s+(\S+)\s+RTSP\/\d+\.\d+$/.exec(firstLine)
  if (request) return { kind: 'request', method: request[1]!, url: request[2]!, headers, body: NO_BODY }
  throw new ProtocolError('RFC 2326 §4', 'neither a request nor a status line', 0)
}

/** Content-Length, 0 when absent. Throws `ProtocolError` when it is no number or beyond the limit. */
export function contentLength(message: RtspMessage): number {
  const value = headerOf(message, 'content-length')
  if (value === undefined) return 0
  if (!/^\d{1,9}$/.test(value) || Number(value) > MAX_BODY_BYTES) throw new ProtocolError('RFC 2326 §12.14', 'impossible Content-Length')
  return Number(value)
}

/** The first value. */
export function headerOf(message: RtspMessage, name: string): string | undefined {
  return message.headers.get(name)?.[0]
}

export function serializeRtsp(message: RtspMessage): Uint8Array {
  const firstLine = message.kind === 'request' ? `${message.method} ${message.url} RTSP/1.0` : `RTSP/1.0 ${message.status} ${message.reason}`
  const lines = [firstLine]
  for (const [name, values] of message.headers) for (const value of values) lines.push(`${canonicalName(name)}: ${value}`)
  if (message.body.length > 0) lines.push(`Content-Length: ${message.body.length}`)
  return concat(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), message.body)
}

/** Builds headers from plain values; a line break in a value would be a second header, so it is refused. */
export function rtspHeaders(values: Record<string, string | undefined>): RtspHeaders {
  const headers = new Map<string, string[]>()
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue
    if (/[\r\n]/.test(value)) throw new ProtocolError('RFC 2326 §4', `line break in ${name}`)
    headers.set(name.toLowerCase(), [value])
  }
  return headers
}

function parseHeaders(lines: readonly string[]): RtspHeaders {
  const headers = new Map<string, string[]>()
  let last: string[] | undefined
  for (const line of lines.slice(1)) {
    if (last && /^[ \t]+\S/.test(line)) {
      last.push(`${last.pop()!} ${line.trim()}`) // folded, RFC 2326 §4.2 by RFC 822
      continue
    }
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    last = headers.get(name) ?? []
    last.push(line.slice(colon + 1).trim())
    headers.set(name, last)
  }
  return headers
}

/** Some devices compare names by case. */
function canonicalName(name: string): string {
  if (name === 'cseq') return 'CSeq'
  if (name === 'www-authenticate') return 'WWW-Authenticate'
  if (name === 'rtp-info') return 'RTP-Info'
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}
