/**
 * Base maps of others, from a small tile server: a camera must sit on the crossing that the tiles show at its place, in every coordinate system.
 * The tiles show one white cross at a known WGS-84 place, drawn from the formulas of each system and not by the code under test.
 */
import { rmSync } from 'node:fs'
import gcoord from 'gcoord'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { LonLat } from '../../../../server/contract/ids.ts'
import type { BaseMap } from '../../../../server/contract/map.ts'
import { type Browser, hasChromium, openBrowser } from '../../../support/browser.ts'
import { buildHarness } from '../../support/build-harness.ts'
import { type MapServer, type Reply, startMapServer } from '../../support/map-server.ts'
import { makePng, pixelsOf } from '../../support/pixels.ts'
import { writePngArchive } from '../../support/pmtiles.ts'
import { writeVectorTile } from '../../support/vector-tile.ts'

const crossing: LonLat = [111.7, 40.77]

/** Where a place is in a web Mercator pyramid of 256 px tiles, in px at level z. OGC 17-083r2, Annex D. */
function mercatorPx([lon, lat]: readonly number[], z: number): readonly [number, number] {
  const world = 256 * 2 ** z
  const y = Math.log(Math.tan(Math.PI / 4 + (lat! * Math.PI) / 360))
  return [((lon! + 180) / 360) * world, (0.5 - y / (2 * Math.PI)) * world]
}
/** The same in degrees: level 0 is 360° over 256 px, its origin 180° W 90° N (as EPSG:4490 services number it, from level 1 on). */
function degreesPx([lon, lat]: readonly number[], z: number): readonly [number, number] {
  const perDegree = (256 * 2 ** z) / 360
  return [(lon! + 180) * perDegree, (90 - lat!) * perDegree]
}
const gcj = gcoord.transform([crossing[0], crossing[1]] as [number, number], gcoord.WGS84, gcoord.GCJ02)

/** Baidu's metres of the crossing; its pyramid has 2^(18 - z) of them in a px, rows counted upwards from the equator. */
const [baiduX, baiduY] = gcoord.transform([crossing[0], crossing[1]] as [number, number], gcoord.WGS84, gcoord.BD09MC)
function baiduTile(z: number, x: number, row: number): Reply {
  const metresPerPx = 2 ** (18 - z)
  // the tile as if rows went down from its upper edge
  return tile(x, 0, [baiduX / metresPerPx, (row + 1) * 256 - baiduY / metresPerPx])
}

/** Gray, with a white cross one px wide through a place. */
function tile(x: number, y: number, [crossX, crossY]: readonly [number, number]): Reply {
  return { headers: { 'content-type': 'image/png', 'cache-control': 'no-store' }, body: tilePng(x, y, [crossX, crossY]) }
}
function tilePng(x: number, y: number, [crossX, crossY]: readonly [number, number]): Buffer {
  const [column, row] = [Math.floor(crossX) - x * 256, Math.floor(crossY) - y * 256]
  return makePng(256, (i, j) => (i === column || j === row ? [255, 255, 255] : [80, 80, 80]))
}

/** The tiles around the crossing as one PMTiles archive, levels 14 to 18. */
function makeArchive(): Buffer {
  const around = [-2, -1, 0, 1, 2]
  const tiles = [14, 15, 16, 17, 18].flatMap((z) => {
    const place = mercatorPx(crossing, z)
    const [middleX, middleY] = [Math.floor(place[0] / 256), Math.floor(place[1] / 256)]
    return around.flatMap((i) => around.map((j) => ({ z, x: middleX + i, y: middleY + j, bytes: tilePng(middleX + i, middleY + j, place) })))
  })
  return writePngArchive(tiles, [crossing[0] - 0.1, crossing[1] - 0.1, crossing[0] + 0.1, crossing[1] + 0.1])
}

