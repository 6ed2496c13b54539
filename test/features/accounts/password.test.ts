/** The real hasher: what it costs, how many at once, and that nobody can tell from it which accounts exist. */
import * as argon2 from '@node-rs/argon2'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createEvents } from '../../../server/base/events.ts'
import { silentLog } from '../../../server/base/log.ts'
import { createAccounts, createAccountStore, createPasswordHasher, openLockout, type AccountEvents } from '../../../server/features/accounts/index.ts'
import { findPasswordProblem } from '../../../server/features/accounts/password.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const PASSWORD = 'Right-Horse-42-Battery'

/** argon2 that does its work when the test says so. */
function createHeldArgon2() {
  const jobs: { password: string; finish(): void; fail(): void }[] = []
  let [running, mostRunning, begun] = [0, 0, 0]
  let isHeld = true
  const hold = (password: string) =>
    new Promise<string>((resolve, reject) => {
      mostRunning = Math.max(mostRunning, ++running)
      begun++
      const end = (settle: () => void) => () => {
        running--
        settle()
      }
      if (!isHeld) return setImmediate(end(() => resolve(`held:${password}`)))
      return jobs.push({ password, finish: end(() => resolve(`held:${password}`)), fail: end(() => reject(new Error('no memory'))) })
    })
  return {
    hash: ((password: string) => hold(password)) as unknown as typeof argon2.hash,
    verify: (async (stored: string, password: string) => (await hold(password)) === stored) as unknown as typeof argon2.verify,
    jobs,
    /** From now on nothing is held. */
    finishAll() {
      isHeld = false
      for (const { finish } of jobs) finish()
    },
    counts: () => ({ running, mostRunning, begun }),
  }
}
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('R-SEC-2 argon2id', () => {
  test('with 19 MiB, 2 rounds, 1 lane, and a salt of its own', async () => {
    const hasher = createPasswordHasher()
    const [one, two] = await Promise.all([hasher.hash(PASSWORD), hasher.hash(PASSWORD)])
    for (const stored of [one!, two!]) expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43}$/)
    expect(one).not.toBe(two)
    expect(await Promise.all([hasher.verify(one!, PASSWORD), hasher.verify(one!, `${PASSWORD} `), hasher.verify(one!, '')])).toEqual([true, false, false])
  })
  test('takes the same password from any keyboard, and keeps each character and the whole length', async () => {
    const hasher = createPasswordHasher()
    const long = `${'长'.repeat(80)}-Aa1`
    const [wide, whole] = await Promise.all([hasher.hash('Ｗｉｄｅ-Horse-42'), hasher.hash(long)])
    expect(await hasher.verify(wide!, 'Wide-Horse-42')).toBe(true)
    expect(await hasher.verify(wide!, 'wide-horse-42')).toBe(false)
    expect(await hasher.verify(whole!, long.slice(0, -1))).toBe(false)
  })
  test('a hash of earlier, cheaper parameters still opens', async () => {
    const stored = await argon2.hash(PASSWORD, { memoryCost: 8_192, timeCost: 1, parallelism: 1 })
    expect(await createPasswordHasher().verify(stored, PASSWORD)).toBe(true)
  })
  test('the event loop turns all the while', async () => {
    const hasher = createPasswordHasher()
    let turns = 0
    let isOver = false
    const turn = () => void (isOver || (turns++, setImmediate(turn)))
    turn()
    await Promise.all(Array.from({ length: 6 }, () => hasher.hash(PASSWORD)))
    isOver = true
    // worked on in the event loop itself, six hashes would leave it a few turns
    expect(turns).toBeGreaterThan(100)
  })
})

describe('L1 many logins at once', () => {
  test('two are worked on, the others wait their turn, in order', async () => {
    const held = createHeldArgon2()
    const hasher = createPasswordHasher(held)
    const done: string[] = []
    const all = Array.from({ length: 12 }, (_, i) => (i % 2 ? hasher.hash(`p${i}`) : hasher.verify(`held:p${i}`, `p${i}`)).then(() => void done.push(`p${i}`)))
    for (let i = 0; i < 12; i++) {
      await settle()
      expect(held.counts().running).toBe(Math.min(2, 12 - i))
      held.jobs[i]!.finish()
    }
    await Promise.all(all)
    expect(held.counts()).toEqual({ running: 0, mostRunning: 2, begun: 12 })
    expect(done).toEqual(Array.from({ length: 12 }, (_, i) => `p${i}`))
  })
  test('one that fails gives its place back', async () => {
    const held = createHeldArgon2()
    const hasher = createPasswordHasher(held)
    const all = Promise.allSettled(['a', 'b', 'c', 'd'].map((password) => hasher.hash(password)))
    for (const i of [0, 1, 2]) {
      await settle()
      held.jobs[i]!.fail()
    }
    await settle()
    held.jobs[3]!.finish()
    expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled'])
    expect(held.counts()).toMatchObject({ running: 0, mostRunning: 2 })
  })
  test('beyond 200 waiting they are told to come back, and are taken again later', async () => {
    const held = createHeldArgon2()
    const hasher = createPasswordHasher(held)
    const taken = Array.from({ length: 202 }, (_, i) => hasher.hash(`p${i}`))
    await expect(hasher.hash('one too many')).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 5_000 })
    for (let i = 0; i < 202; i++) {
      held.jobs[i]!.finish()
      await taken[i]
      await settle()
    }
    const again = hasher.hash('again')
    held.jobs[202]!.finish()
    expect(await again).toBe('held:again')
    expect(held.counts()).toEqual({ running: 0, mostRunning: 2, begun: 203 })
  })
})

