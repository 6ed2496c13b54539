/** Accounts and logins (R-SEC-1, R-SEC-2). A login is an opaque random token in a cookie; the database knows only its hash. */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { isUniqueViolation } from '../../base/db.ts'
import { AppError } from '../../base/errors.ts'
import type { Events } from '../../base/events.ts'
import type { Log } from '../../base/log.ts'
import type { LoginSession, User } from '../../base/routes.ts'
import type { Login, Me, Setup } from '../../contract/accounts.ts'
import type { StationId, UserId } from '../../contract/ids.ts'
import type { Permission, Role } from '../../contract/permissions.ts'
import type { Lockout } from './lockout.ts'
import { limitsOf, type LoginLimits, watchingRoles } from './login-limits.ts'
import { findPasswordProblem, type PasswordHasher } from './password.ts'
import { permissionsOf, refuseLastAdministrator, refuseMixedPowers } from './rules.ts'
import type { AccountStore, EndReason, KnownUser, LoginRow, NewUserRow } from './store.ts'

export type AccountEvents = {
  /** Close everything that belongs to this login: push, viewers, downloads. */
  loginEnded: { loginId: string; userId: UserId; reason: EndReason }
  /** Role, permissions or area of this user changed. Open sockets still have the old ones. */
  userChanged: { userId: UserId }
}

export type NewUser = {
  account: string
  displayName: string
  role: Role
  password: string
  /** Null: every station. */
  stationIds: readonly StationId[] | null
  mustChangePassword?: boolean
  /** Who made it; undefined for the platform itself. */
  createdBy?: UserId
}

export type UserChange = {
  displayName?: string
  role?: Role
  isEnabled?: boolean
  permissions?: readonly Permission[] | null
  stationIds?: readonly StationId[] | null
}

export type AccountDeps = {
  store: AccountStore
  lockout: Lockout
  passwords: PasswordHasher
  events: Events<AccountEvents>
  clock: Clock
  log: Log
  limits: LoginLimits
  /** Logins that have a page open now. To roles that watch it counts as use. */
  listConnected?: () => Iterable<ConnectedLogin>
}

export type ConnectedLogin = { loginId: string; userId: UserId }
type Found = { user: User; login: LoginSession }

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const randomId = () => randomBytes(12).toString('hex')
/** How long a login found in the database is believed; a login ended in this process is forgotten at once. */
const BELIEVE_MS = 1_000
const TOUCH_PERIOD_MS = 60_000
/** Ends what is over; at the same pace open pages are looked at. */
const EXPIRY_PERIOD_MS = 15_000
const MOST_CACHED = 10_000
const KEPT_OLD_PASSWORDS = 5

