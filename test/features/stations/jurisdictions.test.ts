import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromWgs84 } from '../../../server/base/crs.ts'
import { distanceM, isInside } from '../../../server/base/geometry.ts'
import type { LonLat } from '../../../server/contract/ids.ts'
import { Crs } from '../../../server/contract/map.ts'
import type { JurisdictionProblem, JurisdictionReport, Station } from '../../../server/contract/stations.ts'
import { listDemoCameras } from '../../../server/demo/cameras.ts'
import { listDemoStations } from '../../../server/demo/district.ts'
import { planJurisdictions } from '../../../server/features/stations/plan.ts'
import { draftOf, openTestWorld, signIn, stationOf, type TestApp, type TestWorld } from '../../support/open-app.ts'

const stations = listDemoStations()
const cameras = listDemoCameras()
const [first, second] = stations as [Station, Station]
const firstCameras = cameras.filter(({ stationId }) => stationId === first.stationId).length
const breathe = async () => undefined

type Feature = { type: string; properties: object | null; geometry: { type: string; coordinates: unknown } | null }
const featureOf = (name: unknown, coordinates: unknown, type = 'MultiPolygon'): Feature => ({
  type: 'Feature',
  properties: { name },
  geometry: { type, coordinates },
})
const textOf = (features: unknown) => JSON.stringify({ type: 'FeatureCollection', features })
/** The demo's jurisdictions as somebody would export them from a map in this system. */
const fileIn = (crs: Crs) =>
  textOf(
    stations.map(({ name, jurisdiction }) =>
      featureOf(
        name,
        jurisdiction!.map((polygon) => polygon.map((ring) => ring.map((pair) => fromWgs84(pair, crs)))),
      ),
    ),
  )
const plan = (geoJson: string, crs: Crs = 'EPSG:4326', known = { stations: stations as readonly Station[], cameras }) =>
  planJurisdictions({ geoJson, crs, stationProperty: 'name', isDryRun: true }, known, breathe)
const square = ([lon, lat]: LonLat, size = 0.01): LonLat[][] => [
  [
    [lon, lat],
    [lon + size, lat],
    [lon + size, lat + size],
    [lon, lat + size],
    [lon, lat],
  ],
]
const far: LonLat = [112.5, 41.5]
const namesOf = ({ problems }: JurisdictionReport) => problems.map(({ problem }) => problem)

describe('R-MAP-6 jurisdictions in whatever system they were drawn', () => {
  test.each(Crs.options)('%s: each border where it is to 0.5 m, every camera inside, nothing to complain of', async (crs) => {
    const { report, shapes } = await plan(fileIn(crs), crs)
    expect(report.problems).toEqual([])
    expect(shapes).toHaveLength(stations.length)
    for (const [i, { jurisdiction }] of shapes.entries()) {
      const [given, got] = [stations[i]!.jurisdiction!.flat(2), jurisdiction!.flat(2)]
      expect(Math.max(...given.map((pair, k) => distanceM(pair, got[k]!)))).toBeLessThan(0.5)
    }
    expect(report.stations.reduce((sum, { camerasInside }) => sum + camerasInside, 0)).toBe(cameras.length)
  })

  test('the name stands inside, also in a shape whose middle is outside', async () => {
    const [x, y] = far
    const horseshoe: LonLat[] = [
      [x, y],
      [x + 0.09, y],
      [x + 0.09, y + 0.09],
      [x + 0.06, y + 0.09],
      [x + 0.06, y + 0.01],
      [x + 0.03, y + 0.01],
      [x + 0.03, y + 0.09],
      [x, y + 0.09],
      [x, y],
    ]
    const { shapes } = await plan(textOf([featureOf(first.name, [[horseshoe], square([x - 0.1, y])])]))
    expect(isInside(shapes[0]!.labelLonLat, [[horseshoe]])).toBe(true)
    for (const { labelLonLat, jurisdiction } of (await plan(fileIn('EPSG:4326'))).shapes) expect(isInside(labelLonLat, jurisdiction!)).toBe(true)
  })

  test('a station is named by id, name or short name; heights, a byte order mark and doubled vertices do not matter', async () => {
    const [lon, lat] = far
    const ring = square(far)[0]!.flatMap(([x, y]) => [
      [x, y, 1_050],
      [x, y, 1_050],
    ])
    const text = textOf([featureOf(first.stationId, [ring], 'Polygon'), featureOf(second.shortName, square([lon + 1, lat]), 'Polygon')])
    const { report, shapes } = await plan(`\uFEFF${text}`)
    expect(shapes.map(({ stationId }) => stationId)).toEqual([first.stationId, second.stationId])
    expect(report.stations[0]).toMatchObject({ name: first.name, vertices: 5, camerasInside: 0, camerasOutside: firstCameras })
    expect(report.stations[0]!.areaKm2).toBeCloseTo(1.11 * 1.11 * Math.cos((lat * Math.PI) / 180), 1)
  })
})

