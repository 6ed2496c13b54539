/** The control side of the Unix socket: one link for requests and events, one connection for each viewer. */
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { MediaEvent, MediaPlane } from './plane.ts'
import {
  type FirstLine,
  LineReader,
  MAX_LINE_BYTES,
  parseLine,
  PlaneMessage,
  type PlaneMethod,
  type PlaneMethods,
  serializeLine,
  stillFromWire,
} from './plane-protocol.ts'

const RECONNECT_MS = 500
const CONNECT_MS = 2_000
/** A media process that does not answer this for so long hangs: the link is cut and made anew. */
const HEARTBEAT_MS = 10_000
const DEFAULT_TIMEOUT_MS = 10_000
/** A probe may stand in the admission queue behind hundreds of others; a disk that sleeps is slow to list. */
const TIMEOUTS_MS: Partial<Record<PlaneMethod, number>> = { probe: 120_000, setCameras: 30_000, listSegments: 120_000 }
/** What a browser that reads nothing may keep in this process after its viewer ended. */
const BROWSER_CLOSE_MS = 5_000

type Pending = { resolve(result: unknown): void; reject(problem: AppError): void; timer: Timer }

export function createMediaPlane({ socketPath, clock, log }: { socketPath: string; clock: Clock; log: Log }): MediaPlane {
  const listeners = new Set<(event: MediaEvent) => void>()
  const pending = new Map<number, Pending>()
  let nextId = 0
  let link: Socket | undefined
  let isUp = false
  let isClosed = false
  let retryTimer: Timer | undefined

  function emit(event: MediaEvent) {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (problem) {
        log.error({ problem, type: event.type }, 'a listener of media events failed')
      }
    }
  }

  function openLink() {
    const socket = connect(socketPath)
    link = socket
    const reader = new LineReader(MAX_LINE_BYTES, (line) => onMessage(parseLine(PlaneMessage, line) as PlaneMessage))
    socket.once('connect', () => {
      socket.write(serializeLine({ kind: 'control' }))
      isUp = true
      log.info('the link to media is up')
      emit({ type: 'link', state: 'up', at: clock.now() })
    })
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk)
      } catch (problem) {
        log.error({ problem }, 'media said what it must not')
        socket.destroy()
      }
    })
    socket.on('error', (problem) => log.debug({ problem }, 'the link to media failed')) // the close that follows acts on it
    socket.once('close', onLinkClosed)
  }

  function onLinkClosed() {
    link = undefined
    for (const { reject, timer } of pending.values()) {
      timer.cancel()
      reject(new AppError('media_unavailable', 'the media process went away'))
    }
    pending.clear()
    if (isUp) {
      isUp = false
      log.warn('the link to media is lost')
      emit({ type: 'link', state: 'lost', at: clock.now() })
    }
    if (!isClosed) retryTimer = clock.after(RECONNECT_MS, openLink)
  }

  function onMessage(message: PlaneMessage) {
    if ('event' in message) return emit(message.event)
    const waiting = pending.get(message.id)
    if (!waiting) return // it was given up
    pending.delete(message.id)
    waiting.timer.cancel()
    if ('error' in message) waiting.reject(new AppError(message.error.code, message.error.message))
    else waiting.resolve(message.result)
  }

  function request<M extends PlaneMethod>(method: M, params: PlaneMethods[M]['params']): Promise<PlaneMethods[M]['result']> {
    return new Promise((resolve, reject) => {
      if (!link || !isUp) return reject(new AppError('media_unavailable', 'the media process is away'))
      const id = nextId++
      const timer = clock.after(TIMEOUTS_MS[method] ?? DEFAULT_TIMEOUT_MS, () => {
        pending.delete(id)
        reject(new AppError('media_unavailable', `media did not answer ${method} in time`))
      })
      pending.set(id, { resolve: (result) => resolve(result as PlaneMethods[M]['result']), reject, timer })
      link.write(serializeLine({ id, method, params }))
    })
  }

  async function handOver(first: FirstLine, browser: Duplex, head: Uint8Array): Promise<void> {
    if (!isUp) throw new AppError('media_unavailable', 'the media process is away')
    const media = await openConnection(socketPath, clock)
    media.write(serializeLine(first))
    if (head.length > 0) media.write(head)
    join(media, browser, clock)
  }

  /** A process that hangs keeps its socket open: only an answer proves that it lives. */
  const heartbeat = clock.every(HEARTBEAT_MS, () => {
    const asked = link
    if (!isUp || !asked) return
    request('ping', {}).catch(() => {
      if (link === asked) asked.destroy()
    })
  })

  openLink()

  return {
    async setCameras(cameras) {
      await request('setCameras', { cameras })
    },
    endViewers: (which) => request('endViewers', which),
    probe: (cameraId, { isForced = false } = {}) => request('probe', { cameraId, isForced }),
    async warm(cameraId, profile) {
      await request('warm', { cameraId, profile })
    },
    still: async (cameraId) => stillFromWire(await request('still', { cameraId })),
    recordedStill: async (cameraId, at) => stillFromWire(await request('recordedStill', { cameraId, at })),
    async setRecordings(plan) {
      await request('setRecordings', { plan })
    },
    listSegments: (range) => request('listSegments', range),
    removeSegments: (files) => request('removeSegments', { files }),
    listDisks: () => request('listDisks', {}),
    async exportClip(order) {
      await request('exportClip', order)
    },
    async cancelExport(exportId) {
      await request('cancelExport', { exportId })
    },
    stats: () => request('stats', {}),
    attachViewer: (request, browser, head) => handOver({ kind: 'viewer', ...request }, browser, head),
    attachPlayback: (request, browser, head) => handOver({ kind: 'playback', ...request }, browser, head),
    onEvent: (listener) => void listeners.add(listener),
    isUp: () => isUp,
    async close() {
      isClosed = true
      heartbeat.cancel()
      retryTimer?.cancel()
      link?.destroy()
    },
  }
}

function openConnection(socketPath: string, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    const fail = (problem?: Error) => {
      timer.cancel()
      socket.destroy()
      reject(new AppError('media_unavailable', 'the media process does not take viewers', { cause: problem }))
    }
    const timer = clock.after(CONNECT_MS, fail)
    socket.once('error', fail)
    socket.once('connect', () => {
      timer.cancel()
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

/**
 * Passes bytes both ways until either end closes. Back-pressure goes through: when the browser's socket is full, media's is not read, and media's
 * own queue for this viewer fills up, which is where slow viewers are dealt with. This process holds at most both high-water marks.
 */
function join(media: Socket, browser: Duplex, clock: Clock) {
  if (browser.destroyed) {
    media.destroy()
    return
  }
  media.pipe(browser)
  browser.pipe(media)
  media.on('error', () => media.destroy())
  browser.on('error', () => media.destroy())
  browser.once('close', () => media.destroy())
  media.once('close', () => {
    if (browser.destroyed) return
    browser.end()
    const timer = clock.after(BROWSER_CLOSE_MS, () => browser.destroy())
    browser.once('close', () => timer.cancel())
  })
}
