/** Which part of the patrol log is read, and its page's address. */
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { z } from 'zod'
import { CameraId, type Instant } from '../../../server/contract/ids.ts'
import { addDays, parseDay } from '../../base/calendar.ts'
import { formatDate } from '../../base/format.ts'

/** Local days, both included; null: of all. */
export type PatrolFilter = { readonly fromDay: string; readonly toDay: string; readonly rotationId: string | null; readonly cameraId: CameraId | null }

export const patrolsOfToday = (now: Instant): PatrolFilter => ({ fromDay: formatDate(now), toDay: formatDate(now), rotationId: null, cameraId: null })

/** What does not fit is left out: an old or mistyped link still opens. */
export function parsePatrolFilter(query: LocationQuery, now: Instant): PatrolFilter {
  const fallback = patrolsOfToday(now)
  return {
    fromDay: dayOf(query['from']) ?? fallback.fromDay,
    toDay: dayOf(query['to']) ?? fallback.toDay,
    rotationId: z.uuid().safeParse(one(query['rotation'])).data ?? null,
    cameraId: CameraId.safeParse(one(query['camera'])).data ?? null,
  }
}

/** Today is left out, so that a kept address opens today. */
export function serializePatrolFilter({ fromDay, toDay, rotationId, cameraId }: PatrolFilter, now: Instant): LocationQueryRaw {
  const today = formatDate(now)
  return {
    ...(fromDay !== today && { from: fromDay }),
    ...(toDay !== today && { to: toDay }),
    ...(rotationId !== null && { rotation: rotationId }),
    ...(cameraId !== null && { camera: cameraId }),
  }
}

/** What the server is asked; undefined when the last day is before the first, or a field is empty. */
export function patrolRange({ fromDay, toDay }: PatrolFilter): { fromAt: Instant; toAt: Instant } | undefined {
  const range = { fromAt: parseDay(fromDay), toAt: addDays(parseDay(toDay), 1) }
  return range.fromAt < range.toAt ? range : undefined
}

const one = (value: LocationQuery[string] | undefined) => (Array.isArray(value) ? value[0] : value) ?? undefined
const dayOf = (value: LocationQuery[string] | undefined) => {
  const text = one(value) ?? ''
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(parseDay(text)) ? text : undefined
}
