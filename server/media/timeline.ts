/** Puts the clocks of a camera's tracks onto one timeline of ours, in FLV milliseconds, that never runs backwards. */

/** How far a camera's clock may leave the arrival times before it is not believed: more than any burst of a stored GOP. */
const MAX_DRIFT_MS = 12_000
/** Tracks whose clocks begin closer than this share one clock (RTCP sender reports or the driver made it so). */
const SHARED_CLOCK_MS = 2_000
/** Distance kept between two units when a clock was set anew. */
const STEP_MS = 1

type Track = { offsetMs: number; lastMs: number }

/**
 * One pull has one `Timeline`; the next pull goes on from `startMs`. In: 90 kHz times of a track and the monotonic time it arrived.
 * Out: milliseconds, rising within a track. A clock that goes backwards or runs away (PTS x1000, a reset encoder) is set anew to the arrival time.
 */
export class Timeline {
  private readonly startMs: number
  private readonly openedMonoMs: number
  private readonly tracks = new Map<'video' | 'audio', Track>()
  /** How often a clock had to be set anew. */
  resets = 0

  constructor(startMs: number, openedMonoMs: number) {
    this.startMs = startMs
    this.openedMonoMs = openedMonoMs
  }

  toFlvMs(kind: 'video' | 'audio', dts90k: number, arrivedMonoMs: number): number {
    const dtsMs = dts90k / 90
    const arrivalMs = this.startMs + arrivedMonoMs - this.openedMonoMs
    let track = this.tracks.get(kind)
    if (!track) {
      track = { offsetMs: this.firstOffset(dtsMs, arrivalMs), lastMs: -1 }
      this.tracks.set(kind, track)
    }
    let flvMs = Math.round(dtsMs + track.offsetMs)
    if (flvMs < track.lastMs || Math.abs(flvMs - arrivalMs) > MAX_DRIFT_MS) {
      this.resets++
      flvMs = Math.max(Math.round(arrivalMs), track.lastMs + STEP_MS)
      track.offsetMs = flvMs - dtsMs
    }
    track.lastMs = flvMs
    return flvMs
  }

  private firstOffset(dtsMs: number, arrivalMs: number): number {
    for (const other of this.tracks.values())
      if (Math.abs(dtsMs + other.offsetMs - arrivalMs) < SHARED_CLOCK_MS && dtsMs + other.offsetMs >= 0) return other.offsetMs
    return arrivalMs - dtsMs
  }
}
