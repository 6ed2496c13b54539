/** The table `platform`: is this a demo's database or one of real work? */
import type { Database } from '../../base/db.ts'
import type { Instant } from '../../contract/ids.ts'

export type PlatformKind = 'demo' | 'production'
type SystemTables = { platform: { id: number; kind: PlatformKind; made_at: Instant } }

/** Marks a new database with this kind; answers the kind it has. */
export async function claimDatabase(database: Database, kind: PlatformKind, now: Instant): Promise<PlatformKind> {
  const db = database.as<SystemTables>()
  await db
    .insertInto('platform')
    .values({ id: 1, kind, made_at: now })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  return (await db.selectFrom('platform').select('kind').executeTakeFirstOrThrow()).kind
}
