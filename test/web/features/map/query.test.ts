import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { createMemoryHistory, createRouter } from 'vue-router'
import { Link, Scene } from '../../../../server/contract/cameras.ts'
import { CameraId, StationId } from '../../../../server/contract/ids.ts'
import { CameraStatus } from '../../../../server/contract/status.ts'
import type { MapShape } from '../../../../web/engines/map/index.ts'
import { emptyMapQuery, type MapQuery, parseMapQuery, serializeMapQuery } from '../../../../web/features/map/query.ts'

const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/map', component: {} }] })
/** Through a real address, as a shared link goes. */
const throughUrl = (query: MapQuery) => parseMapQuery(router.resolve(router.resolve({ path: '/map', query: serializeMapQuery(query) }).fullPath).query)

/** To the fifth decimal, as an address holds it. */
const lonLat = fc
  .tuple(fc.integer({ min: -17_999_999, max: 17_999_999 }), fc.integer({ min: -8_499_999, max: 8_499_999 }))
  .map(([lon, lat]): [number, number] => [lon / 1e5, lat / 1e5])
const lonLats = (minLength: number) => fc.array(lonLat, { minLength, maxLength: 80 })
const isOpen = (ring: readonly (readonly [number, number])[]) => ring[0]!.join() !== ring.at(-1)!.join()
const shape: fc.Arbitrary<MapShape> = fc.oneof(
  fc
    .tuple(lonLat, lonLat)
    .filter(([a, b]) => a[0] !== b[0] && a[1] !== b[1])
    .map((corners): MapShape => ({ kind: 'rectangle', corners })),
  fc.record({ center: lonLat, radiusM: fc.integer({ min: 1, max: 50_000 }) }).map((circle): MapShape => ({ kind: 'circle', ...circle })),
  lonLats(3)
    .filter(isOpen)
    .map((ring): MapShape => ({ kind: 'polygon', ring })),
  fc.record({ line: lonLats(2), widthM: fc.integer({ min: 5, max: 500 }) }).map((route): MapShape => ({ kind: 'route', ...route })),
)
const id = fc.stringMatching(/^[0-9A-Za-z_-]{1,40}$/)
const anyQuery: fc.Arbitrary<MapQuery> = fc
  .record({
    filter: fc.record({
      statuses: fc.uniqueArray(fc.constantFrom(...CameraStatus.options)),
      scenes: fc.uniqueArray(fc.constantFrom(...Scene.options)),
      links: fc.uniqueArray(fc.constantFrom(...Link.options)),
      stationIds: fc.uniqueArray(
        id.map((text) => StationId.parse(text)),
        { maxLength: 4 },
      ),
    }),
    text: fc.string({ maxLength: 20, unit: 'grapheme' }),
    cameraId: fc.option(id.map((text) => CameraId.parse(text))),
    isListOpen: fc.boolean(),
    isInViewOnly: fc.option(fc.boolean()),
    place: fc.option(
      fc.record({
        lonLat,
        zoom: fc.integer({ min: 0, max: 2400 }).map((hundredths) => hundredths / 100),
      }),
    ),
    shape: fc.option(shape),
    nearLonLat: fc.option(lonLat),
    droppedIds: fc.uniqueArray(
      id.map((text) => CameraId.parse(text)),
      { maxLength: 4 },
    ),
    pastAt: fc.option(fc.integer({ min: 0, max: 4e12 })),
    baseMap: fc.option(fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })),
  })
  // what was drawn goes before what was clicked
  .map((query) => (query.shape === null ? query : { ...query, nearLonLat: null }))

describe('any view can be shared and reloaded', () => {
  test('what goes into the address comes out of it', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        expect(throughUrl(query)).toEqual(query)
      }),
    )
  })

  test('a view without choices has a bare address', () => expect(serializeMapQuery(emptyMapQuery)).toEqual({}))

  test('what does not fit is left out, the rest still works', () => {
    expect(
      parseMapQuery({ status: 'offline,burning,offline', station: '../etc', camera: '<script>', scene: ['market', 'mall'], inView: 'maybe', at: '200,91,3' }),
    ).toEqual({
      ...emptyMapQuery,
      filter: { ...emptyMapQuery.filter, statuses: ['offline'], scenes: ['market'] },
    })
  })

  test.each([
    ['nothing', ''],
    ['a word', 'circle'],
    ['another kind', 'star:1,2,3,4'],
    ['a rectangle without area', 'rectangle:111.6,40.7,111.6,40.8'],
    ['a circle without radius', 'circle:111.6,40.7'],
    ['a circle larger than any district', 'circle:111.6,40.7,50001'],
    ['a polygon of two corners', 'polygon:111.6,40.7,111.7,40.8'],
    ['half a coordinate', 'polygon:111.6,40.7,111.7,40.8,111.7'],
    ['a place that is not on earth', 'polygon:181,40.7,111.7,40.8,111.7,40.7'],
    ['a route as wide as the town', 'route:501,111.6,40.7,111.7,40.8'],
    ['numbers that are none', 'circle:1e2,NaN,0x10'],
    ['too many corners', `polygon:${Array.from({ length: 81 }, (_, i) => `111.${100 + i},40.7`).join(',')}`],
  ])('a shape that is %s is left out', (_what, text) => {
    expect(parseMapQuery({ shape: text, q: 'cqlk' })).toEqual({ ...emptyMapQuery, text: 'cqlk' })
  })

  test('a polygon that ends where it began is the same as one that does not', () => {
    const ring: [number, number][] = [
      [111.6, 40.7],
      [111.7, 40.7],
      [111.7, 40.8],
    ]
    const closed: MapShape = { kind: 'polygon', ring: [...ring, ring[0]!] }
    expect(throughUrl({ ...emptyMapQuery, shape: closed }).shape).toEqual({ kind: 'polygon', ring })
  })
})
