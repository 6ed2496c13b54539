/** The map page's view, read from and written to the URL. */
import { computed, type ComputedRef, type Ref, ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { type MapQuery, parseMapQuery, serializeMapQuery } from './query.ts'

/** The address follows typing after this pause. */
const typingMs = 250

export type MapView = {
  view: ComputedRef<MapQuery>
  /** What stands in the search field now; `view.text` follows it. */
  text: Ref<string>
  change(changes: Partial<MapQuery>): void
}

export function useMapView(): MapView {
  const route = useRoute()
  const router = useRouter()
  const view = computed(() => parseMapQuery(route.query))
  const text = ref(view.value.text)
  let timer: ReturnType<typeof setTimeout> | undefined

  function change(changes: Partial<MapQuery>): void {
    clearTimeout(timer)
    const next = { ...view.value, text: text.value, ...changes }
    text.value = next.text
    void router.replace({ name: 'map', query: serializeMapQuery(next) })
  }

  watch(text, (typed) => {
    clearTimeout(timer)
    if (typed !== view.value.text) timer = setTimeout(() => route.name === 'map' && change({}), typingMs)
  })
  // the address changed from outside: a link, the browser's back
  watch(
    () => view.value.text,
    (inAddress) => (text.value = inAddress),
  )

  return { view, text, change }
}
