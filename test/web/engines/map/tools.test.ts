import { describe, expect, test } from 'vitest'
import type { CameraId, LonLat } from '../../../../server/contract/ids.ts'
import type { CameraStatus } from '../../../../server/contract/status.ts'
import { destination } from '../../../../web/engines/map/geometry.ts'
import { type Handle, handleLonLat, handles, NEAREST_PX, pullHandle } from '../../../../web/engines/map/handles.ts'
import { areaM2, lengthM, writeArea, writeLength } from '../../../../web/engines/map/measure.ts'
import { rateFill, rateStep, writeRate } from '../../../../web/engines/map/rates.ts'
import { buildScene, groupPoints, type MapPoint } from '../../../../web/engines/map/scene.ts'
import { bearingDeg, metresBetween } from '../../../../web/engines/map/selecting.ts'
import { selectionMarks, writeNumbers } from '../../../../web/engines/map/selection.ts'
import { measureOfPlaces, shapeOfPlaces } from '../../../../web/engines/map/sketch.ts'
import { color, mapColor } from '../../../../web/base/theme.ts'
import { makePoints } from '../../support/harness/map-points.ts'

const heart: LonLat = [111.66, 40.75]
const off = (eastM: number, northM: number) => destination(destination(heart, 90, eastM), 0, northM)

describe('R-MAP-5 what a hand has drawn', () => {
  test('is nothing until something is enclosed', () => {
    expect(shapeOfPlaces('rectangle', [heart], 0)).toBeNull()
    expect(shapeOfPlaces('rectangle', [heart, [heart[0], heart[1] + 1]], 0)).toBeNull()
    expect(shapeOfPlaces('circle', [heart, heart], 0)).toBeNull()
    expect(shapeOfPlaces('polygon', [heart, off(10, 0)], 0)).toBeNull()
    expect(shapeOfPlaces('route', [heart], 30)).toBeNull()
    expect(shapeOfPlaces('route', [heart, off(10, 0)], 30)).toEqual({ kind: 'route', line: [heart, off(10, 0)], widthM: 30 })
  })
  test('a measure begins with its first place', () => {
    expect(measureOfPlaces('distance', [])).toBeNull()
    expect(measureOfPlaces('distance', [heart])).toEqual({ kind: 'distance', line: [heart], metres: 0 })
    expect(measureOfPlaces('area', [heart, off(10, 0)])).toMatchObject({ squareMetres: 0 })
  })
})

describe('R-MAP-5 lengths and areas on the earth', () => {
  test('a degree of latitude is a sixtieth of 60 nautical miles', () =>
    expect(
      lengthM([
        [111, 40],
        [111, 41],
      ]),
    ).toBeCloseTo(111_195, -1))
  test('a length is the sum of its legs', () => expect(lengthM([heart, off(300, 0), off(300, 400)])).toBeCloseTo(700, 0))
  test('an area is the same whichever way round and whether closed or not', () => {
    const ring = [off(0, 0), off(200, 0), off(200, 300), off(0, 300)]
    expect(areaM2(ring) / 60_000).toBeCloseTo(1, 2)
    expect(areaM2(ring.toReversed())).toBeCloseTo(areaM2(ring), 3)
    expect(areaM2([...ring, ring[0]!])).toBeCloseTo(areaM2(ring), 3)
  })
  test.each([
    [0, '0.0 m'],
    [9.94, '9.9 m'],
    [86.4, '86 m'],
    [999.4, '999 m'],
    [999.6, '1.00 km'],
    [1240, '1.24 km'],
    [123_400, '123.4 km'],
  ])('%d m is written %s', (metres, words) => expect(writeLength(metres)).toBe(words))
  test.each([
    [86, '86 m²'],
    [99_600, '0.10 km²'],
    [1_234_000, '1.23 km²'],
  ])('%d m² is written %s', (squareMetres, words) => expect(writeArea(squareMetres)).toBe(words))
})

describe('R-MAP-5 numbers of what was selected', () => {
  const points = makePoints(468)
  const scene = (resolution: number, isClustered: boolean) => {
    const placed: MapPoint[] = points.map((point, i) => ({ point, x: point.lonLat[0] * 84_000, y: point.lonLat[1] * 111_000, pole: String(i) }))
    return buildScene(groupPoints(placed, { resolution, sizeScale: 1, isClustered, keepSingle: () => false }))
  }
  test.each([
    ['whole district', 12, true],
    ['streets', 1, false],
  ] as const)('every hit has its number once, itself or at its cluster: %s', (_, resolution, isClustered) => {
    const chosen = points.filter((__, i) => i % 3 === 0)
    const numberOf = new Map(chosen.map(({ cameraId }, i) => [cameraId, i + 1]))
    const marks = selectionMarks(scene(resolution, isClustered), numberOf)
    const numbers = marks.flatMap((mark) => ('numbers' in mark ? mark.numbers : [mark.number])).toSorted((a, b) => a - b)
    expect(numbers).toEqual(chosen.map((__, i) => i + 1))
  })
  test('a camera that is selected but not on the map has no mark', () => {
    expect(selectionMarks(scene(12, true), new Map([['gone' as CameraId, 1]]))).toEqual([])
  })
  test.each([
    [[4], '4'],
    [[3, 4, 5, 6], '3–6'],
    [[3, 9, 17], '3…17'],
  ])('%j is written %s', (numbers, words) => expect(writeNumbers(numbers)).toBe(words))
})

