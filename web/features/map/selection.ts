/** The cameras in what was drawn, or nearest to what was clicked, and what of them is listed. */
import { computed, type ComputedRef, type MaybeRefOrGetter, type Ref, shallowRef, toValue, watch } from 'vue'
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import type { CameraStatus } from '../../../server/contract/status.ts'
import { listInShape, listNearest } from '../../engines/map/index.ts'
import type { ShownSelection } from '../../engines/map/tools.ts'
import { countStates, type StateCounts } from '../cameras/counts.ts'
import { noFilter } from '../cameras/filter.ts'
import type { MapQuery } from './query.ts'

/** `far` only where somebody asked for the nearest: how far the camera stands from there, in which direction, and whether it sees the place. */
export type SelectionHit = { point: CameraPoint; far: { distanceM: number; bearingDeg: number; seesPlace: boolean } | null }

/** So many of the nearest are worth naming. */
export const nearestCount = 20

type Options = {
  /** What the search and the filters let through. */
  points: MaybeRefOrGetter<readonly CameraPoint[]>
  view: MaybeRefOrGetter<MapQuery>
  change(changes: Partial<MapQuery>): void
}

export function useSelection({ points, view, change }: Options): {
  kind: ComputedRef<'shape' | 'near' | null>
  /** All but the dropped ones, in order. */
  hits: ComputedRef<readonly SelectionHit[]>
  counts: ComputedRef<StateCounts>
  statuses: Ref<ReadonlySet<CameraStatus>>
  /** Those of the chosen states: what the list names, the map numbers and the actions take. */
  listed: ComputedRef<readonly SelectionHit[]>
  shown: ComputedRef<ShownSelection | null>
  toggleStatus(status: CameraStatus): void
  drop(cameraId: CameraId): void
  clear(): void
} {
  const statuses = shallowRef<ReadonlySet<CameraStatus>>(new Set())
  const shape = computed(() => toValue(view).shape)
  const nearLonLat = computed(() => toValue(view).nearLonLat)
  const kind = computed(() => (shape.value !== null ? 'shape' : nearLonLat.value !== null ? 'near' : null))

  const found = computed<readonly SelectionHit[]>(() => {
    if (shape.value !== null) return listInShape(toValue(points), shape.value).map((point) => ({ point, far: null }))
    if (nearLonLat.value === null) return []
    return listNearest(toValue(points), nearLonLat.value, nearestCount).map(({ point, ...far }) => ({ point, far }))
  })
  const hits = computed(() => {
    const dropped = new Set(toValue(view).droppedIds)
    return dropped.size === 0 ? found.value : found.value.filter(({ point }) => !dropped.has(point.cameraId))
  })
  const counts = computed(() => countStates(hits.value.map(({ point }) => point)))
  const listed = computed(() => (statuses.value.size === 0 ? hits.value : hits.value.filter(({ point }) => statuses.value.has(point.state.status))))
  const listedIds = computed<readonly CameraId[]>((before) => {
    const next = listed.value.map(({ point }) => point.cameraId)
    return before && before.join() === next.join() ? before : next
  })
  const shown = computed<ShownSelection | null>(() => {
    if (shape.value !== null) return { shape: shape.value, cameraIds: listedIds.value }
    // the clicked place itself: a circle of nothing
    return nearLonLat.value === null ? null : { shape: { kind: 'circle', center: nearLonLat.value, radiusM: 1 }, cameraIds: listedIds.value }
  })
  watch([shape, nearLonLat], () => (statuses.value = new Set()))

  function toggleStatus(status: CameraStatus): void {
    const next = new Set(statuses.value)
    if (!next.delete(status)) next.add(status)
    statuses.value = next
  }

  return {
    kind,
    hits,
    counts,
    statuses,
    listed,
    shown,
    toggleStatus,
    drop: (cameraId) => change({ droppedIds: [...toValue(view).droppedIds, cameraId] }),
    clear: () => change({ shape: null, nearLonLat: null, droppedIds: [] }),
  }
}

/** Everything that makes a list at the left, undone. */
export const noList = { text: '', filter: noFilter, isListOpen: false, isInViewOnly: null } as const satisfies Partial<MapQuery>
