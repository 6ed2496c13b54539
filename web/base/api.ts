/** Asks the server: the endpoint of the contract is the whole address book, the reply comes back parsed or as an `ApiError`. */
import type { z } from 'zod'
import type { Endpoint, In, Out } from '../../server/contract/endpoint.ts'
import { type ErrorCode, ErrorReply } from '../../server/contract/errors.ts'

/** The contract's codes, and what can go wrong before the server has spoken. */
export type ApiErrorCode = ErrorCode | 'server_unreachable' | 'timed_out' | 'reply_not_understood'

export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: ApiErrorCode
  readonly detail: string
  readonly requestId: string
  readonly fields: readonly { path: string; problem: string }[]
  readonly retryAfterMs: number | null
  /** HTTP status; 0 when there was no answer. */
  readonly status: number

  constructor(code: ApiErrorCode, status: number, reply: Partial<ErrorReply> = {}, options: { cause?: unknown } = {}) {
    super(`${code}: ${reply.detail ?? ''} (${reply.requestId ?? 'no request id'})`, options)
    this.code = code
    this.status = status
    this.detail = reply.detail ?? ''
    this.requestId = reply.requestId ?? ''
    this.fields = reply.fields ?? []
    this.retryAfterMs = reply.retryAfterMs ?? null
  }
}

type Needs<K extends string, S> = S extends z.ZodType ? ({} extends In<S> ? { [key in K]?: In<S> } : { [key in K]: In<S> }) : { [key in K]?: undefined }
/** What a call must bring: exactly the params, query and body the endpoint declares. */
export type CallOptions<E extends Endpoint> = Needs<'params', E['params']> &
  Needs<'query', E['query']> &
  Needs<'body', E['body']> & { signal?: AbortSignal; timeoutMs?: number }
type Rest<O> = {} extends O ? [options?: O] : [options: O]

const defaultTimeoutMs = 15_000
let onSignedOut: () => void = () => {}

/** What happens when the server says nobody is signed in (the login ended). */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler
}

/** Sends a request and gives the parsed reply. Throws `ApiError`; an abort by `signal` throws its reason. */
export async function call<E extends Endpoint>(endpoint: E, ...[options]: Rest<CallOptions<E>>): Promise<Out<E['reply']>> {
  const response = await request(endpoint, options)
  const body = await readJson(response)
  const parsed = (endpoint.reply as z.ZodType).safeParse(body)
  if (!parsed.success) throw new ApiError('reply_not_understood', response.status, { detail: parsed.error.message })
  return parsed.data as Out<E['reply']>
}

/** The same for an endpoint that answers bytes; `undefined` when it has none (204). */
export async function callBytes<E extends Endpoint>(
  endpoint: E,
  ...[options]: Rest<CallOptions<E>>
): Promise<{ bytes: ArrayBuffer; headers: Headers } | undefined> {
  const response = await request(endpoint, options)
  if (response.status === 204) return undefined
  return { bytes: await response.arrayBuffer(), headers: response.headers }
}

/** A JSON file that ships with the page (base map …). Throws `ApiError` if it is not there. */
export async function fetchFile(url: string, signal?: AbortSignal): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(url, signal === undefined ? {} : { signal })
  } catch (error) {
    throw new ApiError('server_unreachable', 0, { detail: url }, { cause: error })
  }
  if (!response.ok) throw new ApiError('not_found', response.status, { detail: url })
  return readJson(response)
}

async function request(
  endpoint: Endpoint,
  options: { params?: unknown; query?: unknown; body?: unknown; signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<Response> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs)
  const init: RequestInit = {
    method: endpoint.method,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
  }
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body)
    init.headers = { 'content-type': 'application/json' }
  } else if (endpoint.method !== 'GET') {
    init.body = '{}'
    init.headers = { 'content-type': 'application/json' }
  }
  let response: Response
  try {
    response = await fetch(urlOf(endpoint.path, options.params, options.query), init)
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new ApiError(timeout.aborted ? 'timed_out' : 'server_unreachable', 0, {}, { cause: error })
  }
  if (response.ok) return response
  throw await toError(response)
}

/** Fills `:name` and adds the query. */
export function urlOf(path: string, params: unknown, query: unknown): string {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String((params as Record<string, unknown>)[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? filled : `${filled}?${search}`
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (error) {
    throw new ApiError('reply_not_understood', response.status, { detail: 'not JSON' }, { cause: error })
  }
}

async function toError(response: Response): Promise<ApiError> {
  const parsed = ErrorReply.safeParse(await response.json().catch(() => undefined))
  // a proxy in front answers 502 and 504 in its own words while the server is away
  if (!parsed.success) return new ApiError(response.status >= 502 && response.status <= 504 ? 'server_unreachable' : 'reply_not_understood', response.status)
  if (parsed.data.code === 'not_signed_in') onSignedOut()
  return new ApiError(parsed.data.code, response.status, parsed.data)
}
