/** RTP carries presentation times only; muxers want decoding times too. */

/** Until the stream shows its frame rate: how far apart the decoding times before the first picture are. */
const GUESSED_STEP_90K = 3000
/** Senders that do not declare reordering may show up to this much of it. */
const MAX_GUESSED_REORDER = 4

/**
 * Decoding times for pictures given in decoding order, without holding any back: with n pictures of reordering, the decoding time is the
 * smallest of the n + 1 latest presentation times. Strictly rising; never above the presentation time of an honest stream.
 */
export class DecodeTimes {
  /** The n + 1 highest presentation times so far, rising. */
  #window: number[] = []
  #last = Number.NEGATIVE_INFINITY
  #guessedReorder = 0

  /** `reorderFrames` as the SPS declares it; `undefined` when it does not: then it is learned from the first step back. */
  next(pts90k: number, reorderFrames: number | undefined): number {
    if (reorderFrames === undefined && pts90k <= this.#last && this.#guessedReorder < MAX_GUESSED_REORDER) this.#guessedReorder += 1
    const size = (reorderFrames ?? this.#guessedReorder) + 1
    const window = this.#window
    while (window.length < size) window.unshift((window[0] ?? pts90k) - GUESSED_STEP_90K)
    window.push(pts90k)
    for (let i = window.length - 1; i > 0 && window[i - 1]! > window[i]!; i--) [window[i - 1], window[i]] = [window[i]!, window[i - 1]!]
    while (window.length > size) window.shift()
    this.#last = Math.max(window[0]!, this.#last + 1)
    return this.#last
  }
}
