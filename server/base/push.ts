/**
 * What the server says by itself, over `wss /push` (contract/push.ts): numbered messages, resume after a short absence, a heartbeat with a
 * hash of the states each user may see. A message is serialized once for each distinct area, not once for each page.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import type { CameraId, UserId } from '../contract/ids.ts'
import { hashStates, type PushMessage } from '../contract/push.ts'
import type { CameraState, StatusChange } from '../contract/status.ts'
import type { DiskAlarm } from '../contract/storage.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import { createOwnNews, mayHear, type OwnMessage } from './push-own.ts'
import { type LoginSession, socketRoute, type SocketRoute, type User } from './routes.ts'

export type PushDeps = {
  clock: Clock
  log: Log
  /** The states of all cameras now, for the heartbeat's hash. */
  listStates(): Iterable<CameraState>
  /** What is wrong with the platform itself. */
  listAlarms(): readonly DiskAlarm[]
  /** The same area check as the gate's. */
  mayTouchCamera(user: User, cameraId: CameraId): boolean
  /** What concerns this user alone, as it is now; asked only of who may hear it. */
  readOwn(user: User): Promise<OwnMessage>
}

export type Push = {
  /** `wss /push`, to be handed to the HTTP server. */
  route: SocketRoute
  /** Says what changed. Gathered into at most one message per 50 ms; a burst within 10 ms goes out as one. */
  cameraStatus(states: readonly CameraState[], changes: readonly StatusChange[]): void
  /** Tells every page to fetch the points anew; pages that come back later hear it too. */
  camerasChanged(): void
  /** As above, for the pages of one user; sockets are closed so that they come back with their new rights. */
  rightsChanged(userId: string): void
  /** What concerns single users may be different now: their pages hear it. */
  ownChanged(): void
  /** Tells the pages of those who may use a layout or a rotation of a wall, or could until now, that their lists are others. */
  wallListsChanged(concerns: (user: User) => boolean): void
  /** Says why and closes the sockets of this login. Answers how many. */
  endLogin(loginId: string, reason: 'signed_out' | 'expired' | 'revoked'): number
  /** The last message sent: everything up to `seq` is already in the states (and perhaps some of the next one; applying it twice does no harm). */
  position(): { epoch: string; seq: number }
  clientCount(): number
  /** The logins that have a page open, each once. */
  listLogins(): { loginId: string; userId: UserId }[]
  /** Ends the timers and closes every socket with 1012 (the server restarts). */
  close(): void
}

const GATHER_MS = 10
const MESSAGE_PERIOD_MS = 50
export const HEARTBEAT_MS = 10_000
/** How far back a page may resume: minutes of a busy day. Beyond, it fetches anew. */
const KEPT_MESSAGES = 5_000
const KEPT_STATES = 50_000
/** A page that leaves this much unread is closed (and comes back): nothing grows without bound. */
const MOST_UNSENT_BYTES = 1024 * 1024
const TOO_SLOW = 4008
const LOGIN_ENDED = 4010
const SERVER_RESTARTS = 1012

type Kept = { seq: number } & ({ topic: 'cameraStatus'; states: readonly CameraState[]; changes: readonly StatusChange[] } | { topic: 'resync' })
type Client = { socket: WebSocket; user: User; login: LoginSession; area: string; isAlive: boolean }

const PushQuery = z.object({
  epoch: z
    .string()
    .regex(/^[0-9a-z]{1,32}$/)
    .optional(),
  seq: z.coerce.number().int().nonnegative().optional(),
})

