/** The map's look back (R-MAP): states at a moment, counts along a range, online rates. What waits to be written is written before it is read. */
import type { Clock } from '../../base/clock.ts'
import type { Database } from '../../base/db.ts'
import { AppError } from '../../base/errors.ts'
import type { User } from '../../base/routes.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import { MAP_PAST_MS, type PastStates, type StatusCounts } from '../../contract/status.ts'
import { createClosedDays } from './closed-days.ts'
import { countStates } from './counts.ts'
import { onlineRateOfStretches, type Range } from './history.ts'
import { type CameraStretches, listPastStates, listStretches } from './overview.ts'

/** A page asks for 30 days back from when it was opened, and by its own clock. */
const SLACK_BACK_MS = 3_600_000
const SLACK_AHEAD_MS = 5_000

type Area = Pick<User, 'stationIds'>

export type PastDeps = {
  database: Database
  clock: Clock
  /** Writes what waits to be written. */
  flush(): Promise<void>
  /** Cameras the user may see. */
  listCameraIds(area: Area): readonly CameraId[]
}

export function createPast({ database, clock, flush, listCameraIds }: PastDeps) {
  const closedDays = createClosedDays({ read: (range) => listStretches(database, range, clock.now()), clock })

  function refuseOutside(fromAt: Instant, toAt: Instant) {
    const nowAt = clock.now()
    if (fromAt < nowAt - MAP_PAST_MS - SLACK_BACK_MS) throw new AppError('bad_request', `more than ${MAP_PAST_MS / 86_400_000} days back`)
    if (toAt > nowAt + SLACK_AHEAD_MS) throw new AppError('bad_request', 'still to come')
  }

  async function listOfArea(area: Area, range: Range) {
    await flush()
    const cameraIds = listCameraIds(area)
    const isSeen = new Set(cameraIds)
    return (await closedDays.list(range, cameraIds)).filter(({ cameraId }) => isSeen.has(cameraId))
  }

  return {
    async states({ stationIds }: Area, wantedAt: Instant): Promise<PastStates> {
      refuseOutside(wantedAt, wantedAt)
      await flush()
      const at = Math.min(wantedAt, clock.now())
      return { at, states: await listPastStates(database, stationIds, at) }
    },
    async counts(area: Area, range: Range, steps: number): Promise<StatusCounts[]> {
      if (range.toAt - range.fromAt < steps) throw new AppError('bad_request', 'fromAt must be before toAt, by 1 ms a step at least')
      refuseOutside(range.fromAt, range.toAt)
      return countStates(await listOfArea(area, range), range, steps)
    },
    /** Of every camera in the area that was known in the range; null: nothing assessable. */
    async onlineRates(area: Area, range: Range): Promise<Map<CameraId, number | null>> {
      const byCamera = new Map<CameraId, CameraStretches[]>()
      for (const each of await listOfArea(area, range)) {
        const own = byCamera.get(each.cameraId)
        if (own) own.push(each)
        else byCamera.set(each.cameraId, [each])
      }
      return new Map([...byCamera].map(([cameraId, stretches]) => [cameraId, onlineRateOfStretches(stretches, range)]))
    },
  }
}
export type Past = ReturnType<typeof createPast>
