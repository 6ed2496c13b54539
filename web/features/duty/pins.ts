/** Which three cameras the overview keeps beside the map: in the address, so that it can be shared, and on this screen, so that it comes back. */
import { computed } from 'vue'
import { type LocationQuery, useRoute, useRouter } from 'vue-router'
import { CameraId } from '../../../server/contract/ids.ts'
import { usePreference } from '../../base/preference.ts'

export const pinCount = 3
export type Pins = readonly (CameraId | null)[]

const kept = usePreference<Pins>('dutyPins', () => [null, null, null], isPins)

function isPins(value: unknown): boolean {
  return Array.isArray(value) && value.length === pinCount && value.every((id) => id === null || CameraId.safeParse(id).success)
}

/** `pins=a,,c`: an empty place is an empty name; null: the address does not say. */
export function parsePins(query: LocationQuery): Pins | null {
  const text = query['pins']
  if (typeof text !== 'string') return null
  const ids = text.split(',').map((id) => CameraId.safeParse(id).data ?? null)
  return Array.from({ length: pinCount }, (_, i) => ids[i] ?? null)
}

export function usePins() {
  const route = useRoute()
  const router = useRouter()
  const pins = computed<Pins>(() => parsePins(route.query) ?? kept.value.value)

  function set(place: number, cameraId: CameraId | null): void {
    const next = pins.value.map((id, i) => (i === place ? cameraId : id))
    kept.set(next)
    void router.replace({ query: { ...route.query, pins: next.map((id) => id ?? '').join(',') } })
  }

  return { pins, set }
}
