/** When a file was made, in its name. */
import type { Instant } from '../../../server/contract/ids.ts'
import { formatDate, formatTime } from '../../base/format.ts'

/** `20261122-194208`, local time. */
export function fileStamp(at: Instant): string {
  return `${formatDate(at)}-${formatTime(at)}`.replace(/[-:]/g, '').replace(/^(\d{8})/, '$1-')
}
