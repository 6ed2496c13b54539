/** What a segment says about itself, so that the index can be made again from the files alone (R-RECOVER). */
import { z } from 'zod'
import { CameraId, Instant, Profile } from '../../contract/ids.ts'

export const SegmentNote = z.object({
  version: z.literal(1),
  cameraId: CameraId,
  profile: Profile,
  startAt: Instant,
  /** How far the times in this file are ahead of this machine's clock when it began: above 0 after a clock was set back. */
  clockOffsetMs: z.number().int(),
})
export type SegmentNote = z.infer<typeof SegmentNote>
