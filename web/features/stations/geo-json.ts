/** A GeoJSON file as the page looks into it before the server judges it: which properties there are, and the rings to draw. Never throws. */
import { z } from 'zod'
import type { LonLat } from '../../../server/contract/ids.ts'
import type { Crs } from '../../../server/contract/map.ts'
import type { Station } from '../../../server/contract/stations.ts'
import { type CoordinateSystem, fromSystem } from '../map/coordinates.ts'

const Pair = z.tuple([z.number(), z.number()]).rest(z.unknown())
const Rings = z.array(z.array(Pair))
const Feature = z.object({
  properties: z.record(z.string(), z.unknown()).nullish(),
  geometry: z
    .union([z.object({ type: z.literal('Polygon'), coordinates: Rings }), z.object({ type: z.literal('MultiPolygon'), coordinates: z.array(Rings) })])
    .nullish()
    .catch(null),
})
const FeatureCollection = z.object({ type: z.literal('FeatureCollection'), features: z.array(Feature) })

export type FileLook = {
  /** Names of properties, the likeliest to name a station first. */
  properties: readonly string[]
  features: readonly { properties: Readonly<Record<string, unknown>>; polygons: readonly (readonly (readonly (readonly [number, number])[])[])[] }[]
}

const systemOf: Record<Crs, CoordinateSystem> = { 'EPSG:3857': 'mercator', 'EPSG:4326': 'wgs84', 'EPSG:4490': 'cgcs2000', 'GCJ-02': 'gcj02', 'BD-09': 'bd09' }
/** More corners than anybody can see. */
const drawnCorners = 20_000

/** null when it is no collection of features: the server says exactly why. */
export function lookInto(text: string, stations: Iterable<Station>): FileLook | null {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return null
  }
  const parsed = FeatureCollection.safeParse(json)
  if (!parsed.success) return null
  const features = parsed.data.features.map(({ properties, geometry }) => ({
    properties: properties ?? {},
    polygons: (!geometry ? [] : geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates).map((rings) =>
      rings.map((ring) => ring.map(([x, y]) => [x, y] as const)),
    ),
  }))
  const known = new Set([...stations].flatMap(({ stationId, name, shortName }) => [stationId, name, shortName] as string[]))
  const hits = new Map<string, number>()
  for (const { properties } of features)
    for (const [name, value] of Object.entries(properties)) hits.set(name, (hits.get(name) ?? 0) + (known.has(String(value).trim()) ? 1 : 0))
  return { properties: [...hits].toSorted((a, b) => b[1] - a[1]).map(([name]) => name), features }
}

/** Rings in WGS-84 for the preview; what is out of range of `crs` is left out. */
export function ringsOf({ features }: FileLook, crs: Crs): LonLat[][] {
  let corners = 0
  const rings: LonLat[][] = []
  for (const { polygons } of features)
    for (const polygon of polygons)
      for (const ring of polygon) {
        corners += ring.length
        if (corners > drawnCorners) return rings
        const places = ring.map((pair) => fromSystem(pair, systemOf[crs]))
        if (places.every((place) => place !== null)) rings.push(places)
      }
  return rings
}

/** Paths in a box of `width` by `height`, north up, in which all of `all` is seen. */
export function toBox(all: readonly LonLat[], width: number, height: number): (place: LonLat) => readonly [number, number] {
  const lons = all.map(([lon]) => lon)
  const lats = all.map(([, lat]) => lat)
  const least = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b), Infinity)
  const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), -Infinity)
  const [west, east, south, north] = [least(lons), most(lons), least(lats), most(lats)]
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const scale = 0.92 * Math.min(width / Math.max(1e-9, (east - west) * squeeze), height / Math.max(1e-9, north - south))
  return ([lon, lat]) => [width / 2 + (lon - (west + east) / 2) * squeeze * scale, height / 2 - (lat - (south + north) / 2) * scale]
}
