/** The server dies, or stands still: the page says so and heals by itself (W1, W2, V3). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Browser } from '../support/browser.ts'
import type { Demo, ProcessName } from '../support/demo.ts'
import { countColouredPixels, countStatuses, expectPlaying, findCamera, isPushWell, listDrawn, openMapPage, until, untilAllOnline } from './page.ts'

export function testRecovery(getDemo: () => Demo) {
  let demo: Demo
  let browser: Browser
  const cameraId = findCamera(({ mainCodec, sound }) => mainCodec === 'h264' && sound === 'none')

  beforeAll(async () => {
    demo = getDemo()
    browser = await openMapPage(demo, { path: `/?perf=1&camera=${cameraId}` })
    await untilAllOnline(browser, 120_000)
    await browser.page.evaluate(() => Object.assign(window, { isSamePage: true }))
  })
  afterAll(async () => {
    await browser?.close()
  })
  beforeEach(async () => {
    if (browser) await expectPlaying(browser)
  })

  /** The browser itself reports every connection that fails while the server is gone. */
  function expectOnlyLostConnections() {
    const isOfBrowser = /WebSocket connection to .* failed|Failed to load resource: (net::ERR_|the server responded with a status of 50[234])/
    expect(browser.troubles.splice(0).filter((trouble) => !isOfBrowser.test(trouble))).toEqual([])
  }
  async function killAndWait(name: ProcessName) {
    const before = demo.pidOf(name)
    demo.signal(name, 'SIGKILL')
    await until(
      `${name} is started anew`,
      async () => demo.pidOf(name),
      (pid) => pid !== undefined && pid !== before,
    )
  }
  const answers = () =>
    fetch(`${demo.origin}/api/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  const isSamePage = () => browser.page.evaluate(() => 'isSamePage' in window)
  const banner = () => browser.page.evaluate(() => document.querySelector('.banner')?.textContent ?? '')

  describe('W1 a process is killed', () => {
    test('control: the push line is back within 10 s of the server, the points are right, the picture plays on', async () => {
      await browser.page.evaluate(() => {
        const seen = { mostOffline: 0 }
        const countOffline = () => {
          const points = window.__mapwall.listItems().flatMap((item) => (item.kind === 'point' ? [item.at.point] : item.members.map(({ point }) => point)))
          seen.mostOffline = Math.max(seen.mostOffline, points.filter(({ state }) => state.status === 'offline').length)
        }
        Object.assign(window, { seen, watching: setInterval(countOffline, 100) })
      })
      await killAndWait('control')
      await until(
        'the page noticed',
        () => isPushWell(browser),
        (isWell) => !isWell,
        15_000,
      )
      await until('the server answers', answers, Boolean)
      const upMs = performance.now()
      await until('push is back', () => isPushWell(browser), Boolean)
      const backMs = performance.now() - upMs
      console.info(`push back ${Math.round(backMs)} ms after the server`)
      expect(backMs).toBeLessThanOrEqual(10_000)
      await expectPlaying(browser)
      await untilAllOnline(browser, 120_000)
      // our own restart makes cameras unknown, never offline
      expect(await browser.page.evaluate(() => (window as unknown as { seen: { mostOffline: number } }).seen.mostOffline)).toBe(0)
      expect(await isSamePage()).toBe(true)
      expectOnlyLostConnections()
    })

    test('media: the picture comes back by itself, and no camera is called offline', async () => {
      const played = () => browser.page.evaluate(() => document.querySelector<HTMLVideoElement>('.dock video')?.currentTime ?? 0)
      const before = await until('some seconds played', played, (seconds) => seconds > 5)
      await killAndWait('media')
      // it may be back before the page calls it late: that it began anew is what tells
      await until('the picture begins anew', played, (seconds) => seconds < before)
      await expectPlaying(browser)
      expect(countStatuses(await listDrawn(browser)).offline ?? 0).toBe(0)
      expect(await isSamePage()).toBe(true)
      expectOnlyLostConnections()
    })
  })

  describe('W2 the server stands still', () => {
    test('after 20 s without a message the map turns grey and says since when; then everything comes back', async () => {
      await untilAllOnline(browser, 120_000)
      const coloured = await countColouredPixels(browser)
      expect(coloured).toBeGreaterThan(100)
      demo.signal('control', 'SIGSTOP')
      try {
        const stoppedMs = performance.now()
        const words = await until('a banner', banner, (text) => text.includes('推送中断'))
        const saidMs = performance.now() - stoppedMs
        console.info(`said after ${Math.round(saidMs)} ms`)
        expect(saidMs).toBeGreaterThan(10_000)
        expect(saidMs).toBeLessThan(40_000)
        expect(words).toMatch(/显示的是 \d\d:\d\d:\d\d 的状态/)
        await until(
          'a grey map',
          () => countColouredPixels(browser),
          (count) => count < coloured / 4,
        )
      } finally {
        demo.signal('control', 'SIGCONT')
      }
      await until('push is back', () => isPushWell(browser), Boolean)
      await until('no banner', banner, (text) => text === '')
      await untilAllOnline(browser, 120_000)
      await until(
        'colours are back',
        () => countColouredPixels(browser),
        (count) => count > coloured / 2,
      )
      await expectPlaying(browser)
      expect(await isSamePage()).toBe(true)
      expectOnlyLostConnections()
    })
  })
}
