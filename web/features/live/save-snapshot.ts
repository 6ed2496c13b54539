/** A still of a live picture, saved as a file that says what it is. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { Instant } from '../../../server/contract/ids.ts'
import { formatDate, formatTime } from '../../base/format.ts'
import { fontFamily } from '../../base/theme.ts'
import { saveFile, snapshotFileName, takeSnapshot } from '../../engines/player/index.ts'
import { snapshotColors } from './picture-colors.ts'

/** `shownAt`: when the server got the frame on the screen. Answers the file's name. */
export async function saveSnapshot(
  video: HTMLVideoElement,
  camera: CameraPoint,
  { shownAt, watermark }: { shownAt: Instant; watermark: string },
): Promise<string> {
  const blob = await takeSnapshot(video, {
    name: camera.name,
    label: camera.label,
    timeText: `${formatDate(shownAt)} ${formatTime(shownAt)}`,
    watermark,
    fontFamily,
    ...snapshotColors,
  })
  const name = snapshotFileName(camera.name, new Date(shownAt))
  saveFile(blob, name)
  return name
}
