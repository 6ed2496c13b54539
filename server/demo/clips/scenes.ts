/** The six kinds of place. Each gives a backdrop, drawn once, and makers of everything that must be sorted by distance in each picture. */
import type { Random } from '../seeded.ts'
import { shade, type Brush } from './brush.ts'
import type { SceneName } from './catalog.ts'
import { createCarLook, createLook, createWay, drawCar, drawPerson, drawScooter, goAlong, type LightAt } from './movers.ts'
import { ambient, createLamp, createStall, createTree, drawBuilding, drawCable, drawLampLight, drawStallLight, pick, warm, type Prop } from './scenery.ts'

type PropMaker = (t: number) => Prop

export type Stage = { brush: Brush; random: Random; loopS: number; lightAt: LightAt; makers: PropMaker[] }

const fixed =
  (prop: Prop): PropMaker =>
  () =>
    prop

/** Someone on foot from one point to another, and others behind at a fixed distance. */
function walk({ brush, random, loopS, lightAt, makers }: Stage, from: readonly [number, number], to: readonly [number, number], speed = 1 + random() * 0.4) {
  const way = createWay({ from, to, speed, loopS, offset: random(), fadeM: 1.5 })
  const look = createLook(random)
  makers.push(...goAlong(brush, way, (place) => drawPerson(brush, lightAt, look, place)))
}

/** Both ways along z between `near` and `far`, `count` people on ways of their own. */
function walkStreet(stage: Stage, count: number, xOf: () => number, near: number, far: number) {
  for (let i = 0; i < count; i++) {
    const x = xOf()
    const drift = (stage.random() - 0.5) * 0.8
    if (stage.random() < 0.5) walk(stage, [x, near], [x + drift, far])
    else walk(stage, [x + drift, far], [x, near])
  }
}

function stand({ brush, random, loopS, lightAt, makers }: Stage, x: number, z: number) {
  const look = createLook(random)
  const angle = random() * 6.28
  const sway = 1 + Math.floor(random() * 3)
  const offset = random()
  makers.push((t) => ({
    x,
    z,
    draw: () =>
      drawPerson(
        brush,
        lightAt,
        look,
        {
          x: x + 0.05 * Math.sin((2 * Math.PI * sway * t) / loopS),
          z,
          dx: Math.cos(angle),
          dz: Math.sin(angle),
          s: offset + 0.35 * Math.sin((2 * Math.PI * sway * t) / loopS),
        },
        true,
      ),
  }))
}

function drive({ brush, random, loopS, lightAt, makers }: Stage, from: readonly [number, number], to: readonly [number, number], cars: number) {
  const lengthM = Math.hypot(to[0] - from[0], to[1] - from[1])
  for (let i = 0; i < cars; i++) {
    const way = createWay({ from, to, speed: lengthM / loopS, loopS, offset: (i + random() * 0.5) / cars, fadeM: 12 })
    const look = createCarLook(random)
    makers.push(...goAlong(brush, way, (place) => drawCar(brush, lightAt, look, place)))
  }
}

function park({ brush, random, lightAt, makers }: Stage, x: number, z: number, dx: number, dz: number, isBraking = false) {
  const look = createCarLook(random)
  makers.push(fixed({ x, z, draw: () => drawCar(brush, lightAt, look, { x, z, dx, dz }, isBraking) }))
}

function ride({ brush, random, loopS, lightAt, makers }: Stage, from: readonly [number, number], to: readonly [number, number]) {
  const lengthM = Math.hypot(to[0] - from[0], to[1] - from[1])
  const way = createWay({ from, to, speed: lengthM / loopS, loopS, offset: random(), fadeM: 5 })
  const look = createLook(random)
  makers.push(...goAlong(brush, way, (place) => drawScooter(brush, lightAt, look, place)))
}

function ground(brush: Brush, day: string, night: string) {
  brush.flat(-80, 1, 80, 200, brush.isDay ? day : night)
}

const asphalt = (brush: Brush) => (brush.isDay ? '#75787b' : '#292b31')
const paint = (brush: Brush) => (brush.isDay ? '#d9dad8' : '#777a80')

