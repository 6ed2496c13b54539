/** The wall in a real Chromium with real decoding: no black frame at a switch, and nothing left open (R-WALL-2, R-WALL-3). */
import { rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PatrolReport, WallRotation } from '../../../../server/contract/walls.ts'
import { type Browser, hasChromium, openBrowser } from '../../../support/browser.ts'
import { buildHarness } from '../../support/build-harness.ts'
import { type FlvServer, hasFfmpeg, makeClip, makeStill, startFlvServer } from '../../support/flv-server.ts'
import type { WallHarness } from '../../support/harness/wall.ts'

const canRun = hasChromium && hasFfmpeg
const rotation = {
  rotationId: '8d4f4f0e-6a9f-4b4e-9a53-0d6d6f0c1a11',
  name: '夜间巡查',
  sharedWith: [],
  steps: { kind: 'cameras', cameraIds: Array.from({ length: 12 }, (_, i) => `cam${i + 1}`) },
  dwellMs: 3_000,
  onOffline: 'skip',
  hiddenCount: 0,
  isMine: true,
  owner: 'D-017',
  updatedAt: 0,
} as unknown as WallRotation

let folder: string
let server: FlvServer
let browser: Browser
const reports: PatrolReport[] = []

const ask = <T>(run: (harness: WallHarness) => T): Promise<T> => browser.page.evaluate(`(${run.toString()})(window.wallHarness)`) as Promise<T>
const untilLive = (count: number) =>
  browser.page.waitForFunction((wanted) => document.querySelectorAll('.spot:not(.next) .tile.live').length === wanted, count, { timeout: 30_000 })
const tileOf = (tile: number) => browser.page.locator(`.spot[data-tile="${tile}"]:not(.next)`)
const cameraIn = (tile: number) => tileOf(tile).getAttribute('data-camera')

function answer(still: Buffer) {
  const json = (body: unknown) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return (request: IncomingMessage) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    if (!path.startsWith('/api/')) return undefined
    if (path.endsWith('/still')) return { status: 200, headers: { 'content-type': 'video/mp4', 'x-still-at': String(Date.now() - 12_000) }, body: still }
    if (path === '/api/wall-layouts') return json([])
    if (path === '/api/wall-rotations') return json([rotation])
    if (path === '/api/wall-patrols' && request.method === 'GET') return json({ entries: [], isCut: false, rotations: [] })
    if (path === '/api/wall-patrols') {
      let text = ''
      request.on('data', (chunk: Buffer) => (text += chunk.toString()))
      request.on('end', () => reports.push(...(JSON.parse(text) as { reports: PatrolReport[] }).reports))
      return json({ kept: 0, dropped: 0 })
    }
    return json({})
  }
}

beforeAll(async () => {
  if (!canRun) return
  folder = await buildHarness()
  server = await startFlvServer({ folder, clip: makeClip({ seconds: 4 }), api: answer(makeStill()) })
  browser = await openBrowser({ origin: server.origin, width: 1600, height: 900 })
  await browser.page.goto(`${server.origin}/wall.html#/wall?cameras=cam1,cam2,cam3,cam4`)
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!canRun)('R-WALL the wall plays', () => {
  test('cameras of the address are on it, in sub streams, and the address forgets them', async () => {
    await untilLive(4)
    expect(server.opened.queries.map((query) => query.get('profile'))).toEqual(['sub', 'sub', 'sub', 'sub'])
    expect(new URL(browser.page.url()).hash).toBe('#/wall')
  })

  test('a tile dragged onto another swaps with it and opens no stream anew', async () => {
    const { count } = server.opened
    await tileOf(0).dragTo(tileOf(3))
    await browser.page.waitForFunction(() => document.querySelector('.spot[data-tile="3"]')?.getAttribute('data-camera') === 'cam1')
    expect(await cameraIn(0)).toBe('cam4')
    await untilLive(4)
    expect(server.opened.count).toBe(count)
  })

  test('a double click enlarges with the main stream, Esc goes back to the sub stream', async () => {
    await tileOf(1).locator('.frame').dblclick()
    await browser.page.waitForSelector('.spot.large .tile.live')
    await expect.poll(() => server.opened.queries.at(-1)?.get('profile')).toBe('main')
    await browser.page.keyboard.press('Escape')
    await browser.page.keyboard.press('Escape')
    await expect.poll(() => server.opened.queries.at(-1)?.get('profile')).toBe('sub')
    expect(await browser.page.locator('.spot.large').count()).toBe(0)
    await untilLive(4)
  })

  test('a rotation shows no black frame at a switch and says what it has shown', async () => {
    await browser.page.getByRole('tab', { name: '轮巡' }).click()
    await browser.page.getByRole('button', { name: '开始轮巡' }).click()
    await ask((harness) => harness.startLooking())
    await browser.page.waitForTimeout(process.env['LONG'] === '1' ? 300_000 : 16_000)
    const { frames, black, shown } = await ask((harness) => harness.stopLooking())
    expect(black).toEqual([])
    expect(frames).toBeGreaterThan(100)
    expect(shown).toBe(12)
    await browser.page.locator('.bar').getByRole('button', { name: '停止轮巡' }).click()
    await browser.page.getByRole('button', { name: '巡查记录' }).click()
    await expect
      .poll(() => new Set(reports.filter(({ outcome, freshMs }) => outcome === 'shown' && freshMs > 1_000).map(({ cameraId }) => cameraId)).size)
      .toBe(12)
    await browser.page.keyboard.press('Escape')
    await browser.page.locator('.log').waitFor({ state: 'detached' })
  })

  test('afterwards as many players and sockets are open as there are tiles', async () => {
    await untilLive(4)
    await expect.poll(() => server.viewers.size).toBe(4)
    expect(await ask((harness) => harness.openPlayers())).toBe(4)
    expect(await browser.page.locator('video').count()).toBe(4)
  })

  test('when the server comes back the wall plays again untouched', async () => {
    await server.stop()
    await browser.page.waitForTimeout(2_000)
    await server.start()
    await untilLive(4)
    browser.troubles.length = 0 // the lost sockets are in the console
  })

  test('after a reload it is the same wall, and the rotation goes on by itself', async () => {
    await browser.page.getByRole('button', { name: '开始轮巡' }).click()
    await browser.page.waitForTimeout(1_500)
    await browser.page.reload()
    await browser.page.waitForSelector('.bar .turning')
    await untilLive(4)
    await browser.page.locator('.bar').getByRole('button', { name: '停止轮巡' }).click()
    expect(browser.troubles).toEqual([])
  })
})
