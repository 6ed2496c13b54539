/** What the request for a clip says before it is made. Pure but for the language. */
import { type ClipSize, type ExportLimits, MAX_EXPORT_CAMERAS, MAX_EXPORT_MS } from '../../../server/contract/exports.ts'
import type { Gap, TimeRange } from '../../../server/contract/recordings.ts'
import { formatBytes, formatDuration, none } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import { sum } from './exports.ts'

/** `缺 2 分 05 秒（磁盘切换）`; the reason that takes most of it. */
export function sayMissing(gaps: readonly Gap[], sayGap: (gap: Gap) => string): string {
  const longest = gaps.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0]
  if (!longest) return ''
  return t('exports.missing', { duration: formatDuration(sum(gaps.map(lengthOf))), reason: sayGap(longest) })
}

export function lengthOf({ fromAt, toAt }: TimeRange): number {
  return toAt - fromAt
}

export type Wish = {
  selection: TimeRange | null
  sizes: readonly ClipSize[]
  ticked: number
  limits: ExportLimits | null
}

/** Why it cannot be asked for now; empty when it can. */
export function whyNot({ selection, sizes, ticked, limits }: Wish): string {
  if (!selection) return t('exports.whyNot.noSelection')
  if (ticked === 0) return t('exports.whyNot.noCamera')
  if (ticked > MAX_EXPORT_CAMERAS) return t('exports.whyNot.tooMany', { count: MAX_EXPORT_CAMERAS })
  if (lengthOf(selection) > MAX_EXPORT_MS) return t('exports.whyNot.tooLong', { duration: formatDuration(MAX_EXPORT_MS) })
  if (sizes.length < ticked) return ''
  if (sizes.every(({ recordedMs }) => recordedMs === 0)) return t('exports.whyNot.nothing')
  if (limits && limits.usedCount >= limits.perDayCount) return t('exports.whyNot.count', { count: limits.perDayCount })
  if (limits && limits.usedBytes + bytesIn(sizes) > limits.perDayBytes)
    return t('exports.whyNot.bytes', { left: formatBytes(Math.max(0, limits.perDayBytes - limits.usedBytes)) })
  return ''
}

export function bytesIn(sizes: readonly ClipSize[]): number {
  return sum(sizes.map(({ bytes }) => bytes))
}

export function needsApproval({ sizes, limits }: Pick<Wish, 'sizes' | 'limits'>): boolean {
  return limits !== null && bytesIn(sizes) > limits.approvalOverBytes
}

/** `申请下载 3 路 · 966 MB`. */
export function sayRequest(wish: Pick<Wish, 'sizes' | 'ticked' | 'limits'>): string {
  const size = wish.sizes.length < wish.ticked ? none : formatBytes(bytesIn(wish.sizes))
  return t(needsApproval(wish) ? 'exports.requestApproval' : 'exports.request', { count: wish.ticked, size })
}

export function sayApproval(wish: Pick<Wish, 'sizes' | 'limits'>): string {
  if (!wish.limits) return ''
  return needsApproval(wish) ? t('exports.approvalNeeded', { size: formatBytes(wish.limits.approvalOverBytes) }) : t('exports.approvalNotNeeded')
}
