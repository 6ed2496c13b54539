/** A small perspective painter: metres on the ground in, pixels out. x is to the right, y up, z away from the camera. */
import type { Random } from '../seeded.ts'
import type { Canvas2d } from './canvas.ts'
import type { Light, SceneName } from './catalog.ts'

export type Point = readonly [x: number, y: number, z: number]
export type Rgb = readonly [number, number, number]

export const shade = (rgb: Rgb, factor: number) => `rgb(${rgb.map((value) => Math.min(255, Math.round(value * factor))).join()})`

/** Nothing is drawn nearer than this. */
const NEAREST_M = 1.2
const FOCAL = 0.78

export type Brush = ReturnType<typeof createBrush>

export function createBrush(canvas: Canvas2d, random: Random, scene: SceneName, light: Light, w: number, h: number) {
  const isDay = light === 'day'
  const horizon = 0.2 + random() * 0.08
  const heightM = scene === 'alley' ? 4.2 : 6.5 + random() * 1.5
  const yaw = (random() - 0.5) * (scene === 'alley' ? 0.16 : scene === 'gate' || scene === 'market' ? 0.3 : 0.5)
  const centre = 0.5 + (random() - 0.5) * 0.1
  const cos = Math.cos(yaw)
  const sin = Math.sin(yaw)

  const depth = (x: number, z: number) => Math.max(NEAREST_M, x * sin + z * cos)
  /** Pixels per metre there. */
  const scaleAt = (x: number, z: number) => (FOCAL * w) / depth(x, z)
  const project = ([x, y, z]: Point): [number, number] => {
    const k = scaleAt(x, z)
    return [centre * w + (x * cos - z * sin) * k, horizon * h + (heightM - y) * k]
  }

  function trace(points: readonly [number, number][]) {
    canvas.beginPath()
    points.forEach(([x, y], i) => (i === 0 ? canvas.moveTo(x, y) : canvas.lineTo(x, y)))
  }

  function poly(points: readonly Point[], fill: string) {
    canvas.fillStyle = fill
    trace(points.map(project))
    canvas.closePath()
    canvas.fill()
  }

  /** A rectangle on the ground; its long sides are cut up, because the nearest part is bent by clipping. */
  function flat(x1: number, z1: number, x2: number, z2: number, fill: string, y = 0) {
    const steps = 6
    const edge = (x: number, i: number): Point => [x, y, z1 + ((z2 - z1) * i) / steps]
    const there = Array.from({ length: steps + 1 }, (_, i) => edge(x1, i))
    const back = Array.from({ length: steps + 1 }, (_, i) => edge(x2, steps - i))
    poly([...there, ...back], fill)
  }

  /** Faces of a convex body with outward winding; those turned away are left out. */
  function body(faces: readonly { points: readonly Point[]; fill: string }[]) {
    for (const { points, fill } of faces) {
      const seen = points.map(project)
      let area = 0
      seen.forEach(([x, y], i) => {
        const [nextX, nextY] = seen[(i + 1) % seen.length]!
        area += x * nextY - nextX * y
      })
      if (area <= 0) continue
      canvas.fillStyle = fill
      trace(seen)
      canvas.closePath()
      canvas.fill()
    }
  }

  /** A frustum over two rings of four points (seen from above: near left, far left, far right, near right). */
  function frustum(low: readonly [Point, Point, Point, Point], high: readonly [Point, Point, Point, Point], rgb: Rgb, m = 1, sides?: Rgb) {
    const wall = sides ?? rgb
    const [a, b, c, d] = low
    const [e, f, g, i] = high
    body([
      { points: [d, a, e, i], fill: shade(wall, 0.85 * m) },
      { points: [a, b, f, e], fill: shade(wall, 0.62 * m) },
      { points: [c, d, i, g], fill: shade(wall, 0.66 * m) },
      { points: [b, c, g, f], fill: shade(wall, 0.5 * m) },
      { points: [e, f, g, i], fill: shade(rgb, 1.2 * m) },
    ])
  }

  function box(x: number, z: number, dx: number, dz: number, y0: number, y1: number, rgb: Rgb, m = 1) {
    const ring = (y: number): [Point, Point, Point, Point] => [
      [x, y, z],
      [x, y, z + dz],
      [x + dx, y, z + dz],
      [x + dx, y, z],
    ]
    frustum(ring(y0), ring(y1), rgb, m)
  }

  /** A thick line with round ends; `widthM` in metres. */
  function limb(points: readonly Point[], widthM: number, color: string) {
    const middle = points[0]!
    canvas.strokeStyle = color
    canvas.lineWidth = Math.max(1, widthM * scaleAt(middle[0], middle[2]))
    canvas.lineCap = 'round'
    canvas.lineJoin = 'round'
    trace(points.map(project))
    canvas.stroke()
  }

  function disc([x, y, z]: Point, radiusM: number, fill: string) {
    const [px, py] = project([x, y, z])
    canvas.fillStyle = fill
    canvas.beginPath()
    canvas.arc(px, py, Math.max(0.7, radiusM * scaleAt(x, z)), 0, 7)
    canvas.fill()
  }

  function radial(x: number, y: number, radiusX: number, radiusY: number, rgb: string, alpha: number, middle: number) {
    const gradient = canvas.createRadialGradient(0, 0, 0, 0, 0, 1)
    gradient.addColorStop(0, `rgba(${rgb},${alpha})`)
    gradient.addColorStop(0.35, `rgba(${rgb},${alpha * middle})`)
    gradient.addColorStop(1, `rgba(${rgb},0)`)
    canvas.save()
    canvas.translate(x, y)
    canvas.scale(radiusX, radiusY)
    canvas.globalCompositeOperation = 'lighter'
    canvas.fillStyle = gradient
    canvas.fillRect(-1, -1, 2, 2)
    canvas.restore()
    canvas.globalCompositeOperation = 'source-over'
  }

  /** Light in the air. */
  function glow(x: number, y: number, z: number, radiusM: number, rgb: string, alpha: number) {
    const [px, py] = project([x, y, z])
    const k = scaleAt(x, z) * radiusM
    radial(px, py, k, k, rgb, alpha, 0.32)
  }

  /** Light on the ground. */
  function pool(x: number, z: number, radiusM: number, rgb: string, alpha: number) {
    const [px, py] = project([x, 0, z])
    const k = scaleAt(x, z) * radiusM
    radial(px, py, k, k * 0.36, rgb, alpha, 0.66)
  }

  /** A soft dark ellipse under something. */
  function shadow(x: number, z: number, radiusM: number, alpha = 0.3) {
    const [px, py] = project([x, 0.01, z])
    const k = scaleAt(x, z) * radiusM
    canvas.fillStyle = `rgba(0,0,0,${alpha})`
    canvas.beginPath()
    canvas.ellipse(px, py, k, k * 0.36, 0, 0, 7)
    canvas.fill()
  }

  return {
    canvas,
    w,
    h,
    isDay,
    isInfrared: light === 'ir',
    horizon,
    heightM,
    depth,
    scaleAt,
    project,
    poly,
    flat,
    frustum,
    box,
    limb,
    disc,
    glow,
    pool,
    shadow,
  }
}
