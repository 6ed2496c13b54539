/** Up to nine recordings in step: one master clock that plays, stands, steps and seeks; the players follow it (R-PLAY-2). */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { browserClock, type PlayerClock } from './clock.ts'
import type { PlaybackPlayer } from './playback-state.ts'
import { judgeSync, type SyncVerdict } from './sync.ts'

const tickMs = 100
const rateOverMs = 2_000
const worthWordsMs = 1_500

export type PlaybackGroupState = {
  at: Instant
  speed: number
  isPlaying: boolean
  /** Why the clock stands although it should run. */
  heldFor: Extract<SyncVerdict, { act: 'hold' }>['why'] | null
  /** Measured over the last two seconds; null while it stands. */
  realSpeed: number | null
  /** The gap the clock went over last; null after a seek. */
  skipped: TimeRange | null
}

export function createPlaybackGroup({
  at,
  speed,
  isPlaying,
  serverNow,
  onState,
  clock = browserClock,
}: {
  at: Instant
  speed: number
  isPlaying: boolean
  serverNow: () => Instant
  onState: (state: PlaybackGroupState) => void
  clock?: PlayerClock
}) {
  const players = new Set<PlaybackPlayer>()
  let leader: PlaybackPlayer | undefined
  let heldFor: PlaybackGroupState['heldFor'] = null
  let skipped: TimeRange | null = null
  let lastMs = clock.monotonicMs()
  let marks: { ms: number; at: Instant }[] = []
  const timer = clock.every(tickMs, tick)

  return {
    add(player: PlaybackPlayer): () => void {
      players.add(player)
      return () => {
        players.delete(player)
        if (leader === player) leader = undefined
      }
    },
    /** The one whose pictures are stepped through. */
    lead(player: PlaybackPlayer | undefined) {
      leader = player
    },
    seek,
    play() {
      isPlaying = true
      marks = []
      tick()
    },
    pause,
    setSpeed(next: number) {
      speed = next
      marks = []
      tick()
    },
    /** One picture on or back; the clock stands then. */
    step(direction: 1 | -1) {
      pause()
      const player = leader ?? [...players][0]
      const to = player?.frameBeside(direction)
      if (typeof to === 'number') seek(to)
    },
    state,
    close() {
      timer.cancel()
      players.clear()
    },
  }

  function pause() {
    isPlaying = false
    // stands on the picture that is seen, not a fraction behind it
    const seenAt = leader?.shownAt() ?? null
    if (seenAt !== null && Math.abs(seenAt - at) < 1_000 * Math.max(1, speed)) at = seenAt
    tick()
  }

  /** `isFinal` false while a playhead is dragged. */
  function seek(to: Instant, isFinal = true) {
    if (isFinal) for (const player of players) player.retryNow()
    at = Math.max(0, Math.min(to, serverNow()))
    skipped = null
    marks = []
    // how the players stood is about the moment before: they look at the new one first
    followAll(false)
    onState(state())
  }

  function tick() {
    const nowMs = clock.monotonicMs()
    const elapsedMs = Math.min(1_000, nowMs - lastMs)
    lastMs = nowMs
    const verdict = judge()
    heldFor = isPlaying && verdict.act === 'hold' ? verdict.why : null
    const isRunning = isPlaying && verdict.act === 'run'
    if (isRunning) at += elapsedMs * speed
    else if (isPlaying && verdict.act === 'jump' && verdict.toAt > at) {
      if (verdict.toAt - at > worthWordsMs) skipped = { fromAt: Math.round(at), toAt: verdict.toAt }
      at = verdict.toAt
      marks = []
    }
    note(nowMs, isRunning)
    followAll(isRunning)
    onState(state())
  }

  function followAll(isRunning: boolean) {
    for (const player of players) player.follow({ at: Math.round(at), speed, isPlaying, isRunning })
  }

  function judge(): SyncVerdict {
    return judgeSync([...players].map((player) => ({ phase: player.state().phase, gapToAt: player.state().gap?.toAt ?? null, waitedMs: player.waitedMs() })))
  }

  function note(nowMs: number, isRunning: boolean) {
    if (!isPlaying) marks = []
    else if (isRunning || marks.length > 0) marks = [...marks.filter((mark) => nowMs - mark.ms <= rateOverMs), { ms: nowMs, at }]
  }

  function state(): PlaybackGroupState {
    const [first, last] = [marks[0], marks.at(-1)]
    const overMs = first && last ? last.ms - first.ms : 0
    return {
      at: Math.round(at),
      speed,
      isPlaying,
      heldFor,
      realSpeed: first && last && overMs >= rateOverMs / 2 ? (last.at - first.at) / overMs : null,
      skipped,
    }
  }
}
export type PlaybackGroup = ReturnType<typeof createPlaybackGroup>
