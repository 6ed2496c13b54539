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
/** One row of the index. */
export type IndexRow = Omit<RecordedSegment, 'isClosed'>
export type StoredSum = { cameraId: CameraId; oldestAt: Instant; newestAt: Instant; bytes: number; newBytes: number }
export type IndexedSegment = StoredFile & TimeRange & { cameraId: CameraId; bytes: number }

/** Files of one pull are apart by at most 3 ms, since their times are led to those of arrival; what is this close follows. */
export const FILE_SEAM_MS = 10
const ROWS_PER_STATEMENT = 2_000
const INDEX_PAGE_ROWS = 10_000
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
    async putSegments(segments: readonly IndexRow[]): Promise<void> {
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
    /**
     * All that is stored of these cameras, oldest first, files that follow one another joined. Joined by the database: 15 days of nine cameras are
     * 19,000 files and a few hundred ranges (20 ms; 40 as rows, 30 as text of a query for each camera).
     */
    async listRecorded(cameraIds: readonly CameraId[], awayDisks: readonly string[] = []): Promise<Map<CameraId, TimeRange[]>> {
      const { rows } = await sql<{ camera_id: CameraId; ranges: string }>`
        select camera_id, range_agg(int8range(from_at, to_at + ${FILE_SEAM_MS}::bigint))::text as ranges
        from segments where camera_id = any(${cameraIds}) and ${isAt(awayDisks)} group by camera_id`.execute(db)
      return new Map(rows.map((row) => [row.camera_id, parseMultirange(row.ranges)]))
    },
    /** The end of the newest segment of all that ended before; undefined when there is none. */
    async findNewestAt(beforeAt: Instant): Promise<Instant | undefined> {
      return (await db.selectFrom('segments').select('to_at').where('to_at', '<', beforeAt).orderBy('to_at', 'desc').limit(1).executeTakeFirst())?.to_at
    },
    async listStoredCameras(): Promise<CameraId[]> {
      return (await db.selectFrom('segments').select('camera_id').distinct().execute()).map((row) => row.camera_id)
    },
    /** Segments of a camera that ended before `beforeAt`, oldest first; the first of those after `afterAt`. */
    async listOlder(cameraId: CameraId, beforeAt: Instant, limit: number, afterAt: Instant | undefined): Promise<IndexedSegment[]> {
      const rows = await db
        .selectFrom('segments')
        .selectAll()
        .where('camera_id', '=', cameraId)
        .where('from_at', '<', beforeAt)
        .where('to_at', '<', beforeAt)
        .$if(afterAt !== undefined, (query) => query.where('from_at', '>', afterAt!))
        .orderBy('from_at')
        .limit(limit)
        .execute()
      return rows.map(segmentOf)
    },
    /** The oldest segments of a disk, of all cameras; `after` the last one of the page before. */
    async listOldest(
      diskId: string,
      beforeAt: Instant,
      limit: number,
      after: Pick<IndexedSegment, 'fromAt' | 'cameraId'> | undefined,
    ): Promise<IndexedSegment[]> {
      const rows = await db
        .selectFrom('segments')
        .selectAll()
        .where('disk_id', '=', diskId)
        .where('to_at', '<', beforeAt)
        .$if(after !== undefined, (query) =>
          query.where(({ eb, refTuple, tuple }) => eb(refTuple('from_at', 'camera_id'), '>', tuple(after!.fromAt, after!.cameraId))),
        )
        .orderBy('from_at')
        .orderBy('camera_id')
        .limit(limit)
        .execute()
      return rows.map(segmentOf)
    },
    /** Disks in the index that are none of these. */
    async listOtherDisks(diskIds: readonly string[]): Promise<string[]> {
      const rows = await db.selectFrom('segments').select('disk_id').distinct().where(isAt(diskIds)).execute()
      return rows.map((row) => row.disk_id)
    },
    /** What lies on disks that are away. */
    async listAway(cameraId: CameraId, { fromAt, toAt }: TimeRange, awayDisks: readonly string[]): Promise<TimeRange[]> {
      const rows = await db
        .selectFrom('segments')
        .select(['from_at', 'to_at'])
        .where('camera_id', '=', cameraId)
        .where('disk_id', 'in', awayDisks)
        .where('from_at', '<', toAt)
        .where('to_at', '>', fromAt)
        .orderBy('from_at')
        .execute()
      return rows.map((row) => ({ fromAt: row.from_at, toAt: row.to_at }))
    },
    /** Where each stretch lies and how large it is; of the cameras asked for. */
    async listSizes(
      cameraIds: readonly CameraId[],
      { fromAt, toAt }: TimeRange,
      awayDisks: readonly string[] = [],
    ): Promise<(TimeRange & { cameraId: CameraId; bytes: number })[]> {
      if (cameraIds.length === 0) return []
      const rows = await db
        .selectFrom('segments')
        .select(['camera_id', 'from_at', 'to_at', 'bytes'])
        .where('camera_id', 'in', cameraIds)
        .where(isAt(awayDisks))
        .where('from_at', '<', toAt)
        .where('to_at', '>', fromAt)
        .execute()
      return rows.map((row) => ({ cameraId: row.camera_id, fromAt: row.from_at, toAt: row.to_at, bytes: row.bytes }))
    },
    /** Of every camera that has any: how much, from when to when, and what of it is newer than `sinceAt`. */
    async sumByCamera(sinceAt: Instant, awayDisks: readonly string[] = []): Promise<StoredSum[]> {
      const rows = await db
        .selectFrom('segments')
        .select(({ fn, eb }) => [
          'camera_id as cameraId',
          fn.min('from_at').as('oldestAt'),
          fn.max('to_at').as('newestAt'),
          sql<number>`sum(bytes)`.as('bytes'),
          sql<number>`coalesce(sum(bytes) filter (where ${eb('from_at', '>=', sinceAt)}), 0)`.as('newBytes'),
        ])
        .where(isAt(awayDisks))
        .groupBy('camera_id')
        .execute()
      return rows
    },
    /** Stored milliseconds of every camera within the range. */
    async sumRecorded({ fromAt, toAt }: TimeRange, awayDisks: readonly string[] = []): Promise<Map<CameraId, number>> {
      const rows = await db
        .selectFrom('segments')
        .select(['camera_id', sql<number>`sum(least(to_at, ${toAt}) - greatest(from_at, ${fromAt}))`.as('recorded_ms')])
        .where(isAt(awayDisks))
        .where('from_at', '<', toAt)
        .where('to_at', '>', fromAt)
        .groupBy('camera_id')
        .execute()
      return new Map(rows.map((row) => [row.camera_id, row.recorded_ms]))
    },
    /** The index page by page, in the order of its key. */
    async listIndex(after: Pick<IndexRow, 'cameraId' | 'fromAt'> | null): Promise<IndexRow[]> {
      const rows = await db
        .selectFrom('segments')
        .selectAll()
        .$if(after !== null, (query) =>
          query.where(({ eb, refTuple, tuple }) => eb(refTuple('camera_id', 'from_at'), '>', tuple(after!.cameraId, after!.fromAt))),
        )
        .orderBy('camera_id')
        .orderBy('from_at')
        .limit(INDEX_PAGE_ROWS)
        .execute()
      return rows.map((row) => ({ ...segmentOf(row), profile: row.profile }))
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

    /** All policies there ever were, oldest first. */
    async listPolicies(): Promise<PolicyInterval[]> {
      return (await db.selectFrom('recording_policies').selectAll().orderBy('from_at').execute()).map(policyOf)
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

/** On none of the disks that are away: what lies there cannot be played now. */
const isAt = (awayDisks: readonly string[]) => (awayDisks.length === 0 ? sql<boolean>`true` : sql<boolean>`disk_id <> all(${awayDisks})`)

/** `{[1,5),[7,9)}`, each longer than what was recorded by the seam that was bridged. */
function parseMultirange(text: string): TimeRange[] {
  const numbers = text.match(/\d+/g) ?? []
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({ fromAt: Number(numbers[2 * i]), toAt: Number(numbers[2 * i + 1]) - FILE_SEAM_MS }))
}

export type IndexChange = { put: readonly IndexRow[]; remove: readonly Pick<IndexRow, 'cameraId' | 'fromAt'>[] }

/** What a command at the machine found to be different on the disks. */
export async function changeIndex(store: Pick<RecordingStore, 'putSegments' | 'removeSegments'>, { put, remove }: IndexChange): Promise<void> {
  await store.putSegments(put)
  await store.removeSegments(remove)
}
