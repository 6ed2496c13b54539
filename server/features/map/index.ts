/** All that others may use of map. */
export { type Bookmarks, createBookmarks } from './bookmarks.ts'
export { mapRoutes } from './routes.ts'
export { createBookmarkStore } from './store.ts'
