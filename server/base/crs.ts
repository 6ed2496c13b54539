/** Reference systems at the edge: what is given in one of them becomes WGS-84 and back. Inside everything is WGS-84. */
import gcoord from 'gcoord'
import type { LonLat } from '../contract/ids.ts'
import type { Crs } from '../contract/map.ts'

const MAX_MERCATOR_M = 20_037_508.342_789_244

/** x and y that the system knows. The two shifted ones are defined in China only; outside they would be left as they are without a word. */
const rangeOf: Record<Crs, { x: readonly [number, number]; y: readonly [number, number] }> = {
  'EPSG:4326': { x: [-180, 180], y: [-90, 90] },
  'EPSG:4490': { x: [-180, 180], y: [-90, 90] },
  'EPSG:3857': { x: [-MAX_MERCATOR_M, MAX_MERCATOR_M], y: [-MAX_MERCATOR_M, MAX_MERCATOR_M] },
  'GCJ-02': { x: [72.004, 137.8347], y: [0.8293, 55.8271] },
  'BD-09': { x: [72.004, 137.8347], y: [0.8293, 55.8271] },
}

export function isInRange([x, y]: readonly [number, number], crs: Crs): boolean {
  const range = rangeOf[crs]
  return x >= range.x[0] && x <= range.x[1] && y >= range.y[0] && y <= range.y[1]
}

type Pair = readonly [number, number]
const codeOf = { 'EPSG:3857': gcoord.EPSG3857, 'GCJ-02': gcoord.GCJ02, 'BD-09': gcoord.BD09 } as const

/** WGS-84 in another system. CGCS2000 (EPSG:4490) equals WGS-84 to a few centimetres. */
export function fromWgs84([lon, lat]: Pair, crs: Crs): [number, number] {
  if (crs === 'EPSG:4326' || crs === 'EPSG:4490') return [lon, lat]
  return gcoord.transform([lon, lat], gcoord.WGS84, codeOf[crs]) as [number, number]
}

/** A pair given in this system as WGS-84, to a centimetre. The published way back from BD-09 is an approximation: the way there is what counts, and is followed back. */
export function toWgs84([x, y]: Pair, crs: Crs): LonLat {
  if (crs === 'EPSG:4326' || crs === 'EPSG:4490') return rounded([x, y])
  let [lon, lat] = gcoord.transform([x, y], codeOf[crs], gcoord.WGS84) as [number, number]
  if (crs === 'EPSG:3857') return rounded([lon, lat])
  for (let step = 0; step < 3; step++) {
    const there = fromWgs84([lon, lat], crs)
    lon -= there[0] - x
    lat -= there[1] - y
  }
  return rounded([lon, lat])
}

/** A centimetre. */
const rounded = ([lon, lat]: Pair): LonLat => [round7(lon), round7(lat)]
const round7 = (degrees: number) => Math.round(degrees * 1e7) / 1e7
