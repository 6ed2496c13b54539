/**
 * The page's end of `wss /push` (`server/contract/push.ts`): reconnects by itself without end, resumes where it was, notices what it missed.
 *
 * It knows one position (epoch, seq) of the state the page holds. A new epoch, a `resync` or a heartbeat whose hash differs from the page's own
 * make it fetch everything anew; messages that arrive meanwhile wait and are applied on top if they are newer than what was fetched.
 * Silence is counted on the monotonic clock: after 1.5 heartbeats the line is dropped and opened again, after 20 s the map is stale.
 */
import { type Ref, ref } from 'vue'
import type { Instant } from '../../server/contract/ids.ts'
import { PushMessage } from '../../server/contract/push.ts'
import { socketUrl } from './media-socket.ts'
import { noteServerTime, serverNow } from './server-clock.ts'

export type PushConnection = 'connecting' | 'live' | 'lost'
export type PushPosition = { epoch: string; seq: number }
type Topic<T extends PushMessage['topic']> = Extract<PushMessage, { topic: T }>
export type ReloadReason = Topic<'resync'>['reason'] | 'start' | 'hash_differs'

export type PushHandlers = {
  /** Fetches all state anew and takes it over; answers the position of what it fetched. A rejection is tried again later. */
  reload(reason: ReloadReason): Promise<PushPosition>
  onCameraStatus(message: Topic<'cameraStatus'>): void
  /** Hash of the states the page holds now (`hashStates`). */
  stateHash(): string
  /** What is wrong with the platform itself, told again with every heartbeat. */
  onAlarms(alarms: Topic<'heartbeat'>['alarms']): void
  /** What waits for this user, and what of theirs is ready. */
  onExports(news: Topic<'exports'>): void
  onLoginEnded(reason: Topic<'loginEnded'>['reason']): void
  /** Layouts or rotations of walls are others than before. A page that was away is not told: it reads them when the line is back. */
  onWallLists(): void
  /** The line could not be opened `attempts` times in a row: a moment to ask whether the login still holds. */
  onConnectFailed(attempts: number): void
}

export type PushSocket = { close(): void }
export type OpenPushSocket = (url: string, on: { text(text: string): void; close(code: number): void }) => PushSocket

export const staleAfterMs = 20_000
const firstPauseMs = 250
const longestPauseMs = 5_000
const handshakeLimitMs = 10_000
const defaultHeartbeatMs = 10_000

export type PushClient = {
  connection: Readonly<Ref<PushConnection>>
  isStale: Readonly<Ref<boolean>>
  /** When the server was last heard of, server time; null before the first load. */
  lastMessageAt: Readonly<Ref<Instant | null>>
  start(): void
  stop(): void
}

