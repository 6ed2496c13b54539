/**
 * Small stills for the hand on the timeline: asked for when it rests, one at a time, the newest wish wins, and a few are kept.
 * Knows nothing of the page; `fetchStill` asks and decodes.
 */
import { onScopeDispose, shallowRef } from 'vue'
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import { recordingApi } from '../../../server/contract/recordings.ts'
import { ApiError, callBytes } from '../../base/api.ts'
import { serverNow } from '../../base/server-clock.ts'
import { decodeStill, StillNotDecodable } from '../../engines/player/index.ts'

export type RecordedStill = { bitmap: ImageBitmap; at: Instant }
/** Why there is none. `nothing`: none is stored there. `h265`, `undecodable`: this browser cannot show it. `failed`: it was not read, this time. */
export type NoStill = { why: 'nothing' | 'h265' | 'undecodable' } | { why: 'failed'; problem: unknown }
/** `still` and `missing` null: it is on its way. */
export type Thumbnail = { cameraId: CameraId; at: Instant; still: RecordedStill | null; missing: NoStill | null }
type Answer = Pick<Thumbnail, 'still' | 'missing'>
type Wish = { cameraId: CameraId; at: Instant }

const restMs = 80
const kept = 48
/** A server that is busy is not asked sooner. */
const busyMs = 1_000
const widthPx = 288
/** Moments this near show the same key frame more often than not. */
const sameMs = 1_000
/** What is younger may still be on its way to the disk: that there is none now says nothing of later. */
export const settledMs = 30_000
const onItsWay: Answer = { still: null, missing: null }

export function createThumbnails({
  fetchStill,
  onChange,
  now = serverNow,
}: {
  /** Null: nothing is stored there. Throws when it cannot be read or shown. */
  fetchStill: (wish: Wish, signal: AbortSignal) => Promise<RecordedStill | null>
  onChange: (thumbnail: Thumbnail | null) => void
  now?: () => Instant
}) {
  const cache = new Map<string, Answer>()
  let wanted: Wish | null = null
  let hasRested = false
  let running: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  return {
    want(wish: Wish | null) {
      clearTimeout(timer)
      wanted = wish
      hasRested = false
      if (!wish) return onChange(null)
      const known = cache.get(keyOf(wish))
      onChange({ ...wish, ...(known ?? onItsWay) })
      if (!known) timer = setTimeout(rest, restMs)
    },
    close() {
      clearTimeout(timer)
      wanted = null
      running?.abort()
      for (const { still } of cache.values()) still?.bitmap.close()
      cache.clear()
    },
  }

  function rest() {
    hasRested = true
    if (!running) void ask()
  }

  async function ask(): Promise<void> {
    const wish = wanted
    if (!wish) return
    const { signal } = (running = new AbortController())
    const answer = await fetchStill(wish, signal).then(answerOf, refusalOf)
    running = undefined
    if (signal.aborted) return answer.still?.bitmap.close()
    if (isLasting(answer, wish, now())) keep(keyOf(wish), answer)
    if (!wanted) return
    if (keyOf(wanted) !== keyOf(wish)) return hasRested ? void ask() : undefined
    onChange({ ...wanted, ...answer })
    // the server has a lot to do: again when it said so, for as long as the hand rests there
    const pauseMs = pauseOf(answer)
    if (pauseMs !== null) timer = setTimeout(rest, pauseMs)
  }

  function keep(key: string, answer: Answer) {
    cache.set(key, answer)
    const oldest = cache.keys().next().value
    if (cache.size <= kept || oldest === undefined) return
    cache.get(oldest)?.still?.bitmap.close()
    cache.delete(oldest)
  }
}

const answerOf = (still: RecordedStill | null): Answer => (still ? { still, missing: null } : { still: null, missing: { why: 'nothing' } })

function refusalOf(problem: unknown): Answer {
  if (!(problem instanceof StillNotDecodable)) return { still: null, missing: { why: 'failed', problem } }
  return { still: null, missing: { why: problem.codec === 'h265' ? 'h265' : 'undecodable' } }
}

/** Whether asking again later would bring the same. */
function isLasting({ missing }: Answer, { at }: Wish, now: Instant): boolean {
  return missing?.why !== 'failed' && (missing?.why !== 'nothing' || at < now - settledMs)
}

function pauseOf({ missing }: Answer): number | null {
  if (missing?.why !== 'failed' || !(missing.problem instanceof ApiError) || missing.problem.code !== 'rate_limited') return null
  return Math.max(busyMs, missing.problem.retryAfterMs ?? 0)
}

function keyOf({ cameraId, at }: Wish): string {
  return `${cameraId} ${Math.floor(at / sameMs)}`
}

export function useThumbnails() {
  const thumbnail = shallowRef<Thumbnail | null>(null)
  const { want, close } = createThumbnails({
    async fetchStill({ cameraId, at }, signal) {
      const reply = await callBytes(recordingApi.still, { params: { cameraId }, query: { at: Math.round(at) }, signal })
      return reply ? { bitmap: await decodeStill(reply.bytes, widthPx, signal), at: Number(reply.headers.get('x-still-at')) } : null
    },
    onChange: (next) => (thumbnail.value = next),
  })
  onScopeDispose(close)
  return { thumbnail, want }
}
