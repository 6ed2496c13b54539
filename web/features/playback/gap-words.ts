/** Why a recording is missing, in words. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { Gap } from '../../../server/contract/recordings.ts'
import { t } from '../../base/i18n.ts'
import { findAt } from '../../engines/timeline/index.ts'
import type { KnownTimeline } from './timeline-cover.ts'

/** `相机故障：连不上`; the judged cause where there is one. */
export function sayGap({ reason, cause }: Pick<Gap, 'reason' | 'cause'>): string {
  const words = t(`playback.reason.${reason}`)
  if (cause === null || reason === 'not_scheduled') return words
  return t('playback.reasonCause', { reason: words, cause: t(`causes.${cause}.title`) })
}

/** Why nothing is stored at `at`; empty if something is, or nobody knows. */
export function reasonAt(known: KnownTimeline | undefined, at: Instant): string {
  const gap = known && findAt(known.gaps, at)
  return gap ? sayGap(gap) : ''
}
