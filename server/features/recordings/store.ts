/** The index of segments, the policies with their history, and what could not be stored. */
import { sql } from 'kysely'
import type { Database } from '../../base/db.ts'
import type { CameraId, Instant, Profile } from '../../contract/ids.ts'
import type { RecordingMode, TimeRange, WeekRange } from '../../contract/recordings.ts'
import type { RecordedSegment, RecordingProblem, StoredFile } from '../../media/plane.ts'

type SegmentRow = { camera_id: CameraId; from_at: Instant; to_at: Instant; profile: Profile; disk_id: string; path: string; bytes: number }
type PolicyRow = {
  camera_id: CameraId
  from_at: Instant
  to_at: Instant | null
  mode: RecordingMode
  schedule: WeekRange[]
  profile: Profile
  keep_days: number
}
type ProblemRow = { camera_id: CameraId | typeof ALL_CAMERAS; from_at: Instant; to_at: Instant; problem: Problem }
type RecordingTables = { segments: SegmentRow; recording_policies: PolicyRow; recording_problems: ProblemRow }

/** A policy and the time for which it was, or is (`toAt` null), in force. */
export type PolicyInterval = {
  cameraId: CameraId
  fromAt: Instant
  toAt: Instant | null
  mode: RecordingMode
  schedule: WeekRange[]
  profile: Profile
  keepDays: number
}
/** What kept pictures from being stored: the disks, or our media process being away. */
export type Problem = RecordingProblem | 'media_away'
export type ProblemInterval = TimeRange & { problem: Problem }
export type IndexedSegment = StoredFile & TimeRange & { cameraId: CameraId; bytes: number }

const ROWS_PER_STATEMENT = 2_000
/** In place of a camera's id: it concerned all of them. No camera's id looks like this. */
export const ALL_CAMERAS = '*'

