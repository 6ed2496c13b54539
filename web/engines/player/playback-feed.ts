/** One socket of recordings: messages and FLV bytes of `contract/recordings.ts`. What belongs to a seek that was overtaken is dropped here. It does not retry. */
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import type { VideoCodec } from '../../../server/contract/media.ts'
import { type PlaybackClientMessage, PlaybackServerMessage } from '../../../server/contract/recordings.ts'
import type { FeedEnd, OpenSocket } from './feed.ts'

export type PlaybackFeedHandlers = {
  onMessage(message: PlaybackServerMessage): void
  onBytes(bytes: ArrayBuffer): void
  onEnd(end: FeedEnd): void
}
export type PlaybackRequest = { cameraId: CameraId; at: Instant; codecs: readonly VideoCodec[] }

export function openPlaybackFeed(request: PlaybackRequest, openSocket: OpenSocket, handlers: PlaybackFeedHandlers) {
  let wantedSeekId = 0
  let isCurrent = false
  let isDone = false
  const socket = openSocket(playbackPath(request), { onText, onBytes, onClose: (code, reason) => end({ kind: 'closed', code, reason }) })

  return {
    /** Is the seek asked for last still unanswered? */
    isSeeking: () => !isCurrent,
    seek(at: Instant) {
      isCurrent = false
      send({ type: 'seek', seekId: ++wantedSeekId, at })
    },
    shown(flvMs: number, speed: number) {
      if (isCurrent) send({ type: 'shown', flvMs, speed })
    },
    close,
  }

  function onText(text: string) {
    const message = parseMessage(text)
    if (!message) return end({ kind: 'corrupt', detail: `message not understood: ${text.slice(0, 80)}` })
    if (message.type === 'opened') isCurrent = message.seekId === wantedSeekId
    // an end and a refusal may come instead of `opened`
    if (isCurrent || message.type === 'end' || message.type === 'refused') handlers.onMessage(message)
  }

  function onBytes(bytes: ArrayBuffer) {
    if (isCurrent) handlers.onBytes(bytes)
  }

  function send(message: PlaybackClientMessage) {
    socket.send(JSON.stringify(message))
  }

  function end(reason: FeedEnd) {
    if (isDone) return
    close()
    handlers.onEnd(reason)
  }

  function close() {
    if (isDone) return
    isDone = true
    socket.close()
  }
}
export type PlaybackFeed = ReturnType<typeof openPlaybackFeed>

function playbackPath({ cameraId, at, codecs }: PlaybackRequest): string {
  return `/media/playback/${encodeURIComponent(cameraId)}?at=${at}&codecs=${codecs.join(',')}&sound=0`
}

function parseMessage(text: string): PlaybackServerMessage | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return PlaybackServerMessage.safeParse(value).data
}
