/** Last pictures, decoded and kept for a short while: a hover, a card and a tile of one camera ask the server once. */
import { cameraApi } from '../../../server/contract/cameras.ts'
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import { ApiError, callBytes } from '../../base/api.ts'
import { decodeStill } from '../../engines/player/index.ts'

/** `at`: when the server got the picture. */
export type Still = { bitmap: ImageBitmap; at: Instant }
export type StillProblem = 'missing' | 'forbidden' | 'failed'
export type StillResult = { ok: true; still: Still } | { ok: false; problem: StillProblem }

const keptStills = 24
const freshMs = 15_000
/** Decoders are few; six stills of a dock come two by two. */
const maxAtOnce = 2
export const stillWidthPx = 640

export function createStillCache({
  fetchStill,
  nowMs = () => performance.now(),
}: {
  /** `undefined`: no picture of this camera was ever seen. */
  fetchStill: (cameraId: CameraId) => Promise<Still | undefined>
  nowMs?: () => number
}) {
  const kept = new Map<CameraId, { result: Promise<StillResult>; atMs: number }>()
  const waiting: (() => void)[] = []
  let running = 0

  return { get, forget, size: () => kept.size }

  /** The last picture, at most 15 s after it was fetched. The bitmap belongs to the cache: draw it at once, do not keep it. */
  function get(cameraId: CameraId): Promise<StillResult> {
    const known = kept.get(cameraId)
    if (known && nowMs() - known.atMs < freshMs) {
      kept.delete(cameraId) // to the end: last used
      kept.set(cameraId, known)
      return known.result
    }
    if (known) forget(cameraId)
    const result = inTurn(() => readStill(cameraId))
    const entry = { result, atMs: nowMs() }
    kept.set(cameraId, entry)
    // what failed is no answer: whoever wants it next asks anew
    void result.then((got) => hasFailed(got) && kept.get(cameraId) === entry && kept.delete(cameraId))
    const oldest = kept.keys().next().value
    if (kept.size > keptStills && oldest !== undefined) forget(oldest)
    return result
  }

  /** Once more at once if it failed: a frame may be read while the next one is written. */
  async function readStill(cameraId: CameraId): Promise<StillResult> {
    const first = await tryStill(cameraId)
    return hasFailed(first) ? tryStill(cameraId) : first
  }

  async function tryStill(cameraId: CameraId): Promise<StillResult> {
    try {
      const still = await fetchStill(cameraId)
      return still ? { ok: true, still } : { ok: false, problem: 'missing' }
    } catch (error) {
      return { ok: false, problem: problemOf(error) }
    }
  }

  function forget(cameraId: CameraId) {
    const known = kept.get(cameraId)
    kept.delete(cameraId)
    void known?.result.then((result) => result.ok && result.still.bitmap.close())
  }

  async function inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (running >= maxAtOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    running++
    try {
      return await run()
    } finally {
      running--
      waiting.shift()?.()
    }
  }
}

function hasFailed(result: StillResult): boolean {
  return !result.ok && result.problem === 'failed'
}

function problemOf(error: unknown): StillProblem {
  if (!(error instanceof ApiError)) {
    console.info('still not decoded', error)
    return 'failed'
  }
  return error.code === 'not_found' ? 'missing' : error.code === 'forbidden' ? 'forbidden' : 'failed'
}

export const stills = createStillCache({
  async fetchStill(cameraId) {
    const reply = await callBytes(cameraApi.still, { params: { cameraId } })
    return reply && { bitmap: await decodeStill(reply.bytes, stillWidthPx), at: Number(reply.headers.get('x-still-at')) }
  },
})
