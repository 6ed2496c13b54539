/** The map's view as a URL query: filters, search, chosen camera and list (any view can be shared and reloaded). */
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { Link, Scene } from '../../../server/contract/cameras.ts'
import { CameraId, StationId } from '../../../server/contract/ids.ts'
import { CameraStatus } from '../../../server/contract/status.ts'
import type { z } from 'zod'
import type { CameraFilter } from '../cameras/filter.ts'

export type MapQuery = {
  readonly filter: CameraFilter
  readonly text: string
  readonly cameraId: CameraId | null
  /** The left panel shows cameras although nothing is searched or filtered. */
  readonly isListOpen: boolean
  /** List only what the map shows; null leaves it to the page: yes while nothing is searched. */
  readonly isInViewOnly: boolean | null
}

export const emptyMapQuery: MapQuery = { filter: { statuses: [], stationIds: [], scenes: [], links: [] }, text: '', cameraId: null, isListOpen: false, isInViewOnly: null }

/** What does not fit is left out: an old or mistyped link still opens. */
export function parseMapQuery(query: LocationQuery): MapQuery {
  const camera = CameraId.safeParse(one(query['camera']))
  const inView = one(query['inView'])
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
  }
}

export function serializeMapQuery({ filter, text, cameraId, isListOpen, isInViewOnly }: MapQuery): LocationQueryRaw {
  const query: LocationQueryRaw = {}
  if (filter.statuses.length > 0) query['status'] = filter.statuses.join(',')
  if (filter.stationIds.length > 0) query['station'] = filter.stationIds.join(',')
  if (filter.scenes.length > 0) query['scene'] = filter.scenes.join(',')
  if (filter.links.length > 0) query['link'] = filter.links.join(',')
  if (text !== '') query['q'] = text
  if (isListOpen) query['list'] = 'cameras'
  if (isInViewOnly !== null) query['inView'] = isInViewOnly ? '1' : '0'
  if (cameraId !== null) query['camera'] = cameraId
  return query
}

type QueryValue = LocationQuery[string] | undefined

function one(value: QueryValue): string | undefined {
  return (Array.isArray(value) ? value[0] : value) ?? undefined
}

function many<S extends z.ZodType>(value: QueryValue, schema: S): z.output<S>[] {
  const parsed = (one(value) ?? '').split(',').map((entry) => schema.safeParse(entry))
  return [...new Set(parsed.filter((entry) => entry.success).map((entry) => entry.data))]
}
