/** What every feed's socket has in common: texts that are checked messages, bytes, and one end. It does not retry. */
import type { z } from 'zod'
import type { openMediaSocket } from '../../base/media-socket.ts'

export type OpenSocket = typeof openMediaSocket
export type FeedEnd = { kind: 'closed'; code: number; reason: string } | { kind: 'corrupt'; detail: string }

export function openFeedSocket<Message>(
  path: string,
  {
    openSocket,
    schema,
    onMessage,
    onBytes,
    onEnd,
  }: {
    openSocket: OpenSocket
    schema: z.ZodType<Message>
    onMessage: (message: Message) => void
    onBytes: (bytes: ArrayBuffer) => void
    /** Once, and not after `close`. */
    onEnd: (end: FeedEnd) => void
  },
) {
  let isDone = false
  const socket = openSocket(path, { onText, onBytes, onClose: (code, reason) => end({ kind: 'closed', code, reason }) })
  return { send: (message: unknown) => socket.send(JSON.stringify(message)), end, close }

  function onText(text: string) {
    const message = parse(text)
    if (message === undefined) end({ kind: 'corrupt', detail: `message not understood: ${text.slice(0, 80)}` })
    else onMessage(message)
  }

  function parse(text: string): Message | undefined {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return undefined
    }
    return schema.safeParse(value).data
  }

  function end(reason: FeedEnd) {
    if (isDone) return
    close()
    onEnd(reason)
  }

  function close() {
    if (isDone) return
    isDone = true
    socket.close()
  }
}