/** A part of a file, as a plain file server gives it (RFC 9110 §14). */
function partOf(file: Buffer, range: string | undefined): Reply {
  const asked = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')
  if (!asked) return { status: 416, body: 'only parts' }
  const [from, to] = [Number(asked[1]), Math.min(Number(asked[2]), file.length - 1)]
  const headers = { 'content-type': 'application/octet-stream', 'content-range': `bytes ${from}-${to}/${file.length}`, etag: '"one"' }
  return { status: 206, headers, body: file.subarray(from, to + 1) }
}

type Matrix = { name: string; crs: string; topLeft: string; firstLevel: number; scaleDenominator(z: number): number }
const MERCATOR_M = 20_037_508.342789244
/** A pixel of a scale denominator is 0.28 mm wide (OGC 07-057r7, 6.1). */
const PIXEL_M = 0.00028
const mercatorScale = (z: number) => (2 * MERCATOR_M) / (256 * 2 ** z) / PIXEL_M
const degreesScale = (z: number) => ((360 / (256 * 2 ** z)) * ((Math.PI * 6378137) / 180)) / PIXEL_M
/** Baidu's metres in a pyramid whose level 0 is one tile of 2^26 m. */
const BAIDU_TOP_M = 2 ** 26
const matrices: Record<string, Matrix> = {
  mercator: { name: 'w', crs: 'urn:ogc:def:crs:EPSG::3857', topLeft: `${-MERCATOR_M} ${MERCATOR_M}`, firstLevel: 0, scaleDenominator: mercatorScale },
  wgs84: { name: 'c', crs: 'urn:ogc:def:crs:EPSG::4326', topLeft: '90.0 -180.0', firstLevel: 1, scaleDenominator: degreesScale },
  cgcs2000: { name: 'c', crs: 'urn:ogc:def:crs:EPSG::4490', topLeft: '90.0 -180.0', firstLevel: 1, scaleDenominator: degreesScale },
  // as such services do: they call themselves web Mercator
  gcj: { name: 'w', crs: 'urn:ogc:def:crs:EPSG::3857', topLeft: `${-MERCATOR_M} ${MERCATOR_M}`, firstLevel: 0, scaleDenominator: mercatorScale },
  baidu: { name: 'b', crs: 'urn:baidu:crs:bd09mc', topLeft: `0 ${BAIDU_TOP_M}`, firstLevel: 0, scaleDenominator: (z) => 2 ** (18 - z) / PIXEL_M },
}
const capabilities = (origin: string, service: string, { name, crs, topLeft, firstLevel, scaleDenominator }: Matrix) => `<?xml version="1.0" encoding="UTF-8"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0">
<Contents><Layer><ows:Identifier>vec</ows:Identifier><Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style><Format>image/png</Format>
<TileMatrixSetLink><TileMatrixSet>${name}</TileMatrixSet></TileMatrixSetLink>
<ResourceURL format="image/png" resourceType="tile" template="${origin}/wmts/${service}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.png"/></Layer>
<TileMatrixSet><ows:Identifier>${name}</ows:Identifier><ows:SupportedCRS>${crs}</ows:SupportedCRS>
${Array.from({ length: 20 }, (_, i) => i + firstLevel)
  .map(
    (z) =>
      `<TileMatrix><ows:Identifier>${z}</ows:Identifier><ScaleDenominator>${scaleDenominator(z)}</ScaleDenominator><TopLeftCorner>${topLeft}</TopLeftCorner><TileWidth>256</TileWidth><TileHeight>256</TileHeight><MatrixWidth>${2 ** z}</MatrixWidth><MatrixHeight>${2 ** z}</MatrixHeight></TileMatrix>`,
  )
  .join('')}
</TileMatrixSet></Contents></Capabilities>`

/** The crossing in the pixels of a service's own pyramid. */
function wmtsPx(service: string, z: number): readonly [number, number] {
  if (service === 'mercator') return mercatorPx(crossing, z)
  if (service === 'gcj') return mercatorPx(gcj, z)
  if (service === 'baidu') return [baiduX / 2 ** (18 - z), (BAIDU_TOP_M - baiduY) / 2 ** (18 - z)]
  return degreesPx(crossing, z)
}

