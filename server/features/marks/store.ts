/** The tables `marks` and `locks`. */
import type { Database } from '../../base/db.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { Lock, Mark } from '../../contract/marks.ts'
import type { TimeRange } from '../../contract/recordings.ts'

type MarkRow = { mark_id: string; camera_id: CameraId; at: Instant; note: string; by_account: string; created_at: Instant }
type LockRow = {
  lock_id: string
  camera_id: CameraId
  from_at: Instant
  to_at: Instant
  until_at: Instant | null
  reason: string
  by_account: string
  created_at: Instant
  ended_at: Instant | null
  ended_by: string | null
}

const markOf = (row: MarkRow): Mark => ({
  markId: row.mark_id,
  cameraId: row.camera_id,
  at: row.at,
  note: row.note,
  by: row.by_account,
  createdAt: row.created_at,
})
const lockOf = (row: LockRow): Lock => ({
  lockId: row.lock_id,
  cameraId: row.camera_id,
  fromAt: row.from_at,
  toAt: row.to_at,
  untilAt: row.until_at,
  reason: row.reason,
  by: row.by_account,
  createdAt: row.created_at,
})

export function createMarkStore(database: Database) {
  const db = database.as<{ marks: MarkRow; locks: LockRow }>()
  return {
    async listMarks(cameraId: CameraId, { fromAt, toAt }: TimeRange, limit: number): Promise<Mark[]> {
      const rows = await db
        .selectFrom('marks')
        .selectAll()
        .where('camera_id', '=', cameraId)
        .where('at', '>=', fromAt)
        .where('at', '<', toAt)
        .orderBy('at')
        .limit(limit)
        .execute()
      return rows.map(markOf)
    },
    async findMark(cameraId: CameraId, markId: string): Promise<Mark | undefined> {
      const row = await db.selectFrom('marks').selectAll().where('camera_id', '=', cameraId).where('mark_id', '=', markId).executeTakeFirst()
      return row && markOf(row)
    },
    async countMarks(cameraId: CameraId): Promise<number> {
      const row = await db
        .selectFrom('marks')
        .select(({ fn }) => fn.countAll<number>().as('marks'))
        .where('camera_id', '=', cameraId)
        .executeTakeFirstOrThrow()
      return row.marks
    },
    async addMark({ markId, cameraId, at, note, by, createdAt }: Mark): Promise<void> {
      await db.insertInto('marks').values({ mark_id: markId, camera_id: cameraId, at, note, by_account: by, created_at: createdAt }).execute()
    },
    async removeMark(markId: string): Promise<void> {
      await db.deleteFrom('marks').where('mark_id', '=', markId).execute()
    },
    /** Not ended by anybody; whether its time is over is for the caller to say. */
    async listLocks(): Promise<Lock[]> {
      return (await db.selectFrom('locks').selectAll().where('ended_at', 'is', null).orderBy('from_at').execute()).map(lockOf)
    },
    async addLock({ lockId, cameraId, fromAt, toAt, untilAt, reason, by, createdAt }: Lock): Promise<void> {
      await db
        .insertInto('locks')
        .values({
          lock_id: lockId,
          camera_id: cameraId,
          from_at: fromAt,
          to_at: toAt,
          until_at: untilAt,
          reason,
          by_account: by,
          created_at: createdAt,
          ended_at: null,
          ended_by: null,
        })
        .execute()
    },
    async endLock(lockId: string, endedAt: Instant, endedBy: string | null): Promise<void> {
      await db.updateTable('locks').set({ ended_at: endedAt, ended_by: endedBy }).where('lock_id', '=', lockId).where('ended_at', 'is', null).execute()
    },
  }
}
export type MarkStore = ReturnType<typeof createMarkStore>
