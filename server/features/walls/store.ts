/** The tables `wall_layouts` and `wall_rotations`, `wall_patrol_runs` and `wall_patrols`. */
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../base/db.ts'
import type { CameraId, Instant, UserId } from '../../contract/ids.ts'
import type { Role } from '../../contract/permissions.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { PatrolEntry, PatrolReport, SaveLayout, SaveRotation } from '../../contract/walls.ts'

/** Whose it is, and who else may use it. */
export type Owned = { ownerId: UserId; owner: string; sharedWith: Role[]; updatedAt: Instant }
/** As its owner made it, with the cameras others may not see. */
export type StoredLayout = Owned & SaveLayout & { layoutId: string }
export type StoredRotation = Owned & SaveRotation & { rotationId: string }
export type Asker = { userId: UserId; role: Role }

type OwnedRow = { owner_id: UserId; owner_account: string; name: string; shared_with: Role[]; updated_at: Instant }
type LayoutRow = OwnedRow & { layout_id: string; shape: SaveLayout['shape']; camera_ids: SaveLayout['cameraIds'] }
type RotationRow = OwnedRow & { rotation_id: string; steps: SaveRotation['steps']; dwell_ms: number; on_offline: SaveRotation['onOffline'] }
type RunRow = {
  run_number: number
  run_id: string
  rotation_id: string
  user_id: UserId
  account: string
  rotation_name: string
  first_at: Instant
  last_at: Instant
}
type PatrolRow = {
  from_at: Instant
  entry_id: string
  to_at: Instant
  run_number: number
  camera_id: CameraId
  tile: number
  outcome: PatrolEntry['outcome']
  cause: PatrolEntry['cause']
  fresh_ms: number
}
type WallTables = {
  wall_layouts: LayoutRow
  wall_rotations: RotationRow
  wall_patrol_runs: Omit<RunRow, 'run_number'> & { run_number: never }
  wall_patrols: PatrolRow
}
type Table = 'wall_layouts' | 'wall_rotations'

/** One run of one rotation by one user: what its entries share. `runId` is said by a page, so two users may say the same. */
export type PatrolRun = TimeRange & { runId: string; rotationId: string; rotationName: string; userId: UserId; account: string }
export type NewPatrol = Omit<PatrolReport, 'runId' | 'rotationId'> & { runNumber: number }
export type PatrolFilter = TimeRange & { userId: UserId | undefined; rotationId: string | undefined; cameraIds: readonly CameraId[] | undefined }

/** Told as a choice of filters. */
const MOST_ROTATIONS = 200

/** The driver would write an array as one of PostgreSQL's. */
const asJson = <T>(value: T): T => JSON.stringify(value) as unknown as T
const ownedOf = (row: OwnedRow) => ({
  ownerId: row.owner_id,
  owner: row.owner_account,
  name: row.name,
  sharedWith: row.shared_with,
  updatedAt: row.updated_at,
})
const ownedRowOf = ({ ownerId, owner, name, sharedWith, updatedAt }: Owned & { name: string }): OwnedRow => ({
  owner_id: ownerId,
  owner_account: owner,
  name,
  shared_with: asJson(sharedWith),
  updated_at: updatedAt,
})
const layoutOf = (row: LayoutRow): StoredLayout => ({ ...ownedOf(row), layoutId: row.layout_id, shape: row.shape, cameraIds: row.camera_ids })
const layoutRowOf = (layout: StoredLayout): LayoutRow => ({
  ...ownedRowOf(layout),
  layout_id: layout.layoutId,
  shape: asJson(layout.shape),
  camera_ids: asJson(layout.cameraIds),
})
const rotationOf = (row: RotationRow): StoredRotation => ({
  ...ownedOf(row),
  rotationId: row.rotation_id,
  steps: row.steps,
  dwellMs: row.dwell_ms,
  onOffline: row.on_offline,
})
const rotationRowOf = (rotation: StoredRotation): RotationRow => ({
  ...ownedRowOf(rotation),
  rotation_id: rotation.rotationId,
  steps: asJson(rotation.steps),
  dwell_ms: rotation.dwellMs,
  on_offline: rotation.onOffline,
})

