import type { Database } from '../../base/db.ts'
import { AppError } from '../../base/errors.ts'
import { routes } from '../../base/routes.ts'
import { statusApi } from '../../contract/status.ts'
import type { Health } from './health.ts'
import { listRecentChanges } from './overview.ts'
import type { Past } from './past.ts'

/** Whoever wants years of one camera asks year by year. */
const MAX_RANGE_MS = 400 * 86_400_000

export const healthRoutes = ({ health, past, database }: { health: Health; past: Past; database: Database }) =>
  routes(statusApi, {
    history: ({ params, query }) => {
      if (query.toAt <= query.fromAt || query.toAt - query.fromAt > MAX_RANGE_MS)
        throw new AppError('bad_request', 'fromAt must be before toAt, by 400 days at most')
      return health.history(params.cameraId, query)
    },
    past: ({ query, user }) => past.states(user, query.at),
    counts: ({ query, user }) => past.counts(user, query, query.steps),
    recent: async ({ query, user }) => {
      await health.flush()
      return listRecentChanges(database, user.stationIds, query.limit)
    },
    probe: ({ params }) => health.probeNow(params.cameraId),
  })
