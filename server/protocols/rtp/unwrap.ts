/** Wrap-around of RTP's counters, handled here and nowhere else. Each answers the signed step from `last` to `value`. */

/** 16-bit sequence numbers: -32768 to 32767. */
export function sequenceStep(last: number, value: number): number {
  return ((value - last) << 16) >> 16
}

/** 32-bit timestamps, which wrap after 13 h 15 min at 90 kHz: about -2^31 to 2^31. */
export function timestampStep(last: number, value: number): number {
  return (value - last) | 0
}
