/** One picture's socket on our own origin; the login cookie goes with it. Who reconnects and when is the player's business. */

export type MediaSocketHandlers = { onText(text: string): void; onBytes(bytes: ArrayBuffer): void; onClose(code: number, reason: string): void }
export type MediaSocket = { send(text: string): void; close(): void }

/** Opens `path` (`/media/live/…`). After `close()` no handler is called any more; otherwise `onClose` is called exactly once. */
export function openMediaSocket(path: string, handlers: MediaSocketHandlers): MediaSocket {
  const socket = new WebSocket(socketUrl(path))
  socket.binaryType = 'arraybuffer'
  let isDone = false
  socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
    if (isDone) return
    if (typeof event.data === 'string') handlers.onText(event.data)
    else handlers.onBytes(event.data)
  }
  socket.onclose = (event) => {
    if (isDone) return
    isDone = true
    handlers.onClose(event.code, event.reason)
  }
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close() {
      isDone = true
      socket.close(1000)
    },
  }
}

/** `ws:` or `wss:` like the page itself. */
export function socketUrl(path: string): string {
  const url = new URL(path, window.location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
