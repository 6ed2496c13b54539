/**
 * One camera's recording on one video element (R-PLAY). It does not keep time: a master clock tells it ten times a second which moment to
 * show and how fast (`follow`); it keeps its picture there by rate, by a jump within the buffer, or by asking the server. It reconnects
 * by itself without end. What it knows goes out as `PlaybackState`.
 */
import type { Instant } from '../../../server/contract/ids.ts'
import type { PlaybackServerMessage, TimeRange } from '../../../server/contract/recordings.ts'
import { createBackoff } from './backoff.ts'
import { decodableCodecs, withoutH265 } from './capability.ts'
import { browserClock } from './clock.ts'
import { closeCodes } from './feed.ts'
import type { FeedEnd } from './feed-socket.ts'
import { FlvFramingError } from './flv-timeline.ts'
import { openDecoder as openMpegtsDecoder } from './mpegts.ts'
import { openPlaybackFeed, type PlaybackFeed } from './playback-feed.ts'
import { createPlaybackSound } from './playback-sound.ts'
import {
  isLoading,
  type PlaybackOpened,
  type PlaybackPace,
  type PlaybackPhase,
  type PlaybackPlayer,
  type PlaybackPlayerOptions,
  type PlaybackRefusal,
  type PlaybackState,
} from './playback-state.ts'
import { createRecordedTimes } from './recorded-times.ts'
import { createScreen } from './screen.ts'
import { createVideoPosition } from './video-position.ts'
import type { PlayerFault } from './watchdog.ts'

const shownEveryMs = 1000
const goodForMs = 10_000
const refusedPauseMs = 30_000
/** Wanted and nothing heard. */
const silentMs = 12_000
/** A moment this far behind the end of the buffer may still arrive by itself, s of media at speed 1. */
const aheadS = 3
/** … if the buffer grows within this. */
const growthMs = 2_500
const maxBacklogBytes = 48 * 1024 * 1024
const keepBehindS = 30
const noTrouble = { refusal: null, fault: null, detail: null }

