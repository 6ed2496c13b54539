/** RTSP 1.0 messages as a camera reads and writes them (RFC 2326 §4 to §7). */

export type RtspRequest = { method: string; url: string; headers: Map<string, string> }

/** A request larger than this is not one. */
export const MAX_REQUEST_BYTES = 16 * 1024

/**
 * Takes the first request off `bytes`. Interleaved frames before it (`$`, RFC 2326 §10.12) are skipped.
 * `usedBytes` may be cut off even without a request; `isBroken` means that this peer speaks something else.
 */
export function takeRequest(bytes: Buffer): { request: RtspRequest | undefined; usedBytes: number; isBroken: boolean } {
  let at = 0
  while (bytes[at] === 0x24) {
    if (at + 4 > bytes.length || at + 4 + bytes.readUInt16BE(at + 2) > bytes.length) return { request: undefined, usedBytes: at, isBroken: false }
    at += 4 + bytes.readUInt16BE(at + 2)
  }
  const end = bytes.indexOf('\r\n\r\n', at)
  if (end < 0) return { request: undefined, usedBytes: at, isBroken: bytes.length - at > MAX_REQUEST_BYTES }
  const [requestLine = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n')
  const [method, url, version] = requestLine.split(' ')
  if (!method || !url || version !== 'RTSP/1.0') return { request: undefined, usedBytes: at, isBroken: true }
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
  const bodyBytes = Number(headers.get('content-length') ?? 0)
  const usedBytes = end + 4 + bodyBytes
  if (!Number.isInteger(bodyBytes) || bodyBytes < 0 || bodyBytes > MAX_REQUEST_BYTES) return { request: undefined, usedBytes: at, isBroken: true }
  if (usedBytes > bytes.length) return { request: undefined, usedBytes: at, isBroken: false }
  return { request: { method, url, headers }, usedBytes, isBroken: false }
}

const reasons: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
}

export function serializeResponse(status: number, cseq: string | undefined, headers: readonly (readonly [string, string])[], body = ''): string {
  const lines = [`RTSP/1.0 ${status} ${reasons[status] ?? 'Error'}`, `CSeq: ${cseq ?? 0}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  if (body) lines.push(`Content-Length: ${Buffer.byteLength(body)}`)
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}
