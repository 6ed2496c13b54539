import { describe, expect, test } from 'vitest'
import { noFilter, filterCameras } from '../../../../web/features/cameras/filter.ts'
import { searchCameras } from '../../../../web/features/cameras/search.ts'
import { cameraPoint } from './points.ts'

const points = [
  cameraPoint({ id: '99000000001320000187', name: '澄桥路口-03', initials: 'cqlk-03', label: 'C-118', address: '澄桥路与柳汀街交口东北角' }),
  cameraPoint({
    id: '99000000001320000188',
    name: '澄桥路口-10',
    initials: 'cqlk-10',
    label: 'C-119',
    address: '澄桥路北侧',
    status: 'offline',
    link: 'wireless',
  }),
  cameraPoint({
    id: '99000000001320000189',
    name: '柳汀街-14',
    initials: 'ltj-14',
    label: 'B-007',
    address: '柳汀街 86 号对面',
    scene: 'market',
    stationId: 's2',
  }),
  cameraPoint({
    id: '99000000001320000190',
    name: '东澄桥市场-01',
    initials: 'dcqsc-01',
    label: 'E-204',
    address: '东环路',
    scene: 'market',
    status: 'degraded',
  }),
]
const names = (query: string) => searchCameras(points, query).map((match) => match.point.name)

describe('R-MAP-4 search by name, number, address and pinyin initials', () => {
  test.each([
    { query: 'cqlk', found: ['澄桥路口-03', '澄桥路口-10'], why: 'initials' },
    { query: 'CQLK03', found: ['澄桥路口-03'], why: 'capitals, without the hyphen' },
    { query: 'ｃｑｌｋ', found: ['澄桥路口-03', '澄桥路口-10'], why: 'full-width letters' },
    { query: '澄桥', found: ['澄桥路口-03', '澄桥路口-10', '东澄桥市场-01'], why: 'a name that begins so comes first' },
    { query: '0189', found: ['柳汀街-14'], why: 'last four digits of the number' },
    { query: 'c118', found: ['澄桥路口-03'], why: 'label on the pole' },
    { query: '86 号', found: ['柳汀街-14'], why: 'address' },
    { query: '柳汀', found: ['柳汀街-14', '澄桥路口-03'], why: 'name before address' },
    { query: '澄桥 北侧', found: ['澄桥路口-10'], why: 'every word' },
    { query: 'cqlk9', found: [], why: 'nothing' },
    { query: '  ', found: [], why: 'an empty question' },
  ])('$query: $why', ({ query, found }) => expect(names(query)).toEqual(found))

  test('numbers sort as numbers', () => expect(names('澄桥路口')).toEqual(['澄桥路口-03', '澄桥路口-10']))

  test('says which letters matched', () => {
    const [byInitials] = searchCameras(points, 'lk03')
    expect(byInitials?.name).toEqual([[2, 7]])
    const [byName] = searchCameras(points, '东澄桥市场')
    expect(byName?.name).toEqual([[0, 5]])
    const [byNumber] = searchCameras(points, '0189')
    expect(byNumber?.cameraId).toEqual([[16, 20]])
    const [byAddress] = searchCameras(points, '号对面')
    expect(byAddress?.address).toEqual([[7, 10]])
  })

  test('initials that do not stand letter for letter mark nothing', () => {
    const [match] = searchCameras([cameraPoint({ id: '1', name: '霁川KFC门口', initials: 'jckmk' })], 'jck')
    expect(match?.name).toEqual([])
  })
})

describe('R-MAP-4 filters', () => {
  test.each([
    { filter: noFilter, count: 4 },
    { filter: { ...noFilter, statuses: ['offline', 'degraded'] as const }, count: 2 },
    { filter: { ...noFilter, scenes: ['market'] as const, statuses: ['degraded'] as const }, count: 1 },
    { filter: { ...noFilter, links: ['wireless'] as const }, count: 1 },
    { filter: { ...noFilter, stationIds: [points[2]!.stationId] }, count: 1 },
    { filter: { ...noFilter, stationIds: [points[2]!.stationId], links: ['wireless'] as const }, count: 0 },
  ])('$filter', ({ filter, count }) => expect(filterCameras(points, filter)).toHaveLength(count))
})
