/** WebSocket upgrades pass the same gate as requests. Refusals are plain HTTP answers; an accepted socket is handed over raw. */
import { randomBytes } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { CameraId } from '../contract/ids.ts'
import { errorStatus, type ErrorReply } from '../contract/errors.ts'
import { AppError } from './errors.ts'
import type { Gate } from './gate.ts'
import type { Log } from './log.ts'
import { addressOf, isSameOrigin } from './request.ts'
import { createMatcher, queryObject, splitTarget } from './route-match.ts'
import type { AuditEntry, SocketRoute } from './routes.ts'
import { checkInput, toErrorReply } from './replies.ts'

export type SocketLimits = { perLogin: number; perAddress: number }

export function createSocketGate({ routes, gate, log, limits }: { routes: readonly SocketRoute[]; gate: Gate; log: Log; limits: SocketLimits }) {
  for (const route of routes) if (!route.permission) throw new Error(`Socket ${route.path} has no permission`)
  const match = createMatcher(routes.map((route) => ({ ...route, method: 'GET' })))
  const open = { perLogin: new Map<string, number>(), perAddress: new Map<string, number>() }
  const sockets = new Set<Duplex>()

  function count(socket: Duplex, loginId: string, address: string) {
    const held = [
      [open.perLogin, loginId, limits.perLogin],
      [open.perAddress, address, limits.perAddress],
    ] as const
    for (const [counts, key, most] of held)
      if ((counts.get(key) ?? 0) >= most) throw new AppError('rate_limited', `more than ${most} sockets at once`, { retryAfterMs: 5_000 })
    for (const [counts, key] of held) counts.set(key, (counts.get(key) ?? 0) + 1)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      for (const [counts, key] of held) {
        const left = (counts.get(key) ?? 1) - 1
        if (left > 0) counts.set(key, left)
        else counts.delete(key)
      }
    })
  }

  async function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
    const requestId = randomBytes(8).toString('hex')
    const address = addressOf(request, gate.trust)
    const onEarlyError = () => socket.destroy()
    socket.on('error', onEarlyError)
    const entry: AuditEntry = {
      name: 'access.socket',
      result: 'failed',
      code: null,
      userId: null,
      account: null,
      loginId: null,
      address,
      requestId,
      cameraId: null,
      detail: {},
    }
    try {
      gate.limit(address)
      const { path, query } = splitTarget(request.url ?? '')
      const found = request.method === 'GET' ? match('GET', path) : undefined
      if (!found) throw new AppError('not_found', 'no such socket')
      const { route } = found
      entry.name = route.audit ?? entry.name
      entry.cameraId = CameraId.safeParse(found.params['cameraId']).data ?? null
      if (!isSameOrigin(request, gate.trust)) throw new AppError('wrong_origin', 'the page is not ours')
      const { user, login } = await gate.identify(request)
      Object.assign(entry, { userId: user?.userId ?? null, account: user?.account ?? null, loginId: login?.loginId ?? null })
      gate.check({ user, login }, route.permission)
      const params = checkInput(route.params, found.params, 'params')
      if (entry.cameraId && route.permission !== 'signedIn') gate.authorizeMedia(user!, entry.cameraId, route.permission)
      const checkedQuery = checkInput(route.query, queryObject(query), 'query')
      entry.detail = route.detail?.(checkedQuery as never) ?? {}
      if (socket.destroyed) return
      count(socket, login!.loginId, address)
      if (route.audit) {
        await gate.recordAudit({ ...entry, result: 'ok' })
        // the login or the right may have gone while the record was written: whoever ends sockets then did not see this one
        const still = await gate.identify(request)
        gate.check(still, route.permission)
        if (entry.cameraId && route.permission !== 'signedIn') gate.authorizeMedia(still.user!, entry.cameraId, route.permission)
      }
      if (socket.destroyed) return
      await route.onUpgrade({ params: params as never, query: checkedQuery as never, user: user!, login: login!, requestId, address, request, socket, head })
      socket.off('error', onEarlyError)
    } catch (problem) {
      const reply = toErrorReply(problem, requestId)
      if (reply.code === 'internal') log.error({ problem, requestId, url: splitTarget(request.url ?? '').path }, 'an upgrade failed')
      refuse(socket, reply)
      if (reply.code !== 'not_found' && reply.code !== 'rate_limited') {
        const isDenied = reply.code === 'forbidden' || reply.code === 'not_signed_in' || reply.code === 'wrong_origin'
        await gate.recordRefusal({ ...entry, result: isDenied ? 'denied' : 'failed', code: reply.code })
      }
    }
  }

  return {
    onUpgrade,
    /** Ends every socket that was let in; the page comes back by itself. */
    closeAll() {
      for (const socket of sockets) socket.destroy()
    },
    openCount: () => sockets.size,
  }
}

function refuse(socket: Duplex, reply: ErrorReply) {
  if (socket.destroyed || !socket.writable) return void socket.destroy()
  const status = errorStatus[reply.code]
  const body = JSON.stringify(reply)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(reply.retryAfterMs === undefined ? [] : [`Retry-After: ${Math.ceil(reply.retryAfterMs / 1000)}`]),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