describe('R-MAP-6 what is wrong with a file is said with its evidence, and nothing is taken from it', () => {
  const good = featureOf(first.name, square(far), 'Polygon')
  const [x, y] = far
  const bomb = (count: number) =>
    textOf([featureOf(first.name, [Array.from({ length: count }, (_, i) => [x + Math.cos(i) / 10, y + Math.sin(i) / 10])], 'Polygon')])
  test.each<{ name: string; text: string; problem: JurisdictionProblem; feature?: number | null; evidence: RegExp; crs?: Crs }>([
    { name: 'no JSON', text: '{"type":', problem: 'not_geojson', evidence: /JSON/ },
    { name: 'another kind of JSON', text: '{"type":"Topology"}', problem: 'not_geojson', evidence: /^type = Topology$/ },
    { name: 'a list', text: '[]', problem: 'not_geojson', evidence: /undefined/ },
    { name: 'deeply nested', text: '['.repeat(4_000_000), problem: 'not_geojson', evidence: /^4000000 > 24 levels$/ },
    { name: 'millions of values', text: `[${'0,'.repeat(3_000_000)}0]`, problem: 'not_geojson', evidence: /^3000001 > 500000 values$/ },
    { name: '200,000 vertices', text: bomb(200_000), problem: 'too_many_vertices', evidence: /^200000 > 20000$/ },
    {
      name: '1,001 features',
      text: textOf(Array.from({ length: 1_001 }, () => ({ type: 'Feature' }))),
      problem: 'too_many_features',
      evidence: /^1001 > 1000$/,
    },
    {
      name: 'millions of objects',
      text: `{"type":"FeatureCollection","features":[${'{},'.repeat(20_000)}{}]}`,
      problem: 'too_many_features',
      evidence: /objects$/,
    },
    { name: 'a point', text: textOf([good, featureOf(second.name, [1, 2], 'Point')]), problem: 'not_a_polygon', feature: 1, evidence: /^type = Point$/ },
    { name: 'no geometry', text: textOf([{ ...good, geometry: null }]), problem: 'not_a_polygon', feature: 0, evidence: /undefined/ },
    {
      name: 'words for numbers',
      text: textOf([featureOf(first.name, [[['1', '2']]], 'Polygon')]),
      problem: 'not_a_polygon',
      feature: 0,
      evidence: /\["1","2"\]/,
    },
    {
      name: 'an open ring',
      text: textOf([featureOf(first.name, [square(far)[0]!.slice(0, 4)], 'Polygon')]),
      problem: 'ring_not_closed',
      feature: 0,
      evidence: /\[112.5, 41.5\] ≠ \[112.5, 41.51\]/,
    },
    {
      name: 'two vertices',
      text: textOf([featureOf(first.name, [[far, [112.6, 41.5], far]], 'Polygon')]),
      problem: 'ring_too_short',
      feature: 0,
      evidence: /3 < 4/,
    },
    {
      name: 'a bow tie',
      text: textOf([featureOf(first.name, [[far, [x + 0.02, y + 0.02], [x + 0.02, y], [x, y + 0.02], far]], 'Polygon')]),
      problem: 'ring_crosses_itself',
      feature: 0,
      evidence: /× .*\[112.51, 41.51\]/,
    },
    {
      name: 'latitude first',
      text: textOf([featureOf(first.name, square([41, 112]), 'Polygon')]),
      problem: 'coordinates_out_of_range',
      feature: 0,
      evidence: /^\[41, 112\] ∉ EPSG:4326$/,
    },
    { name: 'metres as degrees', text: fileIn('EPSG:3857'), problem: 'coordinates_out_of_range', feature: 0, evidence: /∉ EPSG:4326$/ },
    {
      name: 'a shifted system outside China',
      text: textOf([featureOf(first.name, square([10, 50]), 'Polygon')]),
      crs: 'GCJ-02',
      problem: 'coordinates_out_of_range',
      feature: 0,
      evidence: /GCJ-02$/,
    },
    {
      name: 'an unknown station',
      text: textOf([featureOf('无名派出所', square(far), 'Polygon')]),
      problem: 'no_such_station',
      feature: 0,
      evidence: /^无名派出所$/,
    },
    {
      name: 'a station twice',
      text: textOf([good, featureOf(first.shortName, square(far), 'Polygon')]),
      problem: 'station_twice',
      feature: 1,
      evidence: /^0, 1$/,
    },
    {
      name: 'without the property',
      text: textOf([{ ...good, properties: { NAME: 1, code: 2 } }]),
      problem: 'property_missing',
      feature: 0,
      evidence: /^name: NAME, code$/,
    },
    {
      name: 'a property of every object',
      text: textOf([{ ...good, properties: { constructor: 1 } }]),
      problem: 'property_missing',
      feature: 0,
      evidence: /constructor/,
    },
  ])('$name: $problem', async ({ text, problem, feature = null, evidence, crs }) => {
    const startedMs = performance.now()
    const { report } = await plan(text, crs)
    expect(report.problems[0]).toMatchObject({ severity: 'error', problem, feature, evidence: expect.stringMatching(evidence) })
    expect(performance.now() - startedMs).toBeLessThan(5_000)
  })

  test('a name given twice by different words is one station; the first stays in the report', async () => {
    const { report } = await plan(textOf([good, featureOf(first.stationId, square(far), 'Polygon')]))
    expect(report.stations.map(({ name }) => name)).toEqual([first.name])
  })
})

