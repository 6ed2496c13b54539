/** Police stations: their jurisdictions and how their cameras do (R-MAP-6). The register itself is the cameras' (`features/cameras`). */
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { User } from '../../base/routes.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { ImportJurisdictions, JurisdictionReport, Station, StationRate } from '../../contract/stations.ts'
import type { Cameras } from '../cameras/index.ts'
import { planJurisdictions } from './plan.ts'

type Area = Pick<User, 'stationIds'>
type Range = { fromAt: Instant; toAt: Instant }

export type StationDeps = {
  cameras: Pick<Cameras, 'listStations' | 'listPlaces' | 'setShapes'>
  clock: Clock
  /** Online rate of each camera in the area; null: nothing assessable. */
  listOnlineRates(area: Area, range: Range): Promise<ReadonlyMap<CameraId, number | null>>
}

const DAY_MS = 86_400_000
const MAX_RATE_DAYS = 31

export function createStations({ cameras, clock, listOnlineRates }: StationDeps) {
  let importing: Promise<unknown> = Promise.resolve()

  async function importNow(wanted: ImportJurisdictions, user: Area): Promise<JurisdictionReport> {
    const known = { stations: await cameras.listStations(user), cameras: await cameras.listPlaces(user) }
    const { report, shapes } = await planJurisdictions(wanted, known, () => clock.sleep(0))
    const hasError = report.problems.some(({ severity }) => severity === 'error')
    if (wanted.isDryRun || hasError || shapes.length === 0) return report
    await cameras.setShapes(shapes)
    return { ...report, isApplied: true }
  }

  return {
    list: (user: Area): Promise<Station[]> => cameras.listStations(user),
    /** One after another: each is checked against what the one before it left. */
    importJurisdictions(wanted: ImportJurisdictions, user: Area): Promise<JurisdictionReport> {
      const mine = importing.then(() => importNow(wanted, user))
      importing = mine.catch(() => undefined)
      return mine
    },
    async rates(user: Area, range: Range): Promise<StationRate[]> {
      const { fromAt, toAt } = range
      if (toAt <= fromAt || toAt - fromAt > MAX_RATE_DAYS * DAY_MS) throw new AppError('bad_request', 'fromAt must be before toAt, by 31 days at most')
      const [stations, places, rateOf] = [await cameras.listStations(user), await cameras.listPlaces(user), await listOnlineRates(user, range)]
      return stations.map(({ stationId }) => {
        const own = places.filter((place) => place.stationId === stationId)
        const rates = own.map(({ cameraId }) => rateOf.get(cameraId) ?? null).filter((rate) => rate !== null)
        const onlineRate = rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0) / rates.length
        return { stationId, onlineRate, cameraCount: own.length }
      })
    },
  }
}
export type Stations = ReturnType<typeof createStations>