export function createRecordingStore(database: Database) {
  const db = database.as<RecordingTables>()

  const policyOf = (row: PolicyRow): PolicyInterval => ({
    cameraId: row.camera_id,
    fromAt: row.from_at,
    toAt: row.to_at,
    mode: row.mode,
    schedule: row.schedule,
    profile: row.profile,
    keepDays: row.keep_days,
  })
  const segmentOf = (row: SegmentRow): IndexedSegment => ({
    cameraId: row.camera_id,
    fromAt: row.from_at,
    toAt: row.to_at,
    diskId: row.disk_id,
    path: row.path,
    bytes: row.bytes,
  })

  return {
    /** Writing the same segments again changes nothing. */
    async putSegments(segments: readonly RecordedSegment[]): Promise<void> {
      for (let start = 0; start < segments.length; start += ROWS_PER_STATEMENT) {
        await db
          .insertInto('segments')
          .values(
            segments.slice(start, start + ROWS_PER_STATEMENT).map((segment) => ({
              camera_id: segment.cameraId,
              from_at: segment.fromAt,
              to_at: segment.toAt,
              profile: segment.profile,
              disk_id: segment.diskId,
              path: segment.path,
              bytes: segment.bytes,
            })),
          )
          .onConflict((conflict) =>
            conflict.columns(['camera_id', 'from_at']).doUpdateSet((row) => ({
              to_at: row.ref('excluded.to_at'),
              disk_id: row.ref('excluded.disk_id'),
              path: row.ref('excluded.path'),
              bytes: row.ref('excluded.bytes'),
            })),
          )
          .execute()
      }
    },
    /** Segments that touch the range, oldest first. */
    async listSegments(cameraId: CameraId, { fromAt, toAt }: TimeRange): Promise<TimeRange[]> {
      const rows = await db
        .selectFrom('segments')
        .select(['from_at', 'to_at'])
        .where('camera_id', '=', cameraId)
        .where('from_at', '<', toAt)
        .where('to_at', '>', fromAt)
        .orderBy('from_at')
        .execute()
      return rows.map((row) => ({ fromAt: row.from_at, toAt: row.to_at }))
    },
    /** The end of the newest segment of all; undefined when there is none. */
    async findNewestAt(): Promise<Instant | undefined> {
      return (await db.selectFrom('segments').select('to_at').orderBy('to_at', 'desc').limit(1).executeTakeFirst())?.to_at
    },
    /** The oldest segments of a disk, of all cameras. */
    async listOldest(diskId: string, beforeAt: Instant, limit: number): Promise<IndexedSegment[]> {
      const rows = await db
        .selectFrom('segments')
        .selectAll()
        .where('disk_id', '=', diskId)
        .where('to_at', '<', beforeAt)
        .orderBy('from_at')
        .limit(limit)
        .execute()
      return rows.map(segmentOf)
    },
    async sumBytes(diskId: string): Promise<number> {
      const row = await db
        .selectFrom('segments')
        .select(sql<number>`coalesce(sum(bytes), 0)`.as('bytes'))
        .where('disk_id', '=', diskId)
        .executeTakeFirst()
      return row?.bytes ?? 0
    },
    async removeSegments(segments: readonly Pick<IndexedSegment, 'cameraId' | 'fromAt'>[]): Promise<void> {
      for (const { cameraId, fromAt } of segments) await db.deleteFrom('segments').where('camera_id', '=', cameraId).where('from_at', '=', fromAt).execute()
    },

    /** Policies in force now. */
    async listPolicies(): Promise<PolicyInterval[]> {
      return (await db.selectFrom('recording_policies').selectAll().where('to_at', 'is', null).execute()).map(policyOf)
    },
    /** Policies of one camera that touch the range, oldest first. */
    async listPolicyHistory(cameraId: CameraId, { fromAt, toAt }: TimeRange): Promise<PolicyInterval[]> {
      const rows = await db
        .selectFrom('recording_policies')
        .selectAll()
        .where('camera_id', '=', cameraId)
        .where('from_at', '<', toAt)
        .where(({ eb, or }) => or([eb('to_at', 'is', null), eb('to_at', '>', fromAt)]))
        .orderBy('from_at')
        .execute()
      return rows.map(policyOf)
    },
    /** Ends what was in force and begins the new one. */
    async putPolicies(policies: readonly Omit<PolicyInterval, 'toAt'>[]): Promise<void> {
      await db.transaction().execute(async (transaction) => {
        for (const { cameraId, fromAt, mode, schedule, profile, keepDays } of policies) {
          await transaction
            .updateTable('recording_policies')
            .set(({ fn, val }) => ({ to_at: fn<number>('greatest', ['from_at', val(fromAt)]) }))
            .where('camera_id', '=', cameraId)
            .where('to_at', 'is', null)
            .execute()
          await transaction
            .insertInto('recording_policies')
            .values({
              camera_id: cameraId,
              from_at: fromAt,
              to_at: null,
              mode,
              schedule: JSON.stringify(schedule) as unknown as WeekRange[],
              profile,
              keep_days: keepDays,
            })
            .onConflict((conflict) =>
              conflict.columns(['camera_id', 'from_at']).doUpdateSet((row) => ({
                to_at: null,
                mode: row.ref('excluded.mode'),
                schedule: row.ref('excluded.schedule'),
                profile: row.ref('excluded.profile'),
                keep_days: row.ref('excluded.keep_days'),
              })),
            )
            .execute()
        }
      })
    },

    /** The stretch goes on when it is told again. */
    async putProblem(cameraId: CameraId | typeof ALL_CAMERAS, { fromAt, toAt, problem }: ProblemInterval): Promise<void> {
      await db
        .insertInto('recording_problems')
        .values({ camera_id: cameraId, from_at: fromAt, to_at: toAt, problem })
        .onConflict((conflict) => conflict.columns(['camera_id', 'from_at']).doUpdateSet((row) => ({ to_at: row.ref('excluded.to_at') })))
        .execute()
    },
    async listProblems(cameraId: CameraId, { fromAt, toAt }: TimeRange): Promise<ProblemInterval[]> {
      const rows = await db
        .selectFrom('recording_problems')
        .selectAll()
        .where('camera_id', 'in', [cameraId, ALL_CAMERAS])
        .where('from_at', '<', toAt)
        .where('to_at', '>', fromAt)
        .orderBy('from_at')
        .execute()
      return rows.map((row) => ({ fromAt: row.from_at, toAt: row.to_at, problem: row.problem }))
    },
  }
}
export type RecordingStore = ReturnType<typeof createRecordingStore>
