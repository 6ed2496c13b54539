/** Which moment a picture in a file is. */
import type { Instant } from '../../contract/ids.ts'
import type { StoredSample } from '../../protocols/mp4/fragment-parser.ts'
import type { PlacedFragment } from './recorded-file.ts'

/** More than this between two pictures is a gap, and told. */
export const HOLE_MS = 1_000

/** When a picture of this fragment was taken. */
export const momentOf = ({ at, video }: PlacedFragment, sample: StoredSample): Instant => at + sample.dts - video[0]!.dts

/** Where the last picture of a fragment ends. */
export function endOf(fragment: PlacedFragment): Instant {
  const last = fragment.video.at(-1)!
  return momentOf(fragment, last) + last.duration
}

/** Index of the last key frame at or before `at`, -1 when there is none. */
export function keyIndexAt(fragment: PlacedFragment, at: Instant): number {
  return fragment.video.findLastIndex((sample) => sample.isKey && momentOf(fragment, sample) <= at)
}
