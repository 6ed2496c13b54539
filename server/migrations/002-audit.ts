/** The audit log: rows are added and never touched again, each holding the hash of the one before (R-SEC-3). */
import { type Migrate, runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table audit_log (
      seq bigint primary key check (seq > 0),
      at bigint not null,
      name text not null,
      result text not null check (result in ('ok', 'denied', 'failed')),
      code text,
      user_id text,
      account text,
      login_id text,
      address text not null,
      request_id text not null,
      camera_id text,
      detail text not null,
      prev_hash text not null,
      hash text not null
    )`,
    `comment on column audit_log.detail is 'Canonical JSON, text so that the bytes that were hashed are the bytes that are kept.'`,
    `create index audit_log_at on audit_log (at)`,
    `create index audit_log_user on audit_log (user_id, at)`,
    `create index audit_log_camera on audit_log (camera_id, at) where camera_id is not null`,
    `create table audit_head (id integer primary key check (id = 1), seq bigint not null, hash text not null)`,
    `insert into audit_head (id, seq, hash) values (1, 0, '')`,
    `create function refuse_audit_change() returns trigger language plpgsql as $$
      begin raise exception 'the audit log is append-only: % refused', tg_op using errcode = 'insufficient_privilege'; end $$`,
    `create trigger audit_log_rows before update or delete on audit_log for each row execute function refuse_audit_change()`,
    `create trigger audit_log_table before truncate on audit_log for each statement execute function refuse_audit_change()`,
    `create function refuse_audit_head_back() returns trigger language plpgsql as $$
      begin
        if new.seq <= old.seq then raise exception 'the audit log only grows: % to % refused', old.seq, new.seq using errcode = 'insufficient_privilege'; end if;
        return new;
      end $$`,
    `create trigger audit_head_forward before update on audit_head for each row execute function refuse_audit_head_back()`,
    `create trigger audit_head_rows before delete on audit_head for each row execute function refuse_audit_change()`,
    `create trigger audit_head_table before truncate on audit_head for each statement execute function refuse_audit_change()`,
  ])
