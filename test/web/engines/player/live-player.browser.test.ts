/** The player engine in a real Chromium, with real decoding, against a server that misbehaves on command. */
import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, hasChromium, openBrowser } from '../../../support/browser.ts'
import { buildHarness } from '../../support/build-harness.ts'
import { type FlvServer, hasFfmpeg, makeClip, startFlvServer, type TestClip } from '../../support/flv-server.ts'
import type { Harness } from '../../support/harness/player.ts'

const canRun = hasChromium && hasFfmpeg

let folder: string
let clip: TestClip
let large: TestClip
let server: FlvServer
let browser: Browser

const ask = <T>(run: (harness: Harness) => T): Promise<T> => browser.page.evaluate(`(${run.toString()})(window.harness)`) as Promise<T>
const until = (run: (harness: Harness) => boolean, timeoutMs = 15_000) =>
  browser.page.waitForFunction(`(${run.toString()})(window.harness)`, undefined, { timeout: timeoutMs, polling: 50 })

beforeAll(async () => {
  if (!canRun) return
  folder = await buildHarness()
  clip = makeClip({ sound: true })
  large = makeClip({ sizePx: [1280, 720] })
  server = await startFlvServer({ folder, clip })
  browser = await openBrowser({ origin: server.origin, width: 1400, height: 800 })
  await browser.page.goto(server.origin)
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})
afterEach(async () => {
  if (!canRun) return
  Object.assign(server, { isCorrupting: false, isSilent: false, answer: undefined, clipFor: () => clip })
  await ask((harness) => harness.close('cam'))
})

async function openPlaying() {
  await ask((harness) => harness.open('cam'))
  await until((harness) => harness.state('cam').phase === 'live')
}

describe.skipIf(!canRun)('R-LIVE-1 a live picture', () => {
  test('plays: time advances, the picture is not black, less than 2 s old, little buffered', async () => {
    await openPlaying()
    const before = await ask((harness) => harness.currentTime('cam'))
    await browser.page.waitForFunction((time) => window.harness.currentTime('cam') > time + 2, before)
    const { mean, spread } = await ask((harness) => harness.pixels('cam'))
    expect(mean).toBeGreaterThan(40)
    expect(spread).toBeGreaterThan(30)
    const state = await ask((harness) => harness.state('cam'))
    expect(state.ageMs).toBeGreaterThan(0)
    expect(state.ageMs).toBeLessThan(2000)
    expect(state.opened).toMatchObject({ profile: 'main', codec: 'h264', widthPx: 640 })
    expect(state).toMatchObject({ cause: null, fault: null, attempt: 0, kbps: 500 })
  })

  test('stays less than 2 s behind and keeps the buffer small', async () => {
    await openPlaying()
    await until((harness) => harness.bufferedS('cam') > 11, 30_000)
    await until((harness) => harness.bufferedS('cam') < 9, 30_000)
    expect((await ask((harness) => harness.state('cam'))).ageMs).toBeLessThan(2000)
  })

  test('the switch from main to sub keeps a picture at every moment', async () => {
    server.clipFor = (query) => (query.get('profile') === 'main' ? large : clip)
    await openPlaying()
    expect(await ask((harness) => harness.videoSize('cam'))).toEqual([1280, 720])
    await browser.page.evaluate(() => {
      const seen: number[] = []
      Object.assign(window, { seen })
      const look = () => {
        seen.push(window.harness.pixels('cam').spread)
        if (window.harness.videoSize('cam')[0] !== 640 || window.harness.isHeld('cam')) requestAnimationFrame(look)
      }
      look()
      window.harness.setProfile('cam', 'sub')
    })
    await until((harness) => harness.videoSize('cam')[0] === 640 && !harness.isHeld('cam') && !harness.state('cam').isSwitching)
    const seen = await browser.page.evaluate(() => (window as unknown as { seen: number[] }).seen)
    expect(Math.min(...seen)).toBeGreaterThan(20)
    expect((await ask((harness) => harness.state('cam'))).profile).toBe('sub')
    await expect.poll(() => server.viewers.size).toBe(1)
  })

  test('sound comes when asked for', async () => {
    await openPlaying()
    expect(await ask((harness) => harness.isMuted('cam'))).toBe(true)
    await ask((harness) => harness.setSound('cam', true))
    await until((harness) => harness.state('cam').hasSound && !harness.isMuted('cam') && harness.state('cam').phase === 'live')
    expect(server.opened.queries.at(-1)?.get('sound')).toBe('1')
    await ask((harness) => harness.setSound('cam', false))
    expect(await ask((harness) => harness.isMuted('cam'))).toBe(true)
  })
})

