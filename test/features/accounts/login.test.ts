import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openLockout } from '../../../server/features/accounts/index.ts'
import { readConfig } from '../../../server/config.ts'
import { limitsOf } from '../../../server/features/accounts/login-limits.ts'
import { createAccountStore } from '../../../server/features/accounts/store.ts'
import { openTestGate, PASSWORD, type TestGate } from '../../support/gate.ts'

let gate: TestGate
beforeAll(async () => {
  gate = await openTestGate({ stationOfCamera: { c1: 's1' } })
})
afterAll(() => gate.close())

const post = (path: string, body: object, cookie = '') => gate.agent.post(path).set('Origin', gate.origin).set('Cookie', cookie).send(body)
const me = async (cookie: string) => (await gate.agent.get('/api/me').set('Cookie', cookie)).status
const login = (account: string, password = PASSWORD) => post('/api/login', { account, password })
const LOCK_MS = 15 * 60_000
const NEW_PASSWORD = 'Another-Horse-43-Staple'

describe('R-SEC-2 the first administrators', () => {
  const administrator = (account: string) => ({ account, displayName: account, password: `${PASSWORD}-${account.length}${account.at(-1)}${account.at(-2)}` })
  const administrators = {
    systemAdmin: administrator('setup.system'),
    securityAdmin: administrator('setup.security'),
    auditAdmin: administrator('setup.auditor'),
  }
  const setup = (setupCode: string, people: object = administrators) => post('/api/setup', { setupCode, ...people })

  test('a production start shows a code once; with it, and only with it, three different people are made', async () => {
    expect((await gate.agent.get('/api/welcome')).body).toMatchObject({ needsSetup: true })
    const older = (await gate.accounts.openSetup())!
    const code = (await gate.accounts.openSetup())!
    expect(code).toMatch(/^([A-Z2-9]{5}-){3}[A-Z2-9]{5}$/)
    expect((await setup(older)).body.code).toBe('setup_code_wrong')
    expect((await setup(code, { ...administrators, auditAdmin: administrators.systemAdmin })).body.code).toBe('conflict')
    expect((await setup(code, { ...administrators, auditAdmin: { ...administrators.auditAdmin, password: 'aaaaaaaaaaaaaa' } })).body.code).toBe('password_weak')
    gate.clock.advance(60_000)
    const [one, two] = await Promise.all([setup(code.toLowerCase()), setup(code)])
    expect([one!.status, two!.status].toSorted((a, b) => a - b)).toEqual([200, 409])
    expect((await setup(code)).body.code).toBe('setup_done')
    expect(await gate.accounts.openSetup()).toBeUndefined()
    expect((await gate.agent.get('/api/welcome')).body).toMatchObject({ needsSetup: false })
    for (const [role, { account, password }] of Object.entries(administrators))
      expect((await login(account, password)).body).toMatchObject({ role, stationIds: null })
  })
  test('guessing the code is slowed down', async () => {
    gate.clock.advance(60_000)
    const statuses: number[] = []
    for (let i = 0; i < 7; i++) statuses.push((await setup('AAAAA')).status)
    expect(statuses).toContain(429)
    gate.clock.advance(120_000)
  })
})

