/** When to stop trusting a stream. Pure: it is told the times and answers what to do; the player does it. */

/** What went wrong on our side of the wire. What the camera or the server says is a `FailureCause`. */
export type PlayerFault =
  | 'server_lost' // the socket closed or never opened
  | 'server_restarts'
  | 'server_silent' // the socket is open and says nothing
  | 'no_key_frame' // opened, but nothing a decoder can begin with
  | 'data_corrupt'
  | 'decoder_failed'
  | 'decoder_stuck' // data comes, the picture stands
  | 'signed_out'

export type FeedTimes = {
  openedAtMs: number
  /** Last message of any kind; undefined before the first. */
  heardAtMs: number | undefined
  /** How long the server said it would wait before its next try. */
  promisedPauseMs: number
  /** When `opened` came: pictures should follow. */
  confirmedAtMs: number | undefined
  /** First key frame. */
  startedAtMs: number | undefined
  videoAtMs: number | undefined
}

export type DecoderTimes = {
  startedAtMs: number
  /** Last time a new frame was shown. */
  progressAtMs: number
}

export type Verdict = { act: 'wait' } | { act: 'nudge' } | { act: 'reopen'; fault: PlayerFault }

export const limits = {
  /** From opening the socket to the first message. */
  firstWordMs: 10_000,
  /** Once pictures flow the server speaks every second; of a camera that falls silent it tells within 10 to 15 s. */
  silenceMs: 16_000,
  /** While it waits for the camera it speaks at each try: its pause and this. */
  silenceBetweenTriesMs: 20_000,
  /** Longest key frame interval in the field is 10 s. */
  keyFrameMs: 14_000,
  /** Data comes, the picture stands: first help it on, then start anew. */
  nudgeMs: 1_500,
  stuckMs: 5_000,
}

const wait: Verdict = { act: 'wait' }

/** Judges the socket and what comes through it. */
export function judgeFeed(nowMs: number, feed: FeedTimes): Verdict {
  if (feed.heardAtMs === undefined) return nowMs - feed.openedAtMs > limits.firstWordMs ? { act: 'reopen', fault: 'server_silent' } : wait
  const silenceMs = feed.confirmedAtMs === undefined ? feed.promisedPauseMs + limits.silenceBetweenTriesMs : limits.silenceMs
  if (nowMs - feed.heardAtMs > silenceMs) return { act: 'reopen', fault: 'server_silent' }
  if (feed.confirmedAtMs !== undefined && feed.startedAtMs === undefined && nowMs - feed.confirmedAtMs > limits.keyFrameMs)
    return { act: 'reopen', fault: 'no_key_frame' }
  return wait
}

/**
 * Judges the picture. A hidden page shows no frames and its timers sleep, so there is nothing to judge; `seenAtMs` is when it
 * became visible, from which the picture gets its time again.
 */
export function judgeDecoder(nowMs: number, feed: FeedTimes, decoder: DecoderTimes, isHidden: boolean, seenAtMs: number): Verdict {
  if (isHidden || feed.videoAtMs === undefined) return wait
  const sinceMs = Math.max(decoder.progressAtMs, decoder.startedAtMs, seenAtMs)
  const standsMs = nowMs - sinceMs
  const hasNewData = feed.videoAtMs > sinceMs + limits.nudgeMs
  if (!hasNewData) return wait
  if (standsMs > limits.stuckMs) return { act: 'reopen', fault: 'decoder_stuck' }
  return standsMs > limits.nudgeMs ? { act: 'nudge' } : wait
}
