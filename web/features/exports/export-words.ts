/** What a download says of itself. Pure but for the language. */
import type { Export } from '../../../server/contract/exports.ts'
import type { Instant } from '../../../server/contract/ids.ts'
import { formatBytes, formatDuration, formatMoment, formatRange } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import { bytesOf, progressOf } from './exports.ts'

/** `学府路口-03 等 2 路 · 17:20:00–17:45:00`. */
export function sayTitle({ clips, fromAt, toAt }: Export, now: Instant): string {
  const [first] = clips
  const names = clips.length > 1 ? t('exports.namesMany', { name: first?.cameraName ?? '', count: clips.length }) : (first?.cameraName ?? '')
  return `${names} · ${formatRange(fromAt, toAt, now)}`
}

/** The line below it: what it is, in which state, for how long. */
export function sayFacts(one: Export, { now, remainingMs }: { now: Instant; remainingMs: number | null }): string {
  const parts: string[] = []
  if (one.state === 'running') {
    parts.push(t('exports.written', { size: formatBytes(bytesOf(one) * shareDone(one)) }))
    if (remainingMs !== null) parts.push(t('exports.remaining', { duration: formatDuration(Math.max(1000, remainingMs)) }))
  } else parts.push(formatBytes(bytesOf(one)))
  if (one.state === 'waiting') parts.push(t('exports.askedAt', { time: formatMoment(one.requestedAt, now) }))
  if (!one.isMine) parts.push(t('exports.by', { account: one.requestedBy }))
  if (one.state === 'rejected' && one.decidedBy) parts.push(t('exports.rejectedBy', { account: one.decidedBy }))
  if (one.decisionNote) parts.push(one.decisionNote)
  if (one.state === 'failed') parts.push(...failuresOf(one))
  if (one.state === 'ready' && one.expiresAt !== null) parts.push(t('exports.expiresIn', { duration: formatDuration(one.expiresAt - now) }))
  return parts.join(' · ')
}

/** Each once. */
export function failuresOf({ clips }: Pick<Export, 'clips'>): string[] {
  return [...new Set(clips.flatMap(({ failure }) => (failure === null ? [] : [t(`exports.failure.${failure}`)])))]
}

/** 0 to 1, by media time. */
export function shareDone(one: Export): number {
  const { doneMs, totalMs } = progressOf(one)
  return totalMs <= 0 ? 0 : Math.min(1, doneMs / totalMs)
}

/** `9f3c…e07a`. */
export function shortHash(sha256: string): string {
  return `${sha256.slice(0, 4)}…${sha256.slice(-4)}`
}