describe('R-MAP-6 what is doubtful is said and does not stop the import', () => {
  test.each<{ drawn: Crs; said: Crs }>([
    { drawn: 'GCJ-02', said: 'EPSG:4326' },
    { drawn: 'BD-09', said: 'EPSG:4490' },
    { drawn: 'EPSG:4326', said: 'GCJ-02' },
    { drawn: 'BD-09', said: 'GCJ-02' },
    { drawn: 'EPSG:3857', said: 'EPSG:4326' },
    { drawn: 'EPSG:4326', said: 'EPSG:3857' },
  ])('drawn in $drawn and said to be in $said: more of the cameras fit', async ({ drawn, said }) => {
    const { report } = await plan(fileIn(drawn), said)
    const shifted = report.problems.find(({ problem }) => problem === 'shifted')
    expect(shifted).toMatchObject({ severity: 'warning', feature: null })
    expect(shifted!.evidence).toMatch(new RegExp(`^${said} \\d+/468 → ${drawn} 468/468$`))
  })

  test('a few cameras across the border are no shift, and are counted', async () => {
    const moved = cameras.map((camera, i) => (i % 200 === 0 ? { ...camera, lonLat: far } : camera))
    const { report } = await plan(fileIn('EPSG:4326'), 'EPSG:4326', { stations, cameras: moved })
    expect(new Set(namesOf(report))).toEqual(new Set(['cameras_outside']))
    const outside = report.problems.find(({ stationName }) => stationName === first.name)!
    expect(outside).toMatchObject({ severity: 'warning', problem: 'cameras_outside', evidence: `1/${firstCameras}` })
  })

  test('an overlap is said in square kilometres, with others of the file and with what is there; a common border is none', async () => {
    const [lon, lat] = far
    const strangers = stations.map((station) => ({ ...station, jurisdiction: null }))
    const third = { ...strangers[2]!, jurisdiction: [square([lon + 0.02, lat])] }
    const known = { stations: [...strangers.slice(0, 2), third], cameras: [] }
    const text = textOf([featureOf(first.name, square(far), 'Polygon'), featureOf(second.name, square([lon + 0.01, lat]), 'Polygon')])
    expect((await plan(text, 'EPSG:4326', known)).report.problems).toEqual([])
    const wider = textOf([featureOf(first.name, square(far, 0.011), 'Polygon'), featureOf(second.name, square([lon + 0.0105, lat]), 'Polygon')])
    const { problems } = (await plan(wider, 'EPSG:4326', known)).report
    // 0.0005° by 0.01° at 41.5° north
    expect(problems).toMatchObject([
      { severity: 'warning', problem: 'overlap', feature: 0, stationName: first.name, evidence: `${second.name}: 0.046 km²` },
      { severity: 'warning', problem: 'overlap', feature: 1, stationName: second.name, evidence: `${third.name}: 0.046 km²` },
    ])
  })

  test('the largest file that is taken: 20,000 vertices, and others have their turn meanwhile', async () => {
    const each = 20_000 / stations.length
    // neighbours that share a ragged border, so that overlaps are really worked out
    const wavy = (i: number) => {
      const edge = (x: number) => Array.from({ length: each / 2 - 1 }, (_, k): LonLat => [x + 0.002 * Math.sin(k * 1.7), 41 + (k / each) * 0.2])
      const ring = [...edge(112 + i * 0.05), ...edge(112 + (i + 1) * 0.05).toReversed()]
      return [[...ring, ring[0]!]]
    }
    const text = textOf(stations.map(({ name }, i) => featureOf(name, wavy(i), 'Polygon')))
    let longestMs = 0
    const startedMs = performance.now()
    let turnMs = startedMs
    const { report } = await planJurisdictions({ geoJson: text, crs: 'GCJ-02', stationProperty: 'name', isDryRun: true }, { stations, cameras }, async () => {
      longestMs = Math.max(longestMs, performance.now() - turnMs)
      await new Promise((resolve) => setImmediate(resolve))
      turnMs = performance.now()
    })
    const tookMs = performance.now() - startedMs
    console.log(`20,000 vertices in GCJ-02: ${Math.round(tookMs)} ms, ${Math.round(longestMs)} ms at a time`)
    expect(new Set(namesOf(report))).toEqual(new Set(['cameras_outside']))
    expect(report.stations.reduce((sum, { vertices }) => sum + vertices, 0)).toBeGreaterThan(19_900)
    // generous: the machine of a test run is shared
    expect(tookMs).toBeLessThan(10_000)
    expect(longestMs).toBeLessThan(1_000)
  })
})

