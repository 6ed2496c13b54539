/** People, their areas, their logins, lock-outs and the setup code (R-SEC-1, R-SEC-2, R-SEC-5). */
import { type Migrate, runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table users (
      user_id text primary key,
      account text not null,
      display_name text not null,
      role text not null check (role in ('dutyOfficer', 'supervisor', 'ops', 'assessor', 'systemAdmin', 'securityAdmin', 'auditAdmin')),
      permissions jsonb,
      sees_everything boolean not null,
      is_enabled boolean not null default true,
      password_hash text not null,
      password_changed_at bigint not null,
      password_expires_at bigint,
      password_history jsonb not null default '[]',
      must_change_password boolean not null default false,
      totp_secret_sealed text,
      totp_confirmed_at bigint,
      totp_last_step bigint,
      recovery_code_hashes jsonb not null default '[]',
      created_at bigint not null,
      created_by text,
      last_login_at bigint,
      last_login_address text
    )`,
    `comment on column users.permissions is 'Null: what the role gives. Else a list of permissions within what the role gives.'`,
    `create unique index users_account on users (lower(account))`,
    `create table user_areas (
      user_id text not null references users,
      kind text not null check (kind in ('station', 'group', 'camera')),
      area_id text not null,
      primary key (user_id, kind, area_id)
    )`,
    `create table login_sessions (
      token_hash text primary key,
      login_id text not null unique,
      user_id text not null references users,
      started_at bigint not null,
      last_seen_at bigint not null,
      ends_at bigint not null,
      address text not null,
      previous_at bigint,
      previous_address text,
      ended_at bigint,
      end_reason text check (end_reason in ('signed_out', 'expired', 'revoked'))
    )`,
    `create index login_sessions_open on login_sessions (user_id) where ended_at is null`,
    `create table login_lockouts (
      key text primary key,
      failures integer not null,
      locked_until_at bigint,
      changed_at bigint not null
    )`,
    `create table setup_code (
      id integer primary key check (id = 1),
      code_hash text not null,
      made_at bigint not null
    )`,
  ])
