/** What stands still: houses, trees, lamps, stalls. Each draws itself the same in every picture. */
import type { Random } from '../seeded.ts'
import { shade, type Brush, type Rgb } from './brush.ts'

/** Something that is drawn anew in every picture, because others pass before and behind it. */
export type Prop = { z: number; x: number; draw(t: number): void }

export const warm = '255,196,120'
export const white = '225,235,255'
export const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)]!

const facades: readonly Rgb[] = [
  [150, 142, 132],
  [128, 134, 142],
  [160, 148, 130],
  [118, 112, 110],
  [140, 150, 156],
  [164, 138, 120],
]
const signs = ['255,120,70', '90,190,255', '255,214,120', '120,230,180', '255,90,110'] as const

/** How bright unlit things are. */
export const ambient = ({ isDay }: Brush) => (isDay ? 1 : 0.42)

/** A house along a street, with windows and shops on the side that faces it. */
export function drawBuilding(brush: Brush, random: Random, x: number, z: number, dx: number, dz: number, heightM: number) {
  const { isDay, poly } = brush
  brush.box(x, z, dx, dz, 0, heightM, pick(random, facades), ambient(brush) * 0.8)
  const isLeft = brush.project([x, 0, z])[0] < brush.w / 2
  const side = isLeft ? x + dx : x
  const pane = (a: number, b: number, y0: number, y1: number, fill: string) =>
    poly(
      [
        [side, y0, z + a],
        [side, y0, z + b],
        [side, y1, z + b],
        [side, y1, z + a],
      ],
      fill,
    )
  for (let a = 0.8; a < dz - 1; a += 1.9) {
    for (let y = 4.2; y < Math.min(heightM - 0.6, 16); y += 2.3) {
      const isLit = random() < (isDay ? 0 : 0.34)
      pane(
        a,
        a + 1.1,
        y,
        y + 1.3,
        isLit
          ? `rgba(255,${200 + random() * 40},${130 + random() * 70},.85)`
          : isDay
            ? `rgba(${52 + random() * 24},${66 + random() * 24},${82 + random() * 20},.8)`
            : 'rgba(16,20,28,.8)',
      )
      pane(a - 0.1, a + 1.2, y - 0.12, y, isDay ? 'rgba(210,206,200,.5)' : 'rgba(90,90,96,.35)')
      if (random() < 0.25) pane(a + 0.1, a + 0.9, y - 0.75, y - 0.2, isDay ? 'rgba(206,208,206,.9)' : 'rgba(88,90,94,.9)')
    }
  }
  // The end that faces the camera; houses nearer than this one are painted over it later.
  for (let a = 1; a < dx - 1.6; a += 2.4) {
    for (let y = 1.6; y < heightM - 1.4; y += 2.6) {
      const isLit = random() < (isDay ? 0 : 0.26)
      const end = (x0: number, x1: number, y0: number, y1: number, fill: string) =>
        poly(
          [
            [x + x0, y0, z],
            [x + x1, y0, z],
            [x + x1, y1, z],
            [x + x0, y1, z],
          ],
          fill,
        )
      end(
        a,
        a + 1.2,
        y,
        y + 1.4,
        isLit
          ? `rgba(255,${200 + random() * 40},${130 + random() * 70},.8)`
          : isDay
            ? `rgba(${58 + random() * 20},${72 + random() * 20},${86 + random() * 18},.75)`
            : 'rgba(14,18,26,.8)',
      )
      end(a - 0.1, a + 1.3, y - 0.14, y, isDay ? 'rgba(214,210,204,.4)' : 'rgba(90,90,96,.3)')
    }
  }
  for (let a = 0.3; a < dz - 2; a += 3.4) {
    const hue = pick(random, signs)
    pane(a, a + 2.8, 2.7, 3.5, `rgba(${hue},${isDay ? 0.8 : 0.75})`)
    for (let k = 0; k < 4; k++) pane(a + 0.35 + k * 0.55, a + 0.7 + k * 0.55, 2.9, 3.3, isDay ? 'rgba(255,250,240,.85)' : 'rgba(255,250,235,.7)')
    pane(a, a + 2.8, 0.2, 2.5, isDay ? 'rgba(64,74,82,.92)' : `rgba(255,222,170,${0.25 + random() * 0.5})`)
    pane(a + 1.35, a + 1.45, 0.2, 2.5, isDay ? 'rgba(190,194,196,.7)' : 'rgba(60,52,44,.6)')
    if (!isDay) brush.pool(side + (isLeft ? 1.4 : -1.4), z + a + 1.4, 2.6, hue, 0.16)
  }
}

