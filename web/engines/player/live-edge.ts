/** Staying near the live edge: a little faster while behind, one jump when far behind, a little slower before the buffer runs dry. */

export type Chase = {
  rate: number
  /** Where to go, in seconds behind the edge; undefined: stay. */
  jumpToLagS: number | undefined
}

export const targetLagS = 0.5

/** A jump makes the decoder run from the key frame before it, so not one after the other. */
export const minJumpPauseMs = 3000

/**
 * `lagS` is buffered end minus playback position. `isFresh`: the picture has just started or the page has just become visible,
 * when a jump disturbs nobody and what is buffered may be a whole key frame interval old.
 */
export function chase({ lagS, isFresh, isHidden, rate }: { lagS: number; isFresh: boolean; isHidden: boolean; rate: number }): Chase {
  if (lagS > (isFresh || isHidden ? 1.2 : 4)) return { rate: 1, jumpToLagS: targetLagS }
  if (lagS > 2) return { rate: 1.2, jumpToLagS: undefined }
  if (lagS > 1) return { rate: 1.1, jumpToLagS: undefined }
  if (lagS < 0.15) return { rate: 0.95, jumpToLagS: undefined }
  // between the bounds: go on catching up until near the target, so that the rate does not flutter
  const isCatchingUp = rate > 1 && lagS > targetLagS + 0.15
  const isFillingUp = rate < 1 && lagS < targetLagS - 0.15
  return { rate: isCatchingUp || isFillingUp ? rate : 1, jumpToLagS: undefined }
}
