/** A reply as JSON, compressed where the browser takes that. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { acceptsGzip } from './request.ts'

type Encoded = { plain: Buffer; gzip?: Promise<Buffer> }

const gzipped = promisify(gzip)
const COMPRESS_FROM_BYTES = 1024
const kept = new WeakMap<object, Encoded | undefined>()

/** Says that this very object never changes and answers many requests: it is written and compressed once. */
export function keepEncoded<T extends object>(reply: T): T {
  kept.set(reply, undefined)
  return reply
}

/** `check` strips what the schema does not name; a kept reply passes it once. */
export async function sendJson(request: IncomingMessage, response: ServerResponse, status: number, reply: unknown, check?: (reply: unknown) => unknown) {
  const encoded = encode(reply, check)
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Vary', 'Accept-Encoding')
  const isCompressed = encoded.plain.length > COMPRESS_FROM_BYTES && acceptsGzip(request)
  if (isCompressed) response.setHeader('Content-Encoding', 'gzip')
  const sent = isCompressed ? await (encoded.gzip ??= gzipped(encoded.plain, { level: 4 })) : encoded.plain
  response.writeHead(status, { 'Content-Length': sent.length })
  response.end(sent)
}

function encode(reply: unknown, check: ((reply: unknown) => unknown) | undefined): Encoded {
  const isKept = typeof reply === 'object' && reply !== null && kept.has(reply)
  const known = isKept ? kept.get(reply) : undefined
  if (known) return known
  const encoded: Encoded = { plain: Buffer.from(JSON.stringify(check ? check(reply) : reply)) }
  if (isKept) kept.set(reply, encoded)
  return encoded
}
