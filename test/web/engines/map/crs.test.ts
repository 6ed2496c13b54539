import { describe, expect, test } from 'vitest'
import type { LonLat } from '../../../../server/contract/ids.ts'
import { parsePlaceIn, placeIn, project, projectionOf, unproject } from '../../../../web/engines/map/crs.ts'

const RADIUS_M = 6_378_137
/** Spherical Mercator by its own formula (EPSG Guidance Note 7-2, §3.2.2). */
function mercator([lon, lat]: LonLat): [number, number] {
  return [(lon * Math.PI * RADIUS_M) / 180, RADIUS_M * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360))]
}
function metresApart(a: readonly number[], b: readonly number[]): number {
  return Math.hypot((a[0]! - b[0]!) * 111_320 * Math.cos((a[1]! * Math.PI) / 180), (a[1]! - b[1]!) * 111_132)
}

/** GCJ-02 written down from its published formula, with the axes of Krasovsky 1940, apart from the library under test. */
function gcj02Of([lon, lat]: LonLat): LonLat {
  const [a, e2] = [6_378_245, 0.006_693_421_622_965_943]
  const [x, y] = [lon - 105, lat - 35]
  const wave = (v: number, parts: readonly (readonly [height: number, times: number])[]) =>
    parts.reduce((sum, [height, times]) => sum + height * Math.sin(v * times * Math.PI), 0) * (2 / 3)
  const shared = wave(x, [
    [20, 6],
    [20, 2],
  ])
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    shared +
    wave(y, [
      [20, 1],
      [40, 1 / 3],
      [160, 1 / 12],
      [320, 1 / 30],
    ])
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    shared +
    wave(x, [
      [20, 1],
      [40, 1 / 3],
      [150, 1 / 12],
      [300, 1 / 30],
    ])
  const radians = (lat * Math.PI) / 180
  const magic = 1 - e2 * Math.sin(radians) ** 2
  return [lon + (east * 180) / ((a / Math.sqrt(magic)) * Math.cos(radians) * Math.PI), lat + (north * 180) / (((a * (1 - e2)) / magic ** 1.5) * Math.PI)]
}

/** BD-09 degrees from GCJ-02 by the published formula. */
function bd09Of([lon, lat]: LonLat): LonLat {
  const turn = (Math.PI * 3000) / 180
  const radius = Math.hypot(lon, lat) + 0.00002 * Math.sin(lat * turn)
  const angle = Math.atan2(lat, lon) + 0.000003 * Math.cos(lon * turn)
  return [radius * Math.cos(angle) + 0.0065, radius * Math.sin(angle) + 0.006]
}

/** Baidu's metres: its tables are a Mercator on the ellipsoid Clarke 1866 (EPSG Guidance Note 7-2, §3.2.2, variant A). */
function clarkeMercator([lon, lat]: LonLat): [number, number] {
  const [a, b] = [6_378_206.4, 6_356_583.8]
  const e = Math.sqrt(1 - (b / a) ** 2)
  const sin = Math.sin((lat * Math.PI) / 180)
  return [(a * lon * Math.PI) / 180, a * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360) * ((1 - e * sin) / (1 + e * sin)) ** (e / 2))]
}

const cities: { name: string; wgs84: LonLat }[] = [
  { name: 'the middle of the demo', wgs84: [111.66, 40.75] },
  { name: 'Beijing', wgs84: [116.377817, 39.911954] },
  { name: 'Shanghai', wgs84: [121.5272106, 31.1774276] },
  { name: 'Shenzhen', wgs84: [113.912316, 22.543847] },
  { name: 'Chengdu', wgs84: [104.0665, 30.5723] },
  { name: 'Harbin', wgs84: [126.6424, 45.7567] },
  { name: 'Urumqi', wgs84: [87.6168, 43.8256] },
  { name: 'Sanya', wgs84: [109.5119, 18.2528] },
]

