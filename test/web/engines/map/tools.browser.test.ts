/** The tools of the map in a real Chromium, with a real mouse, fingers and keys: what is drawn is told, and what is told is where the hand was. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CameraId, LonLat } from '../../../../server/contract/ids.ts'
import type { MapShape, MapTool } from '../../../../web/engines/map/tools.ts'
import { type Browser, hasChromium, openBrowser } from '../../../support/browser.ts'
import { buildHarness } from '../../support/build-harness.ts'
import type { ToolOptions } from '../../support/harness/map-tools.ts'
import { type MapServer, startMapServer } from '../../support/map-server.ts'
import { pixelsOf } from '../../support/pixels.ts'

let folder: string
let server: MapServer
let browser: Browser

const mount = (options: ToolOptions) => browser.page.evaluate((wish) => window.toolHarness.mount(wish), options)
const rest = () => browser.page.evaluate(() => window.toolHarness.engine().atRest())
const said = () => browser.page.evaluate(() => window.toolHarness.said)
const setTool = (tool: MapTool | null, widthM?: number) =>
  browser.page.evaluate(([name, metres]) => window.toolHarness.engine().setTool(name, metres === undefined ? {} : { widthM: metres }), [tool, widthM] as const)
const pixelOf = (lonLat: LonLat) => browser.page.evaluate((place) => window.toolHarness.pixelOfPlace(place), lonLat)
/** What a told shape holds, whatever its kind. */
const partsOf = (shape: MapShape | undefined) =>
  shape as unknown as { corners: [LonLat, LonLat]; ring: LonLat[]; line: LonLat[]; center: LonLat; radiusM: number; kind: string; widthM: number }
const mouse = () => browser.page.mouse
/** A place of the screen, once the picture has caught up. */
const crop = async (x: number, y: number, sidePx: number) =>
  pixelsOf(await browser.page.screenshot({ clip: { x: x - sidePx / 2, y: y - sidePx / 2, width: sidePx, height: sidePx } }))

const heart: LonLat = [111.7, 40.77]
/** Metres east and north of the middle. */
const off = (eastM: number, northM: number): LonLat => [heart[0] + eastM / 84_220, heart[1] + northM / 111_195]
const metresFrom = (a: LonLat, b: LonLat) => Math.hypot((a[0] - b[0]) * 84_220, (a[1] - b[1]) * 111_195)
const quiet = { outline: null, hasStations: false, center: heart, zoom: 16, baseMap: { kind: 'none' } } as const satisfies ToolOptions
/** At zoom 16 in the middle of the picture. */
const METRES_PER_PX = (40_075_016.686 * Math.cos((heart[1] * Math.PI) / 180)) / (256 * 2 ** 16)
/** The place under a pixel of the 1280x800 page. */
const under = (x: number, y: number): LonLat => off((x - 640) * METRES_PER_PX, (400 - y) * METRES_PER_PX)
const ON_IT_M = 3

beforeAll(async () => {
  if (!hasChromium) return
  folder = await buildHarness()
  server = await startMapServer(folder)
  browser = await openBrowser({ origin: server.origin, width: 1280, height: 800 })
  await browser.page.goto(`${server.origin}/map-tools.html`)
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  if (hasChromium) await mouse().move(2, 2)
})