/** As gdal2tiles writes it, but with levels that begin at 10 and an origin of its own. */
const describedFrom = 10
const tileMap = `<?xml version="1.0"?><TileMap version="1.0.0" tilemapservice="http://tms.osgeo.org/1.0.0"><Title>t</Title><SRS>EPSG:3857</SRS>
<BoundingBox minx="0" miny="0" maxx="1" maxy="1"/><Origin x="0" y="0"/><TileFormat width="256" height="256" mime-type="image/png" extension="png"/>
<TileSets profile="mercator">${Array.from({ length: 9 }, (_, i) => `<TileSet href="${i + describedFrom}" units-per-pixel="${(2 * MERCATOR_M) / (256 * 2 ** (i + describedFrom))}" order="${i}"/>`).join('')}</TileSets></TileMap>`

/** Rows counted from the south: the row a northern count would give. */
const flipped = (y: number, rows: number) => rows - 1 - y

function vectorTile(z: number, x: number, y: number): Reply {
  const [px, py] = mercatorPx(crossing, z)
  // 4096 steps over the tile of 256 px; a line half a px in, as the cross of the pictures has it
  const [column, row] = [(px - x * 256) * 16, (py - y * 256) * 16]
  const lines = [
    [
      [column, -200],
      [column, 4300],
    ],
    [
      [-200, row],
      [4300, row],
    ],
  ] as const
  return { headers: { 'content-type': 'application/vnd.mapbox-vector-tile', 'cache-control': 'no-store' }, body: writeVectorTile('roads', 'rail', lines) }
}

function answer({ pathname, searchParams }: URL, origin: string): Reply | undefined {
  const numbers = pathname.match(/\d+/g)?.map(Number) ?? []
  const [z = 0, second = 0, third = 0] = numbers.slice(-3)
  if (pathname.startsWith('/xyz/')) return tile(second, third, mercatorPx(crossing, z))
  if (pathname.startsWith('/gcj/')) return tile(second, third, mercatorPx(gcj, z))
  if (pathname.startsWith('/baidu/')) return baiduTile(z, second, third)
  if (pathname.startsWith('/degrees/')) return tile(second, third, degreesPx(crossing, z))
  if (pathname.startsWith('/tms/')) return tile(second, flipped(third, 2 ** z), mercatorPx(crossing, z))
  // global-geodetic: level z is our z + 1, half as many rows as columns
  if (pathname.startsWith('/geodetic/')) return tile(second, flipped(third, 2 ** z), degreesPx(crossing, z + 1))
  if (pathname === '/described/tilemapresource.xml') return { headers: { 'content-type': 'text/xml' }, body: tileMap }
  if (pathname.startsWith('/described/')) {
    const [px, py] = mercatorPx(crossing, z)
    const half = (256 * 2 ** z) / 2
    // counted from the equator and the prime meridian
    return tile(second, flipped(third, 0), [px - half, py - half])
  }
  if (pathname.startsWith('/mvt/')) return vectorTile(z, second, third)
  const service = /^\/wmts\/(\w+)\//.exec(pathname)?.[1]
  if (service && pathname.endsWith('/capabilities.xml'))
    return { headers: { 'content-type': 'text/xml' }, body: capabilities(origin, service, matrices[service]!) }
  if (service) return tile(third, second, wmtsPx(service, z))
  if (pathname === '/kvp') {
    // names of parameters are not case-sensitive (OGC 07-057r7, 8.1)
    const asked = new Map([...searchParams].map(([key, value]) => [key.toUpperCase(), value]))
    if (asked.get('LAYER') !== 'vec' || asked.get('TILEMATRIXSET') !== 'c') return { status: 400, body: 'no such layer' }
    const [level, row, column] = ['TILEMATRIX', 'TILEROW', 'TILECOL'].map((name) => Number(asked.get(name)))
    return tile(column!, row!, degreesPx(crossing, level!))
  }
  return undefined
}

let folder: string
let server: MapServer
let browser: Browser

