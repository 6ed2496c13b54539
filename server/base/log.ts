/** What the platform says of itself: JSON lines on stdout. `error`: a person must act now; `warn`: healed itself; `info`: state changed; `debug`: the rest. */
import { pino } from 'pino'
import type { Clock } from './clock.ts'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent'
type Fields = Record<string, unknown>
type Write = { (fields: Fields, message: string): void; (message: string): void }

export type Log = {
  error: Write
  warn: Write
  info: Write
  debug: Write
  /** A log whose lines all carry these fields. */
  child(fields: Fields): Log
}

const secretKeys = new Set([
  'password',
  'oldpassword',
  'newpassword',
  'setupcode',
  'onetimecode',
  'token',
  'cookie',
  'set-cookie',
  'authorization',
  'secret',
  'credentials',
])
const DEEPEST = 6

/** Takes user names and passwords out of URLs, and the query, where cameras put passwords too. */
export function hideUrlSecrets(text: string): string {
  return text.replace(
    /\b([a-z][a-z0-9+.-]*:\/\/)([^\s'"]*@)?([^\s?'"]*)(\?[^\s'"]*)?/gi,
    (_all, scheme: string, login: string | undefined, rest: string, query: string | undefined) =>
      `${scheme}${login ? '***@' : ''}${rest}${query ? '?***' : ''}`,
  )
}

/** Secrets by name at any depth, and in every URL. */
function hideInFields(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.includes('://') ? hideUrlSecrets(value) : value
  if (value instanceof Error)
    return {
      name: value.name,
      message: hideUrlSecrets(value.message),
      stack: hideUrlSecrets(value.stack ?? ''),
      ...(value.cause ? { cause: hideInFields(value.cause, depth + 1) } : {}),
    }
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEEPEST) return '…'
  if (Array.isArray(value)) return value.map((entry) => hideInFields(entry, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, secretKeys.has(key.toLowerCase()) ? '***' : hideInFields(entry, depth + 1)]))
}

/** `destination` is for tests; by default lines go to stdout. */
export function createLog({
  level,
  process: processName,
  destination,
}: {
  level: LogLevel
  process: string
  destination?: { write(line: string): void }
}): Log {
  const options = {
    level,
    base: { process: processName },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Fields) => hideInFields(fields) as Fields,
    },
    hooks: {
      logMethod(this: unknown, args: unknown[], method: (...args: unknown[]) => void) {
        method.apply(
          this,
          args.map((arg) => (typeof arg === 'string' ? hideUrlSecrets(arg) : arg)),
        )
      },
    },
  }
  return hidingInChildren((destination ? pino(options as never, destination) : pino(options as never)) as unknown as Log)
}

/** pino formats what a line carries, but not what a child was given. */
function hidingInChildren(log: Log): Log {
  const child = log.child.bind(log)
  log.child = (fields) => hidingInChildren(child(hideInFields(fields) as Fields))
  return log
}

/** A log that says nothing, for tests. */
export const silentLog: Log = { error() {}, warn() {}, info() {}, debug() {}, child: () => silentLog }

/** Lets one line a second through for each key, with how many were left out in between. A storm of faults does not fill the disk. */
export function createMeter(clock: Clock, periodMs = 1_000) {
  const states = new Map<string, { quietUntilMs: number; leftOut: number }>()
  return function meter(key: string, write: (leftOut: number) => void) {
    const nowMs = clock.monotonicMs()
    const state = states.get(key)
    if (state && nowMs < state.quietUntilMs) {
      state.leftOut++
      return
    }
    if (states.size >= 10_000) states.clear()
    states.set(key, { quietUntilMs: nowMs + periodMs, leftOut: 0 })
    write(state?.leftOut ?? 0)
  }
}
export type Meter = ReturnType<typeof createMeter>
