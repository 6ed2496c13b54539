/** Views of the map a person wants to come back to: one's own, few, by name (R-MAP). */
import { randomUUID } from 'node:crypto'
import { AppError } from '../../base/errors.ts'
import type { UserId } from '../../contract/ids.ts'
import { type MapBookmark, MAX_BOOKMARKS } from '../../contract/map.ts'
import type { BookmarkStore } from './store.ts'

/** As a Chinese list of names is read: by pinyin, numbers by size. */
const byName = new Intl.Collator('zh-Hans-CN', { numeric: true })

export function createBookmarks({ store }: { store: BookmarkStore }) {
  return {
    async list(userId: UserId): Promise<MapBookmark[]> {
      return (await store.list(userId)).sort((a, b) => byName.compare(a.name, b.name))
    },
    async add(userId: UserId, wanted: Omit<MapBookmark, 'bookmarkId'>): Promise<MapBookmark> {
      if ((await store.count(userId)) >= MAX_BOOKMARKS) throw new AppError('conflict', `${MAX_BOOKMARKS} bookmarks already`)
      const bookmark = { bookmarkId: randomUUID(), ...wanted }
      await store.add(userId, bookmark)
      return bookmark
    },
    /** Somebody else's is as one that is not there. */
    async remove(userId: UserId, bookmarkId: string): Promise<MapBookmark> {
      const removed = await store.remove(userId, bookmarkId)
      if (!removed) throw new AppError('not_found', 'no such bookmark')
      return removed
    },
  }
}
export type Bookmarks = ReturnType<typeof createBookmarks>
