import type { SameShape } from '../../base/i18n.ts'
import type { zh } from './zh.ts'

export const en: SameShape<typeof zh> = {
  page: 'Duty overview',
  toMap: 'Back to the map',
  fullScreen: 'Full screen',
  leaveFullScreen: 'Leave full screen',
  needsAction: 'Needs action',
  more: '{count} more',
  changes: 'Newest changes',
  pinned: 'Pinned pictures',
  pin: 'Pin a camera',
  pinHint: 'Three pictures that are always wanted',
  change: 'Another camera',
  unpin: 'Unpin',
  pinGone: 'The pinned camera cannot be seen any more. Choose another, or ask the security administrator',
  noLive: 'This account may not see live pictures. Ask the security administrator',
}
