/** Lengths and areas on the earth, and how they are written on the map. */
import Polygon from 'ol/geom/Polygon.js'
import { getArea } from 'ol/sphere.js'
import type { LonLat } from '../../../server/contract/ids.ts'
import { metresBetween } from './selecting.ts'

/** Great circle, leg by leg. */
export function lengthM(line: readonly LonLat[]): number {
  return line.slice(1).reduce((sum, place, i) => sum + metresBetween(line[i]!, place), 0)
}

/** Of a ring on the sphere, closed or not. 0 for less than three places. */
export function areaM2(ring: readonly LonLat[]): number {
  if (ring.length < 3) return 0
  return getArea(new Polygon([[...ring, ring[0]!].map((place) => [...place])]), { projection: 'EPSG:4326' })
}

/** `86 m`, `1.24 km`: the same in every language. */
export function writeLength(metres: number): string {
  return metres < 9.95 ? `${metres.toFixed(1)} m` : metres < 999.5 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(metres < 99_950 ? 2 : 1)} km`
}

/** `86 m²`, `0.42 km²`. */
export function writeArea(squareMetres: number): string {
  return squareMetres < 99_500 ? `${Math.round(squareMetres)} m²` : `${(squareMetres / 1e6).toFixed(2)} km²`
}
