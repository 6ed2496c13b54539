/** What a file of jurisdictions would give each station, and everything that is wrong or doubtful in it. Changes nothing. */
import polylabel from 'polylabel'
import { fromWgs84, isInRange, toWgs84 } from '../../base/crs.ts'
import { areaM2, boundsOf, isInside, type Polygon, type Ring } from '../../base/geometry.ts'
import type { LonLat, StationId } from '../../contract/ids.ts'
import { Crs } from '../../contract/map.ts'
import type { ImportJurisdictions, Jurisdiction, JurisdictionProblem, JurisdictionReport, Station } from '../../contract/stations.ts'
import { findCrossing } from './crossing.ts'
import { type ReadFeature, readGeoJson, shown } from './geojson.ts'
import { overlapM2 } from './overlap.ts'

export type StationShape = Pick<Station, 'stationId' | 'jurisdiction' | 'labelLonLat'>
export type JurisdictionPlan = { report: JurisdictionReport; shapes: StationShape[] }
/** What is there already: of the stations the caller may see, and their cameras. */
export type Known = { stations: readonly Station[]; cameras: readonly { stationId: StationId; lonLat: LonLat }[] }
/** Lets others have their turn; awaited between pieces of work. */
export type Breathe = () => Promise<void>

/** One feature that names a station. `polygons` as in the file. */
type Shape = { feature: number; station: Station; polygons: Polygon[]; cameras: LonLat[]; isGood: boolean }
type Drawn = { feature: number | null; station: Station; jurisdiction: Jurisdiction }

/** Everything else that is wrong with such a file is more of the same. */
const MOST_PROBLEMS = 200
/** Two that draw the same border on different maps overlap by a little. */
const SMALLEST_OVERLAP_M2 = 1_000
/** Fewer cameras outside prove nothing. */
const FEWEST_OUTSIDE = 3
const PAIRS_AT_A_TIME = 2_000
const LABEL_PRECISION_DEG = 0.000_1

const severityOf = (problem: JurisdictionProblem) =>
  problem === 'shifted' || problem === 'cameras_outside' || problem === 'overlap' ? ('warning' as const) : ('error' as const)

