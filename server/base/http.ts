/**
 * The HTTP gate: the only way in. Mounts exactly the endpoints of the contract, each behind the same steps in the same order: request id,
 * address, rate limit, origin, login, permission, area, schemas, handler, reply schema, audit record. What is not declared answers 404.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { basename, dirname } from 'node:path'
import express, { type NextFunction, type Request, type Response } from 'express'
import helmet from 'helmet'
import type { Api, Endpoint } from '../contract/endpoint.ts'
import { errorStatus } from '../contract/errors.ts'
import { CameraId } from '../contract/ids.ts'
import { AppError, assert } from './errors.ts'
import { createGate, type GateDeps } from './gate.ts'
import { checkInput, toErrorReply } from './replies.ts'
import { addressOf, isCrossSiteRead, isSameOrigin, isSecure, loginCookie, ownOrigin } from './request.ts'
import { sendJson } from './json-reply.ts'
import { createMatcher, type Match, queryObject, splitTarget } from './route-match.ts'
import type { AuditEntry, AuditNote, BoundRoute, ByteReply, Context, FileReply, SocketRoute, StreamReply } from './routes.ts'
import { sendChunks } from './stream-reply.ts'
import { createSocketGate, type SocketLimits } from './sockets.ts'
import { openStaticFiles } from './static-files.ts'

export type HttpDeps = GateDeps & {
  /** The contract: every endpoint in it must have a handler, and no other may have one. */
  api: Record<string, Api>
  routes: readonly BoundRoute[]
  sockets: readonly SocketRoute[]
  socketLimits?: SocketLimits
  /** Folder of the built pages, or undefined to serve none. */
  staticFolder: string | undefined
  tls: { cert: string; key: string } | undefined
  /** Origins of outside base-map services the page may load tiles from. */
  mapOrigins?: readonly string[]
  /** Checks every answer against its schema and strips what is not in it. On in tests and development. */
  checkReplies: boolean
}

export type HttpServer = {
  server: Server
  listen(port: number, host: string): Promise<{ port: number }>
  /** Takes no more requests, lets running ones end for at most 5 s, ends every socket. */
  close(): Promise<void>
  /** Ends what is on its way to a login, or to a user whose rights changed: files and pictures. They ask again, and the gate decides anew. */
  endBytes(of: { loginId: string } | { userId: string }): void
}

const CLOSE_WITHIN_MS = 5_000
/** Who takes nothing of a file for so long has left. */
const FILE_STALLED_MS = 120_000