describe.skipIf(!canRun)('R-LIVE-3 it heals by itself', () => {
  test('after corrupt pictures', async () => {
    await openPlaying()
    const opened = server.opened.count
    server.isCorrupting = true
    await expect.poll(() => server.opened.count, { timeout: 20_000 }).toBeGreaterThan(opened)
    server.isCorrupting = false
    await until((harness) => harness.state('cam').phase === 'live' && harness.state('cam').fault === null && harness.pixels('cam').spread > 30, 30_000)
  })

  test('after bytes that are no FLV', async () => {
    await openPlaying()
    const opened = server.opened.count
    server.sendGarbage()
    await expect.poll(() => server.opened.count).toBeGreaterThan(opened)
    await until((harness) => harness.state('cam').phase === 'live' && harness.state('cam').fault === null)
  })

  test('after a closed socket, with the last picture on the screen meanwhile', async () => {
    await openPlaying()
    const opened = server.opened.count
    server.closeAll(1011)
    await expect.poll(() => server.opened.count).toBeGreaterThan(opened)
    expect((await ask((harness) => harness.pixels('cam'))).spread).toBeGreaterThan(20)
    await until((harness) => harness.state('cam').phase === 'live' && harness.state('cam').fault === null)
  })

  test('after the server was away for 12 s: amber, grey with its attempts, then live', async () => {
    await openPlaying()
    await server.stop()
    await until((harness) => harness.state('cam').phase === 'slow')
    await until((harness) => harness.state('cam').phase === 'stalled' && harness.state('cam').attempt > 2)
    expect((await ask((harness) => harness.pixels('cam'))).spread).toBeGreaterThan(20)
    await server.start()
    await ask((harness) => harness.retryNow('cam'))
    await until((harness) => harness.state('cam').phase === 'live' && harness.state('cam').fault === null)
  })

  test('after a server that says nothing any more', async () => {
    await openPlaying()
    const opened = server.opened.count
    server.isSilent = true
    await until((harness) => harness.state('cam').phase === 'stalled', 25_000)
    await expect.poll(() => server.opened.count, { timeout: 30_000 }).toBeGreaterThan(opened)
    server.isSilent = false
    await until((harness) => harness.state('cam').phase === 'live' && harness.state('cam').fault === null, 40_000)
  })

  test('after the camera changed its resolution', async () => {
    await openPlaying()
    const opened = server.opened.count
    server.switchClip(large)
    await until((harness) => harness.videoSize('cam')[0] === 1280 && harness.state('cam').phase === 'live')
    expect(server.opened.count).toBe(opened)
  })

  test('after it was paused from outside', async () => {
    await openPlaying()
    await ask((harness) => harness.pause('cam'))
    const before = await ask((harness) => harness.currentTime('cam'))
    await browser.page.waitForFunction((time) => window.harness.currentTime('cam') > time + 2, before)
    await until((harness) => harness.state('cam').phase === 'live')
  })

  test('a refusal is said and asked again later', async () => {
    server.answer = { type: 'refused', cause: 'viewer_limit', detail: null }
    await ask((harness) => harness.open('cam'))
    await until((harness) => harness.state('cam').phase === 'refused')
    const state = await ask((harness) => harness.state('cam'))
    expect(state.cause).toBe('viewer_limit')
    expect(state.retryInMs).toBeGreaterThan(20_000)
    server.answer = undefined
    await ask((harness) => harness.retryNow('cam'))
    await until((harness) => harness.state('cam').phase === 'live')
  })
})

describe.skipIf(!canRun)('R-WALL-3 runs for weeks', () => {
  test('a page that was hidden is live and less than 2 s behind within 3 s of being seen', async () => {
    await openPlaying()
    const other = await browser.context.newPage()
    await other.goto('about:blank')
    const session = await browser.context.newCDPSession(browser.page)
    await other.bringToFront()
    // headless Chromium has no window to cover: the page is told that it is hidden, and its timers and pictures sleep
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    const frozenAt = Date.now()
    await expect.poll(() => Date.now() - frozenAt, { timeout: 20_000, interval: 500 }).toBeGreaterThan(12_000)
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    await browser.page.bringToFront()
    const seenAt = Date.now()
    await until((harness) => harness.state('cam').phase === 'live' && (harness.state('cam').ageMs ?? 9999) < 2000, 10_000)
    expect(Date.now() - seenAt).toBeLessThan(3000)
    await other.close()
  })

  test('200 opens and closes leave nothing behind', async () => {
    const session = await browser.context.newCDPSession(browser.page)
    await session.send('HeapProfiler.enable')
    const measure = async () => {
      await session.send('HeapProfiler.collectGarbage')
      const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters')
      const { usedSize } = await session.send('Runtime.getHeapUsage')
      return { nodes, jsEventListeners, usedSize, counts: await ask((harness) => ({ ...harness.counts })) }
    }
    const openAndClose = (times: number) =>
      browser.page.evaluate(async (count) => {
        for (let turn = 0; turn < count; turn++) {
          const name = `leak${turn}`
          window.harness.open(name)
          // close some before anything came, some while opening, most when playing
          if (turn % 10 === 0) await new Promise((resolve) => setTimeout(resolve, turn % 20))
          else while (window.harness.state(name).phase !== 'live') await new Promise((resolve) => setTimeout(resolve, 10))
          await window.harness.close(name)
        }
      }, times)
    await openAndClose(20)
    await expect.poll(async () => (await measure()).counts.socketsOpen).toBe(0)
    const before = await measure()
    await openAndClose(200)
    await expect.poll(async () => (await measure()).counts.socketsOpen).toBe(0)
    await expect.poll(() => server.viewers.size).toBe(0)
    await expect.poll(async () => (await measure()).nodes, { timeout: 20_000 }).toBeLessThanOrEqual(before.nodes + 10)
    const after = await measure()
    expect(after.counts).toEqual(before.counts)
    expect(after.counts.urls).toBe(0)
    expect(after.counts.workers).toBe(0)
    expect(after.jsEventListeners).toBeLessThanOrEqual(before.jsEventListeners + 5)
    expect(after.usedSize).toBeLessThan(before.usedSize * 1.05 + 300_000)
  })

  test('nothing was said on the console that is not about a lost server', () => {
    expect(browser.troubles.filter((trouble) => !trouble.includes('WebSocket connection'))).toEqual([])
  })
})
