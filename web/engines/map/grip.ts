/**
 * What the mouse takes hold of to drag a camera off the map. Only an element of the page can be dragged to another window, so an invisible one lies over the
 * point under the pointer. Pointer events go through it to the map: clicks, hovers and the wheel are as without it; only panning does not begin there.
 */
import Interaction from 'ol/interaction/Interaction.js'
import type OlMap from 'ol/Map.js'
import { unByKey } from 'ol/Observable.js'
import type { CameraId } from '../../../server/contract/ids.ts'

/** As wide as what counts as pointing at it (`hitItem`). */
const radiusPx = 9

export type Grip = ReturnType<typeof createGrip>

export function createGrip(
  map: OlMap,
  {
    pixelOf,
    sizeScale,
    onDrag,
  }: {
    pixelOf(cameraId: CameraId): readonly [number, number] | null
    sizeScale(): number
    onDrag(event: DragEvent, cameraId: CameraId): void
  },
) {
  const element = document.createElement('div')
  let cameraId: CameraId | null = null
  let isDragged = false
  element.className = 'point-grip'
  element.draggable = true
  element.setAttribute('aria-hidden', 'true') // the list beside the map is for those without a mouse
  Object.assign(element.style, { position: 'absolute', pointerEvents: 'auto', borderRadius: '50%', transform: 'translate(-50%, -50%)', display: 'none' })
  element.addEventListener('dragstart', onStart)
  element.addEventListener('dragend', onEnd)
  map.getOverlayContainer()?.append(element)
  const interaction = new Interaction({ handleEvent: ({ type, originalEvent }) => type !== 'pointerdown' || originalEvent.target !== element })
  map.addInteraction(interaction)
  const key = map.on('postrender', place)

  function onStart(event: DragEvent) {
    if (cameraId === null) return event.preventDefault()
    isDragged = true
    onDrag(event, cameraId)
  }

  function onEnd() {
    isDragged = false
    place()
  }

  function place() {
    // taken off the page, or out of sight, a browser would end the drag
    if (isDragged) return
    const pixel = cameraId === null ? null : pixelOf(cameraId)
    element.style.display = pixel ? 'block' : 'none'
    if (!pixel) return
    const sidePx = `${2 * radiusPx * sizeScale()}px`
    Object.assign(element.style, { left: `${pixel[0]}px`, top: `${pixel[1]}px`, width: sidePx, height: sidePx })
  }

  return {
    /** null: nothing is under the pointer. */
    show(next: CameraId | null) {
      if (next === cameraId) return
      cameraId = next
      place()
    },
    /** Between the beginning of a drag and its end: the map gets a pointer that is lifted, and must not take it for a click. */
    isDragged: () => isDragged,
    close() {
      unByKey(key)
      map.removeInteraction(interaction)
      interaction.dispose()
      element.remove()
    },
  }
}
