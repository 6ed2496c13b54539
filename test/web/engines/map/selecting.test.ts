import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CameraId, LonLat } from '../../../../server/contract/ids.ts'
import { destination } from '../../../../web/engines/map/geometry.ts'
import { bearingDeg, listInShape, listNearest, metresBetween, seesPlace, turnDeg } from '../../../../web/engines/map/selecting.ts'
import { borderOf } from '../../../../web/engines/map/sketch.ts'

const heart: LonLat = [111.66, 40.75]
type Point = { cameraId: CameraId; lonLat: LonLat }
const at = (lonLats: readonly LonLat[]): Point[] => lonLats.map((lonLat, i) => ({ cameraId: `c${i}` as CameraId, lonLat }))
const ids = (points: readonly Point[]) => points.map(({ cameraId }) => cameraId)

/** Places on a grid of whole numbers, so that "on the border" can be decided without rounding. */
const STEP_DEG = 1 / 1024
type Whole = readonly [x: number, y: number]
const toLonLat = ([x, y]: Whole): LonLat => [111 + x * STEP_DEG, 40 + y * STEP_DEG]
const whole = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }))

/** Even-odd by a ray to the east, in whole numbers and without any index; the border counts as inside. */
function isInsideSlowly([x, y]: Whole, ring: readonly Whole[]): boolean {
  let isInside = false
  for (let i = 0; i < ring.length; i++) {
    const [[ax, ay], [bx, by]] = [ring[i]!, ring[(i + 1) % ring.length]!]
    const cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    const isBetween = Math.min(ax, bx) <= x && x <= Math.max(ax, bx) && Math.min(ay, by) <= y && y <= Math.max(ay, by)
    if (cross === 0 && isBetween) return true
    if (ay > y !== by > y && (by > ay ? cross > 0 : cross < 0)) isInside = !isInside
  }
  return isInside
}

describe('R-MAP-5 cameras in a polygon', () => {
  test('are those a slow and simple way finds: concave, crossing itself, on the border', () => {
    fc.assert(
      fc.property(fc.array(whole, { minLength: 3, maxLength: 14 }), fc.array(whole, { minLength: 1, maxLength: 60 }), (ring, places) => {
        const points = at(places.map(toLonLat))
        const expected = points.filter((_, i) => isInsideSlowly(places[i]!, ring))
        expect(ids(listInShape(points, { kind: 'polygon', ring: ring.map(toLonLat) }))).toEqual(ids(expected))
      }),
      { numRuns: 600 },
    )
  })
  test('a star that crosses itself leaves its middle out', () => {
    const star: Whole[] = [
      [20, 40],
      [32, 2],
      [0, 26],
      [40, 26],
      [8, 2],
    ]
    const points = at(
      [
        [20, 20],
        [20, 35],
        [5, 25],
      ].map((place) => toLonLat(place as unknown as Whole)),
    )
    expect(ids(listInShape(points, { kind: 'polygon', ring: star.map(toLonLat) }))).toEqual(['c1', 'c2'])
  })
  test('corners and edges belong to it, also level and upright ones', () => {
    const ring = (
      [
        [0, 0],
        [10, 0],
        [10, 10],
        [0, 10],
      ] as const
    ).map(toLonLat)
    const points = at(
      (
        [
          [0, 0],
          [5, 0],
          [10, 7],
          [10, 10],
          [3, 10],
          [11, 5],
          [5, -1],
        ] as const
      ).map(toLonLat),
    )
    expect(ids(listInShape(points, { kind: 'polygon', ring }))).toEqual(['c0', 'c1', 'c2', 'c3', 'c4'])
  })
  test('a closed ring is the same as an open one, and two corners enclose nothing', () => {
    const ring = (
      [
        [0, 0],
        [10, 0],
        [5, 10],
      ] as const
    ).map(toLonLat)
    const points = at(
      (
        [
          [5, 3],
          [9, 9],
        ] as const
      ).map(toLonLat),
    )
    expect(ids(listInShape(points, { kind: 'polygon', ring: [...ring, ring[0]!] }))).toEqual(ids(listInShape(points, { kind: 'polygon', ring })))
    expect(listInShape(points, { kind: 'polygon', ring: ring.slice(0, 2) })).toEqual([])
  })
  test('ten thousand points in a ring of five hundred corners take a fraction of looking at each edge', () => {
    const ring = Array.from({ length: 500 }, (_, i) => destination(heart, (i / 500) * 360, i % 2 ? 2500 : 4000))
    const points = at(Array.from({ length: 10_000 }, (_, i) => destination(heart, i * 137.508, 45 * Math.sqrt(i))))
    const isInside = ([x, y]: LonLat) =>
      ring.reduce((is, [ax, ay], i) => {
        const [bx, by] = ring[(i + 1) % ring.length]!
        return ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay) ? !is : is
      }, false)
    const leastOf = (run: () => unknown) =>
      Math.min(
        ...Array.from({ length: 3 }, () => {
          const startedAtMs = performance.now()
          run()
          return performance.now() - startedAtMs
        }),
      )
    const fastMs = leastOf(() => listInShape(points, { kind: 'polygon', ring }))
    const slowMs = leastOf(() => points.filter(({ lonLat }) => isInside(lonLat)))
    expect(fastMs).toBeLessThan(slowMs / 3)
  })
})

