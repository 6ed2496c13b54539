import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { createMemoryHistory, createRouter } from 'vue-router'
import { Link, Scene } from '../../../../server/contract/cameras.ts'
import { CameraId, StationId } from '../../../../server/contract/ids.ts'
import { CameraStatus } from '../../../../server/contract/status.ts'
import { emptyMapQuery, type MapQuery, parseMapQuery, serializeMapQuery } from '../../../../web/features/map/query.ts'

const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/map', component: {} }] })
/** Through a real address, as a shared link goes. */
const throughUrl = (query: MapQuery) => parseMapQuery(router.resolve(router.resolve({ path: '/map', query: serializeMapQuery(query) }).fullPath).query)

const id = fc.stringMatching(/^[0-9A-Za-z_-]{1,40}$/)
const anyQuery: fc.Arbitrary<MapQuery> = fc.record({
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
      lonLat: fc
        .tuple(fc.integer({ min: -17_999_999, max: 17_999_999 }), fc.integer({ min: -8_499_999, max: 8_499_999 }))
        .map(([lon, lat]): [number, number] => [lon / 1e5, lat / 1e5]),
      zoom: fc.integer({ min: 0, max: 2400 }).map((hundredths) => hundredths / 100),
    }),
  ),
})

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
})
