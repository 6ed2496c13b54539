/** When the card of a point shows, and where: after a moment's stay, beside the point, inside the map. */
import { onScopeDispose, ref, shallowRef } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'

const STAY_MS = 150
const GAP_PX = 18

export type HoverPlace = { left?: string; right?: string; top?: string; bottom?: string }

export function useMapHover(pixelOf: (cameraId: CameraId) => readonly [number, number] | null) {
  const shownId = ref<CameraId | null>(null)
  const place = shallowRef<HoverPlace | null>(null)
  let pointedId: CameraId | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  function point(cameraId: CameraId | null): void {
    if (cameraId === pointedId) return
    hide()
    pointedId = cameraId
    if (cameraId === null) return
    timer = setTimeout(() => {
      shownId.value = cameraId
      follow()
    }, STAY_MS)
  }

  function hide(): void {
    clearTimeout(timer)
    pointedId = null
    shownId.value = null
    place.value = null
  }

  /** Keeps the card at its point while the map moves. */
  function follow(): void {
    if (shownId.value === null) return
    const pixel = pixelOf(shownId.value)
    if (!pixel) return hide()
    const [x, y] = pixel
    place.value = {
      ...(x < window.innerWidth * 0.55 ? { left: `${x + GAP_PX}px` } : { right: `calc(100% - ${x - GAP_PX}px)` }),
      ...(y < window.innerHeight * 0.55 ? { top: `${y + GAP_PX}px` } : { bottom: `calc(100% - ${y - GAP_PX}px)` }),
    }
  }

  onScopeDispose(hide)
  return { shownId, place, point, hide, follow }
}
