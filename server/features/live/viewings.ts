/**
 * Who watches what over the media process, live or recorded. The gate has checked login, permission and area and written the audit record before a
 * socket comes here; the bytes go from the media process to the browser and are never seen here. What is written down besides is when and why a viewer left.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { AuditDetail, AuditEntry, LoginSession, User } from '../../base/routes.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { MediaEvent, MediaPlane, ViewerRequest } from '../../media/plane.ts'

export type ViewingDeps = { plane: MediaPlane; clock: Clock; log: Log; recordAudit(entry: AuditEntry): Promise<void> }

export type ViewingOptions = {
  /** Of the audit record of the end. */
  endName: 'camera.live.end' | 'camera.playback.end'
  maxPerLogin: number
}

/** A socket that passed the gate. */
export type ViewingAsk = {
  cameraId: CameraId
  user: User
  login: LoginSession
  requestId: string
  address: string
  request: IncomingMessage
  socket: Duplex
  head: Uint8Array
}

/** What media must know of a viewer of any kind. */
export type ViewerIdentity = Pick<ViewerRequest, 'viewerId' | 'cameraId' | 'loginId' | 'webSocketKey'>

type Viewing = Pick<ViewingAsk, 'cameraId' | 'user' | 'login' | 'address'> & {
  detail: AuditDetail
  startedMs: number
  /** The login or its rights ended while the socket was still being handed over. */
  isRevoked: boolean
}

export function createViewings({ plane, clock, log, recordAudit }: ViewingDeps, { endName, maxPerLogin }: ViewingOptions) {
  /** By viewer id, which is the id of the request that opened the socket: start and end are found together in the audit log. */
  const viewings = new Map<string, Viewing>()
  const writing = new Set<Promise<void>>()
  plane.onEvent(onMediaEvent)

  function onMediaEvent(event: MediaEvent) {
    if (event.type === 'viewerLeft') end(event.viewerId, event.reason, event.bytes)
    // the media process is gone and with it every socket; it can report nothing any more
    if (event.type === 'link' && event.state === 'lost') for (const viewerId of viewings.keys()) end(viewerId, 'media_lost', null)
  }

  function end(viewerId: string, reason: string, bytes: number | null) {
    const viewing = viewings.get(viewerId)
    if (!viewing) return
    viewings.delete(viewerId)
    const { cameraId, user, login, address, detail, startedMs } = viewing
    const written = recordAudit({
      name: endName,
      result: 'ok',
      code: null,
      userId: user.userId,
      account: user.account,
      loginId: login.loginId,
      address,
      requestId: viewerId,
      cameraId,
      detail: { ...detail, reason, bytes, watchedMs: Math.round(clock.monotonicMs() - startedMs) },
    })
      .catch((problem) => log.error({ problem, viewerId, cameraId }, 'the end of a view could not be recorded'))
      .finally(() => writing.delete(written))
    writing.add(written)
  }

  function countOf(loginId: string): number {
    let count = 0
    for (const { login } of viewings.values()) if (login.loginId === loginId) count++
    return count
  }

  /** Hands the browser's socket to the media process by `handOver`. `detail` goes into the record of the end. */
  async function attach(ask: ViewingAsk, detail: AuditDetail, handOver: (identity: ViewerIdentity) => Promise<void>): Promise<void> {
    const { cameraId, user, login, requestId: viewerId, address, request, socket } = ask
    const webSocketKey = handshakeKey(request)
    if (countOf(login.loginId) >= maxPerLogin) throw new AppError('rate_limited', `more than ${maxPerLogin} views of one login`, { retryAfterMs: 5_000 })
    const viewing: Viewing = { cameraId, user, login, address, detail, startedMs: clock.monotonicMs(), isRevoked: false }
    viewings.set(viewerId, viewing)
    try {
      await handOver({ viewerId, cameraId, loginId: login.loginId, webSocketKey })
    } catch (problem) {
      viewings.delete(viewerId)
      throw problem
    }
    // media may not have known this viewer yet when it was told to end the login's
    if (viewing.isRevoked) socket.destroy()
  }

  /** Ends what a login watches, and what it is just about to watch. */
  async function endViewersOf(loginId: string): Promise<void> {
    for (const viewing of viewings.values()) if (viewing.login.loginId === loginId) viewing.isRevoked = true
    await plane.endViewers({ loginId })
  }

  return {
    attach,
    /** The login ended: its pictures end with it. */
    async endLogin(loginId: string): Promise<void> {
      if (countOf(loginId) > 0) await endViewersOf(loginId)
    },
    /** The user's rights changed: all their pictures end. Their pages ask again at once, and the gate decides anew. */
    async endUser(userId: string): Promise<void> {
      const loginIds = new Set([...viewings.values()].filter(({ user }) => user.userId === userId).map(({ login }) => login.loginId))
      await Promise.all([...loginIds].map(endViewersOf))
    },
    viewerCount: () => viewings.size,
    /** We stop: every view ends, and its record is written before this resolves. */
    async close(): Promise<void> {
      for (const viewerId of viewings.keys()) end(viewerId, 'server_stops', null)
      await Promise.all(writing)
    },
  }
}

/** RFC 6455 §4.2.1: what a WebSocket handshake must have; the answer is media's. */
function handshakeKey({ headers }: IncomingMessage): string {
  const key = headers['sec-websocket-key']
  const isHandshake = headers.upgrade?.toLowerCase() === 'websocket' && headers['sec-websocket-version'] === '13'
  if (!isHandshake || key === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(key)) throw new AppError('bad_request', 'not a WebSocket handshake')
  return key
}
