/** Is the platform itself well? Watches database and media process, and how late the media process's event loop runs. */
import type { Clock } from '../../base/clock.ts'
import type { Database } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'
import type { SystemHealth } from '../../contract/system.ts'
import type { MediaPlane } from '../../media/plane.ts'

const LOOK_EVERY_MS = 10_000
/** Anyone may ask `/api/health`: the database is asked once a second at most. */
const FRESH_MS = 1_000
/** From here on viewers see it. */
const LATE_LOOP_MS = 500

type Deps = { database: Pick<Database, 'isReachable'>; plane: Pick<MediaPlane, 'isUp' | 'stats'>; clock: Clock; log: Log }

export function createSystem({ database, plane, clock, log }: Deps) {
  let loopDelayMs: number | null = null
  let latest: { atMs: number; isReachable: Promise<boolean> } | undefined
  const ticker = clock.every(LOOK_EVERY_MS, () => void look())

  async function look() {
    loopDelayMs = plane.isUp()
      ? await plane.stats().then(
          (stats) => stats.loopDelayMaxMs,
          () => null,
        )
      : null
    if (loopDelayMs !== null && loopDelayMs > LATE_LOOP_MS) log.warn({ loopDelayMs: Math.round(loopDelayMs) }, 'the media process runs late')
  }

  function isDatabaseReachable(): Promise<boolean> {
    const nowMs = clock.monotonicMs()
    if (!latest || nowMs - latest.atMs > FRESH_MS) latest = { atMs: nowMs, isReachable: database.isReachable() }
    return latest.isReachable
  }

  return {
    async health(): Promise<SystemHealth> {
      const isReachable = await isDatabaseReachable()
      return {
        ok: isReachable && plane.isUp(),
        database: isReachable ? 'ok' : 'unavailable',
        media: plane.isUp() ? 'ok' : 'unavailable',
        mediaLoopDelayMs: loopDelayMs,
      }
    },
    close: () => ticker.cancel(),
  }
}
export type System = ReturnType<typeof createSystem>
