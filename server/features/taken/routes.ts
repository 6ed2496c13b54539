import { AppError } from '../../base/errors.ts'
import { routes, type User } from '../../base/routes.ts'
import type { CameraId } from '../../contract/ids.ts'
import { takenApi } from '../../contract/taken.ts'

/** Ids that stand in one audit record; beyond, the number of rows says how many there were. */
const RECORDED_IDS = 1_000

/** Nothing is done here but to say that it was done: permission, area and audit record are the gate's, but for the cameras of a table. */
export const takenRoutes = ({ mayTouch }: { mayTouch(user: Pick<User, 'stationIds'>, cameraId: CameraId): boolean }) =>
  routes(takenApi, {
    snapshot: ({ body: { shownAt }, note }) => {
      note({ detail: { shownAt } })
      return {}
    },
    recordedSnapshot: ({ body: { shownAt }, note }) => {
      note({ detail: { shownAt } })
      return {}
    },
    cameraTable: ({ body: { cameraIds, pastAt }, user, note }) => {
      note({ detail: { rows: cameraIds.length, cameraIds: cameraIds.slice(0, RECORDED_IDS), pastAt } })
      if (!cameraIds.every((cameraId) => mayTouch(user, cameraId))) throw new AppError('not_found', 'no such camera')
      return {}
    },
    mapPicture: ({ body: { lonLat, zoom, pastAt }, note }) => {
      note({ detail: { lon: lonLat[0], lat: lonLat[1], zoom, pastAt } })
      return {}
    },
  })