describe.skipIf(!hasChromium)('R-WALL-1 a point is dragged off the map', () => {
  const idOf = (index: number) => browser.page.evaluate((at) => window.toolHarness.points()[at]!.cameraId, index)
  const pull = async ([fromX, fromY]: [number, number], [toX, toY]: [number, number]) => {
    await mouse().move(fromX, fromY, { steps: 3 })
    await mouse().down()
    await mouse().move((fromX + toX) / 2, (fromY + toY) / 2, { steps: 5 })
    await mouse().move(toX, toY, { steps: 5 })
    await mouse().up()
    await rest()
  }

  test('pulling a point takes its camera along; the map stands still, and nothing is chosen by it', async () => {
    await mount({ ...quiet, places: [heart, off(200, 0)] })
    const before = await pixelOf(heart)
    await browser.page.evaluate(() => {
      const target = document.createElement('div')
      target.id = 'tile'
      target.style.cssText = 'position:fixed;left:20px;top:20px;width:120px;height:90px;z-index:9'
      target.addEventListener('dragover', (event) => event.preventDefault())
      target.addEventListener('drop', (event) => {
        event.preventDefault()
        target.textContent = event.dataTransfer!.getData('text/plain')
      })
      document.body.append(target)
    })
    await pull([640, 400], [80, 60])
    expect(await browser.page.locator('#tile').innerText()).toBe(await idOf(0))
    expect(await said()).toMatchObject({ dragged: [await idOf(0)], selected: [] })
    expect(await pixelOf(heart)).toEqual(before)
    // and once more: nothing is left of the first
    await pull([640, 400], [80, 60])
    expect((await said()).dragged).toHaveLength(2)
    await browser.page.evaluate(() => document.querySelector('#tile')!.remove())
  })

  test('a click on a point chooses it, a pull beside it moves the map, the wheel over it zooms', async () => {
    await mount({ ...quiet, places: [heart] })
    await mouse().move(630, 396)
    await mouse().move(640, 400, { steps: 3 })
    await mouse().click(640, 400)
    expect(await said()).toMatchObject({ selected: [await idOf(0)], dragged: [] })
    await pull([700, 460], [760, 500])
    const [x, y] = (await pixelOf(heart)) as [number, number]
    expect(x).toBeGreaterThan(680)
    expect(y).toBeGreaterThan(420)
    expect((await said()).dragged).toEqual([])
    await mouse().move(x - 8, y)
    await mouse().move(x, y, { steps: 3 })
    const wide = await browser.page.evaluate(() => window.toolHarness.engine().scaleBar(100))
    await mouse().wheel(0, -240)
    await browser.page.waitForFunction(
      (before) => {
        const { metres, widthPx } = window.toolHarness.engine().scaleBar(100)
        return widthPx / metres > before * 1.2
      },
      wide.widthPx / wide.metres,
      { timeout: 10_000 },
    )
  })

  test('with a tool in the hand a pull that begins on a point draws', async () => {
    await mount({ ...quiet, places: [heart] })
    await mouse().move(640, 400, { steps: 3 })
    await setTool('rectangle')
    await pull([640, 400], [760, 480])
    const { shapes, dragged } = await said()
    expect(shapes).toHaveLength(1)
    expect(dragged).toEqual([])
  })

  test('a camera being placed is pulled by its handle, not off the map', async () => {
    await mount({ ...quiet, places: [heart] })
    const cameraId = await idOf(0)
    await browser.page.evaluate((id) => window.toolHarness.engine().editPlace(id), cameraId)
    await rest()
    const [x, y] = (await browser.page.evaluate(() => window.toolHarness.engine().handlePx('place'))) as unknown as [number, number]
    await pull([x, y], [x + 60, y + 20])
    const { edited, dragged } = await said()
    expect(edited.length).toBeGreaterThan(0)
    expect(dragged).toEqual([])
    await browser.page.evaluate(() => window.toolHarness.engine().editPlace(null))
  })
})

