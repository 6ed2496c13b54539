/** Rows of the tables `cameras`, `stations` and `camera_moves`. */
import type { Link, Scene } from '../../contract/cameras.ts'
import type { CameraId, Instant, StationId } from '../../contract/ids.ts'
import type { Crs } from '../../contract/map.ts'
import type { Jurisdiction } from '../../contract/stations.ts'

export type CameraRow = {
  camera_id: CameraId
  name: string
  initials: string
  label: string
  address: string
  station_id: StationId
  lon: number
  lat: number
  original_x: number
  original_y: number
  original_crs: Crs
  heading_deg: number
  fov_deg: number
  reach_m: number
  scene: Scene
  link: Link
  has_sound: boolean
  has_ptz: boolean
  vendor: string
  model: string
  mount_height_m: number | null
  switch_name: string | null
  installed_at: Instant | null
  last_upkeep_at: Instant | null
  is_suspended: boolean
  sealed_access: string
  updated_at: Instant
}
export type StationRow = { station_id: StationId; name: string; short_name: string; jurisdiction: Jurisdiction | null; label_lon: number; label_lat: number }
export type MoveRow = {
  move_id: string
  camera_id: CameraId
  at: Instant
  by_account: string
  reason: string
  from_lon: number
  from_lat: number
  from_heading_deg: number
  from_fov_deg: number
  from_reach_m: number
  /** The pair and system the old place was given in: the camera has those of the new one. */
  from_original_x: number
  from_original_y: number
  from_original_crs: Crs
  to_lon: number
  to_lat: number
  to_heading_deg: number
  to_fov_deg: number
  to_reach_m: number
}

export type CameraTables = { cameras: CameraRow; stations: StationRow; camera_moves: MoveRow }

/** Rows in one statement; PostgreSQL takes 65,535 parameters. */
export const ROWS_PER_STATEMENT = 500
