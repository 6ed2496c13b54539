/** The table `camera_moves`: where a camera stood and looked before, who changed it and why (R-MAP). */
import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { AppError } from '../../../base/errors.ts'
import { distanceM } from '../../../base/geometry.ts'
import type { CameraMove } from '../../../contract/cameras.ts'
import type { CameraId, Instant } from '../../../contract/ids.ts'
import { type CameraView, isSameView } from '../place.ts'
import { type CameraRow, type CameraTables, type MoveRow, ROWS_PER_STATEMENT } from '../tables.ts'

/** What somebody wants of a camera's place and view; the rest of the move is what was before. */
export type WantedMove = Pick<CameraMove, 'cameraId' | 'at' | 'by' | 'reason' | 'to'>
export type MoveReason = Pick<CameraMove, 'by' | 'reason'>

export const moveQueries = (db: Kysely<CameraTables>) => ({
  /**
   * Sets place and view and keeps the old ones, in one transaction: of two who do it at once both are in the log, the second after the first.
   * What is set on the map is WGS-84 and nothing else.
   */
  moveCamera: ({ cameraId, at, by, reason, to }: WantedMove): Promise<CameraMove> =>
    db.transaction().execute(async (transaction) => {
      const row = await transaction.selectFrom('cameras').selectAll().where('camera_id', '=', cameraId).forUpdate().executeTakeFirst()
      if (!row) throw new AppError('not_found', `no camera ${cameraId}`)
      if (isSameView(viewOf(row), to)) throw new AppError('conflict', `camera ${cameraId} stands and looks there already`)
      const view = { heading_deg: to.headingDeg, fov_deg: to.fovDeg, reach_m: to.reachM }
      const [lon, lat] = to.lonLat
      const isMoved = lon !== row.lon || lat !== row.lat
      const place = isMoved ? { lon, lat, original_x: lon, original_y: lat, original_crs: 'EPSG:4326' as const } : {}
      await transaction
        .updateTable('cameras')
        .set({ ...view, ...place, updated_at: at })
        .where('camera_id', '=', cameraId)
        .execute()
      const move = rowOf(row, to, { at, by, reason })
      await transaction.insertInto('camera_moves').values(move).execute()
      return moveOf(move)
    }),
  /** Newest first. */
  async listMoves(cameraId: CameraId, limit: number): Promise<CameraMove[]> {
    const rows = await db
      .selectFrom('camera_moves')
      .selectAll()
      .where('camera_id', '=', cameraId)
      .orderBy('at', 'desc')
      .orderBy('move_id')
      .limit(limit)
      .execute()
    return rows.map(moveOf)
  },
})

/** Notes which of the cameras that are about to be replaced stand or look elsewhere afterwards. */
export async function logMoves(transaction: Kysely<CameraTables>, next: readonly CameraRow[], why: MoveReason & { at: Instant }): Promise<void> {
  if (next.length === 0) return
  const nextById = new Map(next.map((row) => [row.camera_id, viewOf(row)]))
  const before = await transaction
    .selectFrom('cameras')
    .selectAll()
    .where('camera_id', 'in', [...nextById.keys()])
    .forUpdate()
    .execute()
  const moves = before.flatMap((row) => {
    const to = nextById.get(row.camera_id)!
    return isSameView(viewOf(row), to) ? [] : [rowOf(row, to, why)]
  })
  for (let start = 0; start < moves.length; start += ROWS_PER_STATEMENT)
    await transaction
      .insertInto('camera_moves')
      .values(moves.slice(start, start + ROWS_PER_STATEMENT))
      .execute()
}

const viewOf = (row: CameraRow): CameraView => ({ lonLat: [row.lon, row.lat], headingDeg: row.heading_deg, fovDeg: row.fov_deg, reachM: row.reach_m })

const rowOf = (before: CameraRow, to: CameraView, { at, by, reason }: MoveReason & { at: Instant }): MoveRow => ({
  move_id: randomUUID(),
  camera_id: before.camera_id,
  at,
  by_account: by,
  reason,
  from_lon: before.lon,
  from_lat: before.lat,
  from_heading_deg: before.heading_deg,
  from_fov_deg: before.fov_deg,
  from_reach_m: before.reach_m,
  from_original_x: before.original_x,
  from_original_y: before.original_y,
  from_original_crs: before.original_crs,
  to_lon: to.lonLat[0],
  to_lat: to.lonLat[1],
  to_heading_deg: to.headingDeg,
  to_fov_deg: to.fovDeg,
  to_reach_m: to.reachM,
})

function moveOf(row: MoveRow): CameraMove {
  const from: CameraView = { lonLat: [row.from_lon, row.from_lat], headingDeg: row.from_heading_deg, fovDeg: row.from_fov_deg, reachM: row.from_reach_m }
  const to: CameraView = { lonLat: [row.to_lon, row.to_lat], headingDeg: row.to_heading_deg, fovDeg: row.to_fov_deg, reachM: row.to_reach_m }
  return {
    moveId: row.move_id,
    cameraId: row.camera_id,
    at: row.at,
    by: row.by_account,
    reason: row.reason,
    from,
    to,
    movedM: distanceM(from.lonLat, to.lonLat),
  }
}
