import { formatDuration } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import { isFaulty } from '../cameras/needs-action.ts'
import { longestMs, type TickerEntry } from './ticker-entries.ts'

/** One change, or one event of many cameras, in a line: `24 路 离线：连不上`. */
export function sayEntry(entry: TickerEntry): string {
  const [{ name: only, from, to, cause }, ...others] = entry.changes
  const name = others.length === 0 ? only : t('common.cameras', { count: entry.changes.length })
  const duration = formatDuration(longestMs(entry))
  if (to === 'online') return isFaulty(from) ? t('shell.ticker.recovered', { name, was: t(`status.${from}`), duration }) : t('shell.ticker.online', { name })
  const status = t(`status.${to}`)
  return cause === null ? t('shell.ticker.became', { name, status }) : t('shell.ticker.becameCause', { name, status, cause: t(`causes.${cause}.title`) })
}
