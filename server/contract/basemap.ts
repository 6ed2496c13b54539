/**
 * The file behind `BaseMap` kind `vector`: a small base map in one JSON file, made by a script (`server/demo/make-basemap.ts`) and drawn by
 * `web/engines/map`. Places are whole steps of `stepDeg` from `origin`, each relative to the one before: `[dLon, dLat, dLon, dLat, …]`.
 */
import type { LonLat } from './ids.ts'

export const basemapFormat = 'mapwall-basemap/1'

export type BasemapRoadClass = 'express' | 'arterial' | 'secondary' | 'lane'
export type BasemapShape = { name: string; points: number[] }
/** `isUpright`: runs north–south, its name is stacked instead of turned. */
export type BasemapRoad = BasemapShape & { roadClass: BasemapRoadClass; isUpright: boolean }

export type BasemapFile = {
  format: typeof basemapFormat
  name: string
  date: string
  /** Made-up places; the page says so. */
  isDemo: boolean
  origin: LonLat
  stepDeg: number
  /** Ring of the district, for a page that has no `MapConfig` yet (the login). */
  outline: number[]
  roads: BasemapRoad[]
  rivers: (BasemapShape & { widthM: number })[]
  lakes: BasemapShape[]
  greens: BasemapShape[]
  rails: BasemapShape[]
  /** Footprints of houses as rings, for street zoom. */
  blocks: number[][]
}

export function encodePlaces(places: readonly LonLat[], origin: LonLat, stepDeg: number): number[] {
  let [x, y] = [0, 0]
  return places.flatMap(([lon, lat]) => {
    const [nextX, nextY] = [Math.round((lon - origin[0]) / stepDeg), Math.round((lat - origin[1]) / stepDeg)]
    const step = [nextX - x, nextY - y]
    ;[x, y] = [nextX, nextY]
    return step
  })
}

export function decodePlaces(points: readonly number[], origin: LonLat, stepDeg: number): LonLat[] {
  const places: LonLat[] = []
  let [x, y] = [0, 0]
  for (let i = 0; i + 1 < points.length; i += 2) {
    x += points[i]!
    y += points[i + 1]!
    places.push([origin[0] + x * stepDeg, origin[1] + y * stepDeg])
  }
  return places
}
