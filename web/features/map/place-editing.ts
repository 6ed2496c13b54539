/** A camera whose place and field of view somebody sets (R-MAP-8): handles on the map and a form say the same; nothing holds until it is saved. */
import { computed, type ComputedRef, type Ref, ref, type ShallowRef, shallowRef } from 'vue'
import { cameraApi, type CameraMove, type CameraPoint } from '../../../server/contract/cameras.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import { ApiError, call } from '../../base/api.ts'
import { type EditedPlace, metresBetween } from '../../engines/map/index.ts'

export function placeOf({ lonLat, headingDeg, fovDeg, reachM }: EditedPlace): EditedPlace {
  return { lonLat, headingDeg, fovDeg, reachM }
}

/** What the server takes: directions in tenths of a degree, metres whole, places to a centimetre. */
export function rounded({ lonLat: [lon, lat], headingDeg, fovDeg, reachM }: EditedPlace): EditedPlace {
  return {
    lonLat: [Number(lon.toFixed(7)), Number(lat.toFixed(7))],
    headingDeg: (Math.round(headingDeg * 10) / 10 + 360) % 360,
    fovDeg: Math.round(fovDeg * 10) / 10,
    reachM: Math.round(reachM),
  }
}

export function usePlaceEditing(): {
  camera: ShallowRef<CameraPoint | null>
  /** Where the form and the handles stand. */
  place: ShallowRef<EditedPlace | null>
  /** Where the handles are put: it changes with the form, not with the handles. */
  shown: ShallowRef<{ cameraId: CameraId; place: EditedPlace } | null>
  reason: Ref<string>
  isChanged: ComputedRef<boolean>
  movedM: ComputedRef<number>
  problem: ShallowRef<ApiError | null>
  isSaving: Ref<boolean>
  /** Where it was and is, after saving; null once another is placed. */
  saved: ShallowRef<CameraMove | null>
  start(camera: CameraPoint): void
  /** A handle was pulled. */
  onEdited(place: EditedPlace): void
  /** A field was filled in. */
  type(changes: Partial<EditedPlace>): void
  setReason(reason: string): void
  /** Back to how it is. */
  reset(): void
  cancel(): void
  save(): Promise<void>
} {
  const camera = shallowRef<CameraPoint | null>(null)
  const place = shallowRef<EditedPlace | null>(null)
  const shown = shallowRef<{ cameraId: CameraId; place: EditedPlace } | null>(null)
  const reason = ref('')
  const problem = shallowRef<ApiError | null>(null)
  const isSaving = ref(false)
  const saved = shallowRef<CameraMove | null>(null)

  const isChanged = computed(
    () => camera.value !== null && place.value !== null && JSON.stringify(rounded(place.value)) !== JSON.stringify(rounded(placeOf(camera.value))),
  )
  const movedM = computed(() => (camera.value === null || place.value === null ? 0 : metresBetween(camera.value.lonLat, place.value.lonLat)))

  function show(next: EditedPlace): void {
    place.value = next
    if (camera.value !== null) shown.value = { cameraId: camera.value.cameraId, place: next }
  }

  function start(next: CameraPoint): void {
    camera.value = next
    reason.value = ''
    problem.value = saved.value = null
    show(placeOf(next))
  }

  function cancel(): void {
    camera.value = place.value = shown.value = problem.value = null
    reason.value = ''
  }

  async function save(): Promise<void> {
    if (camera.value === null || place.value === null || isSaving.value) return
    isSaving.value = true
    problem.value = null
    try {
      const { cameraId } = camera.value
      saved.value = await call(cameraApi.place, {
        params: { cameraId },
        body: { ...rounded(place.value), lonLat: [...rounded(place.value).lonLat], reason: reason.value.trim() },
      })
      cancel()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      problem.value = error
    } finally {
      isSaving.value = false
    }
  }

  return {
    camera,
    place,
    shown,
    reason,
    isChanged,
    movedM,
    problem,
    isSaving,
    saved,
    start,
    onEdited: (next) => (place.value = next),
    type: (changes) => place.value !== null && show({ ...place.value, ...changes }),
    setReason: (text) => (reason.value = text),
    reset: () => camera.value !== null && show(placeOf(camera.value)),
    cancel,
    save,
  }
}
