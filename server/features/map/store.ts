/** The table `map_bookmarks`. */
import type { Database } from '../../base/db.ts'
import type { UserId } from '../../contract/ids.ts'
import type { MapBookmark } from '../../contract/map.ts'

type BookmarkRow = { bookmark_id: string; user_id: UserId; name: string; lon: number; lat: number; zoom: number; query: string }

const bookmarkOf = (row: BookmarkRow): MapBookmark => ({
  bookmarkId: row.bookmark_id,
  name: row.name,
  lonLat: [row.lon, row.lat],
  zoom: row.zoom,
  query: row.query,
})

export function createBookmarkStore(database: Database) {
  const db = database.as<{ map_bookmarks: BookmarkRow }>()
  return {
    async list(userId: UserId): Promise<MapBookmark[]> {
      const rows = await db.selectFrom('map_bookmarks').selectAll().where('user_id', '=', userId).orderBy('bookmark_id').execute()
      return rows.map(bookmarkOf)
    },
    async count(userId: UserId): Promise<number> {
      const counted = db.selectFrom('map_bookmarks').select(({ fn }) => fn.countAll<number>().as('bookmarks'))
      return (await counted.where('user_id', '=', userId).executeTakeFirstOrThrow()).bookmarks
    },
    async add(userId: UserId, { bookmarkId, name, lonLat: [lon, lat], zoom, query }: MapBookmark): Promise<void> {
      await db.insertInto('map_bookmarks').values({ bookmark_id: bookmarkId, user_id: userId, name, lon, lat, zoom, query }).execute()
    },
    async remove(userId: UserId, bookmarkId: string): Promise<MapBookmark | undefined> {
      const removed = db.deleteFrom('map_bookmarks').where('user_id', '=', userId).where('bookmark_id', '=', bookmarkId).returningAll()
      const row = await removed.executeTakeFirst()
      return row && bookmarkOf(row)
    },
  }
}
export type BookmarkStore = ReturnType<typeof createBookmarkStore>