describe('R-MAP-6 handles of a camera that is placed', () => {
  const start = { lonLat: heart, headingDeg: 350, fovDeg: 60, reachM: 80 }
  const pull = (handle: Handle, to: LonLat, place = start) => pullHandle(handle, place, handleLonLat(handle, place, 0.5), to)

  test('stand at the place, both edges, the reach, and outside of it the direction', () => {
    expect(handleLonLat('place', start, 0.5)).toEqual(heart)
    for (const [handle, bearing, metres] of [
      ['left', 320, 80],
      ['right', 20, 80],
      ['reach', 350, 80],
      ['heading', 350, 95],
    ] as const) {
      const at = handleLonLat(handle, start, 0.5)
      expect(bearingDeg(heart, at)).toBeCloseTo(bearing, 1)
      expect(metresBetween(heart, at)).toBeCloseTo(metres, 1)
    }
  })
  test('never stand on each other, however small the sector is on the screen', () => {
    for (const handle of handles.filter((each) => each !== 'place'))
      expect(metresBetween(heart, handleLonLat(handle, start, 10))).toBeGreaterThanOrEqual(NEAREST_PX * 10 - 1)
  })
  test('the direction turns across north and stays a whole degree from 0 to 359', () => {
    expect(pull('heading', destination(heart, 10, 100)).headingDeg).toBe(10)
    expect(pull('heading', destination(heart, 359.7, 100)).headingDeg).toBe(0)
    expect(pull('heading', destination(heart, 180, 100)).headingDeg).toBe(180)
  })
  test('both edges open alike; past the back is all around, past the front is shut', () => {
    expect(pull('left', destination(heart, 300, 80)).fovDeg).toBe(100)
    expect(pull('right', destination(heart, 40, 80)).fovDeg).toBe(100)
    expect(pull('right', destination(heart, 180, 80)).fovDeg).toBe(360)
    expect(pull('left', destination(heart, 180, 80)).fovDeg).toBe(340)
    expect(pull('left', destination(heart, 340 - 180, 80)).fovDeg).toBe(360)
    expect(pull('left', destination(heart, 0, 80)).fovDeg).toBe(1)
  })
  test('the reach keeps to its bounds', () => {
    expect(pull('reach', destination(heart, 350, 200)).reachM).toBe(200)
    expect(pull('reach', destination(heart, 350, 9000)).reachM).toBe(2000)
    expect(pull('reach', heart).reachM).toBe(1)
  })
  test('the place moves by what the hand moved, not to where the hand is', () => {
    const moved = pullHandle('place', start, off(2, 1), off(12, 21))
    expect(metresBetween(moved.lonLat, off(10, 20))).toBeLessThan(0.1)
    expect(moved).toMatchObject({ headingDeg: 350, fovDeg: 60, reachM: 80 })
  })
})

describe('R-MAP-6 jurisdictions by online rate', () => {
  test.each([
    [1, 0],
    [0.995, 0],
    [0.99499, 1],
    [0.98, 1],
    [0.9799, 2],
    [0.95, 2],
    [0.9499, 3],
    [0, 3],
  ])('%d is step %d', (rate, step) => expect(rateStep(rate)).toBe(step))
  test('a rate that is not full never reads as full, and none is a dash', () => {
    expect([1, 0.99999, 0.9827, 0, null].map(writeRate)).toEqual(['100 %', '99.99 %', '98.27 %', '0.00 %', '—'])
  })
  test.each(['dark', 'light'] as const)('each step differs from the next also in grey: %s', (theme) => {
    const grey = (hex: string) => [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => sum + part * parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16), 0)
    const land = grey(mapColor[theme].land)
    const shades = rateFill.map(({ tone, alpha }) => land + (grey(color[theme][tone satisfies CameraStatus]) - land) * alpha)
    for (let i = 1; i < shades.length; i++) expect(Math.abs(shades[i]! - land) - Math.abs(shades[i - 1]! - land)).toBeGreaterThan(6)
  })
})