export async function createHttpServer(deps: HttpDeps): Promise<HttpServer> {
  const { api, routes, clock, log, trust, tls, checkReplies } = deps
  const gate = createGate(deps)
  const matchRoute = createMatcher(declaredOnly(api, routes).map((route) => ({ ...route, method: route.endpoint.method, path: route.endpoint.path })))
  const socketGate = createSocketGate({ routes: deps.sockets, gate, log, limits: deps.socketLimits ?? { perLogin: 256, perAddress: 2_000 } })
  const sendStatic = deps.staticFolder === undefined ? undefined : await openStaticFiles(deps.staticFolder)

  /** Who is being sent files or pictures. */
  const underWay = new Map<Response, { loginId: string; userId: string }>()

  async function answerApi(request: Request, response: Response, found: Match<BoundRoute>, requestId: string, address: string) {
    const { endpoint, handler } = found.route
    const cameraId = CameraId.safeParse(found.params['cameraId']).data ?? null
    const entry: AuditEntry = {
      name: endpoint.audit ?? 'access.denied',
      result: 'ok',
      code: null,
      userId: null,
      account: null,
      loginId: null,
      address,
      requestId,
      cameraId,
      detail: {},
    }
    let cookie: string | undefined
    try {
      if (endpoint.method === 'GET' ? isCrossSiteRead(request) : !isSameOrigin(request, trust)) throw new AppError('wrong_origin', 'the page is not ours')
      const { user, login } = await gate.identify(request)
      Object.assign(entry, { userId: user?.userId ?? null, account: user?.account ?? null, loginId: login?.loginId ?? null })
      gate.check({ user, login }, endpoint.permission)
      if (endpoint.reply === 'bytes' && login && user && !response.closed) {
        underWay.set(response, { loginId: login.loginId, userId: user.userId })
        response.once('close', () => underWay.delete(response))
      }
      const params = checkInput(endpoint.params, found.params, 'params')
      if (cameraId && user && endpoint.permission !== 'public' && endpoint.permission !== 'signedIn') gate.authorizeMedia(user, cameraId, endpoint.permission)
      const query = checkInput(endpoint.query, queryObject(splitTarget(request.url).query), 'query')
      const body = endpoint.body ? checkInput(endpoint.body, await readJson(request, endpoint.maxBodyBytes), 'body') : undefined
      const context = {
        params,
        query,
        body,
        user,
        login,
        requestId,
        address,
        note: (note: AuditNote) => Object.assign(entry, note),
        setLoginCookie(token: string | undefined) {
          cookie = loginCookie(token, isSecure(request, trust))
        },
      }
      const reply = await handler(context as Context<Endpoint>)
      // of what is asked for again and again only what showed something counts: nothing shown must not hide what is shown later
      if (endpoint.audit && endpoint.auditEveryMs === 0) await gate.recordAudit(entry)
      else if (endpoint.audit && reply !== undefined) await gate.recordRepeated(entry, endpoint.auditEveryMs)
      if (cookie) response.setHeader('Set-Cookie', cookie)
      const schema = endpoint.reply
      if (schema === 'bytes') await sendBytes(response, reply as unknown as ByteReply | FileReply | StreamReply | undefined)
      else await sendJson(request, response, 200, reply, checkReplies ? (unchecked) => schema.parse(unchecked) : undefined)
    } catch (problem) {
      const { code } = toErrorReply(problem, requestId)
      const isDenied = code === 'forbidden' || code === 'not_signed_in' || code === 'wrong_origin'
      // Where refusals are cheap to cause and say nothing (a flood, a camera that is not there) they stay out of the audit log.
      if ((endpoint.audit || code === 'forbidden') && code !== 'rate_limited')
        await gate.recordRefusal({ ...entry, result: isDenied ? 'denied' : 'failed', code })
      throw problem
    }
  }

  const app = express()
  app.disable('x-powered-by')
  app.use(securityHeaders(deps))
  async function answer(request: Request, response: Response, next: NextFunction) {
    const requestId = randomBytes(8).toString('hex')
    response.locals['requestId'] = requestId
    response.setHeader('X-Request-Id', requestId)
    const address = addressOf(request, trust)
    gate.limit(address)
    const { path } = splitTarget(request.url)
    const found = matchRoute(request.method, path)
    if (!found) return void ((await sendStatic?.(request, response, path)) || next())
    response.setHeader('Cache-Control', 'no-store')
    const startedMs = clock.monotonicMs()
    await answerApi(request, response, found, requestId, address)
    log.debug({ route: found.route.endpoint.route, requestId, tookMs: Math.round(clock.monotonicMs() - startedMs) }, 'answered')
  }

  app.use((request: Request, response: Response, next: NextFunction) => void answer(request, response, next).catch(next))
  app.use((_request, _response, next) => next(new AppError('not_found', 'nothing here')))
  // Express knows an error handler by its four parameters.
  app.use(async (problem: unknown, request: Request, response: Response, _next: NextFunction) => {
    const reply = toErrorReply(problem, String(response.locals['requestId']))
    if (reply.code === 'internal')
      log.error({ problem, requestId: reply.requestId, method: request.method, path: splitTarget(request.url).path }, 'a request failed')
    if (response.headersSent) return void response.destroy()
    response.setHeader('Cache-Control', 'no-store')
    if (reply.retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(reply.retryAfterMs / 1000))
    // What was not read of the request would be taken for the next one.
    if (!request.complete) response.setHeader('Connection', 'close')
    await sendJson(request, response, errorStatus[reply.code], reply)
  })

  const server = tls ? createTlsServer({ cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' }, app) : createServer(app)
  server.headersTimeout = 15_000
  server.requestTimeout = 60_000
  server.keepAliveTimeout = 65_000
  server.on('upgrade', (request, socket, head) => void socketGate.onUpgrade(request, socket, head))
  server.on('clientError', (_problem, socket) => (socket.writable ? socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n') : socket.destroy()))

  return {
    server,
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve({ port: (server.address() as AddressInfo).port })
        })
      }),
    endBytes(of) {
      for (const [response, to] of underWay) if ('loginId' in of ? to.loginId === of.loginId : to.userId === of.userId) response.destroy()
    },
    async close() {
      if (!server.listening) return
      const ended = new Promise<void>((resolve) => server.close(() => resolve()))
      socketGate.closeAll()
      server.closeIdleConnections()
      const force = clock.after(CLOSE_WITHIN_MS, () => server.closeAllConnections())
      await ended
      force.cancel()
    },
  }
}

