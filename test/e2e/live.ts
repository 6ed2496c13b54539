/** Live pictures in the real page: what plays, how fresh, with which words, and that nothing stays behind. */
import { readdirSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { listDemoStations } from '../../server/demo/district.ts'
import { RECORDED_PER_STATION } from '../../server/demo/seed.ts'
import type { Browser } from '../support/browser.ts'
import type { Demo } from '../support/demo.ts'
import { expectPlaying, findCamera, findFreePoint, goTo, openMapPage, patienceMs, readPicture, tileText, until } from './page.ts'

export function testLive(getDemo: () => Demo) {
  const isLong = process.env['LONG'] === '1'
  const hasFfmpeg = canRun('ffmpeg')
  if (!hasFfmpeg) console.warn('\nSKIPPED LOUDLY: no ffmpeg; the sound of a G.711 camera is left out. Install: apt-get install ffmpeg\n')

  let demo: Demo
  let browser: Browser

  beforeAll(async () => {
    demo = getDemo()
    browser = await openMapPage(demo)
  })
  afterAll(async () => {
    await browser?.close()
  })
  afterEach(() => {
    if (browser) expect(browser.troubles.splice(0)).toEqual([])
  })

  function canRun(program: string): boolean {
    try {
      execFileSync(program, ['-version'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }

  async function openCamera(cameraId: string) {
    await goTo(demo, browser, `camera=${cameraId}`)
    await browser.page.waitForSelector('.dock .tile video', { timeout: patienceMs, state: 'attached' })
  }
  const decodedAudioBytes = () =>
    browser.page.evaluate(() => {
      const video = document.querySelector<HTMLVideoElement & { webkitAudioDecodedByteCount: number }>('.dock video')!
      return { bytes: video.webkitAudioDecodedByteCount, isMuted: video.muted }
    })

  describe('R-LIVE-1 a click plays', () => {
    test('a point on the map opens its dock and plays', async () => {
      await goTo(demo, browser, '')
      const point = await until(
        'a camera that stands alone',
        () => findFreePoint(browser),
        (found) => found !== undefined,
      )
      await browser.page.mouse.click(point!.x, point!.y)
      await browser.page.waitForSelector('.dock h2', { timeout: patienceMs })
      expect(await browser.page.locator('.dock h2').first().innerText()).toBe(point!.name)
      expect(new URL(browser.page.url()).searchParams.get('camera')).toBe(point!.cameraId)
      await expectPlaying(browser)
    })

    test('H.264 main stream, in its own size', async () => {
      await openCamera(findCamera(({ mainCodec, sound }) => mainCodec === 'h264' && sound === 'none'))
      expect((await expectPlaying(browser)).widthPx).toBeGreaterThanOrEqual(1280)
      expect(await tileText(browser)).toContain('H.264')
    })

    test('an H.265 camera plays by its sub stream and says so', async ({ skip }) => {
      await openCamera(findCamera(({ mainCodec, sound }) => mainCodec === 'h265' && sound === 'none'))
      const { widthPx } = await expectPlaying(browser)
      skip(await browser.page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L120.90"')), 'this Chromium decodes H.265')
      expect(widthPx).toBe(640)
      await until(
        'words about the sub stream',
        () => tileText(browser),
        (words) => words.includes('已改用子码流'),
      )
    })

    const clickForSound = async (codec: 'aac' | 'pcma') => {
      await openCamera(findCamera(({ sound, mainCodec }) => sound === codec && mainCodec === 'h264'))
      await expectPlaying(browser)
      expect((await decodedAudioBytes()).isMuted).toBe(true)
      await browser.page.locator('.dock .actions').getByRole('button', { name: '打开声音' }).click()
      const { bytes } = await until('decoded sound', decodedAudioBytes, (sound) => !sound.isMuted && sound.bytes > 0)
      await until('more of it', decodedAudioBytes, (sound) => sound.bytes > bytes + 8_000)
      expect(await tileText(browser)).not.toContain('无声音')
      await expectPlaying(browser)
    }
    test('sound of an AAC camera, on a click', () => clickForSound('aac'))
    test.skipIf(!hasFfmpeg)('sound of a G.711 camera, on a click', () => clickForSound('pcma'))
  })

  describe('R-LIVE-3 why there is no picture', () => {
    test('a camera that refuses the password says so and who must act, and plays once it is mended', async () => {
      const cameraId = findCamera(({ mainCodec, sound }) => mainCodec === 'h264' && sound === 'aac')
      await demo.setFault([cameraId], 'refuse_password')
      await openCamera(cameraId)
      await until(
        'words',
        () => tileText(browser),
        (words) => words.includes('密码被拒') && words.includes('须由管理员更新设备密码'),
      )
      await demo.setFault([cameraId], 'none')
      await browser.page.locator('.dock .tile .retry').click({ timeout: patienceMs })
      await expectPlaying(browser)
    })
  })

  describe('N5 opening and closing leaves nothing behind', () => {
    const count = isLong ? 200 : 6
    test(`${count} cameras opened and closed`, async () => {
      const { page, context } = browser
      const sockets = new Set<string>()
      page.on('websocket', (socket) => {
        const name = `${socket.url()} ${Math.random()}`
        sockets.add(name)
        socket.on('close', () => sockets.delete(name))
      })
      await goTo(demo, browser, 'list=cameras&inView=0')
      const devtools = await context.newCDPSession(page)
      await devtools.send('Performance.enable')
      const measure = async () => {
        await devtools.send('HeapProfiler.collectGarbage')
        const { metrics } = await devtools.send('Performance.getMetrics')
        const value = (name: string) => metrics.find((metric) => metric.name === name)!.value
        return {
          heapBytes: value('JSHeapUsedSize'),
          nodes: value('Nodes'),
          listeners: value('JSEventListeners'),
        }
      }
      const serverFiles = () => readdirSync(`/proc/${demo.pidOf('control')!}/fd`).length
      /** Every third waits for the picture; the others are closed in the middle of opening. */
      const openAndClose = async (i: number) => {
        await page
          .locator('.results [role=option]')
          .nth(i % 10)
          .click()
        // a locator holds nothing in the page; a handle would keep the closed camera alive
        await page.locator('.dock .tile video').waitFor({ state: 'attached', timeout: patienceMs })
        if (i % 3 === 0)
          await until(
            'a picture',
            () => readPicture(browser),
            (picture) => picture !== null,
          )
        await page.locator('.dock header .icon-button').first().click()
        await page.locator('aside.dock').first().waitFor({ state: 'detached', timeout: patienceMs })
      }
      const closed = () =>
        until(
          'only the push socket open',
          async () => [...sockets],
          (open) => open.length === 1 && open[0]!.includes('/push'),
        )
      for (let i = 0; i < Math.min(10, count); i++) await openAndClose(i)
      await closed()
      const before = { ...(await measure()), files: serverFiles() }
      for (let i = 0; i < count; i++) await openAndClose(i)
      await closed()
      // what the browser still animates out is garbage a moment later
      const after = await until(
        `no more than ${JSON.stringify(before)}`,
        async () => ({ ...(await measure()), files: serverFiles() }),
        ({ heapBytes, nodes, listeners, files }) =>
          heapBytes < before.heapBytes + 6_000_000 && nodes < before.nodes + 400 && listeners < before.listeners + 60 && files < before.files + 10,
      )
      console.info('opened and closed', { before, after })
      expect(await page.locator('video').count()).toBe(0)
      // the last pulls end after their linger; probes come and go
      await until(
        'no pull but those of the recorder',
        () => demo.stats(),
        ({ sessionsOpen }) => sessionsOpen! <= listDemoStations().length * RECORDED_PER_STATION,
      )
    })
  })
}
