/** The map in a real Chromium, driven with a real pointer: what a click does, what a hover shows, what ten thousand points do. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CameraId, LonLat } from '../../../../server/contract/ids.ts'
import type { color as Colors } from '../../../../web/base/theme.ts'
import { type Browser, hasChromium, openBrowser } from '../../../support/browser.ts'
import { buildHarness } from '../../support/build-harness.ts'
import type { MapHarness, MountOptions } from '../../support/harness/map.ts'
import { type MapServer, startMapServer } from '../../support/map-server.ts'
import { pixelsOf } from '../../support/pixels.ts'

let folder: string
let server: MapServer
let browser: Browser
/** From the page: the theme asks for a screen when it is read. */
let color: typeof Colors

const mount = (options: MountOptions) => browser.page.evaluate((wish) => window.mapHarness.mount(wish), options)
const rest = () => browser.page.evaluate(() => window.mapHarness.atRest())
const items = () => browser.page.evaluate(() => window.mapHarness.items())
const said = () => browser.page.evaluate(() => window.mapHarness.said)
const pixelOf = (cameraId: string) => browser.page.evaluate((id) => window.mapHarness.map().pixelOf(id as CameraId), cameraId)
const until = (run: (harness: MapHarness) => boolean) =>
  browser.page.waitForFunction(`(${run.toString()})(window.mapHarness)`, undefined, { timeout: 15_000, polling: 50 })
/** The colours in a square around a place on the screen. */
const around = async ([x, y]: readonly number[], sidePx = 24) =>
  pixelsOf(await browser.page.screenshot({ clip: { x: x! - sidePx / 2, y: y! - sidePx / 2, width: sidePx, height: sidePx } }))

const heart: LonLat = [111.7, 40.77]
/** Metres east and north of the middle. */
const off = (eastM: number, northM: number): LonLat => [heart[0] + eastM / 84_300, heart[1] + northM / 111_320]
const quiet = { outline: null, hasStations: false, center: heart, baseMap: { kind: 'none' } } as const satisfies MountOptions

beforeAll(async () => {
  if (!hasChromium) return
  folder = await buildHarness()
  server = await startMapServer(folder)
  browser = await openBrowser({ origin: server.origin, width: 1280, height: 800 })
  await browser.page.goto(server.origin)
  color = await browser.page.evaluate(() => window.mapHarness.color)
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  if (hasChromium) await browser.page.mouse.move(2, 2)
})

describe.skipIf(!hasChromium)('R-MAP-3 clusters under the hand', () => {
  test('a click zooms until the cluster comes apart, and every camera is still there', async () => {
    await mount({ ...quiet, places: [off(-60, 0), off(-20, 15), off(25, -10), off(60, 20), off(0, -40)], zoom: 13 })
    const before = await items()
    expect(before).toMatchObject([{ kind: 'cluster', counts: { online: 5 } }])
    await browser.page.mouse.click(...(before[0]!.px as [number, number]))
    await rest()
    const after = await items()
    expect(after.length).toBeGreaterThan(1)
    expect(after.flatMap(({ ids }) => ids).sort()).toEqual(['map-0', 'map-1', 'map-2', 'map-3', 'map-4'])
    for (const { px } of after) {
      expect(px[0]).toBeGreaterThan(0)
      expect(px[0]).toBeLessThan(1280)
    }
  })

  test('cameras of one pole fan out on a click and each can be chosen', async () => {
    await mount({ ...quiet, places: [heart, heart, heart, heart], zoom: 14 })
    const [pole] = await items()
    expect(pole).toMatchObject({ kind: 'cluster', counts: { online: 4 } })
    await browser.page.mouse.click(...(pole!.px as [number, number]))
    await rest()
    const fan = await items()
    expect(fan.map(({ kind }) => kind)).toEqual(['point', 'point', 'point', 'point'])
    fan.forEach((a, i) => fan.slice(i + 1).forEach((b) => expect(Math.hypot(a.px[0]! - b.px[0]!, a.px[1]! - b.px[1]!)).toBeGreaterThan(15)))
    await browser.page.mouse.click(...(fan[2]!.px as [number, number]))
    expect((await said()).selected).toEqual(fan[2]!.ids)
  })

  test('one camera of a cluster going down shows a red pill, and coming back takes it away', async () => {
    await mount({ ...quiet, places: [off(0, 0), off(10, 0), off(0, 10), off(10, 10)], zoom: 13 })
    const [{ px } = { px: [0, 0] }] = await items()
    const reds = async () => (await around(px, 64)).count(color.dark.offlineFill, 12)
    expect(await reds()).toBe(0)
    await browser.page.evaluate(() => window.mapHarness.setStatus('map-2' as CameraId, 'offline'))
    await rest()
    expect(await reds()).toBeGreaterThan(60)
    await browser.page.evaluate(() => window.mapHarness.setStatus('map-2' as CameraId, 'online'))
    await rest()
    expect(await reds()).toBe(0)
  })
})

