import { describe, expect, test } from 'vitest'
import type { LonLat } from '../../../../server/contract/ids.ts'
import { Crs } from '../../../../server/contract/map.ts'
import { placeIn } from '../../../../web/engines/map/index.ts'
import { FITTING_M, judgeOffset, listMistakes, offsetBetween, readPlace, seenWith } from '../../../../web/features/map/offset.ts'

const known: LonLat = [111.66, 40.75]
const off = (eastM: number, northM: number): LonLat => [known[0] + eastM / 84_236, known[1] + northM / 111_195]

describe('R-MAP-7 how far a base map is off', () => {
  test('is said in metres east and north', () => {
    const offset = offsetBetween(known, off(120, -50))
    expect(offset.eastM).toBeCloseTo(120, 0)
    expect(offset.northM).toBeCloseTo(-50, 0)
    expect(offset.distanceM).toBeCloseTo(130, 0)
  })
  test('less than a hand can tell is no offset, and names no mistake', () => {
    expect(judgeOffset(known, off(FITTING_M - 2, 0), 'EPSG:3857')).toMatchObject({ isFitting: true, mistakes: [], isOldDatum: false })
    expect(judgeOffset(known, off(FITTING_M + 1, 0), 'EPSG:3857').isFitting).toBe(false)
  })
  test.each(Crs.options)('every mistake that can be made with a map set as %s is found by the offset it makes', (mapCrs) => {
    for (const { mistake } of listMistakes(known, mapCrs)) {
      const seen = seenWith(mistake, known, mapCrs)
      // clicked some metres beside it
      const clicked: LonLat = [seen[0] + 4 / 84_236, seen[1] - 5 / 111_195]
      expect(judgeOffset(known, clicked, mapCrs).mistakes, JSON.stringify(mistake)).toContainEqual(mistake)
    }
  })
  test('GCJ-02 tiles that are set as web Mercator show the place at its GCJ-02 numbers', () => {
    expect(judgeOffset(known, placeIn('GCJ-02', known) as LonLat, 'EPSG:3857').mistakes[0]).toEqual({ kind: 'tiles', really: 'GCJ-02' })
  })
  test('coordinates that were GCJ-02 already lie the other way', () => {
    const tiles = offsetBetween(known, seenWith({ kind: 'tiles', really: 'GCJ-02' }, known, 'EPSG:3857'))
    const place = offsetBetween(known, seenWith({ kind: 'place', really: 'GCJ-02' }, known, 'EPSG:3857'))
    expect(Math.hypot(tiles.eastM + place.eastM, tiles.northM + place.northM)).toBeLessThan(5)
    expect(tiles.distanceM).toBeGreaterThan(300)
  })
  test('an offset of no system is called unknown, one of a hundred metres looks like an old datum', () => {
    expect(judgeOffset(known, off(-2000, 1500), 'EPSG:3857')).toMatchObject({ mistakes: [], isOldDatum: false, isFitting: false })
    expect(judgeOffset(known, off(-60, -70), 'EPSG:3857')).toMatchObject({ mistakes: [], isOldDatum: true })
  })
})

describe('R-MAP-7 a place typed in', () => {
  test.each(Crs.options)('%s: the numbers of a place lead back to it', (crs) => {
    const [x, y] = placeIn(crs, known)
    const again = readPlace(crs, x.toFixed(crs === 'EPSG:3857' ? 2 : 7), y.toFixed(crs === 'EPSG:3857' ? 2 : 7))!
    expect(offsetBetween(known, again).distanceM).toBeLessThan(0.05)
  })
  test('a comma is a decimal point', () => expect(readPlace('EPSG:4326', '111,66', ' 40.75 ')).toEqual([111.66, 40.75]))
  test.each([
    ['', '40'],
    ['111', ''],
    ['x', '40'],
    ['181', '40'],
    ['111', '86'],
    ['1e2', '40'],
    ['111.1.1', '40'],
    ['Infinity', '40'],
  ])('%j, %j is refused', (x, y) => expect(readPlace('EPSG:4326', x, y)).toBeNull())
  test('metres outside of the world are refused', () => expect(readPlace('EPSG:3857', '99000000', '1')).toBeNull())
})
