/** Views somebody wants to come back to: listed, saved, removed (one's own, kept by the server). */
import { onScopeDispose, type Ref, ref, type ShallowRef, shallowRef } from 'vue'
import { mapApi, type MapBookmark } from '../../../server/contract/map.ts'
import { ApiError, call } from '../../base/api.ts'

/** The longest address the server keeps. */
export const maxQueryLength = 2_000

export function useBookmarks(): {
  bookmarks: ShallowRef<readonly MapBookmark[] | null>
  problem: ShallowRef<ApiError | null>
  isBusy: Ref<boolean>
  load(): Promise<void>
  add(bookmark: Omit<MapBookmark, 'bookmarkId'>): Promise<boolean>
  remove(bookmarkId: string): Promise<void>
} {
  const bookmarks: ShallowRef<readonly MapBookmark[] | null> = shallowRef(null)
  const problem: ShallowRef<ApiError | null> = shallowRef(null)
  const isBusy = ref(false)
  const aborting = new AbortController()
  onScopeDispose(() => aborting.abort())
  const { signal } = aborting

  async function attempt(work: () => Promise<void>): Promise<boolean> {
    isBusy.value = true
    problem.value = null
    try {
      await work()
      return true
    } catch (error) {
      if (signal.aborted) return false
      if (!(error instanceof ApiError)) throw error
      problem.value = error
      return false
    } finally {
      isBusy.value = false
    }
  }
  const byName = (a: MapBookmark, b: MapBookmark) => a.name.localeCompare(b.name)

  return {
    bookmarks,
    problem,
    isBusy,
    load: async () => void (await attempt(async () => void (bookmarks.value = await call(mapApi.bookmarks, { signal })))),
    add: (bookmark) =>
      attempt(async () => {
        const added = await call(mapApi.addBookmark, { body: bookmark, signal })
        bookmarks.value = [...(bookmarks.value ?? []), added].toSorted(byName)
      }),
    remove: async (bookmarkId) =>
      void (await attempt(async () => {
        await call(mapApi.removeBookmark, { params: { bookmarkId }, signal })
        bookmarks.value = (bookmarks.value ?? []).filter((each) => each.bookmarkId !== bookmarkId)
      })),
  }
}
