/** A still of a live or recorded picture, saved as a file that says what it is. */
import type { CameraPoint } from '../../../server/contract/cameras.ts'
import type { Instant } from '../../../server/contract/ids.ts'
import { formatDate, formatTime } from '../../base/format.ts'
import { t } from '../../base/i18n.ts'
import { fontFamily } from '../../base/theme.ts'
import { snapshotFileName, takeSnapshot } from '../../engines/player/index.ts'
import { notSavedWords, saveTaken, type Taken } from '../taken/save-taken.ts'
import { snapshotColors } from './picture-colors.ts'

/** `shownAt`: when the server got the frame on the screen. Answers what to say: the file's name, or why there is none. */
export async function saveSnapshot(
  video: HTMLVideoElement,
  camera: CameraPoint,
  { what, shownAt, watermark }: { what: 'snapshot' | 'recordedSnapshot'; shownAt: Instant; watermark: string },
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
  return saveOrSay({ what, cameraId: camera.cameraId, shownAt }, blob, name)
}

async function saveOrSay(taken: Taken, blob: Blob, name: string): Promise<string> {
  try {
    await saveTaken(taken, blob, name)
    return t('live.saved', { name })
  } catch (error) {
    const words = notSavedWords(error)
    if (words === undefined) throw error
    return words
  }
}
