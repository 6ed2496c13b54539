/** What the timeline draws of one camera, in words of the language chosen now. */
import type { CameraId, Instant } from '../../../server/contract/ids.ts'
import type { Fault } from '../../../server/contract/recordings.ts'
import { t } from '../../base/i18n.ts'
import type { TimelineRow } from '../../engines/timeline/index.ts'
import { sayLock } from '../marks/lock-words.ts'
import type { KnownMarks } from '../marks/marks.ts'
import { sayGap } from './gap-words.ts'
import type { KnownTimeline } from './timeline-cover.ts'

/** `离线：连不上`. */
export function sayFault({ status, cause }: Pick<Fault, 'status' | 'cause'>): string {
  const words = t(`status.${status}`)
  return cause === null ? words : t('playback.reasonCause', { reason: words, cause: t(`causes.${cause}.title`) })
}

export function toRow(cameraId: CameraId, known: KnownTimeline | undefined, marks: KnownMarks | undefined, now: Instant): TimelineRow {
  return {
    key: cameraId,
    recorded: known?.recorded ?? [],
    gaps: (known?.gaps ?? []).map((gap) => ({ fromAt: gap.fromAt, toAt: gap.toAt, words: sayGap(gap), isPlanned: gap.reason === 'not_scheduled' })),
    faults: (known?.faults ?? []).map((fault) => ({ fromAt: fault.fromAt, toAt: fault.toAt, words: sayFault(fault), isOffline: fault.status === 'offline' })),
    marks: (marks?.marks ?? []).map(({ markId, at, note }) => ({ key: markId, at, words: note })),
    locks: (marks?.locks ?? []).map((lock) => ({ key: lock.lockId, fromAt: lock.fromAt, toAt: lock.toAt, words: sayLock(lock, now) })),
  }
}
