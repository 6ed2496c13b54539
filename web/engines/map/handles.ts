/** The handles of a camera that is being placed: where they stand, and what pulling one changes. Pure. */
import type { LonLat } from '../../../server/contract/ids.ts'
import { destination } from './geometry.ts'
import { bearingDeg, metresBetween, turnDeg } from './selecting.ts'
import type { EditedPlace } from './tools.ts'

export const handles = ['place', 'heading', 'left', 'right', 'reach'] as const
export type Handle = (typeof handles)[number]

export const reachBounds = { min: 1, max: 2000 } as const
/** A field of view is at least this far open; the contract takes 1 to 360. */
export const fovBounds = { min: 1, max: 360 } as const
/** Handles keep off each other: never drawn nearer to the camera than this. */
export const NEAREST_PX = 46
/** The handle of the direction stands outside the reach. */
export const BEYOND_PX = 30

/** How far from the camera a handle stands, in metres. */
export function armM(handle: Handle, { reachM }: EditedPlace, metresPerPx: number): number {
  const shownM = Math.max(reachM, NEAREST_PX * metresPerPx)
  return handle === 'place' ? 0 : handle === 'heading' ? shownM + BEYOND_PX * metresPerPx : shownM
}

export function handleLonLat(handle: Handle, place: EditedPlace, metresPerPx: number): LonLat {
  const { lonLat, headingDeg, fovDeg } = place
  const turn = handle === 'left' ? -fovDeg / 2 : handle === 'right' ? fovDeg / 2 : 0
  return handle === 'place' ? lonLat : destination(lonLat, headingDeg + turn, armM(handle, place, metresPerPx))
}

/**
 * The place after a handle was pulled from where it was grabbed to `to`. `start` is the place as it was grabbed: small errors of a hand do not add up.
 * Whole degrees and metres: finer is not seen.
 */
export function pullHandle(handle: Handle, start: EditedPlace, from: LonLat, to: LonLat): EditedPlace {
  const { lonLat } = start
  switch (handle) {
    case 'place':
      return { ...start, lonLat: [roundTo(lonLat[0] + to[0] - from[0], 1e-7), roundTo(lonLat[1] + to[1] - from[1], 1e-7)] }
    case 'heading': {
      const turned = Math.round(start.headingDeg + turnDeg(bearingDeg(lonLat, from), bearingDeg(lonLat, to)))
      return { ...start, headingDeg: ((turned % 360) + 360) % 360 }
    }
    case 'left':
    case 'right': {
      // both edges open alike, so that the direction stays
      const side = handle === 'left' ? -1 : 1
      const halfDeg = (((side * (bearingDeg(lonLat, to) - start.headingDeg)) % 360) + 360) % 360
      // just past the back means all around, just past the front means shut
      const openDeg = halfDeg <= 180 ? 2 * halfDeg : halfDeg < 270 ? fovBounds.max : fovBounds.min
      return { ...start, fovDeg: clamp(Math.round(openDeg), fovBounds) }
    }
    case 'reach':
      return { ...start, reachM: clamp(Math.round(start.reachM + metresBetween(lonLat, to) - metresBetween(lonLat, from)), reachBounds) }
  }
}

function clamp(value: number, { min, max }: { min: number; max: number }): number {
  return Math.max(min, Math.min(max, value))
}

function roundTo(value: number, step: number): number {
  return Math.round(value / step) * step
}
