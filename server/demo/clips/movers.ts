/** What moves: people, cars, scooters. Every motion is a function of the place in the loop alone, so that the clip closes without a seam. */
import type { Random } from '../seeded.ts'
import { shade, type Brush, type Point, type Rgb } from './brush.ts'
import { pick, warm, white, type Prop } from './scenery.ts'

/** How bright something at this place on the ground is. */
export type LightAt = (x: number, z: number) => number

export type Place = {
  x: number
  z: number
  /** Unit vector of the way ahead. */ dx: number
  dz: number
  /** Metres gone so far. */ s: number
  alpha: number
  isHidden: boolean
}

const clamp = (value: number) => Math.max(0, Math.min(1, value))
const wrap = (value: number, length: number) => ((value % length) + length) % length

/**
 * Places on a straight way that repeat after `loopS` seconds. Whoever goes takes the place of the one ahead by the end of the loop:
 * they are `speed * loopS` apart, look alike, and fade where the way begins and ends.
 */
export function createWay(options: {
  from: readonly [number, number]
  to: readonly [number, number]
  speed: number
  loopS: number
  offset: number
  fadeM: number
}) {
  const { from, to, speed, loopS, offset, fadeM } = options
  const lengthM = Math.hypot(to[0] - from[0], to[1] - from[1])
  const gapM = speed * loopS
  const count = Math.max(1, Math.ceil(lengthM / gapM))
  const dx = (to[0] - from[0]) / lengthM
  const dz = (to[1] - from[1]) / lengthM
  return {
    count,
    at(i: number, t: number): Place {
      const s = wrap((i + offset) * gapM + speed * t, count * gapM)
      return { x: from[0] + dx * s, z: from[1] + dz * s, dx, dz, s, alpha: clamp(Math.min(s, lengthM - s) / fadeM), isHidden: s > lengthM }
    },
  }
}

export type Way = ReturnType<typeof createWay>

/** One prop for each place on the way. `draw` gets the place; who stands at the end of it is not drawn. */
export function goAlong(brush: Brush, way: Way, draw: (place: Place) => void): ((t: number) => Prop)[] {
  return Array.from({ length: way.count }, (_, i) => (t: number) => {
    const place = way.at(i, t)
    return {
      x: place.x,
      z: place.z,
      draw() {
        if (place.isHidden || place.z < 1.6) return
        brush.canvas.globalAlpha = place.alpha
        draw(place)
        brush.canvas.globalAlpha = 1
      },
    }
  })
}

export type Look = { coat: Rgb; trousers: Rgb; hair: Rgb; size: number; hasBag: boolean }

const coats: readonly Rgb[] = [
  [78, 86, 108],
  [128, 92, 82],
  [54, 58, 66],
  [104, 118, 104],
  [150, 60, 56],
  [172, 166, 152],
  [70, 92, 130],
  [120, 110, 60],
]
const trousers: readonly Rgb[] = [
  [44, 46, 56],
  [58, 62, 78],
  [38, 36, 36],
  [82, 78, 70],
]

export const createLook = (random: Random): Look => ({
  coat: pick(random, coats),
  trousers: pick(random, trousers),
  hair: random() < 0.85 ? [34, 30, 30] : [120, 116, 112],
  size: 0.93 + random() * 0.13,
  hasBag: random() < 0.35,
})

const STRIDE_M = 1.4

