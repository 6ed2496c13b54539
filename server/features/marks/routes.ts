import { routes, type User } from '../../base/routes.ts'
import type { CameraId } from '../../contract/ids.ts'
import { type Lock, markApi } from '../../contract/marks.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { Marks } from './marks.ts'

type Deps = {
  marks: Marks
  mayTouch(user: User, cameraId: CameraId): boolean
  /** Bytes stored in each of these ranges. */
  bytesIn(ranges: readonly (TimeRange & { cameraId: CameraId })[]): Promise<number[]>
}

export const markRoutes = ({ marks, mayTouch, bytesIn }: Deps) =>
  routes(markApi, {
    list: ({ params, query }) => marks.list(params.cameraId, query),
    addMark: async ({ params, body, user, note }) => {
      const mark = await marks.addMark(params.cameraId, body, user)
      note({ detail: { at: mark.at, note: mark.note } })
      return mark
    },
    removeMark: async ({ params, user, note }) => {
      const mark = await marks.removeMark(params.cameraId, params.markId, {
        account: user.account,
        mayRemoveOthers: user.permissions.includes('camera.download'),
      })
      note({ detail: { at: mark.at, note: mark.note, by: mark.by } })
      return {}
    },
    addLock: async ({ params, body, user, note }) => {
      const lock = await marks.addLock(params.cameraId, body, user)
      note({ detail: detailOf(lock) })
      return lock
    },
    removeLock: async ({ params, user, note }) => {
      note({ detail: detailOf(await marks.removeLock(params.cameraId, params.lockId, user)) })
      return {}
    },
    locks: async ({ user }) => {
      const locks = marks.listLocks((cameraId) => mayTouch(user, cameraId))
      const bytes = await bytesIn(locks)
      return { locks: locks.map((lock, i) => ({ ...lock, bytes: bytes[i]! })) }
    },
  })

const detailOf = ({ lockId, fromAt, toAt, untilAt, reason }: Lock) => ({ lockId, fromAt, toAt, untilAt, reason })
