/** Marks at moments of recordings, and locks that keep ranges beyond their retention. Rows of locks stay after unlocking: they say who and when. */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table marks (
      mark_id text primary key,
      camera_id text not null,
      at bigint not null,
      note text not null,
      by_account text not null,
      created_at bigint not null
    )`,
    'create index marks_of_camera on marks (camera_id, at)',
    `create table locks (
      lock_id text primary key,
      camera_id text not null,
      from_at bigint not null,
      to_at bigint not null check (to_at > from_at),
      until_at bigint,
      reason text not null,
      by_account text not null,
      created_at bigint not null,
      ended_at bigint,
      ended_by text
    )`,
    'create index locks_in_force on locks (camera_id, from_at) where ended_at is null',
  ])
