/** One place in the systems people read and write coordinates in. Places are WGS-84; only what is shown or typed is shifted. */
import gcoord from 'gcoord'
import type { LonLat } from '../../../server/contract/ids.ts'

/** CGCS2000 equals WGS-84 to centimetres; Web Mercator is metres, the rest degrees. */
export const coordinateSystems = ['wgs84', 'cgcs2000', 'gcj02', 'bd09', 'mercator'] as const
export type CoordinateSystem = (typeof coordinateSystems)[number]

export const systemNames: Record<CoordinateSystem, string> = { wgs84: 'WGS-84', cgcs2000: 'CGCS2000', gcj02: 'GCJ-02', bd09: 'BD-09', mercator: 'Web Mercator' }

const systems = { gcj02: gcoord.GCJ02, bd09: gcoord.BD09, mercator: gcoord.EPSG3857 } as const
/** Where Web Mercator ends. */
const mercatorMaxLat = 85.06

export function toSystem(lonLat: LonLat, system: CoordinateSystem): [x: number, y: number] {
  if (system === 'wgs84' || system === 'cgcs2000') return [lonLat[0], lonLat[1]]
  return gcoord.transform<[number, number]>([lonLat[0], lonLat[1]], gcoord.WGS84, systems[system])
}

/** null when these are no coordinates of that system. */
export function fromSystem([x, y]: readonly [number, number], system: CoordinateSystem): LonLat | null {
  const [maxX, maxY] = system === 'mercator' ? [20_037_509, 20_048_967] : [180, mercatorMaxLat]
  if (!(Math.abs(x) <= maxX && Math.abs(y) <= maxY)) return null
  if (system === 'wgs84' || system === 'cgcs2000') return [x, y]
  return gcoord.transform<[number, number]>([x, y], systems[system], gcoord.WGS84)
}

/** Decimals that stand for a tenth of a metre. */
export function decimalsOf(system: CoordinateSystem): number {
  return system === 'mercator' ? 1 : 6
}

/** `111.660120, 40.750030`. */
export function formatCoordinates(lonLat: LonLat, system: CoordinateSystem): string {
  return toSystem(lonLat, system)
    .map((number) => number.toFixed(decimalsOf(system)))
    .join(', ')
}
