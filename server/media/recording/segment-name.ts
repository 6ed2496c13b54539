/** Where a segment lies: `<disk>/<UTC day>/<cameraId>/<startAt>-<durationMs>.mp4`, and `<startAt>.part` while it grows. */
import { join } from 'node:path'
import { CameraId, type Instant } from '../../contract/ids.ts'

const DAY_MS = 86_400_000

export type SegmentName = { startAt: Instant; durationMs: number | undefined }

/** `2026-11-22`, in UTC: no daylight saving and no setting changes where a file lies. */
export const dayOf = (at: Instant): string => new Date(at).toISOString().slice(0, 10)

/** Days whose folders may hold something of the range; a segment of the day before may reach into it. */
export function daysOf({ fromAt, toAt }: { fromAt: Instant; toAt: Instant }): string[] {
  const days: string[] = []
  for (let at = (Math.floor(fromAt / DAY_MS) - 1) * DAY_MS; at < toAt; at += DAY_MS) days.push(dayOf(at))
  return days
}

export const isDay = (name: string): boolean => /^\d{4}-\d\d-\d\d$/.test(name)

export const cameraFolder = (diskFolder: string, day: string, cameraId: CameraId): string => join(diskFolder, day, cameraId)

export const openName = (startAt: Instant): string => `${startAt}.part`
export const closedName = (startAt: Instant, durationMs: number): string => `${startAt}-${Math.round(durationMs)}.mp4`

/** `undefined` for a file that is none of ours. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const found = /^(\d{1,15})(?:\.part|-(\d{1,9})\.mp4)$/.exec(name)
  if (!found) return undefined
  return { startAt: Number(found[1]), durationMs: found[2] === undefined ? undefined : Number(found[2]) }
}