export function createPlaybackPlayer(video: HTMLVideoElement, options: PlaybackPlayerOptions): PlaybackPlayer {
  const { cameraId, openSocket, onState, holdCanvas, clock = browserClock, random = Math.random, openDecoder = openMpegtsDecoder } = options
  const backoff = createBackoff({ random })
  const times = createRecordedTimes()
  const { flv, moments } = times
  const sound = createPlaybackSound()
  const screen = createScreen(video, {
    clock,
    openDecoder,
    holdCanvas,
    onFailure: onDecoderFailure,
    onFirstFrame: report,
    shouldPlay: () => false,
    keepBehindS,
  })
  const position = createVideoPosition(video, { clock, play: screen.play })
  let codecs = options.codecs ?? decodableCodecs()
  let feed: PlaybackFeed | undefined
  /** What the stream now open was asked for. */
  let askedAt: Instant = 0
  let phase: PlaybackPhase = 'opening'
  let gap: TimeRange | null = null
  let end: { at: Instant | null } | undefined
  let opened: PlaybackOpened | null = null
  let trouble: Pick<PlaybackState, 'refusal' | 'fault' | 'detail'> = noTrouble
  let retryDueMs: number | undefined
  let heardAtMs = clock.monotonicMs()
  let waitsSinceMs: number | undefined = heardAtMs
  let goodSinceMs: number | undefined
  let sent = { atMs: 0, speed: -1 }
  let reported = ''

  video.muted = true
  window.addEventListener('online', retryNow)
  return {
    state,
    waitedMs,
    follow,
    shownAt: () => times.momentOf(screen.shownMediaMs()),
    frameBeside: (step) => times.momentBeside(screen.shownMediaMs(), step),
    setSound(isOn) {
      if (sound.want(isOn)) feed?.sound(isOn)
    },
    retryNow,
    close,
  }

  // ── the socket ──

  function open(at: Instant) {
    feed?.close()
    retryDueMs = undefined
    askedAt = at
    end = undefined
    heardAtMs = clock.monotonicMs()
    feed = openPlaybackFeed({ cameraId, at, codecs, sound: sound.isAsked() }, openSocket, { onMessage, onBytes, onEnd })
  }

  /** Asks for another moment on the line that is open. */
  function seek(at: Instant) {
    askedAt = at
    end = undefined
    heardAtMs = clock.monotonicMs()
    moments.reset()
    feed?.seek(at)
    setPhase('opening')
  }

  function onMessage(message: PlaybackServerMessage) {
    heardAtMs = clock.monotonicMs()
    if (message.type === 'refused') return refuse(message.cause, message.detail)
    if (message.type === 'opened') {
      // the same seek once more: another speed or another format, from a moment of the server's choice
      if (opened?.seekId === message.seekId) askedAt = message.at
      opened = message
      trouble = noTrouble
      end = undefined
      sent = { atMs: 0, speed: -1 }
      times.startAnew()
    } else if (message.type === 'position') moments.position(message.flvMs, message.at)
    else if (message.type === 'clockOffset') moments.clockOffset(message.flvMs, message.clockOffsetMs)
    else if (message.type === 'gap') moments.gap(message.flvMs, message.fromAt, message.toAt)
    else end = { at: message.at }
    report()
  }

  function onBytes(bytes: ArrayBuffer) {
    heardAtMs = clock.monotonicMs()
    end = undefined // it goes on
    try {
      const batch = flv.take(bytes)
      if (!batch.tags) return
      if (batch.isStart) {
        const hasAudio = sound.isAsked() && flv.hasAudio()
        screen.begin({ prelude: flv.prelude(hasAudio), hasAudio, isMuted: true })
      }
      screen.push(batch.tags, maxBacklogBytes)
    } catch (error) {
      if (!(error instanceof FlvFramingError)) throw error
      fail('data_corrupt', error.message)
    }
  }

  function onEnd(reason: FeedEnd) {
    if (reason.kind === 'corrupt') return fail('data_corrupt', reason.detail)
    if (reason.code === closeCodes.noPermission) return refuse('no_permission', null)
    if (reason.code === closeCodes.notSignedIn || reason.code === closeCodes.loginEnded) {
      trouble = { ...trouble, fault: 'signed_out' }
      return void close()
    }
    fail(reason.code === closeCodes.serverRestarts ? 'server_restarts' : 'server_lost', reason.reason || null)
  }

  function onDecoderFailure({ isUnsupported, detail: words }: { isUnsupported: boolean; detail: string }) {
    if (screen.hasAudio()) return loseSound() // it may be the sound; a picture that fails, fails again
    if (isUnsupported && opened?.codec === 'h265') codecs = withoutH265(codecs) // the browser promised more than it can
    fail('decoder_failed', words)
  }

  /** Better mute than standing: the server begins anew from the moment shown. */
  function loseSound() {
    if (!sound.isAsked()) return
    sound.lose()
    moments.reset()
    feed?.sound(false)
    setPhase('opening')
  }

  function fail(why: PlayerFault, words: string | null) {
    if (phase === 'closed') return
    trouble = { ...trouble, fault: why, detail: words }
    pauseFor(backoff.next(), 'lost')
  }

  /** Nothing will change by itself soon; ask again now and then all the same. */
  function refuse(why: PlaybackRefusal, words: string | null) {
    if (phase === 'closed') return
    trouble = { refusal: why, fault: null, detail: words }
    pauseFor(refusedPauseMs * (1 + random()), 'refused')
  }

  function pauseFor(pauseMs: number, next: PlaybackPhase) {
    feed?.close()
    feed = undefined
    opened = null
    goodSinceMs = undefined
    moments.reset()
    position.stand()
    retryDueMs = clock.monotonicMs() + pauseMs
    setPhase(next)
  }

  function retryNow() {
    if (phase !== 'closed' && retryDueMs !== undefined) retryDueMs = clock.monotonicMs()
  }

  async function close() {
    if (phase === 'closed') return
    feed?.close()
    feed = undefined
    retryDueMs = undefined
    window.removeEventListener('online', retryNow)
    setPhase('closed')
    await screen.close()
  }

  // ── keeping step ──

  function follow(wanted: PlaybackPace) {
    if (phase === 'closed') return
    const nowMs = clock.monotonicMs()
    if (!feed) {
      if (retryDueMs === undefined || nowMs >= retryDueMs) open(wanted.at)
      return report()
    }
    screen.pollFrame(document.hidden)
    screen.setMuted(!sound.isAudible(wanted))
    keepStep(wanted)
    if (screen.hasAudio() && sound.holdsPicture(waitedMs(), flv.soundLagMs())) loseSound()
    tellShown(wanted, nowMs)
    noteGood(nowMs)
    if (isLoading(phase) && nowMs - heardAtMs > silentMs) fail('server_silent', null)
    report()
  }

  function keepStep(wanted: PlaybackPace) {
    const { at, speed } = wanted
    gap = null
    if (feed?.isSeeking()) return stand(end ? 'end' : 'opening')
    const place = moments.locate(at)
    if (!place) return stand(end ? 'end' : 'opening')
    if (place.kind === 'before') {
      // asked for a moment without a recording, it began behind the gap
      if (at < askedAt || place.firstAt <= askedAt) return seek(at)
      gap = { fromAt: askedAt, toAt: place.firstAt }
      return stand('gap')
    }
    if (place.kind === 'gap') gap = { fromAt: place.fromAt, toAt: place.toAt }
    const range = screen.hasDecoder() ? position.range() : undefined
    const targetS = times.mediaS(place.flvMs)
    if (!range || targetS === undefined) return stand(gap ? 'gap' : 'opening')
    if (gap) {
      position.waitAt(targetS, range)
      return setPhase('gap')
    }
    // a first picture with a composition time stands a little behind 0
    if (targetS >= range.startS - 0.5 && targetS < range.endS - 0.001) {
      const kept = position.keepAt(Math.max(targetS, range.startS), range, wanted)
      if (kept === 'stuck') return screen.hasAudio() ? loseSound() : fail('decoder_stuck', null)
      return setPhase(kept !== 'loading' ? kept : isLoading(phase) ? phase : 'buffering')
    }
    if (end && targetS >= range.endS - 0.001) return stand('end')
    const isComing = targetS >= range.endS - 0.001 && targetS < range.endS + aheadS * Math.max(1, speed) && position.sinceGrowthMs() < growthMs
    if (!isComing) return seek(at)
    stand('buffering')
  }

  function stand(next: PlaybackPhase) {
    position.stand()
    setPhase(next)
  }

  /** A clock that only waits for data keeps its speed: the server would else change what it sends back and forth. */
  function tellShown({ speed, isPlaying }: PlaybackPace, nowMs: number) {
    const wanted = isPlaying ? speed : 0
    if (nowMs - sent.atMs < shownEveryMs && wanted === sent.speed) return
    const flvMs = flv.toFlvMs(video.currentTime * 1000)
    if (flvMs === undefined || !screen.hasDecoder()) return
    sent = { atMs: nowMs, speed: wanted }
    feed?.shown(Math.round(flvMs), wanted)
  }

  function noteGood(nowMs: number) {
    if (phase !== 'playing' && phase !== 'paused') return void (goodSinceMs = undefined)
    goodSinceMs ??= nowMs
    if (nowMs - goodSinceMs > goodForMs) backoff.reset()
  }

  // ── what is known ──

  function setPhase(next: PlaybackPhase) {
    if (phase === 'closed') return
    phase = next
    waitsSinceMs = isLoading(next) ? (waitsSinceMs ?? clock.monotonicMs()) : undefined
    if (next === 'closed' || next === 'lost' || next === 'refused') report()
  }

  function waitedMs(): number {
    return waitsSinceMs === undefined ? 0 : clock.monotonicMs() - waitsSinceMs
  }

  function state(): PlaybackState {
    const waitMs = retryDueMs === undefined ? 0 : retryDueMs - clock.monotonicMs()
    return {
      phase,
      gap,
      newestAt: end?.at ?? null,
      ...trouble,
      fault: phase === 'lost' || phase === 'closed' || phase === 'opening' ? trouble.fault : null,
      attempt: backoff.attempts(),
      retryInS: waitMs > 0 ? Math.ceil(waitMs / 1000) : null,
      opened,
      soundProblem: sound.problem(opened),
      clockOffsetMs: times.clockOffsetOf(screen.shownMediaMs()),
      hasPicture: screen.hasPicture(),
    }
  }

  /** Asked often; says only what is new. */
  function report() {
    const next = state()
    const text = JSON.stringify(next)
    if (text === reported) return
    reported = text
    onState(next)
  }
}
