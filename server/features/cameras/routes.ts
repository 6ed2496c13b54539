import { routes } from '../../base/routes.ts'
import type { Clock } from '../../base/clock.ts'
import { cameraApi } from '../../contract/cameras.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { CameraState } from '../../contract/status.ts'
import type { MediaPlane } from '../../media/plane.ts'
import type { Cameras } from './cameras.ts'

type Deps = {
  cameras: Cameras
  plane: Pick<MediaPlane, 'still'>
  clock: Clock
  /** The state the pages have been told; the next push message continues from it. */
  toldState(cameraId: CameraId): CameraState | undefined
  position(): { epoch: string; seq: number }
}

export const cameraRoutes = ({ cameras, plane, clock, toldState, position }: Deps) =>
  routes(cameraApi, {
    points: async ({ user }) => {
      const places = await cameras.listPlaces(user)
      // from here on without a pause: the states are those of exactly this position
      const { epoch, seq } = position()
      const points = places.flatMap((place) => {
        const state = toldState(place.cameraId)
        return state ? [{ ...place, state }] : []
      })
      return { epoch, seq, serverAt: clock.now(), points }
    },
    stations: ({ user }) => cameras.listStations(user),
    dossier: ({ params }) => cameras.getDossier(params.cameraId),
    still: async ({ params }) => {
      const still = await plane.still(params.cameraId)
      return still && { contentType: 'video/mp4', bytes: still.mp4, headers: { 'x-still-at': String(still.at), 'Cache-Control': 'no-store' } }
    },
  })