function streetSides(stage: Stage, n: number, isFree: (z: number) => boolean) {
  const { brush, random, makers } = stage
  for (let z = 120; z > 8; z -= 15) {
    if (!isFree(z)) continue
    drawBuilding(brush, random, -n - 17, z, 11, 13, 9 + random() * 16)
    drawBuilding(brush, random, n + 6, z, 11, 13, 9 + random() * 16)
  }
  for (const side of [-1, 1]) brush.flat(side * (n + 0.25) - 0.15, 1, side * (n + 0.25) + 0.15, 120, brush.isDay ? '#c4c2ba' : '#46474c')
  for (let z = 78; z > 6; z -= 12 + random() * 4) {
    for (const side of [-1, 1]) if (isFree(z)) makers.push(fixed(createTree(brush, random, side * (n + 2.6), z + (side > 0 ? 3 : 0), 0.9 + random() * 0.3)))
    if (!isFree(z + 4)) continue
    makers.push(fixed(createLamp(brush, -n - 0.9, z + 5, 1)))
    drawLampLight(brush, -n - 0.9, z + 5, 1)
    makers.push(fixed(createLamp(brush, n + 0.9, z + 1, -1)))
    drawLampLight(brush, n + 0.9, z + 1, -1)
  }
}

function road(stage: Stage) {
  const { brush, random } = stage
  const n = random() < 0.5 ? 6.8 : 8
  ground(brush, '#a5a49d', '#34353a')
  brush.flat(-n, 1, n, 200, asphalt(brush))
  for (let z = 3; z < 120; z += 6) for (const x of [-n / 2, n / 2]) brush.flat(x - 0.07, z, x + 0.07, z + 3, paint(brush))
  for (const x of [-0.2, 0.12]) brush.flat(x, 1, x + 0.1, 160, brush.isDay ? '#c9b15a' : '#6e6340')
  streetSides(stage, n, () => true)
  drive(stage, [-n * 0.75, 100], [-n * 0.75, 2], 3)
  drive(stage, [-n * 0.26, 122], [-n * 0.26, 2], 2)
  drive(stage, [n * 0.26, 2], [n * 0.26, 116], 3)
  drive(stage, [n * 0.74, 2], [n * 0.74, 92], 2)
  ride(stage, [n - 0.6, 3], [n - 0.6, 60])
  ride(stage, [-n + 0.6, 62], [-n + 0.6, 3])
  for (const side of [-1, 1]) walkStreet(stage, 4, () => side * (n + 1.3 + random() * 3), 5, 46)
}

