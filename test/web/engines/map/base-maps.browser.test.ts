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

const capabilities = (origin: string) => `<?xml version="1.0" encoding="UTF-8"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0">
<Contents><Layer><ows:Identifier>vec</ows:Identifier><Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style><Format>image/png</Format>
<TileMatrixSetLink><TileMatrixSet>c</TileMatrixSet></TileMatrixSetLink>
<ResourceURL format="image/png" resourceType="tile" template="${origin}/wmts/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.png"/></Layer>
<TileMatrixSet><ows:Identifier>c</ows:Identifier><ows:SupportedCRS>urn:ogc:def:crs:EPSG::4490</ows:SupportedCRS>
${Array.from({ length: 20 }, (_, i) => i + 1)
  .map(
    (z) =>
      `<TileMatrix><ows:Identifier>${z}</ows:Identifier><ScaleDenominator>${((360 / (256 * 2 ** z)) * ((Math.PI * 6378137) / 180)) / 0.00028}</ScaleDenominator><TopLeftCorner>90.0 -180.0</TopLeftCorner><TileWidth>256</TileWidth><TileHeight>256</TileHeight><MatrixWidth>${2 ** z}</MatrixWidth><MatrixHeight>${2 ** (z - 1)}</MatrixHeight></TileMatrix>`,
  )
  .join('')}
</TileMatrixSet></Contents></Capabilities>`

function answer({ pathname, searchParams }: URL, origin: string): Reply | undefined {
  const numbers = pathname.match(/\d+/g)?.map(Number) ?? []
  const [z = 0, second = 0, third = 0] = numbers.slice(-3)
  if (pathname.startsWith('/xyz/')) return tile(second, third, mercatorPx(crossing, z))
  if (pathname.startsWith('/gcj/')) return tile(second, third, mercatorPx(gcj, z))
  if (pathname.startsWith('/baidu/')) return baiduTile(z, second, third)
  if (pathname.startsWith('/degrees/')) return tile(second, third, degreesPx(crossing, z))
  if (pathname === '/wmts/capabilities.xml') return { headers: { 'content-type': 'text/xml' }, body: capabilities(origin) }
  if (pathname.startsWith('/wmts/c/')) return tile(third, second, degreesPx(crossing, z))
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
const cases: { name: string; baseMap: (origin: string) => BaseMap; words: string }[] = [
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
    name: 'WMTS in EPSG:4490 from its capabilities',
    words: '国家大地 2000',
    baseMap: (origin) => ({
      kind: 'wmts',
      url: `${origin}/wmts/capabilities.xml`,
      layer: 'vec',
      matrixSet: 'c',
      style: 'default',
      format: 'image/png',
      crs: 'EPSG:4490',
      ...common,
    }),
  },
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
  test.each(cases)('$name: the camera sits on the crossing, to a pixel (60 cm)', async ({ baseMap, words }) => {
    const config = {
      places: [crossing],
      outline: null,
      hasStations: false,
      center: [crossing[0] + 0.0004, crossing[1] + 0.0003] as LonLat,
      zoom: 18,
      theme: 'light',
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
