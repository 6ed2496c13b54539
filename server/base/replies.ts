/** Input against its schema, and exceptions as the one form of error answer. */
import type { z } from 'zod'
import type { ErrorReply } from '../contract/errors.ts'
import { AppError } from './errors.ts'

/** The checked value, or `bad_request` naming every field that does not fit. */
export function checkInput(schema: z.ZodType | undefined, input: unknown, where: 'params' | 'query' | 'body'): unknown {
  if (!schema) return undefined
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const fields = result.error.issues
    .slice(0, 20)
    .map((issue) => ({ path: [where, ...issue.path.map(String)].join('.').slice(0, 200), problem: issue.message.slice(0, 200) }))
  throw new AppError('bad_request', `${where} does not fit: ${fields.map(({ path }) => path).join(', ')}`, { fields })
}

/** What the caller is told. An unexpected exception says nothing of itself: it is in the log under the request id. */
export function toErrorReply(problem: unknown, requestId: string): ErrorReply {
  if (!(problem instanceof AppError)) return { code: 'internal', detail: 'see the log', requestId }
  return {
    code: problem.code,
    detail: problem.message,
    requestId,
    ...(problem.fields ? { fields: problem.fields } : {}),
    ...(problem.retryAfterMs === undefined ? {} : { retryAfterMs: problem.retryAfterMs }),
  }
}
