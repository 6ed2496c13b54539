/** The patrol log (R-WALL-2): what rotations have really shown, as the pages report it. It is the proof of a video patrol: nothing changes an entry, its age alone ends it. */
import type { Clock } from '../../base/clock.ts'
import type { ClockGuard } from '../../base/clock-guard.ts'
import { AppError } from '../../base/errors.ts'
import { createRateLimit } from '../../base/rate-limit.ts'
import type { Log } from '../../base/log.ts'
import type { User } from '../../base/routes.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { PatrolEntry, PatrolReport } from '../../contract/walls.ts'
import type { PatrolRun, WallStore } from './store.ts'

const DAY_MS = 86_400_000
export const KEEP_DAYS = 180
/** Clocks of pages that are set by the same time service differ by less. */
const MAX_AHEAD_MS = 60_000
/** A page that was cut off for longer than that has nothing to say any more. */
const MAX_LATE_MS = DAY_MS
/** Whoever wants more asks for it piece by piece. */
const MAX_RANGE_MS = 400 * DAY_MS
/** Entries of one account: eight walls of 36 tiles at the shortest dwell, and what one of them kept back while the line was cut for two hours. More is no wall. */
const ENTRIES_PER_SECOND = 100
const ENTRIES_AT_ONCE = 100_000
const PRUNE_EVERY_MS = 10 * 60_000
/** Taken away by one statement, and by one look: three walls of 16 tiles write 7 000 in that time. */
const PRUNE_ROWS = 5_000
const PRUNE_ROUNDS = 10

export type PatrolDeps = {
  store: WallStore
  clock: Clock
  clockGuard: Pick<ClockGuard, 'mayExpire'>
  log: Log
  mayTouch(user: Pick<User, 'stationIds'>, cameraId: CameraId): boolean
  /** Every camera in the user's area. */
  listCameraIds(user: Pick<User, 'stationIds'>): CameraId[]
}
type PatrolQuery = TimeRange & { rotationId?: string | undefined; cameraId?: CameraId | undefined; limit: number }
type Reporter = Pick<User, 'userId' | 'account' | 'role' | 'stationIds'>

export function createPatrols({ store, clock, clockGuard, log, mayTouch, listCameraIds }: PatrolDeps) {
  const allowance = createRateLimit({ clock, perSecond: ENTRIES_PER_SECOND, burst: ENTRIES_AT_ONCE })
  let pruning: Promise<void> | undefined
  const timer = clock.every(PRUNE_EVERY_MS, () => {
    pruning ??= prune()
      .catch((problem) => log.warn({ problem }, 'old entries of the patrol log are taken away at the next look'))
      .finally(() => (pruning = undefined))
  })

  /** A clock that was set takes nothing away. */
  async function prune(): Promise<void> {
    if (!clockGuard.mayExpire()) return
    const beforeAt = clock.now() - KEEP_DAYS * DAY_MS
    let removed = 0
    for (let round = 0; round < PRUNE_ROUNDS; round++) {
      const count = await store.removePatrolsBefore(beforeAt, PRUNE_ROWS)
      removed += count
      if (count < PRUNE_ROWS) break
    }
    await store.removeRunsBefore(beforeAt)
    if (removed > 0) log.info({ removed }, 'entries of the patrol log were older than they are kept')
  }

  const isBelievable = ({ fromAt, toAt, freshMs }: PatrolReport) =>
    freshMs <= toAt - fromAt && toAt <= clock.now() + MAX_AHEAD_MS && fromAt >= clock.now() - MAX_LATE_MS

  function refuseFlood(count: number, { userId }: Reporter) {
    let retryAfterMs = 0
    for (let i = 0; i < count && retryAfterMs === 0; i++) retryAfterMs = allowance.take(userId)
    if (retryAfterMs > 0) throw new AppError('rate_limited', 'more entries than walls can show', { retryAfterMs })
  }

  return {
    /** Keeps what is new; what this user could not have shown is dropped, and the rest of the batch is kept all the same. */
    async report(reports: readonly PatrolReport[], user: Reporter): Promise<{ kept: number; dropped: number }> {
      refuseFlood(reports.length, user)
      const names = await store.listUsableNames([...new Set(reports.map(({ rotationId }) => rotationId))], user)
      // what a run shows while its rotation is taken away, or no longer shared, was shown all the same
      const begun = await store.listRunNames([...new Set(reports.map(({ runId }) => runId))], user.userId)
      const nameOf = (report: PatrolReport) => names.get(report.rotationId) ?? begun.get(runKey(report))
      const good = reports.filter((report) => nameOf(report) !== undefined && mayTouch(user, report.cameraId) && isBelievable(report))
      const dropped = reports.length - good.length
      if (good.length === 0) return { kept: 0, dropped }
      const runs = runsOf(good, nameOf, user)
      const numbers = await store.putRuns([...runs.values()])
      const numberOf = new Map([...runs.keys()].map((key, i) => [key, numbers[i]!]))
      const kept = await store.addPatrols(good.map((report) => ({ ...report, runNumber: numberOf.get(runKey(report))! })))
      return { kept, dropped }
    },
    /** One's own, or everybody's for who may judge; of cameras this user may see. */
    async list({ fromAt, toAt, rotationId, cameraId, limit }: PatrolQuery, user: User): Promise<{ entries: PatrolEntry[]; isCut: boolean }> {
      if (toAt <= fromAt || toAt - fromAt > MAX_RANGE_MS) throw new AppError('bad_request', 'fromAt must be before toAt, by 400 days at most')
      if (cameraId !== undefined && !mayTouch(user, cameraId)) throw new AppError('not_found', 'no such camera')
      const userId = user.permissions.includes('assessment.see') ? undefined : user.userId
      // whoever sees every station also sees what was shown of a camera that has gone
      const cameraIds = cameraId !== undefined ? [cameraId] : user.stationIds === null ? undefined : listCameraIds(user)
      const entries = await store.listPatrols({ fromAt, toAt, rotationId, userId, cameraIds, limit: limit + 1 })
      return { entries: entries.slice(0, limit), isCut: entries.length > limit }
    },
    async close(): Promise<void> {
      timer.cancel()
      await pruning
    },
  }
}
export type Patrols = ReturnType<typeof createPatrols>

/** The database writes them in small letters. */
const runKey = ({ runId, rotationId }: Pick<PatrolReport, 'runId' | 'rotationId'>) => `${runId} ${rotationId}`.toLowerCase()

/** The runs these reports are of, each as long as they say. */
function runsOf(reports: readonly PatrolReport[], nameOf: (report: PatrolReport) => string | undefined, { userId, account }: Reporter): Map<string, PatrolRun> {
  const runs = new Map<string, PatrolRun>()
  for (const report of reports) {
    const { runId, rotationId, fromAt, toAt } = report
    const key = runKey({ runId, rotationId })
    const run = runs.get(key)
    if (!run) runs.set(key, { runId, rotationId, rotationName: nameOf(report)!, userId, account, fromAt, toAt })
    else runs.set(key, { ...run, fromAt: Math.min(run.fromAt, fromAt), toAt: Math.max(run.toAt, toAt) })
  }
  return runs
}
