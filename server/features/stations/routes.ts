import { routes } from '../../base/routes.ts'
import { type JurisdictionReport, stationApi } from '../../contract/stations.ts'
import type { Stations } from './stations.ts'

export const stationRoutes = (stations: Stations) =>
  routes(stationApi, {
    stations: ({ user }) => stations.list(user),
    importJurisdictions: async ({ body, user, note }) => {
      const report = await stations.importJurisdictions(body, user)
      note({ detail: { crs: body.crs, isDryRun: body.isDryRun, ...auditOf(report) } })
      return report
    },
    rates: ({ query, user }) => stations.rates(user, query),
  })

const auditOf = ({ problems, stations, isApplied }: JurisdictionReport) => ({
  isApplied,
  errors: problems.filter(({ severity }) => severity === 'error').length,
  warnings: problems.filter(({ severity }) => severity === 'warning').length,
  stations: stations.map(({ name, areaKm2, vertices }) => `${name} ${areaKm2} km² ${vertices}`),
})