describe('R-MAP-5 cameras in a rectangle and a circle', () => {
  test('a rectangle may be pulled open from any corner; its border belongs to it', () => {
    fc.assert(
      fc.property(whole, whole, fc.array(whole, { minLength: 1, maxLength: 40 }), (a, b, places) => {
        const points = at(places.map(toLonLat))
        const isBetween = (v: number, p: number, q: number) => v >= Math.min(p, q) && v <= Math.max(p, q)
        const expected = points.filter((_, i) => isBetween(places[i]![0], a[0], b[0]) && isBetween(places[i]![1], a[1], b[1]))
        expect(ids(listInShape(points, { kind: 'rectangle', corners: [toLonLat(a), toLonLat(b)] }))).toEqual(ids(expected))
      }),
    )
  })
  test('a circle holds what is at most its radius away, on the earth', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 360, noNaN: true }), fc.integer({ min: 5, max: 20_000 }), (bearing, radiusM) => {
        const [near, far] = [destination(heart, bearing, radiusM * 0.997), destination(heart, bearing, radiusM * 1.003 + 0.01)]
        expect(ids(listInShape(at([near, far, heart]), { kind: 'circle', center: heart, radiusM }))).toEqual(['c0', 'c2'])
      }),
    )
  })
  test('a circle as it is drawn is the circle that selects', () => {
    for (const place of borderOf({ kind: 'circle', center: heart, radiusM: 800 })) expect(metresBetween(heart, place)).toBeCloseTo(800, 0)
  })
})

describe('R-MAP-5 cameras along a route', () => {
  const along = (eastM: number, northM: number) => destination(destination(heart, 90, eastM), 0, northM)
  test('come in the order of walking, whatever order they are given in', () => {
    const line = [along(0, 0), along(500, 0), along(500, 400)]
    const points = at([along(505, 300), along(100, 20), along(480, -15), along(300, 5), along(300, 60), along(-20, 0)])
    expect(ids(listInShape(points, { kind: 'route', line, widthM: 30 }))).toEqual(['c5', 'c1', 'c3', 'c2', 'c0'])
    expect(ids(listInShape(points, { kind: 'route', line: line.toReversed(), widthM: 30 }))).toEqual(['c0', 'c2', 'c3', 'c1', 'c5'])
  })
  test('a route that passes twice counts a camera where it is nearest, once', () => {
    const line = [along(0, 0), along(400, 0), along(400, 100), along(0, 100)]
    const points = at([along(100, 90), along(200, 20), along(100, 10)])
    expect(ids(listInShape(points, { kind: 'route', line, widthM: 100 }))).toEqual(['c2', 'c1', 'c0'])
  })
  test('a route there and back on one street takes the way there', () => {
    const line = [along(0, 0), along(400, 0), along(0, 0)]
    expect(ids(listInShape(at([along(300, 5), along(100, 5)]), { kind: 'route', line, widthM: 20 }))).toEqual(['c1', 'c0'])
  })
  test('are those a slow and simple way finds', () => {
    const place = fc.tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -500, max: 500 }))
    fc.assert(
      fc.property(
        fc.array(place, { minLength: 2, maxLength: 8 }),
        fc.array(place, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 5, max: 200 }),
        (corners, places, widthM) => {
          const line = corners.map(([x, y]) => along(x, y))
          const points = at(places.map(([x, y]) => along(x, y)))
          // a step of 1 m along every leg, the distance to each by the sphere
          const off = points.map(({ lonLat }) => {
            let least = Infinity
            for (let i = 1; i < line.length; i++) {
              const steps = Math.max(1, Math.ceil(metresBetween(line[i - 1]!, line[i]!)))
              for (let k = 0; k <= steps; k++) {
                const [a, b] = [line[i - 1]!, line[i]!]
                least = Math.min(least, metresBetween(lonLat, [a[0] + ((b[0] - a[0]) * k) / steps, a[1] + ((b[1] - a[1]) * k) / steps]))
              }
            }
            return least
          })
          const found = new Set(ids(listInShape(points, { kind: 'route', line, widthM })))
          points.forEach(({ cameraId }, i) => {
            if (off[i]! < widthM - 0.6) expect(found.has(cameraId)).toBe(true)
            if (off[i]! > widthM + 0.6) expect(found.has(cameraId)).toBe(false)
          })
        },
      ),
      { numRuns: 40 },
    )
  })
  test('nothing along a line of one place', () => expect(listInShape(at([heart]), { kind: 'route', line: [heart], widthM: 50 })).toEqual([]))
})

