/** The patrol log (R-WALL-2): what rotations have really shown, as the pages report it. It is the proof of a video patrol: nothing changes an entry, its age alone ends it. */
import type { Clock } from '../../base/clock.ts'
import type { ClockGuard } from '../../base/clock-guard.ts'
import { AppError } from '../../base/errors.ts'
import { begun } from '../../base/stream-reply.ts'
import { createRateLimit } from '../../base/rate-limit.ts'
import type { Log } from '../../base/log.ts'
import type { StreamReply, User } from '../../base/routes.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { PatrolEntry, PatrolReport, PatrolTableLocale } from '../../contract/walls.ts'
import { patrolTable } from './patrol-table.ts'
import { patrolWords } from './patrol-words.ts'
import type { PatrolFilter, PatrolRun, WallStore } from './store.ts'

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
/** Read and written at once when the whole log is asked for. */
const TABLE_ROWS = 5_000

export type PatrolDeps = {
  store: WallStore
  clock: Clock
  clockGuard: Pick<ClockGuard, 'mayExpire'>
  log: Log
  mayTouch(user: Pick<User, 'stationIds'>, cameraId: CameraId): boolean
  /** Every camera in the user's area. */
  listCameraIds(user: Pick<User, 'stationIds'>): CameraId[]
  /** Its id where it is in the register no more. */
  nameOf(cameraId: CameraId): string
}
type PatrolQuery = TimeRange & { rotationId?: string | undefined; cameraId?: CameraId | undefined }
type Reporter = Pick<User, 'userId' | 'account' | 'role' | 'stationIds'>

export function createPatrols({ store, clock, clockGuard, log, mayTouch, listCameraIds, nameOf }: PatrolDeps) {
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

  /** Whoever sees every station also sees what was shown of a camera that has gone: undefined. */
  const seenBy = (user: User) => (user.stationIds === null ? undefined : listCameraIds(user))

  /** Of a camera that has gone there is still the log, for whoever sees every station. */
  const mayRead = async (cameraId: CameraId, user: User) => mayTouch(user, cameraId) || (user.stationIds === null && (await store.hasPatrolsOf(cameraId)))

  async function filterFor({ fromAt, toAt, rotationId, cameraId }: PatrolQuery, user: User): Promise<PatrolFilter> {
    if (toAt <= fromAt || toAt - fromAt > MAX_RANGE_MS) throw new AppError('bad_request', 'fromAt must be before toAt, by 400 days at most')
    if (cameraId !== undefined && !(await mayRead(cameraId, user))) throw new AppError('not_found', 'no such camera')
    const userId = user.permissions.includes('assessment.see') ? undefined : user.userId
    return { fromAt, toAt, rotationId, userId, cameraIds: cameraId !== undefined ? [cameraId] : seenBy(user) }
  }

  async function* piecesOf(filter: PatrolFilter): AsyncGenerator<PatrolEntry[]> {
    let before: Pick<PatrolEntry, 'fromAt' | 'entryId'> | undefined
    for (;;) {
      const piece = await store.listPatrols({ ...filter, before, limit: TABLE_ROWS })
      yield piece
      before = piece.at(-1)
      if (piece.length < TABLE_ROWS) return
    }
  }

  return {
    /** Keeps what is new; what this user could not have shown is dropped, and the rest of the batch is kept all the same. */
    async report(reports: readonly PatrolReport[], user: Reporter): Promise<{ kept: number; dropped: number }> {
      refuseFlood(reports.length, user)
      const names = await store.listUsableNames([...new Set(reports.map(({ rotationId }) => rotationId))], user)
      // what a run shows while its rotation is taken away, or no longer shared, was shown all the same
      const runNames = await store.listRunNames([...new Set(reports.map(({ runId }) => runId))], user.userId)
      const rotationNameOf = (report: PatrolReport) => names.get(report.rotationId) ?? runNames.get(runKey(report))
      const good = reports.filter((report) => rotationNameOf(report) !== undefined && mayTouch(user, report.cameraId) && isBelievable(report))
      const dropped = reports.length - good.length
      if (good.length === 0) return { kept: 0, dropped }
      const runs = runsOf(good, rotationNameOf, user)
      const numbers = await store.putRuns([...runs.values()])
      const numberOf = new Map([...runs.keys()].map((key, i) => [key, numbers[i]!]))
      const kept = await store.addPatrols(good.map((report) => ({ ...report, runNumber: numberOf.get(runKey(report))! })))
      return { kept, dropped }
    },
    /** One's own, or everybody's for who may judge; of cameras this user may see. */
    async list(query: PatrolQuery & { limit: number }, user: User) {
      const filter = await filterFor(query, user)
      const entries = await store.listPatrols({ ...filter, limit: query.limit + 1 })
      const rotations = await store.listPatrolRotations({ ...filter, rotationId: undefined, cameraIds: seenBy(user) })
      return { entries: entries.slice(0, query.limit), isCut: entries.length > query.limit, rotations }
    },
    /** The same, all of it, as a file. */
    async table({ locale, ...query }: PatrolQuery & { locale: PatrolTableLocale }, user: User): Promise<StreamReply> {
      const filter = await filterFor(query, user)
      const words = patrolWords[locale]
      const [from, to] = [filter.fromAt, filter.toAt - 1].map((at) => new Date(at).toLocaleDateString('sv-SE'))
      // the head and the first piece: what the database refuses is answered as an error
      const chunks = await begun(patrolTable(piecesOf(filter), words, nameOf), 2)
      return { contentType: 'text/csv', fileName: `${words.file}_${from}_${to}.csv`, chunks }
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
