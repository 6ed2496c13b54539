/** Tables `audit_log` and `audit_head`. */
import type { Database } from '../../base/db.ts'
import type { AuditRow } from './chain.ts'

type AuditTables = { audit_log: AuditRow; audit_head: { id: 1; seq: number; hash: string } }
type Head = { seq: number; hash: string }

export function createAuditStore(database: Database) {
  const db = database.as<AuditTables>()
  return {
    /** Adds the rows `link` makes from the head, all or none. The lock on the head row keeps the chain from forking, also between processes. */
    append: (link: (head: Head) => AuditRow[]) =>
      db.transaction().execute(async (transaction) => {
        const head = await transaction.selectFrom('audit_head').select(['seq', 'hash']).where('id', '=', 1).forUpdate().executeTakeFirstOrThrow()
        const rows = link(head)
        const last = rows.at(-1)
        if (!last) return head
        await transaction.insertInto('audit_log').values(rows).execute()
        await transaction.updateTable('audit_head').set({ seq: last.seq, hash: last.hash }).where('id', '=', 1).execute()
        return { seq: last.seq, hash: last.hash }
      }),
    findHead: (): Promise<Head | undefined> => db.selectFrom('audit_head').select(['seq', 'hash']).where('id', '=', 1).executeTakeFirst(),
    /** Rows after `seq`, in order. */
    listRows: (seq: number, limit: number): Promise<AuditRow[]> =>
      db.selectFrom('audit_log').selectAll().where('seq', '>', seq).orderBy('seq').limit(limit).execute(),
  }
}
export type AuditStore = ReturnType<typeof createAuditStore>
