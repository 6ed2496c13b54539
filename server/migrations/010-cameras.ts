/** Police stations and cameras. How a camera is reached (addresses, login) is one sealed text: nothing of it can be read in the database. */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table stations (
      station_id text primary key,
      name text not null,
      short_name text not null,
      jurisdiction jsonb,
      label_lon double precision not null,
      label_lat double precision not null
    )`,
    `create table cameras (
      camera_id text primary key,
      name text not null,
      initials text not null,
      label text not null,
      address text not null,
      station_id text not null references stations (station_id),
      lon double precision not null,
      lat double precision not null,
      original_x double precision not null,
      original_y double precision not null,
      original_crs text not null,
      heading_deg double precision not null,
      fov_deg double precision not null,
      reach_m double precision not null,
      scene text not null,
      link text not null,
      has_sound boolean not null,
      has_ptz boolean not null,
      vendor text not null,
      model text not null,
      mount_height_m double precision,
      switch_name text,
      installed_at bigint,
      last_upkeep_at bigint,
      is_suspended boolean not null default false,
      sealed_access text not null,
      updated_at bigint not null
    )`,
    'create index cameras_by_station on cameras (station_id)',
  ])
