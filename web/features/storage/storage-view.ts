/** The storage page's view, read from and written to the URL. */
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { parseStorageView, serializeStorageView, type StorageView } from './query.ts'

export type StorageViewHandle = { view: ComputedRef<StorageView>; change(changes: Partial<StorageView>): void }

export function useStorageView(): StorageViewHandle {
  const route = useRoute()
  const router = useRouter()
  const view = computed(() => parseStorageView(route.query))

  /** Another part is a step one can go back from; a filter is not. */
  function change(changes: Partial<StorageView>): void {
    if (route.name !== 'storage') return
    const next = { name: 'storage', query: serializeStorageView({ ...view.value, ...changes }) }
    void (changes.part !== undefined && changes.part !== view.value.part ? router.push(next) : router.replace(next))
  }
  return { view, change }
}
