/** Which base map the pages draw, and in which coordinates (R-MAP-7, first form). */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { LonLat } from './ids.ts'

/** Reference systems a base map or an import may be in. Points themselves are WGS-84 and are shifted only at the edge. */
export const Crs = z.enum(['EPSG:3857', 'EPSG:4326', 'EPSG:4490', 'GCJ-02', 'BD-09'])
export type Crs = z.infer<typeof Crs>

/** A path of our own server or a whole address. */
const MapUrl = z.string().regex(/^(\/(?!\/)|https?:\/\/[^/\s{}]+)\S*$/, 'is no address: http(s)://… or /…')
const TileUrl = MapUrl.refine((url) => ['{z}', '{x}', '{y}'].every((part) => url.includes(part)), 'needs {z}, {x} and {y}')

/** `name` and `date` are shown on the map. */
const Tiles = z.object({
  url: TileUrl,
  crs: Crs,
  name: z.string(),
  date: z.string(),
  minZoom: z.number().int().min(0).max(24).default(0),
  maxZoom: z.number().int().min(0).max(24).default(18),
  attribution: z.string().default(''),
})

export const BaseMap = z.discriminatedUnion('kind', [
  /** GeoJSON-like layers made by our own script: `/basemap/demo.json`. */
  z.object({ kind: z.literal('vector'), url: MapUrl, name: z.string(), date: z.string() }),
  z.object({ kind: z.literal('pmtiles'), url: MapUrl, name: z.string(), date: z.string(), attribution: z.string().default('') }),
  /** Pictures, rows counted from the north. In BD-09 as Baidu counts them. */
  Tiles.extend({ kind: z.literal('xyz') }),
  /** Pictures, rows counted from the south (OSGeo TMS 1.0.0). `url` may be the service's own description of the map (`…/tilemapresource.xml`). */
  Tiles.extend({ kind: z.literal('tms'), url: z.union([TileUrl, MapUrl.regex(/\.xml(\?|$)/i)], 'needs {z}, {x} and {y}, or leads to an .xml') }),
  /** Vector tiles as a service gives them (Mapbox Vector Tile 2.1), rows counted from the north; drawn in our own colours. */
  Tiles.extend({ kind: z.literal('mvt'), crs: Crs.default('EPSG:3857'), maxZoom: z.number().int().min(0).max(24).default(14) }),
  z.object({
    kind: z.literal('wmts'),
    url: MapUrl,
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
  /** Others to choose from. */
  otherBaseMaps: z.array(BaseMap),
  /** Outline of the district, one closed WGS-84 ring, or null. */
  outline: z.array(LonLat).nullable(),
  center: LonLat,
  zoom: z.number(),
})
export type MapConfig = z.infer<typeof MapConfig>

/** A view somebody wants to come back to; `query` is the page's own address query (filters, search, base map, tools). */
export const MapBookmark = z.object({
  bookmarkId: z.uuid(),
  name: z.string().trim().min(1).max(60),
  lonLat: LonLat,
  zoom: z.number().min(0).max(24),
  query: z.string().max(2_000),
})
export type MapBookmark = z.infer<typeof MapBookmark>
export const MAX_BOOKMARKS = 50

export const mapApi = {
  config: endpoint('GET /api/map', { permission: 'signedIn', reply: MapConfig }),
  /** One's own, by name. */
  bookmarks: endpoint('GET /api/map/bookmarks', { permission: 'camera.see', reply: z.array(MapBookmark) }),
  addBookmark: endpoint('POST /api/map/bookmarks', {
    permission: 'camera.see',
    audit: 'map.bookmark.add',
    body: MapBookmark.omit({ bookmarkId: true }),
    reply: MapBookmark,
  }),
  removeBookmark: endpoint('DELETE /api/map/bookmarks/:bookmarkId', {
    permission: 'camera.see',
    audit: 'map.bookmark.remove',
    params: z.object({ bookmarkId: z.uuid() }),
    reply: z.object({}),
  }),
}
