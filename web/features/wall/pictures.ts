/**
 * Which pictures the grid holds. A picture is one camera with its player; it keeps both while it moves from tile to tile, so that a swap opens no stream anew.
 * Pure: `reconcile` takes what there was and what is wanted.
 */
import type { CameraId } from '../../../server/contract/ids.ts'

export type WantedPicture = {
  cameraId: CameraId
  /** From 0. */
  tile: number
  /** Decoded for the next step of a rotation; not seen yet. */
  isNext: boolean
}
export type Picture = WantedPicture & { key: number }

/** The same camera keeps its picture, in its own tile first. The order is that of the keys: the elements in the page never move. */
export function reconcile(before: readonly Picture[], wanted: readonly WantedPicture[], newKey: () => number): Picture[] {
  const left = new Set(before)
  const take = (fits: (picture: Picture) => boolean) => {
    const found = [...left].find(fits)
    if (found) left.delete(found)
    return found
  }
  // exact ones first, so that a camera shown twice keeps both
  const kept = new Map<WantedPicture, Picture>()
  const tries: ((want: WantedPicture, picture: Picture) => boolean)[] = [
    (want, picture) => picture.tile === want.tile && picture.isNext === want.isNext,
    (want, picture) => picture.tile === want.tile,
    (want, picture) => picture.isNext === want.isNext,
    () => true,
  ]
  for (const fits of tries) {
    for (const want of wanted) {
      if (kept.has(want)) continue
      const found = take((picture) => picture.cameraId === want.cameraId && fits(want, picture))
      if (found) kept.set(want, found)
    }
  }
  return wanted
    .map((want) => {
      const old = kept.get(want)
      if (old && old.tile === want.tile && old.isNext === want.isNext) return old
      return { ...want, key: old?.key ?? newKey() }
    })
    .toSorted((a, b) => a.key - b.key)
}
