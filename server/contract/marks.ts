/** Marks and locks of recordings (R-PLAY-4): a mark says what is to be seen at a moment, a lock keeps a range beyond its retention. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { CameraId, Instant } from './ids.ts'
import { RangeQuery, TimeRange } from './recordings.ts'

export const Mark = z.object({ markId: z.uuid(), cameraId: CameraId, at: Instant, note: z.string(), by: z.string(), createdAt: Instant })
export type Mark = z.infer<typeof Mark>

export const Lock = TimeRange.extend({
  lockId: z.uuid(),
  cameraId: CameraId,
  /** Held until then; `null`: until somebody unlocks it. */
  untilAt: Instant.nullable(),
  reason: z.string(),
  by: z.string(),
  createdAt: Instant,
})
export type Lock = z.infer<typeof Lock>

export const AddMark = z.object({ at: Instant, note: z.string().trim().min(1).max(200) })
export type AddMark = z.infer<typeof AddMark>

export const MAX_LOCK_MS = 31 * 86_400_000
export const AddLock = TimeRange.extend({ untilAt: Instant.nullable(), reason: z.string().trim().min(1).max(200) }).refine(
  ({ fromAt, toAt }) => toAt > fromAt && toAt - fromAt <= MAX_LOCK_MS,
  'fromAt < toAt, at most 31 days apart',
)
export type AddLock = z.infer<typeof AddLock>

const ofCamera = z.object({ cameraId: CameraId })

export const markApi = {
  /** Marks and locks that touch the range. */
  list: endpoint('GET /api/cameras/:cameraId/marks', {
    permission: 'camera.playback',
    params: ofCamera,
    query: RangeQuery,
    reply: z.object({ marks: z.array(Mark), locks: z.array(Lock) }),
  }),
  addMark: endpoint('POST /api/cameras/:cameraId/marks', {
    permission: 'camera.playback',
    audit: 'recording.mark',
    params: ofCamera,
    body: AddMark,
    reply: Mark,
  }),
  /** One's own, or anybody's for who may download. */
  removeMark: endpoint('DELETE /api/cameras/:cameraId/marks/:markId', {
    permission: 'camera.playback',
    audit: 'recording.unmark',
    params: ofCamera.extend({ markId: z.uuid() }),
    reply: z.object({}),
  }),
  addLock: endpoint('POST /api/cameras/:cameraId/locks', {
    permission: 'camera.download',
    audit: 'recording.lock',
    params: ofCamera,
    body: AddLock,
    reply: Lock,
  }),
  /** From now on retention may take the range. */
  removeLock: endpoint('DELETE /api/cameras/:cameraId/locks/:lockId', {
    permission: 'camera.download',
    audit: 'recording.unlock',
    params: ofCamera.extend({ lockId: z.uuid() }),
    reply: z.object({}),
  }),
  /** Every lock in force in the user's area, with what it holds. */
  locks: endpoint('GET /api/locks', { permission: 'storage.see', reply: z.object({ locks: z.array(Lock.extend({ bytes: z.number() })) }) }),
}
