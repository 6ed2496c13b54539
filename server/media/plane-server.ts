/** The media side of the Unix socket: reads the first line of each connection and serves a control link, a viewer or a playback. */
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { AppError, assertNever, ProtocolError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { MediaEvent, MediaStats } from './plane.ts'
import type { Hub } from './hub.ts'
import {
  FirstLine,
  LineReader,
  MAX_FIRST_LINE_BYTES,
  MAX_LINE_BYTES,
  parseLine,
  PlaneRequest,
  type PlaneMessage,
  serializeLine,
  stillToWire,
} from './plane-protocol.ts'
import type { Exports } from './export/exports.ts'
import type { RecordedStills } from './playback/recorded-still.ts'
import type { Recording } from './recording/recording.ts'
import type { Viewers } from './viewers.ts'

/** A connection that does not say what it is. */
const FIRST_LINE_MS = 5_000
/** A control process that reads nothing any more; its events are worthless to it. */
const MAX_CONTROL_QUEUE_BYTES = 32 * 1024 * 1024

export type PlaneServerDeps = {
  hub: Hub
  viewers: Viewers
  recording: Recording
  recordedStills: RecordedStills
  exports: Exports
  clock: Clock
  log: Log
  stats(): MediaStats
}

export function createPlaneServer({ hub, viewers, recording, recordedStills, exports, clock, log, stats }: PlaneServerDeps) {
  const controls = new Set<Socket>()
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    readFirstLine(socket)
  })

  function readFirstLine(socket: Socket) {
    let head = Buffer.alloc(0)
    const timer = clock.after(FIRST_LINE_MS, () => socket.destroy())
    const onGone = () => timer.cancel()
    const onError = () => socket.destroy()
    const onData = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf(0x0a)
      if (end < 0 && head.length <= MAX_FIRST_LINE_BYTES) return
      timer.cancel()
      socket.off('data', onData).off('close', onGone).off('error', onError)
      try {
        if (end < 0) throw new ProtocolError('media plane', 'the first line is too long')
        serve(parseLine(FirstLine, head.toString('utf8', 0, end)), socket, head.subarray(end + 1))
      } catch (problem) {
        log.warn({ problem }, 'a connection that is none of ours')
        socket.on('error', onError).destroy()
      }
    }
    socket.on('data', onData).once('close', onGone).on('error', onError)
  }

  function serve(first: FirstLine, socket: Socket, head: Buffer) {
    if (first.kind === 'control') serveControl(socket, head)
    else if (first.kind === 'viewer') viewers.attach(first, socket, head)
    else viewers.attachPlayback(first, socket, head)
  }

  function serveControl(socket: Socket, head: Buffer) {
    const reader = new LineReader(MAX_LINE_BYTES, (line) => {
      const request = parseLine(PlaneRequest, line)
      void answer(request).then((message) => send(socket, message))
    })
    const read = (chunk: Buffer) => {
      try {
        reader.push(chunk)
      } catch (problem) {
        log.warn({ problem }, 'the control link broke its own rules')
        socket.destroy()
      }
    }
    controls.add(socket)
    socket.once('close', () => controls.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', read)
    if (head.length > 0) read(head)
  }

  async function answer(request: PlaneRequest): Promise<PlaneMessage> {
    try {
      return { id: request.id, result: await run(request) }
    } catch (problem) {
      if (problem instanceof AppError) return { id: request.id, error: { code: problem.code, message: problem.message } }
      log.error({ problem, method: request.method }, 'a request of control failed')
      return { id: request.id, error: { code: 'internal', message: `${request.method} failed` } }
    }
  }

  async function run(request: PlaneRequest): Promise<unknown> {
    switch (request.method) {
      case 'setCameras':
        await hub.setCameras(request.params.cameras.map(({ cameraId, main, sub }) => ({ cameraId, main, sub })))
        await recording.camerasChanged()
        return {}
      case 'endViewers':
        return viewers.end(request.params)
      case 'probe':
        return hub.probe(request.params.cameraId, request.params)
      case 'warm':
        hub.warm(request.params.cameraId, request.params.profile)
        return {}
      case 'still':
        return stillToWire(await hub.still(request.params.cameraId))
      case 'recordedStill':
        return stillToWire(await recordedStills.find(request.params.cameraId, request.params.at))
      case 'setRecordings':
        await recording.setPlan(request.params.plan)
        return {}
      case 'listSegments':
        return recording.listSegments(request.params)
      case 'removeSegments':
        return recording.remove(request.params.files)
      case 'listDisks':
        return recording.disks()
      case 'exportClip':
        exports.start(request.params)
        return {}
      case 'cancelExport':
        await exports.cancel(request.params.exportId)
        return {}
      case 'stats':
        return stats()
      case 'ping':
        return {}
      default:
        return assertNever(request)
    }
  }

  function send(socket: Socket, message: PlaneMessage) {
    if (socket.writableLength > MAX_CONTROL_QUEUE_BYTES) socket.destroy()
    else if (socket.writable) socket.write(serializeLine(message))
  }

  function onEvent(event: MediaEvent) {
    if (event.type === 'link') return
    for (const socket of controls) send(socket, { event })
  }

  return {
    onEvent,
    open: (socketPath: string) => new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, () => resolve())),
    /** No new connections; those of viewers are ended by their owner. */
    stopListening: () => server.close(),
    close() {
      for (const socket of sockets) socket.destroy()
    },
    connections: () => sockets.size,
  }
}