describe('R-MAP-7 golden coordinates to 0.5 m, by formulas apart from the library', () => {
  test.each(cities)('$name in GCJ-02, BD-09, Web Mercator and CGCS2000', ({ wgs84 }) => {
    const gcj02 = gcj02Of(wgs84)
    expect(metresApart(placeIn('GCJ-02', wgs84), gcj02)).toBeLessThan(0.5)
    const inGcj = project(wgs84, projectionOf('GCJ-02'))
    expect(Math.hypot(inGcj[0] - mercator(gcj02)[0], inGcj[1] - mercator(gcj02)[1])).toBeLessThan(0.5)
    const bd09 = bd09Of(gcj02)
    expect(metresApart(placeIn('BD-09', wgs84), bd09)).toBeLessThan(0.5)
    const inBaidu = project(wgs84, projectionOf('BD-09'))
    const baidu = clarkeMercator(bd09)
    expect(Math.hypot(inBaidu[0] - baidu[0], inBaidu[1] - baidu[1])).toBeLessThan(0.5)
    const inMercator = project(wgs84, projectionOf('EPSG:3857'))
    expect(Math.hypot(inMercator[0] - mercator(wgs84)[0], inMercator[1] - mercator(wgs84)[1])).toBeLessThan(0.01)
    expect(metresApart(project(wgs84, projectionOf('EPSG:4490')), wgs84)).toBeLessThan(0.01)
  })

  // what Baidu's service answered itself lies 0.83 m from the formula everybody publishes: this one to 1 m
  test('the pair in the documentation of Baidu: 114.21892734521 29.575429778924 is 114.2307528862 29.5790853441', () => {
    expect(metresApart(placeIn('BD-09', [114.21892734521, 29.575429778924]), [114.2307528862, 29.5790853441])).toBeLessThan(1)
  })

  test.each(['EPSG:3857', 'EPSG:4326', 'EPSG:4490', 'GCJ-02', 'BD-09'] as const)(
    '%s: what a person reads, typed in again, is the same place to 1 cm',
    (crs) => {
      for (const { wgs84 } of cities) expect(metresApart(parsePlaceIn(crs, placeIn(crs, wgs84)), wgs84)).toBeLessThan(0.01)
    },
  )
})

describe('R-MAP-7 points sit where they are in every coordinate system', () => {
  // public test pairs of the eviltransform project
  test.each<{ name: string; wgs84: LonLat; gcj02: LonLat }>([
    { name: 'Shanghai', wgs84: [121.5272106, 31.1774276], gcj02: [121.531541859215, 31.17530398364597] },
    { name: 'Shenzhen', wgs84: [113.912316, 22.543847], gcj02: [113.9171764808363, 22.540796131694766] },
    { name: 'Beijing', wgs84: [116.377817, 39.911954], gcj02: [116.38404722455657, 39.91334545536069] },
  ])('WGS-84 to GCJ-02, $name', ({ wgs84, gcj02 }) => {
    const expected = mercator(gcj02)
    const [x, y] = project(wgs84, projectionOf('GCJ-02'))
    expect(Math.hypot(x - expected[0], y - expected[1])).toBeLessThan(0.5)
    expect(metresApart(unproject([x, y], projectionOf('GCJ-02')), wgs84)).toBeLessThan(0.5)
  })

  test('WGS-84 to BD-09 metres and back', () => {
    // the pair in the coordinate converter documentation of Baidu: 114.21892734521 29.575429778924 (WGS-84) is 114.2307528862 29.5790853441 (BD-09)
    const projected = project([114.21892734521, 29.575429778924], projectionOf('BD-09'))
    const again = unproject(projected, projectionOf('BD-09'))
    expect(metresApart(again, [114.21892734521, 29.575429778924])).toBeLessThan(0.5)
    // Baidu's Mercator lies some hundred metres off the usual one here and within a hundredth of it
    const usual = mercator([114.21892734521, 29.575429778924])
    const off = Math.hypot(projected[0] - usual[0], projected[1] - usual[1])
    expect(off).toBeGreaterThan(500)
    expect(off).toBeLessThan(50_000)
  })

  test('EPSG:3857 by its formula', () => {
    const [x, y] = project([111.66, 40.75], projectionOf('EPSG:3857'))
    expect(x).toBeCloseTo(mercator([111.66, 40.75])[0], 3)
    expect(y).toBeCloseTo(mercator([111.66, 40.75])[1], 3)
  })

  test.each(['EPSG:4326', 'EPSG:4490'] as const)('%s keeps degrees, longitude first', (crs) => {
    expect(project([111.66, 40.75], projectionOf(crs))).toEqual([111.66, 40.75])
  })

  test.each(['EPSG:3857', 'EPSG:4326', 'EPSG:4490', 'GCJ-02', 'BD-09'] as const)('%s there and back is the same place to 1 cm all over the country', (crs) => {
    for (let lon = 75; lon < 134; lon += 7.3) {
      for (let lat = 19; lat < 53; lat += 4.1) {
        expect(metresApart(unproject(project([lon, lat], projectionOf(crs)), projectionOf(crs)), [lon, lat]), `${lon} ${lat}`).toBeLessThan(0.01)
      }
    }
  })
})