describe.skipIf(!hasChromium)('R-MAP-5 drawing by hand', () => {
  test('a rectangle is pulled open, the map stands still under it, and the tool is ready for the next', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('rectangle')
    const before = await pixelOf(heart)
    for (const [x, y] of [
      [500, 300],
      [520, 340],
    ] as const) {
      await mouse().move(x, y)
      await mouse().down()
      await mouse().move(x + 100, y + 60, { steps: 4 })
      await mouse().move(x + 200, y + 150, { steps: 4 })
      await mouse().up()
    }
    const { shapes, selected } = await said()
    expect(shapes).toHaveLength(2)
    expect(shapes[0]).toMatchObject({ kind: 'rectangle' })
    const [from, to] = partsOf(shapes[0]).corners
    expect(metresFrom(from, under(500, 300))).toBeLessThan(ON_IT_M)
    expect(metresFrom(to, under(700, 450))).toBeLessThan(ON_IT_M)
    expect(await pixelOf(heart)).toEqual(before)
    expect(selected).toEqual([])
  })

  test('a circle by two clicks: the first is its middle, the second its edge', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('circle')
    await mouse().click(640, 400)
    await mouse().move(700, 400, { steps: 3 })
    await mouse().click(740, 400)
    const { shapes, selected } = await said()
    expect(shapes).toHaveLength(1)
    const circle = partsOf(shapes[0])
    expect(circle.kind).toBe('circle')
    expect(metresFrom(circle.center, heart)).toBeLessThan(ON_IT_M)
    expect(circle.radiusM).toBeCloseTo(100 * METRES_PER_PX, -1)
    expect(selected).toEqual([])
  })

  test('a click without a pull encloses nothing and is not told', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('rectangle')
    await mouse().click(640, 400)
    await mouse().click(641, 401)
    expect((await said()).shapes).toEqual([])
  })

  test('a polygon ends by a double click, which adds its corner once and does not zoom', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('polygon')
    const before = await pixelOf(heart)
    await mouse().click(500, 300)
    await mouse().click(700, 300)
    await mouse().dblclick(700, 500)
    const { shapes } = await said()
    expect(shapes).toHaveLength(1)
    const { ring } = partsOf(shapes[0])
    expect(ring).toHaveLength(3)
    expect(metresFrom(ring[2]!, under(700, 500))).toBeLessThan(ON_IT_M)
    await rest()
    expect(await pixelOf(heart)).toEqual(before)
  })

  test('a click on the first corner closes a polygon, also a double click there', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('polygon')
    for (const again of [false, true]) {
      await mouse().click(500, 300)
      await mouse().click(700, 300)
      await mouse().click(700, 500)
      if (again) await mouse().dblclick(503, 302)
      else await mouse().click(503, 302)
      // longer than a double click
      await browser.page.waitForTimeout(450)
    }
    const { shapes } = await said()
    expect(shapes.map((shape) => partsOf(shape).ring.length)).toEqual([3, 3])
  })

  test('a route ends with Enter; Backspace takes the last place back; the corridor is as wide as asked', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('route', 25)
    await mouse().click(400, 400)
    await mouse().click(600, 400)
    await mouse().click(600, 200)
    await browser.page.keyboard.press('Backspace')
    await mouse().click(800, 420)
    await browser.page.keyboard.press('Enter')
    const { shapes } = await said()
    expect(shapes).toHaveLength(1)
    const route = partsOf(shapes[0])
    expect(route).toMatchObject({ kind: 'route', widthM: 25 })
    expect(route.line).toHaveLength(3)
    expect(metresFrom(route.line[2]!, under(800, 420))).toBeLessThan(ON_IT_M)
  })

  test('ending the tool (Esc of the page) forgets what was begun, and clicks choose cameras again', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('polygon')
    await mouse().click(500, 300)
    await mouse().click(700, 300)
    await mouse().click(700, 500)
    await setTool(null)
    await browser.page.keyboard.press('Enter')
    expect((await said()).shapes).toEqual([])
    await mouse().click(640, 400)
    expect((await said()).selected).toEqual(['map-0'])
  })

  test('a tool that ends with its shape leaves nothing of the last click to the map: no camera is chosen, nothing zooms', async () => {
    await mount({ ...quiet, places: [heart, under(740, 400), under(700, 500)], isOneShot: true })
    const before = await pixelOf(heart)
    await setTool('circle')
    await mouse().click(640, 400)
    await mouse().click(740, 400)
    await browser.page.waitForTimeout(300)
    await setTool('polygon')
    await mouse().click(500, 300)
    await mouse().click(700, 300)
    await mouse().dblclick(700, 500)
    await rest()
    const { shapes, selected } = await said()
    expect(shapes.map(({ kind }) => kind)).toEqual(['circle', 'polygon'])
    expect(selected).toEqual([])
    expect(await pixelOf(heart)).toEqual(before)
  })

  test('Backspace in a field of a form is left to the field', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('polygon')
    await mouse().click(500, 300)
    await mouse().click(700, 300)
    await mouse().click(700, 500)
    await browser.page.evaluate(() => {
      const input = document.createElement('input')
      input.value = 'ab'
      input.id = 'field'
      input.style.cssText = 'position:fixed;left:0;top:0'
      document.body.append(input)
      input.focus()
    })
    await browser.page.keyboard.press('Backspace')
    await browser.page.keyboard.press('Enter')
    const value = await browser.page.evaluate(() => {
      const input = document.querySelector<HTMLInputElement>('#field')!
      const { value: text } = input
      input.remove()
      return text
    })
    expect(value).toBe('a')
    expect((await said()).shapes).toEqual([])
  })

  test('while corners are set the map may be dragged, and the corners stay on the ground', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('polygon')
    await mouse().click(500, 300)
    await mouse().move(640, 400)
    await mouse().down()
    await mouse().move(740, 450, { steps: 5 })
    await mouse().up()
    await rest()
    await mouse().click(700, 600)
    await mouse().dblclick(900, 400)
    const { ring } = partsOf((await said()).shapes[0])
    expect(ring).toHaveLength(3)
    expect(metresFrom(ring[0]!, under(500, 300))).toBeLessThan(ON_IT_M)
    const first = await pixelOf(ring[0]!)
    expect(Math.hypot(first[0] - 500, first[1] - 300)).toBeGreaterThan(100)
  })

  test('two quick clicks at two places are two corners, not a double click', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('polygon')
    await mouse().click(500, 300)
    await mouse().click(700, 300)
    await mouse().click(700, 500)
    await mouse().click(500, 500)
    expect((await said()).shapes).toEqual([])
    await browser.page.keyboard.press('Enter')
    expect(partsOf((await said()).shapes[0]).ring).toHaveLength(4)
  })

  test('a finger pulls a circle open; a second finger gives the map back for zooming', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('circle')
    const touch = await browser.page.context().newCDPSession(browser.page)
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number; id: number }[]) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints })
    await send('touchStart', [{ x: 640, y: 400, id: 0 }])
    for (const x of [660, 690, 720]) await send('touchMove', [{ x, y: 400, id: 0 }])
    await send('touchEnd', [])
    const { shapes } = await said()
    expect(shapes).toHaveLength(1)
    expect(partsOf(shapes[0]).radiusM).toBeCloseTo(80 * METRES_PER_PX, -1)
    const before = await pixelOf(under(740, 400))
    await send('touchStart', [{ x: 600, y: 400, id: 0 }])
    await send('touchStart', [
      { x: 600, y: 400, id: 0 },
      { x: 680, y: 400, id: 1 },
    ])
    for (const spread of [10, 30, 60])
      await send('touchMove', [
        { x: 600 - spread, y: 400, id: 0 },
        { x: 680 + spread, y: 400, id: 1 },
      ])
    await send('touchEnd', [])
    await rest()
    expect((await said()).shapes).toHaveLength(1)
    expect((await pixelOf(under(740, 400)))[0]).toBeGreaterThan(before[0] + 20)
  })

  test('the pointer is told where it is, also over nothing, and that it has left', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('point')
    await mouse().move(700, 450, { steps: 3 })
    await browser.page.evaluate(() => new Promise(requestAnimationFrame))
    await mouse().click(700, 450)
    const { pointers, clicks, hovered } = await said()
    expect(metresFrom(pointers.at(-1)!, under(700, 450))).toBeLessThan(ON_IT_M)
    expect(metresFrom(clicks[0]!, under(700, 450))).toBeLessThan(ON_IT_M)
    expect(hovered.every((cameraId) => cameraId === null)).toBe(true)
    await browser.page.evaluate(() => document.querySelector('#map')!.dispatchEvent(new PointerEvent('pointerleave')))
    await browser.page.evaluate(() => new Promise(requestAnimationFrame))
    expect((await said()).pointers.at(-1)).toBeNull()
  })
})