export function createWallStore(database: Database) {
  const db = database.as<WallTables>()
  const isUsable = ({ userId, role }: Asker) => sql<boolean>`(owner_id = ${userId} or shared_with @> ${JSON.stringify([role])}::jsonb)`

  /** Runs `insert` unless the owner has as many as he may; two at once are counted one after the other. */
  function addWithin(table: Table, ownerId: UserId, most: number, insert: (transaction: Kysely<WallTables>) => Promise<unknown>): Promise<boolean> {
    return db.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(hashtext(${`${table} ${ownerId}`}))`.execute(transaction)
      const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)} where owner_id = ${ownerId}`.execute(transaction)
      if (rows[0]!.count >= most) return false
      await insert(transaction)
      return true
    })
  }

  return {
    /** The user's own and those shared with the role, by name. */
    async listLayouts(asker: Asker): Promise<StoredLayout[]> {
      return (await db.selectFrom('wall_layouts').selectAll().where(isUsable(asker)).orderBy('name').orderBy('layout_id').execute()).map(layoutOf)
    },
    async findLayout(layoutId: string): Promise<StoredLayout | undefined> {
      const row = await db.selectFrom('wall_layouts').selectAll().where('layout_id', '=', layoutId).executeTakeFirst()
      return row && layoutOf(row)
    },
    /** Whose the layouts are, of those that there are. */
    async listOwners(layoutIds: readonly string[]): Promise<Map<string, Pick<Owned, 'ownerId' | 'sharedWith'>>> {
      if (layoutIds.length === 0) return new Map()
      const rows = await db.selectFrom('wall_layouts').select(['layout_id', 'owner_id', 'shared_with']).where('layout_id', 'in', layoutIds).execute()
      return new Map(rows.map((row) => [row.layout_id, { ownerId: row.owner_id, sharedWith: row.shared_with }]))
    },
    addLayout: (layout: StoredLayout, most: number): Promise<boolean> =>
      addWithin('wall_layouts', layout.ownerId, most, (transaction) => transaction.insertInto('wall_layouts').values(layoutRowOf(layout)).execute()),
    async changeLayout(layout: StoredLayout): Promise<void> {
      await db.updateTable('wall_layouts').set(layoutRowOf(layout)).where('layout_id', '=', layout.layoutId).execute()
    },
    async removeLayout(layoutId: string): Promise<void> {
      await db.deleteFrom('wall_layouts').where('layout_id', '=', layoutId).execute()
    },

    async listRotations(asker: Asker): Promise<StoredRotation[]> {
      return (await db.selectFrom('wall_rotations').selectAll().where(isUsable(asker)).orderBy('name').orderBy('rotation_id').execute()).map(rotationOf)
    },
    async findRotation(rotationId: string): Promise<StoredRotation | undefined> {
      const row = await db.selectFrom('wall_rotations').selectAll().where('rotation_id', '=', rotationId).executeTakeFirst()
      return row && rotationOf(row)
    },
    /** Names of those among them that this user may use. */
    async listUsableNames(rotationIds: readonly string[], asker: Asker): Promise<Map<string, string>> {
      const rows = await db
        .selectFrom('wall_rotations')
        .select(['rotation_id', 'name'])
        .where('rotation_id', 'in', rotationIds)
        .where(isUsable(asker))
        .execute()
      return new Map(rows.map(({ rotation_id, name }) => [rotation_id, name]))
    },
    addRotation: (rotation: StoredRotation, most: number): Promise<boolean> =>
      addWithin('wall_rotations', rotation.ownerId, most, (transaction) => transaction.insertInto('wall_rotations').values(rotationRowOf(rotation)).execute()),
    async changeRotation(rotation: StoredRotation): Promise<void> {
      await db.updateTable('wall_rotations').set(rotationRowOf(rotation)).where('rotation_id', '=', rotation.rotationId).execute()
    },
    async removeRotation(rotationId: string): Promise<void> {
      await db.deleteFrom('wall_rotations').where('rotation_id', '=', rotationId).execute()
    },

    /** Numbers of the runs, in their order; a run heard of before gets longer. No run may be given twice. The database writes ids in small letters. */
    async putRuns(runs: readonly PatrolRun[]): Promise<number[]> {
      const { rows } = await sql<{ run_number: number; run_id: string; rotation_id: string }>`
        insert into wall_patrol_runs (run_id, rotation_id, user_id, account, rotation_name, first_at, last_at)
        values ${sql.join(
          runs.map(
            ({ runId, rotationId, userId, account, rotationName, fromAt, toAt }) =>
              sql`(${runId}::uuid, ${rotationId}::uuid, ${userId}, ${account}, ${rotationName}, ${fromAt}::bigint, ${toAt}::bigint)`,
          ),
        )}
        on conflict (run_id, rotation_id, user_id) do update set
          first_at = least(wall_patrol_runs.first_at, excluded.first_at), last_at = greatest(wall_patrol_runs.last_at, excluded.last_at)
        returning run_number, run_id, rotation_id`.execute(db)
      const numbers = new Map(rows.map((row) => [`${row.run_id} ${row.rotation_id}`, row.run_number]))
      return runs.map(({ runId, rotationId }) => numbers.get(`${runId} ${rotationId}`.toLowerCase())!)
    },
    /** The name each of these runs of a user began with, by `runId rotationId`. */
    async listRunNames(runIds: readonly string[], userId: UserId): Promise<Map<string, string>> {
      const rows = await db
        .selectFrom('wall_patrol_runs')
        .select(['run_id', 'rotation_id', 'rotation_name'])
        .where('user_id', '=', userId)
        .where('run_id', 'in', runIds)
        .execute()
      return new Map(rows.map(({ run_id, rotation_id, rotation_name }) => [`${run_id} ${rotation_id}`, rotation_name]))
    },
    /** Answers how many were new; what is there already stays as it is. */
    async addPatrols(patrols: readonly NewPatrol[]): Promise<number> {
      const rows = patrols.map(({ entryId, runNumber, cameraId, tile, fromAt, toAt, outcome, cause, freshMs }) => ({
        from_at: fromAt,
        entry_id: entryId,
        to_at: toAt,
        run_number: runNumber,
        camera_id: cameraId,
        tile,
        outcome,
        cause,
        fresh_ms: freshMs,
      }))
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('wall_patrols')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return Number(numInsertedOrUpdatedRows ?? 0n)
    },
    /** Newest first; those behind `before`, if it is given. */
    async listPatrols({
      fromAt,
      toAt,
      userId,
      rotationId,
      cameraIds,
      before,
      limit,
    }: PatrolFilter & { before?: Pick<PatrolEntry, 'fromAt' | 'entryId'> | undefined; limit: number }): Promise<PatrolEntry[]> {
      let query = db
        .selectFrom('wall_patrols')
        .innerJoin('wall_patrol_runs', 'wall_patrol_runs.run_number', 'wall_patrols.run_number')
        .selectAll('wall_patrols')
        .select(['run_id', 'rotation_id', 'rotation_name', 'account'])
        .where('from_at', '>=', fromAt)
        .where('from_at', '<', toAt)
      if (userId !== undefined || rotationId !== undefined) {
        const runNumbers = await listRunNumbers({ fromAt, toAt, userId, rotationId })
        query = query.where(sql<boolean>`wall_patrols.run_number = any(${runNumbers}::bigint[])`)
      }
      if (cameraIds) query = query.where(sql<boolean>`camera_id = any(${cameraIds}::text[])`)
      // the first condition is the index's; the second alone would be read from the newest on
      if (before)
        query = query.where('from_at', '<=', before.fromAt).where(sql<boolean>`(from_at, entry_id) < (${before.fromAt}::bigint, ${before.entryId}::uuid)`)
      const rows = await query.orderBy('from_at', 'desc').orderBy('entry_id', 'desc').limit(limit).execute()
      return rows.map((row) => ({
        entryId: row.entry_id,
        runId: row.run_id,
        rotationId: row.rotation_id,
        rotationName: row.rotation_name,
        account: row.account,
        cameraId: row.camera_id,
        tile: row.tile,
        fromAt: row.from_at,
        toAt: row.to_at,
        outcome: row.outcome,
        cause: row.cause,
        freshMs: row.fresh_ms,
      }))
    },
    async hasPatrolsOf(cameraId: CameraId): Promise<boolean> {
      return (await db.selectFrom('wall_patrols').select('camera_id').where('camera_id', '=', cameraId).limit(1).executeTakeFirst()) !== undefined
    },
    /** Rotations with such entries, by the name they had last. */
    async listPatrolRotations({ fromAt, toAt, userId, cameraIds }: PatrolFilter): Promise<{ rotationId: string; name: string }[]> {
      const seen =
        cameraIds === undefined
          ? sql`true`
          : sql`exists (select 1 from wall_patrols p where p.run_number = r.run_number and p.from_at >= ${fromAt} and p.from_at < ${toAt}
              and p.camera_id = any(${cameraIds}::text[]))`
      const { rows } = await sql<{ rotation_id: string; name: string }>`
        select rotation_id, (array_agg(rotation_name order by last_at desc))[1] as name from wall_patrol_runs r
        where last_at >= ${fromAt} and first_at < ${toAt} and ${userId === undefined ? sql`true` : sql`user_id = ${userId}`} and ${seen}
        group by rotation_id order by name, rotation_id limit ${MOST_ROTATIONS}`.execute(db)
      return rows.map(({ rotation_id, name }) => ({ rotationId: rotation_id, name }))
    },
    /** Takes at most `limit` of the oldest that are older than this; answers how many. */
    async removePatrolsBefore(beforeAt: Instant, limit: number): Promise<number> {
      const { numAffectedRows } = await sql`
        delete from wall_patrols where (from_at, entry_id) in
          (select from_at, entry_id from wall_patrols where from_at < ${beforeAt} order by from_at, entry_id limit ${limit})`.execute(db)
      return Number(numAffectedRows ?? 0n)
    },
    /** Those that ended before; of one with entries nothing happens. */
    async removeRunsBefore(beforeAt: Instant): Promise<void> {
      await sql`
        delete from wall_patrol_runs r where last_at < ${beforeAt}
          and not exists (select 1 from wall_patrols p where p.run_number = r.run_number)`.execute(db)
    },
  }

  async function listRunNumbers({ fromAt, toAt, userId, rotationId }: Pick<PatrolFilter, 'fromAt' | 'toAt' | 'userId' | 'rotationId'>): Promise<number[]> {
    let query = db
      .selectFrom('wall_patrol_runs')
      .select(sql<number>`run_number`.as('runNumber'))
      .where('last_at', '>=', fromAt)
      .where('first_at', '<', toAt)
    if (userId !== undefined) query = query.where('user_id', '=', userId)
    if (rotationId !== undefined) query = query.where('rotation_id', '=', rotationId)
    return (await query.execute()).map(({ runNumber }) => runNumber)
  }
}
export type WallStore = ReturnType<typeof createWallStore>
