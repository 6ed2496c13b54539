/** Passwords: what is strong enough, and argon2id with a bound on how many are worked on at once. */
import * as argon2 from '@node-rs/argon2'
import { AppError } from '../../base/errors.ts'

/** OWASP's second choice for argon2id: 19 MiB, 2 rounds, 1 lane. Kept in each hash, so that it can be raised later. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** More at once starves the disk writes of recordings (measured: median write 0.2 to 519 ms at 8). */
const HASHES_AT_ONCE = 2
const MOST_WAITING = 200

export type PasswordHasher = {
  hash(password: string): Promise<string>
  verify(stored: string, password: string): Promise<boolean>
}

/** `argon2` works in threads of its own; tests give another to see what is asked of it. */
export function createPasswordHasher({ hash, verify }: Pick<typeof argon2, 'hash' | 'verify'> = argon2): PasswordHasher {
  let running = 0
  const waiting: (() => void)[] = []

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (waiting.length >= MOST_WAITING) throw new AppError('rate_limited', 'too many logins at once', { retryAfterMs: 5_000 })
    if (running >= HASHES_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      // The place goes to the next one, or is given back.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password.normalize('NFKC'), cost)),
    verify: (stored, password) => inTurn(() => verify(stored, password.normalize('NFKC'))),
  }
}

/** What is wrong with a new password, or undefined. 12 characters or more, three of the four kinds, not the account in another form. */
export function findPasswordProblem(password: string, account: string): string | undefined {
  if (Array.from(password).length < 12) return 'shorter than 12 characters'
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{Ll}\p{Lu}\p{Nd}]/u].filter((kind) => kind.test(password)).length
  if (kinds < 3) return 'fewer than three of: small letters, capital letters, digits, others'
  if (password.toLowerCase().includes(account.toLowerCase())) return 'contains the account'
  if (new Set(password).size < 6) return 'fewer than six different characters'
  return undefined
}
