/** Which base map the pages draw, and in which coordinates (R-MAP-7, first form). */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { LonLat } from './ids.ts'

/** Reference systems a base map or an import may be in. Points themselves are WGS-84 and are shifted only at the edge. */
export const Crs = z.enum(['EPSG:3857', 'EPSG:4326', 'EPSG:4490', 'GCJ-02', 'BD-09'])
export type Crs = z.infer<typeof Crs>

export const BaseMap = z.discriminatedUnion('kind', [
  /** GeoJSON-like layers made by our own script: `/basemap/demo.json`. */
  z.object({ kind: z.literal('vector'), url: z.string(), name: z.string(), date: z.string() }),
  z.object({ kind: z.literal('pmtiles'), url: z.string(), name: z.string(), date: z.string(), attribution: z.string().default('') }),
  z.object({
    kind: z.literal('xyz'),
    url: z.string(),
    crs: Crs,
    name: z.string(),
    date: z.string(),
    minZoom: z.number().default(0),
    maxZoom: z.number().default(18),
    attribution: z.string().default(''),
  }),
  z.object({
    kind: z.literal('wmts'),
    url: z.string(),
    layer: z.string(),
    matrixSet: z.string(),
    style: z.string().default('default'),
    format: z.string().default('image/png'),
    crs: Crs,
    name: z.string(),
    date: z.string(),
    attribution: z.string().default(''),
  }),
  /** No base map: a 500 m grid with outline and labels. */
  z.object({ kind: z.literal('none') }),
])
export type BaseMap = z.infer<typeof BaseMap>

export const MapConfig = z.object({
  baseMap: BaseMap,
  /** Outline of the district, one closed WGS-84 ring, or null. */
  outline: z.array(LonLat).nullable(),
  center: LonLat,
  zoom: z.number(),
})
export type MapConfig = z.infer<typeof MapConfig>

export const mapApi = {
  config: endpoint('GET /api/map', { permission: 'signedIn', reply: MapConfig }),
}