/** `s` is the way gone (a stride has 1.4 m); standing people give `isStanding` and an `s` that sways. */
export function drawPerson(brush: Brush, lightAt: LightAt, look: Look, place: Pick<Place, 'x' | 'z' | 'dx' | 'dz' | 's'>, isStanding = false) {
  const { x, z, dx, dz } = place
  const m = lightAt(x, z)
  const k = look.size
  const phase = (place.s / STRIDE_M) * 2 * Math.PI
  const swing = isStanding ? 0.04 : 0.34
  const bob = isStanding ? 0.005 * Math.sin(phase) : 0.03 * Math.cos(2 * phase)
  /** `ahead` along the way, `out` to the right of it. */
  const at = (ahead: number, out: number, y: number): Point => [x + dx * ahead + dz * out, Math.max(0, y + (y > 0.5 ? bob : 0)) * k, z + dz * ahead - dx * out]
  brush.shadow(x + 0.12, z, 0.34, brush.isDay ? 0.3 : 0.22)
  const leg = (side: number, offset: number) => {
    const step = Math.sin(phase + offset)
    const lift = isStanding ? 0 : Math.max(0, Math.cos(phase + offset)) * 0.13
    const foot = step * swing
    brush.limb(
      [at(0, side * 0.09, 0.86), at(foot * 0.5 + lift * 0.8, side * 0.1, 0.46 + lift * 0.3), at(foot, side * 0.1, 0.06 + lift)],
      0.15,
      shade(look.trousers, m * (side > 0 ? 1 : 0.85)),
    )
    brush.limb([at(foot, side * 0.1, 0.04 + lift), at(foot + 0.14, side * 0.1, 0.04 + lift)], 0.09, shade([24, 24, 26], m))
  }
  const arm = (side: number, offset: number) => {
    const step = Math.sin(phase + offset) * (isStanding ? 0.5 : 0.8)
    brush.limb(
      [at(0, side * 0.22, 1.38), at(step * 0.14, side * 0.27, 1.1), at(step * 0.3 + 0.06, side * 0.25, 0.86)],
      0.11,
      shade(look.coat, m * (side > 0 ? 0.95 : 0.75)),
    )
  }
  // The far side first, whichever that is from the camera.
  const far = dx > 0 ? -1 : 1
  arm(far, far > 0 ? 0 : Math.PI)
  leg(far, far > 0 ? Math.PI : 0)
  leg(-far, far > 0 ? 0 : Math.PI)
  brush.limb([at(0, 0, 0.92), at(0, 0, 1.3)], 0.36, shade(look.coat, m))
  brush.limb([at(0, -0.12, 1.36), at(0, 0.12, 1.36)], 0.2, shade(look.coat, m * 1.1))
  arm(-far, far > 0 ? Math.PI : 0)
  if (look.hasBag) brush.limb([at(-0.16, 0, 1.02), at(-0.16, 0, 1.28)], 0.26, shade([60, 52, 48], m))
  brush.limb([at(0, 0, 1.45), at(0, 0, 1.52)], 0.12, shade([150, 122, 104], m))
  brush.disc(at(0.02, 0, 1.63), 0.13 * k, shade([168, 138, 118], m))
  brush.disc(at(-0.03, 0, 1.67), 0.125 * k, shade(look.hair, m))
}

export const carColors: readonly Rgb[] = [
  [205, 208, 210],
  [60, 66, 74],
  [150, 40, 38],
  [44, 70, 110],
  [180, 176, 165],
  [232, 232, 230],
  [34, 36, 40],
]

export type CarLook = { rgb: Rgb; isVan: boolean }
export const createCarLook = (random: Random): CarLook => ({ rgb: pick(random, carColors), isVan: random() < 0.18 })

const tail = '255,60,40'

