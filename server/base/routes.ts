/** What a feature writes to answer endpoints and sockets of the contract. Checking, permission and audit happen around it, in the gate. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { z } from 'zod'
import type { Api, Endpoint, Out } from '../contract/endpoint.ts'
import type { ErrorCode } from '../contract/errors.ts'
import type { CameraId, Instant, StationId, UserId } from '../contract/ids.ts'
import type { Permission, Role, RoutePermission } from '../contract/permissions.ts'

/** Who asks. `stationIds` null means every station. */
export type User = {
  userId: UserId
  account: string
  displayName: string
  role: Role
  permissions: readonly Permission[]
  stationIds: readonly StationId[] | null
}

/** One signed-in browser. `loginId` is not the cookie: it may be logged and shown. */
export type LoginSession = {
  loginId: string
  userId: UserId
  startedAt: Instant
  endsAt: Instant
  address: string
  /** The user's login before this one: a stranger's would show. */
  previous: { at: Instant; address: string } | null
  mustChangePassword: boolean
}

export type AuditDetail = Record<string, string | number | boolean | null | readonly string[]>

/** One line of the audit log: who did what, from where, to which camera, with what result. The time is the writer's. */
export type AuditEntry = {
  name: string
  result: 'ok' | 'denied' | 'failed'
  code: ErrorCode | null
  userId: UserId | null
  account: string | null
  loginId: string | null
  address: string
  requestId: string
  cameraId: CameraId | null
  detail: AuditDetail
}

/** What a handler may add to the audit record of its request: the account of a login, old and new values of a change. Never a secret. */
export type AuditNote = Partial<Pick<AuditEntry, 'userId' | 'account' | 'loginId' | 'cameraId'>> & { detail?: AuditDetail }

/** The answer of an endpoint whose reply is `bytes`; a handler that has none gives `undefined`, which is a 204. */
export type ByteReply = { contentType: string; bytes: Uint8Array; headers?: Record<string, string> }

/** The same from a file on our disk, in pieces as the client asks for them. `path` is absolute; `fileName` is what the browser is to call it. */
export type FileReply = { contentType: string; path: string; fileName: string; sha256: string }

/** The same made while it is sent, however long it gets. */
export type StreamReply = { contentType: string; fileName: string; chunks: AsyncIterable<Uint8Array> }

type IfPublic<E extends Endpoint, Public, Signed> = 'public' extends E['permission'] ? Public : Signed

/** What a handler is given. On a public endpoint `user` and `login` may be undefined. */
export type Context<E extends Endpoint> = {
  params: Out<E['params']>
  query: Out<E['query']>
  body: Out<E['body']>
  user: IfPublic<E, User | undefined, User>
  login: IfPublic<E, LoginSession | undefined, LoginSession>
  requestId: string
  /** Where the request came from: the peer's IP, or what a trusted proxy says. */
  address: string
  note(note: AuditNote): void
  /** Gives the browser its login cookie; `undefined` takes it away. */
  setLoginCookie(token: string | undefined): void
}

type HandlerReply<E extends Endpoint> = E['reply'] extends 'bytes' ? ByteReply | FileReply | StreamReply | undefined : Out<E['reply']>
export type Handler<E extends Endpoint> = (context: Context<E>) => HandlerReply<E> | Promise<HandlerReply<E>>

export type BoundRoute = { endpoint: Endpoint; handler: Handler<Endpoint> }

/** Binds handlers to the endpoints of a contract file, or to some of them (`routes({ still: cameraApi.still }, …)`). A missing handler does not compile. */
export function routes<A extends Api>(api: A, handlers: { [Name in keyof A]: Handler<A[Name]> }): BoundRoute[] {
  return Object.keys(api).map((name) => ({ endpoint: api[name]!, handler: handlers[name] as unknown as Handler<Endpoint> }))
}

/** A WebSocket whose raw socket is handed over before anything is written to it. */
export type SocketContext<P, Q> = {
  params: P
  query: Q
  user: User
  login: LoginSession
  requestId: string
  address: string
  request: IncomingMessage
  socket: Duplex
  head: Uint8Array
}

export type SocketRoute = {
  path: string
  permission: Exclude<RoutePermission, 'public'>
  audit: string | undefined
  params: z.ZodType
  query: z.ZodType
  /** What the audit record says of the request. */
  detail: ((query: never) => AuditDetail) | undefined
  /** May reject with an `AppError`: it is answered as plain HTTP as long as nothing was written. */
  onUpgrade(context: SocketContext<never, never>): void | Promise<void>
}

/** Declares a WebSocket path such as `/media/live/:cameraId`. A `cameraId` among the params is checked against the user's area. */
export function socketRoute<P extends z.ZodType, Q extends z.ZodType>(route: {
  path: string
  permission: Exclude<RoutePermission, 'public'>
  audit: string | undefined
  params: P
  query: Q
  detail?(query: z.output<Q>): AuditDetail
  onUpgrade(context: SocketContext<z.output<P>, z.output<Q>>): void | Promise<void>
}): SocketRoute {
  return route as unknown as SocketRoute
}
