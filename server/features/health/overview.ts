/** What is told of many cameras at once: the latest changes, states and figures of the past. Reads the tables of `cameras` beside our own, filtered by area. */
import { sql } from 'kysely'
import type { Database } from '../../base/db.ts'
import type { CameraId, Instant, StationId } from '../../contract/ids.ts'
import type { CameraStatus, FailureCause, PastStates, StatusChange } from '../../contract/status.ts'
import type { Range } from './history.ts'

type Area = readonly StationId[] | null

const inArea = (stationIds: Area) => (stationIds === null ? sql`true` : sql`camera.station_id = any(${stationIds as StationId[]})`)

type Row = { camera_id: CameraId; name: string; from_status: CameraStatus; to_status: CameraStatus; cause: FailureCause | null; at: Instant; lasted_ms: number }

/** Newest first, of the given stations (null: all). The same choice of what is news as `isNews` makes for the push. */
export async function listRecentChanges(database: Database, stationIds: Area, limit: number): Promise<StatusChange[]> {
  const { rows } = await sql<Row>`
    select now_is.camera_id, camera.name, was.status as from_status, now_is.status as to_status, now_is.cause, now_is.from_at as at, now_is.from_at - was.from_at as lasted_ms
    from camera_status_intervals now_is
    join camera_status_intervals was on was.camera_id = now_is.camera_id and was.to_at = now_is.from_at and was.from_at < now_is.from_at
    join cameras camera on camera.camera_id = now_is.camera_id
    where now_is.status <> 'unknown' and now_is.status <> was.status and not (was.status = 'unknown' and now_is.status = 'online') and ${inArea(stationIds)}
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

type StateRow = { camera_id: CameraId; status: CameraStatus; cause: FailureCause | null; from_at: Instant }

/** The interval each camera was in at that moment. One index look-up a camera, however long the history. */
export async function listPastStates(database: Database, stationIds: Area, at: Instant): Promise<PastStates['states']> {
  const { rows } = await sql<StateRow>`
    select camera.camera_id, latest.status, latest.cause, latest.from_at
    from cameras camera cross join lateral (
      select * from camera_status_intervals each where each.camera_id = camera.camera_id and each.from_at <= ${at} order by each.from_at desc limit 1
    ) latest
    where (latest.to_at is null or latest.to_at > ${at}) and ${inArea(stationIds)}
    order by camera.camera_id
  `.execute(database.as<unknown>())
  return rows.map((row) => ({ cameraId: row.camera_id, status: row.status, cause: row.cause, sinceAt: row.from_at }))
}

/** Beginnings and ends side by side, because a month of a district is hundreds of thousands. */
export type CameraStretches = { cameraId: CameraId; status: CameraStatus; fromAts: Float64Array; toAts: Float64Array }

/**
 * All intervals that touch the range, by camera and state; an open one ends now.
 *
 * Found are those that begin in the range (an index over `from_at`), and of each camera the one that was open at its beginning: asking for
 * `to_at > fromAt` alone would read all the years before. They come as one text for each camera and state: row by row the database client would take three times as long.
 */
export async function listStretches(database: Database, { fromAt, toAt }: Range, nowAt: Instant): Promise<CameraStretches[]> {
  const { rows } = await sql<{ camera_id: CameraId; status: CameraStatus; numbers: string }>`
    select camera_id, status, string_agg((from_at - ${fromAt})::text || ' ' || (coalesce(to_at, ${nowAt}) - from_at)::text, ' ') as numbers
    from (
      select each.camera_id, each.status, each.from_at, each.to_at
      from camera_status_intervals each
      where each.from_at >= ${fromAt} and each.from_at < ${toAt}
      union all
      select camera.camera_id, latest.status, latest.from_at, latest.to_at
      from cameras camera cross join lateral (
        select * from camera_status_intervals each where each.camera_id = camera.camera_id and each.from_at < ${fromAt} order by each.from_at desc limit 1
      ) latest
      where latest.to_at is null or latest.to_at > ${fromAt}
    ) touching
    group by camera_id, status
  `.execute(database.as<unknown>())
  return rows.map(({ camera_id, status, numbers }) => ({ cameraId: camera_id, status, ...parseStretches(numbers, fromAt) }))
}

/** Beginning and length, split by single blanks. */
function parseStretches(text: string, fromAt: Instant): Pick<CameraStretches, 'fromAts' | 'toAts'> {
  const numbers = text.split(' ')
  const count = numbers.length / 2
  const [fromAts, toAts] = [new Float64Array(count), new Float64Array(count)]
  for (let i = 0; i < count; i++) {
    fromAts[i] = fromAt + Number(numbers[2 * i])
    toAts[i] = fromAts[i]! + Number(numbers[2 * i + 1])
  }
  return { fromAts, toAts }
}
