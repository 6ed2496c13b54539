/**
 * Does a cloud of points look shifted? A place wrong by 500 m looks right on its own; many of them do not: read in another system they come to lie
 * where the same cameras stood before, inside their stations' jurisdictions, inside the district. Names the reading that fits, with numbers.
 */
import { fromWgs84, toWgs84 } from '../../base/crs.ts'
import { distanceM, isInside } from '../../base/geometry.ts'
import type { CameraId, LonLat, StationId } from '../../contract/ids.ts'
import type { Station } from '../../contract/stations.ts'
import type { GivenCrs } from './import-columns.ts'

/** What the pairs may be in truth. The last two are what is left of one correction too many, or of a shift that was applied twice. */
export type Reading = 'WGS-84' | 'GCJ-02' | 'BD-09' | 'GCJ-02 twice' | 'WGS-84 corrected twice'

export type ShiftWarning = {
  given: GivenCrs
  fits: Reading
  /** How far cameras would stand from where they stood (the middle one of them), or how many outside. */
  by: 'registered_places' | 'jurisdictions' | 'outline'
  asGiven: number
  asRead: number
  /** Cameras that tell. */
  of: number
}

export type GivenPlace = { cameraId: CameraId; stationId: StationId; pair: LonLat; crs: GivenCrs }
export type KnownPlaces = { placeOf: ReadonlyMap<CameraId, LonLat>; stations: readonly Station[]; outline: readonly LonLat[] | null }

const readings: Record<Reading, (pair: LonLat) => LonLat> = {
  'WGS-84': (pair) => pair,
  'GCJ-02': (pair) => toWgs84(pair, 'GCJ-02'),
  'BD-09': (pair) => toWgs84(pair, 'BD-09'),
  'GCJ-02 twice': (pair) => toWgs84(toWgs84(pair, 'GCJ-02'), 'GCJ-02'),
  'WGS-84 corrected twice': (pair) => fromWgs84(pair, 'GCJ-02'),
}
const readingOf: Record<GivenCrs, Reading> = { 'EPSG:4326': 'WGS-84', 'EPSG:4490': 'WGS-84', 'GCJ-02': 'GCJ-02', 'BD-09': 'BD-09' }

/** So many tell as well as all. */
const MOST_LOOKED_AT = 500
const FEWEST = 3
/** Cameras do move a few metres when somebody measures again. */
const STAYED_M = 50
const BETTER_BY = 3

/** One for each system given in the table, where there is reason to doubt it. */
export function findShifts(given: readonly GivenPlace[], known: KnownPlaces): ShiftWarning[] {
  const systems = [...new Set(given.map(({ crs }) => crs))]
  return systems.flatMap((crs) => {
    const ofSystem = given.filter((each) => each.crs === crs)
    const every = Math.ceil(ofSystem.length / MOST_LOOKED_AT)
    const sample = ofSystem.filter((_, i) => i % every === 0)
    const all = [byPlaces(sample, known), byJurisdictions(sample, known), byOutline(sample, known)]
    const warning = all.map((each) => each && judge(crs, each)).find((each) => each !== undefined)
    return warning ? [warning] : []
  })
}

type Measure = {
  by: ShiftWarning['by']
  of: number
  /** The smaller the better. */
  measure(reading: Reading): number
  isDoubtful(asGiven: number): boolean
  isGood(asRead: number): boolean
}

function judge(crs: GivenCrs, { by, of, measure, isDoubtful, isGood }: Measure): ShiftWarning | undefined {
  const asGiven = measure(readingOf[crs])
  if (of < FEWEST || !isDoubtful(asGiven)) return undefined
  const others = (Object.keys(readings) as Reading[]).filter((reading) => reading !== readingOf[crs])
  const [fits, asRead] = others.map((reading) => [reading, measure(reading)] as const).reduce((a, b) => (b[1] < a[1] ? b : a))
  return isGood(asRead) && asRead * BETTER_BY <= asGiven ? { given: crs, fits, by, asGiven, asRead, of } : undefined
}

/** The same cameras as they stand now. */
function byPlaces(given: readonly GivenPlace[], { placeOf }: KnownPlaces): Measure {
  const both = given.flatMap(({ cameraId, pair }) => {
    const place = placeOf.get(cameraId)
    return place ? [{ pair, place }] : []
  })
  const measure = (reading: Reading) => Math.round(middleOf(both.map(({ pair, place }) => distanceM(readings[reading](pair), place))))
  return { by: 'registered_places', of: both.length, measure, isDoubtful: (metres) => metres > STAYED_M, isGood: (metres) => metres <= STAYED_M }
}

function byJurisdictions(given: readonly GivenPlace[], { stations }: KnownPlaces): Measure {
  const shapeOf = new Map(stations.flatMap(({ stationId, jurisdiction }) => (jurisdiction ? [[stationId, jurisdiction] as const] : [])))
  const own = given.filter(({ stationId }) => shapeOf.has(stationId))
  const measure = (reading: Reading) => own.filter(({ stationId, pair }) => !isInside(readings[reading](pair), shapeOf.get(stationId)!)).length
  return { by: 'jurisdictions', of: own.length, measure, ...ofOutside }
}

function byOutline(given: readonly GivenPlace[], { outline }: KnownPlaces): Measure | undefined {
  if (outline === null) return undefined
  const measure = (reading: Reading) => given.filter(({ pair }) => !isInside(readings[reading](pair), [[outline]])).length
  return { by: 'outline', of: given.length, measure, ...ofOutside }
}

const ofOutside = { isDoubtful: (outside: number) => outside >= FEWEST, isGood: () => true }

function middleOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}
