/** Bounds of local days and months: what a calendar and a ruler are cut by. */
import type { Instant } from '../../server/contract/ids.ts'
import { formatDate, formatTime } from './format.ts'

/** First instant of the local day `at` lies in. */
export function dayStart(at: Instant): Instant {
  const date = new Date(at)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

/** The same local time `days` later; a day need not have 24 hours. */
export function addDays(at: Instant, days: number): Instant {
  const date = new Date(at)
  return date.setDate(date.getDate() + days)
}

/** First instant of the local month `at` lies in, `months` later. */
export function monthStart(at: Instant, months = 0): Instant {
  const date = new Date(at)
  return new Date(date.getFullYear(), date.getMonth() + months, 1).getTime()
}

/** Local time minus UTC. */
export function localOffsetMs(at: Instant): number {
  return -new Date(at).getTimezoneOffset() * 60_000
}

/** 0 Monday … 6 Sunday. */
export function weekdayOf(at: Instant): number {
  return (new Date(at).getDay() + 6) % 7
}

export function dayOfMonth(at: Instant): number {
  return new Date(at).getDate()
}

/** First instant of a local day written `2026-12-31`; NaN when it is none. */
export function parseDay(text: string): Instant {
  return new Date(`${text}T00:00:00`).getTime()
}

/** A moment as a date and time field holds it: `2026-12-31T18:05:00`. */
export function toFieldMoment(at: Instant): string {
  return `${formatDate(at)}T${formatTime(at)}`
}

/** null when the field holds no moment. */
export function parseFieldMoment(text: string): Instant | null {
  const at = new Date(text).getTime()
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && at >= 0 ? at : null
}
