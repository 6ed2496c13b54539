import { describe, expect, test } from 'vitest'
import { fromWgs84, isInRange, toWgs84 } from '../../server/base/crs.ts'
import { areaM2, distanceM, distanceToRingM, isInside } from '../../server/base/geometry.ts'
import type { LonLat } from '../../server/contract/ids.ts'
import { Crs } from '../../server/contract/map.ts'

/** Metres between two pairs of degrees of one system. */
const apart = (a: readonly [number, number], b: readonly [number, number]) => distanceM(a, b)

describe('R-MAP-7 golden coordinates to 0.5 m', () => {
  // published with eviltransform (googollee, MIT) and coordtransform (wandergis, MIT)
  test.each<{ wgs84: LonLat; gcj02: LonLat }>([
    { wgs84: [121.527_210_6, 31.177_427_6], gcj02: [121.531_541_859_215, 31.175_303_983_645_97] },
    { wgs84: [113.912_316, 22.543_847], gcj02: [113.917_176_480_836_3, 22.540_796_131_694_766] },
    { wgs84: [116.377_817, 39.911_954], gcj02: [116.384_047_224_556_57, 39.913_345_455_360_69] },
    { wgs84: [116.404, 39.915], gcj02: [116.410_244_499_169_38, 39.916_404_281_501_64] },
  ])('WGS-84 $wgs84 is GCJ-02 $gcj02', ({ wgs84, gcj02 }) => {
    expect(apart(fromWgs84(wgs84, 'GCJ-02'), gcj02)).toBeLessThan(0.01)
    expect(apart(toWgs84(gcj02, 'GCJ-02'), wgs84)).toBeLessThan(0.02)
  })

  test('BD-09 is GCJ-02 shifted once more', () => {
    // coordtransform: GCJ-02 [116.404, 39.915] is BD-09 [116.41036949371029, 39.92133699351021]
    const wgs84 = toWgs84([116.404, 39.915], 'GCJ-02')
    const bd09: LonLat = [116.410_369_493_710_29, 39.921_336_993_510_21]
    expect(apart(fromWgs84(wgs84, 'BD-09'), bd09)).toBeLessThan(0.05)
    expect(apart(toWgs84(bd09, 'BD-09'), wgs84)).toBeLessThan(0.05)
  })

  test('Web Mercator as the example of EPSG Guidance Note 7-2, method 1024', () => {
    const wgs84: LonLat = [-(100 + 20 / 60), 24 + 22 / 60 + 54.433 / 3_600]
    const [x, y] = fromWgs84(wgs84, 'EPSG:3857')
    expect([x, y]).toEqual([expect.closeTo(-11_169_055.58, 1), expect.closeTo(2_800_000, 1)])
    expect(apart(toWgs84([-11_169_055.58, 2_800_000], 'EPSG:3857'), wgs84)).toBeLessThan(0.05)
  })

  test('CGCS2000 is WGS-84', () => expect(toWgs84([111.66, 40.75], 'EPSG:4490')).toEqual([111.66, 40.75]))

  test.each(Crs.options)('%s there and back, all over the country: to 2 cm', (crs) => {
    let worstM = 0
    for (let lon = 75; lon < 134; lon += 1.7) {
      for (let lat = 4; lat < 53; lat += 1.3) worstM = Math.max(worstM, distanceM([lon, lat], toWgs84(fromWgs84([lon, lat], crs), crs)))
    }
    expect(worstM).toBeLessThan(0.02)
  })

  test('what a system cannot mean is out of its range', () => {
    expect(isInRange([12_430_000, 4_970_000], 'EPSG:3857')).toBe(true)
    expect(isInRange([12_430_000, 4_970_000], 'EPSG:4326')).toBe(false)
    expect(isInRange([40.75, 111.66], 'EPSG:4490')).toBe(false)
    expect(isInRange([2.35, 48.86], 'GCJ-02')).toBe(false)
    expect(isInRange([Number.NaN, 1], 'EPSG:4326')).toBe(false)
  })
})

describe('geometry of a district', () => {
  const square: LonLat[] = [
    [111.6, 40.7],
    [111.7, 40.7],
    [111.7, 40.8],
    [111.6, 40.8],
    [111.6, 40.7],
  ]
  const hole: LonLat[] = [
    [111.64, 40.74],
    [111.66, 40.74],
    [111.66, 40.76],
    [111.64, 40.76],
    [111.64, 40.74],
  ]
  test('a hole is outside, and its area is taken off', () => {
    expect([isInside([111.62, 40.72], [[square, hole]]), isInside([111.65, 40.75], [[square, hole]]), isInside([111.8, 40.75], [[square, hole]])]).toEqual([
      true,
      false,
      false,
    ])
    expect(areaM2([[square, hole]]) / areaM2([[square]])).toBeCloseTo(0.96, 3)
    expect(areaM2([[square]]) / 1e6).toBeCloseTo(11.132 * 11.132 * Math.cos((40.7 * Math.PI) / 180), 0)
  })
  test('the distance to a ring is nothing inside, and that to its nearest side or corner outside', () => {
    expect(distanceToRingM([111.65, 40.75], square)).toBe(0)
    expect(distanceToRingM([111.65, 40.81], square)).toBeCloseTo(1_113.2, 0)
    expect(distanceToRingM([111.71, 40.81], square)).toBeCloseTo(distanceM([111.71, 40.81], [111.7, 40.8]), -1)
  })
})
