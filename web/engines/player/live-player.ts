/**
 * One live picture of one camera on one video element (R-LIVE). It opens the socket, feeds the decoder, stays near the live edge,
 * notices by itself when the picture stands, and begins anew without end, with growing pauses. What it knows goes out as `LiveState`.
 */
import type { Profile } from '../../../server/contract/ids.ts'
import type { LiveServerMessage } from '../../../server/contract/media.ts'
import type { FailureCause } from '../../../server/contract/status.ts'
import { createBackoff } from './backoff.ts'
import { decodableCodecs, withoutH265 } from './capability.ts'
import { browserClock, type PlayerTimer } from './clock.ts'
import { closeCodes, type Feed, openFeed } from './feed.ts'
import type { FeedEnd } from './feed-socket.ts'
import { createFeedPair } from './feed-pair.ts'
import { freshnessOf } from './frame-age.ts'
import type { LivePlayer, LivePlayerOptions, LiveState } from './live-state.ts'
import { hear, noTrouble } from './live-trouble.ts'
import { loadMpegts, openDecoder as openMpegtsDecoder } from './mpegts.ts'
import { createPictureAge } from './picture-age.ts'
import { createScreen } from './screen.ts'
import { judgeDecoder, judgeFeed, type PlayerFault } from './watchdog.ts'

const tickMs = 500
/** Also driven by data, since the timers of a hidden page sleep. */
const dataTickMs = 250
const goodStreamMs = 60_000
const refusedPauseMs = 30_000
/** Data that waits for a decoder: a key frame interval of a main stream, twice. */
const maxBacklogBytes = 24 * 1024 * 1024