describe('R-SEC-2 signing in', () => {
  test('gives an opaque cookie and says who I am', async () => {
    const { account } = await gate.createUser('dutyOfficer', ['s1'])
    const answer = await login(account)
    expect(answer.body).toMatchObject({ account, role: 'dutyOfficer', stationIds: ['s1'], lastLogin: null, mustChangePassword: false })
    expect(answer.headers['set-cookie']![0]).toMatch(/^mapwall=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(JSON.stringify(answer.body)).not.toContain('plain:')
    const token = answer.headers['set-cookie']![0]!.split(/[=;]/)[1]!
    expect((await gate.agent.get('/api/me').set('Cookie', `mapwall=${token}`)).body).toEqual(answer.body)
    const rows = await gate.opened.database.as<{ login_sessions: object }>().selectFrom('login_sessions').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(token)
  })
  test('names the login before this one, whatever its letters', async () => {
    const { account } = await gate.createUser('ops', null)
    await login(account)
    const at = gate.clock.now()
    gate.clock.advance(5_000)
    expect((await login(account.toUpperCase())).body.lastLogin).toEqual({ at, address: '127.0.0.1' })
  })
  test('an unknown account, a wrong password and a disabled account answer the same', async () => {
    const [{ account }, disabled] = await Promise.all([gate.createUser('ops', null), gate.createUser('ops', null)])
    await gate.accounts.changeUser(disabled.userId, { isEnabled: false })
    const answers = await Promise.all([login('nobody-here'), login(account, 'wrong'), login(disabled.account)])
    for (const { status, body } of answers)
      expect([status, { ...body, requestId: '' }]).toEqual([401, { code: 'login_failed', detail: 'account or password is wrong', requestId: '' }])
  })
  test('five failures lock an account for 15 minutes, whether it exists or not, and a step of the wall clock unlocks nothing', async () => {
    const { account } = await gate.createUser('ops', null)
    for (const name of [account, 'no-such-account']) {
      const codes: string[] = []
      for (let i = 0; i < 6; i++) codes.push((await login(name, 'wrong')).body.code)
      expect(codes).toEqual([...Array(5).fill('login_failed'), 'locked_out'])
    }
    const locked = await login(account)
    expect([locked.status, locked.body.code]).toEqual([429, 'locked_out'])
    expect(locked.body.retryAfterMs).toBeGreaterThan(LOCK_MS - 10_000)
    gate.clock.stepWall(3_600_000)
    expect((await login(account)).body.code).toBe('locked_out')
    gate.clock.stepWall(-3_600_000)
    gate.clock.advance(LOCK_MS)
    expect((await login(account)).status).toBe(200)
  })
  test('many guesses at once gain nothing', async () => {
    const { account } = await gate.createUser('ops', null)
    const codes = await Promise.all(Array.from({ length: 20 }, async () => (await login(account, 'wrong')).body.code))
    expect(codes.filter((code) => code === 'login_failed')).toHaveLength(5)
    gate.clock.advance(LOCK_MS)
  })
  test('a lock survives a restart', async () => {
    const { account } = await gate.createUser('ops', null)
    for (let i = 0; i < 5; i++) await login(account, 'wrong')
    const restarted = await openLockout({ store: createAccountStore(gate.opened.database), clock: gate.clock })
    expect(await restarted.beginAttempt(account, '10.0.0.9')).toBeGreaterThan(LOCK_MS - 10_000)
    gate.clock.advance(LOCK_MS)
  })
  test.each([
    "' or 1=1 --",
    "admin'; drop table users; --",
    '" or ""="',
    '$(id)',
    '`id`',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    '{{7*7}}',
    '__proto__',
    'a\r\nSet-Cookie: x=1',
    '=cmd|calc',
    '%27%20or%201',
    '𝕒'.repeat(16),
  ])('A2 the account %j is only a name nobody has', async (account) => {
    const answer = await login(account)
    expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined])
    gate.clock.advance(LOCK_MS)
  })
  test.each([
    { account: { $ne: '' }, password: 'x' },
    { account: ['a'], password: 'x' },
    { account: 'a' },
    { account: 'a', password: '' },
    { account: 'a'.repeat(65), password: 'x' },
    { account: 'a', password: 'x'.repeat(257) },
    { account: 'a\u0000b', password: 'x' },
    [],
    'text',
    null,
    1,
  ])('A2 the body %j does not fit', async (body) => {
    const answer = await gate.agent.post('/api/login').set('Origin', gate.origin).set('Content-Type', 'application/json').send(JSON.stringify(body))
    expect([answer.status, answer.body.code]).toEqual([400, 'bad_request'])
  })
  test('a body that is too long, compressed, or no JSON is refused', async () => {
    const send = () => gate.agent.post('/api/login').set('Origin', gate.origin).set('Content-Type', 'application/json')
    expect((await send().send(JSON.stringify({ account: 'a', password: 'x'.repeat(70_000) }))).status).toBe(413)
    expect((await send().set('Content-Encoding', 'gzip').send('{}')).status).toBe(400)
    expect((await send().send('{"account":')).status).toBe(400)
  })
})

