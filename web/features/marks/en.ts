import type { SameShape } from '../../base/i18n.ts'
import type { zh } from './zh.ts'

export const en: SameShape<typeof zh> = {
  title: 'Marks and locks',
  mark: 'Mark',
  lock: 'Lock',
  unlock: 'Unlock',
  note: 'Note',
  notePlaceholder: 'What is to be seen',
  none: 'No marks or locks of these cameras within the timeline',
  remove: 'Remove mark {note}',
  notSaved: 'Not saved: {why}',
  lockTitle: 'Lock the clip',
  lockNeedsSelection: 'Lock: select a clip first',
  lockedUntil: 'Locked until {day}',
  lockedForGood: 'Locked',
  unlockWarning: 'Unlocking lets this range expire before {day}',
  unlockForGoodWarning: 'Unlocking lets this range expire in due time',
  oneCamera: 'This camera',
  tickedCameras: '{count|ticked camera|ticked cameras}',
  until: 'Until',
  untilDay: 'Until a day',
  untilUnlocked: 'Until unlocked',
  reason: 'Reason',
  reasonPlaceholder: 'Reason, such as a case number',
  lockTooLong: 'At most 31 days of recordings at a time',
  dayWrong: 'The day must be today or later',
}
