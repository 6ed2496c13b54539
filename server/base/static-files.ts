/** The built pages: a fixed list of files read at start, so that no path from outside ever reaches the disk. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { acceptsGzip } from './request.ts'

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.geojson': 'application/geo+json',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.mp4': 'video/mp4',
  '.pmtiles': 'application/octet-stream',
  '.pbf': 'application/x-protobuf',
}
const compressible = new Set(['.html', '.js', '.mjs', '.css', '.json', '.geojson', '.svg', '.webmanifest', '.txt', '.wasm'])
const KEEP_IN_MEMORY_BYTES = 4 * 1024 * 1024
const gzipped = promisify(gzip)

type StaticFile = { file: string; type: string; bytes: number; etag: string; content: Buffer | undefined; gzip: Promise<Buffer> | undefined; isHashed: boolean }

/** Answers `true` when it took the request. A missing folder is a folder without files. */
export async function openStaticFiles(folder: string): Promise<(request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>> {
  const files = new Map<string, StaticFile>()
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch((problem: NodeJS.ErrnoException) => {
    if (problem.code === 'ENOENT') return []
    throw problem
  })
  for (const entry of names) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue
    const file = join(entry.parentPath, entry.name)
    files.set(`/${file.slice(join(folder, '/').length).replaceAll('\\', '/')}`, await describe(file))
  }

  return async (request, response, path) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    const found = files.get(path) ?? (isPageNavigation(request, path) ? files.get('/index.html') : undefined)
    if (!found) return false
    await send(request, response, found)
    return true
  }
}

async function describe(file: string): Promise<StaticFile> {
  const { size: bytes, mtimeMs } = await stat(file)
  const extension = extname(file).toLowerCase()
  const content = bytes <= KEEP_IN_MEMORY_BYTES ? await readFile(file) : undefined
  return {
    file,
    bytes,
    content,
    gzip: undefined,
    type: contentTypes[extension] ?? 'application/octet-stream',
    etag: `"${createHash('sha256')
      .update(content ?? `${bytes}:${mtimeMs}`)
      .digest('base64url')
      .slice(0, 22)}"`,
    // Vite writes name-hash8.ext into assets/: the content of such a name never changes.
    isHashed: /\/assets\/[^/]+-[A-Za-z0-9_-]{8,}\.\w+$/.test(file),
  }
}

/** A person opening or reloading a page of ours: the pages route themselves. Nothing under /api, /push or /media in any spelling. */
function isPageNavigation(request: IncomingMessage, path: string): boolean {
  const mode = request.headers['sec-fetch-mode']
  return (
    (mode === undefined || mode === 'navigate') &&
    (request.headers.accept ?? '').includes('text/html') &&
    (path === '/' || /^(?:\/[A-Za-z0-9_-]{1,64})+$/.test(path)) &&
    !/^\/(api|push|media)(\/|$)/i.test(path)
  )
}

async function send(request: IncomingMessage, response: ServerResponse, file: StaticFile) {
  response.setHeader('Content-Type', file.type)
  response.setHeader('ETag', file.etag)
  response.setHeader('Cache-Control', file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (request.headers['if-none-match'] === file.etag) return void response.writeHead(304).end()

  const isCompressed = file.content && file.bytes > 1024 && compressible.has(extname(file.file).toLowerCase())
  if (isCompressed) {
    response.setHeader('Vary', 'Accept-Encoding')
    if (acceptsGzip(request)) {
      const body = await (file.gzip ??= gzipped(file.content!, { level: 9 }))
      response.setHeader('Content-Encoding', 'gzip')
      return end(request, response, 200, body)
    }
  } else response.setHeader('Accept-Ranges', 'bytes')

  const range = isCompressed ? undefined : parseRange(request.headers.range, file.bytes)
  if (range === 'unsatisfiable') return void response.writeHead(416, { 'Content-Range': `bytes */${file.bytes}` }).end()
  const { from, to } = range ?? { from: 0, to: file.bytes }
  if (range) response.setHeader('Content-Range', `bytes ${from}-${to - 1}/${file.bytes}`)
  const status = range ? 206 : 200
  if (file.content) return end(request, response, status, file.content.subarray(from, to))

  response.writeHead(status, { 'Content-Length': to - from })
  if (request.method === 'HEAD') return void response.end()
  const stream = createReadStream(file.file, { start: from, end: to - 1 })
  stream.on('error', () => response.destroy())
  response.on('close', () => stream.destroy())
  stream.pipe(response)
}

function end(request: IncomingMessage, response: ServerResponse, status: number, body: Buffer) {
  response.writeHead(status, { 'Content-Length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** One range `bytes=a-b`, `a-` or `-n` (RFC 9110 §14.1.2) as `from <= i < to`; anything else is answered whole. */
export function parseRange(header: string | undefined, bytes: number): { from: number; to: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const from = match[1] === '' ? Math.max(0, bytes - Number(match[2])) : Number(match[1])
  const to = match[1] === '' || match[2] === '' ? bytes : Math.min(bytes, Number(match[2]) + 1)
  return from >= to ? 'unsatisfiable' : { from, to }
}