describe('R-SEC-2 a login ends', () => {
  const openPush = async (cookie: string) => {
    const socket = new WebSocket(`${gate.origin.replace('http', 'ws')}/push`, { headers: { Cookie: cookie, Origin: gate.origin } })
    const told: string[] = []
    socket.on('message', (bytes) => told.push((JSON.parse((bytes as Buffer).toString()) as { topic: string }).topic))
    await new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject))
    return { told, closed: new Promise<number>((resolve) => socket.on('close', resolve)) }
  }
  test('by signing out, felt on open sockets', async () => {
    const cookie = await gate.signIn((await gate.createUser('ops', null)).account)
    const { told, closed } = await openPush(cookie)
    const answer = await post('/api/logout', {}, cookie)
    expect(answer.headers['set-cookie']![0]).toMatch(/^mapwall=; .*Max-Age=0/)
    expect(await closed).toBe(4010)
    expect(told).toContain('loginEnded')
    expect(await me(cookie)).toBe(401)
  })
  test('by a new password: all others at once, this one goes on', async () => {
    const { account } = await gate.createUser('ops', null)
    const [here, there] = [await gate.signIn(account), await gate.signIn(account)]
    const { closed } = await openPush(there)
    expect((await post('/api/me/password', { oldPassword: 'wrong', newPassword: NEW_PASSWORD }, here)).body.code).toBe('login_failed')
    expect((await post('/api/me/password', { oldPassword: PASSWORD, newPassword: PASSWORD }, here)).body.code).toBe('password_weak')
    expect((await post('/api/me/password', { oldPassword: PASSWORD, newPassword: 'alllowercaseletters' }, here)).body.code).toBe('password_weak')
    expect((await post('/api/me/password', { oldPassword: PASSWORD, newPassword: NEW_PASSWORD }, here)).status).toBe(200)
    expect(await closed).toBe(4010)
    expect([await me(here), await me(there)]).toEqual([200, 401])
    expect((await login(account)).status).toBe(401)
    expect((await login(account, NEW_PASSWORD)).status).toBe(200)
  })
  test('by an administrator disabling the account', async () => {
    const { account, userId } = await gate.createUser('ops', null)
    const cookie = await gate.signIn(account)
    const { closed } = await openPush(cookie)
    await gate.accounts.changeUser(userId, { isEnabled: false })
    expect(await closed).toBe(4010)
    expect(await me(cookie)).toBe(401)
  })
  const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000]
  test.each([
    { role: 'dutyOfficer', page: true, afterMs: 13 * HOUR_MS, lasts: true },
    { role: 'supervisor', page: true, afterMs: 30 * DAY_MS, lasts: true },
    { role: 'ops', page: true, afterMs: 13 * HOUR_MS, lasts: true },
    { role: 'dutyOfficer', page: true, afterMs: 32 * DAY_MS, lasts: false },
    { role: 'dutyOfficer', page: false, afterMs: 13 * HOUR_MS, lasts: false },
    { role: 'dutyOfficer', page: false, afterMs: 11 * HOUR_MS, lasts: true },
    { role: 'assessor', page: true, afterMs: 13 * HOUR_MS, lasts: false },
    { role: 'assessor', page: true, afterMs: 31 * MINUTE_MS, lasts: true },
    { role: 'systemAdmin', page: true, afterMs: 31 * MINUTE_MS, lasts: false },
    { role: 'securityAdmin', page: true, afterMs: 31 * MINUTE_MS, lasts: false },
    { role: 'auditAdmin', page: false, afterMs: 29 * MINUTE_MS, lasts: true },
  ] as const)('by time: $role, page open: $page, unused for $afterMs ms, lasts: $lasts', async ({ role, page, afterMs, lasts }) => {
    const { account, userId } = await gate.createUser(role, null)
    const cookie = await gate.signIn(account)
    const { closed } = page ? await openPush(cookie) : { closed: undefined }
    const marker = await gate.signIn((await gate.createUser('assessor', null)).account)
    const swept = new Promise<void>((resolve) => gate.events.on('loginEnded', () => resolve()))
    gate.clock.stepWall(afterMs)
    // one sweep ends what is over; this one ends by hand, so that there is something to wait for
    for (let part = 0; part < 3; part++) {
      gate.clock.advance(5_000)
      // time for the page to answer a heartbeat
      for (let i = 0; i < 3; i++) await gate.agent.get('/api/welcome')
    }
    await post('/api/logout', {}, marker)
    if (!lasts) await swept
    if (!lasts && closed) expect(await closed).toBe(4010)
    expect(await me(cookie)).toBe(lasts ? 200 : 401)
    await gate.accounts.changeUser(userId, { isEnabled: false })
  })
  test.each([
    { role: 'dutyOfficer', idleMs: 12 * HOUR_MS, loginMs: 31 * DAY_MS },
    { role: 'supervisor', idleMs: 12 * HOUR_MS, loginMs: 31 * DAY_MS },
    { role: 'ops', idleMs: 12 * HOUR_MS, loginMs: 31 * DAY_MS },
    { role: 'assessor', idleMs: 12 * HOUR_MS, loginMs: 7 * DAY_MS },
    { role: 'systemAdmin', idleMs: 30 * MINUTE_MS, loginMs: 7 * DAY_MS },
    { role: 'securityAdmin', idleMs: 30 * MINUTE_MS, loginMs: 7 * DAY_MS },
    { role: 'auditAdmin', idleMs: 30 * MINUTE_MS, loginMs: 7 * DAY_MS },
  ] as const)('the limits of $role by default', ({ role, ...expected }) => expect(limitsOf(role, readConfig({}).logins)).toEqual(expected))
  test('who must change the password can do nothing else', async () => {
    const account = 'must-change'
    await gate.accounts.createUser({ account, displayName: account, role: 'ops', password: PASSWORD, stationIds: null, mustChangePassword: true })
    const cookie = await gate.signIn(account)
    const see = async () => (await gate.agent.get('/api/cameras').set('Cookie', cookie)).status
    expect([await me(cookie), await see()]).toEqual([200, 403])
    await post('/api/me/password', { oldPassword: PASSWORD, newPassword: NEW_PASSWORD }, cookie)
    expect(await see()).toBe(200)
  })
})

