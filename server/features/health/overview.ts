/** The latest changes of state with the cameras' names: reads the tables of `cameras` beside our own. */
import { sql } from 'kysely'
import type { Database } from '../../base/db.ts'
import type { CameraId, Instant, StationId } from '../../contract/ids.ts'
import type { CameraStatus, FailureCause, StatusChange } from '../../contract/status.ts'

type Row = { camera_id: CameraId; name: string; from_status: CameraStatus; to_status: CameraStatus; cause: FailureCause | null; at: Instant; lasted_ms: number }

/** Newest first, of the given stations (null: all). The same choice of what is news as `isNews` makes for the push. */
export async function listRecentChanges(database: Database, stationIds: readonly StationId[] | null, limit: number): Promise<StatusChange[]> {
  const area = stationIds === null ? sql`` : sql`and camera.station_id = any(${stationIds as StationId[]})`
  const { rows } = await sql<Row>`
    select now_is.camera_id, camera.name, was.status as from_status, now_is.status as to_status, now_is.cause, now_is.from_at as at, now_is.from_at - was.from_at as lasted_ms
    from camera_status_intervals now_is
    join camera_status_intervals was on was.camera_id = now_is.camera_id and was.to_at = now_is.from_at and was.from_at < now_is.from_at
    join cameras camera on camera.camera_id = now_is.camera_id
    where now_is.status <> 'unknown' and now_is.status <> was.status and not (was.status = 'unknown' and now_is.status = 'online') ${area}
    order by now_is.from_at desc, now_is.camera_id
    limit ${limit}
  `.execute(database.as<unknown>())
  return rows.map((row) => ({
    cameraId: row.camera_id,
    name: row.name,
    from: row.from_status,
    to: row.to_status,
    cause: row.cause,
    at: row.at,
    lastedMs: row.lasted_ms,
  }))
}
