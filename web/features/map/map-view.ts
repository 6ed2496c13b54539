/** The map page's view, read from and written to the URL. */
import { computed, type ComputedRef, onScopeDispose, type Ref, ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { isSamePlace, type MapPlace, type MapQuery, parseMapQuery, serializeMapQuery } from './query.ts'

/** The address follows typing after this pause. */
const typingMs = 250
/** … and the map after this one. */
const movingMs = 500

export type MapView = {
  view: ComputedRef<MapQuery>
  /** What stands in the search field now; `view.text` follows it. */
  text: Ref<string>
  change(changes: Partial<MapQuery>): void
  /** The map has come to rest there. */
  noteMoved(place: MapPlace): void
}

export function useMapView(): MapView {
  const route = useRoute()
  const router = useRouter()
  const view = computed<MapQuery>((before) => {
    const parsed = parseMapQuery(route.query)
    // the same filter and shape stay the same objects: the map's points are not worked out anew for every move
    return before ? { ...parsed, ...keepSame(before, parsed) } : parsed
  })
  const text = ref(view.value.text)
  let timer: ReturnType<typeof setTimeout> | undefined
  let movedTimer: ReturnType<typeof setTimeout> | undefined
  /** Where the map stood first: the address does not repeat what everybody sees. */
  let home: MapPlace | undefined
  /** Where it stands now; `undefined` until it has spoken. */
  let place: MapPlace | null | undefined

  function change(changes: Partial<MapQuery>): void {
    clearTimeout(timer)
    clearTimeout(movedTimer)
    const next = { ...view.value, text: text.value, ...(place === undefined ? {} : { place }), ...changes }
    text.value = next.text
    void router.replace({ name: 'map', query: serializeMapQuery(next) })
  }

  function noteMoved(to: MapPlace): void {
    home ??= to
    place = isSamePlace(to, home) ? null : to
    clearTimeout(movedTimer)
    movedTimer = setTimeout(() => route.name === 'map' && !isSamePlace(place ?? null, view.value.place) && change({}), movingMs)
  }
  onScopeDispose(() => {
    clearTimeout(timer)
    clearTimeout(movedTimer)
  })

  watch(text, (typed) => {
    clearTimeout(timer)
    if (typed !== view.value.text) timer = setTimeout(() => route.name === 'map' && change({}), typingMs)
  })
  // the address changed from outside: a link, the browser's back
  watch(
    () => view.value.text,
    (inAddress) => (text.value = inAddress),
  )

  return { view, text, change, noteMoved }
}

function keepSame(before: MapQuery, after: MapQuery): Pick<MapQuery, 'filter' | 'shape' | 'nearLonLat' | 'droppedIds'> {
  const same = <T>(a: T, b: T): T => (JSON.stringify(a) === JSON.stringify(b) ? a : b)
  return {
    filter: same(before.filter, after.filter),
    shape: same(before.shape, after.shape),
    nearLonLat: same(before.nearLonLat, after.nearLonLat),
    droppedIds: same(before.droppedIds, after.droppedIds),
  }
}
