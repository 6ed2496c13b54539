/** Signing in and the map in a real Chromium, against a whole demo: what is drawn, found, listed and kept in the address. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { listDemoCameras } from '../../server/demo/cameras.ts'
import { listDemoStations } from '../../server/demo/district.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import type { Demo } from '../support/demo.ts'
import { countColouredPixels, countStatuses, goTo, listDrawn, openMapPage, patienceMs, signIn, until, untilAllOnline, untilDrawn } from './page.ts'

export function testMap(getDemo: () => Demo) {
  let demo: Demo
  let browser: Browser
  const readyAt = { demo: 0 }

  beforeAll(async () => {
    demo = getDemo()
    readyAt.demo = performance.now()
    browser = await openMapPage(demo)
  })
  afterAll(async () => {
    await browser?.close()
  })
  /** What no page may do: ask another origin (A4), or complain in the console. */
  afterEach(() => {
    if (browser) expect(browser.troubles.splice(0)).toEqual([])
  })

  const rows = () => browser.page.locator('.results [role=option]')
  const listed = async () => Number(await browser.page.locator('.results .head b').innerText({ timeout: patienceMs }))
  const ids = (drawn: readonly { cameraId: string }[]) => drawn.map(({ cameraId }) => cameraId).toSorted()
  async function search(text: string) {
    await browser.page.fill('.find input', text)
    await until(
      'the address follows the search',
      async () => new URL(browser.page.url()).searchParams.get('q') ?? '',
      (query) => query === text,
    )
  }

  describe('signing in', () => {
    test('a wrong password and an unknown account get the same words; the fifth failure locks, and says for how long', async () => {
      const stranger = await openBrowser({ origin: demo.origin })
      const { page } = stranger
      const tryWith = async (account: string) => {
        await page.fill('#account', account, { timeout: patienceMs })
        await page.fill('#password', 'Not-the-password-1')
        const answered = page.waitForResponse((response) => response.url().endsWith('/api/login'), { timeout: patienceMs })
        await page.click('.submit')
        await answered
        return until(
          'words about the failure',
          () => page.locator('.problem').innerText(),
          (words) => words.trim() !== '',
        )
      }
      try {
        await page.goto(demo.origin)
        const wrongPassword = await tryWith('auditadmin')
        const unknownAccount = await tryWith('nobody-of-this-name')
        expect(wrongPassword).toContain('账号或密码不对')
        expect(unknownAccount).toBe(wrongPassword)
        for (let i = 0; i < 4; i++) await tryWith('auditadmin')
        const locked = await tryWith('auditadmin').catch(() => page.locator('.problem').innerText())
        expect(locked).toMatch(/连错过多，账号锁定 1[45]\s*分/)
        expect(await page.locator('.submit').isDisabled()).toBe(true)
        // the browser itself reports refused requests; nothing else may be there
        expect(stranger.troubles.filter((trouble) => !/status of 4(01|23|29)/.test(trouble))).toEqual([])
      } finally {
        await stranger.close()
      }
    })
  })

  describe('R-MAP-1 every camera is on the map', () => {
    test('468 points are drawn, each once, where there is nothing without them', async () => {
      const drawn = await until(
        '468 drawn',
        () => listDrawn(browser),
        ({ length }) => length === 468,
      )
      expect(ids(drawn)).toEqual(ids(listDemoCameras()))
      expect(
        await browser.page
          .locator('.counts .count b')
          .allInnerTexts()
          .then((counts) => counts.reduce((sum, count) => sum + Number(count), 0)),
      ).toBe(468)
      const withPoints = await countColouredPixels(browser)
      await search('没有这样的点位')
      await until(
        'an empty map',
        () => listDrawn(browser),
        ({ length }) => length === 0,
      )
      const withoutPoints = await countColouredPixels(browser)
      expect(withPoints).toBeGreaterThan(withoutPoints + 2_000)
      await search('')
    })

    test('all are online within 90 s of the start', async () => {
      await untilAllOnline(browser, 90_000 - (performance.now() - readyAt.demo))
      console.info(`all online ${Math.round((performance.now() - readyAt.demo) / 1000)} s after ready`)
    })
  })

  describe('R-MAP-3 filters and search', () => {
    test('by station and scene, from the chips: map and list in step', async () => {
      const station = listDemoStations()[2]!
      const expected = listDemoCameras().filter(({ stationId, scene }) => stationId === station.stationId && scene === 'alley')
      const choose = async (chip: number, label: string) => {
        await browser.page.locator('.chips .chip').nth(chip).click()
        await browser.page.locator('.choices .choice').filter({ hasText: label }).locator('span.cut').click()
        // not Escape: that takes the filters away
        await browser.page.locator('.chips .chip').nth(chip).click()
      }
      await choose(1, station.shortName)
      await choose(2, '小巷卡口')
      const drawn = await until(
        'only this station',
        () => listDrawn(browser),
        ({ length }) => length === expected.length,
      )
      expect(ids(drawn)).toEqual(ids(expected))
      expect(await listed()).toBe(expected.length)
      expect(new URL(browser.page.url()).searchParams.get('station')).toBe(station.stationId)
    })

    test('the address alone brings the view back', async () => {
      const address = new URL(browser.page.url())
      address.searchParams.set('perf', '1')
      const before = ids(await listDrawn(browser))
      await browser.page.goto(address.href)
      await untilDrawn(browser)
      expect(
        ids(
          await until(
            'the same cameras',
            () => listDrawn(browser),
            ({ length }) => length === before.length,
          ),
        ),
      ).toEqual(before)
      expect(await listed()).toBe(before.length)
      await browser.page.reload()
      await untilDrawn(browser)
      expect(ids(await listDrawn(browser))).toEqual(before)
    })

    test('by state: everything is online, nothing is offline', async () => {
      await goTo(demo, browser, 'status=online')
      expect(
        await until(
          'all online',
          async () => countStatuses(await listDrawn(browser)),
          ({ online }) => online === 468,
        ),
      ).toEqual({ online: 468 })
      await goTo(demo, browser, 'status=offline')
      expect(await listDrawn(browser)).toEqual([])
    })

    test('by name, the end of a number, and pinyin initials', async () => {
      await goTo(demo, browser, '')
      const [first] = await listDrawn(browser)
      const { name, cameraId } = first!
      const initials = await browser.page.evaluate(
        (id) =>
          window.__mapwall
            .listItems()
            .flatMap((item) => (item.kind === 'point' ? [item.at.point] : item.members.map(({ point }) => point)))
            .find((point) => point.cameraId === id)!.initials,
        cameraId,
      )
      for (const text of [name, cameraId.slice(-6), initials]) {
        await search(text)
        const drawn = await until(
          `${text} is found`,
          () => listDrawn(browser),
          (each) => each.length < 468 && each.some((camera) => camera.cameraId === cameraId),
        )
        expect(await listed(), text).toBe(drawn.length)
        expect(await rows().first().innerText(), text).toContain(text === name ? name : '')
        expect(drawn.length, text).toBeLessThanOrEqual(12)
      }
      await search('')
      expect(await listDrawn(browser)).toHaveLength(468)
    })
  })

  describe('R-SEC-1 a user of two stations', () => {
    test('sees only those, and is told so when a link leads to another, with the same words when it leads to none', async () => {
      const [one, two] = listDemoStations()
      const mine = listDemoCameras().filter(({ stationId }) => [one!.stationId, two!.stationId].includes(stationId))
      const foreign = listDemoCameras().find(({ stationId }) => ![one!.stationId, two!.stationId].includes(stationId))!
      const other = await openBrowser({ origin: demo.origin })
      try {
        await other.page.goto(`${demo.origin}/?perf=1&camera=${foreign.cameraId}`)
        await signIn(demo, other, 'duty2')
        await untilDrawn(other)
        expect(ids(await listDrawn(other))).toEqual(ids(mine))
        const words = other.page.locator('.no-right')
        await words.waitFor({ timeout: patienceMs })
        const said = await words.innerText()
        expect(said).toContain('没有该点位的查看权限')
        expect(said).toContain('向安全管理员申请')
        expect(await other.page.content()).not.toContain(foreign.name)
        const still = await other.page.evaluate(async (id) => (await fetch(`/api/cameras/${id}/still`)).status, foreign.cameraId)
        expect([403, 404]).toContain(still)
        await words.getByRole('button').click()
        await words.waitFor({ state: 'detached', timeout: patienceMs })
        expect(new URL(other.page.url()).searchParams.has('camera')).toBe(false)
        await goTo(demo, other, `camera=${foreign.cameraId.replace(/.{6}$/, '999999')}`)
        await words.waitFor({ timeout: patienceMs })
        expect(await words.innerText()).toBe(said)
        await goTo(demo, other, `camera=${mine[0]!.cameraId}`)
        await other.page.waitForSelector('.dock', { timeout: patienceMs })
        expect(await words.count()).toBe(0)
        expect(other.troubles.filter((trouble) => !/status of 40[34]/.test(trouble))).toEqual([])
      } finally {
        await other.close()
      }
    })
  })
}