export function createTree(brush: Brush, random: Random, x: number, z: number, size = 1): Prop {
  const { isDay } = brush
  const leaves = Array.from({ length: 64 }, () => {
    const angle = random() * 6.28
    const reach = Math.sqrt(random()) * 1.7 * size
    const dx = reach * Math.cos(angle)
    const dy = reach * 0.85 * Math.sin(angle)
    // Lit from the upper left.
    const g = 0.62 + 0.22 * (dy / size) - 0.12 * (dx / size) + random() * 0.3
    return { dx, dy, radius: (0.22 + random() * 0.3) * size, g }
  }).sort((a, b) => a.g - b.g)
  return {
    x,
    z,
    draw() {
      brush.shadow(x, z, 1.5 * size, isDay ? 0.28 : 0.2)
      brush.limb(
        [
          [x, 0, z],
          [x, 2.8 * size, z],
        ],
        0.22,
        isDay ? '#4c4034' : '#15130f',
      )
      for (const { dx, dy, radius, g } of leaves) {
        brush.disc([x + dx, 3.7 * size + dy, z], radius, isDay ? `rgba(${72 * g},${104 * g},${58 * g},.9)` : `rgba(${30 * g},${42 * g},${30 * g},.9)`)
      }
    },
  }
}

/** The pool of its light belongs to the ground: `drawLampLight`. */
export function createLamp(brush: Brush, x: number, z: number, direction: number): Prop {
  const { isDay } = brush
  return {
    x,
    z,
    draw() {
      const color = isDay ? '#6d7378' : '#20242a'
      brush.limb(
        [
          [x, 0, z],
          [x, 7, z],
          [x + direction * 1.6, 7.2, z],
        ],
        0.11,
        color,
      )
      if (!isDay) brush.glow(x + direction * 1.5, 7, z, 2.4, warm, 0.95)
    },
  }
}

export function drawLampLight(brush: Brush, x: number, z: number, direction: number) {
  if (!brush.isDay) brush.pool(x + direction * 1.5, z, 6.5, warm, 0.3)
}

const cloths: readonly Rgb[] = [
  [190, 60, 50],
  [50, 110, 160],
  [200, 150, 60],
  [60, 130, 90],
]
const goods: readonly Rgb[] = [
  [200, 80, 40],
  [90, 150, 60],
  [220, 180, 70],
  [170, 60, 80],
]

/** A market stall with its awning; `side` is -1 left of the aisle, 1 right of it. */
export function createStall(brush: Brush, random: Random, side: number, z: number): Prop {
  const m = ambient(brush)
  const x = side < 0 ? -8.4 : 3.4
  const cloth = pick(random, cloths)
  const heaps = Array.from({ length: 22 }, () => ({
    a: x + (side < 0 ? 1.4 : 0.2) + random() * 2.9,
    b: z + random() * 2.4,
    rgb: pick(random, goods),
    high: 0.12 + random() * 0.14,
  })).sort((p, q) => q.b - p.b)
  return {
    x: side * 5,
    z,
    draw() {
      brush.box(x + (side < 0 ? 1.2 : 0), z, 3.4, 3, 0, 0.95, [140, 126, 104], m * 1.1)
      for (const { a, b, rgb, high } of heaps) brush.box(a, b, 0.36, 0.36, 0.95, 0.95 + high, rgb, brush.isDay ? 1 : 0.85)
      brush.limb(
        [
          [x + 0.1, 0, z - 0.3],
          [x + 0.1, 2.9, z - 0.3],
        ],
        0.07,
        shade([120, 120, 120], m),
      )
      brush.limb(
        [
          [x + 4.9, 0, z - 0.3],
          [x + 4.9, 2.9, z - 0.3],
        ],
        0.07,
        shade([120, 120, 120], m),
      )
      const y = 2.9
      const stripes = 5
      for (let k = 0; k < stripes; k++) {
        const a = x + (5 * k) / stripes
        const b = x + (5 * (k + 1)) / stripes
        const rgb: Rgb = k % 2 ? [222, 218, 208] : cloth
        brush.poly(
          [
            [a, y, z - 0.4],
            [b, y, z - 0.4],
            [b, y + 0.5, z + 3.6],
            [a, y + 0.5, z + 3.6],
          ],
          shade(rgb, m * 1.2),
        )
        brush.poly(
          [
            [a, y - 0.35, z - 0.4],
            [b, y - 0.35, z - 0.4],
            [b, y, z - 0.4],
            [a, y, z - 0.4],
          ],
          shade(rgb, m * 0.9),
        )
      }
      if (!brush.isDay) brush.glow(x + 2.5, 2.4, z + 0.4, 1.5, '255,230,180', 0.85)
    },
  }
}

export function drawStallLight(brush: Brush, side: number, z: number) {
  if (!brush.isDay) brush.pool(side < 0 ? -3.8 : 4, z + 1, 3.4, warm, 0.32)
}

/** A cable over the street. */
export function drawCable(brush: Brush, x1: number, x2: number, y: number, z: number) {
  const points = Array.from({ length: 9 }, (_, i) => {
    const u = i / 8
    return [x1 + (x2 - x1) * u, y - 2.2 * u * (1 - u), z + u] as const
  })
  brush.limb(points, 0.03, brush.isDay ? 'rgba(40,42,46,.8)' : 'rgba(8,9,12,.8)')
}
