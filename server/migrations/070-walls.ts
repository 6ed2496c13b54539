/**
 * Layouts and rotations of video walls, and the log of what rotations have shown. A wall of 16 tiles with 5 s each writes 280 000 entries a day, so what all
 * entries of one run share stands once, in `wall_patrol_runs`, and the key begins with the time: entries are written, read, saved and taken away in its order.
 */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table wall_layouts (
      layout_id text primary key,
      owner_id text not null,
      owner_account text not null,
      name text not null,
      shared_with jsonb not null,
      shape jsonb not null,
      camera_ids jsonb not null,
      updated_at bigint not null
    )`,
    'create index wall_layouts_of_owner on wall_layouts (owner_id)',
    `create table wall_rotations (
      rotation_id text primary key,
      owner_id text not null,
      owner_account text not null,
      name text not null,
      shared_with jsonb not null,
      steps jsonb not null,
      dwell_ms integer not null,
      on_offline text not null check (on_offline in ('skip', 'hold')),
      updated_at bigint not null
    )`,
    'create index wall_rotations_of_owner on wall_rotations (owner_id)',
    `create table wall_patrol_runs (
      run_number bigint generated always as identity primary key,
      run_id uuid not null,
      rotation_id uuid not null,
      user_id text not null,
      account text not null,
      rotation_name text not null,
      first_at bigint not null,
      last_at bigint not null,
      unique (run_id, rotation_id, user_id)
    )`,
    'create index wall_patrol_runs_of_user on wall_patrol_runs (user_id, last_at)',
    'create index wall_patrol_runs_of_rotation on wall_patrol_runs (rotation_id, last_at)',
    `comment on column wall_patrol_runs.rotation_name is 'As it was called when its run was first heard of.'`,
    `create table wall_patrols (
      from_at bigint not null,
      entry_id uuid not null,
      to_at bigint not null check (to_at >= from_at),
      run_number bigint not null references wall_patrol_runs,
      camera_id text not null,
      tile smallint not null,
      outcome text not null check (outcome in ('shown', 'stillOnly', 'skipped')),
      cause text,
      fresh_ms integer not null,
      primary key (from_at, entry_id)
    )`,
    'create index wall_patrols_of_camera on wall_patrols (camera_id, from_at)',
    'create index wall_patrols_of_run on wall_patrols (run_number, from_at)',
  ])
