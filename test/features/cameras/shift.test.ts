import { describe, expect, test } from 'vitest'
import { fromWgs84, toWgs84 } from '../../../server/base/crs.ts'
import { distanceM } from '../../../server/base/geometry.ts'
import type { LonLat } from '../../../server/contract/ids.ts'
import { listDemoCameras } from '../../../server/demo/cameras.ts'
import { demoOutline, listDemoStations } from '../../../server/demo/district.ts'
import { type ImportReport, planImport, type Registered } from '../../../server/features/cameras/import.ts'
import { draftOf } from '../../support/open-app.ts'

const cameras = listDemoCameras()
const stations = listDemoStations()
type Shift = (place: LonLat) => LonLat
const asIs: Shift = (place) => place
const gcj02: Shift = (place) => fromWgs84(place, 'GCJ-02')
const bd09: Shift = (place) => fromWgs84(place, 'BD-09')
const twice: Shift = (place) => gcj02(gcj02(place))
/** One correction too many. */
const backwards: Shift = (place) => toWgs84(place, 'GCJ-02')

function tableOf(shift: Shift, crs: string, from = cameras): Uint8Array {
  const rows = from.map(({ cameraId, name, lonLat, stationId }) => {
    const [lon, lat] = shift(lonLat)
    return [cameraId, name, lon.toFixed(7), lat.toFixed(7), crs, stationId, '其他', '有线', `rtsp://10.0.0.1/${cameraId}`].join()
  })
  return new TextEncoder().encode(['编号,名称,经度,纬度,坐标系,派出所编号,场景,接入方式,主码流', ...rows].join('\n'))
}
const registered = cameras.map(({ cameraId, stationId, lonLat }) => draftOf(cameraId, stationId, { lonLat }))
const nothingDrawn = stations.map((station) => ({ ...station, jurisdiction: null }))
const known: Record<string, Registered> = {
  'where the same cameras stand': { cameras: registered, stations: nothingDrawn, outline: null },
  'their jurisdictions': { cameras: [], stations, outline: null },
  'the outline of the district': { cameras: [], stations: nothingDrawn, outline: demoOutline },
}
const shiftsOf = (table: Uint8Array, by: Registered): ImportReport['shifts'] => {
  const { report } = planImport(table, by)
  expect(report.problems).toEqual([])
  return report.shifts
}

describe.each(Object.keys(known))('R-MAP-7 a shifted cloud of points is noticed by %s', (by) => {
  test.each([
    { name: 'right', shift: asIs, crs: 'WGS-84' },
    { name: 'right', shift: asIs, crs: 'CGCS2000' },
    { name: 'right', shift: gcj02, crs: 'GCJ-02' },
    { name: 'right', shift: bd09, crs: 'BD-09' },
  ])('$crs that is $crs is not doubted', ({ shift, crs }) => expect(shiftsOf(tableOf(shift, crs), known[by]!)).toEqual([]))

  test.each([
    { shift: gcj02, crs: 'WGS-84', given: 'EPSG:4326', fits: 'GCJ-02' },
    { shift: bd09, crs: 'CGCS2000', given: 'EPSG:4490', fits: 'BD-09' },
    { shift: bd09, crs: 'GCJ-02', given: 'GCJ-02', fits: 'BD-09' },
    { shift: asIs, crs: 'GCJ-02', given: 'GCJ-02', fits: 'WGS-84' },
    { shift: twice, crs: 'GCJ-02', given: 'GCJ-02', fits: 'GCJ-02 twice' },
    { shift: twice, crs: 'WGS-84', given: 'EPSG:4326', fits: 'GCJ-02 twice' },
    { shift: backwards, crs: 'WGS-84', given: 'EPSG:4326', fits: 'WGS-84 corrected twice' },
  ])('given as $crs, in truth $fits', ({ shift, crs, given, fits }) => {
    const [warning, ...more] = shiftsOf(tableOf(shift, crs), known[by]!)
    expect(more).toEqual([])
    expect(warning).toMatchObject({ given, of: 468 })
    expect(warning!.asRead * 3).toBeLessThanOrEqual(warning!.asGiven)
    // a whole district lies inside its outline in two readings that are near each other; the other two tell them apart
    if (by !== 'the outline of the district') expect(warning).toMatchObject({ fits, asRead: 0 })
  })
})

describe('R-MAP-7 the numbers are what a person can check', () => {
  test('the distance is the one between the two readings', () => {
    const metres = cameras.map(({ lonLat }) => distanceM(lonLat, gcj02(lonLat))).sort((a, b) => a - b)
    const [warning] = shiftsOf(tableOf(gcj02, 'WGS-84'), known['where the same cameras stand']!)
    expect(warning).toEqual({ given: 'EPSG:4326', fits: 'GCJ-02', by: 'registered_places', asGiven: Math.round(metres[234]!), asRead: 0, of: 468 })
  })

  test('some cameras that really moved are no shift; two cameras prove nothing', () => {
    const moved = cameras.map((camera, i) => (i % 5 === 0 ? { ...camera, lonLat: gcj02(camera.lonLat) } : camera))
    expect(shiftsOf(tableOf(asIs, 'WGS-84', moved), { ...known['where the same cameras stand']!, stations })).toEqual([])
    expect(shiftsOf(tableOf(gcj02, 'WGS-84', cameras.slice(0, 2)), known['where the same cameras stand']!)).toEqual([])
  })

  test('the import goes on: a warning is no bad cell', () => {
    const { drafts } = planImport(tableOf(gcj02, 'WGS-84'), known['their jurisdictions']!)
    expect(drafts).toHaveLength(468)
  })
})
