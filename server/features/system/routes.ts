import { routes } from '../../base/routes.ts'
import { systemApi } from '../../contract/system.ts'
import type { System } from './system.ts'

export const systemRoutes = (system: System) =>
  routes(systemApi, {
    health: async () => ({ ok: (await system.health()).ok }),
    detail: () => system.health(),
  })