describe.skipIf(!hasChromium)('R-MAP-5 what was selected', () => {
  test('along a route the rings are numbered in the order of walking, the state at their shoulder', async () => {
    await mount({ ...quiet, places: [off(200, 10), off(-200, -10), off(0, 15), off(0, 300)], statuses: ['offline', 'online', 'degraded', 'online'] })
    const ids = await browser.page.evaluate(([from, to]) => window.toolHarness.select({ kind: 'route', line: [from, to], widthM: 40 }), [
      off(-300, 0),
      off(300, 0),
    ] as const)
    expect(ids).toEqual(['map-1', 'map-2', 'map-0'])
    await rest()
    const colors = await browser.page.evaluate(() => window.toolHarness.color.dark)
    for (const [place, tone] of [
      [off(200, 10), colors.offline],
      [off(-200, -10), colors.online],
      [off(0, 15), colors.degraded],
    ] as const) {
      const [x, y] = await pixelOf(place)
      expect((await crop(x, y, 30)).count(colors.primary, 20)).toBeGreaterThan(60)
      expect((await crop(x + 11, y - 11, 18)).count(tone, 16)).toBeGreaterThan(20)
    }
    const [x, y] = await pixelOf(off(0, 300))
    expect((await crop(x, y, 30)).count(colors.primary, 20)).toBe(0)
  })

  test('a cluster with hits carries a ring, and is as before when the selection goes', async () => {
    await mount({ ...quiet, zoom: 13, places: [off(0, 0), off(10, 0), off(0, 10), off(10, 10), off(2000, 0)] })
    const colors = await browser.page.evaluate(() => window.toolHarness.color.dark)
    const [x, y] = await browser.page.evaluate(() => {
      const cluster = window.toolHarness
        .engine()
        .listItems()
        .find(({ kind }) => kind === 'cluster')!
      return window.toolHarness.engine().toPx([cluster.x, cluster.y])
    })
    const before = (await crop(x, y, 80)).count(colors.primary, 20)
    await browser.page.evaluate((center) => window.toolHarness.select({ kind: 'circle', center, radiusM: 500 }), heart)
    await rest()
    expect((await crop(x, y, 80)).count(colors.primary, 20)).toBeGreaterThan(before + 200)
    await browser.page.evaluate(() => window.toolHarness.engine().setSelection(null))
    await rest()
    expect((await crop(x, y, 80)).count(colors.primary, 20)).toBe(before)
  })
})

