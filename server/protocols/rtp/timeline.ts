/** From the 32-bit timestamps of one sender to one 90 kHz time that runs on whatever the sender does. */
import { timestampStep } from './unwrap.ts'

/** A jump further than this is a clock that was set, not a pause. */
const MAX_JUMP_90K = 10 * 90_000
/** A sender whose timestamps run slower or faster than the day: past this its time is brought back to the arrival's. */
const MAX_DRIFT_90K = 10 * 90_000
/** The step taken when the sender's own is not to be trusted: a frame at 30 a second. */
const DEFAULT_STEP_90K = 3000

/**
 * Extends timestamps past their wrap and places them on a time that begins at the first packet's arrival. On a backward or far jump, on
 * `restart()`, and when the sender drifts away from the arrival clock, the time is rebased on arrival and keeps rising.
 */
export class Timeline {
  readonly #ticksPer90k: number
  #lastTimestamp: number | undefined
  #last90k = 0
  #highest90k = 0
  #mustRebase = false

  constructor(clockRateHz: number) {
    this.#ticksPer90k = 90_000 / clockRateHz
  }

  /** The next timestamp starts anew (a new SSRC). */
  restart(): void {
    this.#mustRebase = true
  }

  /** `maxBackward90k` is how far a timestamp may step back because pictures are sent in decoding order. */
  place(timestamp: number, arrival90k: number, maxBackward90k: number): number {
    if (this.#lastTimestamp === undefined) {
      this.#lastTimestamp = timestamp
      this.#last90k = this.#highest90k = arrival90k
      return arrival90k
    }
    const step90k = timestampStep(this.#lastTimestamp, timestamp) * this.#ticksPer90k
    const placed90k = this.#last90k + step90k
    const isJump = placed90k < this.#highest90k - maxBackward90k || step90k > MAX_JUMP_90K
    const isDrift = Math.abs(placed90k - arrival90k) > MAX_DRIFT_90K
    if (this.#mustRebase || isJump || isDrift) {
      this.#mustRebase = false
      this.#last90k = Math.max(this.#highest90k + DEFAULT_STEP_90K, arrival90k)
    } else {
      this.#last90k = placed90k
    }
    this.#lastTimestamp = timestamp
    this.#highest90k = Math.max(this.#highest90k, this.#last90k)
    return Math.round(this.#last90k)
  }
}
