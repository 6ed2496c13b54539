/** The map's tools in a real Chromium, against a whole demo: what is drawn by hand is listed, kept and sent on; placing, time, import (R-MAP-5 to 8). */
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { CameraMove } from '../../server/contract/cameras.ts'
import type { PastStates } from '../../server/contract/status.ts'
import { listDemoCameras } from '../../server/demo/cameras.ts'
import { listDemoStations } from '../../server/demo/district.ts'
import type { Browser } from '../support/browser.ts'
import type { Demo } from '../support/demo.ts'
import { findFreePoint, goTo, listDrawn, openMapPage, patienceMs, until } from './page.ts'

type Px = readonly [x: number, y: number]

export function testMapTools(getDemo: () => Demo) {
  let demo: Demo
  let browser: Browser

  beforeAll(async () => {
    demo = getDemo()
    browser = await openMapPage(demo, { account: 'supervisor' })
  }, 2 * patienceMs)
  afterAll(() => browser?.close())
  afterEach(() => {
    if (browser) expect(browser.troubles.splice(0)).toEqual([])
  })

  const address = (from = browser) => new URL(from.page.url()).searchParams
  const listed = () => browser.page.locator('.selection [role=option]')
  const counted = async () => Number(await browser.page.locator('.selection .head b').innerText({ timeout: patienceMs }))
  /** A drag of the mouse, in px of the window. */
  async function drag({ page }: Browser, [fromX, fromY]: Px, [toX, toY]: Px) {
    await page.mouse.move(fromX, fromY)
    await page.mouse.down()
    await page.mouse.move((fromX + toX) / 2, (fromY + toY) / 2, { steps: 4 })
    await page.mouse.move(toX, toY, { steps: 4 })
    await page.mouse.up()
  }

  describe('R-MAP-5 selecting on the map', () => {
    test('a rectangle drawn by hand lists exactly the cameras in it; the address brings it back; dropped ones stay out', async () => {
      await goTo(demo, browser, '')
      await browser.page.keyboard.press('b')
      await drag(browser, [760, 380], [1100, 640])
      await browser.page.waitForSelector('.selection', { timeout: patienceMs })
      const [west, south, east, north] = (address().get('shape') ?? '').split(':')[1]!.split(',').map(Number) as [number, number, number, number]
      const inside = listDemoCameras().filter(({ lonLat: [lon, lat] }) => {
        const isBetween = (value: number, a: number, b: number) => value >= Math.min(a, b) && value <= Math.max(a, b)
        return isBetween(lon, west, east) && isBetween(lat, south, north)
      })
      expect(inside.length).toBeGreaterThan(10)
      expect(await counted()).toBe(inside.length)
      await browser.page.reload()
      await browser.page.waitForSelector('.selection', { timeout: patienceMs })
      expect(await counted()).toBe(inside.length)
      await listed().first().hover()
      await browser.page.locator('.selection .drop').first().click()
      expect(await counted()).toBe(inside.length - 1)
      expect(address().get('without')).toBeTruthy()
    })

    test('the spreadsheet is a spreadsheet', async () => {
      const [download] = await Promise.all([
        browser.page.waitForEvent('download', { timeout: patienceMs }),
        browser.page.locator('.selection .actions .button').filter({ hasText: '导出' }).click(),
      ])
      expect(download.suggestedFilename()).toMatch(/^点位_\d{8}-\d{6}\.xlsx$/)
      const bytes = readFileSync(await download.path())
      expect(bytes.subarray(0, 2).toString('latin1')).toBe('PK')
      expect(bytes.length).toBeGreaterThan(2_000)
    })

    test('all at one time in playback: the first nine, at the moment asked for', async () => {
      await browser.page.locator('.selection .actions .button').filter({ hasText: '同步回放' }).click()
      await browser.page.locator('form.times .primary').click()
      await browser.page.waitForSelector('.playback', { timeout: patienceMs })
      expect(address().get('cameras')!.split(',')).toHaveLength(9)
      expect(Math.abs(Number(address().get('at')) - Date.now())).toBeLessThan(180_000)
    })
  })

  describe('measuring and pictures', () => {
    test('a line is measured as long as it is on the ground', async () => {
      await goTo(demo, browser, '')
      await browser.page.keyboard.press('r')
      await browser.page.mouse.click(800, 500)
      await browser.page.mouse.move(1000, 500, { steps: 4 })
      await browser.page.mouse.dblclick(1000, 500)
      const words = await until(
        'a total',
        () => browser.page.locator('.hint').innerText({ timeout: patienceMs }),
        (text) => text.includes('全长'),
      )
      const bar = await browser.page.locator('.source .bar').evaluate((element) => element.getBoundingClientRect().width)
      const [, figure, unit] = /([\d.]+) (k?m)/.exec(await browser.page.locator('.source').innerText())!
      const perPxM = (Number(figure) * (unit === 'km' ? 1000 : 1)) / bar
      const [, total, totalUnit] = /全长 ([\d.,]+) (k?m)/.exec(words)!
      expect((Number(total!.replace(',', '')) * (totalUnit === 'km' ? 1000 : 1)) / (200 * perPxM)).toBeCloseTo(1, 1)
      await browser.page.keyboard.press('Escape')
    })

    test('the view is saved as a picture that says what it is', async () => {
      const [download] = await Promise.all([
        browser.page.waitForEvent('download', { timeout: patienceMs }),
        browser.page.locator('[data-tool=picture]').click(),
      ])
      expect(download.suggestedFilename()).toMatch(/^地图_\d{8}-\d{6}\.png$/)
      const png = readFileSync(await download.path())
      const box = await browser.page.locator('.map-canvas').evaluate((element) => [element.clientWidth, element.clientHeight])
      // as wide as the map, higher by the line that says what it is
      expect(png.readUInt32BE(16)).toBe(box[0])
      expect(png.readUInt32BE(20)).toBeGreaterThan(box[1]! + 40)
    })
  })

  describe('the time of the map', () => {
    test('two days ago: states of then, said so, no live picture; back to now with one press', async () => {
      const then = Date.now() - 2 * 86_400_000
      await goTo(demo, browser, `time=${then}&camera=${listDemoCameras()[0]!.cameraId}`)
      await until(
        'the banner',
        () => browser.page.locator('.banner').innerText({ timeout: patienceMs }),
        (text) => text.includes('地图显示'),
      )
      expect(await browser.page.locator('.dock video').count()).toBe(0)
      expect(await browser.page.locator('.past-dock').innerText()).toContain('实时画面属于现在')
      const past = await browser.page.evaluate(async (at) => (await (await fetch(`/api/status/past?at=${at}`)).json()) as PastStates, then)
      const known = new Map<string, string>(past.states.map(({ cameraId, status }) => [cameraId, status]))
      const drawn = await listDrawn(browser)
      expect(drawn).toHaveLength(468)
      // what nobody knew of then is unknown, whatever it is now
      expect(drawn.filter(({ cameraId, status }) => status !== (known.get(cameraId) ?? 'unknown'))).toEqual([])
      await browser.page.locator('.banner .button').click()
      await browser.page.locator('.banner').waitFor({ state: 'detached', timeout: patienceMs })
      expect(address().has('time')).toBe(false)
    })
  })

  describe('bookmarks', () => {
    test('a view is kept by the server, gone to, and removed', async () => {
      await goTo(demo, browser, 'scene=market')
      await browser.page.locator('[data-tool=bookmarks]').click()
      await browser.page.fill('.bookmarks input', '东街口书签')
      await browser.page.locator('.bookmarks .primary').click()
      await browser.page.locator('.bookmarks .go').waitFor({ timeout: patienceMs })
      await goTo(demo, browser, '')
      await browser.page.locator('[data-tool=bookmarks]').click()
      await browser.page.locator('.bookmarks .go').click({ timeout: patienceMs })
      await until(
        'the view',
        async () => address().get('scene'),
        (scene) => scene === 'market',
      )
      await browser.page.locator('.bookmarks li .icon-button').click()
      await browser.page.locator('.bookmarks li .is-offline').click()
      await browser.page.locator('.bookmarks .go').waitFor({ state: 'detached', timeout: patienceMs })
    })
  })

  describe('R-MAP-8 placing a camera', () => {
    test('pulled by its handle, saved with a reason, logged, and everybody sees it there', async () => {
      await goTo(demo, browser, '')
      const ops = await openMapPage(demo, { account: 'ops' })
      try {
        const { cameraId, lonLat } = listDemoCameras()[5]!
        await goTo(demo, ops, `camera=${cameraId}`)
        await ops.page.locator('[data-tab=dossier]').click({ timeout: patienceMs })
        await ops.page.locator('.place.button').click({ timeout: patienceMs })
        await ops.page.waitForSelector('.editor', { timeout: patienceMs })
        await ops.page.evaluate(() => window.__mapwall.atRest())
        const from = await ops.page.evaluate((id) => {
          const box = document.querySelector('.map-canvas .map')!.getBoundingClientRect()
          const [x, y] = window.__mapwall.pixelOf(id)!
          return [box.x + x, box.y + y] as const
        }, cameraId)
        await drag(ops, from, [from[0] + 60, from[1]])
        expect(Number(await ops.page.inputValue('.editor [name=x]'))).toBeGreaterThan(lonLat[0])
        await ops.page.fill('.editor textarea', '演示：立杆移位')
        await ops.page.locator('.editor .primary').click()
        await ops.page.locator('.editor').waitFor({ state: 'detached', timeout: patienceMs })
        const [move] = await ops.page.evaluate(async (id) => (await (await fetch(`/api/cameras/${id}/moves`)).json()) as CameraMove[], cameraId)
        expect(move).toMatchObject({ by: 'ops', reason: '演示：立杆移位' })
        expect(move!.movedM).toBeGreaterThan(1)
        // the other screen, untouched
        await until(
          'the new place by push',
          () =>
            browser.page.evaluate(
              (id) =>
                window.__mapwall
                  .listItems()
                  .flatMap((item) => (item.kind === 'point' ? [item.at.point] : item.members.map(({ point }) => point)))
                  .find((point) => point.cameraId === id)!.lonLat[0],
              cameraId,
            ),
          (lon) => Math.abs(lon - move!.to.lonLat[0]) < 1e-9,
        )
        expect(ops.troubles).toEqual([])
      } finally {
        await ops.close()
      }
    })
  })

  describe('R-MAP-6 jurisdictions', () => {
    test('a file with errors is reported in words and changes nothing', async () => {
      const admin = await openMapPage(demo, { account: 'sysadmin', path: '/?perf=1' })
      try {
        await admin.page.keyboard.press('l')
        await admin.page.getByRole('link', { name: '导入辖区边界' }).click()
        const [station] = listDemoStations()
        const ring = [
          [111.6, 40.7],
          [111.7, 40.8],
          [111.7, 40.7],
          [111.6, 40.8],
          [111.6, 40.7],
        ]
        const feature = (name: string) => ({ type: 'Feature', properties: { name }, geometry: { type: 'Polygon', coordinates: [ring] } })
        const text = JSON.stringify({ type: 'FeatureCollection', features: [feature(station!.name), feature('没有这个所')] })
        await admin.page.setInputFiles('input[type=file]', { name: 'a.geojson', mimeType: 'application/json', buffer: Buffer.from(text) })
        await admin.page.locator('.form button[type=submit]').click()
        const words = await until(
          'a report',
          () => admin.page.locator('.report').innerText({ timeout: patienceMs }),
          (said) => said.includes('未改动辖区'),
        )
        expect(words).toContain('边界自相交')
        expect(words).toContain('没有这个派出所')
        expect(await admin.page.locator('.form .button').last().isDisabled()).toBe(true)
        expect(admin.troubles).toEqual([])
      } finally {
        await admin.close()
      }
    })
  })

  test('with a tool in the hand a click chooses no camera', async () => {
    await goTo(demo, browser, '')
    const free = (await findFreePoint(browser))!
    await browser.page.keyboard.press('n')
    await browser.page.mouse.click(free.x, free.y)
    await browser.page.waitForSelector('.selection .far', { timeout: patienceMs })
    expect(address().has('camera')).toBe(false)
    expect(await listed().first().innerText()).toContain('m')
    await browser.page.keyboard.press('Escape')
    await browser.page.locator('.selection').waitFor({ state: 'detached', timeout: patienceMs })
  })
}
