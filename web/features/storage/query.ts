/** The storage page's view as a URL query: which part, which days and cameras, and the day that is looked at. */
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { CameraId, Instant, StationId } from '../../../server/contract/ids.ts'

export const parts = ['overview', 'days', 'policies', 'locks'] as const
export type StoragePart = (typeof parts)[number]
export const dayCounts = ['7', '15', '31'] as const
export type DayCount = (typeof dayCounts)[number]
/** `short`: holds fewer days than its policy asks; `gaps`: recorded less than 98 % of what was planned. */
export const lacks = ['short', 'gaps'] as const
export type Lack = (typeof lacks)[number]

export type StorageView = {
  readonly part: StoragePart
  readonly days: DayCount
  readonly stationIds: readonly StationId[]
  readonly text: string
  readonly lack: Lack | null
  /** The camera and the day (its first instant) that are looked at; both or neither. */
  readonly cameraId: CameraId | null
  readonly dayAt: Instant | null
}

/** What does not fit is left out: an old or mistyped link still opens. */
export function parseStorageView(query: LocationQuery): StorageView {
  const camera = CameraId.safeParse(one(query['camera']))
  const day = Instant.safeParse(Number(one(query['day']) ?? 'none'))
  const isDay = camera.success && day.success
  return {
    part: parts.find((part) => part === one(query['part'])) ?? 'overview',
    days: dayCounts.find((count) => count === one(query['days'])) ?? '15',
    stationIds: [...new Set((one(query['station']) ?? '').split(',').flatMap((id) => StationId.safeParse(id).data ?? []))],
    text: (one(query['q']) ?? '').slice(0, 64),
    lack: lacks.find((lack) => lack === one(query['lack'])) ?? null,
    cameraId: isDay ? camera.data : null,
    dayAt: isDay ? day.data : null,
  }
}

export function serializeStorageView({ part, days, stationIds, text, lack, cameraId, dayAt }: StorageView): LocationQueryRaw {
  const query: LocationQueryRaw = {}
  if (part !== 'overview') query['part'] = part
  if (days !== '15') query['days'] = days
  if (stationIds.length > 0) query['station'] = stationIds.join(',')
  if (text !== '') query['q'] = text
  if (lack !== null) query['lack'] = lack
  if (cameraId !== null && dayAt !== null) Object.assign(query, { camera: cameraId, day: String(dayAt) })
  return query
}

function one(value: LocationQuery[string] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value) ?? undefined
}