describe('R-MAP-5 the nearest cameras to a place', () => {
  const camera = (name: string, lonLat: LonLat, headingDeg = 0, fovDeg = 60, reachM = 80) => ({
    cameraId: name as CameraId,
    lonLat,
    headingDeg,
    fovDeg,
    reachM,
  })
  test('those that see it come first, then the nearest', () => {
    const south = (metres: number) => destination(heart, 180, metres)
    const found = listNearest(
      [camera('blind', south(10), 180), camera('far', south(70)), camera('near', south(30)), camera('short', south(50), 0, 60, 40)],
      heart,
      3,
    )
    expect(found.map(({ point, seesPlace: sees }) => [point.cameraId, sees])).toEqual([
      ['near', true],
      ['far', true],
      ['blind', false],
    ])
    expect(found[0]!.distanceM).toBeCloseTo(30, 1)
    expect(found[0]!.bearingDeg).toBeCloseTo(180, 1)
  })
  test('a field of view across north sees to both sides of it', () => {
    const across = camera('a', heart, 350, 40, 100)
    for (const [bearing, sees] of [
      [331, true],
      [0, true],
      [9, true],
      [11, false],
      [329, false],
      [170, false],
    ] as const)
      expect(seesPlace(across, destination(heart, bearing, 50)), String(bearing)).toBe(sees)
  })
  test('one that looks all around sees everything in its reach, any camera the place it stands at', () => {
    for (let bearing = 0; bearing < 360; bearing += 30) {
      expect(seesPlace(camera('a', heart, 17, 360), destination(heart, bearing, 79))).toBe(true)
      expect(seesPlace(camera('a', heart, 17, 360), destination(heart, bearing, 81))).toBe(false)
    }
    expect(seesPlace(camera('a', heart, 90, 10), heart)).toBe(true)
  })
  test('sees what lies between its edges, for any heading and opening', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 359 }),
        fc.integer({ min: 2, max: 359 }),
        fc.double({ min: -180, max: 180, noNaN: true }),
        fc.integer({ min: 1, max: 2000 }),
        (headingDeg, fovDeg, turn, metres) => {
          fc.pre(Math.abs(Math.abs(turn) - fovDeg / 2) > 0.1)
          const place = destination(heart, headingDeg + turn, metres)
          expect(seesPlace(camera('a', heart, headingDeg, fovDeg, 2500), place)).toBe(Math.abs(turn) < fovDeg / 2)
        },
      ),
    )
  })
  test('directions turn the short way', () => {
    expect([turnDeg(350, 10), turnDeg(10, 350), turnDeg(0, 180), turnDeg(720, 5)]).toEqual([20, -20, -180, 5])
    expect(bearingDeg(heart, destination(heart, 359, 100))).toBeCloseTo(359, 1)
  })
})
