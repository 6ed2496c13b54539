/** Status intervals, and when we were last alive. A camera has one open interval at most. */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table camera_status_intervals (
      camera_id text not null,
      from_at bigint not null,
      to_at bigint check (to_at >= from_at),
      status text not null,
      cause text,
      detail text,
      primary key (camera_id, from_at)
    )`,
    'create unique index camera_status_open on camera_status_intervals (camera_id) where to_at is null',
    'create index camera_status_latest on camera_status_intervals (from_at desc)',
    'create table health_heartbeat (id integer primary key check (id = 1), alive_at bigint not null)',
  ])
