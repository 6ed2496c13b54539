/** A wall of sixteen pictures when the server is killed: all of them are live again within 10 s, nobody touches it (R-WALL-3, V1). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listDemoStreams } from '../../server/demo/stream-plan.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import type { Demo, ProcessName } from '../support/demo.ts'
import { patienceMs, signIn, until } from './page.ts'
import { listTiles } from './wall-eyes.ts'

const TILES = 16
const LAYOUT = '重启之前'
const LIVE_WITHIN_MS = 10_000
const BUFFERED_MS = 5_000

export function testWallRecovery(getDemo: () => Demo) {
  let demo: Demo
  let browser: Browser

  beforeAll(async () => {
    demo = getDemo()
    const cameraIds = listDemoStreams()
      .filter(({ mainCodec, transports }) => mainCodec === 'h264' && transports?.includes('tcp'))
      .slice(0, TILES)
      .map(({ cameraId }) => cameraId)
    browser = await openBrowser({ origin: demo.origin })
    await browser.page.goto(`${demo.origin}/wall?cameras=${cameraIds.join(',')}`)
    await signIn(demo, browser)
    await untilAllLive(3 * patienceMs)
    await browser.page.locator('.wall .bar-place').getByTitle('保存').click()
    await browser.page.fill('.dialog .field', LAYOUT)
    await browser.page.locator('.dialog').getByRole('button', { name: '保存' }).click()
    await browser.page.waitForSelector('.dialog', { state: 'detached' })
    await browser.page.evaluate(() => Object.assign(window, { isSamePage: true }))
  }, 5 * patienceMs)
  afterAll(() => browser?.close())

  const liveCount = async () => (await listTiles(browser.page)).filter(({ kind, ageMs }) => kind === 'live' && ageMs < 3_000).length
  const untilAllLive = (withinMs: number) => until('every tile is live', liveCount, (count) => count === TILES, withinMs)
  const answers = () =>
    fetch(`${demo.origin}/api/health`).then(
      ({ ok }) => ok,
      () => false,
    )

  /** When a process last said so in the log. */
  const readyAt = (name: ProcessName) =>
    Math.max(0, ...[...demo.output().matchAll(new RegExp(`"time":(\\d+),"process":"${name}"[^\n]*"msg":"${name} is ready"`, 'g'))].map(([, at]) => Number(at)))

  describe('V1 the server is killed during a wall', () => {
    test.each<ProcessName>(['control', 'media'])('%s: sixteen tiles are live again within 10 s of its return, untouched', async (name) => {
      const before = demo.pidOf(name)
      const killedAt = Date.now()
      demo.signal(name, 'SIGKILL')
      await until(
        'it is started anew',
        async () => demo.pidOf(name),
        (pid) => pid !== undefined && pid !== before,
      )
      // pictures in a gap shorter than their buffer never stop; those of the media process do
      if (name === 'media')
        await until(
          'media is ready',
          async () => readyAt('media'),
          (at) => at > killedAt,
        )
      else await until('the server answers', answers, Boolean)
      const upMs = performance.now()
      // what was buffered is shown by then: what is live afterwards is new
      await browser.page.waitForTimeout(BUFFERED_MS)
      await untilAllLive(patienceMs)
      const backMs = performance.now() - upMs
      console.info(`${name}: ${TILES} tiles live ${Math.round(backMs)} ms after the server`)
      expect(backMs).toBeLessThanOrEqual(LIVE_WITHIN_MS)
      expect(await browser.page.evaluate(() => 'isSamePage' in window)).toBe(true)
    })

    test('R-WALL-1 the layout that was saved before is there, and a page that is loaded anew shows it', async () => {
      const shown = async () => (await listTiles(browser.page)).map(({ cameraId }) => cameraId)
      const before = await shown()
      await browser.page.reload()
      await untilAllLive(3 * patienceMs)
      expect(await shown()).toEqual(before)
      expect(await browser.page.locator('.bar-place h1').innerText()).toBe(LAYOUT)
      await browser.page.getByRole('tab', { name: '布局', exact: true }).click()
      await browser.page.locator('.node.two').filter({ hasText: LAYOUT }).waitFor({ timeout: patienceMs })
      expect(await browser.page.locator('.unsaved').count()).toBe(0)
    })
  })
}
