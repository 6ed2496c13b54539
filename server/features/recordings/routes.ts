import { routes } from '../../base/routes.ts'
import { recordingApi } from '../../contract/recordings.ts'
import type { Recordings } from './recordings.ts'

export const recordingRoutes = (recordings: Recordings) =>
  routes(recordingApi, {
    timeline: ({ params, query }) => recordings.timeline(params.cameraId, query),
    days: ({ params, query }) => recordings.days(params.cameraId, query),
    policies: () => ({ policies: recordings.listPolicies() }),
    setPolicy: async ({ body }) => {
      await recordings.setPolicy(body)
      return {}
    },
  })
