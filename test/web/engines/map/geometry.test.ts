import { describe, expect, test } from 'vitest'
import type { LonLat } from '../../../../server/contract/ids.ts'
import { projectionOf } from '../../../../web/engines/map/crs.ts'
import { destination, innerBorders, isInRing, sectorRing } from '../../../../web/engines/map/geometry.ts'
import { metresPerPx, resolutionOf, restingResolutions, scaleBar, zoomOf } from '../../../../web/engines/map/scale.ts'
import { fittingResolution } from '../../../../web/engines/map/view-moves.ts'
import { project } from '../../../../web/engines/map/crs.ts'

const here: LonLat = [111.66, 40.75]
/** Great-circle distance: another way than the code's. */
function haversineM([lon1, lat1]: LonLat, [lon2, lat2]: LonLat): number {
  const rad = Math.PI / 180
  const a = Math.sin(((lat2 - lat1) * rad) / 2) ** 2 + Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon1) * rad) / 2) ** 2
  return 2 * 6_378_137 * Math.asin(Math.sqrt(a))
}
function bearingDeg([lon1, lat1]: LonLat, [lon2, lat2]: LonLat): number {
  return ((Math.atan2((lon2 - lon1) * Math.cos((lat1 * Math.PI) / 180), lat2 - lat1) * 180) / Math.PI + 360) % 360
}

describe('R-MAP-6 field of view', () => {
  test.each([
    [0, 60],
    [90, 60],
    [225, 80],
    [350, 40],
  ])('looks %i degrees and opens %i', (headingDeg, fovDeg) => {
    const ring = sectorRing({ lonLat: here, headingDeg, fovDeg, reachM: 60 })
    expect(ring[0]).toEqual(here)
    expect(ring.at(-1)).toEqual(here)
    for (const place of ring.slice(1, -1)) expect(haversineM(here, place)).toBeCloseTo(60, 0)
    expect(bearingDeg(here, ring[1]!)).toBeCloseTo((headingDeg - fovDeg / 2 + 360) % 360, 0)
    expect(bearingDeg(here, ring.at(-2)!)).toBeCloseTo((headingDeg + fovDeg / 2) % 360, 0)
  })

  test('is a circle without a wedge when it sees all around', () => {
    const ring = sectorRing({ lonLat: here, headingDeg: 0, fovDeg: 360, reachM: 30 })
    expect(ring).not.toContainEqual(here)
  })

  test('north is up and east is right', () => {
    expect(destination(here, 0, 100)[1]).toBeGreaterThan(here[1])
    expect(destination(here, 90, 100)[0]).toBeGreaterThan(here[0])
  })
})

describe('R-MAP-6 jurisdictions', () => {
  test('a border two of them share is drawn once, the outline not again', () => {
    const left: LonLat[] = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
      [0, 0],
    ]
    const right: LonLat[] = [
      [1, 0],
      [2, 0],
      [2, 1],
      [1, 1],
      [1, 0],
    ]
    const outline: LonLat[] = [
      [0, 0],
      [1, 0],
      [2, 0],
      [2, 1],
      [1, 1],
      [0, 1],
      [0, 0],
    ]
    expect(innerBorders([left, right], outline)).toEqual([
      [
        [1, 0],
        [1, 1],
      ],
    ])
    expect(innerBorders([left], null)).toEqual([left])
  })

  test('inside and outside', () => {
    const ring = Float64Array.of(0, 0, 10, 0, 10, 10, 0, 10)
    expect(isInRing(5, 5, ring)).toBe(true)
    expect(isInRing(15, 5, ring)).toBe(false)
  })
})

describe('scale', () => {
  test.each(['EPSG:3857', 'EPSG:4326', 'GCJ-02'] as const)('zoom is the same scale there and back in %s', (crs) => {
    expect(zoomOf(resolutionOf(13.5, projectionOf(crs)), projectionOf(crs))).toBeCloseTo(13.5, 9)
    expect(restingResolutions(projectionOf(crs))[0]).toBe(resolutionOf(9, projectionOf(crs)))
  })

  test('the steps are shifted so that the home view is one of them, by less than a step', () => {
    const projection = projectionOf('EPSG:3857')
    const home = resolutionOf(12.37, projection)
    const steps = restingResolutions(projection, home)
    expect(steps.some((step) => Math.abs(step / home - 1) < 1e-9)).toBe(true)
    expect(zoomOf(steps[0]!, projection)).toBeCloseTo(9.37, 9)
    expect(steps[0]! / steps[2]!).toBeCloseTo(2, 9)
    expect(steps).toHaveLength(restingResolutions(projection).length)
  })

  test.each([
    { name: 'a wide box by its width', box: [0, 0, 2000, 500], margin: 30 },
    { name: 'a tall box by its height', box: [0, 0, 500, 2000], margin: 30 },
  ] as const)('$name fits what panels leave free, with air around it', ({ box, margin }) => {
    const resolution = fittingResolution(box, [1000, 700], [100, 50, 100, 350])
    const [widthPx, heightPx] = [box[2] / resolution, box[3] / resolution]
    // free: 600 × 500; 6 % of the shorter side is 30
    expect(Math.min(600 - widthPx, 500 - heightPx)).toBeCloseTo(2 * margin, 6)
    expect(Math.max(widthPx / 600, heightPx / 500)).toBeLessThan(1)
  })

  test('metres a pixel hold on the ground', () => {
    const projection = projectionOf('EPSG:3857')
    const resolution = resolutionOf(16, projection)
    const [x, y] = project(here, projection)
    const east = project(destination(here, 90, 100), projection)
    expect(100 / ((east[0] - x) / resolution)).toBeCloseTo(metresPerPx(resolution, [x, y], projection), 1)
  })

  test.each([
    [12.4, 100, 1000],
    [1.8, 100, 100],
    [0.3, 100, 20],
    [60, 100, 5000],
  ])('bar at %d m a pixel in %i px shows %i m', (perPxM, maxPx, metres) => {
    expect(scaleBar(perPxM, maxPx)).toEqual({ metres, widthPx: metres / perPxM })
  })
})