function crossing(stage: Stage) {
  const { brush, random, makers } = stage
  const n = 6.8
  ground(brush, '#a5a49d', '#34353a')
  brush.flat(-n, 1, n, 200, asphalt(brush))
  brush.flat(-80, 20, 80, 33, asphalt(brush))
  for (let x = -n + 0.4; x < n; x += 1.15) {
    brush.flat(x, 15.4, x + 0.6, 18.8, paint(brush))
    brush.flat(x, 34, x + 0.6, 37, paint(brush))
  }
  brush.flat(0.2, 14.2, n - 0.2, 14.5, paint(brush))
  brush.flat(-n + 0.2, 38, -0.2, 38.3, paint(brush))
  for (let z = 3; z < 120; z += 6) if (z < 12 || z > 38) for (const x of [-n / 2, n / 2]) brush.flat(x - 0.07, z, x + 0.07, z + 3, paint(brush))
  for (let x = -60; x < 60; x += 6) if (Math.abs(x) > n + 2) brush.flat(x, 26.4, x + 3, 26.55, paint(brush))
  brush.flat(-0.15, 1, 0.15, 14, brush.isDay ? '#c9b15a' : '#6e6340')
  brush.flat(-0.15, 39, 0.15, 160, brush.isDay ? '#c9b15a' : '#6e6340')
  streetSides(stage, n, (z) => z < 12 || z > 42)
  // Red along z for the whole loop: queues stand, the other road and the people go.
  for (const [x, z] of [
    [n * 0.26, 10.6],
    [n * 0.74, 9.9],
  ] as const)
    park(stage, x, z, 0, 1, true)
  for (const [x, z] of [
    [-n * 0.26, 41],
    [-n * 0.26, 47.5],
    [-n * 0.74, 42],
    [-n * 0.74, 49],
  ] as const)
    park(stage, x, z, 0, -1)
  for (const [x, z] of [
    [-n - 1.8, 19],
    [n + 1.8, 34],
  ] as const) {
    makers.push(fixed(createLamp(brush, x, z, -Math.sign(x))))
    drawLampLight(brush, x, z, -Math.sign(x))
    if (!brush.isDay) brush.pool(x * 0.35, 27, 10, warm, 0.2)
  }
  if (!brush.isDay) brush.pool(0, 16, 9, warm, 0.2)
  drive(stage, [-56, 22.6], [56, 22.6], 3)
  drive(stage, [64, 30], [-64, 30], 3)
  ride(stage, [-34, 20.8], [34, 20.8])
  ride(stage, [34, 32.2], [-34, 32.2])
  for (let i = 0; i < 4; i++) {
    const z = 15.8 + i * 0.75
    if (i % 2) walk(stage, [-n - 5, z], [n + 5, z])
    else walk(stage, [n + 5, z], [-n - 5, z])
  }
  walk(stage, [-n - 5, 35], [n + 5, 35.4])
  walk(stage, [n + 5, 36.2], [-n - 5, 36])
  for (const [x, z] of [
    [n + 1.2, 19.4],
    [-n - 1.2, 33.6],
  ] as const) {
    makers.push(
      fixed({
        x,
        z,
        draw() {
          brush.limb(
            [
              [x, 0, z],
              [x, 5.2, z],
              [x - Math.sign(x) * 3.4, 5.3, z],
            ],
            0.14,
            brush.isDay ? '#5c6268' : '#1c2026',
          )
          brush.box(x - Math.sign(x) * 3.6, z, 0.9, 0.3, 5, 5.5, [30, 32, 34], 0.8)
          brush.disc([x - Math.sign(x) * 3.4, 5.25, z - 0.02], 0.17, '#ff3b30')
          if (!brush.isDay) brush.glow(x - Math.sign(x) * 3.4, 5.25, z, 0.9, '255,60,40', 0.8)
        },
      }),
    )
  }
  for (const side of [-1, 1]) for (let i = 0; i < 3; i++) stand(stage, side * (n + 1 + random() * 2.4), 18 + random() * 2.4)
}

function alley(stage: Stage) {
  const { brush, random, makers, loopS } = stage
  ground(brush, '#8b8983', '#2b2a29')
  brush.flat(-3, 1, 3, 90, brush.isDay ? '#8b8983' : '#33322f')
  for (let z = 2; z < 50; z += 1.6) brush.flat(-2.8, z, 2.8, z + 0.05, 'rgba(0,0,0,.2)')
  for (let x = -2.4; x < 2.8; x += 1.2) brush.flat(x, 2, x + 0.03, 50, 'rgba(0,0,0,.12)')
  for (let z = 61; z > 0; z -= 10) {
    drawBuilding(brush, random, -9, z, 6.1, 10, 7 + random() * 5)
    drawBuilding(brush, random, 2.9, z, 6, 10, 7 + random() * 5)
  }
  for (let z = 46; z > 8; z -= 9) drawCable(brush, -2.9, 2.9, 6 + random(), z)
  for (let z = 40; z > 8; z -= 8) {
    const x = random() < 0.5 ? -2.6 : 2
    const rgb = pick(random, [
      [120, 40, 40],
      [50, 60, 80],
      [90, 92, 96],
      [60, 110, 70],
    ] as const)
    makers.push(fixed({ x, z, draw: () => brush.box(x, z, 0.55, 1.3, 0, 0.9, rgb, ambient(brush)) }))
    const side = random() < 0.5 ? -1 : 1
    if (!brush.isDay) {
      brush.pool(side * 1.5, z + 3, 3.6, warm, 0.42)
      makers.push(fixed({ x: side * 2.4, z: z + 3, draw: () => brush.glow(side * 2.4, 3.6, z + 3, 1.7, warm, 0.95) }))
    }
  }
  for (const [x, z] of [
    [2.2, 13],
    [-2.3, 21],
    [2.2, 27],
  ] as const) {
    const look = createLook(random)
    makers.push(fixed({ x, z, draw: () => drawParkedScooter(stage, x, z, look.trousers) }))
  }
  walkStreet(stage, loopS > 10 ? 4 : 3, () => -1.7 + random() * 3.4, 4, 44)
  walk(stage, [-3.2, 24], [1.2, 4], 1.1)
  ride(stage, [0.8, 3], [0.9, 58])
}