describe('R-SEC-1 rights', () => {
  test('a changed area is felt at once', async () => {
    const { account, userId } = await gate.createUser('dutyOfficer', ['s1'])
    const cookie = await gate.signIn(account)
    const see = async () => (await gate.agent.get('/api/cameras/c1/dossier').set('Cookie', cookie)).status
    expect(await see()).toBe(200)
    await gate.accounts.changeUser(userId, { stationIds: ['s2' as never] })
    expect(await see()).toBe(404)
    await gate.accounts.changeUser(userId, { stationIds: null })
    expect(await see()).toBe(200)
  })
  test('rights stored beyond the role give nothing', async () => {
    const { account, userId } = await gate.createUser('assessor', null)
    await gate.accounts.changeUser(userId, { permissions: ['camera.see', 'camera.live', 'security.administer'] })
    expect((await login(account)).body.permissions).toEqual(['camera.see'])
  })
  test('never the last administrator, never two powers in one account', async () => {
    const rows = await gate.opened.database
      .as<{ users: { user_id: string; role: string; is_enabled: boolean } }>()
      .selectFrom('users')
      .select(['user_id', 'role'])
      .where('role', 'like', '%Admin')
      .where('is_enabled', '=', true)
      .execute()
    for (const { user_id } of rows) {
      await expect(gate.accounts.changeUser(user_id as never, { isEnabled: false })).rejects.toMatchObject({ code: 'conflict' })
      await expect(gate.accounts.changeUser(user_id as never, { role: 'auditAdmin', isEnabled: false })).rejects.toMatchObject({ code: 'conflict' })
    }
    const { userId } = await gate.createUser('auditAdmin', null)
    await expect(gate.accounts.changeUser(userId, { role: 'securityAdmin' })).rejects.toMatchObject({ code: 'conflict' })
    await gate.accounts.changeUser(rows.find(({ role }) => role === 'auditAdmin')!.user_id as never, { isEnabled: false })
    await expect(gate.accounts.changeUser(userId, { isEnabled: false })).rejects.toMatchObject({ code: 'conflict' })
  })
  test('an account is used once, whatever its letters', async () => {
    const { account } = await gate.createUser('ops', null)
    await expect(gate.createUser('ops', null, account.toUpperCase())).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('R-SEC-3 signing in and out is recorded', () => {
  test('with account, result and address; never a password', async () => {
    const rows = await gate.opened.database
      .as<{ audit_log: Record<string, string | null> }>()
      .selectFrom('audit_log')
      .selectAll()
      .where('name', 'like', 'account.%')
      .execute()
    const kinds = new Set(rows.map(({ name, result, code }) => `${name} ${result} ${code}`))
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'account.login ok null',
        'account.login failed login_failed',
        'account.login failed locked_out',
        'account.logout ok null',
        'account.changePassword ok null',
        'account.setup ok null',
      ]),
    )
    expect(JSON.stringify(rows)).not.toContain(PASSWORD)
    expect(JSON.stringify(rows)).not.toContain(NEW_PASSWORD)
    expect(rows.every(({ address }) => address === '127.0.0.1')).toBe(true)
    expect(await gate.audit.verify()).toMatchObject({ isWhole: true })
  })
})
