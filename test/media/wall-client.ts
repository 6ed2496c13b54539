/** The client of V1, in a process of its own: one computer that reads every stream of a wall. Argument: JSON `{ socketPath, cameraIds }`. Says how late frames came. */
import { connect } from 'node:net'
import { createWebSocketClient, webSocketKey } from './web-socket-client.ts'

const { socketPath, cameraIds } = JSON.parse(process.argv[2]!) as { socketPath: string; cameraIds: string[] }
/** FLV: a tag begins with its type (9: video), three bytes of size, three of time and one above them. */
const VIDEO = 9

/** When each frame came and what time it carries, of each stream, since the last `begin`. */
let arrivals: { flvMs: number; atMs: number }[][] = cameraIds.map(() => [])
let ended = 0

for (const [number, cameraId] of cameraIds.entries()) {
  const key = webSocketKey()
  const request = { kind: 'viewer', viewerId: `wall-${number}`, cameraId, profile: 'main', codecs: ['h264'], sound: false, loginId: 'wall', webSocketKey: key }
  const socket = connect(socketPath)
  socket.write(`${JSON.stringify(request)}\n`)
  const viewer = createWebSocketClient(socket, key, { keepsBytes: false })
  viewer.onBinary = (payload) => {
    for (let at = 0; at + 11 <= payload.length;) {
      const bytes = payload.readUIntBE(at + 1, 3)
      if (payload[at] === VIDEO) arrivals[number]!.push({ flvMs: payload.readUIntBE(at + 4, 3) + payload[at + 7]! * 0x1000000, atMs: performance.now() })
      at += 11 + bytes + 4
    }
  }
  socket.once('close', () => ended++)
}

process.on('message', (asked) => {
  if (asked === 'begin') arrivals = cameraIds.map(() => [])
  else process.send!({ type: 'arrivals', arrivals, ended })
})
process.on('disconnect', () => process.exit(0))
process.send!({ type: 'ready' })
