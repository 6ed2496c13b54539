/** Police stations and their jurisdictions (派出所, 辖区) as polygons, and how they are brought in (R-MAP-6). */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { LonLat, StationId } from './ids.ts'
import { Crs } from './map.ts'

/** Polygons of closed rings, outer ring first, then its holes; WGS-84 (the coordinates of a GeoJSON MultiPolygon, RFC 7946 §3.1.7). */
export const Jurisdiction = z.array(z.array(z.array(LonLat)))
export type Jurisdiction = z.infer<typeof Jurisdiction>

export const Station = z.object({
  stationId: StationId,
  name: z.string(),
  /** Short form for the map: 青岚所. */
  shortName: z.string(),
  jurisdiction: Jurisdiction.nullable(),
  labelLonLat: LonLat,
})
export type Station = z.infer<typeof Station>

export const MAX_JURISDICTION_VERTICES = 20_000
export const MAX_JURISDICTION_FILE_BYTES = 8 * 1024 * 1024

/** A GeoJSON file as text: a FeatureCollection whose features are polygons or multipolygons of stations that exist. */
export const ImportJurisdictions = z.object({
  geoJson: z.string().max(MAX_JURISDICTION_FILE_BYTES),
  crs: Crs,
  /** Property that says which station: its id, name or short name. */
  stationProperty: z.string().trim().min(1).max(60),
  /** Reports and changes nothing. */
  isDryRun: z.boolean(),
})
export type ImportJurisdictions = z.infer<typeof ImportJurisdictions>

export const JurisdictionProblem = z.enum([
  'not_geojson', // not JSON, or no FeatureCollection
  'too_many_vertices',
  'too_many_features',
  'not_a_polygon',
  'ring_not_closed',
  'ring_too_short',
  'ring_crosses_itself',
  'coordinates_out_of_range', // of the system it is said to be in
  'no_such_station',
  'station_twice',
  'property_missing',
  'shifted', // fits the cameras better in another system
  'cameras_outside', // of this station's cameras lie outside
  'overlap', // with another station's
])
export type JurisdictionProblem = z.infer<typeof JurisdictionProblem>

export const JurisdictionReport = z.object({
  /** Nothing is changed while there is an error. */
  problems: z.array(
    z.object({
      severity: z.enum(['error', 'warning']),
      problem: JurisdictionProblem,
      /** From 0; null: the whole file. */
      feature: z.number().int().nullable(),
      stationName: z.string().nullable(),
      /** The value that is wrong, or the number that counts. */
      evidence: z.string(),
    }),
  ),
  /** What the file gives each station. */
  stations: z.array(
    z.object({
      stationId: StationId,
      name: z.string(),
      vertices: z.number().int(),
      areaKm2: z.number(),
      camerasInside: z.number().int(),
      camerasOutside: z.number().int(),
    }),
  ),
  isApplied: z.boolean(),
})
export type JurisdictionReport = z.infer<typeof JurisdictionReport>

export const StationRate = z.object({
  stationId: StationId,
  /** Mean of its cameras, 0 to 1; null: nothing assessable. */
  onlineRate: z.number().min(0).max(1).nullable(),
  cameraCount: z.number().int(),
})
export type StationRate = z.infer<typeof StationRate>

export const stationApi = {
  stations: endpoint('GET /api/stations', { permission: 'camera.see', reply: z.array(Station) }),
  importJurisdictions: endpoint('POST /api/stations/jurisdictions', {
    permission: 'system.administer',
    audit: 'station.jurisdictions',
    body: ImportJurisdictions,
    reply: JurisdictionReport,
    maxBodyBytes: MAX_JURISDICTION_FILE_BYTES + 64 * 1024,
  }),
  /** Online rate of each station's cameras in the range, for the choropleth; 31 days at most. */
  rates: endpoint('GET /api/stations/online-rates', {
    permission: 'status.history',
    query: z.object({ fromAt: z.coerce.number().int(), toAt: z.coerce.number().int() }),
    reply: z.array(StationRate),
  }),
}
