/** Tables `users`, `user_areas`, `login_sessions`, `login_lockouts`, `setup_code`. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../../base/db.ts'
import { administratorRoles, type Permission, type Role } from '../../contract/permissions.ts'
import type { LockoutRow } from './lockout.ts'

export type UserRow = {
  user_id: string
  account: string
  display_name: string
  role: Role
  permissions: Permission[] | null
  sees_everything: boolean
  is_enabled: boolean
  password_hash: string
  password_changed_at: number
  password_expires_at: number | null
  password_history: string[]
  must_change_password: boolean
  created_at: number
  created_by: string | null
  last_login_at: number | null
  last_login_address: string | null
}

export type LoginRow = {
  token_hash: string
  login_id: string
  user_id: string
  started_at: number
  last_seen_at: number
  ends_at: number
  address: string
  previous_at: number | null
  previous_address: string | null
  ended_at: number | null
  end_reason: EndReason | null
}
export type EndReason = 'signed_out' | 'expired' | 'revoked'

type AreaRow = { user_id: string; kind: 'station' | 'group' | 'camera'; area_id: string }
/** JSON columns are written as text: the driver would make a PostgreSQL array of a JavaScript one. */
type Tables = {
  users: UserRow
  user_areas: AreaRow
  login_sessions: LoginRow
  login_lockouts: LockoutRow
  setup_code: { id: 1; code_hash: string; made_at: number }
}
type Connection = Kysely<Tables> | Transaction<Tables>

/** Past their end, or unused since; administrators since another instant. */
type Overdue = { nowAt: number; seenBefore: number; administratorsSeenBefore: number }

export type NewUserRow = Omit<UserRow, 'last_login_at' | 'last_login_address' | 'password_history' | 'password_expires_at' | 'is_enabled'>
export type KnownUser = UserRow & { stationIds: string[] }

