import { describe, expect, test } from 'vitest'
import type { LonLat } from '../../../../server/contract/ids.ts'
import { project, projectionOf, unproject } from '../../../../web/engines/map/crs.ts'

const RADIUS_M = 6_378_137
/** Spherical Mercator by its own formula (EPSG Guidance Note 7-2, §3.2.2). */
function mercator([lon, lat]: LonLat): [number, number] {
  return [(lon * Math.PI * RADIUS_M) / 180, RADIUS_M * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360))]
}
function metresApart(a: readonly number[], b: readonly number[]): number {
  return Math.hypot((a[0]! - b[0]!) * 111_320 * Math.cos((a[1]! * Math.PI) / 180), (a[1]! - b[1]!) * 111_132)
}

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

  test.each(['EPSG:3857', 'EPSG:4326', 'EPSG:4490', 'GCJ-02', 'BD-09'] as const)('%s there and back is the same place to 0.5 m all over the country', (crs) => {
    for (let lon = 75; lon < 134; lon += 7.3) {
      for (let lat = 19; lat < 53; lat += 4.1) {
        expect(metresApart(unproject(project([lon, lat], projectionOf(crs)), projectionOf(crs)), [lon, lat]), `${lon} ${lat}`).toBeLessThan(0.5)
      }
    }
  })
})