function drawParkedScooter({ brush, lightAt }: Stage, x: number, z: number, rgb: readonly [number, number, number]) {
  const m = lightAt(x, z)
  brush.shadow(x, z, 0.7, 0.3)
  for (const dz of [-0.6, 0.6])
    brush.limb(
      [
        [x, 0.24, z + dz],
        [x, 0.25, z + dz + 0.02],
      ],
      0.42,
      shade([26, 26, 28], m),
    )
  brush.limb(
    [
      [x, 0.62, z - 0.65],
      [x, 0.42, z],
      [x, 0.45, z + 0.35],
      [x, 1, z + 0.55],
    ],
    0.22,
    shade(rgb, m * 1.6),
  )
  brush.limb(
    [
      [x - 0.25, 1, z + 0.5],
      [x + 0.25, 1, z + 0.5],
    ],
    0.06,
    shade([40, 40, 44], m),
  )
}

function gate(stage: Stage) {
  const { brush, random, makers, loopS, lightAt } = stage
  const m = ambient(brush)
  ground(brush, '#a09c93', '#37373a')
  brush.flat(-6, 1, 6, 60, brush.isDay ? '#7c7e80' : '#2d2f34')
  for (let z = 3; z < 16; z += 3) brush.flat(-0.08, z, 0.08, z + 1.6, paint(brush))
  for (let z = 70; z > 34; z -= 14) {
    drawBuilding(brush, random, -26, z, 13, 12, 20 + random() * 12)
    drawBuilding(brush, random, 10, z, 13, 12, 20 + random() * 12)
  }
  for (let i = 0; i < 7; i++) for (const side of [-1, 1]) makers.push(fixed(createTree(brush, random, side * (9.5 + random() * 8), 31 - i * 3.2)))
  if (!brush.isDay) {
    brush.pool(0, 17, 5.5, warm, 0.4)
    for (const x of [-4.5, 4.5]) brush.pool(x, 20, 4, warm, 0.26)
    drawLampLight(brush, -6.6, 14, 1)
  }
  for (const x of [-8, 6.8]) makers.push(fixed({ x, z: 21, draw: () => brush.box(x, 21, 1.2, 1.2, 0, 5.4, [150, 132, 112], m) }))
  makers.push(
    fixed({
      x: 0,
      z: 21.2,
      draw() {
        brush.box(-8, 21, 16, 1, 5, 6.1, [140, 120, 100], m * 1.2)
        for (let k = 0; k < 4; k++)
          brush.poly(
            [
              [-2.6 + k * 1.4, 5.25, 20.98],
              [-1.7 + k * 1.4, 5.25, 20.98],
              [-1.7 + k * 1.4, 5.9, 20.98],
              [-2.6 + k * 1.4, 5.9, 20.98],
            ],
            brush.isDay ? '#c8a24a' : 'rgba(255,208,120,.9)',
          )
      },
    }),
  )
  makers.push(
    fixed({
      x: 0,
      z: 19,
      draw() {
        brush.box(-1.3, 19, 2.6, 3, 0, 2.9, [186, 190, 190], m * 1.1)
        brush.poly(
          [
            [-1.1, 1.1, 18.98],
            [1.1, 1.1, 18.98],
            [1.1, 2.4, 18.98],
            [-1.1, 2.4, 18.98],
          ],
          brush.isDay ? '#4a5a68' : 'rgba(255,226,170,.85)',
        )
        brush.box(-1.6, 18.7, 3.2, 3.6, 2.9, 3.1, [110, 116, 120], m)
        if (!brush.isDay) brush.glow(0, 3.2, 19, 2, warm, 0.7)
      },
    }),
  )
  makers.push(fixed(createLamp(brush, -6.6, 14, 1)))

  // One car comes home in each loop: up to the barrier, wait, through.
  const stopZ = 13.4
  const carZ = (u: number) => {
    if (u < 0.22) return 2 + (stopZ - 2) * (1 - (1 - u / 0.22) ** 2)
    if (u < 0.42) return stopZ
    return stopZ + 36 * ((u - 0.42) / 0.58) ** 1.5
  }
  const look = createCarLook(random)
  makers.push((t) => {
    const u = t / loopS
    const z = carZ(u)
    return {
      x: 3.4,
      z,
      draw() {
        brush.canvas.globalAlpha = Math.max(0, Math.min(1, (48 - z) / 8))
        drawCar(brush, lightAt, look, { x: 3.4, z, dx: 0, dz: 1 }, u > 0.12 && u < 0.42)
        brush.canvas.globalAlpha = 1
      },
    }
  })
  for (const side of [-1, 1]) {
    makers.push((t) => {
      const u = t / loopS
      const ramp = (from: number, to: number) => Math.max(0, Math.min(1, (u - from) / (to - from)))
      const lift = side > 0 ? ramp(0.34, 0.42) - ramp(0.66, 0.74) : 0
      const angle = lift * 1.35
      return {
        x: side * 3.4,
        z: 17.6,
        draw() {
          brush.box(side * 1.6 - 0.2, 17.6, 0.4, 0.4, 0, 1.1, [220, 130, 40], m * 1.2)
          for (let q = 0; q < 7; q++) {
            const part = (r: number) => [side * (1.6 + r * Math.cos(angle)), 0.98 + r * Math.sin(angle), 17.7] as const
            brush.limb([part(0.2 + q * 0.55), part(0.2 + (q + 1) * 0.55)], 0.15, q % 2 ? shade([230, 228, 224], m * 1.5) : shade([210, 50, 44], m * 1.5))
          }
        },
      }
    })
  }
  park(stage, -12, 12.5, 1, 0)
  walk(stage, [-5.4, 4], [-5, 44])
  walk(stage, [5.9, 40], [5.6, 4])
  walk(stage, [-4.6, 42], [-4.9, 4])
  walk(stage, [14, 12.6], [-14, 12.2])
  walk(stage, [-15, 11.4], [15, 11.8])
  stand(stage, -1.9, 18.2)
  stand(stage, 6.9, 15.6)
  ride(stage, [-3.4, 48], [-3.6, 3])
}