describe('R-SEC-2 an account nobody has costs as much as a wrong password', () => {
  let opened: TestDatabase
  /** What was asked of argon2 since the last look: the parameters in the hash, or of the new one. */
  const work: string[] = []
  const parametersOf = (stored: string) => stored.split('$').slice(1, 4).join(' ')
  const counted = {
    hash: (async (password: string, options: argon2.Options) => {
      work.push('hash')
      return argon2.hash(password, options)
    }) as unknown as typeof argon2.hash,
    verify: (async (stored: string, password: string) => {
      work.push(`verify ${parametersOf(stored)}`)
      return argon2.verify(stored, password)
    }) as unknown as typeof argon2.verify,
  }

  beforeAll(async () => {
    opened = await openTestDatabase()
  })
  afterAll(() => opened.close())

  async function openAccounts(hasher = createPasswordHasher(counted)) {
    const store = createAccountStore(opened.database)
    const clock = createFakeClock()
    return createAccounts({
      store,
      lockout: await openLockout({ store, clock }),
      passwords: hasher,
      events: createEvents<AccountEvents>(silentLog),
      clock,
      log: silentLog,
      limits: { administratorIdleMs: 1e6, idleMs: 1e6, watchLoginMs: 1e6, loginMs: 1e6 },
    })
  }

  test('the same words, and exactly one hash of the same cost, from the first attempt on', async () => {
    const accounts = await openAccounts()
    const user = { displayName: 'x', role: 'ops', password: PASSWORD, stationIds: null } as const
    await accounts.createUser({ ...user, account: 'there' })
    await accounts.changeUser(await accounts.createUser({ ...user, account: 'disabled' }), { isEnabled: false })
    await vi.waitFor(() => expect(work.filter((job) => job === 'hash')).toHaveLength(3))
    work.length = 0
    for (const attempt of [
      { account: 'nobody-at-all', password: PASSWORD },
      { account: 'there', password: 'wrong' },
      { account: 'nobody-else', password: 'wrong' },
      { account: 'disabled', password: PASSWORD },
    ]) {
      const problem = await accounts.signIn(attempt, '10.0.0.1').catch((refusal: unknown) => refusal)
      expect([attempt.account, problem]).toMatchObject([attempt.account, { code: 'login_failed', message: 'account or password is wrong' }])
      expect([attempt.account, ...work.splice(0)]).toEqual([attempt.account, 'verify argon2id v=19 m=19456,t=2,p=1'])
    }
    accounts.close()
  })

  test('a crowd at the door does not tell them apart afterwards', async () => {
    const held = createHeldArgon2()
    const hasher = createPasswordHasher(held)
    const accounts = await openAccounts(hasher)
    held.jobs[0]!.finish() // what unknown accounts are compared with
    await settle()
    const crowd = Array.from({ length: 202 }, () => hasher.hash('x').catch((problem: unknown) => problem))
    const signIn = (account: string) => accounts.signIn({ account, password: 'x' }, '10.0.0.2').catch((problem: unknown) => problem)
    for (const account of ['nobody-2', 'there']) expect(await signIn(account)).toMatchObject({ code: 'rate_limited' })
    held.finishAll()
    await Promise.all(crowd)
    for (const account of ['nobody-2', 'there']) expect(await signIn(account)).toMatchObject({ code: 'login_failed' })
    accounts.close()
  })
})

describe('R-SEC-2 which passwords are good enough', () => {
  test.each([
    ['Right-Horse-42-Battery', undefined],
    ['short-Aa1', 'shorter than 12'],
    ['alllowercaseletters', 'fewer than three'],
    ['lowercase-and-dashes', 'fewer than three'],
    ['Duty.Officer-2026-x', 'contains the account'],
    ['Aa1-Aa1-Aa1-Aa1-', 'six different'],
    ['😀😀😀😀😀😀Aa1bcd', undefined],
  ])('%s: %s', (password, problem) => {
    const found = findPasswordProblem(password, 'duty.officer')
    if (problem === undefined) expect(found).toBeUndefined()
    else expect(String(found)).toMatch(new RegExp(problem))
  })
})
