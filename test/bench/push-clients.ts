/** Pages in a process of their own. Argument: JSON `{ url, cookie, count }`. Says for every client when each camera's change arrived (monotonic ns). */
import WebSocket from 'ws'
import type { PushMessage } from '../../server/contract/push.ts'

const { url, cookie, count } = JSON.parse(process.argv[2]!) as { url: string; cookie: string; count: number }
/** [detail of the state, which is the bench's own mark of the change; arrived at] */
let arrivals: [string, string][] = []

await Promise.all(
  Array.from({ length: count }, () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/push`, { headers: { cookie, origin: url } })
    socket.on('message', (bytes: Buffer) => {
      const at = process.hrtime.bigint().toString()
      const message = JSON.parse(bytes.toString()) as PushMessage
      if (message.topic === 'cameraStatus') for (const { detail } of message.states) if (detail !== null) arrivals.push([detail, at])
    })
    return new Promise<void>((resolve, reject) => socket.once('message', () => resolve()).once('error', reject))
  }),
)
process.send!({ type: 'ready' })
process.on('message', () => {
  process.send!({ type: 'arrivals', arrivals })
  arrivals = []
})
process.on('disconnect', () => process.exit(0))
