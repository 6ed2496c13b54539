/**
 * Small stills for the hand on the timeline: asked for when it rests, one at a time, the newest wish wins, and a few are kept.
 * Knows nothing of the page; `fetchStill` asks and decodes.
 */
import { onScopeDispose, shallowRef } from 'vue'
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import { recordingApi } from '../../../server/contract/recordings.ts'
import { callBytes } from '../../base/api.ts'
import { decodeStill } from '../../engines/player/index.ts'

export type RecordedStill = { bitmap: ImageBitmap; at: Instant }
/** `still` undefined: on its way; null: nothing is stored there, or it could not be shown. */
export type Thumbnail = { cameraId: CameraId; at: Instant; still: RecordedStill | null | undefined }
type Wish = { cameraId: CameraId; at: Instant }

const restMs = 80
const kept = 48
const widthPx = 288
/** Moments this near show the same key frame more often than not. */
const sameMs = 1_000

export function createThumbnails({
  fetchStill,
  onChange,
}: {
  /** Null: nothing is stored there. */
  fetchStill: (wish: Wish, signal: AbortSignal) => Promise<RecordedStill | null>
  onChange: (thumbnail: Thumbnail | null) => void
}) {
  const cache = new Map<string, RecordedStill | null>()
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
      onChange({ ...wish, still: known })
      if (known === undefined) timer = setTimeout(rest, restMs)
    },
    close() {
      clearTimeout(timer)
      wanted = null
      running?.abort()
      for (const still of cache.values()) still?.bitmap.close()
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
    // one that cannot be shown is not asked for again and again
    const still = await fetchStill(wish, signal).catch(() => null)
    running = undefined
    if (signal.aborted) return still?.bitmap.close()
    keep(keyOf(wish), still)
    if (!wanted) return
    if (keyOf(wanted) === keyOf(wish)) onChange({ ...wanted, still })
    else if (hasRested) void ask()
  }

  function keep(key: string, still: RecordedStill | null) {
    cache.set(key, still)
    const oldest = cache.keys().next().value
    if (cache.size <= kept || oldest === undefined) return
    cache.get(oldest)?.bitmap.close()
    cache.delete(oldest)
  }
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
