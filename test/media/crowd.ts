/** The viewers of V2, in a process of their own: 175 fast ones, 20 that read 16 KB a second, 5 that read nothing. Asked by its parent, says when each frame came. */
import { connect } from 'node:net'
import { createWebSocketClient } from './web-socket-client.ts'

const port = Number(process.argv[2])
const FAST = 175
const SLOW = 20
const DEAF = 5
const SLOW_BYTES_PER_STEP = 1_600
/** Where the picture's number stands: 11 bytes of tag header, 5 of AVC header, 4 of length, 1 of NAL header. */
const NUMBER_OFFSET = 11 + 5 + 5

const arrivals: [number, number][] = []
let shown = 0

for (let i = 0; i < FAST + SLOW + DEAF; i++) {
  const socket = connect({ port, host: '127.0.0.1' })
  // the front answers the handshake for the key it was given; the crowd's is fixed
  if (i >= FAST + SLOW) socket.pause()
  else if (i >= FAST) readSlowly(socket)
  else {
    const viewer = createWebSocketClient(socket, 'crowd', { keepsBytes: false })
    viewer.onBinary = (payload) => {
      // of each viewer only live frames count: the GOP cache is old when it comes
      if (payload[0] !== 9 || viewer.binaryFrames < 60 || payload.length < NUMBER_OFFSET + 4) return
      if (shown++ % 3 === 0) arrivals.push([payload.readUInt32BE(NUMBER_OFFSET), performance.timeOrigin + performance.now()])
    }
  }
  socket.on('error', () => {})
}

function readSlowly(socket: ReturnType<typeof connect>) {
  socket.pause()
  const timer = setInterval(() => socket.read(SLOW_BYTES_PER_STEP) ?? socket.read(), 100)
  socket.once('close', () => clearInterval(timer))
}

process.once('message', () => process.send!(arrivals, () => process.exit(0)))
