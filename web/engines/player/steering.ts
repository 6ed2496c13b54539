/** How one recording stays in step with the master clock: a little faster or slower, a jump when that would take too long. Pure. */

/** Chromium plays between these; outside it throws. */
export const slowestRate = 0.0625
export const fastestRate = 16

export type Steering = {
  rate: number
  jump: boolean
  /** So far behind that the others should wait. It plays on: a jump would make a slow decoder begin again at a key frame. */
  isLate: boolean
}

/** `driftS`: position minus where it should be, in seconds of media. */
export function steer(driftS: number, speed: number): Steering {
  const scale = Math.max(1, speed)
  if (driftS > 0.4 * scale || driftS < -scale) return { rate: clampRate(speed), jump: true, isLate: true }
  if (Math.abs(driftS) < 0.03 * scale) return { rate: clampRate(speed), jump: false, isLate: false }
  // the distance is gone after a second, at most a fifth faster or slower
  const correction = Math.min(0.2, Math.max(-0.2, -driftS / scale))
  return { rate: clampRate(speed * (1 + correction)), jump: false, isLate: driftS < -0.4 * scale }
}

function clampRate(rate: number): number {
  return Math.min(fastestRate, Math.max(slowestRate, rate))
}
