/** The database as a whole: its tables and rows, whatever they hold. Read for a backup, written by a restore. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../base/db.ts'
import type { Instant } from '../contract/ids.ts'

export type Table = { name: string; columns: string[]; key: string[] }
type Db = Kysely<never>

export const ROWS_A_PAGE = 1_000

export const listApplied = async (db: Db): Promise<string[]> =>
  (await sql<{ name: string }>`select name from schema_migrations order by name`.execute(db)).rows.map(({ name }) => name)

/** The tables of our schema, without those an extension brought. */
export async function listTables(db: Db): Promise<Table[]> {
  const { rows } = await sql<Table>`
    select c.relname::text as name,
      array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
      array(select a.attname::text from pg_index i cross join unnest(i.indkey::int2[]) with ordinality as k(attnum, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary order by k.place) as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind in ('r', 'p')
      and not exists (select 1 from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
    order by c.relname`.execute(db)
  return rows
}

export const openSnapshot = (database: Database) =>
  database.as<never>().startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute()

/** Up to `ROWS_A_PAGE` rows behind the row with the key `after`, each as one line of JSON. */
export async function readPage(db: Db, { name, key }: Table, after: readonly unknown[] | undefined): Promise<string[]> {
  const columns = sql.join(key.map((column) => sql.ref(column)))
  const isBehind = after ? sql`where (${columns}) > (${sql.join(after)})` : sql``
  const { rows } = await sql<{ line: string }>`
    select row_to_json(t)::text as line from ${sql.table(name)} t ${isBehind} order by ${columns} limit ${sql.lit(ROWS_A_PAGE)}`.execute(db)
  return rows.map(({ line }) => line)
}

export const countRows = async (db: Db, table: string): Promise<number> =>
  (await sql<{ rows: number }>`select count(*) as rows from ${sql.table(table)}`.execute(db)).rows[0]!.rows

/** Other connections of a MapWall to this database. */
export async function countOthers(db: Db): Promise<number> {
  const { rows } = await sql<{ others: number }>`
    select count(*) as others from pg_stat_activity
    where datname = current_database() and application_name = 'mapwall' and pid <> pg_backend_pid()`.execute(db)
  return rows[0]!.others
}

/** The kind of platform whose rows are there; undefined without any. */
export async function findKind(db: Db): Promise<string | undefined> {
  if (!(await listTables(db)).some(({ name }) => name === 'platform')) return undefined
  return (await sql<{ kind: string }>`select kind from platform`.execute(db)).rows[0]?.kind
}

/** Gives our schema, with everything in it, another name, and makes an empty one in its place. */
export async function moveSchemaAside(transaction: Db, name: string): Promise<void> {
  const { rows } = await sql<{ schema: string }>`select current_schema()::text as schema`.execute(transaction)
  const schema = sql.id(rows[0]!.schema)
  await sql`alter schema ${schema} rename to ${sql.id(name)}`.execute(transaction)
  await sql`create schema ${schema}`.execute(transaction)
}

export type Loading = { insert(table: string, lines: readonly string[]): Promise<void>; finish(): Promise<void> }

/** Empties the tables and takes rules away that would be in the way of rows in any order; `finish` puts the rules back, which checks all rows. */
export async function beginLoading(transaction: Db, tables: readonly Table[]): Promise<Loading> {
  const run = (text: string) => sql.raw(text).execute(transaction)
  const { rows: references } = await sql<{ table: string; name: string; rule: string }>`
    select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as rule from pg_constraint
    where contype = 'f' and connamespace = (select oid from pg_namespace where nspname = current_schema())`.execute(transaction)
  for (const { table, name } of references) await run(`alter table ${table} drop constraint ${name}`)
  for (const { name } of tables) {
    await sql`alter table ${sql.table(name)} disable trigger user`.execute(transaction)
    await sql`delete from ${sql.table(name)}`.execute(transaction) // what the migrations themselves put in
  }
  return {
    async insert(table, lines) {
      await sql`insert into ${sql.table(table)} overriding system value
        select * from json_populate_recordset(null::${sql.table(table)}, ${`[${lines.join(',')}]`}::json)`.execute(transaction)
    },
    async finish() {
      for (const { name } of tables) await sql`alter table ${sql.table(name)} enable trigger user`.execute(transaction)
      for (const { table, name, rule } of references) await run(`alter table ${table} add constraint ${name} ${rule}`)
      await setSequences(transaction, tables)
    },
  }
}

/** Each sequence goes on behind the highest number of its column. */
async function setSequences(transaction: Db, tables: readonly Table[]): Promise<void> {
  for (const { name, columns } of tables) {
    for (const column of columns) {
      const { rows } = await sql<{ sequence: string | null }>`select pg_get_serial_sequence(quote_ident(${name}), ${column}) as sequence`.execute(transaction)
      const sequence = rows[0]?.sequence
      if (!sequence) continue
      await sql`select setval(${sequence}::regclass, greatest(coalesce(max(${sql.ref(column)}), 0), 1), max(${sql.ref(column)}) is not null) from ${sql.table(name)}`.execute(
        transaction,
      )
    }
  }
}

/** A login that was ended after the backup must not live again. */
export const endLogins = (transaction: Db, endedAt: Instant) =>
  sql`update login_sessions set ended_at = ${endedAt}, end_reason = 'revoked' where ended_at is null`.execute(transaction)

/** For parts of the platform that are to see what is not committed yet. */
export const asDatabase = (transaction: Transaction<never>, database: Database): Database => ({
  ...database,
  as: <Tables>() => transaction as unknown as Kysely<Tables>,
})
