import { type BoundRoute, routes, type User } from '../../base/routes.ts'
import type { CameraId } from '../../contract/ids.ts'
import { recordingApi } from '../../contract/recordings.ts'
import { storageApi } from '../../contract/storage.ts'
import type { MediaPlane } from '../../media/plane.ts'
import type { Recordings } from './recordings.ts'

type Deps = { recordings: Recordings; plane: Pick<MediaPlane, 'recordedStill'>; mayTouch(user: User, cameraId: CameraId): boolean }

export const recordingRoutes = ({ recordings, plane, mayTouch }: Deps): BoundRoute[] => {
  const ofUser = <T extends { cameraId: CameraId }>(cameras: readonly T[], user: User) => cameras.filter(({ cameraId }) => mayTouch(user, cameraId))
  return [
    ...routes(recordingApi, {
      timeline: ({ params, query }) => recordings.timeline(params.cameraId, query),
      still: async ({ params, query, note }) => {
        note({ detail: { at: query.at } })
        const still = await plane.recordedStill(params.cameraId, query.at)
        return still && { contentType: 'video/mp4', bytes: still.mp4, headers: { 'x-still-at': String(still.at), 'Cache-Control': 'no-store' } }
      },
      days: ({ params, query }) => recordings.days(params.cameraId, query),
      policies: () => ({ policies: recordings.listPolicies() }),
      setPolicy: async ({ body, note }) => {
        await recordings.setPolicy(body)
        recordings.storage.forget()
        const { cameraIds, mode, profile, keepDays } = body
        note({ detail: { cameraIds, mode, profile, keepDays } })
        return {}
      },
    }),
    ...routes(storageApi, {
      now: async ({ user }) => {
        const reply = await recordings.storage.now()
        return { ...reply, cameras: ofUser(reply.cameras, user) }
      },
      days: async ({ query, user }) => {
        const reply = await recordings.storage.days(query)
        return { ...reply, cameras: ofUser(reply.cameras, user) }
      },
    }),
  ]
}
