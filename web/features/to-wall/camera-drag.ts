/** Cameras dragged from a tree, a list or the map onto a wall, also from one window to another. */
import { CameraId } from '../../../server/contract/ids.ts'

/** One camera's id, or several separated by commas. */
export const cameraDragType = 'application/x-mapwall-camera'

export function startCameraDrag(event: DragEvent, cameraIds: readonly CameraId[], name: string): void {
  const { dataTransfer } = event
  if (!dataTransfer) return
  dataTransfer.effectAllowed = 'copyMove'
  dataTransfer.setData(cameraDragType, cameraIds.join(','))
  dataTransfer.setData('text/plain', name)
}

/** For what has no look of its own to be dragged: its name hangs on the pointer. */
export function startNamedDrag(event: DragEvent, cameraIds: readonly CameraId[], name: string): void {
  startCameraDrag(event, cameraIds, name)
  const label = document.createElement('div')
  label.className = 'float drag-label'
  label.textContent = name
  document.body.append(label)
  event.dataTransfer?.setDragImage(label, -12, -12)
  // the browser has its picture as soon as this event is over
  setTimeout(() => label.remove())
}

/** Is it ours? The data itself can only be read at the drop. */
export function isCameraDrag({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes(cameraDragType) ?? false
}

export function droppedCameras({ dataTransfer }: DragEvent): CameraId[] {
  const text = dataTransfer?.getData(cameraDragType) ?? ''
  return text.split(',').flatMap((id) => CameraId.safeParse(id).data ?? [])
}
