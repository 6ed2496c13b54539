/** What a lock says of itself. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { Lock } from '../../../server/contract/marks.ts'
import { formatDate } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'

/** `12-31`; in another year `2027-01-05`. */
function sayDay(at: Instant, now: Instant): string {
  const [day, today] = [formatDate(at), formatDate(now)]
  return day.slice(0, 4) === today.slice(0, 4) ? day.slice(5) : day
}

/** `已锁定至 12-31`. */
export function sayLock({ untilAt }: Pick<Lock, 'untilAt'>, now: Instant): string {
  return untilAt === null ? t('marks.lockedForGood') : t('marks.lockedUntil', { day: sayDay(untilAt, now) })
}

/** What follows when it is unlocked. */
export function sayUnlocking({ untilAt }: Pick<Lock, 'untilAt'>, now: Instant): string {
  return untilAt === null ? t('marks.unlockForGoodWarning') : t('marks.unlockWarning', { day: sayDay(untilAt, now) })
}
