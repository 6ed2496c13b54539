import { z } from 'zod'
import { routes, socketRoute } from '../../base/routes.ts'
import { CameraId } from '../../contract/ids.ts'
import { LiveQuery, mediaApi } from '../../contract/media.ts'
import type { Live } from './live.ts'

export const liveRoutes = (live: Live) =>
  routes(mediaApi, {
    warm: async ({ params, body }) => {
      await live.warm(params.cameraId, body.profile)
      return {}
    },
  })

/** `wss /media/live/:cameraId`: the gate asks for `camera.live` on exactly this camera and writes the audit record. */
export const liveSocket = (live: Live) =>
  socketRoute({
    path: '/media/live/:cameraId',
    permission: 'camera.live',
    audit: 'camera.live',
    params: z.object({ cameraId: CameraId }),
    query: LiveQuery,
    onUpgrade: ({ params, query, ...context }) => live.attach({ ...context, cameraId: params.cameraId }, query),
  })
