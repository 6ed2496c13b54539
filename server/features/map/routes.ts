import { routes } from '../../base/routes.ts'
import { mapApi, type MapBookmark, type MapConfig } from '../../contract/map.ts'
import type { Bookmarks } from './bookmarks.ts'

/** Which base map the pages draw (a setting, or the made-up district of the demo), and one's own bookmarks. */
export const mapRoutes = ({ map, bookmarks }: { map: MapConfig; bookmarks: Bookmarks }) =>
  routes(mapApi, {
    config: () => map,
    bookmarks: ({ user }) => bookmarks.list(user.userId),
    addBookmark: async ({ body, user, note }) => {
      const bookmark = await bookmarks.add(user.userId, body)
      note({ detail: auditOf(bookmark) })
      return bookmark
    },
    removeBookmark: async ({ params, user, note }) => {
      note({ detail: auditOf(await bookmarks.remove(user.userId, params.bookmarkId)) })
      return {}
    },
  })

const auditOf = ({ bookmarkId, name }: MapBookmark) => ({ bookmarkId, name })
