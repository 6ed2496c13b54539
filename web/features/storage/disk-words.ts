/** How a disk is, in words: state, cause, and who does what next. */
import type { StorageDisk } from '../../../server/contract/storage.ts'
import { t } from '../../base/i18n.ts'
import type { MessageKey } from '../../base/i18n.ts'

export type DiskWords = { kind: 'ok' | 'warn' | 'bad'; state: string; cause: string; next: string }

const details = ['identity', 'ENOENT', 'EACCES', 'EROFS', 'EIO', 'ENOSPC', 'hangs'] as const

export function sayDisk({ state, level, detail }: Pick<StorageDisk, 'state' | 'level' | 'detail'>): DiskWords {
  const cause = detail === null ? '' : sayDetail(detail)
  if (state !== 'ok') return { kind: 'bad', state: t(`storage.disks.stateWord.${state}`), cause, next: t(`storage.disks.stateWhat.${state}`) }
  const words = { state: t(`storage.disks.level.${level}`), cause }
  return level === 'ok'
    ? { kind: 'ok', ...words, next: '' }
    : { kind: level === 'warn' ? 'warn' : 'bad', ...words, next: t(`storage.disks.levelWhat.${level}`) }
}

function sayDetail(code: string): string {
  const known = details.find((each) => each === code)
  const key: MessageKey = known === undefined ? 'storage.disks.detail.other' : `storage.disks.detail.${known}`
  return t(key, { code })
}