describe.skipIf(!hasChromium)('R-MAP-5 measuring', () => {
  test('a distance grows with every place, and stays until it is cleared', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('distance')
    await mouse().click(500, 400)
    await mouse().click(600, 400)
    await mouse().dblclick(600, 500)
    const { measures } = await said()
    const metres = measures.map((measure) => (measure?.kind === 'distance' ? measure.metres : null))
    expect(metres[0]).toBe(0)
    expect(metres[1]).toBeCloseTo(100 * METRES_PER_PX, -1)
    expect(metres.at(-1)).toBeCloseTo(200 * METRES_PER_PX, -1)
    await setTool(null)
    expect((await said()).measures.at(-1)).not.toBeNull()
    await browser.page.evaluate(() => window.toolHarness.engine().clearMeasure())
    expect((await said()).measures.at(-1)).toBeNull()
  })

  test('an area says its square metres and its border', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('area')
    await mouse().click(500, 300)
    await mouse().click(700, 300)
    await mouse().click(700, 500)
    await mouse().click(500, 500)
    await browser.page.keyboard.press('Enter')
    const last = (await said()).measures.at(-1)!
    expect(last.kind).toBe('area')
    if (last.kind !== 'area') return
    expect(Math.abs(last.squareMetres / (200 * METRES_PER_PX) ** 2 - 1)).toBeLessThan(0.02)
    expect(Math.abs(last.perimeterM / (800 * METRES_PER_PX) - 1)).toBeLessThan(0.01)
  })

  test('a measure that is broken off is taken away', async () => {
    await mount({ ...quiet, places: [heart] })
    await setTool('distance')
    await mouse().click(500, 400)
    await setTool(null)
    expect((await said()).measures.at(-1)).toBeNull()
  })
})

