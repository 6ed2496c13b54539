/** Viewers in a process of their own: each reads one stream from media's socket as the gate would. Argument: JSON `{ socketPath, count, cameraId, profile }`. */
import { connect } from 'node:net'
import { randomBytes } from 'node:crypto'

const { socketPath, count, cameraId, profile } = JSON.parse(process.argv[2]!) as { socketPath: string; count: number; cameraId: string; profile: string }
let bytes = 0
const shared = Buffer.alloc(256 * 1024)
const opened = Array.from({ length: count }, (_, i) => {
  const request = {
    kind: 'viewer',
    viewerId: `bench-${process.pid}-${i}`,
    cameraId,
    profile,
    codecs: ['h264'],
    sound: false,
    loginId: 'bench',
    webSocketKey: randomBytes(16).toString('base64'),
  }
  return new Promise<void>((resolve, reject) => {
    let isFirst = true
    const socket = connect({
      path: socketPath,
      onread: {
        buffer: shared,
        callback(length) {
          bytes += length
          if (isFirst) resolve()
          isFirst = false
          return true
        },
      },
    })
    socket.on('error', reject)
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`))
  })
})
await Promise.all(opened)
process.send!({ type: 'ready' })
process.on('message', (request) => {
  if (request === 'bytes') process.send!({ type: 'bytes', bytes })
})
process.on('disconnect', () => process.exit(0))
