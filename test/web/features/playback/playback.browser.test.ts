/** The playback page in a real Chromium with real decoding, against a stand-in that speaks `contract/recordings.ts`. */
import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, hasChromium, openBrowser } from '../../../support/browser.ts'
import { buildHarness } from '../../support/build-harness.ts'
import { hasFfmpeg, makeClip, makeStillMp4 } from '../../support/flv-server.ts'
import { type PlaybackServer, startPlaybackServer, type Stored } from '../../support/playback-server.ts'

const hour = 3600_000
const minute = 60_000
const startedAt = Math.floor(Date.now() / 1000) * 1000
/** Where the stand-in's recordings end: the newest there is. */
const newestAt = startedAt - minute
const whole: Stored = { recorded: [{ fromAt: startedAt - 30 * hour, toAt: newestAt }], gaps: [] }
const gap = { fromAt: startedAt - 20 * minute, toAt: startedAt - 19 * minute }
const withGap: Stored = {
  recorded: [
    { fromAt: startedAt - 30 * hour, toAt: gap.fromAt },
    { fromAt: gap.toAt, toAt: newestAt },
  ],
  gaps: [{ ...gap, reason: 'disk', cause: null }],
}

let folder: string
let server: PlaybackServer
let browser: Browser

beforeAll(async () => {
  if (!hasChromium || !hasFfmpeg) return
  folder = await buildHarness()
  server = await startPlaybackServer({ folder, clip: makeClip({ seconds: 10, sizePx: [320, 180] }), still: makeStillMp4(), storedOf: () => whole })
  browser = await openBrowser({ origin: server.origin })
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})
afterEach(async () => {
  if (!browser) return
  server.storedOf = () => whole
  server.refusalOf = () => undefined
  await browser.page.goto('about:blank')
})

async function open(query: string) {
  await browser.page.goto(`${server.origin}/playback.html#/playback?${query}`)
  await browser.page.waitForSelector('.timeline canvas')
}
const phases = () => browser.page.evaluate(() => [...document.querySelectorAll<HTMLElement>('.tile')].map((tile) => tile.dataset['phase']))
async function untilPhases(expected: string[]) {
  await expect.poll(phases, { timeout: 20_000 }).toEqual(expected)
}
const videos = () =>
  browser.page.evaluate(() => [...document.querySelectorAll('video')].map(({ currentTime, paused, playbackRate }) => ({ currentTime, paused, playbackRate })))
const addressAt = () => Number(new URLSearchParams(new URL(browser.page.url()).hash.split('?')[1]).get('at'))
const key = (name: string) => browser.page.keyboard.press(name)
/** Mean difference between what the first picture shows now and what it showed at the call before. */
const look = () =>
  browser.page.evaluate(() => {
    const canvas = new OffscreenCanvas(160, 90).getContext('2d')!
    canvas.drawImage(document.querySelector('video')!, 0, 0, 160, 90)
    return [...canvas.getImageData(0, 0, 160, 90).data]
  })
const differs = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length

