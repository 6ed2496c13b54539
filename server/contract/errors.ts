/** The closed list of errors an endpoint may answer with. Each has one HTTP status and one translation (`web/base/i18n`). */
import { z } from 'zod'

export const errorStatus = {
  bad_request: 400, // the request does not fit its schema; `fields` says where
  not_signed_in: 401,
  login_failed: 401, // account or password wrong; never says which
  locked_out: 429, // too many failed logins; `retryAfterMs`
  rate_limited: 429,
  forbidden: 403,
  wrong_origin: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  setup_done: 409,
  setup_code_wrong: 403,
  password_weak: 422,
  media_unavailable: 503, // the media process is away
  database_unavailable: 503,
  internal: 500,
} as const
export type ErrorCode = keyof typeof errorStatus

/** Body of every answer that is not 2xx. `detail` is for the log and the curious; the page shows the translation of `code`. */
export const ErrorReply = z.object({
  code: z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string(),
  requestId: z.string(),
  fields: z.array(z.object({ path: z.string(), problem: z.string() })).optional(),
  retryAfterMs: z.number().optional(),
})
export type ErrorReply = z.infer<typeof ErrorReply>