export function createLivePlayer(video: HTMLVideoElement, options: LivePlayerOptions): LivePlayer {
  const { cameraId, openSocket, serverNow, onState, holdCanvas, clock = browserClock, random = Math.random, openDecoder = openMpegtsDecoder } = options
  const backoff = createBackoff({ random, hurry: { tries: 10, capMs: 3_000 } })
  const feeds = createFeedPair()
  const screen = createScreen(video, { clock, openDecoder, holdCanvas, onFailure: onDecoderFailure, onFirstFrame })
  const ageMs = createPictureAge({ screen, feed: feeds.current, serverNow })
  let codecs = options.codecs ?? decodableCodecs()
  let profile = options.profile
  let wantsSound = options.sound ?? false
  let isResting = options.isResting ?? false
  let retry: { timer: PlayerTimer; dueMs: number } | undefined
  let phase: 'running' | 'refused' | 'closed' = 'running'
  let trouble = noTrouble
  let switchRefused: FailureCause | null = null
  let goodSinceMs: number | undefined
  let seenAtMs = clock.monotonicMs()
  let lastTickMs = 0

  if (openDecoder === openMpegtsDecoder) void loadMpegts().catch(() => undefined) // asked for again when it is needed
  video.muted = true
  const timer = clock.every(tickMs, tick)
  document.addEventListener('visibilitychange', onVisibility)
  window.addEventListener('online', retryNow)
  open()

  return { state, setProfile, setSound, setResting, retryNow, close }

  // ── opening and exchanging streams ──

  function open() {
    if (phase === 'closed') return
    retry?.timer.cancel()
    retry = undefined
    phase = 'running'
    feeds.dropNext()
    const feed: Feed = openFeed(
      { cameraId, profile, codecs, sound: wantsSound },
      {
        openSocket,
        clock,
        serverNow,
        handlers: {
          onMessage: (message) => onMessage(feed, message),
          onStart: (tags) => onStart(feed, tags),
          onTags: (tags) => onTags(feed, tags),
          onEnd: (end) => onEnd(feed, end),
        },
      },
    )
    feeds.setNext(feed)
    report()
  }

  function onMessage(feed: Feed, message: LiveServerMessage) {
    if (message.type === 'refused') return onRefused(feed, message.cause, message.detail)
    if (feeds.isCandidate(feed)) return
    trouble = hear(trouble, message, clock.monotonicMs())
    report()
  }

  function onStart(feed: Feed, tags: ArrayBuffer) {
    if (!feeds.start(feed)) return
    const hasAudio = feed.request.sound && feed.timeline.hasAudio()
    screen.begin({ prelude: feed.timeline.prelude(hasAudio), hasAudio, isMuted: !wantsSound })
    screen.push(tags, maxBacklogBytes)
    report()
  }

  function onTags(feed: Feed, tags: ArrayBuffer) {
    if (feed !== feeds.current()) return
    screen.push(tags, maxBacklogBytes)
    if (wantsSound && feed.timeline.hasAudio() && screen.hasDecoder() && !screen.hasAudio()) feed.restartAtNextKeyFrame()
    if (clock.monotonicMs() - lastTickMs > dataTickMs) tick()
  }

  // ── what goes wrong ──

  function onRefused(feed: Feed, why: FailureCause, words: string | null) {
    feed.close()
    if (feeds.isCandidate(feed)) return stay(why)
    if (why === 'codec_not_supported' && profile === 'main') {
      profile = 'sub'
      feeds.drop(feed)
      return open()
    }
    refuse(why, words)
  }

  function onEnd(feed: Feed, end: FeedEnd) {
    if (end.kind === 'closed' && end.code === closeCodes.noPermission) return feeds.isCandidate(feed) ? stay('no_permission') : refuse('no_permission', null)
    if (end.kind === 'closed' && (end.code === closeCodes.notSignedIn || end.code === closeCodes.loginEnded)) {
      trouble = { ...trouble, fault: 'signed_out' }
      return void close()
    }
    if (feeds.isCandidate(feed)) return stay('media_unavailable')
    if (end.kind === 'closed' && end.code === closeCodes.tooSlow) trouble = { ...trouble, cause: 'too_slow' }
    feeds.drop(feed)
    fail(
      end.kind === 'corrupt' ? 'data_corrupt' : end.code === closeCodes.serverRestarts ? 'server_restarts' : 'server_lost',
      end.kind === 'corrupt' ? end.detail : end.reason || null,
    )
  }

  function onDecoderFailure({ isUnsupported, detail: words }: { isUnsupported: boolean; detail: string }) {
    const codec = feeds.current()?.opened()?.codec
    if (isUnsupported && codec === 'h265') codecs = withoutH265(codecs) // the browser promised more than it can
    fail('decoder_failed', words)
  }

  /** The switch failed, the picture on the screen is well: keep it. */
  function stay(why: FailureCause) {
    feeds.dropNext()
    switchRefused = why
    const current = feeds.current()
    if (current) {
      profile = current.request.profile
      wantsSound &&= current.request.sound
    }
    report()
  }

  function fail(why: PlayerFault, words: string | null = null) {
    if (phase === 'closed') return
    trouble = { ...trouble, fault: why, detail: words ?? trouble.detail }
    feeds.close()
    again(backoff.next())
  }

  /** Nothing will change by itself soon; ask again now and then all the same, for limits and rights do change. */
  function refuse(why: FailureCause, words: string | null) {
    feeds.close()
    trouble = { ...trouble, cause: why, detail: words, fault: null }
    again(refusedPauseMs * (1 + random()))
    phase = 'refused'
    report()
  }

  function again(pauseMs: number) {
    goodSinceMs = undefined
    retry?.timer.cancel()
    retry = { timer: clock.after(pauseMs, open), dueMs: clock.monotonicMs() + pauseMs }
    report()
  }

  // ── watching ──

  function onFirstFrame() {
    if (isResting) screen.rest()
    tick()
  }

  function tick() {
    if (phase === 'closed') return
    const nowMs = clock.monotonicMs()
    lastTickMs = nowMs
    const isHidden = document.hidden
    const isAtRest = isResting && screen.hasPicture()
    if (!isAtRest) screen.chase({ isHidden, isFresh: nowMs - seenAtMs < 1500 })
    judge(nowMs, isHidden || isAtRest)
    noteGoodStream(nowMs)
    report()
  }

  function judge(nowMs: number, isHidden: boolean) {
    const next = feeds.next()
    const doubt = next && judgeFeed(nowMs, next.times)
    if (doubt?.act === 'reopen') {
      if (feeds.isSwitching()) stay('media_unavailable')
      else fail(doubt.fault)
    }
    const current = feeds.current()
    if (!current) return
    const verdict = judgeFeed(nowMs, current.times)
    if (verdict.act === 'reopen') return fail(verdict.fault)
    const times = screen.times()
    if (!times) return
    const picture = judgeDecoder(nowMs, current.times, times, isHidden, seenAtMs)
    if (picture.act === 'nudge') screen.nudge()
    else if (picture.act === 'reopen') {
      if (screen.hasAudio()) wantsSound = false // a sound track without data holds the picture: better mute than standing
      fail(picture.fault)
    }
  }

  function noteGoodStream(nowMs: number) {
    const age = ageMs()
    const current = feeds.current()
    if (!current || age === null || freshnessOf(age) !== 'live') {
      goodSinceMs = undefined
      return
    }
    goodSinceMs ??= nowMs
    trouble = { ...trouble, fault: null, cause: current.opened() ? null : trouble.cause }
    if (nowMs - goodSinceMs > goodStreamMs) backoff.reset()
  }

  function onVisibility() {
    if (document.hidden) return
    seenAtMs = clock.monotonicMs()
    if (retry && phase === 'running') open()
    if (!isResting) screen.nudge()
    tick()
  }

  // ── what others ask ──

  function setResting(isOn: boolean) {
    if (isOn === isResting) return
    isResting = isOn
    if (isOn) return void (screen.hasPicture() && screen.rest())
    seenAtMs = clock.monotonicMs()
    if (screen.hasPicture()) screen.wake()
    tick()
  }

  function setProfile(wanted: Profile) {
    if (wanted === profile) return
    profile = wanted
    switchRefused = null
    if (feeds.next() && feeds.current()?.request.profile === wanted) {
      feeds.dropNext() // back to what is still on the screen
      report()
    } else {
      open()
    }
  }

  function setSound(isOn: boolean) {
    wantsSound = isOn
    switchRefused = null
    if (isOn && !screen.hasAudio()) open()
    screen.setMuted(!isOn)
    report()
  }

  function retryNow() {
    if (phase === 'closed') return
    if (retry) open()
    else (feeds.next() ?? feeds.current())?.retryNow()
  }

  async function close() {
    if (phase === 'closed') return
    phase = 'closed'
    timer.cancel()
    retry?.timer.cancel()
    retry = undefined
    document.removeEventListener('visibilitychange', onVisibility)
    window.removeEventListener('online', retryNow)
    feeds.close()
    report()
    await screen.close()
  }

  // ── what is known ──

  function state(): LiveState {
    const nowMs = clock.monotonicMs()
    const age = ageMs()
    const current = feeds.current()
    const { cause, detail, fault, attempt, retryDueMs } = trouble
    const dueMs = retry?.dueMs ?? retryDueMs
    return {
      phase: phase !== 'running' ? phase : age === null ? 'opening' : freshnessOf(age),
      cause,
      detail,
      fault,
      attempt: Math.max(attempt, fault || retry ? backoff.attempts() : 0),
      retryInMs: dueMs === undefined || dueMs <= nowMs ? null : dueMs - nowMs,
      ageMs: age,
      opened: current?.opened() ?? feeds.next()?.opened() ?? null,
      kbps: current?.rate()?.kbps ?? null,
      fps: current?.rate()?.fps ?? null,
      lagMs: screen.lagMs(),
      profile,
      hasSound: wantsSound && screen.hasAudio(),
      isSwitching: feeds.isSwitching(),
      switchRefused,
    }
  }

  function report() {
    onState(state())
  }
}
