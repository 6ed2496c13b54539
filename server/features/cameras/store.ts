/** The tables `stations` and `cameras`. What a user may see is filtered here, in the query. */
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../base/db.ts'
import { AppError } from '../../base/errors.ts'
import type { Secrets } from '../../base/secrets.ts'
import type { CameraPoint, Dossier } from '../../contract/cameras.ts'
import type { Jurisdiction, Station } from '../../contract/stations.ts'
import type { CameraId, Instant, StationId } from '../../contract/ids.ts'
import { type Access, type CameraDraft, initialsOf, maskedUrl } from './draft.ts'
import { logMoves, type MoveReason, moveQueries } from './moves/store.ts'
import { type CameraRow, type CameraTables, ROWS_PER_STATEMENT } from './tables.ts'

/** A point without its state: what the database knows of it. */
export type CameraPlace = Omit<CameraPoint, 'state'>

/** What the other parts of the control process must know of every camera. */
export type CameraEntry = { cameraId: CameraId; name: string; stationId: StationId; switchName: string | null; isSuspended: boolean; access: Access }

/** Every station, or these. */
export type Area = readonly StationId[] | null

/** A station's jurisdiction and where its name stands. */
export type StationShape = Pick<Station, 'stationId' | 'jurisdiction' | 'labelLonLat'>

const accessPurpose = (cameraId: CameraId) => `camera-access:${cameraId}`

export function createCameraStore(database: Database, secrets: Secrets) {
  const db = database.as<CameraTables>()

  const toRow = (draft: CameraDraft, updatedAt: Instant): CameraRow => ({
    camera_id: draft.cameraId,
    name: draft.name,
    initials: initialsOf(draft.name),
    label: draft.label,
    address: draft.address,
    station_id: draft.stationId,
    lon: draft.lonLat[0],
    lat: draft.lonLat[1],
    original_x: draft.original.pair[0],
    original_y: draft.original.pair[1],
    original_crs: draft.original.crs,
    heading_deg: draft.headingDeg,
    fov_deg: draft.fovDeg,
    reach_m: draft.reachM,
    scene: draft.scene,
    link: draft.link,
    has_sound: draft.hasSound,
    has_ptz: draft.hasPtz,
    vendor: draft.vendor,
    model: draft.model,
    mount_height_m: draft.mountHeightM,
    switch_name: draft.switchName,
    installed_at: draft.installedAt,
    last_upkeep_at: draft.lastUpkeepAt,
    is_suspended: draft.isSuspended,
    sealed_access: seal(draft.cameraId, draft.access),
    updated_at: updatedAt,
  })
  const seal = (cameraId: CameraId, access: Access) => secrets.seal(JSON.stringify(access), accessPurpose(cameraId))
  const toDraft = (row: CameraRow): CameraDraft => ({
    cameraId: row.camera_id,
    name: row.name,
    label: row.label,
    address: row.address,
    stationId: row.station_id,
    lonLat: [row.lon, row.lat],
    original: { pair: [row.original_x, row.original_y], crs: row.original_crs },
    headingDeg: row.heading_deg,
    fovDeg: row.fov_deg,
    reachM: row.reach_m,
    scene: row.scene,
    link: row.link,
    hasSound: row.has_sound,
    hasPtz: row.has_ptz,
    vendor: row.vendor,
    model: row.model,
    mountHeightM: row.mount_height_m,
    switchName: row.switch_name,
    installedAt: row.installed_at,
    lastUpkeepAt: row.last_upkeep_at,
    isSuspended: row.is_suspended,
    access: unseal(row),
  })
  const unseal = (row: Pick<CameraRow, 'camera_id' | 'sealed_access'>) => JSON.parse(secrets.open(row.sealed_access, accessPurpose(row.camera_id))) as Access

  return {
    ...moveQueries(db),
    async listPlaces(area: Area): Promise<CameraPlace[]> {
      const rows = await db
        .selectFrom('cameras')
        .selectAll()
        .$if(area !== null, (query) => query.where('station_id', 'in', emptySafe(area!)))
        .orderBy('camera_id')
        .execute()
      return rows.map((row) => ({
        cameraId: row.camera_id,
        name: row.name,
        initials: row.initials,
        label: row.label,
        address: row.address,
        lonLat: [row.lon, row.lat],
        headingDeg: row.heading_deg,
        fovDeg: row.fov_deg,
        reachM: row.reach_m,
        stationId: row.station_id,
        scene: row.scene,
        link: row.link,
        hasSound: row.has_sound,
        hasPtz: row.has_ptz,
      }))
    },
    async listStations(area: Area): Promise<Station[]> {
      const rows = await db
        .selectFrom('stations')
        .selectAll()
        .$if(area !== null, (query) => query.where('station_id', 'in', emptySafe(area!)))
        .orderBy('station_id')
        .execute()
      return rows.map((row) => ({
        stationId: row.station_id,
        name: row.name,
        shortName: row.short_name,
        jurisdiction: row.jurisdiction,
        labelLonLat: [row.label_lon, row.label_lat],
      }))
    },
    /** Every camera there is, with its access in the clear: for this process only. */
    async listEntries(): Promise<CameraEntry[]> {
      const rows = await db
        .selectFrom('cameras')
        .select(['camera_id', 'name', 'station_id', 'switch_name', 'is_suspended', 'sealed_access'])
        .orderBy('camera_id')
        .execute()
      return rows.map((row) => ({
        cameraId: row.camera_id,
        name: row.name,
        stationId: row.station_id,
        switchName: row.switch_name,
        isSuspended: row.is_suspended,
        access: unseal(row),
      }))
    },
    async getDossier(cameraId: CameraId): Promise<Dossier> {
      const row = await db
        .selectFrom('cameras')
        .innerJoin('stations', 'stations.station_id', 'cameras.station_id')
        .selectAll('cameras')
        .select('stations.name as station_name')
        .where('camera_id', '=', cameraId)
        .executeTakeFirst()
      if (!row) throw new AppError('not_found', `no camera ${cameraId}`)
      const access = unseal(row)
      return {
        cameraId,
        name: row.name,
        label: row.label,
        address: row.address,
        stationId: row.station_id,
        stationName: row.station_name,
        scene: row.scene,
        link: row.link,
        driver: access.driver,
        accessUrl: maskedUrl(access),
        vendor: row.vendor,
        model: row.model,
        mountHeightM: row.mount_height_m,
        switchName: row.switch_name,
        installedAt: row.installed_at,
        lastUpkeepAt: row.last_upkeep_at,
        originalLonLat: [row.original_x, row.original_y],
        originalCrs: row.original_crs,
      }
    },
    /** Every camera as it was put in, with its access in the clear: for an import. */
    async listDrafts(): Promise<CameraDraft[]> {
      return (await db.selectFrom('cameras').selectAll().orderBy('camera_id').execute()).map(toDraft)
    },
    /** Puts stations and cameras in or replaces them, all or none. `moved`: by whom and why, for the log of the cameras that stand or look elsewhere now. */
    async put(
      { stations = [], cameras = [], moved }: { stations?: readonly Station[]; cameras?: readonly CameraDraft[]; moved?: MoveReason },
      updatedAt: Instant,
    ): Promise<void> {
      const rows = cameras.map((draft) => toRow(draft, updatedAt))
      await db.transaction().execute(async (transaction) => {
        await putStations(transaction, stations)
        if (moved) await logMoves(transaction, rows, { ...moved, at: updatedAt })
        for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) await putRows(transaction, rows.slice(start, start + ROWS_PER_STATEMENT))
      })
    },
    async setShapes(shapes: readonly StationShape[]): Promise<void> {
      await db.transaction().execute(async (transaction) => {
        for (const { stationId, jurisdiction, labelLonLat } of shapes) {
          await transaction
            .updateTable('stations')
            .set({ jurisdiction: jsonOf(jurisdiction), label_lon: labelLonLat[0], label_lat: labelLonLat[1] })
            .where('station_id', '=', stationId)
            .execute()
        }
      })
    },
    async removeCameras(cameraIds: readonly CameraId[]): Promise<void> {
      await db.deleteFrom('cameras').where('camera_id', 'in', emptySafe(cameraIds)).execute()
    },
  }
}
export type CameraStore = ReturnType<typeof createCameraStore>

