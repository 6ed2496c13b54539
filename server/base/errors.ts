/** The three kinds of exception. Why a camera fails is none of them: that is data (`FailureCause`). */
import type { ErrorCode } from '../contract/errors.ts'

/** A refusal the caller must hear about; `code` is translated once, in the page. Never holds a secret. */
export class AppError extends Error {
  override name = 'AppError'
  readonly code: ErrorCode
  readonly fields: { path: string; problem: string }[] | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; fields?: { path: string; problem: string }[]; retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.fields = options.fields
    this.retryAfterMs = options.retryAfterMs
  }
}

/** A peer broke a standard: drop that unit or that connection, count it, go on. */
export class ProtocolError extends Error {
  override name = 'ProtocolError'
  readonly clause: string
  readonly offset: number | undefined

  constructor(clause: string, problem: string, offset?: number) {
    super(offset === undefined ? `${clause}: ${problem}` : `${clause}: ${problem} (at byte ${offset})`)
    this.clause = clause
    this.offset = offset
  }
}

/** We broke our own rule. `why` says why it must hold. */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${why}`)
}

/** The end of a `switch` over a union: does not compile while a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`)
}