export function createAccountStore(database: Database) {
  const db = database.as<Tables>()

  const withStations = (connection: Connection) =>
    connection
      .selectFrom('users')
      .selectAll('users')
      .select(
        sql<
          string[]
        >`coalesce((select json_agg(area_id order by area_id) from user_areas where user_areas.user_id = users.user_id and kind = 'station'), '[]'::json)`.as(
          'stationIds',
        ),
      )

  async function insertUser(connection: Connection, user: NewUserRow, stationIds: readonly string[]) {
    await connection
      .insertInto('users')
      .values({ ...user, permissions: jsonb(user.permissions), password_history: jsonb([]), is_enabled: true } as never)
      .execute()
    if (stationIds.length > 0)
      await connection
        .insertInto('user_areas')
        .values(stationIds.map((area_id) => ({ user_id: user.user_id, kind: 'station' as const, area_id })))
        .execute()
  }

  return {
    countUsers: async () =>
      Number(
        (
          await db
            .selectFrom('users')
            .select(({ fn }) => fn.countAll().as('count'))
            .executeTakeFirstOrThrow()
        ).count,
      ),
    findUserByAccount: (account: string): Promise<KnownUser | undefined> =>
      withStations(db)
        .where(sql`lower(account)`, '=', account.toLowerCase())
        .executeTakeFirst(),
    findUser: (userId: string): Promise<KnownUser | undefined> => withStations(db).where('user_id', '=', userId).executeTakeFirst(),
    insertUser: (user: NewUserRow, stationIds: readonly string[]) => db.transaction().execute((transaction) => insertUser(transaction, user, stationIds)),
    /** Adds users only while there are none, and uses the code up: two setups at once cannot both succeed. */
    insertFirstUsers: (users: readonly NewUserRow[], codeHash: string): Promise<'done' | 'wrong_code' | 'has_users'> =>
      db.transaction().execute(async (transaction) => {
        const code = await transaction.selectFrom('setup_code').select('code_hash').where('id', '=', 1).forUpdate().executeTakeFirst()
        if (await transaction.selectFrom('users').select('user_id').limit(1).executeTakeFirst()) return 'has_users'
        if (code?.code_hash !== codeHash) return 'wrong_code'
        for (const user of users) await insertUser(transaction, user, [])
        await transaction.deleteFrom('setup_code').execute()
        return 'done'
      }),
    saveSetupCode: (code_hash: string, made_at: number) =>
      db
        .insertInto('setup_code')
        .values({ id: 1, code_hash, made_at })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ code_hash, made_at }))
        .execute(),
    deleteSetupCode: () => db.deleteFrom('setup_code').execute(),

    /** Changes a user under a lock on all users that `decide` may look at; it throws to refuse. */
    changeUser: (userId: string, decide: (user: UserRow, all: readonly UserRow[]) => Partial<UserRow>, stationIds: readonly string[] | undefined) =>
      db.transaction().execute(async (transaction) => {
        const all = await transaction.selectFrom('users').selectAll().orderBy('user_id').forUpdate().execute()
        const user = all.find(({ user_id }) => user_id === userId)
        if (!user) return false
        const change = decide(user, all)
        if (Object.keys(change).length > 0) await transaction.updateTable('users').set(change).where('user_id', '=', userId).execute()
        if (stationIds) {
          await transaction.deleteFrom('user_areas').where('user_id', '=', userId).where('kind', '=', 'station').execute()
          if (stationIds.length > 0)
            await transaction
              .insertInto('user_areas')
              .values(stationIds.map((area_id) => ({ user_id: userId, kind: 'station' as const, area_id })))
              .execute()
        }
        return true
      }),
    setPassword: (userId: string, change: { password_hash: string; password_changed_at: number; password_history: string[] }) =>
      db
        .updateTable('users')
        .set({ ...change, password_history: jsonb(change.password_history) as never, must_change_password: false })
        .where('user_id', '=', userId)
        .execute(),
    /** Starts a login and remembers it as the user's last. */
    insertLogin: (login: LoginRow) =>
      db.transaction().execute(async (transaction) => {
        await transaction.insertInto('login_sessions').values(login).execute()
        await transaction
          .updateTable('users')
          .set({ last_login_at: login.started_at, last_login_address: login.address })
          .where('user_id', '=', login.user_id)
          .execute()
      }),
    findOpenLogin: (tokenHash: string): Promise<LoginRow | undefined> =>
      db.selectFrom('login_sessions').selectAll().where('token_hash', '=', tokenHash).where('ended_at', 'is', null).executeTakeFirst(),
    touchLogin: (loginId: string, last_seen_at: number) => db.updateTable('login_sessions').set({ last_seen_at }).where('login_id', '=', loginId).execute(),
    /** These logins, as far as they are open and of these roles, were used now; those seen since `seenBefore` are left as they are. */
    touchWatching: async (loginIds: readonly string[], roles: readonly Role[], { nowAt, seenBefore }: { nowAt: number; seenBefore: number }) => {
      await db
        .updateTable('login_sessions')
        .set({ last_seen_at: nowAt })
        .where('login_id', 'in', loginIds)
        .where('ended_at', 'is', null)
        .where('last_seen_at', '<', seenBefore)
        .where(({ eb, selectFrom }) => eb('user_id', 'in', selectFrom('users').select('users.user_id').where('role', 'in', roles)))
        .execute()
    },
    /** Which of these logins are open. */
    listOpenAmong: async (loginIds: readonly string[]): Promise<string[]> => {
      const rows = await db.selectFrom('login_sessions').select('login_id').where('login_id', 'in', loginIds).where('ended_at', 'is', null).execute()
      return rows.map(({ login_id }) => login_id)
    },
    /** Ends the logins that fit; answers which. */
    endLogins: (
      which: { loginId: string } | { userId: string; exceptLoginId?: string | undefined } | { overdue: Overdue },
      reason: EndReason,
      ended_at: number,
    ) => {
      let query = db.updateTable('login_sessions').set({ ended_at, end_reason: reason }).where('ended_at', 'is', null)
      if ('loginId' in which) query = query.where('login_id', '=', which.loginId)
      else if ('userId' in which) query = query.where('user_id', '=', which.userId).where('login_id', '!=', which.exceptLoginId ?? '')
      else
        query = query.where(({ or, and, eb, selectFrom }) =>
          or([
            eb('ends_at', '<=', which.overdue.nowAt),
            eb('last_seen_at', '<=', which.overdue.seenBefore),
            and([
              eb('last_seen_at', '<=', which.overdue.administratorsSeenBefore),
              eb('user_id', 'in', selectFrom('users').select('users.user_id').where('role', 'in', administratorRoles)),
            ]),
          ]),
        )
      return query.returning(['login_id', 'user_id', 'token_hash']).execute()
    },

    listLockouts: async (beforeAt: number) => {
      await db.deleteFrom('login_lockouts').where('changed_at', '<', beforeAt).execute()
      return db.selectFrom('login_lockouts').selectAll().execute()
    },
    saveLockout: async ({ key, ...row }: LockoutRow) => {
      await db
        .insertInto('login_lockouts')
        .values({ key, ...row })
        .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
        .execute()
    },
    deleteLockout: async (key: string) => {
      await db.deleteFrom('login_lockouts').where('key', '=', key).execute()
    },
  }
}
export type AccountStore = ReturnType<typeof createAccountStore>

const jsonb = (value: unknown) => (value === null ? null : JSON.stringify(value))