describe.skipIf(!hasChromium || !hasFfmpeg)('R-PLAY-2 pictures in step', () => {
  test('four play within half a second of each other', async () => {
    await open(`cameras=cam1,cam2,cam3,cam4&at=${startedAt - hour}`)
    await untilPhases(['playing', 'playing', 'playing', 'playing'])
    const before = await videos()
    await browser.page.waitForFunction((from) => document.querySelector('video')!.currentTime > from + 3, before[0]!.currentTime)
    const times = (await videos()).map(({ currentTime }) => currentTime)
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(0.5)
    expect(browser.troubles).toEqual([])
  })

  test('paused they stand on the same picture; a step goes one on, and back', async () => {
    await open(`cameras=cam1,cam2&at=${startedAt - hour}`)
    await untilPhases(['playing', 'playing'])
    await key('Space')
    await untilPhases(['paused', 'paused'])
    const stood = await videos()
    expect(Math.abs(stood[0]!.currentTime - stood[1]!.currentTime)).toBeLessThan(0.02)
    const first = await look()
    await key('ArrowRight')
    await expect.poll(async () => differs(first, await look())).toBeGreaterThan(0.05)
    await expect.poll(async () => (await videos())[1]!.currentTime - stood[1]!.currentTime).toBeCloseTo(0.04, 1)
    await key('ArrowLeft')
    await expect.poll(async () => differs(first, await look())).toBeLessThan(0.05)
  })

  test('a step back before everything in the buffer asks the server', async () => {
    await open(`cameras=cam1&at=${startedAt - hour}`)
    await untilPhases(['playing'])
    await key('Space')
    await untilPhases(['paused'])
    await key('Shift+ArrowLeft')
    await expect.poll(() => [...server.viewers][0]!.opened).toBe(2)
    await untilPhases(['paused'])
    const first = await look()
    for (let step = 0; step < 30; step++) await key('ArrowLeft')
    await untilPhases(['paused'])
    expect(differs(first, await look())).toBeGreaterThan(0.05)
  })

  test('16x plays key frames at about that speed, and slow motion at its own', async () => {
    await open(`cameras=cam1&at=${startedAt - hour}`)
    await untilPhases(['playing'])
    await browser.page.locator('.speeds button').last().click()
    await expect.poll(() => [...server.viewers][0]!.opened).toBe(2)
    await untilPhases(['playing'])
    const moment = () => browser.page.evaluate(() => document.querySelector('time')!.textContent)
    const before = toSeconds(await moment())
    const fromMs = performance.now()
    await expect.poll(async () => toSeconds(await moment()) - before, { timeout: 20_000 }).toBeGreaterThan(60)
    const speed = (toSeconds(await moment()) - before) / ((performance.now() - fromMs) / 1000)
    expect(speed).toBeGreaterThan(10)
    expect(speed).toBeLessThan(18)
    await browser.page.locator('.speeds button').first().click()
    await expect.poll(async () => (await videos())[0]!.playbackRate).toBeLessThan(0.4)
  })

  test('one in a gap waits and says why, the other plays; alone it goes over the gap', async () => {
    server.storedOf = (cameraId) => (cameraId === 'cam2' ? withGap : whole)
    await open(`cameras=cam1,cam2&at=${gap.fromAt - 2_000}`)
    await untilPhases(['playing', 'gap'])
    await browser.page.getByText('该时段无录像：磁盘故障或切换').waitFor()
    expect((await videos())[1]!.paused).toBe(true)
    // a new page: the one that plays would go on from where it is
    await browser.page.goto('about:blank')
    await open(`cameras=cam2&at=${gap.fromAt - 2_000}`)
    await browser.page.getByText('已跳过无录像时段').waitFor()
    await untilPhases(['playing'])
    expect(addressAt()).toBeLessThan(gap.toAt + minute)
  })

  test('at the newest it stands and says so', async () => {
    await open(`cameras=cam1&at=${newestAt - 3_000}`)
    await browser.page.getByText('已到最新', { exact: true }).waitFor()
    await untilPhases(['end'])
  })
})

describe.skipIf(!hasChromium || !hasFfmpeg)('R-PLAY-1 it heals by itself', () => {
  test('after the server went, at the moment it was', async () => {
    await open(`cameras=cam1&at=${startedAt - hour}`)
    await untilPhases(['playing'])
    await browser.page.evaluate(() => {
      const video = document.querySelector('video')!
      return new Promise<void>((resolve) => (video.ontimeupdate = () => video.currentTime > 2 && resolve()))
    })
    server.closeAll(1012)
    await expect.poll(() => server.viewers.size).toBe(1)
    await untilPhases(['playing'])
    await key('Space')
    await expect.poll(addressAt).toBeGreaterThan(startedAt - hour + 1_500)
    expect(addressAt()).toBeLessThan(startedAt - hour + 30_000)
  })

  test('a refused one says why and does not stop the other', async () => {
    server.refusalOf = (cameraId) => (cameraId === 'cam2' ? { type: 'refused', cause: 'disk_missing', detail: null } : undefined)
    await open(`cameras=cam1,cam2&at=${startedAt - hour}`)
    await untilPhases(['playing', 'refused'])
    await browser.page.getByText('存放录像的磁盘不在').waitFor()
    server.refusalOf = () => undefined
    await browser.page.getByRole('button', { name: '立即重试' }).click()
    await untilPhases(['playing', 'playing'])
  })

  test('leaving the page leaves nothing', async () => {
    await open(`cameras=cam1,cam2&at=${startedAt - hour}`)
    await untilPhases(['playing', 'playing'])
    await browser.page.evaluate(() => (location.hash = '#/map'))
    await expect.poll(() => server.viewers.size).toBe(0)
    const asked = server.asked.length
    await browser.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 0)))
    expect(await browser.page.evaluate(() => document.querySelectorAll('video').length)).toBe(0)
    expect(server.asked).toHaveLength(asked)
  })
})

describe.skipIf(!hasChromium || !hasFfmpeg)('R-PLAY-2 the timeline', () => {
  const box = async () => (await browser.page.locator('.timeline canvas').boundingBox())!
  test('a click seeks, a dragged playhead scrubs, the wheel zooms', async () => {
    await open(`cameras=cam1&at=${startedAt - hour}`)
    await untilPhases(['playing'])
    await key('Space')
    const { x, y, width } = await box()
    // two hours with the moment in the middle: a quarter to the left is half an hour back
    await browser.page.mouse.click(x + width / 4, y + 85)
    await expect.poll(addressAt).toBeLessThan(startedAt - 1.45 * hour)
    expect(addressAt()).toBeGreaterThan(startedAt - 1.55 * hour)
    await untilPhases(['paused'])
    await browser.page.mouse.move(x + width / 4, y + 45)
    await browser.page.mouse.down()
    await browser.page.mouse.move(x + width * 0.375, y + 45, { steps: 8 })
    await browser.page.mouse.up()
    await expect.poll(addressAt).toBeGreaterThan(startedAt - 1.3 * hour)
    expect(addressAt()).toBeLessThan(startedAt - 1.2 * hour)
    await untilPhases(['paused'])
    const at = addressAt()
    await browser.page.mouse.move(x + width * 0.375, y + 85)
    for (let turn = 0; turn < 12; turn++) await browser.page.mouse.wheel(0, -240)
    // ten times nearer: the same distance is less time
    await browser.page.mouse.click(x + width * 0.475, y + 85)
    await expect.poll(addressAt).not.toBe(at)
    expect(Math.abs(addressAt() - at)).toBeLessThan(3 * minute)
  })
})