describe('R-MAP-6 the import through the platform', () => {
  let world: TestWorld
  let running: TestApp
  beforeAll(async () => {
    world = await openTestWorld()
    running = await world.start()
    await running.app.cameras.putStations([stationOf('north'), stationOf('south')])
    await running.app.cameras.putCameras([draftOf('n1', 'north', { lonLat: [112.505, 41.505] }), draftOf('s1', 'south')])
  })
  afterAll(async () => {
    await running?.close()
    await world?.close()
  })
  const bodyOf = (text: string, isDryRun: boolean) => ({ geoJson: text, crs: 'EPSG:4326', stationProperty: 'name', isDryRun })
  const file = textOf([featureOf('north派出所', square(far), 'Polygon')])

  test('a dry run changes nothing; the import is drawn by every page and is in the audit log', async () => {
    const admin = await signIn(running, { account: 'admin', role: 'systemAdmin' })
    const duty = await signIn(running, { account: 'duty' })
    const page = await duty.openPush()
    const dry = (await admin.post('/api/stations/jurisdictions', bodyOf(file, true))).body as JurisdictionReport
    expect(dry).toMatchObject({ isApplied: false, problems: [], stations: [{ stationId: 'north', camerasInside: 1, camerasOutside: 0 }] })
    const shapesOf = async () => ((await duty.get('/api/stations')).body as Station[]).map(({ jurisdiction }) => jurisdiction)
    expect(await shapesOf()).toEqual([null, null])
    expect(page.messages.map(({ topic }) => topic)).not.toContain('resync')

    expect((await admin.post('/api/stations/jurisdictions', bodyOf(file, false))).body).toMatchObject({ isApplied: true })
    expect(await shapesOf()).toEqual([[square(far)], null])
    await expect.poll(() => page.messages.map(({ topic }) => topic)).toContain('resync')
    page.close()
    const rows = await world.database.database
      .as<{ audit_log: { name: string; detail: string; seq: number } }>()
      .selectFrom('audit_log')
      .select('detail')
      .where('name', '=', 'station.jurisdictions')
      .orderBy('seq')
      .execute()
    expect(rows.map(({ detail }) => JSON.parse(detail) as object)).toMatchObject([
      { isDryRun: true, isApplied: false },
      { isDryRun: false, isApplied: true, errors: 0, warnings: 0, stations: ['north派出所 0.928 km² 5'] },
    ])
  })

  test('with one error nothing of the file is taken, and all of it is still reported', async () => {
    const admin = await signIn(running, { account: 'admin2', role: 'systemAdmin' })
    const mixed = textOf([featureOf('south派出所', square([112.6, 41.5]), 'Polygon'), featureOf('nowhere', square(far), 'Polygon')])
    const report = (await admin.post('/api/stations/jurisdictions', bodyOf(mixed, false))).body as JurisdictionReport
    expect(report).toMatchObject({ isApplied: false, stations: [{ stationId: 'south' }] })
    expect(namesOf(report)).toEqual(['no_such_station', 'cameras_outside'])
    const stored = (await admin.get('/api/stations')).body as Station[]
    expect(stored.map(({ jurisdiction }) => jurisdiction)).toEqual([[square(far)], null])
  })

  test('an unknown system, a file too large and one who may not are refused at the gate', async () => {
    const admin = await signIn(running, { account: 'admin3', role: 'systemAdmin' })
    expect((await admin.post('/api/stations/jurisdictions', { ...bodyOf(file, false), crs: 'EPSG:2383' })).status).toBe(400)
    expect((await admin.post('/api/stations/jurisdictions', bodyOf(' '.repeat(9 * 1024 * 1024), false))).status).toBe(413)
    const ops = await signIn(running, { account: 'ops', role: 'ops' })
    expect((await ops.post('/api/stations/jurisdictions', bodyOf(file, false))).status).toBe(403)
  })

  test('an administrator of one area neither changes nor hears of other stations', async () => {
    const admin = await signIn(running, { account: 'admin4', role: 'systemAdmin', stationIds: ['south' as never] })
    const refused = (await admin.post('/api/stations/jurisdictions', bodyOf(file, false))).body as JurisdictionReport
    expect(namesOf(refused)).toEqual(['no_such_station'])
    const over = textOf([featureOf('south派出所', square(far), 'Polygon')])
    expect(JSON.stringify((await admin.post('/api/stations/jurisdictions', bodyOf(over, true))).body)).not.toContain('north')
  })
})
