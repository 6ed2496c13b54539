import type { z } from 'zod'
import { keepEncoded } from '../../base/json-reply.ts'
import { routes } from '../../base/routes.ts'
import type { Clock } from '../../base/clock.ts'
import { cameraApi } from '../../contract/cameras.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { CameraState } from '../../contract/status.ts'
import type { MediaPlane } from '../../media/plane.ts'
import type { Cameras } from './cameras.ts'
import { auditOfMove } from './place.ts'
import type { CameraPlace } from './store.ts'

type Deps = {
  cameras: Cameras
  plane: Pick<MediaPlane, 'still'>
  clock: Clock
  /** The state the pages have been told; the next push message continues from it. */
  toldState(cameraId: CameraId): CameraState | undefined
  position(): { epoch: string; seq: number }
}

type PointsReply = z.output<typeof cameraApi.points.reply>

/** Many pages at once (a shift begins, the server came back) get one answer, written and compressed once. */
const SAME_ANSWER_MS = 200

export const cameraRoutes = ({ cameras, plane, clock, toldState, position }: Deps) => {
  const latest = new WeakMap<readonly CameraPlace[], { reply: PointsReply; atMs: number }>()

  /** The places of one area with their states now. Places are the same array until the register changes. */
  function withStates(places: readonly CameraPlace[]): PointsReply {
    const { epoch, seq } = position()
    const nowMs = clock.monotonicMs()
    const known = latest.get(places)
    if (known && known.reply.epoch === epoch && known.reply.seq === seq && nowMs - known.atMs < SAME_ANSWER_MS) return known.reply
    const points = places.flatMap((place) => {
      const state = toldState(place.cameraId)
      return state ? [{ ...place, state }] : []
    })
    const reply = keepEncoded({ epoch, seq, serverAt: clock.now(), points })
    latest.set(places, { reply, atMs: nowMs })
    return reply
  }

  return routes(cameraApi, {
    // after the wait without a pause: the states are those of exactly the position in the answer
    points: async ({ user }) => withStates(await cameras.listPlaces(user)),
    place: async ({ params, body, user, note }) => {
      const move = await cameras.place(params.cameraId, body, user)
      note({ detail: auditOfMove(move) })
      return move
    },
    moves: ({ params }) => cameras.listMoves(params.cameraId),
    dossier: ({ params }) => cameras.getDossier(params.cameraId),
    still: async ({ params }) => {
      const still = await plane.still(params.cameraId)
      return still && { contentType: 'video/mp4', bytes: still.mp4, headers: { 'x-still-at': String(still.at), 'Cache-Control': 'no-store' } }
    },
  })
}
