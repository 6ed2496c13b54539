/** Which cameras the map shows and the list names, for a view. */
import { computed, type ComputedRef, type MaybeRefOrGetter, toValue } from 'vue'
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import { statusOrder } from '../../../server/contract/status.ts'
import { filterCameras, isFiltering } from '../cameras/filter.ts'
import { type CameraMatch, compareNames, searchCameras } from '../cameras/search.ts'
import type { MapQuery } from './query.ts'

export type CameraRow = { key: CameraId; point: CameraPoint; match: CameraMatch | null }

type Options = {
  points: MaybeRefOrGetter<readonly CameraPoint[]>
  view: MaybeRefOrGetter<MapQuery>
  text: MaybeRefOrGetter<string>
  visibleIds: MaybeRefOrGetter<ReadonlySet<CameraId>>
}

export function useCameraRows({ points, view, text, visibleIds }: Options): {
  isSearching: ComputedRef<boolean>
  isListShown: ComputedRef<boolean>
  isInViewOnly: ComputedRef<boolean>
  /** What fits the search and the filters. */
  found: ComputedRef<readonly CameraPoint[]>
  /** The same and the chosen camera: what the map draws. */
  shown: ComputedRef<readonly CameraPoint[]>
  /** What the list names. */
  rows: ComputedRef<readonly CameraRow[]>
  inViewCount: ComputedRef<number>
} {
  const isSearching = computed(() => toValue(text).trim() !== '')
  const isListShown = computed(() => isSearching.value || isFiltering(toValue(view).filter) || toValue(view).isListOpen)
  // a search looks everywhere; a list without one mirrors the map
  const isInViewOnly = computed(() => toValue(view).isInViewOnly ?? !isSearching.value)

  const filtered = computed(() => filterCameras(toValue(points), toValue(view).filter))
  const matches = computed(() => (isSearching.value ? searchCameras(filtered.value, toValue(text)) : null))
  const found = computed(() => matches.value?.map((match) => match.point) ?? filtered.value)

  const shown = computed(() => {
    const chosenId = toValue(view).cameraId
    if (chosenId === null || found.value.some((point) => point.cameraId === chosenId)) return found.value
    const chosen = toValue(points).find((point) => point.cameraId === chosenId)
    return chosen === undefined ? found.value : [...found.value, chosen] // the chosen one never vanishes under a filter
  })

  const rows = computed<readonly CameraRow[]>(() => {
    if (!isListShown.value) return []
    const all =
      matches.value?.map((match) => ({ key: match.point.cameraId, point: match.point, match })) ??
      filtered.value.toSorted(compareForList).map((point) => ({ key: point.cameraId, point, match: null }))
    return isInViewOnly.value ? all.filter((row) => toValue(visibleIds).has(row.key)) : all
  })
  const inViewCount = computed(() => found.value.reduce((count, point) => count + (toValue(visibleIds).has(point.cameraId) ? 1 : 0), 0))

  return { isSearching, isListShown, isInViewOnly, found, shown, rows, inViewCount }
}

function compareForList(a: CameraPoint, b: CameraPoint): number {
  return statusOrder.indexOf(a.state.status) - statusOrder.indexOf(b.state.status) || compareNames(a, b)
}
