/** One socket of one camera: the contract's messages and FLV bytes of `contract/media.ts`, sorted and dated. It does not retry. */
import type { CameraId, Instant, Profile } from '../../../server/contract/ids.ts'
import { LiveServerMessage, type VideoCodec } from '../../../server/contract/media.ts'
import type { PlayerClock } from './clock.ts'
import { type FeedEnd, openFeedSocket, type OpenSocket } from './feed-socket.ts'
import { createFlvTimeline, FlvFramingError, type FlvTimeline } from './flv-timeline.ts'
import { createFrameAge, type FrameAge } from './frame-age.ts'
import type { FeedTimes } from './watchdog.ts'

export type Opened = Extract<LiveServerMessage, { type: 'opened' }>

/** Why the server closes a picture's socket (`contract/media.ts`). */
export const closeCodes = { notSignedIn: 4001, noPermission: 4003, tooSlow: 4008, loginEnded: 4010, serverRestarts: 1012 } as const

export type FeedHandlers = {
  onMessage(message: LiveServerMessage): void
  /** A key frame from which a decoder can begin: `prelude` first, then `tags`. Again after `restart`. */
  onStart(tags: ArrayBuffer): void
  onTags(tags: ArrayBuffer): void
  onEnd(end: FeedEnd): void
}

export type FeedRequest = { cameraId: CameraId; profile: Profile; codecs: readonly VideoCodec[]; sound: boolean }

export type Feed = {
  readonly request: FeedRequest
  readonly timeline: FlvTimeline
  readonly frameAge: FrameAge
  readonly times: FeedTimes
  opened(): Opened | undefined
  /** Measured by the server, once a second. */
  rate(): { kbps: number; fps: number } | undefined
  /** A sound track has appeared after the decoder began: begin a new one at the next key frame. */
  restartAtNextKeyFrame(): void
  retryNow(): void
  close(): void
}

export function openFeed(
  request: FeedRequest,
  { openSocket, clock, serverNow, handlers }: { openSocket: OpenSocket; clock: PlayerClock; serverNow: () => Instant; handlers: FeedHandlers },
): Feed {
  const timeline = createFlvTimeline()
  const frameAge = createFrameAge()
  const times: FeedTimes = {
    openedAtMs: clock.monotonicMs(),
    heardAtMs: undefined,
    promisedPauseMs: 0,
    confirmedAtMs: undefined,
    startedAtMs: undefined,
    videoAtMs: undefined,
  }
  let opened: Opened | undefined
  let rate: { kbps: number; fps: number } | undefined
  const socket = openFeedSocket(livePath(request), { openSocket, schema: LiveServerMessage, onMessage, onBytes, onEnd: handlers.onEnd })

  return {
    request,
    timeline,
    frameAge,
    times,
    close: socket.close,
    opened: () => opened,
    rate: () => rate,
    restartAtNextKeyFrame: () => timeline.startAnew(false),
    retryNow: () => socket.send({ type: 'retryNow' }),
  }

  function onMessage(message: LiveServerMessage) {
    times.heardAtMs = clock.monotonicMs()
    if (message.type === 'opening') {
      times.promisedPauseMs = message.retryInMs
      times.confirmedAtMs = undefined
    } else if (message.type === 'opened') {
      opened = message
      times.confirmedAtMs = times.heardAtMs
    } else if (message.type === 'clock') {
      frameAge.onClock(message)
      rate = { kbps: message.kbps, fps: message.fps }
    } else if (message.type === 'restart') {
      timeline.startAnew(true)
      frameAge.reset()
      times.startedAtMs = undefined
      times.confirmedAtMs = times.heardAtMs
    }
    handlers.onMessage(message)
  }

  function onBytes(bytes: ArrayBuffer) {
    const nowMs = clock.monotonicMs()
    times.heardAtMs = nowMs
    times.confirmedAtMs ??= nowMs
    try {
      const batch = timeline.take(bytes)
      if (batch.hasVideo) times.videoAtMs = nowMs
      if (batch.lastVideoFlvMs !== undefined) frameAge.onArrival(batch.lastVideoFlvMs, serverNow())
      if (!batch.tags) return
      if (batch.isStart) {
        times.startedAtMs = nowMs
        handlers.onStart(batch.tags)
      } else {
        handlers.onTags(batch.tags)
      }
    } catch (error) {
      if (!(error instanceof FlvFramingError)) throw error
      socket.end({ kind: 'corrupt', detail: error.message })
    }
  }
}

function livePath({ cameraId, profile, codecs, sound }: FeedRequest): string {
  return `/media/live/${encodeURIComponent(cameraId)}?profile=${profile}&codecs=${codecs.join(',')}&sound=${sound ? 1 : 0}`
}
