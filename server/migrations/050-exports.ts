/** Exports (R-DL) and their clips, one a camera. Rows stay when the files go: they say who took what away and why. */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table exports (
      export_id text primary key,
      state text not null check (state in ('waiting', 'rejected', 'queued', 'running', 'ready', 'failed', 'cancelled', 'expired')),
      user_id text not null,
      account text not null,
      requested_at bigint not null,
      from_at bigint not null,
      to_at bigint not null check (to_at > from_at),
      purpose text not null,
      document_number text not null,
      reason text not null,
      is_watermarked boolean not null,
      decided_by text,
      decided_at bigint,
      decision_note text not null,
      ready_at bigint,
      expires_at bigint,
      papers jsonb not null
    )`,
    'create index exports_of_user on exports (user_id, requested_at)',
    "create index exports_at_work on exports (requested_at) where state in ('waiting', 'queued', 'running')",
    "create index exports_expiring on exports (expires_at) where state = 'ready'",
    `create table export_clips (
      export_id text not null references exports,
      position integer not null,
      camera_id text not null,
      camera_name text not null,
      state text not null check (state in ('queued', 'running', 'ready', 'failed')),
      interruptions integer not null,
      recorded_ms bigint not null,
      bytes bigint not null,
      files jsonb not null,
      gaps jsonb not null,
      failure text,
      primary key (export_id, camera_id)
    )`,
    `comment on column export_clips.interruptions is 'How often the media process went away while it was written.'`,
  ])