/** Makes a client at rest; `start()` loads and connects, `stop()` ends it for good or until the next start. */
export function createPushClient(
  handlers: PushHandlers,
  { openSocket = openWebSocket, random = Math.random }: { openSocket?: OpenPushSocket; random?: () => number } = {},
): PushClient {
  const connection = ref<PushConnection>('connecting')
  const isStale = ref(false)
  const lastMessageAt = ref<Instant | null>(null)

  /** Rises with every start and stop: what an older run still has under way is ignored. */
  let run = 0
  let isRunning = false
  let position: PushPosition | undefined
  let socket: PushSocket | undefined
  let heartbeatMs = defaultHeartbeatMs
  let attempts = 0
  let isOpen = false
  let openedAtMs = 0
  let heardAtMs: number | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let watchdog: ReturnType<typeof setInterval> | undefined
  /** Messages held back while everything is fetched anew; undefined when nothing is being fetched. */
  let waiting: Topic<'cameraStatus'>[] | undefined

  return { connection, isStale, lastMessageAt, start, stop }

  function start(): void {
    if (isRunning) return
    isRunning = true
    run++
    connection.value = 'connecting'
    watchdog = setInterval(check, 1000)
    document.addEventListener('visibilitychange', onWake)
    window.addEventListener('online', onWake)
    void reload('start', 0)
  }

  function stop(): void {
    isRunning = false
    run++
    clearTimeout(retryTimer)
    clearInterval(watchdog)
    document.removeEventListener('visibilitychange', onWake)
    window.removeEventListener('online', onWake)
    drop()
    position = undefined
    waiting = undefined
    heardAtMs = undefined
    attempts = 0
    isStale.value = false
    connection.value = 'connecting'
    lastMessageAt.value = null
  }

  async function reload(reason: ReloadReason, tries: number): Promise<void> {
    const mine = run
    waiting ??= []
    try {
      const fetched = await handlers.reload(reason)
      if (mine !== run) return
      position = fetched
      heard()
      const held = waiting
      waiting = undefined
      for (const message of held) take(message)
      if (socket === undefined) connect()
    } catch {
      // the handler has told the user; a login that ended stops the client from outside
      if (mine !== run) return
      connection.value = 'lost'
      setTimeout(() => {
        if (mine === run) void reload(reason, tries + 1)
      }, pauseMs(tries))
    }
  }

  function connect(): void {
    clearTimeout(retryTimer)
    const mine = run
    isOpen = false
    openedAtMs = performance.now()
    const query = position === undefined ? '' : `?${new URLSearchParams({ epoch: position.epoch, seq: String(position.seq) })}`
    const opened = openSocket(`/push${query}`, {
      text: (text) => {
        if (socket === opened && mine === run) receive(text)
      },
      close: () => {
        if (socket === opened && mine === run) lose()
      },
    })
    socket = opened
  }

  /** The line is gone: try again, sooner after a first loss, never later than 5 s. */
  function lose(): void {
    drop()
    connection.value = 'lost'
    if (attempts > 0) handlers.onConnectFailed(attempts)
    retryTimer = setTimeout(connect, pauseMs(attempts))
    attempts++
  }

  function drop(): void {
    const dropped = socket
    socket = undefined
    isOpen = false
    dropped?.close()
  }

  function pauseMs(tries: number): number {
    return Math.min(longestPauseMs, firstPauseMs * 2 ** tries) * (0.5 + random() / 2)
  }

  function receive(text: string): void {
    const message = parse(text)
    if (message === undefined) return
    heard()
    switch (message.topic) {
      case 'hello':
        isOpen = true
        attempts = 0
        connection.value = 'live'
        heartbeatMs = message.heartbeatMs
        noteServerTime(message.serverAt)
        if (position !== undefined && message.epoch !== position.epoch) ask('new_epoch')
        return
      case 'heartbeat':
        noteServerTime(message.serverAt)
        handlers.onAlarms(message.alarms)
        if (waiting !== undefined || position === undefined) return
        if (message.epoch !== position.epoch) ask('new_epoch')
        else if (message.stateHash !== handlers.stateHash()) ask('hash_differs')
        else position = { epoch: message.epoch, seq: Math.max(position.seq, message.seq) }
        return
      case 'resync':
        ask(message.reason)
        return
      case 'cameraStatus':
        if (waiting === undefined) take(message)
        else waiting.push(message)
        return
      case 'exports':
        handlers.onExports(message)
        return
      case 'wallLists':
        handlers.onWallLists()
        return
      case 'loginEnded':
        handlers.onLoginEnded(message.reason)
        return
    }
  }

  function ask(reason: ReloadReason): void {
    if (waiting === undefined) void reload(reason, 0)
  }

  /** A message that is older than what we hold, or of another server start, says nothing new. */
  function take(message: Topic<'cameraStatus'>): void {
    if (position === undefined || message.epoch !== position.epoch || message.seq <= position.seq) return
    position = { epoch: message.epoch, seq: message.seq }
    handlers.onCameraStatus(message)
  }

  function heard(): void {
    heardAtMs = performance.now()
    lastMessageAt.value = serverNow()
    isStale.value = false
  }

  function check(): void {
    const now = performance.now()
    if (heardAtMs !== undefined && now - heardAtMs >= staleAfterMs) isStale.value = true
    if (socket === undefined) return
    const silentMs = now - Math.max(openedAtMs, isOpen ? (heardAtMs ?? 0) : 0)
    if (silentMs > (isOpen ? heartbeatMs * 1.5 : handshakeLimitMs)) lose()
  }

  /** A tab that comes to the front, or a network that is back, need not wait for the next try. */
  function onWake(): void {
    if (document.visibilityState === 'hidden') return
    check()
    if (socket === undefined && waiting === undefined && position !== undefined) connect()
  }
}

function parse(text: string): PushMessage | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  const parsed = PushMessage.safeParse(json)
  if (parsed.success) return parsed.data
  console.warn('push message not understood', parsed.error.message)
  return undefined
}

const openWebSocket: OpenPushSocket = (url, on) => {
  const socket = new WebSocket(socketUrl(url))
  socket.onmessage = (event: MessageEvent<unknown>) => {
    if (typeof event.data === 'string') on.text(event.data)
  }
  socket.onclose = (event) => on.close(event.code)
  return { close: () => socket.close(1000) }
}
