/** What the disks hold and for how long (R-STORE): disks, days held against policy, recorded share of each camera-day, forecast. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant } from './ids.ts'
import { RangeQuery, RecordingMode, TimeRange } from './recordings.ts'

const DiskFacts = {
  /** Last part of its folder's path. */
  name: z.string(),
  /** `missing`: the folder is not the disk that it was. `failed`: it cannot be read or written. */
  state: z.enum(['ok', 'full', 'missing', 'failed']),
  /** `warn` from 90 %, `delete` from 95 % (oldest go), `degrade` from 98 %. */
  level: z.enum(['ok', 'warn', 'delete', 'degrade']),
}
/** A disk of recordings that somebody should look at (R-STORE-3): told to every page within 20 s. */
export const DiskAlarm = z.object(DiskFacts)
export type DiskAlarm = z.infer<typeof DiskAlarm>

export const StorageDisk = z.object({
  diskId: z.string().nullable(),
  ...DiskFacts,
  detail: z.string().nullable(),
  totalBytes: z.number(),
  freeBytes: z.number(),
  recordedBytes: z.number(),
})
export type StorageDisk = z.infer<typeof StorageDisk>

export const StoredCamera = z.object({
  cameraId: CameraId,
  mode: RecordingMode,
  keepDays: z.number().int(),
  /** Since when it is to be recorded without a break, continuously or by hours; null: it is not. */
  sinceAt: Instant.nullable(),
  /** The first moment within its days, and since `sinceAt`, that was to be recorded: what should be the oldest; null: there is none. */
  dueFromAt: Instant.nullable(),
  /** Oldest and newest stored moment; null: nothing is. */
  oldestAt: Instant.nullable(),
  newestAt: Instant.nullable(),
  bytes: z.number(),
  /** Of the last 24 hours; of a camera that began later, brought to a whole day. */
  dayBytes: z.number(),
})
export type StoredCamera = z.infer<typeof StoredCamera>

export const StorageReply = z.object({
  at: Instant,
  /** Null: media is away, and what is known of disks with it. */
  disks: z.array(StorageDisk).nullable(),
  /** Of `MAPWALL_RECORDINGS_GB`; null: as much as the disks hold. */
  quotaBytes: z.number().nullable(),
  recordedBytes: z.number(),
  lockedBytes: z.number(),
  /** What can still be written before the oldest go for want of room; null: unknown, media is away. */
  roomBytes: z.number().nullable(),
  /** Of all cameras, as above. */
  dayBytes: z.number(),
  /** When space runs out, that is, when the oldest begin to go for it; null: not before their age is reached, or unknown. */
  fullAt: Instant.nullable(),
  /** Days that can be held at this rate; null: nothing is written. */
  holdsDays: z.number().nullable(),
  cameras: z.array(StoredCamera),
})
export type StorageReply = z.infer<typeof StorageReply>

/** One row a camera that was ever planned or recorded; the lists stand in the order of `days`. */
export const StoredDays = z.object({
  days: z.array(TimeRange),
  cameras: z.array(z.object({ cameraId: CameraId, plannedMs: z.array(z.number()), recordedMs: z.array(z.number()) })),
})
export type StoredDays = z.infer<typeof StoredDays>

export const storageApi = {
  now: endpoint('GET /api/storage', { permission: 'storage.see', reply: StorageReply }),
  days: endpoint('GET /api/storage/days', { permission: 'storage.see', query: RangeQuery, reply: StoredDays }),
}