describe.skipIf(!hasChromium || !hasFfmpeg)('R-PLAY-4 marks, clips and stills on the timeline', () => {
  const box = async () => (await browser.page.locator('.timeline canvas').boundingBox())!
  /** The selection in the address, in minutes from the moment the page was opened at. */
  const selected = () => {
    const query = new URLSearchParams(new URL(browser.page.url()).hash.split('?')[1])
    return ['from', 'to'].map((name) => Math.round((Number(query.get(name)) - (startedAt - hour)) / minute))
  }

  test('M writes a mark where the playhead stands; a click on its flag goes there', async () => {
    await open(`cameras=cam1,cam2&at=${startedAt - hour}`)
    await untilPhases(['playing', 'playing'])
    await key('Space')
    await key('m')
    await browser.page.keyboard.type('白色面包车驶入')
    await key('Enter')
    await expect.poll(() => server.api.marks().map(({ cameraId, note }) => [cameraId, note])).toEqual([['cam1', '白色面包车驶入']])
    const { at } = server.api.marks()[0]!
    const { x, y, width } = await box()
    await browser.page.mouse.click(x + width * 0.25, y + 55)
    await expect.poll(addressAt).toBeLessThan(at - 20 * minute)
    // in the middle of two hours, in the first row, a few pixels beside the flag
    await browser.page.mouse.click(x + width / 2 + 3, y + 82)
    await expect.poll(addressAt).toBe(at)
  })

  test('the clip is made by the button, its ends are dragged, with Shift a new one is drawn', async () => {
    await open(`cameras=cam1&at=${startedAt - hour}`)
    await untilPhases(['playing'])
    await key('Space')
    const { x, y, width } = await box()
    const px = (minutes: number) => x + width * (0.5 + minutes / 120)
    await browser.page.getByRole('button', { name: '选段', exact: true }).click()
    await browser.page.locator('.clip-panel').waitFor()
    await expect.poll(selected).toEqual([-5, 5])
    const narrow = await box()
    const at = (minutes: number) => narrow.x + narrow.width * (0.5 + minutes / 120)
    expect(px(30)).toBeGreaterThan(at(30))
    await browser.page.mouse.move(at(selected()[1]!), narrow.y + 84)
    await browser.page.mouse.down()
    await browser.page.mouse.move(at(20), narrow.y + 84, { steps: 5 })
    await browser.page.mouse.up()
    await expect.poll(() => selected()[1]).toBe(20)
    await browser.page.keyboard.down('Shift')
    await browser.page.mouse.move(at(-40), y + 84)
    await browser.page.mouse.down()
    await browser.page.mouse.move(at(-20), y + 84, { steps: 5 })
    await browser.page.mouse.up()
    await browser.page.keyboard.up('Shift')
    await expect.poll(selected).toEqual([-40, -20])
    await expect.poll(() => browser.page.locator('.clip-panel .camera').innerText()).toMatch(/完整\s*600 MB/)
  })

  test('a still above the pointer when it rests; in a gap the reason, and nothing is asked', async () => {
    server.storedOf = () => withGap
    await open(`cameras=cam1&at=${startedAt - hour}`)
    await untilPhases(['playing'])
    await key('Space')
    const asked = () => server.asked.filter((path) => path.endsWith('/recorded-still')).length
    const { x, y, width } = await box()
    const px = (minutes: number) => x + width * (0.5 + minutes / 120)
    const before = asked()
    await browser.page.mouse.move(px(10), y + 84)
    await browser.page.mouse.move(px(20), y + 84, { steps: 30 })
    await browser.page.locator('.hover canvas[data-at]').waitFor()
    expect(asked() - before).toBeLessThanOrEqual(2)
    const shownAt = Number(await browser.page.locator('.hover canvas').getAttribute('data-at'))
    expect(Math.abs(shownAt - (startedAt - 40 * minute))).toBeLessThan(minute)
    const shown = asked()
    await browser.page.mouse.move(px(40.5), y + 84)
    await browser.page.getByText('磁盘故障或切换，').waitFor()
    expect(await browser.page.locator('.hover canvas').count()).toBe(0)
    expect(asked()).toBe(shown)
  })
})

function toSeconds(clock: string | null): number {
  const [hours = 0, minutes = 0, seconds = 0] = (clock ?? '').split(':').map(Number)
  return (hours * 60 + minutes) * 60 + seconds
}