function market(stage: Stage) {
  const { brush, random, makers } = stage
  ground(brush, '#96928a', '#3a3734')
  for (let z = 3; z < 60; z += 1.4) brush.flat(-3.2, z, 3.2, z + 0.04, 'rgba(0,0,0,.12)')
  drawBuilding(brush, random, -26, 44, 20, 14, 12)
  drawBuilding(brush, random, 7, 44, 20, 14, 14)
  for (const side of [-1, 1]) for (let z = 62; z > 4; z -= 14) drawBuilding(brush, random, side < 0 ? -20 : 11, z, 9, 13, 7 + random() * 4)
  for (let z = 48; z > 5; z -= 4.6) {
    for (const side of [-1, 1]) {
      makers.push(fixed(createStall(brush, random, side, z)))
      drawStallLight(brush, side, z)
      if (random() < 0.8) stand(stage, side * (2.7 + random() * 0.4), z + 0.6 + random() * 1.6)
      stand(stage, side * 7.2, z + 1.6)
    }
  }
  walkStreet(stage, 9, () => -2.4 + random() * 4.8, 4, 48)
  ride(stage, [0.3, 52], [-0.2, 3])
}

function mall(stage: Stage) {
  const { brush, random, makers, loopS } = stage
  const { isDay, poly } = brush
  ground(brush, '#b3b0aa', '#3b3c41')
  for (let z = 3; z < 44; z += 2.2) brush.flat(-40, z, 40, z + 0.06, 'rgba(0,0,0,.16)')
  for (let x = -30; x < 30; x += 2.2) brush.flat(x, 3, x + 0.06, 44, 'rgba(0,0,0,.13)')
  brush.box(-34, 44, 68, 20, 0, 18, [120, 130, 140], ambient(brush))
  for (let x = -33; x < 33; x += 2.9) {
    for (let y = 0.3; y < 17; y += 3.4) {
      const b = random()
      poly(
        [
          [x, y, 43.9],
          [x + 2.6, y, 43.9],
          [x + 2.6, y + 3, 43.9],
          [x, y + 3, 43.9],
        ],
        isDay ? `rgba(${92 + b * 44},${122 + b * 42},${142 + b * 38},.95)` : `rgba(${214 + b * 41},${186 + b * 44},${138 + b * 50},${0.3 + random() * 0.5})`,
      )
    }
  }
  if (!isDay) for (let x = -20; x <= 20; x += 8) brush.pool(x, 38, 9, '255,224,176', 0.3)
  // The screen over the entrance changes colour once in a loop.
  makers.push((t) => ({
    x: 0,
    z: 43.6,
    draw() {
      const phase = (2 * Math.PI * t) / loopS
      const rgb = [60 + 30 * Math.sin(phase), 120 + 40 * Math.sin(phase + 1.2), 190 + 30 * Math.sin(phase + 2.4)].map(Math.round).join()
      poly(
        [
          [-9, 10.4, 43.5],
          [9, 10.4, 43.5],
          [9, 13.8, 43.5],
          [-9, 13.8, 43.5],
        ],
        `rgba(${rgb},${isDay ? 0.85 : 0.95})`,
      )
      for (let k = 0; k < 4; k++) {
        const x = -7.5 + k * 4 + Math.sin(phase + k) * 0.8
        poly(
          [
            [x, 11, 43.45],
            [x + 2.6, 11, 43.45],
            [x + 2.6, 13.2, 43.45],
            [x, 13.2, 43.45],
          ],
          `rgba(255,255,255,${0.25 + 0.2 * Math.sin(phase * 2 + k)})`,
        )
      }
      if (!isDay) brush.glow(0, 12, 43, 12, rgb, 0.25)
    },
  }))
  for (let x = -12; x < 13; x += 3) makers.push(fixed({ x, z: 12, draw: () => brush.box(x, 12, 0.35, 0.35, 0, 0.8, [190, 190, 186], ambient(brush)) }))
  for (const [x, z] of [
    [-9, 22],
    [9, 20],
    [-14, 30],
    [15, 30],
  ] as const) {
    makers.push(fixed(createTree(brush, random, x, z)))
    makers.push(fixed({ x, z: z + 0.3, draw: () => brush.box(x - 0.9, z - 0.9, 1.8, 1.8, 0, 0.45, [150, 140, 126], ambient(brush)) }))
  }
  for (const [x, z, direction] of [
    [-6, 24, 1],
    [7, 26, -1],
  ] as const) {
    makers.push(fixed(createLamp(brush, x, z, direction)))
    drawLampLight(brush, x, z, direction)
  }
  walkStreet(stage, 6, () => -9 + random() * 18, 6, 43)
  for (let i = 0; i < 6; i++) {
    const z = 14 + i * 4 + random() * 2
    if (i % 2) walk(stage, [-20, z], [20, z + random() * 4])
    else walk(stage, [20, z], [-20, z + random() * 4])
  }
  for (let i = 0; i < 5; i++) stand(stage, -8 + random() * 16, 16 + random() * 18)
}

export const scenes: Record<SceneName, (stage: Stage) => void> = { road, crossing, alley, gate, market, mall }

export const sceneWords: Record<SceneName, string> = { road: '道路', crossing: '路口', alley: '小巷', gate: '小区门口', market: '市场', mall: '商城' }