describe.skipIf(!hasChromium)('R-MAP-8 placing a camera', () => {
  const start = { lonLat: heart, headingDeg: 90, fovDeg: 60, reachM: 100 }
  const edit = async () => {
    await mount({ ...quiet, zoom: 17, places: [heart, off(60, 60)] })
    await browser.page.evaluate((place) => window.toolHarness.engine().editPlace('map-0' as CameraId, place), start)
    await rest()
  }
  const handlePx = async (handle: 'place' | 'heading' | 'left' | 'right' | 'reach') =>
    (await browser.page.evaluate((name) => window.toolHarness.engine().handlePx(name), handle))!
  const pull = async (handle: Parameters<typeof handlePx>[0], by: readonly [number, number]) => {
    const [x, y] = await handlePx(handle)
    await mouse().move(x, y)
    await mouse().down()
    await mouse().move(x + by[0] / 2, y + by[1] / 2, { steps: 3 })
    await mouse().move(x + by[0], y + by[1], { steps: 3 })
    await mouse().up()
    return (await said()).edited.at(-1)!
  }

  test('its place is pulled, the old one stays, and the map does not move', async () => {
    await edit()
    const before = await pixelOf(heart)
    const edited = await pull('place', [80, -40])
    expect(edited).toMatchObject({ headingDeg: 90, fovDeg: 60, reachM: 100 })
    const metresPerPx = METRES_PER_PX / 2
    expect(metresFrom(edited.lonLat, off(80 * metresPerPx, 40 * metresPerPx))).toBeLessThan(ON_IT_M)
    expect(await pixelOf(heart)).toEqual(before)
    expect((await said()).selected).toEqual([])
  })

  test('its direction follows the hand', async () => {
    await edit()
    const [x, y] = await handlePx('heading')
    const [cx, cy] = await pixelOf(heart)
    // a quarter turn clockwise: from east to south
    expect((await pull('heading', [cx - x, x - cx + (cy - y)])).headingDeg).toBe(180)
  })

  test('its field of view opens at either edge, and all around beyond the back', async () => {
    await edit()
    const [cx, cy] = await pixelOf(heart)
    for (const handle of ['left', 'right'] as const) {
      const [x, y] = await handlePx(handle)
      const side = handle === 'left' ? -1 : 1
      const wide = await pull(handle, [cx - x, cy + side * 120 - y])
      expect(wide.fovDeg).toBe(180)
      expect(wide.headingDeg).toBe(90)
      await browser.page.evaluate((place) => window.toolHarness.engine().editPlace('map-0' as CameraId, place), start)
    }
    const [x, y] = await handlePx('left')
    expect((await pull('left', [cx - 120 - x, cy + 20 - y])).fovDeg).toBe(360)
  })

  test('its reach is as far as it is pulled', async () => {
    await edit()
    const edited = await pull('reach', [50, 0])
    expect(edited.reachM).toBeCloseTo(100 + 25 * METRES_PER_PX, -0.5)
    expect(edited.headingDeg).toBe(90)
  })

  test('a camera that is small on the screen is brought near, and ending leaves the map as it is', async () => {
    await mount({ ...quiet, zoom: 13, places: [heart, off(10, 0), off(0, 10), off(10, 10)] })
    await browser.page.evaluate((place) => window.toolHarness.engine().editPlace('map-0' as CameraId, place), start)
    await rest()
    const [hx, hy] = await handlePx('reach')
    const [cx, cy] = await pixelOf(heart)
    expect(Math.hypot(hx - cx, hy - cy)).toBeGreaterThan(80)
    await browser.page.evaluate(() => window.toolHarness.engine().editPlace(null))
    expect(await browser.page.evaluate(() => window.toolHarness.engine().handlePx('place'))).toBeNull()
    await mouse().click(cx, cy)
    expect((await said()).selected.length).toBe(1)
  })
})
