/** The wall's own health in one line, and which tile needs a fresh start. Pure. */
import type { FailureCause } from '../../../server/contract/status.ts'
import type { CameraStatus } from '../../../server/contract/status.ts'
import type { FaceKind } from '../live/tile-face.ts'

/** What one picture says of itself. */
export type PictureReport = {
  kind: FaceKind
  /** Of the frame on the screen; null: there is none. */
  ageMs: number | null
  hasPicture: boolean
  cause: FailureCause | null
}

export type WallHealth = {
  shown: number
  /** Playing, younger than 3 s. */
  well: number
  /** Of all pictures that move or should; null when there is none. */
  oldestMs: number | null
}

export function wallHealth(reports: Iterable<PictureReport>): WallHealth {
  const health: WallHealth = { shown: 0, well: 0, oldestMs: null }
  for (const { kind, ageMs } of reports) {
    health.shown++
    if (kind === 'live') health.well++
    if (ageMs !== null) health.oldestMs = Math.max(health.oldestMs ?? 0, ageMs)
  }
  return health
}

const renewAfterMs = 60_000
const renewAtMostEveryMs = 300_000

export type RenewInput = {
  report: PictureReport
  status: CameraStatus
  notLiveSinceMs: number | null
  renewedAtMs: number | null
  renewals: number
  nowMs: number
}

/**
 * Shall a picture begin anew with a new player and element? The player retries by itself without end; this is for what it cannot see: health calls the camera
 * online, the server names no cause, and still there is no picture after a minute. Rarer each time.
 */
export function shouldRenew({ report, status, notLiveSinceMs, renewedAtMs, renewals, nowMs }: RenewInput): boolean {
  if (notLiveSinceMs === null || (status !== 'online' && status !== 'degraded')) return false
  if (report.kind === 'limit' || report.kind === 'noRight' || report.kind === 'refused' || report.cause !== null) return false
  const pauseMs = Math.min(renewAtMostEveryMs, renewAfterMs * (1 + renewals))
  return nowMs - Math.max(notLiveSinceMs, renewedAtMs ?? 0) > pauseMs
}
