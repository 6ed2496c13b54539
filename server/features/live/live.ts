/**
 * Live pictures: who watches what. The gate has checked login, permission and area and written the audit record before a socket comes here;
 * the bytes go from the media process to the browser and are never seen here. What is written down besides is when and why a viewer left.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { AuditEntry, LoginSession, User } from '../../base/routes.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { LiveQuery } from '../../contract/media.ts'
import type { MediaEvent, MediaPlane } from '../../media/plane.ts'

/** A wall of 64 tiles and some to spare. */
const MAX_VIEWERS_PER_LOGIN = 96

export type LiveDeps = {
  plane: MediaPlane
  clock: Clock
  log: Log
  recordAudit(entry: AuditEntry): Promise<void>
  maxViewersPerLogin?: number
}

export type ViewerAsk = {
  cameraId: CameraId
  query: LiveQuery
  user: User
  login: LoginSession
  requestId: string
  address: string
  request: IncomingMessage
  socket: Duplex
  head: Uint8Array
}

type Viewer = Pick<ViewerAsk, 'cameraId' | 'user' | 'login' | 'address'> & {
  startedMs: number
  /** The login or its rights ended while the socket was still being handed over. */
  isRevoked: boolean
}

export function createLive({ plane, clock, log, recordAudit, maxViewersPerLogin = MAX_VIEWERS_PER_LOGIN }: LiveDeps) {
  /** By viewer id, which is the id of the request that opened the socket: start and end are found together in the audit log. */
  const viewers = new Map<string, Viewer>()
  const writing = new Set<Promise<void>>()
  plane.onEvent(onMediaEvent)

  function onMediaEvent(event: MediaEvent) {
    if (event.type === 'viewerLeft') end(event.viewerId, event.reason, event.bytes)
    // the media process is gone and with it every socket; it can report nothing any more
    if (event.type === 'link' && event.state === 'lost') for (const viewerId of viewers.keys()) end(viewerId, 'media_lost', null)
  }

  function end(viewerId: string, reason: string, bytes: number | null) {
    const viewer = viewers.get(viewerId)
    if (!viewer) return
    viewers.delete(viewerId)
    const { cameraId, user, login, address, startedMs } = viewer
    const written = recordAudit({
      name: 'camera.live.end',
      result: 'ok',
      code: null,
      userId: user.userId,
      account: user.account,
      loginId: login.loginId,
      address,
      requestId: viewerId,
      cameraId,
      detail: { reason, bytes, watchedMs: Math.round(clock.monotonicMs() - startedMs) },
    })
      .catch((problem) => log.error({ problem, viewerId, cameraId }, 'the end of a live view could not be recorded'))
      .finally(() => writing.delete(written))
    writing.add(written)
  }

  function countOf(loginId: string): number {
    let count = 0
    for (const { login } of viewers.values()) if (login.loginId === loginId) count++
    return count
  }

  /** Hands the browser's socket to the media process. */
  async function attach({ cameraId, query, user, login, requestId: viewerId, address, request, socket, head }: ViewerAsk): Promise<void> {
    const webSocketKey = handshakeKey(request)
    if (countOf(login.loginId) >= maxViewersPerLogin)
      throw new AppError('rate_limited', `more than ${maxViewersPerLogin} live views of one login`, { retryAfterMs: 5_000 })
    const viewer: Viewer = { cameraId, user, login, address, startedMs: clock.monotonicMs(), isRevoked: false }
    viewers.set(viewerId, viewer)
    try {
      await plane.attachViewer({ viewerId, cameraId, ...query, loginId: login.loginId, webSocketKey }, socket, head)
    } catch (problem) {
      viewers.delete(viewerId)
      throw problem
    }
    // media may not have known this viewer yet when it was told to end the login's
    if (viewer.isRevoked) socket.destroy()
  }

  /** Ends what a login watches, and what it is just about to watch. */
  async function endViewersOf(loginId: string): Promise<void> {
    for (const viewer of viewers.values()) if (viewer.login.loginId === loginId) viewer.isRevoked = true
    await plane.endViewers({ loginId })
  }

  return {
    attach,
    warm: plane.warm,
    /** The login ended: its pictures end with it. */
    async endLogin(loginId: string): Promise<void> {
      if (countOf(loginId) > 0) await endViewersOf(loginId)
    },
    /** The user's rights changed: all their pictures end. Their pages ask again at once, and the gate decides anew. */
    async endUser(userId: string): Promise<void> {
      const loginIds = new Set([...viewers.values()].filter(({ user }) => user.userId === userId).map(({ login }) => login.loginId))
      await Promise.all([...loginIds].map(endViewersOf))
    },
    viewerCount: () => viewers.size,
    /** We stop: every view ends, and its record is written before this resolves. */
    async close(): Promise<void> {
      for (const viewerId of viewers.keys()) end(viewerId, 'server_stops', null)
      await Promise.all(writing)
    },
  }
}
export type Live = ReturnType<typeof createLive>

/** RFC 6455 §4.2.1: what a WebSocket handshake must have; the answer is media's. */
function handshakeKey({ headers }: IncomingMessage): string {
  const key = headers['sec-websocket-key']
  const isHandshake = headers.upgrade?.toLowerCase() === 'websocket' && headers['sec-websocket-version'] === '13'
  if (!isHandshake || key === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(key)) throw new AppError('bad_request', 'not a WebSocket handshake')
  return key
}
