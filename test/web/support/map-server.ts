/** Serves the bundled harness, the demo's base map, and whatever a test adds (tiles, capabilities), from one loopback origin. */
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'

export type Reply = { status?: number; headers?: Record<string, string>; body: Buffer | string }
export type MapServer = { origin: string; close(): Promise<void> }

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' }
const publicFolder = join(import.meta.dirname, '../../../public')

export async function startMapServer(
  folder: string,
  answer: (url: URL, request: IncomingMessage) => Reply | undefined | Promise<Reply | undefined> = () => undefined,
): Promise<MapServer> {
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://x')
      const own = await answer(url, request)
      if (own) return response.writeHead(own.status ?? 200, own.headers).end(own.body)
      // the page asks for stills and warms streams while it is hovered: nothing is there, and that is fine
      if (url.pathname.startsWith('/api/')) return response.writeHead(204).end()
      const file = [folder, publicFolder].map((root) => join(root, url.pathname === '/' ? 'map.html' : url.pathname)).find((path) => existsSync(path))
      if (!file) return response.writeHead(404).end()
      response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
