/** Every page in both languages: no key in place of a text, no Chinese in English but names, no English sentence in Chinese. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { listDemoCameras } from '../../server/demo/cameras.ts'
import { demoBaseMapName, listDemoStations } from '../../server/demo/district.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import type { Demo } from '../support/demo.ts'
import { findCamera, goTo, listDrawn, patienceMs, signIn, until, untilDrawn } from './page.ts'

export function testLanguages(getDemo: () => Demo) {
  let demo: Demo
  let browser: Browser
  const brokenId = listDemoCameras()[40]!.cameraId

  beforeAll(async () => {
    demo = getDemo()
    await demo.setFault([brokenId], 'off')
  })
  afterAll(() => demo?.setFault([brokenId], 'none'))
  afterEach(() => browser?.close())

  /** All a person can read or be told: text, titles, labels, placeholders. */
  async function readTexts({ page }: Browser): Promise<string[]> {
    return page.evaluate(() => {
      const texts = document.body.innerText.split('\n')
      for (const element of document.querySelectorAll('[title], [aria-label], [placeholder], [alt]'))
        for (const name of ['title', 'aria-label', 'placeholder', 'alt']) texts.push(element.getAttribute(name) ?? '')
      return [...new Set(texts.map((text) => text.trim()))].filter((text) => text !== '')
    })
  }

  /** Goes everywhere there is something to read; gives every text with the place it was read at. */
  async function walk(language: 'zh' | 'en'): Promise<{ place: string; text: string }[]> {
    const read: { place: string; text: string }[] = []
    const { page } = browser
    const note = async (place: string) => void read.push(...(await readTexts(browser)).map((text) => ({ place, text })))
    const close = () => page.keyboard.press('Escape')

    await page.goto(demo.origin)
    await page.waitForSelector('#account', { timeout: patienceMs })
    if (language === 'en') await page.getByRole('button', { name: '中文 / English' }).click()
    await note('login')
    await page.click('.submit')
    await note('login, nothing filled in')

    await page.goto(`${demo.origin}/?perf=1`)
    await signIn(demo, browser)
    await untilDrawn(browser)
    await note('map')
    await until(
      'a camera is offline',
      () => listDrawn(browser),
      (drawn) => drawn.some(({ status }) => status === 'offline'),
      120_000,
    )
    await note('map, one offline')
    for (let chip = 0; chip < 4; chip++) {
      await page.locator('.chips .chip').nth(chip).click()
      await page.waitForSelector('.choices')
      await note(`filter ${chip}`)
      await close()
    }
    await page.locator('.rail button.place').click()
    await page.waitForSelector('.menu')
    await note('account menu')
    await page.locator('.menu .link').first().click()
    await page.waitForSelector('[role=dialog]')
    await note('shortcuts')
    await close()
    await page.locator('.rail button.place').click()
    await page.locator('.menu .link').nth(1).click()
    await page.waitForSelector('#old-password')
    await note('change password')
    await goTo(demo, browser, 'list=cameras')
    await note('list')
    await goTo(demo, browser, 'q=qqqqqqq')
    await note('nothing found')

    const cameras = {
      online: findCamera(({ mainCodec, sound }) => mainCodec === 'h264' && sound === 'aac'),
      'H.265': findCamera(({ mainCodec }) => mainCodec === 'h265'),
      offline: brokenId,
    }
    for (const [name, cameraId] of Object.entries(cameras)) {
      await goTo(demo, browser, `camera=${cameraId}`)
      await page.waitForSelector('.dock [role=tab]', { timeout: patienceMs })
      await note(`${name} camera, opening`)
      const settled = name === 'offline' ? '.dock .tile.offline' : '.dock .tile.live'
      await page.waitForSelector(settled, { timeout: patienceMs })
      for (const tab of ['overview', 'health', 'dossier']) {
        await page.locator(`.dock [data-tab=${tab}]`).click()
        await page.waitForSelector(`.dock [data-tab=${tab}][aria-selected=true]`)
        await page.waitForLoadState('networkidle', { timeout: patienceMs }).catch(() => undefined)
        await note(`${name} camera, ${tab}`)
      }
    }
    for (const part of ['overview', 'days', 'locks']) {
      await page.goto(`${demo.origin}/storage?part=${part}`)
      await page.waitForSelector(`.storage.${part} :is(.panel, .box, tbody td)`, { timeout: patienceMs })
      await note(`storage, ${part}`)
    }
    await page.goto(`${demo.origin}/patrols`)
    await page.waitForSelector('.patrols tbody td', { timeout: patienceMs })
    await note('patrols')
    await walkMapTools(note)
    await page.goto(`${demo.origin}/playback?cameras=${cameras.online},${brokenId}`)
    await page.waitForSelector('.playback canvas:visible', { timeout: patienceMs })
    await page.waitForLoadState('networkidle', { timeout: patienceMs }).catch(() => undefined)
    await note('playback')
    await page.goto(`${demo.origin}/duty`)
    await page.waitForSelector('.duty .map-canvas', { timeout: patienceMs })
    await page.waitForLoadState('networkidle', { timeout: patienceMs }).catch(() => undefined)
    await note('duty')
    for (const forOthers of ['stations', 'map/offset-test']) {
      await page.goto(`${demo.origin}/${forOthers}`)
      await page.waitForLoadState('networkidle', { timeout: patienceMs }).catch(() => undefined)
      await note(`${forOthers}, without the right`)
    }
    await page.goto(`${demo.origin}/wall`)
    await page.waitForSelector('.wall .grid', { timeout: patienceMs })
    await note('wall, empty')
    await page.locator('.drawer .station').first().click()
    await page.locator('.drawer .camera').first().click()
    await page.waitForSelector('.spot .tile.live', { timeout: patienceMs })
    await note('wall')
    for (const tab of ['layouts', 'rotations']) {
      await page.locator(`.drawer [data-tab=${tab}]`).click()
      await page.waitForSelector('.drawer .node.two', { timeout: patienceMs })
      await note(`wall, ${tab}`)
    }
    await page.locator('.drawer .tools .button').first().click()
    for (let kind = 0; kind < 3; kind++) {
      await page.locator('.editor .what .option').nth(kind).click()
      await note(`wall, editor ${kind}`)
    }
    await page.locator('.editor header .icon-button').click()
    await page.locator('.drawer .tools .button').last().click()
    await page.waitForSelector('.log table', { timeout: patienceMs })
    await note('wall, patrol log')
    await page.locator('.log header .icon-button').last().click()
    await page.locator('.bar-place .shapes button').last().click()
    await note('wall, free layout')
    await page.goto(`${demo.origin}/no-such-page`)
    await page.waitForSelector('.not-here', { timeout: patienceMs })
    await note('no such page')
    return read
  }

  /** Selection, layers, bookmarks, measuring, and the map of another time. */
  async function walkMapTools(note: (place: string) => Promise<void>) {
    const { page } = browser
    await goTo(demo, browser, 'shape=circle:111.66,40.75,900')
    await page.waitForSelector('.selection [role=option]', { timeout: patienceMs })
    await note('map, selection')
    for (const button of await page.locator('.selection .actions button[aria-expanded]').all()) {
      await button.click()
      await note('map, selection, what to do with it')
      await button.click()
    }
    await goTo(demo, browser, '')
    for (const tool of ['rectangle', 'route', 'point', 'measure', 'layers', 'bookmarks']) {
      await page.locator(`.tools [data-tool=${tool}]`).click()
      await note(`map, ${tool}`)
      await page.keyboard.press('Escape')
    }
    await goTo(demo, browser, `time=${Date.now() - 30 * 3_600_000}&list=cameras`)
    await page.waitForSelector('.banner .counts', { timeout: patienceMs })
    await note('map, another time')
    await goTo(demo, browser, '')
  }

  /** Names stay as they are in every language: taken out before looking at the words around them. */
  const names = [
    ...listDemoCameras().flatMap(({ name, address, label, vendor, model, switchName }) => [name, address, label, vendor, model, switchName ?? '']),
    ...listDemoStations().flatMap(({ name, shortName }) => [name, shortName]),
    '霁川分局视频监控',
    demoBaseMapName,
    // reasons and notes, by the demo's people and by other tests
    '演示案例',
    '演示案 C-118',
    '演示：白色面包车驶入',
    '演示：离线前最后画面',
    '演示：行人横穿',
    '演示：复核',
    '白色面包车驶入',
    '演示：立杆移位',
    '演示案 D-7',
    '东街口书签',
    // saved by the demo's duty officer, and by the tests of the wall
    '测试 16',
    '测试轮巡',
    '长测 16',
    '青岚所 16 路',
    '重点小区门口 9 路',
    '小巷卡口轮巡',
    '各所治安乱点分组轮巡',
    '演示·值班民警',
    // the two languages are each named in itself
    '中文 / English',
    '中文',
    'English',
  ]
    .filter((name) => name.length > 1)
    .toSorted((a, b) => b.length - a.length)

  function withoutNames(text: string): string {
    let rest = text
    for (const name of names) rest = rest.replaceAll(name, ' ')
    // a long name is cut in the middle: both ends are the name's
    return rest.replaceAll(/[\p{Script=Han}\d·-]+…[\p{Script=Han}\d·-]+/gu, ' ')
  }

  const say = ({ place, text }: { place: string; text: string }) => `${place}: ${text}`
  const rawKey =
    /(?<![\w./])(common|status|scene|link|role|causes|errors|accounts|shell|cameras|map|live|storage|toWall|wall|duty|stations|playback|exports|marks)\.[a-z]\w+(\.\w+)*/
  const placeholder = /\{\w+(\|\w+)*\}/

  describe('both languages', () => {
    test('English: no Chinese but names', async () => {
      browser = await openBrowser({ origin: demo.origin })
      const read = await walk('en')
      expect(read.length).toBeGreaterThan(400)
      expect([...new Set(read.filter(({ text }) => /\p{Script=Han}/u.test(withoutNames(text))).map(say))]).toEqual([])
      expect(read.filter(({ text }) => rawKey.test(text) || placeholder.test(text)).map(say)).toEqual([])
      expect(browser.troubles).toEqual([])
    })

    test('Chinese: no English sentence', async () => {
      browser = await openBrowser({ origin: demo.origin })
      const read = await walk('zh')
      const isSentence = ({ text }: { text: string }) => /[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){2,}/.test(withoutNames(text))
      expect([...new Set(read.filter(isSentence).map(say))]).toEqual([])
      expect(read.filter(({ text }) => rawKey.test(text) || placeholder.test(text)).map(say)).toEqual([])
      expect(browser.troubles).toEqual([])
    })
  })
}
