/** Who set a camera's place and view on the map, when and why: what it was before stays. Rows outlive their camera. */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table camera_moves (
      move_id text primary key,
      camera_id text not null,
      at bigint not null,
      by_account text not null,
      reason text not null,
      from_lon double precision not null,
      from_lat double precision not null,
      from_heading_deg double precision not null,
      from_fov_deg double precision not null,
      from_reach_m double precision not null,
      from_original_x double precision not null,
      from_original_y double precision not null,
      from_original_crs text not null,
      to_lon double precision not null,
      to_lat double precision not null,
      to_heading_deg double precision not null,
      to_fov_deg double precision not null,
      to_reach_m double precision not null
    )`,
    'create index camera_moves_of_camera on camera_moves (camera_id, at)',
  ])
