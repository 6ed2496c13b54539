/** An index of what lies on the recording disks (made again from them at any time), what was to be recorded when, and what could not be stored. */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table segments (
      camera_id text not null,
      from_at bigint not null,
      to_at bigint not null check (to_at >= from_at),
      profile text not null,
      disk_id text not null,
      path text not null,
      bytes bigint not null,
      primary key (camera_id, from_at)
    )`,
    'create index segments_oldest on segments (disk_id, from_at)',
    'create index segments_newest on segments (to_at desc)',
    `create table recording_policies (
      camera_id text not null,
      from_at bigint not null,
      to_at bigint check (to_at >= from_at),
      mode text not null check (mode in ('continuous', 'scheduled', 'off')),
      schedule jsonb not null,
      profile text not null,
      keep_days integer not null check (keep_days >= 1),
      primary key (camera_id, from_at)
    )`,
    'create unique index recording_policy_open on recording_policies (camera_id) where to_at is null',
    `create table recording_problems (
      camera_id text not null,
      from_at bigint not null,
      to_at bigint not null check (to_at >= from_at),
      problem text not null,
      primary key (camera_id, from_at)
    )`,
  ])
