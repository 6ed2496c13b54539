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

const wgs84 = get('EPSG:4326')!
const mercator = get('EPSG:3857')!
addEquivalentProjections([wgs84, cgcs2000])
addProjection(cgcs2000)
for (const [projection, fromWgs84, toWgs84] of [
  [
    gcj02,
    (at: Pair): Pair => transform(gcoord.transform(at, gcoord.WGS84, gcoord.GCJ02), wgs84, mercator) as Pair,
    (at: Pair): Pair => gcoord.transform(transform(at, mercator, wgs84) as Pair, gcoord.GCJ02, gcoord.WGS84),
  ],
  [bd09, (at: Pair): Pair => gcoord.transform(at, gcoord.WGS84, gcoord.BD09MC), (at: Pair): Pair => gcoord.transform(at, gcoord.BD09MC, gcoord.WGS84)],
] as const) {
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

const byCrs: Record<Crs, Projection> = { 'EPSG:3857': mercator, 'EPSG:4326': wgs84, 'EPSG:4490': cgcs2000, 'GCJ-02': gcj02, 'BD-09': bd09 }

export function projectionOf(crs: Crs): Projection {
  return byCrs[crs]
}

/** WGS-84 degrees to the projection's own coordinates. */
export function project(lonLat: LonLat, projection: Projection): [x: number, y: number] {
  return transform(lonLat, wgs84, projection) as Pair
}

export function unproject(coordinate: readonly number[], projection: Projection): LonLat {
  return transform([coordinate[0]!, coordinate[1]!], projection, wgs84) as Pair
}
