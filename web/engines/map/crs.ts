/**
 * The coordinate systems a base map may be in, as OpenLayers projections. Points are WGS-84 until here; the view takes the projection of its
 * base map and the points are shifted into it, so that they sit where they are and tiles are drawn untouched.
 *
 * - `EPSG:4490` (CGCS2000) equals WGS-84 to a few centimetres and is treated as the same.
 * - `GCJ-02` is a web Mercator over shifted degrees (AutoNavi, Tencent tiles), `BD-09` Baidu's own Mercator in metres.
 */
import gcoord from 'gcoord'
import { addCoordinateTransforms, addEquivalentProjections, addProjection, get, Projection, transform } from 'ol/proj.js'
import type { Crs } from '../../../server/contract/map.ts'
import type { LonLat } from '../../../server/contract/ids.ts'

type Pair = [number, number]

const WORLD_M = 20_037_508.342789244

/** A degree as WMTS counts it for scale denominators (OGC 07-057r7, 6.1): by the radius of WGS-84, not the sphere OpenLayers takes when left alone. */
const METRES_PER_DEGREE = (Math.PI * 6_378_137) / 180
const cgcs2000 = new Projection({
  code: 'EPSG:4490',
  units: 'degrees',
  metersPerUnit: METRES_PER_DEGREE,
  extent: [-180, -90, 180, 90],
  axisOrientation: 'neu',
  global: true,
})
const gcj02 = new Projection({ code: 'GCJ-02', units: 'm', extent: [-WORLD_M, -WORLD_M, WORLD_M, WORLD_M], worldExtent: [-180, -85, 180, 85], global: true })
const bd09 = new Projection({ code: 'BD-09', units: 'm', extent: [-WORLD_M, -WORLD_M, WORLD_M, WORLD_M], worldExtent: [-180, -74, 180, 74] })

const MOST_CORRECTIONS = 8
const EXACT_M = 0.0005
const FAR_M = 50

const wgs84 = get('EPSG:4326')!
const mercator = get('EPSG:3857')!
addEquivalentProjections([wgs84, cgcs2000])
addProjection(cgcs2000)
for (const [projection, fromWgs84, roughlyToWgs84] of [
  [
    gcj02,
    (at: Pair): Pair => transform(gcoord.transform(at, gcoord.WGS84, gcoord.GCJ02), wgs84, mercator) as Pair,
    (at: Pair): Pair => gcoord.transform(transform(at, mercator, wgs84) as Pair, gcoord.GCJ02, gcoord.WGS84),
  ],
  [bd09, (at: Pair): Pair => gcoord.transform(at, gcoord.WGS84, gcoord.BD09MC), (at: Pair): Pair => gcoord.transform(at, gcoord.BD09MC, gcoord.WGS84)],
] as const) {
  const toWgs84 = exactInverse(fromWgs84, roughlyToWgs84)
  addProjection(projection)
  // OpenLayers hands over a longer coordinate when there is a height; only the first two are places
  addCoordinateTransforms(
    wgs84,
    projection,
    (at) => fromWgs84([at[0]!, at[1]!]),
    (at) => toWgs84([at[0]!, at[1]!]),
  )
  addCoordinateTransforms(
    mercator,
    projection,
    (at) => fromWgs84(transform(at, mercator, wgs84) as Pair),
    (at) => transform(toWgs84([at[0]!, at[1]!]), wgs84, mercator),
  )
}

/**
 * The way back to a millimetre. BD-09 has no inverse formula that is better than decimetres: it is corrected by the error it makes. Outside the
 * country, where systems jump, the rough way stands.
 */
function exactInverse(there: (at: Pair) => Pair, back: (at: Pair) => Pair): (at: Pair) => Pair {
  return (target) => {
    let aim = target
    let found = back(aim)
    for (let i = 0; i < MOST_CORRECTIONS; i++) {
      const reached = there(found)
      const [dx, dy] = [target[0] - reached[0], target[1] - reached[1]]
      if (Math.hypot(dx, dy) < EXACT_M || Math.hypot(dx, dy) > FAR_M) return found
      aim = [aim[0] + dx, aim[1] + dy]
      found = back(aim)
    }
    return found
  }
}

const byCrs: Record<Crs, Projection> = { 'EPSG:3857': mercator, 'EPSG:4326': wgs84, 'EPSG:4490': cgcs2000, 'GCJ-02': gcj02, 'BD-09': bd09 }

export function projectionOf(crs: Crs): Projection {
  return byCrs[crs]
}

/**
 * A place somebody gives in the numbers of a system: degrees, except for `EPSG:3857` in metres. GCJ-02 and BD-09 are given in degrees as people write
 * them, whatever their tiles are in.
 */
export function parsePlaceIn(crs: Crs, [x, y]: readonly [number, number]): LonLat {
  switch (crs) {
    case 'EPSG:3857':
      return unproject([x, y], mercator)
    case 'GCJ-02':
      return unproject(transform([x, y], wgs84, mercator), gcj02)
    case 'BD-09':
      return unproject(gcoord.transform([x, y], gcoord.BD09, gcoord.BD09MC), bd09)
    case 'EPSG:4326':
    case 'EPSG:4490':
      return [x, y]
  }
}

/** The way back of `parsePlaceIn`: the numbers a person reads in a system. */
export function placeIn(crs: Crs, lonLat: LonLat): readonly [number, number] {
  switch (crs) {
    case 'EPSG:3857':
      return project(lonLat, mercator)
    case 'GCJ-02':
      return gcoord.transform([lonLat[0], lonLat[1]] as Pair, gcoord.WGS84, gcoord.GCJ02)
    case 'BD-09':
      return gcoord.transform([lonLat[0], lonLat[1]] as Pair, gcoord.WGS84, gcoord.BD09)
    case 'EPSG:4326':
    case 'EPSG:4490':
      return lonLat
  }
}

/** WGS-84 degrees to the projection's own coordinates. */
export function project(lonLat: LonLat, projection: Projection): [x: number, y: number] {
  return transform(lonLat, wgs84, projection) as Pair
}

export function unproject(coordinate: readonly number[], projection: Projection): LonLat {
  return transform([coordinate[0]!, coordinate[1]!], projection, wgs84) as Pair
}
