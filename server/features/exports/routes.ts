import type { AuditDetail } from '../../base/routes.ts'
import { routes } from '../../base/routes.ts'
import { exportApi } from '../../contract/exports.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { Exports } from './exports.ts'

type Subject = { exportId: string; fromAt: Instant; toAt: Instant; clips: readonly { cameraId: CameraId; bytes: number }[] }

/** What every record of an export says. */
const detailOf = ({ exportId, fromAt, toAt, clips }: Subject): AuditDetail => ({
  exportId,
  cameras: clips.map(({ cameraId }) => cameraId),
  fromAt,
  toAt,
  bytes: clips.reduce((sum, { bytes }) => sum + bytes, 0),
})

export const exportRoutes = (exports: Exports) =>
  routes(exportApi, {
    clipSize: ({ params, query }) => exports.clipSize(params.cameraId, query),
    list: ({ user }) => exports.list(user),
    request: async ({ body, user, note }) => {
      const { cameraIds, fromAt, toAt, purpose, documentNumber, reason, isWatermarked, isH264 } = body
      const asked = { cameras: cameraIds, fromAt, toAt, purpose, documentNumber, reason, isWatermarked, isH264 }
      note({ detail: asked }) // a refusal is recorded with it too
      const exported = await exports.request(body, user)
      note({ detail: { ...asked, ...detailOf(exported), state: exported.state } })
      return exported
    },
    decide: async ({ params, body, user, note }) => {
      note({ detail: { exportId: params.exportId, ...body } })
      const exported = await exports.decide(params.exportId, body, user)
      note({ detail: { ...detailOf(exported), ...body, requestedBy: exported.requestedBy } })
      return exported
    },
    cancel: async ({ params, user, note }) => {
      note({ detail: { exportId: params.exportId } })
      const exported = await exports.cancel(params.exportId, user)
      note({ detail: { ...detailOf(exported), wasState: exported.state } })
      return {}
    },
    file: async ({ params, query, user, note }) => {
      note({ detail: { exportId: params.exportId, file: query.name } })
      const { exported, reply, bytes } = await exports.findFile(params.exportId, query.name, user)
      note({ detail: { ...detailOf(exported), file: reply.fileName, bytes, sha256: reply.sha256 } })
      return reply
    },
  })
