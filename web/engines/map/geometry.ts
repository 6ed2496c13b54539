/** Plane and earth geometry of the map: sectors, rings, borders that are shared. Places are WGS-84 unless said otherwise. */
import type { LonLat } from '../../../server/contract/ids.ts'

/** Of latitude, on the sphere that distances are measured on (OpenLayers' mean radius). */
export const METRES_PER_DEGREE = (Math.PI * 6_371_008.8) / 180

/** The place `distanceM` away in the direction `bearingDeg` (clockwise from north). Flat is exact to a centimetre over the reach of a camera. */
export function destination([lon, lat]: LonLat, bearingDeg: number, distanceM: number): LonLat {
  const radians = (bearingDeg * Math.PI) / 180
  return [
    lon + (distanceM * Math.sin(radians)) / (METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180)),
    lat + (distanceM * Math.cos(radians)) / METRES_PER_DEGREE,
  ]
}

/** What a camera sees, as a closed ring: the camera, the arc from left to right, the camera. A full circle has no apex. */
export function sectorRing({ lonLat, headingDeg, fovDeg, reachM }: { lonLat: LonLat; headingDeg: number; fovDeg: number; reachM: number }): LonLat[] {
  const steps = Math.max(6, Math.ceil(fovDeg / 6))
  const arc = Array.from({ length: steps + 1 }, (_, i) => destination(lonLat, headingDeg - fovDeg / 2 + (fovDeg * i) / steps, reachM))
  return fovDeg >= 360 ? arc : [lonLat, ...arc, lonLat]
}

/** Borders between areas, each piece once and none that lies on the outline: dashes drawn twice would close up. Rings share their points. */
export function innerBorders(rings: readonly (readonly LonLat[])[], outline: readonly LonLat[] | null): LonLat[][] {
  const drawn = new Set<string>()
  const key = (p: LonLat, q: LonLat) => [p.join(), q.join()].sort().join(' ')
  outline?.forEach((point, i) => i > 0 && drawn.add(key(outline[i - 1]!, point)))
  const lines: LonLat[][] = []
  for (const ring of rings) {
    let line: LonLat[] = []
    for (let i = 1; i < ring.length; i++) {
      const [p, q] = [ring[i - 1]!, ring[i]!]
      if (drawn.has(key(p, q))) {
        if (line.length > 1) lines.push(line)
        line = []
        continue
      }
      drawn.add(key(p, q))
      if (line.length === 0) line.push(p)
      line.push(q)
    }
    if (line.length > 1) lines.push(line)
  }
  return lines
}

/** Is a place inside a flat closed ring x, y, x, y … (even-odd)? */
export function isInRing(x: number, y: number, ring: Float64Array): boolean {
  let inside = false
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}