const jsonOf = (jurisdiction: Jurisdiction | null) => jurisdiction && sql<Jurisdiction>`${JSON.stringify(jurisdiction)}::jsonb`

async function putStations(db: Kysely<CameraTables>, stations: readonly Station[]) {
  if (stations.length === 0) return
  const rows = stations.map((station) => ({
    station_id: station.stationId,
    name: station.name,
    short_name: station.shortName,
    label_lon: station.labelLonLat[0],
    label_lat: station.labelLonLat[1],
    jurisdiction: jsonOf(station.jurisdiction),
  }))
  await db
    .insertInto('stations')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('station_id').doUpdateSet((row) => ({
        name: row.ref('excluded.name'),
        short_name: row.ref('excluded.short_name'),
        jurisdiction: row.ref('excluded.jurisdiction'),
        label_lon: row.ref('excluded.label_lon'),
        label_lat: row.ref('excluded.label_lat'),
      })),
    )
    .execute()
}

async function putRows(db: Kysely<CameraTables>, rows: readonly CameraRow[]) {
  const columns = Object.keys(rows[0]!).filter((column) => column !== 'camera_id') as (keyof CameraRow)[]
  await db
    .insertInto('cameras')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('camera_id').doUpdateSet((row) => Object.fromEntries(columns.map((column) => [column, row.ref(`excluded.${column}`)]))),
    )
    .execute()
}

/** SQL knows no empty list: one element that no id equals. */
const emptySafe = <Id extends string>(ids: readonly Id[]): Id[] => (ids.length === 0 ? ['' as Id] : [...ids])