describe.skipIf(!hasChromium)('R-MAP-2 a point', () => {
  test('is chosen by a click, and the map lets it go by a click on the ground', async () => {
    await mount({ ...quiet, places: [heart, off(300, 0)], zoom: 16 })
    await browser.page.mouse.click(...((await pixelOf('map-1')) as [number, number]))
    await browser.page.mouse.click(200, 700)
    expect((await said()).selected).toEqual(['map-1', null])
  })

  test('that lies under a panel is brought out when it is chosen; a free one leaves the map alone', async () => {
    await mount({ ...quiet, places: [heart, off(-450, 0)], zoom: 16, padding: [0, 0, 0, 0] })
    const free = await pixelOf('map-0')
    await browser.page.evaluate(() => (window.mapHarness.props.selectedId = 'map-0' as CameraId))
    await rest()
    expect(await pixelOf('map-0')).toEqual(free)
    const covered = (await pixelOf('map-1'))!
    expect(covered[0]).toBeLessThan(420)
    await browser.page.evaluate(() => Object.assign(window.mapHarness.props, { padding: [0, 0, 0, 420], selectedId: 'map-1' }))
    await until((harness) => (harness.map().pixelOf('map-1' as never)?.[0] ?? 0) > 420)
    await rest()
    expect((await pixelOf('map-1'))![0]).toBeLessThan(1280)
  })

  test('shows its card after a moment, with its name, and not while the map is dragged', async () => {
    await mount({ ...quiet, places: [heart], zoom: 16 })
    await browser.page.mouse.move(...((await pixelOf('map-0')) as [number, number]))
    await browser.page.waitForSelector('.hover-card')
    const card = (await browser.page.locator('.hover-card').boundingBox())!
    expect(card.width).toBeCloseTo(320, 0)
    expect(card.x).toBeGreaterThanOrEqual(0)
    expect(card.y + card.height).toBeLessThanOrEqual(800)
    expect((await said()).hovered.at(-1)).toBe('map-0')
    await browser.page.mouse.down()
    await browser.page.waitForSelector('.hover-card', { state: 'detached' })
    await browser.page.mouse.up()
  })

  test('keeps its shape and loses its colour when nothing has been heard for a while', async () => {
    await mount({ ...quiet, places: [heart], zoom: 16 })
    const place = (await pixelOf('map-0'))!
    expect((await around(place)).count(color.dark.online, 12)).toBeGreaterThan(30)
    await browser.page.evaluate(() => (window.mapHarness.props.isStale = true))
    await rest()
    const stale = await around(place)
    expect(stale.count(color.dark.online, 12)).toBe(0)
    expect(stale.count(color.dark.unknown, 12)).toBeGreaterThan(30)
  })

  test('takes the other theme with the ground it stands on', async () => {
    await mount({ ...quiet, places: [heart], zoom: 16 })
    const place = (await pixelOf('map-0'))!
    await browser.page.evaluate(() => window.mapHarness.setTheme('light'))
    await rest()
    expect((await around(place)).count(color.light.online, 12)).toBeGreaterThan(30)
    expect((await around([200, 400])).brightness).toBeGreaterThan(200)
  })
})

describe.skipIf(!hasChromium)('R-MAP-4 a jurisdiction', () => {
  test('is filtered by a click on its name', async () => {
    await mount({ count: 0, zoom: 13 })
    const names = await browser.page.evaluate(() => window.mapHarness.map().listStations())
    expect(names).toHaveLength(10)
    const qinglan = names.find(({ stationId }) => stationId === 'qinglan')!
    await browser.page.mouse.click(...(qinglan.px as [number, number]))
    expect((await said()).stations).toEqual(['qinglan'])
  })
})

describe.skipIf(!hasChromium)('R-MAP-6 ten thousand points', () => {
  test('all stand on the map, zooming in and out loses none, and the page stays whole', async () => {
    await mount({ count: 10_000 })
    const count = async () => (await items()).reduce((sum, { ids }) => sum + ids.length, 0)
    expect(await count()).toBe(10_000)
    for (const [x, y, wheel] of [
      [640, 400, -300],
      [640, 400, -600],
      [600, 380, -900],
      [640, 400, 1200],
    ] as const) {
      await browser.page.mouse.move(x, y)
      await browser.page.mouse.wheel(0, wheel)
      await rest()
      expect(await count()).toBe(10_000)
    }
    const figures = await browser.page.evaluate(() => window.mapHarness.pan({ durationMs: 1500, changesPerS: 1000 }))
    expect(figures.redrawsPerS).toBeGreaterThan(1)
    expect(browser.troubles.filter((trouble) => !trouble.includes('404'))).toEqual([])
  })
})
