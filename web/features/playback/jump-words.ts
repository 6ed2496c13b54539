/** Why a jump goes nowhere: where it was looked, and what to do to look further. Pure but for the language. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import { formatMoment, formatRange } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import { findSearched, type JumpTarget } from './jumps.ts'

export function sayNoJump(target: JumpTarget, at: Instant, loaded: readonly TimeRange[], now: Instant): string {
  const what = t(`playback.jump.${target}`)
  const searched = findSearched(target, at, loaded, now)
  if (!searched) return t('playback.jump.notRead')
  const { fromAt, toAt, isToNow } = searched
  if (isToNow) return t('playback.jump.noneToNow', { what, time: formatMoment(fromAt, now) })
  return t('playback.jump.noneLoaded', { what, range: formatRange(fromAt, toAt, now) })
}
