/** One socket of recordings: messages and FLV bytes of `contract/recordings.ts`. What belongs to a seek that was overtaken is dropped here. It does not retry. */
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import type { VideoCodec } from '../../../server/contract/media.ts'
import { type PlaybackClientMessage, PlaybackServerMessage } from '../../../server/contract/recordings.ts'
import { type FeedEnd, openFeedSocket, type OpenSocket } from './feed-socket.ts'

export type PlaybackFeedHandlers = {
  onMessage(message: PlaybackServerMessage): void
  onBytes(bytes: ArrayBuffer): void
  onEnd(end: FeedEnd): void
}
export type PlaybackRequest = { cameraId: CameraId; at: Instant; codecs: readonly VideoCodec[]; sound: boolean }

export function openPlaybackFeed(request: PlaybackRequest, openSocket: OpenSocket, handlers: PlaybackFeedHandlers) {
  let wantedSeekId = 0
  let isCurrent = false
  let wantsSound = request.sound
  let hasOpened = false
  const socket = openFeedSocket(playbackPath(request), { openSocket, schema: PlaybackServerMessage, onMessage, onBytes, onEnd: handlers.onEnd })

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
    sound(isOn: boolean) {
      wantsSound = isOn
      send({ type: 'sound', isOn })
    },
    close: socket.close,
  }

  function onMessage(message: PlaybackServerMessage) {
    if (message.type === 'opened') {
      isCurrent = message.seekId === wantedSeekId
      // what was said before the line stood was not heard
      if (!hasOpened && wantsSound !== request.sound) send({ type: 'sound', isOn: wantsSound })
      hasOpened = true
    }
    // an end and a refusal may come instead of `opened`
    if (isCurrent || message.type === 'end' || message.type === 'refused') handlers.onMessage(message)
  }

  function onBytes(bytes: ArrayBuffer) {
    if (isCurrent) handlers.onBytes(bytes)
  }

  function send(message: PlaybackClientMessage) {
    socket.send(message)
  }
}
export type PlaybackFeed = ReturnType<typeof openPlaybackFeed>

function playbackPath({ cameraId, at, codecs, sound }: PlaybackRequest): string {
  return `/media/playback/${encodeURIComponent(cameraId)}?at=${at}&codecs=${codecs.join(',')}&sound=${sound ? 1 : 0}`
}