/** The routes, once it is sure that contract and handlers are the same set and each says who may. What is undeclared does not start. */
function declaredOnly(api: Record<string, Api>, routes: readonly BoundRoute[]): readonly BoundRoute[] {
  const declared = new Set(Object.values(api).flatMap((group) => Object.values(group)))
  const problems: string[] = []
  const handled = new Set<Endpoint>()
  for (const { endpoint, handler } of routes) {
    if (!declared.has(endpoint)) problems.push(`${endpoint.route} is not in the contract`)
    if (handled.has(endpoint)) problems.push(`${endpoint.route} has two handlers`)
    if (typeof handler !== 'function') problems.push(`${endpoint.route} has no handler`)
    if (!endpoint.permission) problems.push(`${endpoint.route} has no permission`)
    if (endpoint.method !== 'GET' && !endpoint.audit) problems.push(`${endpoint.route} has no audit name`)
    handled.add(endpoint)
  }
  for (const endpoint of declared) if (!handled.has(endpoint)) problems.push(`${endpoint.route} has no handler`)
  if (problems.length > 0) throw new Error(`MapWall does not start: ${problems.join('; ')}`)
  return routes
}

function securityHeaders({ tls, trust, mapOrigins = [] }: HttpDeps) {
  const socketOrigins = (request: IncomingMessage) => {
    const origin = ownOrigin(request, trust)
    return origin ? origin.replace(/^http/, 'ws') : "'self'"
  }
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'self'"],
        scriptSrc: ["'self'"],
        // naive-ui writes its styles at run time.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'blob:', 'data:', ...mapOrigins],
        mediaSrc: ["'self'", 'blob:'],
        fontSrc: ["'self'", 'data:'],
        workerSrc: ["'self'", 'blob:'],
        connectSrc: ["'self'", ...mapOrigins, socketOrigins],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
      },
    },
    // Over plain HTTP browsers ignore these and complain in the console.
    crossOriginOpenerPolicy: tls !== undefined,
    originAgentCluster: tls !== undefined,
    strictTransportSecurity: tls ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  })
}

/** The body as JSON, at most `maxBytes`. Compressed bodies are refused: they can be larger than they look. */
async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) throw new AppError('bad_request', 'the body must be application/json')
  if (request.headers['content-encoding'] !== undefined) throw new AppError('bad_request', 'the body must not be compressed')
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new AppError('too_large', `more than ${maxBytes} bytes`)
  const chunks: Buffer[] = []
  let bytes = 0
  // Without `destroyOnReturn` off, refusing a long body would cut the connection before the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new AppError('too_large', `more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'), refuseNul)
  } catch (cause) {
    throw new AppError('bad_request', 'the body is not JSON', { cause })
  }
}

/** PostgreSQL text cannot hold U+0000: refused at the edge, whatever the field. */
function refuseNul(key: string, value: unknown): unknown {
  if (key.includes('\u0000') || (typeof value === 'string' && value.includes('\u0000'))) throw new SyntaxError('holds U+0000')
  return value
}

async function sendBytes(response: Response, reply: ByteReply | FileReply | StreamReply | undefined) {
  if (!reply) {
    response.writeHead(204)
    response.end()
    return
  }
  assert(/^[a-z]+\/[\w.+-]+$/.test(reply.contentType), 'a byte reply says what it is')
  if ('path' in reply) return sendFile(response, reply)
  if ('chunks' in reply) {
    response.attachment(reply.fileName)
    response.setHeader('Content-Type', reply.contentType)
    return sendChunks(response, reply.chunks, FILE_STALLED_MS)
  }
  const { contentType, bytes, headers } = reply
  response.writeHead(200, { ...headers, 'Content-Type': contentType, 'Content-Length': bytes.length })
  response.end(bytes)
}

/** Ranges and conditions (RFC 9110 §13, §14) are the library's; the hash tells versions apart, and nothing but the file stands open meanwhile. */
function sendFile(response: Response, { path, fileName, contentType, sha256 }: FileReply): Promise<void> {
  response.attachment(fileName)
  response.setHeader('Content-Type', contentType)
  response.setHeader('ETag', `"${sha256}"`)
  response.setHeader('Cache-Control', 'private, no-store')
  response.setTimeout(FILE_STALLED_MS, () => response.destroy())
  return new Promise((resolve, reject) => {
    const options = { root: dirname(path), cacheControl: false, lastModified: false, dotfiles: 'allow' as const }
    response.sendFile(basename(path), options, (problem: (NodeJS.ErrnoException & { status?: number }) | undefined) => {
      if (!problem || response.headersSent || response.destroyed) return resolve() // sent, or the client left
      if (problem.status === 416 || problem.status === 412) return resolve(void response.status(problem.status).end())
      for (const header of ['Content-Disposition', 'ETag']) response.removeHeader(header)
      reject(problem.code === 'ENOENT' ? new AppError('not_found', 'the file is gone') : problem)
    })
  })
}
