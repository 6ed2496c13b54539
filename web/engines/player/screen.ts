/**
 * The video element and what is done to it: decoders exchanged without a black moment, kept near the live edge, and which frame is
 * shown right now. Knows nothing of cameras and sockets.
 */
import type { PlayerClock } from './clock.ts'
import { chase as chaseEdge, minJumpPauseMs, targetLagS } from './live-edge.ts'
import type { Decoder, DecoderFailure, OpenDecoder } from './mpegts.ts'
import type { DecoderTimes } from './watchdog.ts'

export type ScreenOptions = {
  clock: PlayerClock
  openDecoder: OpenDecoder
  holdCanvas: HTMLCanvasElement | undefined
  onFailure: (failure: DecoderFailure) => void
  onFirstFrame: () => void
  /** Does a new decoder play at once? A paused recording shows its first picture and stands. */
  shouldPlay?: () => boolean
  /** How much of the past stays in the buffer, s; the live player's few seconds if left out. */
  keepBehindS?: number
}

export type Beginning = { prelude: ArrayBuffer; hasAudio: boolean; isMuted: boolean }

/** After a decoder began, its buffer may hold a whole key frame interval of the past. */
const freshMs = 3000

export function createScreen(
  video: HTMLVideoElement,
  { clock, openDecoder, holdCanvas, onFailure, onFirstFrame, shouldPlay = () => true, keepBehindS }: ScreenOptions,
) {
  let decoder: Decoder | undefined
  /** Exchanges run one after the other: an element has one owner. */
  let exchange: Promise<void> = Promise.resolve()
  let turn = 0
  let backlog: ArrayBuffer[] = []
  let backlogBytes = 0
  let startedAtMs = 0
  let progressAtMs = 0
  let jumpedAtMs = Number.NEGATIVE_INFINITY
  /** Media time of the frame on the screen, s; undefined until this decoder has shown one. */
  let shownS: number | undefined
  let hasShownAny = false
  /** After a rest: until the first frame from the live edge. */
  let isWaking = false
  let frameCallback: number | undefined
  const hasFrameCallbacks = 'requestVideoFrameCallback' in video

  return {
    begin,
    push,
    chase,
    nudge,
    pollFrame,
    play,
    rest: () => video.pause(),
    wake,
    setMuted,
    close,
    lagMs,
    hasDecoder: () => decoder !== undefined,
    hasAudio: () => decoder?.hasAudio ?? false,
    /** Something has been shown since the start, and still is. */
    hasPicture: () => hasShownAny,
    shownMediaMs: () => (shownS === undefined ? undefined : shownS * 1000),
    times: (): DecoderTimes | undefined => decoder && { startedAtMs, progressAtMs },
  }

  /** Takes the old decoder off and puts a new one on; the last picture stays until the first new frame. */
  function begin({ prelude, hasAudio, isMuted }: Beginning) {
    const mine = ++turn
    const old = decoder
    holdPicture()
    decoder = undefined
    shownS = undefined
    isWaking = false
    backlog = [prelude]
    backlogBytes = prelude.byteLength
    exchange = exchange
      .then(async () => {
        await old?.close()
        if (mine !== turn) return
        const opened = await openDecoder(video, { hasAudio, clock, keepBehindS, onFailure: (failure) => mine === turn && onFailure(failure) })
        if (mine !== turn) return opened.close()
        decoder = opened
        startedAtMs = progressAtMs = clock.monotonicMs()
        const waiting = backlog
        backlog = []
        backlogBytes = 0
        for (const bytes of waiting) opened.push(bytes)
        video.muted = isMuted
        watchFrames()
        if (shouldPlay()) play()
      })
      .catch((error: unknown) => {
        if (mine === turn) onFailure({ isUnsupported: false, detail: error instanceof Error ? error.message : String(error) })
      })
  }

  function push(bytes: ArrayBuffer, maxBacklogBytes: number) {
    if (decoder) return decoder.push(bytes)
    backlogBytes += bytes.byteLength
    if (backlogBytes <= maxBacklogBytes) backlog.push(bytes)
    else onFailure({ isUnsupported: false, detail: 'the decoder did not begin' })
  }

  // ── frames ──

  function watchFrames() {
    if (!hasFrameCallbacks) return
    if (frameCallback !== undefined) video.cancelVideoFrameCallback(frameCallback)
    frameCallback = video.requestVideoFrameCallback((_now, { mediaTime }) => {
      noteFrame(mediaTime)
      watchFrames()
    })
  }

  function noteFrame(mediaS: number) {
    if (!decoder || (isWaking && video.seeking)) return
    isWaking = false
    const isFirst = shownS === undefined
    if (mediaS !== shownS) progressAtMs = clock.monotonicMs()
    shownS = mediaS
    hasShownAny = true
    if (!isFirst) return
    if (holdCanvas) holdCanvas.hidden = true
    onFirstFrame()
  }

  /** Frame callbacks sleep in a hidden page and do not exist in old browsers; the playback position stands for the frame then. */
  function pollFrame(isHidden: boolean) {
    if (hasFrameCallbacks && !isHidden) return
    if (video.readyState >= 2 && video.currentTime !== shownS) noteFrame(video.currentTime)
  }

  function holdPicture() {
    if (!holdCanvas || shownS === undefined || video.videoWidth === 0) return
    holdCanvas.width = video.videoWidth
    holdCanvas.height = video.videoHeight
    holdCanvas.getContext('2d')?.drawImage(video, 0, 0)
    holdCanvas.hidden = false
  }

  // ── the live edge ──

  function lastRange(): { startS: number; endS: number } | undefined {
    const { buffered } = video
    return buffered.length === 0 ? undefined : { startS: buffered.start(buffered.length - 1), endS: buffered.end(buffered.length - 1) }
  }

  function lagMs(): number | null {
    const range = decoder && lastRange()
    return range ? Math.max(0, (range.endS - video.currentTime) * 1000) : null
  }

  /** `isFresh`: the page has just become visible. */
  function chase({ isHidden, isFresh }: { isHidden: boolean; isFresh: boolean }) {
    pollFrame(isHidden)
    const range = decoder && lastRange()
    if (!range || video.seeking) return
    const nowMs = clock.monotonicMs()
    const wish = chaseEdge({ lagS: range.endS - video.currentTime, isFresh: isFresh || nowMs - startedAtMs < freshMs, isHidden, rate: video.playbackRate })
    if (video.playbackRate !== wish.rate) video.playbackRate = wish.rate
    if (wish.jumpToLagS !== undefined) jump(range, wish.jumpToLagS)
  }

  function jump(range: { startS: number; endS: number }, lagS: number) {
    const nowMs = clock.monotonicMs()
    if (nowMs - jumpedAtMs < minJumpPauseMs) return
    jumpedAtMs = nowMs
    video.currentTime = Math.max(range.startS, range.endS - lagS)
  }

  /** Helps a picture that stands: plays what was paused, leaves a hole in the buffer. */
  function nudge() {
    const range = decoder && lastRange()
    if (!range) return
    if (video.paused) play()
    const isOutside = video.currentTime < range.startS || video.currentTime > range.endS
    if (isOutside || range.endS - video.currentTime > 1.2) jump(range, targetLagS)
  }

  /** Goes on after a rest, at the live edge; what it stood with stays until the first frame from there. */
  function wake() {
    holdPicture()
    shownS = undefined
    isWaking = true
    play()
    nudge()
  }

  function play() {
    video.play().catch((error: unknown) => {
      // without a click on the page first, only a mute picture may play
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || video.muted) return
      video.muted = true
      video.play().catch(() => undefined) // the watchdog nudges again
    })
  }

  function setMuted(isMuted: boolean) {
    const next = isMuted || !(decoder?.hasAudio ?? false)
    if (video.muted !== next) video.muted = next
  }

  async function close() {
    turn++
    const old = decoder
    decoder = undefined
    backlog = []
    if (frameCallback !== undefined) video.cancelVideoFrameCallback(frameCallback)
    if (holdCanvas) holdCanvas.width = holdCanvas.height = 0
    await exchange
    await old?.close()
  }
}
export type Screen = ReturnType<typeof createScreen>
