import { routes } from '../../base/routes.ts'
import { wallApi } from '../../contract/walls.ts'
import type { Walls } from './walls.ts'

/** A refusal is recorded with what was asked for; what was done, with what it is called. */
export const wallRoutes = ({ layouts, rotations, patrols }: Walls) =>
  routes(wallApi, {
    layouts: ({ user }) => layouts.list(user),
    addLayout: async ({ body, user, note }) => {
      const { name, sharedWith } = body
      note({ detail: { name, sharedWith } })
      const layout = await layouts.add(body, user)
      note({ detail: { layoutId: layout.layoutId, name, sharedWith } })
      return layout
    },
    changeLayout: async ({ params: { layoutId }, body, user, note }) => {
      note({ detail: { layoutId, name: body.name, sharedWith: body.sharedWith } })
      return layouts.change(layoutId, body, user)
    },
    removeLayout: async ({ params: { layoutId }, user, note }) => {
      note({ detail: { layoutId } })
      const { name } = await layouts.remove(layoutId, user)
      note({ detail: { layoutId, name } })
      return {}
    },
    rotations: ({ user }) => rotations.list(user),
    addRotation: async ({ body, user, note }) => {
      const { name, sharedWith, dwellMs } = body
      note({ detail: { name, sharedWith, dwellMs } })
      const rotation = await rotations.add(body, user)
      note({ detail: { rotationId: rotation.rotationId, name, sharedWith, dwellMs } })
      return rotation
    },
    changeRotation: async ({ params: { rotationId }, body, user, note }) => {
      note({ detail: { rotationId, name: body.name, sharedWith: body.sharedWith, dwellMs: body.dwellMs } })
      return rotations.change(rotationId, body, user)
    },
    removeRotation: async ({ params: { rotationId }, user, note }) => {
      note({ detail: { rotationId } })
      const { name } = await rotations.remove(rotationId, user)
      note({ detail: { rotationId, name } })
      return {}
    },
    reportPatrol: async ({ body: { reports }, user, note }) => {
      const outcome = await patrols.report(reports, user)
      note({ detail: { reports: reports.length, ...outcome } })
      return outcome
    },
    patrols: ({ query, user }) => patrols.list(query, user),
    patrolTable: ({ query, user, note }) => {
      const { fromAt, toAt, rotationId = null, cameraId = null } = query
      note({ cameraId, detail: { fromAt, toAt, rotationId } })
      return patrols.table(query, user)
    },
  })