beforeAll(async () => {
  if (!hasChromium) return
  folder = await buildHarness()
  const archive = makeArchive()
  server = await startMapServer(folder, (url, request) =>
    url.pathname === '/district.pmtiles' ? partOf(archive, request.headers.range) : answer(url, server.origin),
  )
  browser = await openBrowser({ origin: server.origin, width: 900, height: 700, colorScheme: 'light' })
  await browser.page.goto(server.origin)
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** The brightest column and row near a place of the screen: the cross. It is taken from where the camera's own symbol does not lie. */
async function crossNear([x, y]: readonly [number, number]): Promise<readonly [number, number]> {
  const half = 40
  const clip = { x: Math.round(x) - half, y: Math.round(y) - half, width: 2 * half, height: 2 * half }
  const pixels = pixelsOf(await browser.page.screenshot({ clip }))
  const light = (i: number, j: number) => pixels.at(i, j)[0]
  const sum = (of: (k: number) => number) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].reduce((total, k) => total + of(k), 0)
  const middleOf = (values: number[]) => {
    const floor = Math.min(...values)
    const weights = values.map((value) => Math.max(0, value - floor - (Math.max(...values) - floor) / 3))
    return weights.reduce((total, weight, i) => total + weight * (i + 0.5), 0) / weights.reduce((total, weight) => total + weight, 0)
  }
  const places = Array.from({ length: 2 * half }, (_, i) => i)
  return [clip.x + middleOf(places.map((i) => sum((k) => light(i, k)))), clip.y + middleOf(places.map((j) => sum((k) => light(k, j))))]
}

const common = { name: '测试底图', date: '2026-01-01', attribution: '' }
const cases: { name: string; baseMap: (origin: string) => BaseMap; words: string; theme?: 'dark' }[] = [
  {
    name: 'XYZ in EPSG:3857',
    words: '网络墨卡托',
    baseMap: (origin) => ({ kind: 'xyz', url: `${origin}/xyz/{z}/{x}/{y}.png`, crs: 'EPSG:3857', minZoom: 0, maxZoom: 18, ...common }),
  },
  {
    name: 'XYZ in GCJ-02',
    words: 'GCJ-02',
    baseMap: (origin) => ({ kind: 'xyz', url: `${origin}/gcj/{z}/{x}/{y}.png`, crs: 'GCJ-02', minZoom: 0, maxZoom: 18, ...common }),
  },
  {
    name: 'XYZ in EPSG:4490',
    words: '国家大地 2000',
    baseMap: (origin) => ({ kind: 'xyz', url: `${origin}/degrees/{z}/{x}/{y}.png`, crs: 'EPSG:4490', minZoom: 0, maxZoom: 18, ...common }),
  },
  {
    name: 'XYZ in BD-09',
    words: 'BD-09',
    baseMap: (origin) => ({ kind: 'xyz', url: `${origin}/baidu/{z}/{x}/{y}.png`, crs: 'BD-09', minZoom: 3, maxZoom: 18, ...common }),
  },
  {
    name: 'a PMTiles archive of pictures',
    words: '网络墨卡托',
    baseMap: (origin) => ({ kind: 'pmtiles', url: `${origin}/district.pmtiles`, ...common }),
  },
  {
    name: 'XYZ in EPSG:4326',
    words: 'WGS-84',
    baseMap: (origin) => ({ kind: 'xyz', url: `${origin}/degrees/{z}/{x}/{y}.png`, crs: 'EPSG:4326', minZoom: 0, maxZoom: 18, ...common }),
  },
  {
    name: 'TMS in EPSG:3857, rows from the south',
    words: '网络墨卡托',
    baseMap: (origin) => ({ kind: 'tms', url: `${origin}/tms/{z}/{x}/{y}.png`, crs: 'EPSG:3857', minZoom: 0, maxZoom: 18, ...common }),
  },
  {
    name: 'TMS in EPSG:4326 by the profile global-geodetic',
    words: 'WGS-84',
    baseMap: (origin) => ({ kind: 'tms', url: `${origin}/geodetic/{z}/{x}/{y}.png`, crs: 'EPSG:4326', minZoom: 0, maxZoom: 17, ...common }),
  },
  {
    name: 'TMS from its description',
    words: '网络墨卡托',
    baseMap: (origin) => ({ kind: 'tms', url: `${origin}/described/tilemapresource.xml`, crs: 'EPSG:3857', minZoom: 0, maxZoom: 18, ...common }),
  },
  {
    name: 'vector tiles of a service',
    words: '网络墨卡托',
    theme: 'dark',
    baseMap: (origin) => ({ kind: 'mvt', url: `${origin}/mvt/{z}/{x}/{y}.pbf`, crs: 'EPSG:3857', minZoom: 0, maxZoom: 14, ...common }),
  },
  ...(
    [
      ['mercator', 'w', 'EPSG:3857', '网络墨卡托'],
      ['wgs84', 'c', 'EPSG:4326', 'WGS-84'],
      ['cgcs2000', 'c', 'EPSG:4490', '国家大地 2000'],
      ['gcj', 'w', 'GCJ-02', 'GCJ-02'],
      ['baidu', 'b', 'BD-09', 'BD-09'],
    ] as const
  ).map(([service, matrixSet, crs, words]) => ({
    name: `WMTS in ${crs} from its capabilities`,
    words,
    baseMap: (origin: string): BaseMap => ({
      kind: 'wmts',
      url: `${origin}/wmts/${service}/capabilities.xml`,
      layer: 'vec',
      matrixSet,
      style: 'default',
      format: 'image/png',
      crs,
      ...common,
    }),
  })),
  {
    name: 'WMTS in EPSG:4490 by key and value',
    words: '国家大地 2000',
    baseMap: (origin) => ({
      kind: 'wmts',
      url: `${origin}/kvp`,
      layer: 'vec',
      matrixSet: 'c',
      style: 'default',
      format: 'image/png',
      crs: 'EPSG:4490',
      ...common,
    }),
  },
]

describe.skipIf(!hasChromium)('R-MAP-7 base maps of others', () => {
  test.each(cases)('$name: the camera sits on the crossing, to a pixel (60 cm)', async ({ baseMap, words, theme }) => {
    const config = {
      places: [crossing],
      outline: null,
      hasStations: false,
      center: [crossing[0] + 0.0004, crossing[1] + 0.0003] as LonLat,
      zoom: 18,
      theme: theme ?? 'light',
      hasSectors: false,
      baseMap: baseMap(server.origin),
    } as const
    const place = await browser.page.evaluate(async (options) => {
      await window.mapHarness.mount({ ...options, places: [...options.places] })
      return window.mapHarness.map().pixelOf('map-0' as never)
    }, config)
    expect(await browser.page.locator('.source').textContent()).toContain(words)
    // the picture of a tile may come a moment after the map says that it is at rest
    await vi.waitFor(
      async () => {
        const cross = await crossNear([place![0], place![1]])
        // a line one px wide stands for half a px to either side
        expect(Math.abs(cross[0] - place![0])).toBeLessThanOrEqual(1.2)
        expect(Math.abs(cross[1] - place![1])).toBeLessThanOrEqual(1.2)
      },
      { timeout: 15_000, interval: 200 },
    )
  })

  test('a service that does not answer leaves the grid and says so', async () => {
    const baseMap: BaseMap = {
      kind: 'wmts',
      url: `${server.origin}/api/none/capabilities.xml`,
      layer: 'vec',
      matrixSet: 'c',
      style: 'default',
      format: 'image/png',
      crs: 'EPSG:4490',
      ...common,
    }
    await browser.page.evaluate((options) => window.mapHarness.mount(options), {
      places: [crossing],
      outline: null,
      hasStations: false,
      center: crossing,
      zoom: 16,
      baseMap,
    })
    expect(await browser.page.locator('.source').textContent()).toContain('底图缺失')
    expect(await browser.page.evaluate(() => window.mapHarness.items().length)).toBe(1)
  })
})

describe.skipIf(!hasChromium)('R-MAP-7 a base map that cannot be had says which address and why', () => {
  const told = async (baseMap: BaseMap) => {
    await browser.page.goto(`${server.origin}/map-tools.html`)
    await browser.page.evaluate((wish) => void window.toolHarness.mount({ places: [], outline: null, hasStations: false, zoom: 15, ...wish }), {
      baseMap,
      center: crossing,
    })
    await browser.page.waitForFunction(() => window.toolHarness.said.base.some(({ state }) => state === 'missing'), undefined, { timeout: 20_000 })
    return browser.page.evaluate(() => window.toolHarness.said.base.findLast(({ state }) => state === 'missing')!.problem!)
  }
  const wmts = { kind: 'wmts', style: 'default', format: 'image/png', crs: 'EPSG:4490', ...common } as const
  const tiles = { crs: 'EPSG:3857', minZoom: 0, maxZoom: 18, ...common } as const

  test.each<{ name: string; baseMap: (origin: string) => BaseMap; detail: RegExp }>([
    {
      name: 'capabilities that are not there',
      baseMap: (origin) => ({ ...wmts, url: `${origin}/nowhere/capabilities.xml`, layer: 'vec', matrixSet: 'c' }),
      detail: /^404$/,
    },
    {
      name: 'a layer that is not in them: what is there is named',
      baseMap: (origin) => ({ ...wmts, url: `${origin}/wmts/cgcs2000/capabilities.xml`, layer: 'img', matrixSet: 'c' }),
      detail: /no layer img; there are vec/,
    },
    {
      name: 'a matrix set that is not in them',
      baseMap: (origin) => ({ ...wmts, url: `${origin}/wmts/cgcs2000/capabilities.xml`, layer: 'vec', matrixSet: 'w' }),
      detail: /no matrix set w for layer vec; there are c/,
    },
    {
      name: 'a matrix set in another system than set',
      baseMap: (origin) => ({ ...wmts, url: `${origin}/wmts/mercator/capabilities.xml`, layer: 'vec', matrixSet: 'w' }),
      detail: /is in urn:ogc:def:crs:EPSG::3857, not in EPSG:4490/,
    },
    {
      name: 'something that is no capabilities',
      baseMap: (origin) => ({ ...wmts, url: `${origin}/described/tilemapresource.xml`, layer: 'vec', matrixSet: 'c' }),
      detail: /no WMTS capabilities/,
    },
    {
      name: 'a TMS description that is none',
      baseMap: (origin) => ({ kind: 'tms', url: `${origin}/wmts/mercator/capabilities.xml`, ...tiles }),
      detail: /no TileMap/,
    },
    {
      name: 'tiles that are not there',
      baseMap: (origin) => ({ kind: 'xyz', url: `${origin}/nowhere/{z}/{x}/{y}.png`, ...tiles }),
      detail: /^404$/,
    },
    {
      name: 'vector tiles that are not there',
      baseMap: (origin) => ({ kind: 'mvt', url: `${origin}/nowhere/{z}/{x}/{y}.pbf`, ...tiles }),
      detail: /^404$/,
    },
    {
      name: 'a host that is not there',
      baseMap: () => ({ kind: 'xyz', url: 'http://127.0.0.1:9/{z}/{x}/{y}.png', ...tiles }),
      detail: /fetch/i,
    },
  ])('$name', async ({ baseMap, detail }) => {
    const wish = baseMap(server.origin)
    const problem = await told(wish)
    expect(problem.detail).toMatch(detail)
    expect(problem.url.startsWith((wish as { url: string }).url.split('{')[0]!)).toBe(true)
  })
})

describe.skipIf(!hasChromium)('R-MAP-7 the map as a picture', () => {
  const tiles = { kind: 'xyz', crs: 'EPSG:3857', minZoom: 0, maxZoom: 18, ...common } as const
  let foreign: MapServer
  let isOpen = true
  beforeAll(async () => {
    if (!hasChromium) return
    foreign = await startMapServer(folder, (url) => {
      const reply = answer(url, foreign.origin)
      return reply && { ...reply, headers: { ...reply.headers, ...(isOpen && { 'access-control-allow-origin': '*' }) } }
    })
    // the browser of the tests refuses all but the page's own server: this one is let through
    await browser?.page.route(`${foreign.origin}/**`, (route) => route.continue())
  })
  afterAll(() => foreign?.close())
  const mount = async (baseMap: BaseMap, theme: 'dark' | 'light') => {
    await browser.page.goto(`${server.origin}/map-tools.html`)
    await browser.page.evaluate((wish) => window.toolHarness.mount({ outline: null, hasStations: false, zoom: 17, ...wish }), {
      baseMap,
      theme,
      places: [crossing],
      center: crossing,
    })
  }
  const picture = async () => pixelsOf(Buffer.from((await browser.page.evaluate(() => window.toolHarness.picture())).split(',')[1]!, 'base64'))

  test.each(['dark', 'light'] as const)('is what the screen shows, dimmed as there: %s', async (theme) => {
    await mount({ ...tiles, url: `${server.origin}/xyz/{z}/{x}/{y}.png` }, theme)
    await vi.waitFor(
      async () => {
        const [taken, screen] = [await picture(), pixelsOf(await browser.page.screenshot())]
        expect([taken.widthPx, taken.heightPx]).toEqual([screen.widthPx, screen.heightPx])
        for (const [x, y] of [
          [100, 100],
          [450, 350],
          [450, 20],
          [800, 600],
        ] as const)
          taken.at(x, y).forEach((value, channel) => expect(Math.abs(value - screen.at(x, y)[channel]!)).toBeLessThanOrEqual(2))
      },
      { timeout: 15_000, interval: 200 },
    )
  })

  test('of a foreign server that lets its tiles be read has them in it', async () => {
    isOpen = true
    await mount({ ...tiles, url: `${foreign.origin}/xyz/{z}/{x}/{y}.png` }, 'light')
    await vi.waitFor(async () => expect((await picture()).at(100, 100)).toEqual([80, 80, 80]), { timeout: 15_000, interval: 200 })
  })

  test('of a foreign server that does not is refused by name, and the map is shown all the same', async () => {
    isOpen = false
    await mount({ ...tiles, url: `${foreign.origin}/xyz/{z}/{x}/{y}.png` }, 'light')
    await vi.waitFor(async () => expect(pixelsOf(await browser.page.screenshot()).at(100, 100)).toEqual([80, 80, 80]), { timeout: 15_000, interval: 200 })
    const problem = await browser.page.evaluate(() =>
      window.toolHarness.picture().then(String, ({ name, origin }: { name: string; origin: string }) => ({ name, origin })),
    )
    expect(problem).toEqual({ name: 'PictureBlockedError', origin: foreign.origin })
  })
})

describe.skipIf(!hasChromium)('R-MAP-7 another base map', () => {
  test('is a new map, and nothing of the old one is left behind', async () => {
    await browser.page.goto(`${server.origin}/map-tools.html`)
    const metrics = await browser.page.context().newCDPSession(browser.page)
    await metrics.send('Performance.enable')
    const rebuild = (times: number) =>
      browser.page.evaluate(
        async ([origin, rounds, base]) => {
          for (let i = 0; i < rounds; i++)
            await window.toolHarness.mount({
              count: 468,
              ...(i % 2 ? {} : { baseMap: { kind: 'xyz', url: `${origin}/xyz/{z}/{x}/{y}.png`, crs: 'EPSG:3857', minZoom: 0, maxZoom: 18, ...base } }),
            })
        },
        [server.origin, times, common] as const,
      )
    const count = async () => {
      await metrics.send('HeapProfiler.collectGarbage')
      const { metrics: all } = await metrics.send('Performance.getMetrics')
      const of = (name: string) => all.find((metric) => metric.name === name)!.value
      return { listeners: of('JSEventListeners'), nodes: of('Nodes'), heapMb: of('JSHeapUsedSize') / 1e6 }
    }
    await rebuild(4)
    const before = await count()
    await rebuild(12)
    const after = await count()
    expect(after.listeners - before.listeners).toBeLessThanOrEqual(4)
    expect(after.nodes - before.nodes).toBeLessThanOrEqual(20)
    expect(after.heapMb - before.heapMb).toBeLessThan(6)
    expect(await browser.page.evaluate(() => document.querySelectorAll('.ol-viewport').length)).toBe(1)
  })
})

describe.skipIf(!hasChromium)('R-MAP-7 the page that checks a base map', () => {
  const tiles = { minZoom: 0, maxZoom: 18, date: '2026-01-01', attribution: '' } as const
  /** GCJ-02 tiles, once set rightly and once as web Mercator. */
  const baseMaps = (origin: string): [BaseMap, BaseMap, BaseMap] => [
    { kind: 'xyz', url: `${origin}/gcj/{z}/{x}/{y}.png`, crs: 'EPSG:3857', name: '设错的街道图', ...tiles },
    { kind: 'xyz', url: `${origin}/gcj/{z}/{x}/{y}.png`, crs: 'GCJ-02', name: '街道图', ...tiles },
    { kind: 'xyz', url: `${origin}/nowhere/{z}/{x}/{y}.png`, crs: 'EPSG:3857', name: '停用的图', ...tiles },
  ]
  const mount = async (permissions?: ('camera.see' | 'camera.edit' | 'system.administer')[]) => {
    await browser.page.goto(`${server.origin}/offset.html`)
    await browser.page.evaluate((wish) => window.offsetHarness.mount(wish), {
      baseMaps: baseMaps(server.origin),
      places: [crossing, [crossing[0] + 0.001, crossing[1]]] as LonLat[],
      ...(permissions && { permissions }),
    })
  }
  // the shift is some 450 px
  beforeAll(() => browser?.page.setViewportSize({ width: 1600, height: 900 }))
  /** On the map at the right, from its middle, in metres as the map is set. */
  const clickAt = async (eastM: number, northM: number) => {
    const box = (await browser.page.locator('.offset-map').boundingBox())!
    const metresPerPx = (40_075_016.686 * Math.cos((crossing[1] * Math.PI) / 180)) / (256 * 2 ** 16.5)
    await browser.page.mouse.click(box.x + box.width / 2 + eastM / metresPerPx, box.y + box.height / 2 - northM / metresPerPx)
  }
  const verdict = () => browser.page.locator('.verdict').textContent()
  const shift = [(gcj[0]! - crossing[0]) * 84_220, (gcj[1]! - crossing[1]) * 111_195] as const

  test('names GCJ-02 where its tiles are set as web Mercator, and finds the right setting right', async () => {
    await mount()
    await browser.page.waitForSelector('.ol-viewport')
    await vi.waitFor(async () => {
      await clickAt(...shift)
      expect(await verdict()).toContain('底图实际是 GCJ-02，设置里写成了 WGS-84')
    })
    await browser.page.getByRole('radio', { name: /^街道图/ }).click()
    expect(await verdict()).toContain('点击画面上该地物实际的位置')
    await vi.waitFor(async () => {
      await clickAt(1, 1)
      expect(await verdict()).toContain('相符')
    })
  })

  test('takes a place in the numbers of any system, and refuses what is none', async () => {
    await mount()
    await browser.page.locator('input[name=first]').fill('999')
    await browser.page.getByRole('button', { name: '定位' }).click()
    expect(await browser.page.getByRole('alert').textContent()).toContain('不是 WGS-84 里的位置')
    await browser.page.locator('input[name=first]').fill('111.7010000')
    await browser.page.getByRole('button', { name: '定位' }).click()
    await vi.waitFor(async () => expect(await browser.page.locator('.near').first().textContent()).toContain('澄桥路口-02'))
  })

  test('says which base map cannot be read', async () => {
    await mount()
    await browser.page.getByRole('radio', { name: /^停用的图/ }).click()
    await vi.waitFor(async () => expect(await browser.page.getByRole('alert').textContent()).toMatch(/底图没有读到：.*\/nowhere\/.*404/), { timeout: 15_000 })
  })

  test('is closed to who may neither place cameras nor administer', async () => {
    await mount(['camera.see'])
    expect(await browser.page.locator('#app').textContent()).toContain('没有检测底图的权限')
    expect(await browser.page.locator('.ol-viewport').count()).toBe(0)
  })
})