export async function planJurisdictions({ geoJson, crs, stationProperty }: ImportJurisdictions, known: Known, breathe: Breathe): Promise<JurisdictionPlan> {
  const problems: JurisdictionReport['problems'] = []
  const say = (problem: JurisdictionProblem, evidence: string, feature: number | null = null, stationName: string | null = null) => {
    if (problems.length < MOST_PROBLEMS) problems.push({ severity: severityOf(problem), problem, feature, stationName, evidence })
  }

  const read = readGeoJson(geoJson, stationProperty, say)
  await breathe()
  const shapes = await checkedShapes()
  await warnIfShifted()
  const drawn = await draw(shapes.filter(({ isGood }) => isGood))
  const stations = await reportStations()
  await warnOfOverlaps()
  problems.sort((a, b) => severityRank[a.severity] - severityRank[b.severity] || (a.feature ?? -1) - (b.feature ?? -1))
  const named: StationShape[] = []
  for (const { station, jurisdiction } of drawn) {
    named.push({ stationId: station.stationId, jurisdiction, labelLonLat: labelOf(jurisdiction) })
    await breathe()
  }
  return { report: { problems, stations, isApplied: false }, shapes: named }

  async function checkedShapes(): Promise<Shape[]> {
    const found: Shape[] = []
    const firstOf = new Map<StationId, number>()
    for (const { feature, stationText, polygons } of read) {
      const station = findStation(stationText, known.stations)
      if (!station) {
        say('no_such_station', shown(stationText), feature)
        continue
      }
      const first = firstOf.get(station.stationId)
      if (first === undefined) firstOf.set(station.stationId, feature)
      else say('station_twice', `${first}, ${feature}`, feature, station.name)
      const isGood = (await isWellFormed({ feature, stationText, polygons }, station)) && first === undefined
      const cameras = known.cameras.filter(({ stationId }) => stationId === station.stationId).map(({ lonLat }) => lonLat)
      found.push({ feature, station, polygons, cameras, isGood })
    }
    return found
  }

  async function isWellFormed({ feature, polygons }: ReadFeature, { name }: Station): Promise<boolean> {
    const outside = polygons.flat(2).find((pair) => !isInRange(pair, crs))
    if (outside) say('coordinates_out_of_range', `[${outside.join(', ')}] ∉ ${crs}`, feature, name)
    for (const [p, polygon] of polygons.entries()) {
      const crossing = await findCrossing(polygon, breathe)
      if (!crossing) continue
      const { ringA, vertexA, ringB, vertexB, at } = crossing
      const where = `coordinates[${p}][${ringA}][${vertexA}] × [${p}][${ringB}][${vertexB}]`
      say('ring_crosses_itself', `${where}: [${at.map((each) => Number(each.toFixed(7))).join(', ')}]`, feature, name)
      return false
    }
    return outside === undefined
  }

  /** The cameras are taken into the file's system, not the file out of it: they are fewer. */
  async function warnIfShifted() {
    const total = shapes.reduce((sum, { cameras }) => sum + cameras.length, 0)
    const insideBy = new Map<Crs, number>()
    for (const each of Crs.options) insideBy.set(each, await countInside(each))
    const asGiven = insideBy.get(crs)!
    const [best, bestCount] = [...insideBy].reduce((a, b) => (b[1] > a[1] ? b : a))
    const isFewOutside = total - asGiven < FEWEST_OUTSIDE && asGiven > 0
    if (bestCount === asGiven || isFewOutside || (total - bestCount) * 3 > total - asGiven) return
    say('shifted', `${crs} ${asGiven}/${total} → ${best} ${bestCount}/${total}`)
  }

  async function countInside(given: Crs): Promise<number> {
    let inside = 0
    for (const { polygons, cameras } of shapes) {
      if (!polygons.every(([outer]) => isInRange(outer![0]!, given))) continue
      inside += await countIn(
        cameras.map((lonLat) => fromWgs84(lonLat, given)),
        polygons,
      )
    }
    return inside
  }

  async function countIn(points: readonly (readonly [number, number])[], polygons: readonly Polygon[]): Promise<number> {
    const { x, y } = boundsOf(polygons)
    const near = points.filter((point) => point[0] >= x[0] && point[0] <= x[1] && point[1] >= y[0] && point[1] <= y[1])
    let inside = 0
    for (const [i, point] of near.entries()) {
      if (isInside(point, polygons)) inside++
      if (i % 100 === 99) await breathe()
    }
    await breathe()
    return inside
  }

  async function draw(good: readonly Shape[]): Promise<(Drawn & { shape: Shape })[]> {
    const all = []
    for (const shape of good) {
      const jurisdiction: Jurisdiction = []
      for (const polygon of shape.polygons) {
        const rings: LonLat[][] = []
        for (const ring of polygon) rings.push(await toPlaces(ring))
        jurisdiction.push(rings)
      }
      all.push({ feature: shape.feature, station: shape.station, jurisdiction, shape })
    }
    return all
  }

  async function toPlaces(ring: Ring): Promise<LonLat[]> {
    const places: LonLat[] = []
    for (const [i, pair] of ring.entries()) {
      places.push(toWgs84(pair, crs))
      if (i % PAIRS_AT_A_TIME === 0) await breathe()
    }
    return places
  }

  async function reportStations(): Promise<JurisdictionReport['stations']> {
    const reported = []
    for (const { feature, station, jurisdiction, shape } of drawn) {
      const camerasInside = await countIn(shape.cameras, jurisdiction)
      const camerasOutside = shape.cameras.length - camerasInside
      if (camerasOutside > 0) say('cameras_outside', `${camerasOutside}/${shape.cameras.length}`, feature, station.name)
      reported.push({
        stationId: station.stationId,
        name: station.name,
        vertices: jurisdiction.flat(2).length,
        areaKm2: Math.round(areaM2(jurisdiction) / 1_000) / 1_000,
        camerasInside,
        camerasOutside,
      })
    }
    return reported
  }

  /** With each other, and with those of stations the file does not name. */
  async function warnOfOverlaps() {
    const named = new Set(drawn.map(({ station }) => station.stationId))
    const others = known.stations.flatMap((station): Drawn[] =>
      station.jurisdiction && !named.has(station.stationId) ? [{ feature: null, station, jurisdiction: station.jurisdiction }] : [],
    )
    for (const [i, one] of drawn.entries()) {
      for (const other of [...drawn.slice(i + 1), ...others]) {
        const areaM2 = overlapM2(one.jurisdiction, other.jurisdiction)
        if (areaM2 >= SMALLEST_OVERLAP_M2) say('overlap', `${other.station.name}: ${(areaM2 / 1e6).toFixed(3)} km²`, one.feature, one.station.name)
        if (areaM2 > 0) await breathe()
      }
    }
  }
}

const severityRank = { error: 0, warning: 1 }

/** By id, name or short name, in this order. */
function findStation(text: string, stations: readonly Station[]): Station | undefined {
  return (
    stations.find(({ stationId }) => stationId === (text as StationId)) ??
    stations.find(({ name }) => name === text) ??
    stations.find(({ shortName }) => shortName === text)
  )
}

/** Where the name stands: deep inside the largest part. */
function labelOf(jurisdiction: Jurisdiction): LonLat {
  const largest = jurisdiction.reduce((a, b) => (areaM2([b]) > areaM2([a]) ? b : a))
  // finer than a thousandth of its length nobody sees, and a sliver would be cut into millions of cells
  const { x, y } = boundsOf([largest])
  const [lon, lat] = polylabel(largest, Math.max(LABEL_PRECISION_DEG, Math.max(x[1] - x[0], y[1] - y[0]) / 1_000))
  return [Number(lon.toFixed(6)), Number(lat.toFixed(6))]
}
