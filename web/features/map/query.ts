/** The map's view as a URL query: filters, search, chosen camera and list (any view can be shared and reloaded). */
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { Link, Scene } from '../../../server/contract/cameras.ts'
import { CameraId, Instant, type LonLat, StationId } from '../../../server/contract/ids.ts'
import { CameraStatus } from '../../../server/contract/status.ts'
import type { z } from 'zod'
import type { CameraFilter } from '../cameras/filter.ts'
import type { MapShape } from '../../engines/map/tools.ts'
import { parseLonLat, parseShape, serializeLonLat, serializeShape } from './shape-query.ts'

/** Where the map looks. */
export type MapPlace = { readonly lonLat: LonLat; readonly zoom: number }

export type MapQuery = {
  readonly filter: CameraFilter
  readonly text: string
  readonly cameraId: CameraId | null
  /** The left panel shows cameras although nothing is searched or filtered. */
  readonly isListOpen: boolean
  /** List only what the map shows; null leaves it to the page: yes while nothing is searched. */
  readonly isInViewOnly: boolean | null
  /** null: the whole district, as the page opens. */
  readonly place: MapPlace | null
  /** What somebody drew: the cameras in it are the list. */
  readonly shape: MapShape | null
  /** The cameras nearest to this place are the list. */
  readonly nearLonLat: LonLat | null
  /** Taken out of the selection by hand. */
  readonly droppedIds: readonly CameraId[]
  /** The map shows the states of this moment; null: of now. */
  readonly pastAt: Instant | null
  /** Name of the base map; null leaves it to the account. */
  readonly baseMap: string | null
}

export const emptyMapQuery: MapQuery = {
  filter: { statuses: [], stationIds: [], scenes: [], links: [] },
  text: '',
  cameraId: null,
  isListOpen: false,
  isInViewOnly: null,
  place: null,
  shape: null,
  nearLonLat: null,
  droppedIds: [],
  pastAt: null,
  baseMap: null,
}

/** What does not fit is left out: an old or mistyped link still opens. */
export function parseMapQuery(query: LocationQuery): MapQuery {
  const camera = CameraId.safeParse(one(query['camera']))
  const inView = one(query['inView'])
  const shape = parseShape(one(query['shape']))
  return {
    filter: {
      statuses: many(query['status'], CameraStatus),
      stationIds: many(query['station'], StationId),
      scenes: many(query['scene'], Scene),
      links: many(query['link'], Link),
    },
    text: one(query['q']) ?? '',
    cameraId: camera.success ? camera.data : null,
    isListOpen: one(query['list']) === 'cameras',
    isInViewOnly: inView === '1' ? true : inView === '0' ? false : null,
    place: parsePlace(one(query['at'])),
    shape,
    nearLonLat: shape === null ? parseLonLat(one(query['near'])) : null,
    droppedIds: many(query['without'], CameraId),
    pastAt: Instant.safeParse(Number(one(query['time']) ?? 'none')).data ?? null,
    baseMap: one(query['base']) ?? null,
  }
}

export function serializeMapQuery(view: MapQuery): LocationQueryRaw {
  const { filter, text, cameraId, isListOpen, isInViewOnly, place, shape, nearLonLat, droppedIds, pastAt, baseMap } = view
  const query: LocationQueryRaw = {}
  if (filter.statuses.length > 0) query['status'] = filter.statuses.join(',')
  if (filter.stationIds.length > 0) query['station'] = filter.stationIds.join(',')
  if (filter.scenes.length > 0) query['scene'] = filter.scenes.join(',')
  if (filter.links.length > 0) query['link'] = filter.links.join(',')
  if (text !== '') query['q'] = text
  if (isListOpen) query['list'] = 'cameras'
  if (isInViewOnly !== null) query['inView'] = isInViewOnly ? '1' : '0'
  if (cameraId !== null) query['camera'] = cameraId
  if (place !== null) query['at'] = serializePlace(place)
  if (shape !== null) query['shape'] = serializeShape(shape)
  else if (nearLonLat !== null) query['near'] = serializeLonLat(nearLonLat)
  if (droppedIds.length > 0) query['without'] = droppedIds.join(',')
  if (pastAt !== null) query['time'] = String(pastAt)
  if (baseMap !== null) query['base'] = baseMap
  return query
}

/** `111.66012,40.75003,15.25`: to a metre and a hundredth of a zoom level. */
function serializePlace({ lonLat, zoom }: MapPlace): string {
  return [lonLat[0].toFixed(5), lonLat[1].toFixed(5), Number(zoom.toFixed(2))].join(',')
}

function parsePlace(text: string | undefined): MapPlace | null {
  const [lon, lat, zoom, ...rest] = (text ?? '').split(',').map((number) => (/^-?\d{1,3}(\.\d{1,8})?$/.test(number) ? Number(number) : Number.NaN))
  if (lon === undefined || lat === undefined || zoom === undefined || rest.length > 0) return null
  const isOnEarth = Math.abs(lon) <= 180 && Math.abs(lat) <= 85 && zoom >= 0 && zoom <= 24
  return isOnEarth ? { lonLat: [lon, lat], zoom } : null
}

/** True when both lead to the same address. */
export function isSamePlace(a: MapPlace | null, b: MapPlace | null): boolean {
  return a === null || b === null ? a === b : serializePlace(a) === serializePlace(b)
}

type QueryValue = LocationQuery[string] | undefined

function one(value: QueryValue): string | undefined {
  return (Array.isArray(value) ? value[0] : value) ?? undefined
}

function many<S extends z.ZodType>(value: QueryValue, schema: S): z.output<S>[] {
  const parsed = (one(value) ?? '').split(',').map((entry) => schema.safeParse(entry))
  return [...new Set(parsed.filter((entry) => entry.success).map((entry) => entry.data))]
}
