/**
 * The one way a file leaves the screen (R-SEC-3): the server is told what it is, and only with its answer the browser gets it.
 * Nothing else in the page saves a file it has made (`test/architecture.test.ts`).
 */
import type { CameraId, Instant, LonLat } from '../../../server/contract/ids.ts'
import { takenApi } from '../../../server/contract/taken.ts'
import { ApiError, call } from '../../base/api.ts'
import { describeError } from '../../base/describe-error.ts'
import { t } from '../../base/i18n.ts'
import { saveFile } from '../../engines/player/index.ts'

export type Taken =
  | { what: 'snapshot' | 'recordedSnapshot'; cameraId: CameraId; shownAt: Instant }
  | { what: 'cameraTable'; cameraIds: readonly CameraId[]; pastAt: Instant | null }
  | { what: 'mapPicture'; lonLat: LonLat; zoom: number; pastAt: Instant | null }

/** Throws `ApiError` when the server refuses or is away: then no file was saved. */
export async function saveTaken(taken: Taken, blob: Blob, name: string): Promise<void> {
  await record(taken)
  saveFile(blob, name)
}

/** Why there is no file; undefined when that is not for the server to say. */
export const notSavedWords = (error: unknown): string | undefined =>
  error instanceof ApiError ? t('taken.notSaved', { why: describeError(error) }) : undefined

const whole = (at: Instant | null) => (at === null ? null : Math.round(at))

async function record(taken: Taken): Promise<void> {
  switch (taken.what) {
    case 'snapshot':
    case 'recordedSnapshot':
      await call(takenApi[taken.what], { params: { cameraId: taken.cameraId }, body: { shownAt: Math.round(taken.shownAt) } })
      return
    case 'cameraTable':
      await call(takenApi.cameraTable, { body: { cameraIds: [...taken.cameraIds], pastAt: whole(taken.pastAt) } })
      return
    case 'mapPicture':
      await call(takenApi.mapPicture, { body: { lonLat: [...taken.lonLat], zoom: taken.zoom, pastAt: whole(taken.pastAt) } })
  }
}