export function createPush({ clock, log, listStates, listAlarms, mayTouchCamera, readOwn }: PushDeps): Push {
  const epoch = `${clock.now().toString(36)}${randomBytes(4).toString('hex')}`
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024, clientTracking: false })
  const clients = new Set<Client>()
  const own = createOwnNews<Client>({ log, read: readOwn, send })
  const kept: Kept[] = []
  let keptStates = 0
  let seq = 0
  let gathered: { states: Map<CameraId, CameraState>; changes: StatusChange[] } | undefined
  let flushTimer: { cancel(): void } | undefined
  let lastFlushMs = -Infinity
  const heartbeatTimer = clock.every(HEARTBEAT_MS, sendHeartbeats)

  /** The message as this user may see it. Without `camera.see` its lists are empty: the number still rises. */
  function textFor(user: User, message: Kept): string {
    if (message.topic === 'resync') return serialize({ topic: 'resync', epoch, seq: message.seq, reason: 'cameras_changed' })
    const mayCameraId = visibilityOf(user)
    return serialize({
      topic: 'cameraStatus',
      epoch,
      seq: message.seq,
      states: message.states.filter(({ cameraId }) => mayCameraId(cameraId)),
      changes: message.changes.filter(({ cameraId }) => mayCameraId(cameraId)),
    })
  }

  function visibilityOf(user: User): (cameraId: CameraId) => boolean {
    return mayHear(user, 'cameraStatus') ? (cameraId) => mayTouchCamera(user, cameraId) : () => false
  }

  function keep(message: Kept) {
    kept.push(message)
    if (message.topic === 'cameraStatus') keptStates += message.states.length
    while (kept.length > KEPT_MESSAGES || keptStates > KEPT_STATES) {
      const oldest = kept.shift()!
      if (oldest.topic === 'cameraStatus') keptStates -= oldest.states.length
    }
  }

  function sendToAll(message: Kept) {
    keep(message)
    const texts = new Map<string, Buffer>()
    for (const client of clients) {
      let text = texts.get(client.area)
      if (!text) texts.set(client.area, (text = Buffer.from(textFor(client.user, message))))
      send(client, text)
    }
  }

  function send({ socket, login }: Client, text: string | Buffer) {
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MOST_UNSENT_BYTES) {
      log.warn({ loginId: login.loginId, unsentBytes: socket.bufferedAmount }, 'a page reads its push messages too slowly and is closed')
      socket.close(TOO_SLOW, 'too slow')
      // What it has not read stands before the close frame: it may never read that either.
      socket.terminate()
      return
    }
    socket.send(text, { binary: false })
  }

  function flush() {
    flushTimer?.cancel()
    flushTimer = undefined
    if (!gathered) return
    const { states, changes } = gathered
    gathered = undefined
    lastFlushMs = clock.monotonicMs()
    sendToAll({ topic: 'cameraStatus', seq: ++seq, states: [...states.values()], changes })
  }

  function sendHeartbeats() {
    flush()
    own.retry(clients)
    const texts = new Map<string, Buffer>()
    const states = [...listStates()]
    const alarms = [...listAlarms()]
    for (const client of clients) {
      if (!client.isAlive) {
        client.socket.terminate()
        continue
      }
      let text = texts.get(client.area)
      if (!text) {
        const maySee = visibilityOf(client.user)
        const stateHash = hashStates(states.filter(({ cameraId }) => maySee(cameraId)))
        texts.set(client.area, (text = Buffer.from(serialize({ topic: 'heartbeat', epoch, seq, serverAt: clock.now(), stateHash, alarms }))))
      }
      send(client, text)
      client.isAlive = false
      if (client.socket.readyState === client.socket.OPEN) client.socket.ping()
    }
  }

  function welcome(client: Client, known: z.output<typeof PushQuery>) {
    const missed = known.epoch === epoch && known.seq !== undefined && known.seq <= seq ? missedSince(known.seq) : undefined
    const hello = (upTo: number) => send(client, serialize({ topic: 'hello', epoch, seq: upTo, serverAt: clock.now(), heartbeatMs: HEARTBEAT_MS }))
    if (missed) {
      hello(known.seq!)
      for (const message of missed) send(client, textFor(client.user, message))
      return
    }
    hello(seq)
    // A page that knows nothing yet fetches the points anyway.
    if (known.epoch === undefined) return
    send(client, serialize({ topic: 'resync', epoch, seq, reason: known.epoch === epoch ? 'too_old' : 'new_epoch' }))
  }

  /** What came after `since`, or undefined when some of it is no longer kept. */
  function missedSince(since: number): Kept[] | undefined {
    if (since === seq) return []
    const oldest = kept[0]
    return oldest && oldest.seq <= since + 1 ? kept.slice(since + 1 - oldest.seq) : undefined
  }

  function accept(request: IncomingMessage, socket: Duplex, head: Buffer, user: User, login: LoginSession, known: z.output<typeof PushQuery>) {
    // as over HTTP: who must change the password sees nothing until then, when `rightsChanged` brings the page back
    const seer = login.mustChangePassword ? { ...user, permissions: [] } : user
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const client: Client = { socket: webSocket, user: seer, login, area: areaOf(seer), isAlive: true }
      clients.add(client)
      webSocket.on('pong', () => (client.isAlive = true))
      webSocket.on('error', (problem) => log.debug({ problem, loginId: login.loginId }, 'a push socket failed'))
      webSocket.on('close', () => clients.delete(client))
      welcome(client, known)
      own.tell(client)
    })
  }

  return {
    route: socketRoute({
      path: '/push',
      permission: 'signedIn',
      audit: undefined,
      params: z.object({}),
      query: PushQuery,
      onUpgrade: ({ request, socket, head, user, login, query }) => accept(request, socket, head as Buffer, user, login, query),
    }),
    cameraStatus(states, changes) {
      gathered ??= { states: new Map(), changes: [] }
      for (const state of states) gathered.states.set(state.cameraId, state)
      gathered.changes.push(...changes)
      flushTimer ??= clock.after(Math.max(GATHER_MS, lastFlushMs + MESSAGE_PERIOD_MS - clock.monotonicMs()), flush)
    },
    camerasChanged() {
      flush()
      sendToAll({ topic: 'resync', seq: ++seq })
    },
    rightsChanged(userId) {
      for (const client of clients) {
        if (client.user.userId !== userId) continue
        send(client, serialize({ topic: 'resync', epoch, seq, reason: 'rights_changed' }))
        client.socket.close(SERVER_RESTARTS, 'rights changed')
      }
    },
    ownChanged: () => own.tellAll(clients),
    wallListsChanged(concerns) {
      const text = Buffer.from(serialize({ topic: 'wallLists' }))
      for (const client of clients) if (mayHear(client.user, 'wallLists') && concerns(client.user)) send(client, text)
    },
    endLogin(loginId, reason) {
      let ended = 0
      for (const client of clients) {
        if (client.login.loginId !== loginId) continue
        send(client, serialize({ topic: 'loginEnded', reason }))
        client.socket.close(LOGIN_ENDED, reason)
        clients.delete(client)
        ended++
      }
      return ended
    },
    position: () => ({ epoch, seq }),
    clientCount: () => clients.size,
    listLogins: () => [...new Map([...clients].map(({ login: { loginId, userId } }) => [loginId, { loginId, userId }])).values()],
    close() {
      heartbeatTimer.cancel()
      flushTimer?.cancel()
      for (const { socket } of clients) socket.close(SERVER_RESTARTS, 'server restarts')
      clients.clear()
    },
  }
}

const serialize = (message: PushMessage) => JSON.stringify(message)

/** Users with the same key see the same cameras. */
function areaOf(user: User): string {
  if (!user.permissions.includes('camera.see')) return 'nothing'
  return user.stationIds === null ? 'everything' : `stations:${[...user.stationIds].sort().join(',')}`
}
