/** A camera dragged out of a list: a wall takes it into a tile. */
import type { CameraId } from '../../../server/contract/ids.ts'

export const cameraDragType = 'application/x-mapwall-camera'

export function startCameraDrag(event: DragEvent, cameraId: CameraId): void {
  if (!event.dataTransfer) return
  event.dataTransfer.effectAllowed = 'copy'
  event.dataTransfer.setData(cameraDragType, cameraId)
}
