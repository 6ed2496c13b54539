/** Status intervals and our own heartbeat. The intervals are the only truth for map, incidents and assessment. */
import { sql } from 'kysely'
import type { Database } from '../../base/db.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { CameraStatus, FailureCause, StatusInterval } from '../../contract/status.ts'
import type { Range } from './history.ts'

/** One row of `camera_status_intervals`; `(camera_id, from_at)` is its key. */
export type IntervalRow = {
  camera_id: CameraId
  from_at: Instant
  to_at: Instant | null
  status: CameraStatus
  cause: FailureCause | null
  detail: string | null
}
type HealthTables = {
  camera_status_intervals: IntervalRow
  health_heartbeat: { id: number; alive_at: Instant }
}

/** PostgreSQL takes 65,535 parameters a statement. */
const ROWS_PER_STATEMENT = 2_000

export function createHealthStore(database: Database) {
  const db = database.as<HealthTables>()

  /** Writes rows and our heartbeat in one transaction. Writing the same rows again changes nothing. */
  async function write(rows: readonly IntervalRow[], aliveAt: Instant): Promise<void> {
    // what ends goes before what begins: a camera never has two open intervals, the index forbids it
    const ordered = [...rows].sort((a, b) => Number(a.to_at === null) - Number(b.to_at === null))
    await db.transaction().execute(async (transaction) => {
      for (let start = 0; start < ordered.length; start += ROWS_PER_STATEMENT) {
        await transaction
          .insertInto('camera_status_intervals')
          .values(ordered.slice(start, start + ROWS_PER_STATEMENT))
          .onConflict((conflict) =>
            conflict.columns(['camera_id', 'from_at']).doUpdateSet((row) => ({
              to_at: row.ref('excluded.to_at'),
              status: row.ref('excluded.status'),
              cause: row.ref('excluded.cause'),
              detail: row.ref('excluded.detail'),
            })),
          )
          .execute()
      }
      await transaction
        .insertInto('health_heartbeat')
        .values({ id: 1, alive_at: aliveAt })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ alive_at: aliveAt }))
        .execute()
    })
  }

  return {
    write,
    listOpen: () => db.selectFrom('camera_status_intervals').selectAll().where('to_at', 'is', null).execute(),
    /** When we were last known to be alive; undefined before our very first start. */
    async findLastAliveAt(): Promise<Instant | undefined> {
      return (await db.selectFrom('health_heartbeat').select('alive_at').executeTakeFirst())?.alive_at
    },
    /** Intervals that touch the range, oldest first. */
    async listIntervals(cameraId: CameraId, { fromAt, toAt }: Range): Promise<StatusInterval[]> {
      const rows = await db
        .selectFrom('camera_status_intervals')
        .selectAll()
        .where('camera_id', '=', cameraId)
        .where('from_at', '<', toAt)
        .where(({ eb, or }) => or([eb('to_at', 'is', null), eb('to_at', '>', fromAt)]))
        .where(sql<boolean>`to_at is distinct from from_at`)
        .orderBy('from_at')
        .execute()
      return rows.map((row) => ({ status: row.status, cause: row.cause, fromAt: row.from_at, toAt: row.to_at }))
    },
  }
}
export type HealthStore = ReturnType<typeof createHealthStore>