/** `x`, `z` is the middle of the car; it drives along z (`dz` ±1) or along x (`dx` ±1). */
export function drawCar(brush: Brush, lightAt: LightAt, look: CarLook, place: Pick<Place, 'x' | 'z' | 'dx' | 'dz'>, isBraking = false) {
  const { x, z, dx, dz } = place
  const m = Math.max(lightAt(x, z), brush.isDay ? 0 : 0.5) * 1.05
  const alongZ = Math.abs(dz) > Math.abs(dx)
  const half = 2.15
  const wide = 0.92
  // `u` runs along the car from its tail (-1) to its nose (1) in metres, `v` to the right in world axes.
  const forward = alongZ ? Math.sign(dz) : Math.sign(dx)
  const at = (u: number, v: number, y: number): Point => (alongZ ? [x + v, y, z + u * forward] : [x + u * forward, y, z + v])
  const ring = (u0: number, u1: number, v: number, y: number): [Point, Point, Point, Point] => {
    if (alongZ) {
      const [near, far] = forward > 0 ? [u0, u1] : [u1, u0]
      return [at(near, -v, y), at(far, -v, y), at(far, v, y), at(near, v, y)]
    }
    const [left, right] = forward > 0 ? [u0, u1] : [u1, u0]
    return [at(left, -v, y), at(left, v, y), at(right, v, y), at(right, -v, y)]
  }
  const { canvas } = brush
  const alpha = canvas.globalAlpha
  const ground = ring(-half - 0.15, half + 0.15, wide + 0.15, 0.01)
  brush.poly(ground, `rgba(0,0,0,${brush.isDay ? 0.42 : 0.5})`)
  for (const u of [-1.35, 1.35])
    for (const v of [-wide + 0.08, wide - 0.08]) brush.limb([at(u - 0.06, v, 0.3), at(u + 0.06, v, 0.3)], 0.6, shade([22, 22, 24], brush.isDay ? 1 : 0.6))
  const glass: Rgb = brush.isDay ? [46, 56, 66] : [40, 46, 56]
  const roofY = look.isVan ? 1.95 : 1.46
  brush.frustum(ring(-half, half, wide, 0.28), ring(-half + 0.08, half - 0.12, wide - 0.04, 0.92), look.rgb, m)
  const [tailLow, noseLow, tailHigh, noseHigh] = look.isVan ? [-2.05, 1.35, -1.95, 0.75] : [-1.75, 1.05, -1.15, 0.45]
  brush.frustum(ring(tailLow, noseLow, wide - 0.1, 0.9), ring(tailHigh, noseHigh, wide - 0.22, roofY), look.rgb, m, glass)
  // Which end faces the camera?
  const seenEnd = alongZ ? -forward : 0
  if (seenEnd !== 0) {
    const u = seenEnd * half
    const isFront = seenEnd > 0
    const lampColor = isFront ? (brush.isDay ? shade([236, 238, 230], 1) : '#fffdf2') : brush.isDay && !isBraking ? shade([168, 30, 28], 1) : '#ff3a2a'
    for (const v of [-0.66, 0.66]) brush.poly([at(u, v - 0.2, 0.62), at(u, v + 0.2, 0.62), at(u, v + 0.2, 0.8), at(u, v - 0.2, 0.8)], lampColor)
    brush.poly([at(u, -0.24, 0.42), at(u, 0.24, 0.42), at(u, 0.24, 0.56), at(u, -0.24, 0.56)], shade([60, 96, 180], m * 1.2))
    if (!brush.isDay) {
      for (const v of [-0.66, 0.66]) {
        const [gx, , gz] = at(u, v, 0)
        brush.glow(gx, 0.7, gz, isFront ? 1.3 : isBraking ? 1 : 0.7, isFront ? white : tail, (isFront ? 0.95 : 0.8) * alpha)
      }
      const [px, , pz] = at(u + seenEnd * (isFront ? 3.6 : 1.4), 0, 0)
      brush.pool(px, pz, isFront ? 3.4 : 2, isFront ? white : tail, (isFront ? 0.32 : 0.12) * alpha)
    }
  } else {
    const [nx, , nz] = at(half, -wide, 0)
    const [bx, , bz] = at(-half, -wide, 0)
    brush.disc([nx, 0.7, nz], 0.12, brush.isDay ? '#e6e6de' : '#fffdf2')
    brush.disc([bx, 0.72, bz], 0.11, brush.isDay ? '#a32420' : '#ff3a2a')
    if (!brush.isDay) {
      brush.glow(nx, 0.7, nz, 1, white, 0.8 * alpha)
      brush.glow(bx, 0.7, bz, 0.6, tail, 0.7 * alpha)
      brush.pool(nx + forward * 3.4, z, 3.2, white, 0.3 * alpha)
    }
  }
}

export function drawScooter(brush: Brush, lightAt: LightAt, look: Look, place: Place) {
  const { x, z, dx, dz } = place
  const m = lightAt(x, z)
  const at = (ahead: number, y: number): Point => [x + dx * ahead, y, z + dz * ahead]
  const comesNearer = dz < 0
  brush.shadow(x, z, 0.7, 0.32)
  const wheels = () => {
    for (const ahead of [-0.6, 0.62]) brush.limb([at(ahead - 0.03, 0.24), at(ahead + 0.03, 0.24)], 0.44, shade([26, 26, 28], m))
    brush.limb([at(-0.7, 0.6), at(-0.1, 0.42), at(0.35, 0.42), at(0.55, 0.98)], 0.24, shade(look.trousers, m * 1.3))
  }
  const rider = () => {
    brush.limb([at(-0.2, 0.72), at(0.15, 0.7), at(0.18, 0.42)], 0.2, shade([40, 42, 50], m))
    brush.limb([at(-0.24, 0.8), at(-0.1, 1.26)], 0.38, shade(look.coat, m))
    brush.limb([at(-0.08, 1.24), at(0.2, 1.06), at(0.5, 1.04)], 0.12, shade(look.coat, m * 0.9))
    brush.disc(at(-0.02, 1.52), 0.16, shade([214, 190, 70], m))
  }
  if (comesNearer) {
    rider()
    wheels()
  } else {
    wheels()
    rider()
  }
  if (!brush.isDay && comesNearer) {
    const [gx, , gz] = at(0.7, 0)
    brush.glow(gx, 0.95, gz, 0.9, white, 0.9 * brush.canvas.globalAlpha)
    brush.pool(gx, gz - 2, 1.8, warm, 0.25 * brush.canvas.globalAlpha)
  } else if (!brush.isDay) brush.glow(x, 0.7, z, 0.4, tail, 0.8 * brush.canvas.globalAlpha)
}
