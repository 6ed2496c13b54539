/** An error in the words of the page. */
import { ApiError } from './api.ts'
import { formatDuration } from './format.ts'
import { t } from './i18n.ts'

/** Fact and next step, in the language chosen now. Anything that is not ours is `internal`. */
export function describeError(error: unknown): string {
  if (!(error instanceof ApiError)) return t('errors.internal', { requestId: '—' })
  return t(`errors.${error.code}`, { requestId: error.requestId || '—', duration: formatDuration(error.retryAfterMs ?? 0) })
}