export function createAccounts({ store, lockout, passwords, events, clock, log, limits, listConnected = () => [] }: AccountDeps) {
  const cache = new Map<string, { found: Found; lastSeenAt: number; untilMs: number; touchedMs: number }>()
  /** Rises whenever a login ends or somebody's rights change. */
  let changes = 0
  const expiryTimer = clock.every(EXPIRY_PERIOD_MS, () => void endExpired())
  /** Verified against when the account does not exist, so that the answer takes as long. Made before the first login needs it. */
  const decoyHash = passwords.hash(randomId())

  async function signIn({ account, password }: Login, address: string): Promise<{ token: string; me: Me } & Found> {
    const lockedMs = await lockout.beginAttempt(account, address)
    if (lockedMs > 0) throw new AppError('locked_out', 'too many failed logins', { retryAfterMs: lockedMs })
    const known = await store.findUserByAccount(account)
    const hash = known?.password_hash ?? (await decoyHash)
    const isRight = await passwords.verify(hash, password)
    if (!known || !isRight || !known.is_enabled) throw new AppError('login_failed', 'account or password is wrong')
    await lockout.succeed(account, address)

    const token = randomBytes(32).toString('base64url')
    const startedAt = clock.now()
    const row: LoginRow = {
      token_hash: sha256(token),
      login_id: randomId(),
      user_id: known.user_id,
      started_at: startedAt,
      last_seen_at: startedAt,
      ends_at: startedAt + limitsOf(known.role, limits).loginMs,
      address,
      previous_at: known.last_login_at,
      previous_address: known.last_login_address,
      ended_at: null,
      end_reason: null,
    }
    await store.insertLogin(row)
    const found = foundOf(known, row)
    return { token, ...found, me: meOf(found) }
  }

  async function findLogin(token: string): Promise<Found | undefined> {
    const tokenHash = sha256(token)
    const cached = cache.get(tokenHash)
    const nowMs = clock.monotonicMs()
    if (cached && nowMs < cached.untilMs) return isOver(cached.found.user.role, cached.found.login.endsAt, cached.lastSeenAt) ? undefined : cached.found

    const readAt = changes
    const row = await store.findOpenLogin(tokenHash)
    const known = row && (await store.findUser(row.user_id))
    if (!row || !known?.is_enabled || isOver(known.role, row.ends_at, row.last_seen_at)) {
      cache.delete(tokenHash)
      return undefined
    }
    const touchedMs = cached?.touchedMs ?? -Infinity
    const isTouchDue = nowMs - touchedMs >= TOUCH_PERIOD_MS
    const lastSeenAt = isTouchDue ? clock.now() : row.last_seen_at
    if (isTouchDue) await store.touchLogin(row.login_id, lastSeenAt)
    // a login or right that ended while we read: what we read is older than that
    if (changes !== readAt) return findLogin(token)
    const found = foundOf(known, row)
    if (cache.size >= MOST_CACHED) cache.clear()
    cache.set(tokenHash, { found, lastSeenAt, untilMs: nowMs + BELIEVE_MS, touchedMs: isTouchDue ? nowMs : touchedMs })
    return found
  }

  const isOver = (role: Role, endsAt: number, lastSeenAt: number) => clock.now() >= endsAt || clock.now() - lastSeenAt >= limitsOf(role, limits).idleMs
  function foundOf(known: KnownUser, row: LoginRow): Found {
    const mustChangePassword = known.must_change_password || (known.password_expires_at !== null && known.password_expires_at <= clock.now())
    const previous = row.previous_at === null ? null : { at: row.previous_at, address: row.previous_address ?? '' }
    const login = {
      loginId: row.login_id,
      userId: row.user_id as UserId,
      startedAt: row.started_at,
      endsAt: row.ends_at,
      address: row.address,
      previous,
      mustChangePassword,
    }
    return { user: userOf(known), login }
  }

  /** First the open pages, so that a screen that was never without one is not found idle. */
  async function endExpired() {
    const connected = [...listConnected()]
    const nowAt = clock.now()
    try {
      if (connected.length > 0) await keepWatching(connected, nowAt)
      await endLogins({ overdue: { nowAt, seenBefore: nowAt - limits.idleMs, administratorsSeenBefore: nowAt - limits.administratorIdleMs } }, 'expired')
    } catch (problem) {
      log.warn({ problem }, 'expired logins could not be ended')
    }
  }

  /** An open page of a login that ended without our hearing of it (in another process, in the moment it was opened) is closed here. */
  async function keepWatching(connected: readonly ConnectedLogin[], nowAt: number) {
    const loginIds = connected.map(({ loginId }) => loginId)
    await store.touchWatching(loginIds, watchingRoles, { nowAt, seenBefore: nowAt - TOUCH_PERIOD_MS })
    const open = new Set(await store.listOpenAmong(loginIds))
    for (const { loginId, userId } of connected) if (!open.has(loginId)) events.emit('loginEnded', { loginId, userId, reason: 'revoked' })
  }

  async function endLogins(which: Parameters<AccountStore['endLogins']>[0], reason: EndReason): Promise<number> {
    const ended = await store.endLogins(which, reason, clock.now())
    if (ended.length > 0) changes++
    for (const { token_hash, login_id, user_id } of ended) {
      cache.delete(token_hash)
      events.emit('loginEnded', { loginId: login_id, userId: user_id as UserId, reason })
    }
    return ended.length
  }

  function forgetAll() {
    changes++
    cache.clear()
  }

  async function changePassword(user: User, login: LoginSession, oldPassword: string, newPassword: string): Promise<Me> {
    const lockedMs = await lockout.beginAttempt(user.account, login.address)
    if (lockedMs > 0) throw new AppError('locked_out', 'too many failed logins', { retryAfterMs: lockedMs })
    const known = await store.findUser(user.userId)
    if (!known || !(await passwords.verify(known.password_hash, oldPassword))) throw new AppError('login_failed', 'the old password is wrong')
    await lockout.succeed(user.account, login.address)
    refuseWeak(newPassword, known.account)
    const earlier = [known.password_hash, ...known.password_history].slice(0, KEPT_OLD_PASSWORDS)
    for (const hash of earlier)
      if (await passwords.verify(hash, newPassword))
        throw new AppError('password_weak', 'was used before', { fields: [{ path: 'newPassword', problem: 'was used before' }] })
    await store.setPassword(user.userId, { password_hash: await passwords.hash(newPassword), password_changed_at: clock.now(), password_history: earlier })
    await endLogins({ userId: user.userId, exceptLoginId: login.loginId }, 'revoked')
    forgetAll()
    // what was held back from the page until now
    if (login.mustChangePassword) events.emit('userChanged', { userId: user.userId })
    return meOf({ user, login: { ...login, mustChangePassword: false } })
  }

  async function rowOf(user: NewUser): Promise<NewUserRow> {
    refuseWeak(user.password, user.account)
    return {
      user_id: randomId(),
      account: user.account,
      display_name: user.displayName,
      role: user.role,
      permissions: null,
      sees_everything: user.stationIds === null,
      password_hash: await passwords.hash(user.password),
      password_changed_at: clock.now(),
      must_change_password: user.mustChangePassword ?? false,
      created_at: clock.now(),
      created_by: user.createdBy ?? null,
    }
  }

  async function createUser(user: NewUser): Promise<UserId> {
    const row = await rowOf(user)
    await store.insertUser(row, user.stationIds ?? []).catch((problem: unknown) => {
      if (isUniqueViolation(problem)) throw new AppError('conflict', `the account ${user.account} exists`)
      throw problem
    })
    return row.user_id as UserId
  }

  /** Changes role, rights, area or whether the account may be used. Open logins of a disabled account end at once. */
  async function changeUser(userId: UserId, change: UserChange): Promise<void> {
    const isFound = await store.changeUser(
      userId,
      (user, all) => {
        const after = { user_id: userId, role: change.role ?? user.role, is_enabled: change.isEnabled ?? user.is_enabled }
        refuseMixedPowers(user.role, after.role)
        refuseLastAdministrator(all, after)
        return {
          ...(after.role === user.role ? {} : { role: after.role }),
          ...(after.is_enabled === user.is_enabled ? {} : { is_enabled: after.is_enabled }),
          ...(change.displayName === undefined ? {} : { display_name: change.displayName }),
          ...(change.permissions === undefined ? {} : { permissions: change.permissions === null ? null : (JSON.stringify(change.permissions) as never) }),
          ...(change.stationIds === undefined ? {} : { sees_everything: change.stationIds === null }),
        }
      },
      change.stationIds === null ? [] : change.stationIds,
    )
    if (!isFound) throw new AppError('not_found', `no user ${userId}`)
    forgetAll()
    if (change.isEnabled === false) await endLogins({ userId }, 'revoked')
    events.emit('userChanged', { userId })
  }

  /**
   * While there is no user: a new one-time code to show to whoever starts the platform (the older one no longer works).
   * Undefined once there are users.
   */
  async function openSetup(): Promise<string | undefined> {
    if ((await store.countUsers()) > 0) {
      await store.deleteSetupCode()
      return undefined
    }
    const code = [...randomBytes(20)]
      .map((byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte % 32])
      .join('')
      .replace(/(.{5})(?=.)/g, '$1-')
    await store.saveSetupCode(hashSetupCode(code), clock.now())
    return code
  }

  async function setUp(setup: { setupCode: string; administrators: readonly (Setup['systemAdmin'] & { role: Role })[] }): Promise<void> {
    if ((await store.countUsers()) > 0) throw new AppError('setup_done', 'the administrators exist')
    const accounts = setup.administrators.map(({ account }) => account.toLowerCase())
    if (new Set(accounts).size !== accounts.length) throw new AppError('conflict', 'three different people: the accounts must differ')
    for (const { account, password } of setup.administrators) refuseWeak(password, account)
    if (new Set(setup.administrators.map(({ password }) => password)).size !== accounts.length)
      throw new AppError('password_weak', 'three people, three passwords')
    const rows = await Promise.all(setup.administrators.map((administrator) => rowOf({ ...administrator, stationIds: null })))
    const outcome = await store.insertFirstUsers(rows, hashSetupCode(setup.setupCode))
    if (outcome === 'wrong_code') throw new AppError('setup_code_wrong', 'not the code shown at the last start')
    if (outcome === 'has_users') throw new AppError('setup_done', 'the administrators exist')
  }

  return {
    signIn,
    findLogin,
    me: meOf,
    changePassword,
    createUser,
    changeUser,
    openSetup,
    setUp,
    needsSetup: async () => (await store.countUsers()) === 0,
    signOut: (login: LoginSession) => endLogins({ loginId: login.loginId }, 'signed_out'),
    /** Ends one login, or all of a user, from outside. Felt at once in this process, within a second in another. */
    endLogin: (loginId: string) => endLogins({ loginId }, 'revoked'),
    endLoginsOf: (userId: UserId) => endLogins({ userId }, 'revoked'),
    close() {
      expiryTimer.cancel()
    },
  }
}
export type Accounts = ReturnType<typeof createAccounts>

function refuseWeak(password: string, account: string) {
  const problem = findPasswordProblem(password, account)
  if (problem) throw new AppError('password_weak', problem, { fields: [{ path: 'password', problem }] })
}

/** Dashes, spaces and case do not matter when it is typed in. */
const hashSetupCode = (code: string) => sha256(`setup:${code.toUpperCase().replace(/[^A-Z0-9]/g, '')}`)

function userOf(known: KnownUser): User {
  return {
    userId: known.user_id as UserId,
    account: known.account,
    displayName: known.display_name,
    role: known.role,
    permissions: permissionsOf(known.role, known.permissions),
    stationIds: known.sees_everything ? null : (known.stationIds as StationId[]),
  }
}

function meOf({ user, login }: Found): Me {
  return {
    ...user,
    permissions: [...user.permissions],
    stationIds: user.stationIds === null ? null : [...user.stationIds],
    lastLogin: login.previous,
    sessionEndsAt: login.endsAt,
    mustChangePassword: login.mustChangePassword,
  }
}
